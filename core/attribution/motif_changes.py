"""Which motif sites a change of letters makes, breaks, strengthens or weakens."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from core.attribution.motif_library import MotifLibrary, jaspar
from core.attribution.motif_scan import MOST_P, STEP_BITS, codes_of, score_table
from core.attribution.q_values import q_values
from core.errors import SequenceError
from core.genome.sequence import check_sequence, reverse_complement

if TYPE_CHECKING:
    import pandas as pd

LEAST_CHANGE_BITS = 1.0
FLANK_BP = 40  # letters to give on either side of a change: the longest motif has 33
MAX_LETTERS = 2_000
COLUMNS = [
    "what", "motif", "matrix_id", "family", "strand", "ref_score", "alt_score", "change", "ref_p", "alt_p", "ref_q",
    "alt_q", "p_value", "q_value", "ref_letters", "alt_letters", "ref_start", "alt_start", "url",
]  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Group:
    """The motifs of one length.

    Attributes
    ----------
    numbers : (motifs,) in the library. steps : (2 strands, motifs, length, 4) int32, as of `ScoreTable`.
    lowest : (motifs,) smallest sums. tails : (motifs, sums) float64, 0 behind the largest sum.
    """

    numbers: np.ndarray
    steps: np.ndarray
    lowest: np.ndarray
    tails: np.ndarray


@lru_cache(maxsize=4)
def _groups(library: MotifLibrary) -> tuple[_Group, ...]:
    found = []
    for length in sorted({len(motif) for motif in library.motifs}):
        numbers = [number for number, motif in enumerate(library.motifs) if len(motif) == length]
        tables = [score_table(library.motifs[number]) for number in numbers]
        forward = np.stack([table.steps for table in tables])
        tails = np.zeros((len(tables), max(len(table.tail) for table in tables)))
        for row, table in zip(tails, tables, strict=True):
            row[: len(table.tail)] = table.tail
        steps = np.stack([forward, forward[:, ::-1, ::-1]])
        found.append(_Group(np.array(numbers), steps, np.array([table.lowest for table in tables]), tails))
    return tuple(found)


@dataclass(frozen=True, eq=False)
class _Sites:
    """Of each motif the best site that touches the change in one allele.

    Attributes
    ----------
    scores : (motifs,) bits, NaN without a site. p_values : (motifs,), 1 without. starts : (motifs,) in the allele.
    reverse : (motifs,) bool. tests : p-values of every place that was looked at.
    """

    scores: np.ndarray
    p_values: np.ndarray
    starts: np.ndarray
    reverse: np.ndarray
    tests: np.ndarray

    @classmethod
    def of(cls, letters: str, first: int, end: int, library: MotifLibrary) -> _Sites:
        """Sites that hold a letter of [first, end) or, where that is empty, the letters on both sides of it."""
        codes, count = codes_of(letters), len(library)
        scores, best_p = np.full(count, np.nan), np.ones(count)
        starts, reverse, tests = np.zeros(count, int), np.zeros(count, bool), []
        for group in _groups(library):
            length = group.steps.shape[2]
            left, stop = max(0, first - length + 1), min(len(codes), end + length - 1)
            if stop - left < length:
                continue
            windows = np.lib.stride_tricks.sliding_window_view(codes[left:stop], length)
            places = np.flatnonzero((windows < 4).all(axis=1))
            if not len(places):
                continue
            sums = group.steps[:, :, np.arange(length), windows[places]].sum(axis=-1)  # strands, motifs, places
            p_values = np.take_along_axis(group.tails[None], sums - group.lowest[:, None], axis=2)
            rows = np.arange(len(group.numbers))
            flat = sums.transpose(1, 0, 2).reshape(len(rows), -1)
            best = flat.argmax(axis=1)
            strand, place = np.divmod(best, len(places))
            scores[group.numbers] = flat[rows, best] * STEP_BITS
            best_p[group.numbers] = p_values[strand, rows, place]
            starts[group.numbers], reverse[group.numbers] = left + places[place], strand.astype(bool)
            tests.append(p_values.ravel())
        return cls(scores, best_p, starts, reverse, np.concatenate(tests) if tests else np.zeros(0))

    def told(self, allele: str, number: int, length: int, letters: str, start: int, q: np.ndarray) -> dict:
        """The columns of one motif."""
        there = not np.isnan(self.scores[number])
        at = int(self.starts[number])
        found = letters[at : at + length] if there else ""
        return {
            f"{allele}_score": float(self.scores[number]),
            f"{allele}_p": float(self.p_values[number]),
            f"{allele}_q": float(q[number]),
            f"{allele}_letters": reverse_complement(found) if self.reverse[number] else found,
            f"{allele}_start": start + at if there else None,
        }


def _q_of(sites: _Sites, p_values: np.ndarray, q: np.ndarray) -> np.ndarray:
    """(motifs,) q-values of the best sites; `p_values` is sorted and `q` belongs to it."""
    at = np.searchsorted(p_values, sites.p_values, side="right") - 1
    return np.where(np.isnan(sites.scores), 1.0, q[at]) if len(q) else np.ones(len(at))


def changed_part(ref: str, alt: str) -> tuple[int, int, int]:
    """(first, end in ref, end in alt), half-open, of what differs when common ends are taken off.

    Raises
    ------
    SequenceError
        Nothing differs.
    """
    if ref == alt:
        raise SequenceError("Both alleles have the same letters here; give two that differ.")
    first = _alike(ref, alt)
    behind = _alike(ref[first:][::-1], alt[first:][::-1])
    return first, len(ref) - behind, len(alt) - behind


def _alike(left: str, right: str) -> int:
    """Letters that both begin with."""
    pairs = enumerate(zip(left, right, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(left), len(right)))


def gained_and_lost(
    ref_letters: str,
    alt_letters: str,
    *,
    start: int = 0,
    library: MotifLibrary | None = None,
    most_p: float = MOST_P,
    least_change: float = LEAST_CHANGE_BITS,
) -> pd.DataFrame:
    """Motif sites that differ between two alleles.

    The change is what is left when the letters that both alleles begin and end with are taken off. Of every motif, the
    best site on either strand that touches the change is taken in each allele.

    Parameters
    ----------
    ref_letters, alt_letters : the same stretch in both alleles, at most 2,000 letters, with `FLANK_BP` unchanged
        letters on either side where the chromosome has them.
    start : place of the first letter, which ref_start and alt_start count from; for example 0-based on the chromosome.
    library : `jaspar()` by default.
    most_p : a motif is listed when its site in at least one allele has a p-value of at most this,
    least_change : and when the scores differ by at least this many bits.

    Returns
    -------
    One row a motif, the smallest q-value first, then the largest change:

    what : "gained" (only the alt site has p <= most_p), "lost" (only the ref site), "stronger" or "weaker" (both).
    motif, matrix_id, family, url : of the matrix; strand : of the better of the two sites.
    ref_score, alt_score, change : bits against equal shares of the letters; change = alt - ref; NaN without a site.
    ref_p, alt_p : that random letters score at least so at one place, exact on a grid of 0.05 bits.
    ref_q, alt_q : Benjamini-Hochberg over every place of every motif that touches the change, both strands, both
        alleles. p_value, q_value : the smaller of the two.
    ref_letters, alt_letters : of the sites as read on their strands; ref_start, alt_start : where they begin (None
        without a site).

    Raises
    ------
    SequenceError
        No DNA, too long, or alleles that are alike.
    MotifDatabaseError
        The motifs cannot be had.
    """
    import pandas as pd

    for letters in (ref_letters, alt_letters):
        check_sequence(letters)
        if len(letters) > MAX_LETTERS:
            raise SequenceError(
                f"{len(letters):,} letters are too many to compare motifs in; give at most {MAX_LETTERS:,} around the "
                f"change, {FLANK_BP} on either side are enough."
            )
    library = library or jaspar()
    ref, alt = ref_letters.upper(), alt_letters.upper()
    first, ref_end, alt_end = changed_part(ref, alt)
    before, after = _Sites.of(ref, first, ref_end, library), _Sites.of(alt, first, alt_end, library)
    p_values = np.sort(np.concatenate([before.tests, after.tests]))
    q = q_values(p_values)
    ref_q, alt_q = _q_of(before, p_values, q), _q_of(after, p_values, q)
    change = after.scores - before.scores
    smallest = np.minimum(before.p_values, after.p_values)
    rows = []
    for number in np.flatnonzero((smallest <= most_p) & ~(np.abs(change) < least_change)).tolist():
        motif, in_ref, in_alt = library.motifs[number], before.p_values[number], after.p_values[number]
        what = "gained" if in_ref > most_p else "lost" if in_alt > most_p else ""
        better = after if in_alt < in_ref else before
        rows.append(
            {
                "what": what or ("stronger" if change[number] > 0 else "weaker"),
                "motif": motif.name,
                "matrix_id": motif.matrix_id,
                "family": motif.family,
                "strand": "-" if better.reverse[number] else "+",
                "change": float(change[number]),
                "p_value": float(smallest[number]),
                "q_value": float(min(ref_q[number], alt_q[number])),
                **before.told("ref", number, len(motif), ref, start, ref_q),
                **after.told("alt", number, len(motif), alt, start, alt_q),
                "url": motif.url,
            }
        )
    rows.sort(key=lambda row: (row["q_value"], -abs(row["change"]), row["matrix_id"]))
    return pd.DataFrame(rows, columns=COLUMNS)
