"""What is predicted along a chromosome, and the same in words and numbers."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from components.tracks.words import description, runs_words, track_numbers, track_summary
from core.enformer.averaging import Averaging
from tests.components.tracks.made import BINS, CAGE, DNASE, ORIGIN, gene, simulated, strip


def test_windows_follow_each_other_without_a_gap():
    shown = strip(1280, 1, 0, -1)
    pieces = shown.pieces(DNASE)
    assert [piece.start_bp for piece in pieces] == [512, 1280, 2048]
    assert all(a.end_bp == b.start_bp for a, b in pairwise(pieces))
    np.testing.assert_array_equal(np.concatenate([p.values for p in pieces]).reshape(3, BINS)[:, 0], [-10, 0, 10])
    assert pieces[0].spread is None
    assert strip(1280, spread=True).pieces(CAGE)[0].spread.tolist() == [0.5] * BINS


def test_only_bins_that_are_seen_count():
    shown = strip(1280, 0, 1, view=(1280 + 128 * 2, 2048 + 128))
    assert list(shown.stretches()) == [(0, slice(2, 6)), (1, slice(0, 1))]
    assert list(shown.stretches(seen=False)) == [(0, slice(0, 6)), (1, slice(0, 6))]
    (dnase, cage) = track_numbers(shown)
    assert dnase["Mean"] == pytest.approx((2 + 3 + 4 + 5 + 10) / 5)
    assert (dnase["Peak"], dnase["Peak at"]) == (10, "chr1:2,049-2,176")
    assert cage["Peak"] == 11
    nothing = strip(1280, view=(4000, 4500))
    assert not list(nothing.stretches())
    assert track_summary(nothing).empty
    assert "Nothing that is seen is predicted yet." in description(nothing)


def test_bins_beyond_the_chromosome_do_not_count():
    assert list(strip(-200).stretches(seen=False)) == [(0, slice(1, 6))]  # the first ends before position 1
    assert list(strip(4700).stretches(seen=False)) == [(0, slice(0, 3))]
    assert "The first 456 bp that the model reads lie before the start of chr1" in strip(-200).padding_sentence
    assert "The last 724 bp that the model reads lie beyond the end of chr1" in strip(4700).padding_sentence
    assert strip().padding_sentence == ""


def test_agreement_is_pearsons_and_says_when_there_is_none():
    shown = simulated()
    assert shown.agreement(DNASE) == pytest.approx(1)
    assert shown.agreement_sentence(DNASE) == "r = 1.000"
    assert shown.agreement_sentence(CAGE) == "r = none, as one of them is level"
    assert strip().agreement_sentence(DNASE) == ""
    wrong = np.tile(np.array([[5, 0, 1, 4, 2, 3]], np.float32).T, (1, 2))
    other = simulated(truth={0: wrong})
    assert other.agreement(DNASE) == pytest.approx(np.corrcoef(np.arange(6), wrong[:, 0])[0, 1])


def test_what_is_simulated_is_called_so():
    shown = simulated()
    assert shown.provenance_sentence.endswith(ORIGIN)
    assert "simulated genome" in shown.subtitle
    words = description(shown)
    assert "The line over each prediction is the truth" in words
    assert "DNase K562 (3): r = 1.000" in words
    assert ORIGIN in words
    assert "simulated" not in description(strip()) + strip().subtitle
    assert "truth" not in description(strip())


def test_words():
    words = description(strip(genes=(gene("ONE", 1400, 1800), gene("TWO", 1900, 2100, "-")), spread=True))
    assert "Predicted tracks around chr1:1,665; chr1:1,281-2,048 is seen." in words
    assert "reads 1,280 bp and predicts the middle 768, in 6 bins of 128 bp." in words
    assert "DNase K562 (3): mean 2.5, peak 5 at chr1:1,921-2,048, nearest gene start TWO, 115 bp away." in words
    assert "Genes: ONE, TWO." in words
    assert "Ribbons: standard deviation over runs (2 runs: both strands)." in words
    assert "random weights" in words
    assert "No genes are loaded" in description(strip(genes=None))
    assert strip(view=(3000, 3500)).title == "Predicted tracks on chr1, moved from chr1:1,665"


@pytest.mark.parametrize("truth", [{0: np.zeros((5, 2), np.float32)}, {1: np.zeros((6, 2), np.float32)}])
def test_a_truth_of_other_bins_or_windows_is_refused(truth):
    with pytest.raises(ValueError, match="truth"):
        simulated(truth=truth)


def test_runs_in_words():
    runs = [run.name for run in Averaging(True, (-3, -2, -1, 1, 2, 3)).runs]
    assert runs_words(runs) == "14 runs: both strands, shifts of -3 to +3 bp"
    assert runs_words(runs[:2]) == "2 runs: both strands"
    assert runs_words([run.name for run in Averaging(False, (-1, 1)).runs]) == (
        "3 runs: the forward strand, shifts of -1 to +1 bp"
    )


def test_what_is_not_averaged_yet_says_so_in_every_file():
    assert strip(plain=frozenset({0})).provenance_sentence.endswith("· not averaged yet")
    assert strip(1280, 0, 1, plain=frozenset({1})).provenance_sentence.endswith("· partly not averaged yet")
    assert "averaged" not in strip().provenance_sentence


def test_a_title_says_where_the_view_came_from():
    assert strip(place_name="ONE").title == "Predicted tracks around ONE"
    assert strip(place_name="ONE", view=(4000, 4500)).title == "Predicted tracks on chr1, moved from ONE"
