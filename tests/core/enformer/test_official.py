"""The published Enformer from a server that plays the hub: fetched, checked, read as enformer_pytorch reads it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import enformer_pytorch
import pytest
import torch
from safetensors.torch import save_file

from core import hub as hub_package
from core.enformer import models, official
from core.enformer.hparams import attentions
from core.enformer.models import DnaModel, load_model
from core.enformer.official import OFFICIAL, fetch, official_source
from core.enformer.random_weights import random_module
from core.enformer.registry import dna_model_sources
from core.enformer.state import state_of
from core.enformer.tracks import unnamed_tracks
from core.errors import (
    DeviceMemoryError,
    JobCancelledError,
    ModelFilesError,
    ModelNotDownloadedError,
    OfflineError,
)
from core.settings import ROOT, Settings
from tests.core.enformer.small_models import (
    GAMMA,
    TINY,
    hub_config,
    hub_files,
    output,
    pytorch_bytes,
    same,
    settings_for,
    write_files,
)
from tests.full_disk import full_disk
from tests.hub_server import HubServer, write_repo

FILES = hub_files(GAMMA)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubServer]:
    write_repo(tmp_path / "repos", OFFICIAL.repo, FILES)
    with HubServer(tmp_path / "repos") as server:
        yield server


@pytest.fixture
def options(hub: HubServer, tmp_path: Path) -> Settings:
    return settings_for(tmp_path, hub.url)


def quiet(done: int, total: int) -> None:
    """Progress that nobody reads."""


def place(options: Settings) -> str:
    return official_source(options).place


def converted(options: Settings) -> list[Path]:
    return sorted((options.cache_folder / "enformer" / "converted").glob("*"))


def count_reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The PyTorch files that are opened from now on."""
    read: list[Path] = []
    load = torch.load

    def counted(path: Path, **given: object) -> object:
        read.append(Path(path))
        assert given["weights_only"] is True
        return load(path, **given)

    monkeypatch.setattr("torch.load", counted)
    return read


# Fetching


def test_it_never_downloads_by_itself(hub: HubServer, options: Settings):
    assert place(options) == "available"
    with pytest.raises(ModelNotDownloadedError) as caught:
        load_model("official", options=options)
    assert "a download of 1.0 GB" in str(caught.value)
    assert "Press Download" in str(caught.value)
    assert hub.requests == []


def test_download_resume_and_progress(hub: HubServer, options: Settings):
    told: list[tuple[int, int]] = []

    def stop() -> None:
        if told and told[-1][0] >= 200_000:
            raise JobCancelledError("Stopped.")

    with pytest.raises(JobCancelledError):
        fetch(options, on_progress=lambda *now: told.append(now), check_cancelled=stop)
    assert place(options) == "partial"
    with pytest.raises(ModelNotDownloadedError):
        load_model("official", options=options)
    hub.mend()
    fetch(options, on_progress=quiet)
    assert hub.fetched() == {"pytorch_model.bin"}  # config.json was there already
    assert 0 < hub.sent_bytes() < len(FILES["pytorch_model.bin"])
    assert place(options) == "downloaded"
    source = official_source(options)
    assert source.revision == hub.commit(OFFICIAL.repo)[:12]
    assert source.wanted is OFFICIAL


def test_only_settings_and_weights_are_fetched(hub: HubServer, options: Settings):
    fetch(options, on_progress=quiet)
    assert hub.fetched() == {"config.json", "pytorch_model.bin"}


def test_notebooks_see_the_progress(options: Settings, capsys: pytest.CaptureFixture[str]):
    fetch(options)
    assert capsys.readouterr().out.endswith("\r3.2 MB of 3.2 MB\n")


@pytest.mark.parametrize("offline", [True, False])
def test_no_network(tmp_path: Path, offline: bool):
    options = replace(settings_for(tmp_path), hub_offline=offline)
    with pytest.raises(OfflineError):
        fetch(options, on_progress=quiet)
    assert place(options) == "available"


