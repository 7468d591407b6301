"""What the grammar says about a locus: its tracks, and the terms of its gene's expression."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.genome import Interval
from core.teaching.playground.edits import Replacement
from core.teaching.playground.grammar import (
    BIN_SIZE_BP,
    CELL_TYPES,
    ELEMENT_CELLS,
    TRACKS,
    Expression,
    GenePlan,
    Grammar,
    bin_means,
    cell_tracks,
    elements,
    expression,
    readable_share,
)
from core.teaching.playground.locus import Locus
from core.teaching.playground.occupancy import CELL_BP, cell_occupancy, encode
from core.teaching.playground.world import REACHES_AROUND, world

_BESIDE = 4  # cells beside an edit in which a site can have changed; the longest matrix has 20 bp
_WIDE_REACH_BP = 10_000.0
START_BINS = 3  # CAGE of a gene is summed over these bins around its first base


@dataclass(frozen=True)
class Terms:
    """The terms of one gene's expression in one cell type: level = promoter x (basal + strength x reached) / damped.

    Attributes
    ----------
    promoter : 0 to 1; reached : enhancers x contact, summed; damped : 1 + silencing x contact with silencers.
    """

    promoter: float
    reached: float
    damped: float
    level: float


@dataclass(frozen=True, eq=False)
class Told:
    """Tracks of a stretch, and the terms of a gene.

    Attributes
    ----------
    tracks : (bins, 12) float32 in the order of `TRACKS`; interval : what they cover.
    terms : cell type -> terms of the locus' gene.
    """

    tracks: np.ndarray
    interval: Interval
    terms: dict[str, Terms]


@dataclass(frozen=True, eq=False)
class _Reading:
    """A place and all that can reach it: `codes` from `start` on (0-based), genes counted from there, occupancies."""

    start: int
    codes: np.ndarray
    genes: tuple[GenePlan, ...]
    occupied: np.ndarray


def _around(seen: Interval, reach_bp: float) -> tuple[int, int]:
    """(start, end) of what can reach a place, as `World.truth` reads it."""
    around = -(-int(REACHES_AROUND * reach_bp) // BIN_SIZE_BP) * BIN_SIZE_BP
    start = seen.start - min(around, -(-max(0, seen.start) // BIN_SIZE_BP) * BIN_SIZE_BP)
    return start, min(seen.end + around, max(seen.end, world().genome.contigs[seen.chrom]))


@lru_cache(maxsize=8)
def _widest(seen: Interval, reach_bp: float) -> tuple[int, np.ndarray, np.ndarray]:
    """(start, codes, occupancies) of a wide stretch: what takes the time, done once for all rules."""
    start, end = _around(seen, reach_bp)
    codes = encode(world().genome.fetch(Interval(seen.chrom, start, end)))
    return start, codes, cell_occupancy(codes)


@lru_cache(maxsize=24)
def _read(seen: Interval, reach_bp: float, edits: tuple[Replacement, ...]) -> _Reading:
    """What the tracks are computed from; only what lies beside edits and at the ends is looked at again."""
    far, all_codes, all_occupied = _widest(seen, max(reach_bp, _WIDE_REACH_BP))
    start, end = _around(seen, reach_bp)
    codes = all_codes[start - far : end - far].copy()
    first = (start - far) // CELL_BP
    occupied = all_occupied[first : first - (-len(codes) // CELL_BP)].copy()
    for edit in edits:
        at = edit.interval.start - start
        codes[at : at + len(edit.letters)] = encode(edit.letters)
    fresh = [(edit.interval.start - start, edit.interval.end - start) for edit in edits]
    for left, right in (*fresh, (0, 0), (len(codes), len(codes))):
        _look_again(codes, occupied, max(0, left // CELL_BP - _BESIDE), -(-right // CELL_BP) + _BESIDE)
    genes = tuple(
        GenePlan(g.symbol, g.strand, g.tss - start, g.tes - start, tuple((a - start, b - start) for a, b in g.exons))
        for g in world().genes[seen.chrom]
    )
    return _Reading(start, codes, genes, occupied)


def _look_again(codes: np.ndarray, occupied: np.ndarray, first: int, last: int) -> None:
    """Occupancies of cells `first` to `last` (not included) from the letters as they are now."""
    wider, last = max(0, first - _BESIDE), min(len(occupied), last)
    part = cell_occupancy(codes[wider * CELL_BP : (last + _BESIDE) * CELL_BP])
    occupied[first:last] = part[first - wider : last - wider]


def tell(locus: Locus, grammar: Grammar | None = None, edits: tuple[Replacement, ...] = ()) -> Told:
    """The truth about a locus, equal to `World.truth`, with the terms of its gene.

    `edits` replace as many letters as they are long, as those of `moves.change`.
    """
    grammar = grammar or Grammar()
    read = _read(locus.seen, max(grammar.reach_bp, grammar.silencer_reach_bp), edits)
    found = elements(read.occupied, grammar)
    told = expression(found, read.genes, grammar)
    cells = cell_tracks(found, told, read.genes, readable_share(read.codes, len(read.occupied)))
    first = (locus.seen.start - read.start) // BIN_SIZE_BP
    tracks = bin_means(cells)[first : first + locus.seen.width_bp // BIN_SIZE_BP].astype(np.float32)
    tracks.setflags(write=False)
    number = [gene.symbol for gene in read.genes].index(locus.gene.symbol)
    reached = {cell: float(told.contact[number] @ found.enhancer[cell]) / ELEMENT_CELLS for cell in CELL_TYPES}
    return Told(tracks, locus.seen, {cell: _terms(told, number, reached[cell], cell, grammar) for cell in CELL_TYPES})


def _terms(told: Expression, number: int, reached: float, cell: str, grammar: Grammar) -> Terms:
    promoter, level = float(told.promoter[number]), float(told.level[cell][number])
    undamped = promoter * (grammar.basal + grammar.strength * reached)
    return Terms(promoter, reached, undamped / level if level > 0 else 1.0, level)


def start_signal(tracks: np.ndarray, interval: Interval, tss: int, cell_type: str) -> float:
    """CAGE of a cell type around a gene's first base: the sum of three bins, of truth or of a prediction.

    `tracks` is (bins, 12) in the order of `TRACKS` and covers `interval`.
    """
    at = (tss - interval.start) // BIN_SIZE_BP
    return float(tracks[max(0, at - 1) : max(0, at + START_BINS - 1), TRACKS.index(f"CAGE:{cell_type}")].sum())


def change_sentence(before: float, after: float) -> str:
    """For example "15.0 → 1.6 (× 0.11)"."""
    ratio = f" (× {after / before:.2g})" if before > 0.05 and after / before < 9.95 else ""
    ratio = f" (× {after / before:.0f})" if not ratio and before > 0.05 else ratio
    return f"{before:.1f} → {after:.1f}{ratio if abs(after - before) > 0.01 * before else ' (no change)'}"
