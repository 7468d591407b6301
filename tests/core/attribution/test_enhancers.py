"""Candidates by contribution, mutagenesis, attention and distance, by hand; sliding windows; expression as a target."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.attribution.enhancer_curves import scored_pairs
from core.attribution.enhancers import (
    SCORE_NAMES,
    EnhancerScores,
    candidates_of,
    contribution_of,
    rank_by_contribution,
)
from core.attribution.expression import expression_cells, expression_tracks
from core.attribution.labels import FALSE, TRUE, UNTESTED, Known
from core.attribution.sliding import sliding_candidates, state_candidates
from core.attribution.target import Target
from core.attribution.values import ContributionScores
from core.cards import Provenance
from core.enformer.attending import AttentionProfile
from core.enformer.candidates import Candidate
from core.enformer.enhancers import MAX_CANDIDATES
from core.enformer.tracks import Track, TrackTable
from core.enformer.values import TrackSet
from core.errors import SelectionError
from core.genome import Interval
from core.genome.gene import Gene

TOLD = Provenance("toy", "0", "random")
READ = Interval("chr1", 10_000, 10_000 + 64 * 128)
SEEN = Interval("chr1", 10_000 + 16 * 128, 10_000 + 48 * 128)
GENE = Gene("TOY", "", Interval("chr1", 14_100, 15_000, "+"))
TARGET = Target((0,), (15, 16, 17), "expression of TOY")


def at(start: int, end: int) -> Candidate:
    return Candidate(Interval("chr1", start, end), f"c{start}")


def contributions(per_base: np.ndarray) -> ContributionScores:
    values = np.zeros((len(per_base), 4), np.float32)
    values[:, 0] = per_base
    return ContributionScores(values, "gradient_x_input", "A" * len(per_base), 0, TARGET, 2.0, TOLD, READ)


def test_contribution_by_hand():
    per_base = np.zeros(1024)
    per_base[[10, 11, 200, 300]] = [1, -3, 5, -2]
    places = (at(1000, 1020), at(1100, 1210), at(1130, 1300), at(900, 1012), at(5000, 5100))
    given = (per_base, 1000, places)
    np.testing.assert_allclose(contribution_of(*given), [4, 5, 5, 4, 0])
    np.testing.assert_allclose(contribution_of(*given, measure="signed"), [-2, 5, 5, -2, 0])
    # Bins of 128: sums of absolute values are 4, 5, 2.
    np.testing.assert_allclose(contribution_of(*given, measure="mean") * 128, [4, 4.5, 3.5, 4, 0])


def test_candidates_lie_inside_and_not_at_the_promoter():
    given = [at(13_000, 13_200), at(14_000, 14_050), at(9_000, 9_100), at(12_500, 12_600), at(12_500, 12_600)]
    assert [c.id for c in candidates_of(given, GENE, SEEN)] == ["12500-12600", "13000-13200"]
    many = [at(12_100 + n, 12_110 + n) for n in range(MAX_CANDIDATES + 1)]
    with pytest.raises(SelectionError, match="at most 200 are ranked"):
        candidates_of(many, GENE, SEEN)


def ranked(**more) -> EnhancerScores:
    per_base = np.zeros(READ.width_bp)
    per_base[2500:2600] = -0.5
    per_base[3000:3100] = 0.25
    weights = np.arange(2 * 2 * 64, dtype=np.float32).reshape(2, 2, 64)
    profile = AttentionProfile(weights, weights, (31, 32, 33), 128, READ, TOLD, "0" * 64)
    candidates = (at(12_500, 12_600), at(13_000, 13_100), at(15_000, 15_200))
    losses = np.array([[0.1, 0.3], [-0.2, 0.0], [1.0, 1.0]], np.float32)
    given = {"contributions": contributions(per_base), "losses": losses, "profile": profile, "layer": 1, "head": 0}
    return rank_by_contribution(GENE, "liver", TARGET, candidates, SEEN, provenance=TOLD, **given | more)


def test_every_score_by_hand():
    found = ranked()
    assert tuple(found.scores) == SCORE_NAMES
    np.testing.assert_allclose(found.scores["contribution"], [50, 25, 0])
    np.testing.assert_allclose(found.scores["mutagenesis"], [0.2, -0.1, 1.0], atol=1e-6)
    row = np.arange(128, 192)  # of layer 1, head 0
    np.testing.assert_allclose(found.scores["attention"], [row[19] + row[20], row[23] + row[24], row[39] + row[40]])
    np.testing.assert_allclose(found.distances_bp, [1550, 1050, 1000])
    np.testing.assert_allclose(found.scores["distance"], 1000 / np.array([1550, 1050, 1000]))
    np.testing.assert_allclose(found.spread, [0.1, 0.1, 0], atol=1e-6)
    np.testing.assert_allclose(found.relative, [0.1, -0.05, 0.5], atol=1e-6)
    assert found.order("mutagenesis").tolist() == [2, 0, 1]
    assert found.complete() == SCORE_NAMES


def test_what_is_not_known_yet():
    losses = np.array([[np.nan, np.nan], [0.5, 0.5], [0.1, 0.1]], np.float32)
    found = ranked(losses=losses)
    assert found.order("mutagenesis").tolist() == [1, 2, 0]
    assert found.complete() == ("contribution", "attention", "distance")
    bare = ranked(losses=None, contributions=None, profile=None, layer=None, head=None)
    assert tuple(bare.scores) == ("distance",)
    assert bare.spread is None
    assert bare.relative is None
    with pytest.raises(SelectionError, match="Layer 7"):
        ranked(layer=7)
    with pytest.raises(ValueError, match="numbers for 3 candidates"):
        ranked(losses=losses[:2])


def known(*labels: int, missed: int = 0) -> Known:
    return Known(np.array(labels, np.int8), missed, "tests")


def test_curves_of_one_gene_resample_candidates_and_of_several_genes():
    one = ranked(known=known(TRUE, FALSE, UNTESTED, missed=1))
    pairs = scored_pairs([one])
    assert (pairs.resampled, pairs.untested, pairs.is_true.tolist()) == ("candidates", 1, [True, False])
    curves = pairs.curves()
    assert {name: curve.average for name, (curve, _) in curves.items()} == {
        "contribution": 0.5, "mutagenesis": 0.5, "attention": 0.25, "distance": 0.25,
    }  # fmt: skip
    low, high = curves["mutagenesis"][1]
    assert low < 0.5 < high  # a draw of the true one alone gives 1, of the missed one alone 0
    other = replace(one, gene="B", known=known(FALSE, TRUE, TRUE))
    several = scored_pairs([one, other])
    assert (several.resampled, several.missed.tolist()) == ("genes", [1, 0])
    assert several.groups.tolist() == [0, 0, 1, 1, 1]
    partial = replace(one, scores={name: one.scores[name] for name in ("attention", "distance")})
    assert tuple(scored_pairs([partial, other]).scores) == ("attention", "distance")
    with pytest.raises(SelectionError, match="Nothing is known"):
        scored_pairs([ranked()])


def test_no_candidate_at_all():
    found = rank_by_contribution(GENE, "liver", TARGET, (), SEEN, provenance=TOLD, known=known(missed=1))
    average, middle = scored_pairs([found]).curves()["distance"]
    assert average.average == 0
    assert middle == (0, 0)


def test_sliding_windows_cover_what_is_seen():
    found = sliding_candidates(Interval("chr1", 1000, 1000 + 40 * 128), 128)
    assert [(c.interval.start - 1000) // 128 for c in found] == [0, 8, 16, 24]
    assert {c.interval.width_bp for c in found} == {2048}
    with pytest.raises(SelectionError, match="do not fit"):
        sliding_candidates(Interval("chr1", 0, 1920), 128)


TRACKS = (
    Track(0, "a", "DNASE:K562", "DNASE", "", "K562"),
    Track(1, "b", "CHIP:H3K27ac:K562", "CHIP", "H3K27ac", "K562"),
    Track(2, "c", "CHIP:H3K4me1:K562", "CHIP", "H3K4me1", "K562"),
    Track(3, "d", "CAGE:chronic myelogenous leukemia cell line:K562 ENCODE, biol_", "CAGE", "",
          "chronic myelogenous leukemia cell line:K562 ENCODE, biol_"),
    Track(4, "e", "CAGE:K5620", "CAGE", "", "K5620"),
    Track(5, "f", "DNASE:skin", "DNASE", "", "skin"),
    Track(6, "g", "DNASE:brain", "DNASE", "", "brain"),
    Track(7, "h", "CAGE:brain, adult", "CAGE", "", "brain, adult"),
    Track(8, "i", "CAGE:brain", "CAGE", "", "brain"),
    Track(9, "j", "CHIP:H3K4me3:K562", "CHIP", "H3K4me3", "K562"),
)  # fmt: skip


def test_cage_of_a_cell_type_by_whole_words():
    assert expression_cells(TRACKS) == ("K562", "brain")
    assert [track.index for track in expression_tracks(TRACKS, "K562")] == [3]
    assert [track.index for track in expression_tracks(TRACKS, "brain")] == [8]
    assert [track.index for track in expression_tracks(TRACKS[:8], "brain")] == [7]


def test_neighbouring_enhancer_states_are_one_candidate():
    values = np.ones((100, 10), np.float32)
    values[10:14, 2] = 50  # H3K4me1 alone: weak
    values[12:14, [0, 1]] = 50  # with DNase and H3K27ac: an enhancer
    values[30, 0] = 50
    found = TrackSet(values, TRACKS, 128, TOLD, Interval("chr1", 1280, 1280 + 100 * 128), "human", "0" * 64)
    table = TrackTable("human", TRACKS, None, "toy")
    made = state_candidates(found, table, "K562")
    bins = [((c.interval.start - 1280) // 128, (c.interval.end - 1280) // 128) for c in made]
    assert bins == [(10, 14), (30, 31)]
    assert [c.name.partition(" at ")[0] for c in made] == ["E", "WE"]
    with pytest.raises(SelectionError, match="No enhancer state"):
        state_candidates(found, table, "liver")