def test_asking_what_is_there_is_light():
    code = (
        "import sys\n"
        "from core.enformer.registry import dna_model_sources\n"
        "from core.settings import settings\n"
        "dna_model_sources(settings())\n"
        "print([m for m in ('torch', 'transformers', 'enformer_pytorch', 'requests') if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


# Reading


@pytest.fixture
def fetched(hub: HubServer, options: Settings) -> Settings:
    fetch(options, on_progress=quiet)
    hub.mend()
    return options


def test_it_is_what_enformer_pytorch_reads(hub: HubServer, fetched: Settings):
    model = load_model("official", options=fetched)
    reference = enformer_pytorch.from_pretrained(OFFICIAL.repo, cache_dir=fetched.hub_folder, local_files_only=True)
    reference.eval()
    assert [layer.use_tf_gamma for layer in attentions(reference)] == [True, True]
    assert same(model.module, reference)
    for head in ("human", "mouse"):
        assert torch.equal(output(model.module, GAMMA.input_bp, head), output(reference, GAMMA.input_bp, head))
    assert hub.requests == []


def test_positions_are_set_on_every_layer_and_matter(fetched: Settings):
    module = load_model("official", options=fetched).module
    assert [layer.use_tf_gamma for layer in attentions(module)] == [True, True]
    assert module.use_tf_gamma
    assert module.config.use_tf_gamma
    without = random_module(GAMMA)
    assert not any(layer.use_tf_gamma for layer in attentions(without))
    assert same(module, without)
    difference = (output(module, GAMMA.input_bp) - output(without, GAMMA.input_bp)).abs().max()
    assert difference > 1e-3 * output(without, GAMMA.input_bp).abs().max()


def test_card(fetched: Settings):
    model = load_model("official", options=fetched)
    assert (model.card.name, model.card.title, model.card.weights) == (
        "official",
        "Enformer (official weights)",
        "official",
    )
    assert model.card.revision == model.digest[:12]
    assert (model.card.source, model.card.licence) == (OFFICIAL.repo, "CC BY 4.0")
    assert model.card.facts == official.FACTS
    assert "Huang et al. 2023" in model.card.limits
    assert (model.input_bp, model.target_bins) == (12_288, 896)
    assert model.tables["human"].tracks == unnamed_tracks(7).tracks


def test_tiny_official_without_fitting_positions(hub: HubServer, options: Settings):
    write_repo(hub.folder, OFFICIAL.repo, hub_files(TINY))
    fetch(options, on_progress=quiet)
    module = load_model("official", options=options).module
    assert not any(layer.use_tf_gamma for layer in attentions(module))


def test_safetensors_of_the_hub_are_read_too(hub: HubServer, options: Settings, tmp_path: Path):
    shared = {name: t.clone() for name, t in random_module(GAMMA).state_dict().items() if name.startswith("_")}
    save_file(shared, tmp_path / "x.safetensors")  # as converters write it: each tensor under one of its names
    write_repo(hub.folder, OFFICIAL.repo, {"model.safetensors": (tmp_path / "x.safetensors").read_bytes()})
    fetch(options, on_progress=quiet)
    assert hub.fetched() == {"config.json", "model.safetensors"}
    model = load_model("official", options=options)
    assert same(model.module, random_module(GAMMA))
    assert {layer.use_tf_gamma for layer in attentions(model.module)} == {True}
    assert converted(options) == []


# The copy that is kept of a PyTorch file


def test_the_pytorch_file_is_read_once(fetched: Settings, monkeypatch: pytest.MonkeyPatch):
    read = count_reads(monkeypatch)
    first = load_model("official", options=fetched)
    assert [path.name for path in read] == ["pytorch_model.bin"]
    (copy,) = converted(fetched)
    assert sorted(path.name for path in copy.iterdir()) == ["card.json", "config.json", "model.safetensors"]
    second = load_model("official", options=fetched)
    assert len(read) == 1
    assert same(first.module, second.module)
    assert second.digest == first.digest
    assert second.card == first.card
    assert {layer.use_tf_gamma for layer in attentions(second.module)} == {True}


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


@pytest.mark.parametrize("name", ["card.json", "config.json", "model.safetensors"])
def test_a_damaged_copy_is_made_again(fetched: Settings, monkeypatch: pytest.MonkeyPatch, name: str):
    load_model("official", options=fetched)
    (copy,) = converted(fetched)
    (copy / name).write_bytes((copy / name).read_bytes()[:-30])
    read = count_reads(monkeypatch)
    assert same(load_model("official", options=fetched).module, random_module(GAMMA))
    assert len(read) == 1
    assert converted(fetched) == [copy]
    assert same(load_model("official", options=fetched).module, random_module(GAMMA))
    assert len(read) == 1


def test_a_disk_without_room_for_the_copy(fetched: Settings, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("safetensors.torch.save_file", full)
        assert same(load_model("official", options=fetched).module, random_module(GAMMA))
        assert converted(fetched) == []
    with full_disk(10_000):
        assert same(load_model("official", options=fetched).module, random_module(GAMMA))
    assert converted(fetched) == []


def test_removing_takes_the_copy_along(hub: HubServer, fetched: Settings):
    load_model("official", options=fetched)
    official_source(fetched).remove()
    assert place(fetched) == "available"
    assert converted(fetched) == []
    assert not [path for path in fetched.hub_folder.rglob("*") if path.is_file() and ".locks" not in path.parts]
    fetch(fetched, on_progress=quiet)
    assert same(load_model("official", options=fetched).module, random_module(GAMMA))


def test_removing_what_is_not_there(options: Settings):
    official_source(options).remove()


# Damage


def test_a_damaged_download_is_found_and_fetched_again(fetched: Settings):
    (weights,) = fetched.hub_folder.glob("models--*/snapshots/*/pytorch_model.bin")
    damage(weights.resolve())
    with pytest.raises(ModelFilesError) as caught:
        load_model("official", options=fetched)
    assert str(caught.value).startswith("pytorch_model.bin of Enformer (official weights) is damaged on this machine")
    assert converted(fetched) == []
    official_source(fetched).remove()
    fetch(fetched, on_progress=quiet)
    load_model("official", options=fetched)


def test_weights_that_the_hub_replaced_are_not_believed(hub: HubServer, options: Settings):
    hub.faults.only, hub.faults.wrong_content = "/cdn/", True
    with pytest.raises(ModelFilesError, match="not the published file"):
        fetch(options, on_progress=quiet)
    assert place(options) == "partial"  # config.json came first


def test_hostile_config_of_the_hub(hub: HubServer, options: Settings):
    write_repo(hub.folder, OFFICIAL.repo, {"config.json": json.dumps(hub_config(GAMMA, dim=10**9)).encode()})
    fetch(options, on_progress=quiet)
    with pytest.raises(ModelFilesError, match="dim = '1000000000'"):
        load_model("official", options=options)


# A copy in a folder


@pytest.fixture
def copy_folder(tmp_path: Path) -> Path:
    return write_files(tmp_path / "copy", FILES)


def named(folder: Path, tmp_path: Path) -> Settings:
    return settings_for(tmp_path, ATTENDOME_DNA_MODELS=f"mine={folder}")


def load_copy(folder: Path, tmp_path: Path) -> DnaModel:
    return load_model("mine", options=named(folder, tmp_path))


def test_a_copy_of_the_repository(copy_folder: Path, tmp_path: Path):
    model = load_copy(copy_folder, tmp_path)
    assert same(model.module, random_module(GAMMA))
    assert (model.card.name, model.card.weights) == ("mine", "local")
    # Too small to be the published model, and its config.json does not ask for them.
    assert not any(layer.use_tf_gamma for layer in attentions(model.module))


@pytest.mark.parametrize("said", [{}, {"use_tf_gamma": False}])
def test_a_copy_of_the_published_size_gets_its_positions(
    copy_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: dict
):
    # The published size needs 1 GB: here the small one is declared to be it.
    monkeypatch.setattr("core.enformer.hparams.Hyperparameters.is_official_geometry", True)
    (copy_folder / "config.json").write_text(json.dumps(hub_config(GAMMA, **said)))
    for _ in range(2):  # from the PyTorch file, then from the copy of it
        model = load_copy(copy_folder, tmp_path)
        assert [layer.use_tf_gamma for layer in attentions(model.module)] == [True, True]
        assert model.assembly == "hg38"
    assert len(converted(named(copy_folder, tmp_path))) == 1


def test_changed_file_is_read_anew_and_its_old_copy_dropped(copy_folder: Path, tmp_path: Path):
    first = load_copy(copy_folder, tmp_path)
    (before,) = converted(named(copy_folder, tmp_path))
    (copy_folder / "pytorch_model.bin").write_bytes(pytorch_bytes(random_module(GAMMA, seed=4)))
    second = load_copy(copy_folder, tmp_path)
    assert same(second.module, random_module(GAMMA, seed=4))
    assert second.digest != first.digest
    (after,) = converted(named(copy_folder, tmp_path))
    assert after != before


def test_copies_do_not_pile_up(tmp_path: Path):
    options = settings_for(tmp_path)
    kept: list[Path] = []
    for number in range(5):
        folder = write_files(tmp_path / f"copy{number}", hub_files(TINY, number))
        load_model(folder, options=options)
        (new,) = set(converted(options)) - set(kept)
        os.utime(new, (number + 1, number + 1))
        kept.append(new)
        if number == 0:
            (crashed := new.with_name(f".{new.name}.x.draft")).mkdir()
            os.utime(crashed, (1, 1))
            kept.append(crashed)
    assert set(converted(options)) == set(kept[-3:])


def test_an_older_pytorch_format(copy_folder: Path, tmp_path: Path):
    old = pytorch_bytes(random_module(GAMMA), _use_new_zipfile_serialization=False)
    (copy_folder / "pytorch_model.bin").write_bytes(old)
    assert same(load_copy(copy_folder, tmp_path).module, random_module(GAMMA))


def resave(folder: Path, change: object) -> None:
    state = dict(random_module(GAMMA).state_dict())
    change(state)
    torch.save(state, folder / "pytorch_model.bin")


def test_names_without_duplicates_and_without_counters(copy_folder: Path, tmp_path: Path):
    def drop(state: dict) -> None:
        for name in [n for n in state if n.startswith("_trunk") or n.endswith("num_batches_tracked")]:
            del state[name]

    resave(copy_folder, drop)
    found = load_copy(copy_folder, tmp_path).module
    wanted = state_of(random_module(GAMMA))
    assert all(torch.equal(state_of(found)[n], t) for n, t in wanted.items() if "batches" not in n)


def test_foreign_tensors_are_left_out_and_told(copy_folder: Path, tmp_path: Path):
    resave(copy_folder, lambda state: state.update({"positions.cache": torch.zeros(3)}))
    for _ in range(2):
        model = load_copy(copy_folder, tmp_path)
        assert [value for what, value in model.card.facts if "left out" in what] == ["1, positions.cache among them"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda state: state.pop("final_pointwise.1.2.bias") is state.pop("_trunk.6.1.2.bias"), "lacks 1 of its"),
        (lambda state: state.update({"_trunk.1.0.bias": torch.zeros(96)}), "two different tensors for stem.0.bias"),
        (lambda state: state.update({"stem.0.bias": torch.zeros(5)}), "has the shape (5,)"),
        (lambda state: state.update({"_heads.human.0.bias": torch.full((7,), float("nan"))}), "what is no number"),
        (lambda state: state.update({"_heads.human.0.bias": "text"}), "is no tensor"),
        (lambda state: state.update({3: torch.zeros(5)}), "holds no named tensors"),
        (lambda state: state.update({"_heads.human.0.bias": torch.zeros(7).to_sparse()}), "is no tensor of plain"),
    ],
)
def test_damaged_copies(copy_folder: Path, tmp_path: Path, change, said: str):
    resave(copy_folder, change)
    with pytest.raises(ModelFilesError) as caught:
        load_copy(copy_folder, tmp_path)
    assert said in str(caught.value)
    assert converted(named(copy_folder, tmp_path)) == []


