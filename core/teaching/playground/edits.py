"""Changing the playground's letters, so that the grammar can be asked again.

The grammar reads the changed sequence. What it says is then laid back on the bins of the unchanged one, so that the
two can be subtracted: what follows an insertion or a deletion keeps its place, what was deleted has no coverage, and
what was inserted has no bins of its own. Cells of 16 bp move as wholes; a rest of less than 16 bp moves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from core.errors import SequenceError
from core.genome import Interval, Reference, Variant
from core.genome.contigs import resolve_contig
from core.genome.reference import check_variant
from core.genome.sequence import check_sequence
from core.teaching.playground.grammar import GenePlan
from core.teaching.playground.occupancy import CELL_BP, encode


@dataclass(frozen=True)
class Replacement:
    """Other letters in the place of an interval; none at all deletes it, as many as before keeps all else in place.

    Raises
    ------
    SequenceError
        Letters that are no DNA.
    """

    interval: Interval
    letters: str

    def __post_init__(self) -> None:
        check_sequence(self.letters)


Edit = Variant | Replacement


def as_replacement(edit: Edit) -> Replacement:
    """A variant as the letters that it puts in the place of others."""
    return edit if isinstance(edit, Replacement) else Replacement(edit.interval, edit.alt)


def shuffled(sequence: str, seed: int = 0) -> str:
    """The same letters in random order: an element that is taken out without moving anything."""
    letters = np.array(list(sequence.upper()))
    return "".join(np.random.default_rng(seed).permutation(letters))


def checked_edits(edits: Iterable[Edit], chrom: str, genome: Reference) -> tuple[Replacement, ...]:
    """The edits in order along a chromosome.

    Raises
    ------
    SequenceError
        One lies on another chromosome or outside it, or two overlap.
    ReferenceMismatchError
        A variant says other letters than the genome has.
    InvalidLocusError
        There is no such chromosome.
    """
    found = []
    length = genome.contigs[chrom]
    for edit in edits:
        change = as_replacement(edit)
        place = change.interval
        if resolve_contig(place.chrom, genome.contigs, genome.name) != chrom:
            raise SequenceError(f"The edit at {place.locus} does not lie on {chrom}; give edits of one chromosome.")
        if place.start < 0 or place.end > length:
            raise SequenceError(f"The edit at {place.locus} lies outside {chrom}:1-{length:,}; give edits inside it.")
        if isinstance(edit, Variant):
            check_variant(edit, genome)
        found.append(change)
    found.sort(key=lambda change: (change.interval.start, change.interval.end))
    for before, after in pairwise(found):
        if after.interval.start < before.interval.end:
            raise SequenceError(
                f"The edit at {after.interval.locus} overlaps the one at {before.interval.locus}; give edits that do "
                "not overlap."
            )
    return tuple(found)


def net_change_bp(edit: Replacement) -> int:
    """Letters more than before; negative when letters are lost."""
    return len(edit.letters) - edit.interval.width_bp


@dataclass(frozen=True, eq=False)
class Edited:
    """A changed sequence, and how it lies on the unchanged one.

    Attributes
    ----------
    codes : (bases,) uint8.
    places : (bases,) where each base counts on the axis of the changed sequence: whole cells are added or taken out.
    length : of that axis, in base pairs.
    cells : for each cell of the unchanged sequence the one that stands for it, -1 where it is deleted.
    moves : (first base, shift in base pairs) along the unchanged sequence, from the left.
    """

    codes: np.ndarray
    places: np.ndarray
    length: int
    cells: np.ndarray
    moves: tuple[tuple[int, int], ...]

    def place_of(self, base: int) -> int:
        """Where a base of the unchanged sequence lies; a deleted one where the deletion is."""
        limit, by = None, 0
        for first, shift in self.moves:
            if base < first:
                limit = first + shift - 1
                break
            by = shift
        return base + by if limit is None else min(base + by, max(limit, 0))

    def lifted(self, gene: GenePlan) -> GenePlan:
        """A gene on the changed sequence."""
        exons = [(self.place_of(start), self.place_of(end - 1) + 1) for start, end in gene.exons]
        return GenePlan(gene.symbol, gene.strand, self.place_of(gene.tss), self.place_of(gene.tes), tuple(exons))

    def laid_back(self, cells: np.ndarray) -> np.ndarray:
        """(cells, ...) of the changed sequence on the cells of the unchanged one."""
        back = np.zeros((len(self.cells), *cells.shape[1:]), dtype=cells.dtype)
        kept = self.cells >= 0
        back[kept] = cells[self.cells[kept]]
        return back


def edited(codes: np.ndarray, start: int, edits: Sequence[Replacement]) -> Edited:
    """Apply `checked_edits` to codes that begin at `start` of the chromosome and hold every edit wholly."""
    pieces, places, moves, at, by = [], [], [], 0, 0
    count = -(-len(codes) // CELL_BP)
    moved = np.zeros(count, dtype=np.int64)
    deleted = np.zeros(count, dtype=bool)
    for change in edits:
        left, right = change.interval.start - start, change.interval.end - start
        fresh = encode(change.letters)
        cells = int(net_change_bp(change) / CELL_BP)  # towards zero
        pieces += [codes[at:left], fresh]
        # A rest of inserted bases counts at the last place before what follows.
        last = max(left, right - 1 + cells * CELL_BP)
        places += [np.arange(at, left) + by, np.minimum(np.arange(left, left + len(fresh)), last) + by]
        if cells > 0:
            moved[-(-right // CELL_BP) :] += cells
        elif cells < 0:
            first = -(-left // CELL_BP)
            deleted[first : first - cells] = True
            moved[first - cells :] += cells
        at, by = right, by + cells * CELL_BP
        moves.append((right, by))
    pieces.append(codes[at:])
    places.append(np.arange(at, len(codes)) + by)
    axis = np.where(deleted, -1, np.arange(count) + moved)
    return Edited(np.concatenate(pieces), np.concatenate(places), len(codes) + by, axis, tuple(moves))
