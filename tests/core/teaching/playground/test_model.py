"""From training to the shipped folder on a tiny model, the figures' arithmetic, and the committed weights if there."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from core.enformer import load_model
from core.enformer.registry import PLAYGROUND_FOLDER
from core.errors import ModelFilesError
from core.genome import Interval, one_hot, open_genome
from core.teaching.playground import card, evaluate, export, files, link_tests, train
from core.teaching.playground.build import SEED
from core.teaching.playground.edits import Replacement, shuffled
from core.teaching.playground.grammar import GRAMMAR_VERSION, TRACKS
from core.teaching.playground.heldout import CAGE, HELD_OUT, Bar, pearson, predicted_chromosome, window_starts
from core.teaching.playground.motifs import motifs
from core.teaching.playground.recipe import Recipe
from core.teaching.playground.world import world

TINY = Recipe(
    width=24,
    depth=1,
    heads=2,
    key_size=8,
    chromosomes=1,
    dense_chromosomes=1,
    chromosome_bp=300_000,
    short_batch=2,
    long_batch=2,
    whole_batch=1,
    warmup_steps=2,
)


@pytest.fixture(scope="module")
def work_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a training that was stopped in its second stage and resumed."""
    folder = tmp_path_factory.mktemp("work")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train.Trainer, "_look", lambda self, stage: np.zeros(2))
        train.Trainer(folder, TINY, compiled=False).run({"tower": 2, "transformer": 1, "whole": 0})
        train.Trainer(folder, TINY, compiled=False).run({"tower": 2, "transformer": 3, "whole": 1})
    return folder


