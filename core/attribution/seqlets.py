"""Seqlets: short stretches whose letters together add, or take away, more than letters elsewhere in the same scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.attribution.values import ContributionScores
from core.errors import SelectionError

WIDTH_BP = 9
LEAST_SHARE = 0.02
MOST_P = 1e-3
MOST_SEQLETS = 200
_EDGE_SHARE = 0.25  # of the strongest letter: where a seqlet ends
_MOST_WIDTH_BP = 40
_GAP_BP = 4


@dataclass(frozen=True)
class Seqlet:
    """A stretch that contributes.

    Attributes
    ----------
    start, end : 0-based, half-open, in the window that was read.
    contribution : sum of its letters' contributions, in the unit of the target; below 0 where the letters hold the
        target down.
    p_value : how often a stretch of `WIDTH_BP` letters elsewhere would sum to as much, see `seqlets`.
    """

    start: int
    end: int
    contribution: float
    p_value: float

    def __len__(self) -> int:
        return self.end - self.start


def seqlets(
    scores: ContributionScores,
    *,
    width: int = WIDTH_BP,
    most_p: float = MOST_P,
    least_share: float = LEAST_SHARE,
    most: int = MOST_SEQLETS,
) -> tuple[Seqlet, ...]:
    """Call seqlets of either sign, in order along the window.

    1. Contributions are summed over every `width` letters.
    2. The null is a Laplace distribution around 0 whose scale comes from the median of these sums' sizes, which a few
       strong stretches do not move; a sum with a two-sided p-value above `most_p` is no seqlet, nor is one below
       `least_share` of the largest sum.
    3. From the largest sum down, its stretch is widened while letters of the same sign go on and cut back to the first
       and last letter with at least 25 % of its strongest letter; what overlaps a seqlet is passed over.

    Parameters
    ----------
    scores : of any method; letters that were not computed (NaN) end a stretch.
    width : letters that are summed, 3 to 40.
    most : at most so many, the largest sums.

    Raises
    ------
    SelectionError
        A number that cannot be used.

    Source: sliding sums with a Laplace null as in TF-MoDISco (Shrikumar et al. 2018); the median in place of a fit.
    """
    if not 3 <= width <= _MOST_WIDTH_BP or not 0 < most_p <= 1 or not 0 <= least_share <= 1 or most < 1:
        raise SelectionError(
            f"Seqlets were asked with a width of {width}, p up to {most_p:g}, a share of {least_share:g} and at most "
            f"{most}; give a width of 3 to {_MOST_WIDTH_BP}, p above 0 and up to 1, a share of 0 to 1, and at least 1."
        )
    values = scores.per_base.astype(np.float64)
    known = np.isfinite(values)
    filled = np.where(known, values, 0.0)
    if len(values) < width or not filled.any():
        return ()
    sums = _windows(filled, width)
    whole = _windows(known.astype(np.float64), width) > width - 0.5
    sizes = np.where(whole, np.abs(sums), 0.0)
    if not sizes.any():
        return ()
    # The median of the size of a Laplace variable is its scale times ln 2.
    scale = max(float(np.median(sizes[whole])) / np.log(2), 1e-6 * float(sizes.max()))
    floor = max(-scale * np.log(most_p), least_share * float(sizes.max()))
    found, taken = [], np.zeros(len(values), bool)
    for place in np.argsort(-sizes, kind="stable"):
        if sizes[place] < floor or len(found) == most:
            break
        start, end = _stretch(filled, known & ~taken, int(place), width, np.sign(sums[place]))
        if end - start < 3 or taken[place : place + width].any():
            continue
        taken[start:end] = True
        p_value = float(np.exp(-sizes[place] / scale))
        found.append(Seqlet(scores.start + start, scores.start + end, float(filled[start:end].sum()), p_value))
    return tuple(sorted(found, key=lambda seqlet: seqlet.start))


def _windows(values: np.ndarray, width: int) -> np.ndarray:
    summed = np.concatenate([[0.0], np.cumsum(values)])
    return summed[width:] - summed[:-width]


def _stretch(values: np.ndarray, free: np.ndarray, place: int, width: int, sign: float) -> tuple[int, int]:
    """From the first to the last letter that counts, around `place` to `place + width`, of letters that are free."""
    signed = values * sign
    edge = _EDGE_SHARE * float(signed[place : place + width].max())
    middle = place + int(signed[place : place + width].argmax())
    start = _end(signed[middle::-1] >= edge, free[middle::-1])
    end = _end(signed[middle:] >= edge, free[middle:])
    return middle - start, middle + end + 1


def _end(counts: np.ndarray, free: np.ndarray) -> int:
    """Steps to the last letter that counts before a gap of more than `_GAP_BP` letters, or half the largest width."""
    last = 0
    for step in range(1, min(len(counts), _MOST_WIDTH_BP // 2)):
        if not free[step] or step - last > _GAP_BP:
            break
        if counts[step]:
            last = step
    return last
