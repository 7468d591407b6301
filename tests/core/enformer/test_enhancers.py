"""Candidates of a gene and their scores, by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.cards import Provenance
from core.enformer.attending import AttentionProfile
from core.enformer.candidates import (
    Candidate,
    called_peaks,
    cell_types,
    peak_candidates,
    region_candidates,
    without_promoter,
)
from core.enformer.enhancers import MAX_CANDIDATES, SCORE_NAMES, KnownLink, rank
from core.enformer.tracks import Track
from core.enformer.values import TrackSet
from core.errors import SelectionError
from core.genome import Interval
from core.genome.gene import Gene, Region, Transcript

TOLD = Provenance("toy", "0", "random")
TRACKS = (
    Track(0, "a", "DNASE:liver", "DNASE", "", "liver"),
    Track(1, "b", "ATAC:liver", "ATAC", "", "liver"),
    Track(2, "c", "CHIP:H3K27ac:liver", "CHIP", "H3K27ac", "liver"),
    Track(3, "d", "DNASE:brain", "DNASE", "", "brain"),
    Track(4, "e", "CAGE:skin", "CAGE", "", "skin"),
)
READ = Interval("chr1", 10_000, 10_000 + 64 * 128)  # 64 bins; the middle 32 are predicted
SEEN = Interval("chr1", 10_000 + 16 * 128, 10_000 + 48 * 128)
GENE = Gene("TOY", "", Interval("chr1", 14_100, 15_000, "+"))


def place(first: int, stop: int) -> Interval:
    """Bins of what is read."""
    return Interval("chr1", READ.start + first * 128, READ.start + stop * 128)


def predicted(values: np.ndarray | None = None) -> TrackSet:
    if values is None:
        values = np.ones((32, 5), np.float32)
    return TrackSet(values.astype(np.float32), TRACKS, 128, TOLD, SEEN, "human", "0" * 64, first_bin=16)


def attended(weights: np.ndarray | None = None) -> AttentionProfile:
    if weights is None:
        weights = np.arange(2 * 3 * 64).reshape(2, 3, 64)
    weights = weights.astype(np.float32)
    return AttentionProfile(weights, weights / 2, (31, 32, 33), 128, READ, TOLD, "0" * 64)


def test_cell_types_have_open_chromatin_and_those_with_acetylation_come_first():
    assert cell_types(TRACKS) == ("liver", "brain")
    assert cell_types(TRACKS[3:] + TRACKS[:3]) == ("liver", "brain")
    assert cell_types(TRACKS[4:]) == ()


def test_scores_by_hand():
    """Two candidates; the attention, activity and distance of each are known."""
    values = np.ones((32, 5))
    values[4:6, 0], values[4:6, 1], values[4:6, 2] = 3, 5, 9  # bins 20 and 21 of the window
    weights = np.zeros((2, 3, 64))
    weights[0, 0, 20], weights[1, 2, 21], weights[1, 1, 40] = 0.6, 0.3, 0.12
    near, far = Candidate(place(39, 42), "near"), Candidate(place(20, 22), "far")
    ranked = rank(predicted(values), attended(weights), GENE, "liver", [near, far])
    assert ranked.active_in == TRACKS[:3]
    distances = [abs(place(39, 42).centre - 14_100), abs(place(20, 22).centre - 14_100)]
    np.testing.assert_array_equal(ranked.distances_bp, distances)
    np.testing.assert_allclose(ranked.scores["attention"], [0.12 / 6, 0.9 / 6], rtol=1e-6)
    np.testing.assert_allclose(ranked.scores["distance"], [1000 / d for d in distances])
    np.testing.assert_allclose(ranked.activity, [1, np.sqrt(4 * 9)])  # geometric mean of open chromatin and H3K27ac
    np.testing.assert_allclose(ranked.scores["attention_activity"], [0.02, 0.9], rtol=1e-6)
    np.testing.assert_allclose(ranked.scores["activity_distance"], [1000 / distances[0], 6000 / distances[1]])
    assert list(ranked.order("attention")) == [1, 0]
    assert tuple(ranked.scores) == SCORE_NAMES
    np.testing.assert_allclose(ranked.attention[1].sum(), 0.9, rtol=1e-6)
    np.testing.assert_allclose(ranked.expected, ranked.attention / 2)


def test_one_head_alone_and_a_layers_mean():
    weights = np.zeros((2, 3, 64))
    weights[1, 2, 21], weights[1, 0, 20], weights[0, 2, 20] = 0.5, 0.2, 0.4
    given = [Candidate(place(20, 22), "x")]
    found, profile = predicted(), attended(weights)

    def score(**whose):
        return float(rank(found, profile, GENE, "liver", given, **whose).scores["attention"][0])

    assert score(layer=1, head=2) == pytest.approx(0.5)
    assert score(layer=1) == pytest.approx(0.7 / 3)
    assert score(head=2) == pytest.approx(0.9 / 2)
    assert score() == pytest.approx(1.1 / 6)
    with pytest.raises(SelectionError, match="Layer 2 does not exist"):
        score(layer=2)


def test_attention_is_the_same_in_every_cell_type_and_activity_is_not():
    values = np.random.default_rng(0).uniform(1, 2, (32, 5))
    given = [Candidate(place(first, first + 2), str(first)) for first in range(17, 28, 3)]
    liver, brain = (rank(predicted(values), attended(), GENE, cell, given) for cell in ("liver", "brain"))
    for name in ("attention", "distance"):
        np.testing.assert_array_equal(liver.scores[name], brain.scores[name])
    assert (liver.activity != brain.activity).all()
    assert brain.active_in == (TRACKS[3],)
    np.testing.assert_allclose(brain.activity[0], values[1:3, 3].mean(), rtol=1e-6)  # no H3K27ac: open chromatin alone


def test_every_bin_that_a_candidate_touches_counts():
    weights = np.ones((1, 1, 64)) / 64
    start = READ.start + 20 * 128
    for begin, end, bins in ((start, start + 128, 1), (start - 1, start + 129, 3), (start + 5, start + 6, 1)):
        given = [Candidate(Interval("chr1", begin, end), "x")]
        ranked = rank(predicted(), attended(weights), GENE, "liver", given)
        assert ranked.scores["attention"][0] == pytest.approx(bins / 64)


def test_the_genes_own_promoter_and_what_is_not_predicted_are_left_out():
    other = Transcript("t2", "", Interval("chr1", 15_900, 16_000, "+"), ())
    gene = replace(GENE, transcripts=(other,))
    given = [
        Candidate(Interval("chr1", 13_500, 13_600), "500 bp before"),
        Candidate(Interval("chr1", 13_500, 13_601), "touches"),
        Candidate(Interval("chr1", 14_601, 14_700), "500 bp behind"),
        Candidate(Interval("chr1", 14_600, 14_700), "touches too"),
        Candidate(Interval("chr1", 15_950, 16_050), "at another start"),
        Candidate(Interval("chr1", SEEN.start - 1, SEEN.start + 100), "half outside"),
        Candidate(Interval("chr2", 13_000, 13_100), "another chromosome"),
    ]
    assert [c.name for c in without_promoter(given[:5], gene)] == ["500 bp before", "500 bp behind"]
    ranked = rank(predicted(), attended(), gene, "liver", given)
    assert [c.name for c in ranked.candidates] == ["500 bp before", "500 bp behind"]


def test_truth_belongs_to_the_candidate_that_shares_most_with_it():
    given = [Candidate(place(20, 23), "a"), Candidate(place(24, 27), "b"), Candidate(place(40, 43), "c")]
    start = READ.start
    known = [
        KnownLink(Interval("chr1", start + 22 * 128, start + 25 * 128 + 20), 0.3, True),  # 128 bp of a, 148 of b
        KnownLink(place(26, 27), 0.2, False),  # b as well
        KnownLink(place(40, 41), 0.05, False),
        KnownLink(place(30, 31), 0.4, True),  # no candidate there
        KnownLink(place(34, 35), 0.02, False),
        KnownLink(place(2, 3), 0.9, True),  # outside of what is predicted
    ]
    ranked = rank(predicted(), attended(), GENE, "liver", given, known=known)
    assert list(ranked.is_true) == [False, True, False]
    assert [c.share for c in ranked.candidates] == pytest.approx([0, 0.5, 0.05])
    assert ranked.missed == 1
    unknown = rank(predicted(), attended(), GENE, "liver", given)
    assert (unknown.is_true, unknown.candidates[0].share) == (None, None)


def test_peaks_by_hand():
    signal = np.full(30, 0.1)
    signal[5], signal[6] = 4.0, 2.0  # a summit and its shoulder
    signal[8] = 3.0  # three bins away: another
    signal[10] = 2.9  # two bins from a higher one: none
    signal[20] = 0.41  # four times the median, a tenth of the highest
    signal[25] = 0.39
    assert called_peaks(signal) == (5, 8, 20)
    signal[20] = 0.4 - 1e-6
    assert called_peaks(signal) == (5, 8)
    assert called_peaks(np.ones(10)) == ()
    assert called_peaks(np.zeros(0)) == ()
    level = np.full(20, 0.1)
    level[7:9] = 5.0  # a level top is one peak
    assert called_peaks(level) == (8,)
    level[0] = 9.0  # also at the edge
    assert called_peaks(level) == (0, 8)


def test_peaks_are_three_bins_wide_and_end_with_the_prediction():
    values = np.full((32, 5), 0.1)
    values[10, 0] = values[10, 1] = 8.0
    values[0, :2] = 6.0
    values[20, 3] = 8.0
    found = predicted(values)
    first, second = peak_candidates(found, "liver")
    assert first.interval == place(16, 18)
    assert second.interval == place(25, 28)
    assert second.name == f"peak at {second.interval.centre + 1:,}"
    assert [c.interval for c in peak_candidates(found, "brain")] == [place(35, 38)]
    with pytest.raises(SelectionError, match="no predicted DNase or ATAC of 'skin'"):
        peak_candidates(found, "skin")


def test_stretches_of_a_file_each_once():
    regions = [Region(place(20, 22), "x"), Region(place(20, 22), "y"), Region(place(30, 31))]
    assert [c.name for c in region_candidates(regions)] == ["y", place(30, 31).locus]
    assert region_candidates(regions)[0].id == f"{place(20, 22).start}-{place(20, 22).end}"


def test_what_is_refused():
    with pytest.raises(SelectionError, match="no predicted DNase or ATAC of 'skin'"):
        rank(predicted(), attended(), GENE, "skin", [])
    many = [Candidate(Interval("chr1", SEEN.start + i, SEEN.start + i + 1), "x") for i in range(MAX_CANDIDATES + 1)]
    with pytest.raises(SelectionError, match=r"201 candidates lie in .* at most 200"):
        rank(predicted(), attended(), GENE, "liver", many)
    with pytest.raises(ValueError, match="different windows"):
        rank(predicted(), replace(attended(), interval=READ.shift(5_000)), GENE, "liver", [])
    assert rank(predicted(), attended(), GENE, "liver", []).scores["attention"].shape == (0,)
