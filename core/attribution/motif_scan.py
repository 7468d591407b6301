"""Where a known motif fits a sequence, with exact p-values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from core.attribution.motif_library import Motif, jaspar
from core.attribution.q_values import q_values
from core.errors import SequenceError
from core.genome.interval import Interval
from core.genome.sequence import check_sequence, one_hot, reverse_complement

if TYPE_CHECKING:
    import pandas as pd

STEP_BITS = 0.05  # log-odds are rounded to it, so that the distribution of scores is exact
MOST_P = 1e-4  # of a place that counts as a site; that of FIMO
MAX_SCAN_BP = 2_000_000
NO_SITE = np.iinfo(np.int32).min // 2
COLUMNS = [
    "start", "end", "chrom", "position", "strand", "letters", "motif", "matrix_id", "score", "p_value", "q_value",
]  # fmt: skip


@dataclass(frozen=True, eq=False)
class ScoreTable:
    """A motif's scores in whole steps, and how often random letters reach each.

    Attributes
    ----------
    steps : (length, 4) int32, log-odds in units of `STEP_BITS`.
    lowest : smallest possible sum.
    tail : (sums,) float64, P(score >= lowest + i) of letters drawn independently, each with probability 1/4.
    """

    steps: np.ndarray
    lowest: int
    tail: np.ndarray

    def p_values(self, sums: np.ndarray) -> np.ndarray:
        """Of sums of steps, any shape; 1 where there is no site (N, or beyond an end)."""
        return np.where(sums == NO_SITE, 1.0, self.tail[np.maximum(sums - self.lowest, 0)])


@lru_cache(maxsize=4096)
def score_table(motif: Motif) -> ScoreTable:
    """The exact distribution of a motif's scores, column by column.

    Source: Staden 1989; as in FIMO (Grant et al. 2011), on a grid of 0.05 bits.
    """
    steps = np.rint(motif.log_odds / STEP_BITS).astype(np.int32)
    chances = np.ones(1)
    for row in steps:
        by = row - row.min()
        grown = np.zeros(len(chances) + by.max())
        for shift in by:
            grown[shift : shift + len(chances)] += 0.25 * chances
        chances = grown
    tail = np.minimum(np.cumsum(chances[::-1])[::-1], 1.0)
    for array in (steps, tail):
        array.setflags(write=False)
    return ScoreTable(steps, int(steps.min(axis=1).sum()), tail)


def sums_of(steps: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """(places,) int32 score in steps of a site beginning at each letter; `NO_SITE` where it would hold an N."""
    places = max(0, len(codes) - len(steps) + 1)
    total, unknown = np.zeros(places, np.int32), np.zeros(places, bool)
    padded = np.concatenate([steps, np.zeros((len(steps), 1), np.int32)], axis=1)
    for offset, row in enumerate(padded):
        here = codes[offset : offset + places]
        total += row[here]
        unknown |= here == 4
    total[unknown] = NO_SITE
    return total


def codes_of(letters: str) -> np.ndarray:
    """(length,) int8: A, C, G, T as 0 to 3, everything else 4."""
    rows = one_hot(letters)
    return np.where(rows.any(axis=1), rows.argmax(axis=1), 4).astype(np.int8)


def scan(
    sequence: str, motif: Motif | str, *, interval: Interval | None = None, most_p: float = MOST_P
) -> pd.DataFrame:
    """Every site of a motif on both strands, the best first.

    Parameters
    ----------
    sequence : letters in either case; a site with an N in it is none.
    motif : of `jaspar()`, or the name or number of one.
    interval : where the sequence lies; gives `chrom` and `position`.
    most_p : largest p-value of a site that is listed.

    Returns
    -------
    One row a site: start, end (0-based, half-open, in the sequence), chrom and position (1-based, first letter on the
    forward strand; None without an interval), strand, letters (as read on that strand), motif, matrix_id, score (bits
    against equal shares of the letters), p_value (that random letters score at least so, exact on a grid of 0.05
    bits), q_value (Benjamini-Hochberg over every place that was looked at, both strands).

    Raises
    ------
    SequenceError
        No DNA, or longer than 2,000,000 letters.
    SelectionError, MotifDatabaseError
        There is no such motif, or no motif at all.
    """
    import pandas as pd

    check_sequence(sequence)
    if len(sequence) > MAX_SCAN_BP:
        raise SequenceError(f"{len(sequence):,} letters are too many to scan; give at most {MAX_SCAN_BP:,}.")
    if interval is not None and interval.width_bp != len(sequence):
        raise SequenceError(f"{len(sequence):,} letters do not fill {interval.locus}; give both of one length.")
    motif = jaspar().find(motif) if isinstance(motif, str) else motif
    table, codes, upper = score_table(motif), codes_of(sequence), sequence.upper()
    sums = np.stack([sums_of(table.steps, codes), sums_of(table.steps[::-1, ::-1], codes)])
    p_values = table.p_values(sums)
    readable = sums != NO_SITE
    q = np.ones(p_values.shape)
    q[readable] = q_values(p_values[readable])
    strands, starts = np.nonzero(readable & (p_values <= most_p))
    rows = []
    for strand, start in zip(strands.tolist(), starts.tolist(), strict=True):
        end = start + len(motif)
        letters = upper[start:end]
        rows.append(
            {
                "start": start,
                "end": end,
                "chrom": None if interval is None else interval.chrom,
                "position": None if interval is None else interval.start + start + 1,
                "strand": "+-"[strand],
                "letters": reverse_complement(letters) if strand else letters,
                "motif": motif.name,
                "matrix_id": motif.matrix_id,
                "score": float(sums[strand, start] * STEP_BITS),
                "p_value": float(p_values[strand, start]),
                "q_value": float(q[strand, start]),
            }
        )
    found = pd.DataFrame(rows, columns=COLUMNS)
    return found.sort_values(["p_value", "start", "strand"], kind="stable", ignore_index=True)
