"""Our own model folder: equal to the last bit when whole, refused with a sentence when not, never half-written."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from core.enformer.hparams import attentions, set_tf_gamma
from core.enformer.models import load_model
from core.enformer.random_weights import random_module
from core.enformer.state import own_name, state_of
from core.enformer.tracks import Track, TrackTable, unnamed_tracks
from core.enformer.weights import save_weights
from core.errors import ModelFilesError, ModelUnavailableError
from core.files import sha256_of
from tests.core.enformer.small_models import GAMMA, TINY, output, same, settings_for
from tests.full_disk import full_disk

TABLE = TrackTable(
    "human",
    (
        Track(0, "ENCFF833POA", "DNASE:K562", "DNASE", "", "K562", "mean", 32.0, 2.0),
        Track(1, "CNhs12336", "CAGE:\t“tab”\nand line", "CAGE", "", 'a "quoted" name', "sum", 384.0, 1.0),
        Track(2, "", "no clip", "CHIP", "H3K27ac", "GM12878"),
        Track(3, "x", "y"),
        Track(4, "z", "0.1", clip=0.1, scale=1 / 3),
    ),
    "sim1",
    "My model",
)


@pytest.fixture
def options(tmp_path: Path):
    return settings_for(tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_weights(
        random_module(TINY),
        tmp_path / "mine",
        input_bp=TINY.input_bp,
        title="My model",
        assembly="sim1",
        facts=(("What", "1.0"),),
        limits="Little.",
        tables={"human": TABLE},
        more={"recipe": {"seed": 1}},
    )
    return tmp_path / "mine"


def rewrite(folder: Path, change: Callable[[dict[str, torch.Tensor]], None]) -> None:
    """Change the tensors and the digest in card.json, as somebody who saved other weights would."""
    path = folder / "model.safetensors"
    state = load_file(path)
    change(state)
    save_file(state, path)
    redo_card(folder)


def redo_card(folder: Path) -> None:
    card = json.loads((folder / "card.json").read_text())
    card["sha256"] = {name: sha256_of(folder / name) for name in card["sha256"]}
    del card["weights_digest"]
    (folder / "card.json").write_text(json.dumps(card))


# Whole


def test_why_save_pretrained_is_not_used(tmp_path: Path):
    with pytest.raises(RuntimeError, match=r"shared tensors.*_trunk\.1\.0\.weight"):
        random_module(TINY).save_pretrained(tmp_path)


def test_round_trip_is_equal_to_the_last_bit(folder: Path, options):
    module = random_module(TINY)
    model = load_model(folder, options=options)
    assert same(model.module, module)
    assert torch.equal(output(model.module, 256, "mouse"), output(module, 256, "mouse"))
    assert output(model.module, 256).shape == (24, 5)
    assert (model.input_bp, model.target_bins, model.bin_size_bp) == (256, 24, 8)
    assert (model.layers, model.heads, model.assembly, model.device.type) == (2, 2, "sim1", "cpu")
    assert model.card.weights == "local"  # a folder cannot say that it is more
    assert model.card.facts == (("What", "1.0"),)
    assert model.card.limits == "Little."
    assert model.card.revision == model.digest[:12]
    assert model.card.parameters == sum(p.numel() for p in module.parameters())
    assert model.nbytes == 4 * model.card.parameters
    assert not model.module.training
    assert not any(parameter.requires_grad for parameter in model.module.parameters())
    assert model.provenance.sentence == f"mine · local weights {model.digest[:12]} · float32 · sim1"


def test_names_and_files(folder: Path):
    assert sorted(path.name for path in folder.iterdir()) == [
        "card.json",
        "config.json",
        "model.safetensors",
        "tracks.tsv",
    ]
    names = load_file(folder / "model.safetensors").keys()
    assert not [name for name in names if name.startswith("_trunk")]
    assert set(map(own_name, random_module(TINY).state_dict())) == set(names)
    card = json.loads((folder / "card.json").read_text())
    assert card["recipe"] == {"seed": 1}
    assert card["sha256"].keys() == {"config.json", "model.safetensors", "tracks.tsv"}


def test_tracks_come_back(folder: Path, options):
    tables = load_model(folder, options=options).tables
    assert tables["human"].tracks == TABLE.tracks
    assert (tables["human"].assembly, tables["human"].head) == ("sim1", "human")
    assert tables["mouse"].tracks == unnamed_tracks(3, "mouse").tracks


def test_digest_follows_the_numbers_not_the_file(folder: Path, tmp_path: Path, options):
    first = load_model(folder, options=options).digest
    assert save_weights(random_module(TINY), tmp_path / "b", input_bp=256, title="B") == first
    assert save_weights(random_module(TINY, seed=1), tmp_path / "c", input_bp=256, title="C") != first
    assert load_model(tmp_path / "b", options=options).digest == first


@pytest.mark.parametrize("on", [True, False])
def test_positions_are_kept(tmp_path: Path, options, on: bool):
    module = random_module(GAMMA)
    set_tf_gamma(module, on)
    save_weights(module, tmp_path / "gamma", input_bp=GAMMA.input_bp, title="Gamma")
    model = load_model(tmp_path / "gamma", options=options)
    assert {layer.use_tf_gamma for layer in attentions(model.module)} == {on}
    assert torch.equal(output(model.module, GAMMA.input_bp), output(module, GAMMA.input_bp))


def test_half_precision_is_read_as_float32(folder: Path, options):
    def halve(state: dict[str, torch.Tensor]) -> None:
        state["stem.0.weight"] = state["stem.0.weight"].half()

    rewrite(folder, halve)
    module = load_model(folder, options=options).module
    assert {parameter.dtype for parameter in module.parameters()} == {torch.float32}
    assert torch.equal(module.stem[0].weight, random_module(TINY).stem[0].weight.half().float())


def test_saving_again_replaces_and_keeps_other_files(folder: Path, options):
    (folder / "training_log.csv").write_text("step,loss\n")
    save_weights(random_module(TINY, seed=5), folder, input_bp=512, title="Second")
    model = load_model(folder, options=options)
    assert same(model.module, random_module(TINY, seed=5))
    assert model.input_bp == 512
    assert model.tables["human"].tracks == unnamed_tracks(5).tracks  # the old names are not of this model
    assert (folder / "training_log.csv").exists()
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


# Damaged


def cut(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def cut_to_nothing(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"")


def no_safetensors(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"\xff" * 500)


def flip(folder: Path) -> None:
    path = folder / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(bytes(content))


def header_of_another_shape(folder: Path) -> None:
    path = folder / "model.safetensors"
    content = path.read_bytes()
    length = struct.unpack("<Q", content[:8])[0]
    header = content[8 : 8 + length].replace(b'"shape":[24,4,15]', b'"shape":[4,24,15]')
    assert header != content[8 : 8 + length]
    path.write_bytes(content[:8] + header + content[8 + length :])
    redo_card(folder)


def wrong_shape(folder: Path) -> None:
    rewrite(folder, lambda state: state.update({"stem.0.bias": torch.zeros(7)}))


def missing(folder: Path) -> None:
    rewrite(folder, lambda state: state.pop("transformer.1.0.fn.1.to_out.weight"))


def extra(folder: Path) -> None:
    rewrite(folder, lambda state: state.update({"other.weight": torch.zeros(7)}))


def not_finite(folder: Path) -> None:
    rewrite(folder, lambda state: state["_heads.mouse.0.bias"].__setitem__(1, float("nan")))


def infinite(folder: Path) -> None:
    rewrite(folder, lambda state: state["stem.0.weight"].__setitem__((0, 0, 0), float("inf")))


def negative_variance(folder: Path) -> None:
    rewrite(folder, lambda state: state["stem.1.fn.0.running_var"].__setitem__(0, -1.0))


def two_of_one(folder: Path) -> None:
    rewrite(folder, lambda state: state.update({"_trunk.1.0.bias": state["stem.0.bias"] + 1}))


def whole_numbers(folder: Path) -> None:
    rewrite(folder, lambda state: state.update({"stem.0.bias": torch.zeros(24, dtype=torch.int32)}))


def change_config(folder: Path, **values: object) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | values))


def other_config(folder: Path) -> None:
    change_config(folder, target_length=20)


def wrong_config(folder: Path) -> None:
    change_config(folder, depth=3)
    redo_card(folder)


def wider_config(folder: Path) -> None:
    change_config(folder, dim=96)
    redo_card(folder)


def hostile_config(folder: Path) -> None:
    change_config(folder, dim=3072, heads=32, depth=24, attn_dim_key=256, dim_divisible_by=128)
    redo_card(folder)


def no_config(folder: Path) -> None:
    (folder / "config.json").unlink()


def no_json(folder: Path) -> None:
    (folder / "config.json").write_text("{")


def no_card(folder: Path) -> None:
    (folder / "card.json").unlink()


def empty_card(folder: Path) -> None:
    (folder / "card.json").write_text("{}")


def card_without_weights(folder: Path) -> None:
    (folder / "card.json").write_text('{"sha256": {"config.json": "0"}}')


def card_that_leads_out(folder: Path) -> None:
    card = json.loads((folder / "card.json").read_text())
    card["sha256"]["../secret"] = "0"
    (folder / "card.json").write_text(json.dumps(card))


def no_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def fewer_tracks(folder: Path) -> None:
    path = folder / "tracks.tsv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    redo_card(folder)


def tracks_of_another_kind(folder: Path) -> None:
    (folder / "tracks.tsv").write_text("index\tidentifier\n0\tx\n")
    redo_card(folder)


def tracks_of_no_head(folder: Path) -> None:
    path = folder / "tracks.tsv"
    path.write_text(path.read_text().replace("\nhuman\t4", "\nfly\t0"))
    redo_card(folder)


def tracks_with_a_hole(folder: Path) -> None:
    path = folder / "tracks.tsv"
    path.write_text(path.read_text().replace("human\t4\t", "human\tfour\t"))
    redo_card(folder)


def changed_tracks(folder: Path) -> None:
    path = folder / "tracks.tsv"
    path.write_text(path.read_text().replace("K562", "K563"))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (cut, "model.safetensors of mine is cut short or too long"),
        (cut_to_nothing, "has a damaged header"),
        (no_safetensors, "no safetensors file"),
        (flip, "model.safetensors of mine is damaged or of another model"),
        (header_of_another_shape, "has the shape (4, 24, 15), and config.json asks for (24, 4, 15)"),
        (wrong_shape, "stem.0.bias in model.safetensors of mine has the shape (7,)"),
        (missing, "lacks 1 of its tensors, transformer.1.0.fn.1.to_out.weight among them"),
        (extra, "holds what its config.json knows nothing of (1 of its tensors, 'other.weight' among them)"),
        (not_finite, "_heads.mouse.0.bias in model.safetensors of mine holds what is no number"),
        (infinite, "stem.0.weight in model.safetensors of mine holds what is no number"),
        (negative_variance, "a variance below 0"),
        (two_of_one, "two different tensors for stem.0.bias"),
        (whole_numbers, "stem.0.bias in model.safetensors of mine is no float"),
        (other_config, "config.json of mine is damaged or of another model"),
        (wrong_config, "lacks 16 of its tensors, transformer.2"),
        (wider_config, "has the shape"),
        (hostile_config, "1,000,000,000 are allowed"),
        (no_config, "has no config.json"),
        (no_json, "config.json of mine cannot be read"),
        (no_card, "has no card.json"),
        (empty_card, "card.json of mine is not usable"),
        (card_without_weights, "does not list the digests"),
        (card_that_leads_out, "does not list the digests"),
        (no_weights, "has no model.safetensors"),
        (fewer_tracks, "describes 4 tracks of 'human', and the model has 5"),
        (tracks_of_another_kind, "tracks.tsv of mine cannot be read (its first line has to name head, index"),
        (tracks_of_no_head, "describes 4 tracks of 'human'"),
        (tracks_with_a_hole, "tracks.tsv of mine cannot be read"),
        (changed_tracks, "tracks.tsv of mine is damaged"),
    ],
)
def test_damage_is_one_sentence(folder: Path, options, damage: Callable[[Path], None], said: str):
    load_model(folder, options=options)
    damage(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(ModelFilesError) as caught:
        load_model(folder, options=options)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 420
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("part", [0.0, 0.3, 0.9, 0.999])
def test_a_file_cut_anywhere(folder: Path, options, part: float):
    path = folder / "model.safetensors"
    content = path.read_bytes()
    path.write_bytes(content[: int(part * len(content))])
    redo_card(folder)  # so that not even the digest tells
    with pytest.raises(ModelFilesError):
        load_model(folder, options=options)


# Never half-written


@pytest.mark.parametrize("old", [True, False])
@pytest.mark.parametrize("at", ["safetensors.torch.save_file", "core.enformer.weights._write_tracks", "os.rename"])
def test_a_full_disk_leaves_what_was_there(
    folder: Path, tmp_path: Path, options, monkeypatch: pytest.MonkeyPatch, old: bool, at: str
):
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    target = folder if old else tmp_path / "new"
    before = sorted(tmp_path.rglob("*"))
    with monkeypatch.context() as patch:
        patch.setattr(at, full)
        if old and at == "os.rename":
            patch.setattr("os.replace", full)
        with pytest.raises(ModelUnavailableError, match=r"cannot be written .*No space left"):
            save_weights(random_module(TINY, 9), target, input_bp=256, title="New", tables={"human": TABLE})
    assert sorted(tmp_path.rglob("*")) == before
    assert same(load_model(folder, options=options).module, random_module(TINY))


def test_a_disk_that_is_really_full(folder: Path, tmp_path: Path, options):
    """What writes safetensors says so in an error of its own kind."""
    before = sorted(tmp_path.rglob("*"))
    sentence = r"cannot be written .*File too large.*; make room"
    with full_disk(10_000), pytest.raises(ModelUnavailableError, match=sentence):
        save_weights(random_module(TINY, 9), folder, input_bp=256, title="New")
    assert sorted(tmp_path.rglob("*")) == before
    assert same(load_model(folder, options=options).module, random_module(TINY))


def test_interrupted_between_two_files_is_noticed(folder: Path, options, monkeypatch: pytest.MonkeyPatch):
    replace_file, done = os.replace, []

    def once(source: Path, target: Path) -> None:
        if done:
            raise KeyboardInterrupt
        done.append(target)
        replace_file(source, target)

    with monkeypatch.context() as patch:
        patch.setattr("os.replace", once)
        with pytest.raises(KeyboardInterrupt):
            save_weights(random_module(TINY, 9), folder, input_bp=256, title="New")
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    with pytest.raises(ModelFilesError, match="damaged or of another model"):
        load_model(folder, options=options)


def test_what_could_not_be_loaded_is_not_written(tmp_path: Path):
    broken = random_module(TINY)
    state_of(broken)["stem.0.bias"][0] = float("nan")
    with pytest.raises(ModelFilesError, match=r"stem\.0\.bias holds what is no number"):
        save_weights(broken, tmp_path / "a", input_bp=256, title="A")
    for tables in ({"human": unnamed_tracks(4)}, {"fly": unnamed_tracks(5)}):
        with pytest.raises(ModelFilesError, match="one for each output"):
            save_weights(random_module(TINY), tmp_path / "a", input_bp=256, title="A", tables=tables)
    with pytest.raises(ModelFilesError, match="input_bp"):
        save_weights(random_module(TINY), tmp_path / "a", input_bp=255, title="A")
    assert not list(tmp_path.iterdir())


def test_folder_that_cannot_be_made(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelUnavailableError, match="cannot be written"):
        save_weights(random_module(replace(TINY, depth=1)), tmp_path / "file" / "a", input_bp=256, title="A")
