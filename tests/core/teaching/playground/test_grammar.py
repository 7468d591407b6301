"""The grammar against numbers worked out by hand, on made-up sequences."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from core.errors import SimulationError
from core.teaching.playground.chromosome import make_chromosome
from core.teaching.playground.grammar import (
    CELL_TYPES,
    ELEMENT_CELLS,
    TRACKS,
    Elements,
    GenePlan,
    Grammar,
    elements,
    expression,
    tracks_of,
)
from core.teaching.playground.motifs import ROLES, motifs
from core.teaching.playground.occupancy import CELL_BP, cell_occupancy, encode, occupancy, scores, sites

CAGE = {cell: TRACKS.index(f"CAGE:{cell}") for cell in CELL_TYPES}
LENGTH = 40_960


def best(name: str) -> np.ndarray:
    """Codes of the best site of a motif."""
    return next(motif for motif in motifs() if motif.name == name).log_odds.argmax(axis=1).astype(np.uint8)


def plant(codes: np.ndarray, name: str, place: int, count: int = 3, gap: int = 10) -> None:
    site = best(name)
    for _ in range(count):
        codes[place : place + len(site)] = site
        place += len(site) + gap


def empty() -> np.ndarray:
    """Letters on which no factor sits."""
    return np.zeros(LENGTH, dtype=np.uint8)


def gene(tss: int, strand: str = "+") -> GenePlan:
    tes = tss + 1999 if strand == "+" else tss - 1999
    low = min(tss, tes)
    return GenePlan("G", strand, tss, tes, ((low, low + 500), (low + 1500, low + 2000)))


def bare(cells: int = 1000) -> Elements:
    zeros = {cell: np.zeros(cells, dtype=np.float32) for cell in CELL_TYPES}
    return Elements(zeros, *(np.zeros(cells, dtype=np.float32) for _ in range(4)))


def test_there_is_a_motif_for_each_role() -> None:
    assert len(motifs()) == 10
    assert {motif.role for motif in motifs()} == set(ROLES)
    for motif in motifs():
        assert motif.probabilities.sum(axis=1) == pytest.approx(np.ones(len(motif)))
        assert motif.best_score > motif.threshold


def test_occupancy_is_a_half_at_the_threshold() -> None:
    assert occupancy(np.array([13.0]), 13.0) == pytest.approx(0.5)
    assert occupancy(np.array([14.0]), 13.0) == pytest.approx(2 / 3)
    assert occupancy(np.array([12.0]), 13.0) == pytest.approx(1 / 3)
    assert occupancy(np.array([-1e6, 1e6]), 13.0) == pytest.approx([0, 1])


def test_scores_by_hand_on_both_strands() -> None:
    motif = next(motif for motif in motifs() if motif.name == "SP1")
    codes = encode("ACGTTGCANNACGGGGTCACCGTTAGCAATTCGAG")
    at = 12
    by_hand = sum(motif.log_odds[i, codes[at + i]] for i in range(len(motif)))
    assert scores(codes, motif, reverse=False)[at] == pytest.approx(by_hand, abs=1e-4)
    turned = np.where(codes[::-1] < 4, 3 - codes[::-1], 4)
    assert scores(turned, motif, reverse=False)[::-1] == pytest.approx(scores(codes, motif, reverse=True), abs=1e-4)
    assert scores(codes, motif, reverse=False)[5] < -40  # a window with N


@pytest.mark.parametrize(("count", "activity"), [(1, 1 / 7.5536), (2, 16 / 22.5536), (3, 81 / 87.5536)])
def test_hill_by_hand(count: int, activity: float) -> None:
    occupied = np.zeros((400, len(motifs())), dtype=np.float32)
    occupied[200, [motif.name for motif in motifs()].index("HNF4A")] = count
    found = elements(occupied, Grammar())
    assert found.enhancer["liver"][200] == pytest.approx(activity, rel=1e-4)  # n^4 / (n^4 + 1.6^4)
    assert found.enhancer["liver"][100] == 0
    assert not found.enhancer["erythroid"].any()
    assert not found.promoter.any()


def test_expression_by_hand() -> None:
    grammar = Grammar()
    found = bare()
    start = gene(500 * CELL_BP)
    found.promoter[499] = 0.8
    basal = expression(found, [start], grammar).level
    assert basal["liver"][0] == pytest.approx(0.8 * 0.08, rel=1e-5)
    found.enhancer["erythroid"][500 + 250] = 1.0  # 4,000 bp away
    level = expression(found, [start], grammar).level
    raised = 0.8 * (0.08 + math.exp(-4000 / 5000) / ELEMENT_CELLS)
    assert level["erythroid"][0] == pytest.approx(raised, rel=1e-5)
    assert level["liver"][0] == basal["liver"][0]
    found.boundary[600] = ELEMENT_CELLS  # one full boundary between
    level = expression(found, [start], grammar).level
    assert level["erythroid"][0] == pytest.approx(0.8 * (0.08 + math.exp(-0.8 - 4) / ELEMENT_CELLS), rel=1e-5)
    found.boundary[600], found.boundary[900] = 0, ELEMENT_CELLS  # beyond both: no matter
    assert expression(found, [start], grammar).level["erythroid"][0] == pytest.approx(raised, rel=1e-5)
    found.silencer[400] = ELEMENT_CELLS  # 1,600 bp away
    level = expression(found, [start], grammar).level
    assert level["erythroid"][0] == pytest.approx(raised / (1 + 4 * math.exp(-1600 / 3000)), rel=1e-5)


@pytest.mark.parametrize("strand", ["+", "-"])
def test_planted_enhancer(strand: str) -> None:
    """On letters where nothing else binds: own cell type alone, and a decay with distance as the formula says."""
    assert not sites(empty())
    tss, forward = 20_000, strand == "+"
    plain = empty()
    plant(plain, "NFYA", tss - 110 if forward else tss + 40, count=4)
    near, far = plain.copy(), plain.copy()
    plant(near, "GATA1::TAL1", tss + 3_200, gap=16)
    plant(far, "GATA1::TAL1", tss + 8_000, gap=16)  # 4,800 bp farther
    told = [
        expression(elements(cell_occupancy(codes), Grammar()), [gene(tss, strand)], Grammar()).level
        for codes in (plain, near, far)
    ]
    gained = [float(level["erythroid"][0] - told[0]["erythroid"][0]) for level in told[1:]]
    assert gained[0] > 3 * told[0]["erythroid"][0] > 0
    assert gained[1] / gained[0] == pytest.approx(math.exp(-4800 / 5000), rel=1e-4)
    assert told[1]["liver"][0] == pytest.approx(told[0]["liver"][0], rel=1e-6)
    before, after = (tracks_of(codes, [gene(tss, strand)]) for codes in (plain, near))
    assert after[tss // 128, CAGE["erythroid"]] > 3 * before[tss // 128, CAGE["erythroid"]]
    assert after[tss // 128, CAGE["liver"]] == pytest.approx(before[tss // 128, CAGE["liver"]], rel=1e-5)


def test_planted_boundary_and_silencer() -> None:
    tss = 20_000
    plain = empty()
    plant(plain, "NFYA", tss - 110, count=4)
    plant(plain, "HNF4A", tss + 6_000)
    between, beyond, silenced = plain.copy(), plain.copy(), plain.copy()
    plant(between, "CTCF", tss + 3_000)
    plant(beyond, "CTCF", tss + 9_000)
    plant(silenced, "REST", tss - 2_000)
    level = [
        expression(elements(cell_occupancy(codes), Grammar()), [gene(tss)], Grammar()).level["liver"][0]
        for codes in (plain, between, beyond, silenced)
    ]
    basal = level[1] - 0.05 * (level[0] - level[1])
    assert level[1] < 0.5 * level[0]
    assert basal > 0
    assert level[2] == pytest.approx(level[0], rel=1e-6)
    assert level[3] < 0.5 * level[0]


def test_no_coverage_on_n() -> None:
    codes = empty()
    codes[12_800:25_600] = 4
    tracks = tracks_of(codes, [])
    assert not tracks[100:200].any()
    assert (tracks[:100] > 0).all()
    assert (tracks[200:] > 0).all()


def test_the_other_strand_gives_the_mirrored_tracks() -> None:
    """Within what a shift by one base can do: the middle of a site of even length, and the ends of genes, may come to
    lie in the next cell of 16 bp."""
    made = make_chromosome("x", 120_000 // 128 * 128, seed=5, gaps=False)
    length = len(made.codes)
    turned = [
        GenePlan(
            g.symbol,
            "-" if g.strand == "+" else "+",
            length - 1 - g.tss,
            length - 1 - g.tes,
            tuple((length - end, length - start) for start, end in reversed(g.exons)),
        )
        for g in made.layout.genes
    ]
    forward = tracks_of(made.codes, made.layout.genes)
    reverse = tracks_of((3 - made.codes[::-1]).astype(np.uint8), turned)[::-1]
    for column, name in enumerate(TRACKS):
        assert np.corrcoef(forward[:, column], reverse[:, column])[0, 1] > 0.999, name
        assert np.abs(forward[:, column] - reverse[:, column]).max() < 0.06 * forward[:, column].max(), name


@pytest.mark.parametrize(
    "wrong", [{"reach_bp": 0}, {"strength": -1}, {"half_dose": 0}, {"insulation": math.nan}, {"basal": math.inf}]
)
def test_numbers_that_cannot_be(wrong: dict[str, float]) -> None:
    with pytest.raises(SimulationError, match=next(iter(wrong))):
        replace(Grammar(), **wrong)
    assert replace(Grammar(), strength=0).strength == 0


@pytest.mark.parametrize("length", [39_999, 5_000_001, 50_000.5, -1])
def test_sizes_that_cannot_be_met(length: float) -> None:
    with pytest.raises(SimulationError, match="40,000 to 5,000,000"):
        make_chromosome("x", length, seed=1)


@pytest.mark.parametrize("seed", [-1, 1.5, "7", None, True])
def test_seeds_that_cannot_be_used(seed: object) -> None:
    with pytest.raises(SimulationError, match="whole number from 0"):
        make_chromosome("x", 50_000, seed=seed)


def test_the_same_seed_gives_the_same_letters() -> None:
    one, same, other = (make_chromosome("x", 50_000, seed=seed) for seed in (3, 3, 4))
    assert one.sequence == same.sequence
    assert one.layout == same.layout
    assert one.sequence != other.sequence
