"""Contributions from gradients: gradient x input, integrated and expected gradients.

DeepLIFT and its rules are left out: captum raises on Enformer's pooling by attention, and with tangermeme the
contributions miss the difference that they should add up to several times over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from core.attribution.asked import PLAIN, AskedTarget, OnProgress, part_of
from core.attribution.shuffle import dinucleotide_shuffle
from core.attribution.target import Target
from core.attribution.values import ContributionScores, Method
from core.enformer.averaging import Averaging
from core.enformer.edits import Flank
from core.enformer.gradients import InputGradients, input_gradients
from core.errors import SelectionError
from core.genome.interval import Interval
from core.genome.sequence import one_hot

if TYPE_CHECKING:
    from core.enformer.engine import EnformerEngine

Baseline = Literal["zeros", "shuffled"]
STEPS = 32
BASELINES = 16
MOST_STEPS = 1000
AT_ONCE = 16  # inputs held together

Unit = Mapping[str, np.ndarray]


def gradient_x_input(
    engine: EnformerEngine,
    sequence: str | np.ndarray,
    target: Target,
    *,
    interval: Interval | None = None,
    averaging: Averaging = PLAIN,
    flanks: Flank = ("", ""),
    on_progress: OnProgress = None,
) -> ContributionScores:
    """Gradient of the target with respect to each letter that is there; of the whole window, in float32.

    Parameters
    ----------
    sequence, interval, averaging, flanks, on_progress : as for `EnformerEngine.predict`. Averaged are the
        contributions of each run, laid back on the forward strand.

    Raises
    ------
    SequenceError, SelectionError
        The sequence, or a head, track or bin of the target, cannot be used.
    DeviceMemoryError
        The gradient does not fit.
    ModelOutputError
        It is not finite.

    Source: Avsec et al. 2021, Methods, "Gradient x input contribution scores".
    """
    asked = AskedTarget.of(engine, sequence, target, interval=interval, averaging=averaging, flanks=flanks)
    return GradientPlan(asked, "gradient_x_input").run(on_progress)


def integrated_gradients(
    engine: EnformerEngine,
    sequence: str | np.ndarray,
    target: Target,
    *,
    steps: int = STEPS,
    baseline: Baseline = "zeros",
    seed: int = 0,
    interval: Interval | None = None,
    averaging: Averaging = PLAIN,
    flanks: Flank = ("", ""),
    on_progress: OnProgress = None,
) -> ContributionScores:
    """Mean gradient on the straight way from a baseline to the sequence, times the way; of the whole window.

    They add up to the target minus that of the baseline, but for `convergence_error`.

    Parameters
    ----------
    steps : points on the way, both ends among them, 2 or more; as many gradients are taken.
    baseline : "zeros", as if all letters were N, or "shuffled", one `dinucleotide_shuffle` by `seed`.
    sequence, interval, averaging, flanks, on_progress : as for `gradient_x_input`.

    Raises
    ------
    SequenceError, SelectionError, DeviceMemoryError, ModelOutputError
        As `gradient_x_input`; also of fewer than 2 steps or another baseline.

    Source: Sundararajan et al. 2017 (arXiv 1703.01365), the integral by the trapezoid rule.
    """
    asked = AskedTarget.of(engine, sequence, target, interval=interval, averaging=averaging, flanks=flanks)
    plan = GradientPlan(asked, "integrated_gradients", steps=steps, baseline=baseline, seed=seed)
    return plan.run(on_progress)


def expected_gradients(
    engine: EnformerEngine,
    sequence: str | np.ndarray,
    target: Target,
    *,
    baselines: int = BASELINES,
    seed: int = 0,
    interval: Interval | None = None,
    averaging: Averaging = PLAIN,
    flanks: Flank = ("", ""),
    on_progress: OnProgress = None,
) -> ContributionScores:
    """As integrated gradients, from many dinucleotide shuffles, each with a gradient at one point of its way.

    They add up to the target minus its mean over the shuffles, but for `convergence_error`.

    Parameters
    ----------
    baselines : shuffles, 1 or more. Their points are spread evenly over the way, one at random in each part of it.
    seed : decides shuffles and points.
    sequence, interval, averaging, flanks, on_progress : as for `gradient_x_input`.

    Raises
    ------
    SequenceError, SelectionError, DeviceMemoryError, ModelOutputError
        As `gradient_x_input`; also of fewer than 1 baseline.

    Source: Erion et al. 2021 (doi 10.1038/s42256-021-00343-w).
    """
    asked = AskedTarget.of(engine, sequence, target, interval=interval, averaging=averaging, flanks=flanks)
    return GradientPlan(asked, "expected_gradients", baselines=baselines, seed=seed).run(on_progress)


@dataclass(frozen=True, eq=False)
class GradientPlan:
    """A gradient method cut into units that can each be computed and kept by themselves.

    Attributes
    ----------
    steps, baseline : of integrated gradients. baselines : of expected gradients. seed : of both.
    at_once : points of one unit at most.

    Raises
    ------
    SelectionError
        A number of steps or baselines, or a baseline, that cannot be used.
    """

    asked: AskedTarget
    method: Method
    steps: int = STEPS
    baseline: Baseline = "zeros"
    baselines: int = BASELINES
    seed: int = 0
    at_once: int = AT_ONCE

    def __post_init__(self) -> None:
        if self.method == "integrated_gradients":
            _check_count("steps", self.steps, 2)
            if self.baseline not in ("zeros", "shuffled"):
                raise SelectionError(f"The baseline {self.baseline!r} is none; give 'zeros' or 'shuffled'.")
        elif self.method == "expected_gradients":
            _check_count("baselines", self.baselines, 1)
        elif self.method != "gradient_x_input":
            raise SelectionError(f"{self.method!r} is no gradient method.")

    @cached_property
    def points(self) -> int:
        """Points of the way of one run, each of which a unit takes a gradient at."""
        return {"integrated_gradients": self.steps, "expected_gradients": self.baselines}.get(self.method, 1)

    @cached_property
    def units(self) -> tuple[tuple[int, int, int], ...]:
        """(run, first point, stop) of each unit."""
        firsts = range(0, self.points, self.at_once)
        runs = range(len(self.asked.runs))
        return tuple((run, first, min(first + self.at_once, self.points)) for run in runs for first in firsts)

    @property
    def gradients(self) -> int:
        """How many gradients are taken in all."""
        extra = self.baselines + 1 if self.method == "expected_gradients" else 0
        return len(self.asked.runs) * (self.points + extra)

    def unit(self, number: int, on_progress: OnProgress = None) -> dict[str, np.ndarray]:
        """What one unit adds.

        Returns
        -------
        "weights" (length, 4) float64 along the window, forward strand: what each letter would add. "numbers" (2,)
        float64: to the target of what the run read, and to its mean over the baselines.
        """
        run = self.asked.runs[self.units[number][0]]
        letters = self.asked.asked.read(run)
        make = {"integrated_gradients": self._integrated, "expected_gradients": self._expected}
        weights, value, baseline = make.get(self.method, self._plain)(number, letters, on_progress)
        return {"weights": self.asked.laid_back(weights, run), "numbers": np.array([value, baseline])}

    def _plain(self, number: int, letters: str, told: OnProgress) -> tuple[np.ndarray, float, float]:
        found = self._gradients(number, one_hot(letters)[None], told)
        return found.gradients[0].astype(np.float64), float(found.values[0]), 0.0

    def _integrated(self, number: int, letters: str, told: OnProgress) -> tuple[np.ndarray, float, float]:
        _, first, stop = self.units[number]
        there, (shares, weights) = one_hot(letters), _even(self.steps)
        zeros = self.baseline == "zeros"
        before = np.zeros_like(there) if zeros else one_hot(dinucleotide_shuffle(letters, self.seed))
        points = before + shares[first:stop, None, None].astype(np.float32) * (there - before)
        found = self._gradients(number, points, told)
        mean = np.tensordot(weights[first:stop], found.gradients.astype(np.float64), axes=(0, 0))
        value = found.values[-1] if stop == self.steps else 0.0
        return _from(before, mean), float(value), float(found.values[0]) if first == 0 else 0.0

    def _expected(self, number: int, letters: str, told: OnProgress) -> tuple[np.ndarray, float, float]:
        _, first, stop = self.units[number]
        random = np.random.default_rng(self.seed)
        shares = (random.permutation(self.baselines) + random.random(self.baselines)) / self.baselines
        there, weights, baseline = one_hot(letters), np.zeros((len(letters), 4)), 0.0
        ends = 1 if first == 0 else 0  # the first unit takes the target of the sequence itself
        total = 2 * (stop - first) + ends
        for place in range(first, stop):
            before = one_hot(dinucleotide_shuffle(letters, self.seed + place))
            points = np.stack([before, before + np.float32(shares[place]) * (there - before)])
            part = part_of(told, 2 * (place - first) / total, 2 / total)
            found = self._gradients(number, points, part)
            weights += _from(before, found.gradients[1].astype(np.float64)) / self.baselines
            baseline += found.values[0] / self.baselines
        value = 0.0
        if ends:
            value = self._gradients(number, there[None], part_of(told, 1 - 1 / total, 1 / total)).values[0]
        return weights, float(value), float(baseline)

    def _gradients(self, number: int, points: np.ndarray, told: OnProgress) -> InputGradients:
        wanted = self.asked.gradient_target(self.asked.runs[self.units[number][0]])
        return input_gradients(self.asked.engine, points, wanted, on_progress=told)

    def scores(self, units: Iterable[Unit]) -> ContributionScores:
        """All units, in order, together."""
        asked, runs, there = self.asked, len(self.asked.runs), one_hot(self.asked.letters)
        weights, numbers = np.zeros(there.shape), np.zeros(2)
        bases = np.zeros((runs, len(there)))
        for (run, _, _), unit in zip(self.units, units, strict=True):
            weights += unit["weights"] / runs
            numbers += unit["numbers"] / runs
            bases[run] += (unit["weights"] * there).sum(axis=1)
        contributions = (weights * there).astype(np.float32)
        error = None
        if self.method != "gradient_x_input":
            error = abs(float(contributions.sum(dtype=np.float64) - (numbers[0] - numbers[1])))
        return ContributionScores(
            values=contributions,
            method=self.method,
            letters=asked.letters,
            start=0,
            target=asked.target,
            target_value=float(numbers[0]),
            provenance=asked.engine.provenance,
            interval=asked.asked.window.interval,
            hypothetical=weights.astype(np.float32),
            spread=None if runs == 1 else bases.std(axis=0).astype(np.float32),
            convergence_error=error,
            runs=asked.names,
            notes=asked.notes(0, len(there)),
        )

    def run(self, on_progress: OnProgress = None) -> ContributionScores:
        """Every unit, one after another."""
        count = len(self.units)
        found = self.scores(
            self.unit(number, part_of(on_progress, number / count, 1 / count)) for number in range(count)
        )
        if on_progress is not None:
            on_progress(1.0)
        return found


def _from(before: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """(length, 4): what each letter would add in the place of the baseline's."""
    return gradient - (before * gradient).sum(axis=1, keepdims=True)


def _check_count(what: str, count: int, least: int) -> None:
    if not isinstance(count, int | np.integer) or not least <= count <= MOST_STEPS:
        raise SelectionError(f"{count!r} {what} are asked for; give a whole number from {least} to {MOST_STEPS:,}.")


def _even(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Points from 0 to 1 with both ends, and weights that add up to 1: the trapezoid rule.

    Gauss and Lobatto's points lie closer at both ends, and an Enformer changes fastest in the middle of the way: on the
    playground they were no nearer with as many points.
    """
    weights = np.full(count, 1 / (count - 1))
    weights[[0, -1]] /= 2
    return np.linspace(0, 1, count), weights
