"""How well a score finds the true ones: precision, recall and their area, with what chance gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 500


@dataclass(frozen=True, eq=False)
class PrecisionRecall:
    """A score against the truth.

    Attributes
    ----------
    precision : (true candidates,) float64: of what is ranked as high as the k-th true one or higher, the share that is
        true; k from 1 on. Candidates with equal scores come together, so it may fall or rise at once.
    candidates : how many were ranked.
    missed : true ones that are no candidate, so that no score can find them.
    """

    precision: np.ndarray
    candidates: int
    missed: int = 0

    def __post_init__(self) -> None:
        if self.precision.ndim != 1 or len(self.precision) > self.candidates or self.missed < 0:
            raise ValueError(f"{len(self.precision)} true of {self.candidates} candidates, {self.missed} missed")
        self.precision.setflags(write=False)

    @property
    def true(self) -> int:
        """True candidates."""
        return len(self.precision)

    @property
    def average(self) -> float:
        """Average precision: the sum over the true ones of the precision at each, over how many there are.

        The missed ones count as never found. Not a number where there is no true one.

        Source: the definition of scikit-learn's `average_precision_score`; there is no interpolation.
        """
        known = self.true + self.missed
        return float(self.precision.sum() / known) if known else float("nan")

    @property
    def chance(self) -> float:
        """What a score without information gives on average, about: the share of true ones among the candidates, times
        the share of the true ones that are candidates. Not a number where there is nothing."""
        known = self.true + self.missed
        return self.true / self.candidates * self.true / known if known and self.candidates else float("nan")


def precision_recall(scores: np.ndarray, is_true: np.ndarray, missed: int = 0) -> PrecisionRecall:
    """Rank candidates by a score, the largest first.

    Parameters
    ----------
    scores : (candidates,) finite numbers.
    is_true : (candidates,) bool.
    missed : true ones that are no candidate.

    Raises
    ------
    ValueError
        Shapes differ, or a score is no number.
    """
    scores, is_true = np.asarray(scores, dtype=np.float64), np.asarray(is_true, dtype=bool)
    if scores.ndim != 1 or scores.shape != is_true.shape or not np.isfinite(scores).all():
        raise ValueError(f"{scores.shape} scores for {is_true.shape} candidates, or one is not finite")
    order = np.argsort(-scores, kind="stable")
    ranked, found = scores[order], np.cumsum(is_true[order])
    # The last candidate with the same score: ties are taken together, whatever their order.
    last = np.searchsorted(-ranked, -ranked, side="right") - 1
    precision = (found[last] / (last + 1))[is_true[order]]
    return PrecisionRecall(precision, len(scores), missed)


def average_interval(
    scores: np.ndarray,
    is_true: np.ndarray,
    groups: Sequence[int] | np.ndarray,
    missed: np.ndarray,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[float, float]:
    """The middle 95 % of the average precision over resampled groups (genes): candidates of a gene stay together.

    Parameters
    ----------
    groups : (candidates,) number of the gene of each, from 0.
    missed : (genes,) true ones that are no candidate.

    Source: Efron and Tibshirani 1993, the percentile bootstrap.
    """
    groups, missed = np.asarray(groups), np.asarray(missed)
    members = [np.flatnonzero(groups == number) for number in range(len(missed))]
    generator = np.random.default_rng(seed)
    found = []
    for _ in range(resamples):
        drawn = generator.integers(0, len(missed), len(missed))
        chosen = np.concatenate([members[number] for number in drawn])
        found.append(precision_recall(scores[chosen], is_true[chosen], int(missed[drawn].sum())).average)
    kept = np.array(found)[np.isfinite(found)]
    return (float(np.quantile(kept, 0.025)), float(np.quantile(kept, 0.975))) if len(kept) else (np.nan, np.nan)
