"""Letters that matter on the playground, and whether the methods find them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.enformer import EnformerEngine, load_model
from core.genome import Interval, Variant
from core.teaching.playground import contribution_truth
from core.teaching.playground.contribution_truth import Region, auroc, bars, labels, letters_of, regions, true_changes
from core.teaching.playground.grammar import BIN_SIZE_BP, TRACKS
from core.teaching.playground.world import simulate_effect, world


@pytest.fixture(scope="module")
def region() -> Region:
    """Half of the enhancer of SIMD1: 60 letters with a few sites."""
    whole = next(one for one in regions("sim4") if (one.kind, one.gene.symbol) == ("enhancer", "SIMD1"))
    start = whole.interval.start + contribution_truth.BESIDE_BP + 2
    return Region(whole.gene, whole.cell_type, whole.kind, Interval("sim4", start, start + 60))


def test_the_truth_is_the_grammars(region):
    """What is computed around the letter alone equals the grammar on the whole changed sequence."""
    changes = true_changes(region)
    strongest = np.unravel_index(np.abs(changes).argmax(), changes.shape)
    gains = np.unravel_index(changes.argmax(), changes.shape)
    first = region.gene.tss // BIN_SIZE_BP * BIN_SIZE_BP
    place = Interval("sim4", first, first + BIN_SIZE_BP)
    track = TRACKS.index(f"CAGE:{region.cell_type}")
    before = world().truth(place)[0, track] - 0.05
    letters = world().genome.fetch(region.interval).upper()
    for row, column in (strongest, gains):
        variant = Variant("sim4", region.interval.start + int(row) + 1, letters[row], "ACGT"[column])
        wanted = simulate_effect(variant, place)[0, track] / before
        assert changes[row, column] == pytest.approx(wanted, rel=0.01, abs=1e-4)
    assert np.abs(changes[strongest]) > 0.1
    assert all(changes[row, "ACGT".index(letter)] == 0 for row, letter in enumerate(letters))


def test_labels_and_ranks_by_hand():
    changes = np.array([[0, -0.1, -0.1, -0.1], [0, 0.1, -0.1, 0.02], [0, 0, 0.0005, 0], [0, 0, 0, 0], [0, 0, 0, 0.3]])
    assert labels(changes).tolist() == [1, -1, 0, 0, 1]
    causal = np.array([True, False, True, False])
    assert auroc(np.array([3, 1, 2, 0.0]), causal) == 1
    assert auroc(np.array([3, 3, 0, 0.0]), causal) == 0.5
    assert np.isnan(auroc(np.ones(4), causal & False))
    table = pd.DataFrame(
        {"gene": "G", "cell_type": "c", "kind": "k", "label": [1, 0, -1, 0], "gradient_x_input": [2, 3, 9, 1]}
    )
    first = bars(table)[0]
    assert (first.value, first.least, first.met) == (0.5, 0.8, False)


def test_regions_drive_their_genes():
    found = list(regions("sim4"))
    assert {one.kind for one in found} == {"promoter", "enhancer"}
    assert {one.cell_type for one in found} == {"erythroid", "liver"}
    for one in found:
        away = max(one.interval.start - one.gene.tss, one.gene.tss - one.interval.end, 0)
        assert away < (400 if one.kind == "promoter" else 20_000)


def test_causal_letters_are_found(region):
    """The bars of the command, on a stretch that takes seconds."""
    model = load_model("playground")
    engine = EnformerEngine(model, "cpu", precision="float32")
    table, told = letters_of(engine, region, model.input_bp, methods=("gradient_x_input",))
    assert (table.label == 1).sum() >= 15
    assert (table.label == 0).sum() >= 15
    found = [bar for bar in bars(table) if bar.wanted]
    assert [bar.least for bar in found] == [0.8, 0.9]
    assert all(bar.met for bar in found), [bar.line for bar in found]
    assert told.pearson.item() > 0.4
    assert told.strong_sign_share.item() > 0.8
