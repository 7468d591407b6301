"""How far a gradient method agrees with true changes of letters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.attribution.values import METHOD_TITLES, ContributionScores
from core.errors import SelectionError
from core.genome.sequence import BASES

SAMPLE = 48
LEAST_POSITIONS = 8
GOOD_PEARSON = 0.7
POOR_PEARSON = 0.4
POOR_SIGNS = 0.7
_STRONG = 4  # a quarter of the places: those whose true changes are largest


@dataclass(frozen=True, eq=False)
class Agreement:
    """A gradient method against mutagenesis at the same places.

    Attributes
    ----------
    method : of the gradient.
    positions : places in the window that were compared, from 0.
    gradient, mutagenesis : (positions,) float32, `per_base` of each.
    pearson : correlation of the two; not a number where one of them does not vary.
    corrected_pearson : the same with what the gradient says of the letter that is there minus its mean over the four
        letters, which is what changing letters measures. Source: Majdandzic et al. 2023
        (doi 10.1186/s13059-023-02956-3).
    sign_share : share of the places where both have the same sign, 0 to 1; places without any effect do not count.
    strong_sign_share : the same among the quarter of the places with the largest effects.
    """

    method: str
    positions: tuple[int, ...]
    gradient: np.ndarray
    mutagenesis: np.ndarray
    pearson: float
    corrected_pearson: float
    sign_share: float
    strong_sign_share: float

    def __post_init__(self) -> None:
        for array in (self.gradient, self.mutagenesis):
            if array.shape != (len(self.positions),):
                raise ValueError(f"{array.shape} values of {len(self.positions)} places")
            array.setflags(write=False)

    @property
    def disagrees(self) -> bool:
        """Whether the gradient should not be read without mutagenesis beside it."""
        return not (self.pearson >= POOR_PEARSON and self.strong_sign_share >= POOR_SIGNS)

    @property
    def sentence(self) -> str:
        """What to print under the logo."""
        title, count = METHOD_TITLES[self.method], len(self.positions)
        if not np.isfinite(self.pearson):
            return (
                f"{title} cannot be compared with mutagenesis here: at the {count} letters compared one of them does "
                "not vary."
            )
        told = (
            f"{title} against true changes of {count} letters: Pearson {self.pearson:.2f}, same sign at "
            f"{self.sign_share:.0%}, and at {self.strong_sign_share:.0%} of those with the largest effects."
        )
        if self.disagrees:
            return f"{told} They disagree here: trust mutagenesis, which is the model's own answer."
        if self.pearson < GOOD_PEARSON:
            return f"{told} They agree in part: check the letters that matter by mutagenesis."
        return told


def agreement(gradient_scores: ContributionScores, mutagenesis_scores: ContributionScores) -> Agreement:
    """Compare them at every place that mutagenesis was made of.

    Parameters
    ----------
    gradient_scores : of a gradient method.
    mutagenesis_scores : of the same target in the same window, of a stretch that lies within the first; NaN where it
        was not made, see `mutagenesis_at`.

    Raises
    ------
    SelectionError
        Another target, other letters, or fewer than 8 places.
    """
    if gradient_scores.is_mutagenesis or not mutagenesis_scores.is_mutagenesis:
        raise SelectionError("Give scores of a gradient method first, and those of mutagenesis second.")
    if _asked(gradient_scores) != _asked(mutagenesis_scores):
        raise SelectionError(
            f"The scores are of two targets, {gradient_scores.target.name!r} and {mutagenesis_scores.target.name!r}; "
            "compare scores of one."
        )
    offset = mutagenesis_scores.start - gradient_scores.start
    within = gradient_scores.letters[max(0, offset) : offset + len(mutagenesis_scores)]
    if offset < 0 or within != mutagenesis_scores.letters:
        raise SelectionError("The two scores are of other letters; compare scores of one window.")
    there = np.array([letter in BASES for letter in mutagenesis_scores.letters])
    places = np.flatnonzero(there & np.isfinite(mutagenesis_scores.values).all(axis=1))
    if len(places) < LEAST_POSITIONS:
        raise SelectionError(
            f"{len(places)} letters were changed, too few to compare; change at least {LEAST_POSITIONS}."
        )
    found, true = gradient_scores.per_base[places + offset], mutagenesis_scores.per_base[places]
    letters = np.array([BASES.index(mutagenesis_scores.letters[place]) for place in places])
    corrected = gradient_scores.mean_subtracted[places + offset, letters]
    strongest = np.argsort(-np.abs(true), kind="stable")[: max(1, len(places) // _STRONG)]
    return Agreement(
        method=gradient_scores.method,
        positions=tuple((places + mutagenesis_scores.start).tolist()),
        gradient=found,
        mutagenesis=true,
        pearson=_pearson(found, true),
        corrected_pearson=_pearson(corrected, true),
        sign_share=_same_sign(found, true),
        strong_sign_share=_same_sign(found[strongest], true[strongest]),
    )


def sample_positions(
    scores: ContributionScores, start: int, end: int, count: int = SAMPLE, seed: int = 0
) -> tuple[int, ...]:
    """Places in the window to change for `agreement`: half of them with the largest contributions, half at random.

    Parameters
    ----------
    scores : of a gradient method.
    start, end : stretch of the window to choose from, 0-based half-open.
    count : how many at most; places without a known letter are left out.

    Raises
    ------
    SelectionError
        The stretch does not lie within the scores, or has no known letter.
    """
    if not scores.start <= start < end <= scores.start + len(scores):
        raise SelectionError(
            f"The stretch from {start:,} to {end:,} does not lie within the scores, which are of "
            f"{scores.start:,} to {scores.start + len(scores):,}."
        )
    known = [place for place in range(start, end) if scores.letters[place - scores.start] in BASES]
    if not known:
        raise SelectionError("No letter is known in this stretch: it is all N; choose another.")
    if len(known) <= count:
        return tuple(known)
    size = np.abs(scores.per_base[np.array(known) - scores.start])
    order = np.argsort(-size, kind="stable")
    rest = np.random.default_rng(seed).permutation(order[count // 2 :])[: count - count // 2]
    return tuple(sorted(known[place] for place in [*order[: count // 2], *rest]))


def _asked(scores: ContributionScores) -> tuple:
    target = scores.target
    return target.tracks, target.bins, target.head, target.against, scores.provenance.revision


def _pearson(left: np.ndarray, right: np.ndarray) -> float:
    if np.ptp(left) == 0 or np.ptp(right) == 0:
        return float("nan")
    return float(np.corrcoef(left.astype(np.float64), right.astype(np.float64))[0, 1])


def _same_sign(left: np.ndarray, right: np.ndarray) -> float:
    counted = (left != 0) & (right != 0)
    return float((np.sign(left) == np.sign(right))[counted].mean()) if counted.any() else float("nan")
