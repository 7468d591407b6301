"""How well predicted effects agree with labels: pure numbers, with bootstrap intervals, by distance to a start.

Two predictions of each variant are judged. Its strength (how much it changes, whatever the direction) is held against
"causal or not"; its direction (with a sign) against a measured effect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from core.enformer.precision_recall import PrecisionRecall, precision_recall
from core.errors import SelectionError

RESAMPLES = 500
STRONGEST = 0.2  # of the measured effects: the strongest fifth
LEAST = 10  # variants of a group (of each label) from which a figure is made
DISTANCES_BP = (0, 1_000, 5_000, 20_000, np.inf)
ALL = "all"
MEASURES = {
    "AUROC": "chance that a causal variant has a larger predicted strength than a neutral one; equal ones count half",
    "average precision": "mean over the causal variants of the share that is causal among those ranked as high",
    "Spearman": "rank correlation of predicted and measured effect, with their signs",
    "sign accuracy": "share whose predicted direction is the measured one; a prediction of 0 counts as wrong",
    "sign accuracy, strongest fifth": "the same of the fifth with the strongest measured effects",
}


@dataclass(frozen=True, eq=False)
class Labelled:
    """Variants whose answer is known, and what was predicted of them; (variants,) each.

    Attributes
    ----------
    strength : float64, 0 or more: how much a variant changes the tracks.
    direction : float64 with a sign: the predicted effect that is held against the measured one.
    causal : bool, or None where the table does not say.
    measured : float64, not a number where it was not measured; or None.
    distances_bp : float64 to the nearest transcription start, not a number where there is none; or None.
    """

    strength: np.ndarray
    direction: np.ndarray
    causal: np.ndarray | None = None
    measured: np.ndarray | None = None
    distances_bp: np.ndarray | None = None

    def __post_init__(self) -> None:
        shape = (len(self.strength),)
        for array in (self.strength, self.direction, self.causal, self.measured, self.distances_bp):
            if array is None:
                continue
            if array.shape != shape:
                raise ValueError(f"{array.shape} numbers for {shape[0]} variants")
            array.setflags(write=False)
        if self.causal is not None and self.causal.dtype != bool:
            raise ValueError(f"causal is {self.causal.dtype}, not bool")
        if not (np.isfinite(self.strength).all() and np.isfinite(self.direction).all()):
            raise ValueError("a prediction is not finite")

    def __len__(self) -> int:
        """Number of variants."""
        return len(self.strength)

    def chosen(self, kept: np.ndarray) -> Labelled:
        """Some of them: bool (variants,) or their numbers."""
        arrays = (self.strength, self.direction, self.causal, self.measured, self.distances_bp)
        return Labelled(*(None if array is None else array[kept] for array in arrays))

    @property
    def effects(self) -> Labelled:
        """Those with a measured effect that is not 0; of a table that labels causal ones, the causal ones alone."""
        if self.measured is None:
            return self.chosen(np.zeros(len(self), bool))
        kept = np.isfinite(self.measured) & (self.measured != 0)
        return self.chosen(kept if self.causal is None else kept & self.causal)


@dataclass(frozen=True)
class Measure:
    """One figure of one group of variants.

    Attributes
    ----------
    name : one of `MEASURES`. group : "all", or a range of distances in words.
    value : as measured, not a number where the group has too few. low, high : the middle 95 % over resampled variants.
    chance : what a prediction without information gives. variants : how many were used.
    """

    name: str
    group: str
    value: float
    low: float
    high: float
    chance: float
    variants: int

    @property
    def line(self) -> str:
        """As printed: "AUROC 0.993 (0.987 – 0.998), chance 0.500, 500 variants"."""
        if not np.isfinite(self.value):
            return f"{self.name}: too few variants ({self.variants})"
        of = f"{self.variants:,} variants"
        return f"{self.name} {self.value:.3f} ({self.low:.3f} – {self.high:.3f}), chance {self.chance:.3f}, {of}"


@dataclass(frozen=True, eq=False)
class Roc:
    """Share of the causal ones found against the share of the neutral ones taken with them.

    Attributes
    ----------
    false_positive, true_positive : (points,) float64 from 0 to 1; equal scores come together.
    """

    false_positive: np.ndarray
    true_positive: np.ndarray

    @property
    def area(self) -> float:
        """AUROC, by trapezoids: equal scores count half."""
        return float(np.trapezoid(self.true_positive, self.false_positive))


@dataclass(frozen=True, eq=False)
class Evaluation:
    """All figures of a labelled table.

    Attributes
    ----------
    labelled : what was judged.
    measures : those of all variants first, then of each range of distances.
    roc, precision_recall : curves of all variants; None without both labels.
    """

    labelled: Labelled
    measures: tuple[Measure, ...]
    roc: Roc | None
    precision_recall: PrecisionRecall | None

    def measure(self, name: str, group: str = ALL) -> Measure:
        """One figure.

        Raises
        ------
        SelectionError
            It was not made.
        """
        for found in self.measures:
            if (found.name, found.group) == (name, group):
                return found
        known = ", ".join(dict.fromkeys(one.name for one in self.measures))
        raise SelectionError(f"There is no figure {name!r} of {group!r}; there are {known or 'none'}.")

    def table(self) -> pd.DataFrame:
        """One row a figure."""
        columns = ["name", "group", "value", "low", "high", "chance", "variants"]
        return pd.DataFrame([[getattr(one, name) for name in columns] for one in self.measures], columns=columns)


def roc(scores: np.ndarray, is_true: np.ndarray) -> Roc:
    """The curve of a score; the first point is (0, 0) and the last (1, 1).

    Raises
    ------
    ValueError
        Shapes differ, or one of the two labels is missing.
    """
    scores, is_true = np.asarray(scores, np.float64), np.asarray(is_true, bool)
    if scores.shape != is_true.shape or is_true.all() or not is_true.any():
        raise ValueError(f"{scores.shape} scores with {is_true.sum()} true of {is_true.shape}: both labels are needed")
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    found = np.cumsum(is_true[order])[last]
    true, false = found / is_true.sum(), (last + 1 - found) / (~is_true).sum()
    return Roc(np.concatenate([[0.0], false]), np.concatenate([[0.0], true]))


def auroc(scores: np.ndarray, is_true: np.ndarray) -> float:
    """Area under `roc`, from ranks: the Mann-Whitney statistic. Not a number without both labels."""
    true = int(np.sum(is_true))
    false = len(is_true) - true
    if not true or not false:
        return float("nan")
    return float((rankdata(scores)[is_true].sum() - true * (true + 1) / 2) / (true * false))


def average_precision(scores: np.ndarray, is_true: np.ndarray) -> float:
    """As `core.enformer.precision_recall`; not a number without both labels."""
    if not np.any(is_true) or np.all(is_true):
        return float("nan")
    return precision_recall(scores, is_true).average


def spearman(predicted: np.ndarray, measured: np.ndarray) -> float:
    """Rank correlation; not a number where one of them does not vary."""
    if len(predicted) < 2 or np.ptp(predicted) == 0 or np.ptp(measured) == 0:
        return float("nan")
    return float(np.corrcoef(rankdata(predicted), rankdata(measured))[0, 1])


def sign_accuracy(predicted: np.ndarray, measured: np.ndarray) -> float:
    """Share whose signs agree; a prediction of 0 counts as wrong. Not a number of no variants."""
    return float((np.sign(predicted) == np.sign(measured)).mean()) if len(measured) else float("nan")


def strongest(measured: np.ndarray, share: float = STRONGEST) -> np.ndarray:
    """Numbers of the variants with the strongest measured effects, at least one if there are any."""
    count = min(len(measured), max(1, round(share * len(measured))))
    return np.argsort(-np.abs(measured), kind="stable")[:count]


def bootstrap(
    statistic: Callable[[np.ndarray], float],
    strata: Sequence[np.ndarray],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[float, float]:
    """The middle 95 % of a statistic over resampled variants; not numbers where it never is one.

    Parameters
    ----------
    statistic : of numbers of variants, drawn with repetition.
    strata : numbers of the variants that are drawn among themselves, so that each label stays as frequent.

    Source: Efron and Tibshirani 1993, the percentile bootstrap.
    """
    generator = np.random.default_rng(seed)
    drawn = (np.concatenate([one[generator.integers(0, len(one), len(one))] for one in strata if len(one)])
             for _ in range(resamples)) if any(len(one) for one in strata) else ()  # fmt: skip
    found = np.array([statistic(numbers) for numbers in drawn])
    kept = found[np.isfinite(found)] if len(found) else found
    return (float(np.quantile(kept, 0.025)), float(np.quantile(kept, 0.975))) if len(kept) else (np.nan, np.nan)


def distance_groups(edges_bp: Sequence[float] = DISTANCES_BP) -> tuple[tuple[str, float, float], ...]:
    """(words, from, below) of each range of distances.

    >>> distance_groups((0, 1_000, np.inf))
    (('under 1 kb', 0, 1000), ('1 kb or more', 1000, inf))
    """
    named = []
    for low, high in pairwise(edges_bp):
        if not np.isfinite(high):
            words = f"{low / 1000:g} kb or more"
        else:
            words = f"{low / 1000:g} to {high / 1000:g} kb" if low else f"under {high / 1000:g} kb"
        named.append((words, low, high))
    return tuple(named)


def evaluate(
    labelled: Labelled,
    *,
    distances_bp: Sequence[float] = DISTANCES_BP,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Evaluation:
    """All figures that the labels allow.

    Parameters
    ----------
    distances_bp : edges of the ranges of distances, rising.

    Raises
    ------
    SelectionError
        There are no labels at all.
    """
    if labelled.causal is None and labelled.measured is None:
        raise SelectionError(
            "The table has neither labels (causal or not) nor measured effects; add a column causal or effect."
        )
    groups = [(ALL, labelled)]
    if labelled.distances_bp is not None:
        for words, low, high in distance_groups(distances_bp):
            inside = (labelled.distances_bp >= low) & (labelled.distances_bp < high)
            if inside.any():
                groups.append((words, labelled.chosen(inside)))
    measures = [
        measure for words, group in groups for measure in _measures(words, group, resamples=resamples, seed=seed)
    ]
    both = labelled.causal is not None and labelled.causal.any() and not labelled.causal.all()
    return Evaluation(
        labelled=labelled,
        measures=tuple(measures),
        roc=roc(labelled.strength, labelled.causal) if both else None,
        precision_recall=precision_recall(labelled.strength, labelled.causal) if both else None,
    )


def _measures(words: str, group: Labelled, *, resamples: int, seed: int) -> Iterator[Measure]:
    def made(
        name: str, statistic: Callable[[np.ndarray], float], strata: Sequence[np.ndarray], chance: float, least: int
    ) -> Measure:
        count = sum(len(one) for one in strata)
        if min((len(one) for one in strata), default=0) < least:
            return Measure(name, words, np.nan, np.nan, np.nan, chance, count)
        value = statistic(np.concatenate(strata))
        low, high = bootstrap(statistic, strata, resamples=resamples, seed=seed)
        return Measure(name, words, value, low, high, chance, count)

    if group.causal is not None:
        strata = (np.flatnonzero(group.causal), np.flatnonzero(~group.causal))
        share = float(group.causal.mean()) if len(group) else np.nan
        yield made("AUROC", lambda drawn: auroc(group.strength[drawn], group.causal[drawn]), strata, 0.5, LEAST)
        yield made(
            "average precision",
            lambda drawn: average_precision(group.strength[drawn], group.causal[drawn]),
            strata,
            share,
            LEAST,
        )
    if group.measured is not None:
        known = group.effects
        every = (np.arange(len(known)),)
        yield made("Spearman", lambda drawn: spearman(known.direction[drawn], known.measured[drawn]), every, 0.0, LEAST)
        # A guess that always says the more frequent direction.
        chance = max((known.measured > 0).mean(), (known.measured < 0).mean()) if len(known) else np.nan
        yield made(
            "sign accuracy",
            lambda drawn: sign_accuracy(known.direction[drawn], known.measured[drawn]),
            every,
            float(chance),
            LEAST,
        )
        top = strongest(known.measured) if len(known) else np.zeros(0, int)
        chance = max((known.measured[top] > 0).mean(), (known.measured[top] < 0).mean()) if len(top) else np.nan
        yield made(
            "sign accuracy, strongest fifth",
            lambda drawn: sign_accuracy(known.direction[drawn], known.measured[drawn]),
            (top,),
            float(chance),
            LEAST // 2,
        )
