"""What the names of DNA models mean, and what `load_model` gives for them."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch

from components.models import download_spec
from components.readiness import models_table
from core.cards import ModelCard
from core.enformer import models
from core.enformer.hparams import attentions
from core.enformer.models import load_model
from core.enformer.official import OFFICIAL, fetch
from core.enformer.random_weights import OFFICIAL_SIZES, UNTRAINED_SIZES, random_module
from core.enformer.registry import (
    dna_model_sources,
    find_dna_source,
    named_dna_source,
    playground,
    random,
    source_bytes,
    source_version,
    untrained,
)
from core.enformer.state import state_of
from core.enformer.tracks import unnamed_tracks
from core.enformer.weights import save_weights
from core.errors import ModelFilesError, ModelUnavailableError, SettingsError, UnknownModelError
from core.jobs import PieceContext
from core.settings import Settings
from core.teaching.playground.grammar import GRAMMAR_VERSION
from tests.core.enformer.small_models import TINY, hub_files, one_hot, output, same, settings_for
from tests.hub_server import HubServer, write_repo


@pytest.fixture
def options(tmp_path: Path) -> Settings:
    return settings_for(tmp_path)


@pytest.fixture
def no_playground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "assets" / "playground"
    monkeypatch.setattr("core.enformer.registry.PLAYGROUND_FOLDER", folder)
    return folder


def names(options: Settings) -> list[str]:
    return [source.name for source in dna_model_sources(options)]


def save(folder: Path, seed: int = 0, grammar: str | None = GRAMMAR_VERSION) -> Path:
    save_weights(
        random_module(TINY, seed),
        folder,
        input_bp=TINY.input_bp,
        title="Playground Enformer, 2 layers",
        assembly="playground",
        facts=(("Correlation on held-out regions", "0.9"),),
        limits="Simulated.",
        tables={"human": unnamed_tracks(5)},
        more={} if grammar is None else {"grammar_version": grammar},
    )
    return folder


# Names


def test_untrained_is_listed_only_while_nothing_better_is_there(no_playground: Path, options: Settings, tmp_path: Path):
    assert names(options) == ["untrained", "official"]
    mine = replace(options, dna_model_folders=(("mine", save(tmp_path / "mine")),))
    assert names(mine) == ["mine", "official"]
    save(no_playground)
    assert names(options) == ["playground", "official"]
    assert names(mine) == ["playground", "mine", "official"]
    with pytest.raises(UnknownModelError, match="choose one of: playground, official"):
        named_dna_source("untrained", options)


def test_official_replaces_untrained(
    no_playground: Path, options: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    write_repo(tmp_path / "repos", OFFICIAL.repo, hub_files(TINY))
    with HubServer(tmp_path / "repos") as server:
        here = replace(options, hub_endpoint=server.url)
        fetch(here, on_progress=lambda *_: None)
    assert names(here) == ["official"]
    source = named_dna_source("official", here)
    assert source.ready
    assert source_version(source)[1] == source.revision
    assert source_bytes(source) > 1000


def test_the_download_is_a_job(options: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    write_repo(tmp_path / "repos", OFFICIAL.repo, hub_files(TINY))
    with HubServer(tmp_path / "repos") as server:
        here = replace(options, hub_endpoint=server.url)
        spec = download_spec(named_dna_source("official", here), here, "me")
        assert (spec.title, spec.queue) == ("Download Enformer (official weights)", "network")
        context = PieceContext(threading.Event())
        spec.run_piece(0, context)
    assert context.latest[0] == 1.0
    assert context.latest[1].startswith("Enformer (official weights): ")
    assert load_model("official", options=here).card.name == "official"


@pytest.mark.parametrize("there", [True, False])
def test_random_is_never_listed(no_playground: Path, options: Settings, there: bool):
    if there:
        save(no_playground)
    assert "random" not in names(options)
    with pytest.raises(UnknownModelError):
        named_dna_source("random", options)
    assert find_dna_source("random", options).title == "Random Enformer, for tests and benchmarks only"


@pytest.mark.parametrize("name", ["enformer", "", "../official", "OFFICIAL", "a" * 500, "no/such/folder"])
def test_unknown_names(no_playground: Path, options: Settings, name: str):
    with pytest.raises(UnknownModelError, match="choose one of: untrained, official") as caught:
        load_model(name, options=options)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("value", [None, 5, b"official"])
def test_what_is_no_name(options: Settings, value: object):
    with pytest.raises(UnknownModelError, match="is no name of a model; give one such as 'official', or a folder"):
        load_model(value, options=options)


def test_folder_that_is_not_there(options: Settings, tmp_path: Path):
    with pytest.raises(UnknownModelError, match="There is no folder"):
        load_model(tmp_path / "none", options=options)
    gone = replace(options, dna_model_folders=(("mine", tmp_path / "none"),))
    with pytest.raises(ModelFilesError, match="folder of the model mine does not exist; correct ATTENDOME_DNA_MODELS"):
        load_model("mine", options=gone)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelFilesError, match=r"empty has no model\.safetensors"):
        load_model(tmp_path / "empty", options=options)


def test_a_browser_cannot_name_a_folder(no_playground: Path, options: Settings, tmp_path: Path):
    folder = save(tmp_path / "mine")
    assert load_model(str(folder), options=options).card.name == "mine"
    with pytest.raises(UnknownModelError):
        named_dna_source(str(folder), options)


def test_readiness_table(no_playground: Path, options: Settings):
    table = models_table(dna_model_sources(options))
    states = dict(zip(table["Model"], table["State"], strict=True))
    assert list(states.values()) == ["ready (made when it is loaded)", "to download, 1.0 GB"]
    assert table["Weights"] == ["random", "official"]


# The playground's model


def test_playground_before_it_is_built(no_playground: Path, options: Settings):
    with pytest.raises(ModelUnavailableError, match="The playground model is not built yet; give 'untrained'"):
        load_model("playground", options=options)


def test_playground_once_it_is_there(no_playground: Path, options: Settings):
    save(no_playground)
    model = load_model("playground", options=options)
    assert same(model.module, random_module(TINY))
    assert (model.card.name, model.card.title, model.card.weights) == (
        "playground",
        "Playground Enformer, 2 layers",
        "teaching",
    )
    assert model.card.facts == (("Correlation on held-out regions", "0.9"),)
    assert (model.card.limits, model.assembly) == ("Simulated.", "playground")
    assert model.tables["human"].assembly == "playground"


@pytest.mark.parametrize("grammar", ["0", None])
def test_playground_of_another_grammar(no_playground: Path, options: Settings, tmp_path: Path, grammar: str | None):
    save(no_playground, grammar=grammar)
    said = grammar or "unknown"
    with pytest.raises(ModelFilesError, match=f"trained on version {said} of .* has version {GRAMMAR_VERSION}; fetch"):
        load_model("playground", options=options)
    # A folder of one's own need not be of the playground, but if it says so it is held to it.
    save(tmp_path / "mine", grammar=grammar)
    if grammar is None:
        assert load_model(tmp_path / "mine", options=options).layers == TINY.depth
    else:
        with pytest.raises(ModelFilesError, match="mine was trained on version 0"):
            load_model(tmp_path / "mine", options=options)


def test_version_follows_the_files(no_playground: Path, options: Settings):
    save(no_playground)
    before = source_version(playground())
    save(no_playground, seed=1)
    assert source_version(playground()) != before
    assert source_version(untrained()) == ("untrained",)
    assert source_bytes(playground()) < 1e6
    assert 1.2e9 < source_bytes(random()) < 1.5e9


# The untrained model


def test_untrained(options: Settings):
    model = load_model("untrained", options=options)
    assert (model.card.title, model.card.weights) == ("Untrained Enformer, for wiring only", "random")
    assert (model.input_bp, model.target_bins, model.bin_size_bp, model.assembly) == (32_768, 192, 128, None)
    assert [track.description for track in model.tables["human"]][:2] == ["untrained track 1", "untrained track 2"]
    assert len(model.tables["human"]) == 12
    assert isinstance(model.card, ModelCard)
    assert (model.card.architecture, model.card.context) == ("enformer", 32_768)
    assert (model.layers, model.heads) == (2, 2)
    assert model.provenance.sentence == f"{model.card.title} · random weights {model.digest[:12]} · float32"
    again = load_model("untrained", options=options)
    assert again.digest == model.digest
    assert same(again.module, model.module)
    began = time.perf_counter()
    values = output(model.module, model.input_bp)
    assert time.perf_counter() - began < 5  # 0.15 s when nothing else runs
    assert values.shape == (192, 12)
    assert values.std(0).min() > 0.05
    assert 0.01 < values.min() < values.max() < 20


@pytest.mark.parametrize("sizes", [TINY, UNTRAINED_SIZES])
def test_random_numbers_hide_nothing(sizes):
    module = random_module(sizes)
    constant = {"num_batches_tracked"}
    for name, tensor in state_of(module).items():
        if name.rpartition(".")[2] not in constant:
            assert tensor.std() > 0, name
            assert tensor.abs().max() > 0.01, name
    for layer in attentions(module):
        assert layer.to_out.weight.abs().min() >= 0
        assert layer.to_out.weight.std() > 0.05
    norms = [part for part in module.modules() if isinstance(part, torch.nn.BatchNorm1d)]
    for norm in norms:
        assert norm.running_mean.abs().max() > 0.1
        assert norm.running_var.min() > 0.5
        assert (norm.running_var - 1).abs().max() > 0.1
        assert (norm.weight - norm.weight.mean()).abs().max() > 0.05
        assert norm.bias.abs().max() > 0.05


def test_seeds():
    torch.manual_seed(3)
    before = torch.get_rng_state()
    first, again, other = random_module(TINY, 1), random_module(TINY, 1), random_module(TINY, 2)
    assert torch.equal(torch.get_rng_state(), before)
    assert same(first, again)
    shared = [n for n, t in state_of(first).items() if t.dim() and torch.equal(t, state_of(other)[n])]
    assert shared == []


def test_every_part_of_a_random_model_matters(options: Settings):
    """Changing any one tensor by a little changes the output, so an engine cannot get away with leaving one out."""
    wanted = output(random_module(TINY), 256)
    module = random_module(TINY)
    for name, tensor in state_of(module).items():
        if name.endswith("num_batches_tracked") or "_heads.mouse" in name:
            continue
        kept = tensor.clone()
        with torch.no_grad():
            tensor.mul_(1.5)
        assert (output(module, 256) - wanted).abs().max() > 1e-4 * wanted.max(), name
        with torch.no_grad():
            tensor.copy_(kept)
    assert torch.equal(output(module, 256), wanted)


def test_random_has_the_published_size():
    free = psutil.virtual_memory().available
    if free < 3e9:
        pytest.skip(f"needs 3 GB of free memory, there are {free / 1e9:.1f}")
    model = load_model("random", options=Settings(device="cpu"))
    assert model.card.parameters == 251_221_292
    assert model.nbytes == 4 * 251_221_292
    assert (model.input_bp, model.target_bins, model.bin_size_bp, model.layers, model.heads) == (
        196_608,
        896,
        128,
        11,
        8,
    )
    assert model.card.weights == "random"
    assert model.assembly is None
    assert [layer.use_tf_gamma for layer in attentions(model.module)] == [True] * 11
    assert {head: len(table) for head, table in model.tables.items()} == {"human": 5313, "mouse": 1643}
    constant = [n for n, t in state_of(model.module).items() if t.dim() and not t.flatten()[:50].std() > 0]
    assert constant == []
    for layer in attentions(model.module):
        layer.use_tf_gamma = False  # a short window, of which only this test's own model has to know
    model.module.crop_final.target_length = -1
    with torch.inference_mode():
        values = {head: found[0].numpy() for head, found in model.module(one_hot(16 * 128)).items()}
    assert values["human"].shape == (16, 5313)
    assert values["mouse"].shape == (16, 1643)
    for found in values.values():
        assert np.isfinite(found).all()
        assert found.std(axis=0).mean() > 0.1  # from bin to bin
        assert found.std(axis=1).mean() > 0.1  # from track to track
        assert 1e-6 < found.min() < found.max() < 100
    assert OFFICIAL_SIZES.is_official_geometry


# Devices and waiting


def test_device_that_is_not_there(options: Settings):
    with pytest.raises(SettingsError, match="ATTENDOME_DEVICE is 'cuda:7'"):
        load_model("untrained", options=replace(options, device="cuda:7"))
    assert load_model("untrained", options=options).device.type == "cpu"  # the lock was given back


@pytest.mark.gpu
def test_the_model_lies_on_the_gpu(options: Settings):
    model = load_model("untrained", options=replace(options, device="cuda"))
    assert model.device.type == "cuda"
    assert {tensor.device.type for tensor in model.module.state_dict().values()} == {"cuda"}


def test_waiting_for_another_load_can_be_given_up(options: Settings):
    class GivenUp(Exception):
        pass

    calls = []

    def give_up() -> None:
        calls.append(1)
        if len(calls) == 3:
            raise GivenUp

    with models._LOADING, pytest.raises(GivenUp):
        load_model("untrained", options=options, on_wait=give_up)
    load_model("untrained", options=options, on_wait=lambda: pytest.fail("nobody loads"))
