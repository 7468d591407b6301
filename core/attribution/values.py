"""`ContributionScores`: what each letter of a stretch adds to a target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.attribution.target import Target
from core.cards import Provenance
from core.genome.interval import Interval
from core.genome.sequence import one_hot

Method = Literal["gradient_x_input", "integrated_gradients", "expected_gradients", "saturation_mutagenesis"]
METHOD_TITLES: dict[Method, str] = {
    "gradient_x_input": "Gradient × input",
    "integrated_gradients": "Integrated gradients",
    "expected_gradients": "Expected gradients",
    "saturation_mutagenesis": "Saturation mutagenesis",
}


@dataclass(frozen=True, eq=False)
class ContributionScores:
    """Contributions of a stretch of a window, in the unit of the target's tracks.

    Attributes
    ----------
    values : (length, 4) float32, columns A, C, G, T. Of the gradient methods: what the letter that is there adds, 0 in
        the other columns. Of saturation mutagenesis: target with this letter minus target as it is (effect of each
        letter against the reference), 0 at the reference letter, NaN where it was not computed (yet).
    method : how they were found.
    letters : the stretch as it was read, upper case; N where nothing is known (its contributions are 0).
    start : place of its first letter in the window, from 0.
    target : what is explained. target_value : of the window as it is.
    interval : where the stretch lies, forward strand, or None.
    provenance : model, revision, precision, assembly.
    hypothetical : (length, 4) float32: the gradient, or what multiplies the input, for all four letters; None of
        mutagenesis.
    spread : (length,) float32, standard deviation of `per_base` over the averaged runs, or None where there was one.
    convergence_error : of integrated and expected gradients: |sum of contributions - (target - mean target of the
        baselines)|, in the unit of the target; None of others.
    runs : what was averaged, in words. notes : sentences that a person should know.
    """

    values: np.ndarray
    method: Method
    letters: str
    start: int
    target: Target
    target_value: float
    provenance: Provenance
    interval: Interval | None = None
    hypothetical: np.ndarray | None = None
    spread: np.ndarray | None = None
    convergence_error: float | None = None
    runs: tuple[str, ...] = ("forward",)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        length = len(self.letters)
        shapes = ((self.values, (length, 4)), (self.hypothetical, (length, 4)), (self.spread, (length,)))
        for array, shape in shapes:
            if array is None:
                continue
            if array.shape != shape or array.dtype != np.float32:
                raise ValueError(f"{array.shape} {array.dtype} for {length} letters")
            array.setflags(write=False)
        if self.method not in METHOD_TITLES:
            raise ValueError(f"the method {self.method!r} is none")
        if self.interval is not None and self.interval.width_bp != length:
            raise ValueError(f"{length} letters for {self.interval.locus}")

    def __len__(self) -> int:
        """Number of letters."""
        return len(self.letters)

    @property
    def is_mutagenesis(self) -> bool:
        """Whether letters were changed, rather than a gradient taken."""
        return self.method == "saturation_mutagenesis"

    @property
    def mean_subtracted(self) -> np.ndarray:
        """(length, 4) float32: effects, or what a gradient says of all four letters (`hypothetical`), minus their mean.

        Of mutagenesis the letter that is there so has minus the mean effect of losing it, weighted 3/4. The values of a
        gradient become effects of letters so too. Source: Majdandzic et al. 2023 (doi 10.1186/s13059-023-02956-3).
        """
        given = self.values if self.hypothetical is None else self.hypothetical
        return given - given.mean(axis=1, keepdims=True)

    @property
    def per_base(self) -> np.ndarray:
        """(length,) float32, what a logo draws: the contribution of the letter that is there; 0 at N.

        Of mutagenesis it is the reference letter's `mean_subtracted` value.
        """
        there = one_hot(self.letters)
        values = self.mean_subtracted if self.is_mutagenesis else self.values
        return np.where(there > 0, values, 0).sum(axis=1).astype(np.float32)

    @property
    def nbytes(self) -> int:
        """Bytes held in arrays."""
        return sum(array.nbytes for array in (self.values, self.hypothetical, self.spread) if array is not None)
