"""Attention against contributions: the same bins, how far the two rank them alike, and how far beyond distance.

Both fall with the distance from the target's bins, so that they agree whatever the letters are. The partial
correlation takes the distance out of both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.attribution.target import Target
from core.attribution.values import METHOD_TITLES, ContributionScores
from core.cards import Provenance
from core.enformer.attending import AttentionProfile
from core.errors import SelectionError
from core.genome.interval import Interval
from core.genome.sequence import BASES

FEWEST_BINS = 8
LARGELY, PARTLY = 0.5, 0.2  # partial correlations from which the sentence says so
RULE = (
    "Spearman's rank correlation over the bins of the window, the target's own bins and bins that are mostly N left "
    "out. The second number is the partial rank correlation given the distance from the target's bins (the rank of the "
    "distance, which is that of its logarithm too, is taken out of both)."
)


@dataclass(frozen=True, eq=False)
class AgainstAttention:
    """Attention and contributions of the same bins.

    Attributes
    ----------
    contribution : (bins,) float32: sum over the bin's letters of |contribution|, in the unit of the target.
    attention : (bins,) float32: share of the attention of the target's bins, mean of the chosen layers and heads.
    expected : (bins,) float32: the attention that distance alone would give.
    counted : (bins,) bool: bins that the correlations are over.
    query_bins : the bins that look.
    spearman : of contribution and attention. partial : the same, given the distance.
    of_distance : (contribution, attention): Spearman of each with nearness, so that positive means "more when near".
    layer, head : whose attention it is; None is the mean.
    """

    contribution: np.ndarray
    attention: np.ndarray
    expected: np.ndarray
    counted: np.ndarray
    query_bins: tuple[int, ...]
    bin_size_bp: int
    interval: Interval
    target: Target
    method: str
    spearman: float
    partial: float
    of_distance: tuple[float, float]
    provenance: Provenance
    layer: int | None = None
    head: int | None = None

    def __post_init__(self) -> None:
        shape = self.contribution.shape
        for array in (self.contribution, self.attention, self.expected, self.counted):
            if array.ndim != 1 or array.shape != shape:
                raise ValueError(f"{array.shape} for {shape} bins")
            array.setflags(write=False)
        if self.interval.width_bp != shape[0] * self.bin_size_bp:
            raise ValueError(f"{shape[0]} bins of {self.bin_size_bp} bp do not cover {self.interval.locus}")

    @property
    def sentence(self) -> str:
        """Whether attention explains the contributions."""
        said = (
            f"Over {int(self.counted.sum()):,} bins the rank correlation of attention and |contribution| is "
            f"{_number(self.spearman)}, and {_number(self.partial)} with the distance taken out. "
        )
        if not np.isfinite(self.partial):
            return said + "One of the two does not vary here, so that nothing can be said."
        if self.partial >= LARGELY:
            verdict = "Attention largely explains which bins contribute"
        elif self.partial >= PARTLY:
            verdict = "Attention explains in part which bins contribute"
        elif self.spearman >= PARTLY:
            verdict = "Attention says hardly more than the distance about which bins contribute"
        else:
            verdict = "Attention does not explain which bins contribute"
        return f"{said}{verdict}."


def _number(value: float) -> str:
    return "not defined" if not np.isfinite(value) else f"{value:.2f}".replace("-", "−")


def against_attention(
    contributions: ContributionScores, profile: AttentionProfile, *, layer: int | None = None, head: int | None = None
) -> AgainstAttention:
    """Lay contributions of a window beside what the target's bins attend to.

    Parameters
    ----------
    contributions : of all letters of the window that `profile` is of, by any gradient method.
    layer, head : whose attention counts; None is the mean over all.

    Raises
    ------
    SelectionError
        There is no such layer or head, the two are of different windows, or too few bins are left to compare.
    """
    weights, expected = profile.row(layer, head)
    place, size, bins = profile.interval, profile.bin_size_bp, profile.bins
    if place is None or contributions.interval != place or contributions.start:
        raise SelectionError(
            "The contributions and the attention are of different windows; ask for both at the same place, the whole "
            "window of each."
        )
    per_base = contributions.per_base.astype(np.float64)
    if not np.isfinite(per_base).all():
        raise SelectionError("Some letters have no contribution yet; take a gradient method, which gives all of them.")
    summed = np.abs(per_base).reshape(bins, size).sum(axis=1)
    letters = np.frombuffer(contributions.letters.encode("ascii"), np.uint8).reshape(bins, size)
    counted = 2 * np.isin(letters, np.frombuffer(BASES.encode(), np.uint8)).sum(axis=1) > size
    queries = np.array(profile.query_bins)
    counted[queries] = False
    if counted.sum() < FEWEST_BINS:
        raise SelectionError(
            f"{int(counted.sum())} bins are left to compare, beside the target's own and those of N; at least "
            f"{FEWEST_BINS} are needed: take a wider window."
        )
    near = -np.abs(np.arange(bins)[:, None] - queries[None]).min(axis=1).astype(np.float64)
    both, partial, of_distance = correlations(summed[counted], weights[counted], near[counted])
    return AgainstAttention(
        contribution=summed.astype(np.float32),
        attention=np.ascontiguousarray(weights, np.float32),
        expected=np.ascontiguousarray(expected, np.float32),
        counted=counted,
        query_bins=profile.query_bins,
        bin_size_bp=size,
        interval=place,
        target=contributions.target,
        method=METHOD_TITLES[contributions.method],
        spearman=both,
        partial=partial,
        of_distance=of_distance,
        provenance=profile.provenance,
        layer=layer,
        head=head,
    )


def correlations(
    contribution: np.ndarray, attention: np.ndarray, near: np.ndarray
) -> tuple[float, float, tuple[float, float]]:
    """(Spearman of the first two, the same given the third, (first with third, second with third)).

    Ranks of equal numbers are averaged; a correlation with what does not vary is not a number.

    Source: the first-order partial correlation of Yule 1907, on ranks (Kendall 1942).
    """
    first, second, third = (_ranks(values) for values in (contribution, attention, near))
    both, one, other = _pearson(first, second), _pearson(first, third), _pearson(second, third)
    left = (1 - one**2) * (1 - other**2)
    partial = (both - one * other) / np.sqrt(left) if left > 1e-12 else float("nan")
    return both, float(partial), (one, other)


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1, equal numbers sharing their mean rank."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place]


def _pearson(first: np.ndarray, second: np.ndarray) -> float:
    first, second = first - first.mean(), second - second.mean()
    size = np.sqrt((first @ first) * (second @ second))
    return float(first @ second / size) if size > 0 else float("nan")