@pytest.fixture(scope="module")
def folder(work_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The exported model, measured on very few links."""
    made = tmp_path_factory.mktemp("models") / "playground"
    export.export(work_dir, made, tried=["a smaller one"], most_links=2)
    return made


def test_training_goes_on_where_it_stopped(work_dir: Path) -> None:
    log = pd.read_csv(work_dir / export.LOG)
    assert list(zip(log.stage, log.step, strict=True)) == [
        ("tower", 2),
        ("transformer", 1),
        ("transformer", 3),
        ("whole", 1),
    ]
    assert np.isfinite(log.loss).all()
    model, recipe, reached = export.trained(work_dir)
    assert recipe == TINY
    assert reached == "whole 1"
    summary = export.log_summary(work_dir / export.LOG)
    assert [(stage["stage"], stage["steps"]) for stage in summary] == [("tower", 2), ("transformer", 3), ("whole", 1)]
    assert not model.training


def test_exported_model_is_the_trained_one(work_dir: Path, folder: Path) -> None:
    trained, recipe, _ = export.trained(work_dir)
    model = load_model(folder)
    assert model.assembly == "playground"
    assert model.input_bp == recipe.window_bp == 49_152
    assert model.target_bins == 256
    letters = open_genome("playground").fetch(Interval("sim1", 100_096, 100_096 + 49_152))
    with torch.no_grad():
        theirs = trained(torch.from_numpy(one_hot(letters))[None])["human"][0].numpy()
    ours = evaluate.EnformerEngine(model).predict(letters).values
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)
    assert {path.name for path in folder.iterdir()} == {
        *("model.safetensors", "config.json", "card.json", "tracks.tsv", "training_log.csv", "README.md")
    }


def test_card(folder: Path) -> None:
    said = json.loads((folder / "card.json").read_text())
    assert said["grammar_version"] == GRAMMAR_VERSION
    assert said["recipe"]["seed"] == TINY.seed
    assert said["tried"] == ["a smaller one"]
    assert len(said["measured"]["tracks"]) == 12
    assert {bar["bar"] for bar in said["measured"]["bars"]} == {
        "",
        *("at least 0.85", "at least 0.7", "at least 0.75", "at least 0.9", "at most 0.1", "at least 2", "at most 0.5"),
    }
    page = (folder / "README.md").read_text()
    assert "not Enformer's published weights" in page
    assert "## Not reached" in page  # nobody learns the genome in six steps
    assert "- a smaller one" in page
    model = load_model(folder)
    assert model.card.title == "Playground Enformer" or model.card.weights == "local"
    assert any("missed" in value for _, value in model.card.facts)


def test_tracks_are_named_as_the_grammar_names_them(folder: Path) -> None:
    table = load_model(folder).tables["human"]
    assert [track.description for track in table] == [f"{name} (simulated)" for name in TRACKS]
    assert table[6].assay == "CAGE"
    assert (table[2].assay, table[2].target, table[2].biosample) == ("CHIP", "H3K27ac", "erythroid")
    assert (table[11].target, table[11].biosample) == ("CTCF", "both cell types")
    assert table[0].unit == "mean coverage per base"
    assert card.track_table().tracks == table.tracks


def test_another_version_of_the_grammar_is_refused(folder: Path, tmp_path: Path, monkeypatch) -> None:
    copy = tmp_path / "playground"
    shutil.copytree(folder, copy)
    said = json.loads((copy / "card.json").read_text())
    (copy / "card.json").write_text(json.dumps(said | {"grammar_version": "0"}))
    wanted = f"version 0 of the playground's grammar and this program has version {GRAMMAR_VERSION}"
    with pytest.raises(ModelFilesError, match=wanted):
        load_model(copy)
    monkeypatch.setattr("core.enformer.registry.PLAYGROUND_FOLDER", copy)
    with pytest.raises(ModelFilesError, match=wanted):
        load_model("playground")
    del said["grammar_version"]
    (copy / "card.json").write_text(json.dumps(said))
    with pytest.raises(ModelFilesError, match="version unknown"):
        load_model("playground")


def test_a_card_of_other_weights_is_refused(folder: Path, tmp_path: Path) -> None:
    for name, key in (("a", "weights_digest"), ("b", "sha256")):
        copy = tmp_path / name
        shutil.copytree(folder, copy)
        said = json.loads((copy / "card.json").read_text())
        other = "0" * 64
        said[key] = other if key == "weights_digest" else said[key] | {"model.safetensors": other}
        (copy / "card.json").write_text(json.dumps(said))
        with pytest.raises(ModelFilesError, match="digest"):
            load_model(copy)


@pytest.mark.parametrize("content", [None, b"", b"no checkpoint"])
def test_a_checkpoint_that_cannot_be_read(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / export.CHECKPOINT).write_bytes(content)
    with pytest.raises(ModelFilesError, match="train first"):
        export.export(tmp_path, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_bars() -> None:
    assert Bar("x", 0.7, least=0.7).met
    assert not Bar("x", 0.69, least=0.7).met
    assert Bar("x", 0.1, most=0.1).met
    assert not Bar("x", float("nan"), most=0.1).met
    assert not Bar("x", float("nan"), least=0.1).met
    assert Bar("x", float("nan")).met
    assert Bar("x", 0.2, most=0.1).line.endswith("MISSED")
    assert Bar("x", 0.2, least=0.1).line.endswith("met")
    assert Bar("x", 0.2).line.endswith("0.200")
    assert pearson(np.array([1.0, 2, 3]), np.array([2.0, 4, 7])) == pytest.approx(0.9933, abs=1e-4)
    assert np.isnan(pearson(np.ones(3), np.arange(3)))


def test_windows_tile_a_chromosome() -> None:
    starts = list(window_starts(1_000, 300, 100))
    assert starts == [-100 + 100 * i for i in range(10)]


def test_matched_pairs() -> None:
    ours = pd.DataFrame({"distance_bp": [1000, 5000, 9000]}, index=[3, 5, 7])
    theirs = pd.DataFrame({"distance_bp": [4600, 5500, 100, 10_700, 1300]}, index=[10, 11, 12, 13, 14])
    left, right = link_tests.matched_pairs(ours, theirs)
    assert dict(zip(left.index, right.index, strict=True)) == {5: 10, 7: 13}


def test_a_perfect_engine_reaches_every_bar_on_links() -> None:
    """An engine that knows the grammar, and a head that looks at nothing but true enhancers."""
    shared = world()
    window_bp = 49_152
    by_letters: dict[str, Interval] = {}
    true = pd.concat([link_tests.true_links(chrom) for chrom in (HELD_OUT, link_tests.HEADS_CHOSEN_ON)])

    class Knows(link_tests.Locus):
        def _predicted(self, chrom, tss, without):
            first = (tss // 128 - 1) * 128
            edits = []
            if without is not None:
                place = Interval(chrom, *without)
                edits = [Replacement(place, shuffled(shared.genome.fetch(place), seed=without[0]))]
            return shared.truth(Interval(chrom, first, first + 3 * 128), edits=edits)[:, CAGE].sum(axis=0)

    class Engine:
        layers = 1

        def attention(self, letters, layers, queries):
            window = by_letters[letters]
            tss = (window.start + window_bp // 2) // 128
            weights = np.full((1, 2, len(queries), window_bp // 128), 1e-3, dtype=np.float32)
            rows = true[(true.chrom == window.chrom) & (true.tss // 128 == tss)]
            for row in rows.itertuples():
                middle = (row.element_start + row.element_end) // 2
                weights[0, 1, :, (middle - window.start) // 128] = 0.1
            return type("Given", (), {"weights": weights})

    class Genome:
        contigs, name = shared.genome.contigs, shared.genome.name

        def fetch(self, interval):
            letters = shared.genome.fetch(interval)
            by_letters[letters] = interval
            return letters

    locus = Knows(Engine(), replace(shared, genome=Genome()), window_bp)
    bars = link_tests.deletion_bars(locus, 6)
    assert all(bar.met for bar in bars)
    assert bars[0].value == 1
    assert bars[2].value == pytest.approx(bars[3].value, abs=0.02)  # median change
    assert bars[5].value > 0.99  # correlation with the simulator's changes
    bars = link_tests.attention_bars(locus, 15)
    assert bars[0].what.endswith("layer 0, head 1")
    assert bars[0].value > 10
    assert bars[1].value == 1


def test_a_chromosome_is_put_together_from_its_windows() -> None:
    shared = world()

    class Engine:
        own_bins = 256

        def predict(self, letters):
            middle = letters[8_192:-8_192]
            counts = [[middle[i : i + 128].count("N")] * 12 for i in range(0, len(middle), 128)]
            return type("Given", (), {"values": np.array(counts)})

    rows = predicted_chromosome(Engine(), shared, "sim3", 49_152)
    letters = shared.genome.fetch(Interval("sim3", 0, 600_000))
    assert rows[:, 0].tolist() == [letters[i : i + 128].count("N") for i in range(0, 600_000 - 127, 128)]


def test_the_readme_tells_the_grammar() -> None:
    page = (files.FOLDER / "README.md").read_text()
    assert f"## The grammar, version {GRAMMAR_VERSION}" in page
    assert f"seed {SEED}" in page
    for motif in motifs():
        role = {"erythroid": "enhancer, erythroid", "liver": "enhancer, liver"}.get(motif.role, motif.role)
        assert f"| {motif.name} | {motif.matrix_id} | {role} | {motif.threshold} |" in page
    named = {name.split(":")[1] if name.startswith("CHIP") else name.split(":")[0] for name in TRACKS}
    assert all(re.search(rf"^\| {name} \|", page, re.MULTILINE) for name in named)
    assert CAGE == [6, 7]


@pytest.mark.skipif(not (PLAYGROUND_FOLDER / "card.json").is_file(), reason="the playground model is not committed yet")
def test_committed_model() -> None:
    model = load_model("playground")
    said = json.loads((PLAYGROUND_FOLDER / "card.json").read_text())
    assert said["grammar_version"] == GRAMMAR_VERSION
    assert said["weights_digest"] == model.digest
    assert (PLAYGROUND_FOLDER / "model.safetensors").stat().st_size < 25_000_000
    assert (PLAYGROUND_FOLDER / "README.md").read_text() == card.markdown(said)
    start = 400_128
    letters = open_genome("playground").fetch(Interval(HELD_OUT, start, start + model.input_bp))
    given = evaluate.EnformerEngine(model).predict(letters).values
    first = (model.input_bp // 128 - model.target_bins) // 2 * 128
    truth = world().truth(Interval(HELD_OUT, start + first, start + first + len(given) * 128))
    for column in (8, 11):
        assert pearson(given[:, column], truth[:, column]) > 0.8