class _Evil:
    """Runs a command when it is unpickled by a reader that trusts it."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.target),)


@pytest.mark.parametrize("zipped", [True, False])
def test_code_in_a_pickle_never_runs(copy_folder: Path, tmp_path: Path, zipped: bool):
    state = {"stem.0.bias": _Evil(tmp_path / "ran")}
    torch.save(state, copy_folder / "pytorch_model.bin", _use_new_zipfile_serialization=zipped)
    with pytest.raises(ModelFilesError, match="damaged or holds more than tensors"):
        load_copy(copy_folder, tmp_path)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\3\4 no archive",
        b"\x80\x02",
        FILES["pytorch_model.bin"][:-1000],
        FILES["pytorch_model.bin"][: len(FILES["pytorch_model.bin"]) // 2],
        FILES["pytorch_model.bin"][:1_000_000] + b"\0\1\2\3" + FILES["pytorch_model.bin"][1_000_004:],
    ],
    ids=["empty", "zip", "pickle", "cut", "half", "changed"],
)
def test_a_pytorch_file_that_is_none(copy_folder: Path, tmp_path: Path, content: bytes):
    (copy_folder / "pytorch_model.bin").write_bytes(content)
    with pytest.raises(ModelFilesError, match=r"pytorch_model\.bin of mine is damaged"):
        load_copy(copy_folder, tmp_path)


def test_a_folder_of_the_hub_cache_is_compared_with_its_digest(tmp_path: Path):
    blobs, snapshot = tmp_path / "repo" / "blobs", tmp_path / "repo" / "snapshots" / "a"
    write_files(snapshot, {"config.json": FILES["config.json"]})
    old = pytorch_bytes(random_module(GAMMA), _use_new_zipfile_serialization=False)  # which has no checksums inside
    blob = hashlib.sha256(old).hexdigest()
    write_files(blobs, {blob: old})
    (snapshot / "pytorch_model.bin").symlink_to(blobs / blob)
    load_copy(snapshot, tmp_path)
    (blobs / blob).write_bytes(old[:-1000] + b"\0" * 1000)
    with pytest.raises(ModelFilesError, match="is damaged on this machine; download it again"):
        load_copy(snapshot, tmp_path)


def test_no_memory(copy_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from collections import namedtuple

    monkeypatch.setattr("psutil.virtual_memory", lambda: namedtuple("m", "available")(1000))
    with pytest.raises(DeviceMemoryError, match=r"mine needs about 0\.0 GB of memory"):
        load_copy(copy_folder, tmp_path)


def test_out_of_memory_while_reading(copy_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object, **__: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 10 bytes")

    monkeypatch.setattr(models, "fill", full)
    with pytest.raises(DeviceMemoryError, match=r"mine does not fit in the memory of this machine \(cpu\)"):
        load_copy(copy_folder, tmp_path)


def test_page_list_shows_its_state(options: Settings):
    assert {source.name: source.place for source in dna_model_sources(options)}["official"] == "available"
    fetch(options, on_progress=quiet)
    assert {source.name: source.place for source in dna_model_sources(options)}["official"] == "downloaded"
    assert hub_package.snapshot_folder(OFFICIAL, options) is not None
