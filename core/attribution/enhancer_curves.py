"""How well each score finds the enhancers: of one gene, or of many together, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.attribution.enhancers import SCORE_NAMES, EnhancerScores
from core.enformer.precision_recall import RESAMPLES, PrecisionRecall, average_interval, precision_recall
from core.errors import SelectionError

Curves = dict[str, tuple[PrecisionRecall, tuple[float, float]]]  # by the name of the score


@dataclass(frozen=True, eq=False)
class ScoredPairs:
    """Pairs of gene and candidate whose label is known, of one or more genes.

    Attributes
    ----------
    genes : names. groups : (pairs,) number of each pair's gene.
    scores : name -> (pairs,) float64, those that every pair has. is_true : (pairs,) bool.
    missed : (genes,) true stretches that are no candidate.
    untested : candidates that were left out because nothing is known of them.
    source : of the labels, in words.
    """

    genes: tuple[str, ...]
    groups: np.ndarray
    scores: dict[str, np.ndarray]
    is_true: np.ndarray
    missed: np.ndarray
    untested: int
    source: str

    def __post_init__(self) -> None:
        pairs = self.groups.shape
        if any(values.shape != pairs for values in (*self.scores.values(), self.is_true)):
            raise ValueError(f"numbers for {pairs} pairs differ in shape")
        if self.missed.shape != (len(self.genes),):
            raise ValueError(f"{self.missed.shape} missed of {len(self.genes)} genes")

    @property
    def resampled(self) -> str:
        """What the intervals draw anew, in words."""
        return "genes" if len(self.genes) > 1 else "candidates"

    def curves(self, *, resamples: int = RESAMPLES, seed: int = 0) -> Curves:
        """Of every score: its curve, and the middle 95 % of its average precision over resampled genes; of a single
        gene, over resampled candidates (a missed true one is drawn as one of them)."""
        missed = int(self.missed.sum())
        groups, each = self.groups, self.missed
        if len(self.genes) == 1:
            groups = np.arange(len(self.groups))
            each = np.concatenate([np.zeros(len(groups), np.int64), np.ones(missed, np.int64)])
        found: Curves = {}
        for name, values in self.scores.items():
            middle = (float("nan"), float("nan"))
            if len(each):
                middle = average_interval(values, self.is_true, groups, each, resamples=resamples, seed=seed)
            found[name] = (precision_recall(values, self.is_true, missed), middle)
        return found


def scored_pairs(rankings: Sequence[EnhancerScores]) -> ScoredPairs:
    """The labelled candidates of some genes together.

    Scores are compared between genes as they are: what a shuffle takes is in the unit of the tracks, so that a gene of
    high expression has higher ones.

    Raises
    ------
    SelectionError
        None is given, or nothing is known of one's candidates.
    """
    if not rankings or any(ranking.known is None for ranking in rankings):
        raise SelectionError("Nothing is known of these candidates; give a table of tests.")
    names = [name for name in SCORE_NAMES if all(name in ranking.complete() for ranking in rankings)]
    tested = [ranking.known.tested for ranking in rankings]
    return ScoredPairs(
        genes=tuple(ranking.gene for ranking in rankings),
        groups=np.repeat(np.arange(len(rankings)), [int(mask.sum()) for mask in tested]),
        scores={
            name: np.concatenate([ranking.scores[name][mask] for ranking, mask in zip(rankings, tested, strict=True)])
            for name in names
        },
        is_true=np.concatenate([ranking.known.is_true[mask] for ranking, mask in zip(rankings, tested, strict=True)]),
        missed=np.array([ranking.known.missed for ranking in rankings]),
        untested=sum(int((~mask).sum()) for mask in tested),
        source=rankings[0].known.source,
    )
