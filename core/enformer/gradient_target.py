"""What a gradient is asked of: one number of a prediction."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from core.errors import SelectionError


@dataclass(frozen=True)
class GradientTarget:
    """One number of a prediction: the sum over tracks of weight x mean over bins.

    Attributes
    ----------
    tracks : numbers of a head's tracks, from 0, each once.
    bins : numbers of bins from 0 at the left edge of the window that is read, each once; nothing is cropped. A bin of
        a `TrackSet` has this number after its `first_bin` is added: 448 of Enformer's 896 bins is 768 here.
    head : "human", "mouse", or another head of the model.
    weights : what each track counts, in their order; None for 1 / tracks each, which is the mean.

    Raises
    ------
    SelectionError
        No track, no bin, one of them twice or below 0, or weights of another number, not finite, or all 0.
    """

    tracks: tuple[int, ...]
    bins: tuple[int, ...]
    head: str = "human"
    weights: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "tracks", _numbers("track", self.tracks))
        object.__setattr__(self, "bins", _numbers("bin", self.bins))
        if self.weights is None:
            return
        weights = tuple(float(weight) for weight in self.weights)
        object.__setattr__(self, "weights", weights)
        if len(weights) != len(self.tracks):
            raise SelectionError(
                f"{len(weights)} weights are given for {len(self.tracks)} tracks; give one for each track."
            )
        if not np.isfinite(weights).all() or not any(weights):
            raise SelectionError("The weights of the tracks are infinite, no numbers or all 0; give others.")

    @classmethod
    def difference(
        cls, tracks: Iterable[int], against: Iterable[int], bins: Iterable[int], head: str = "human"
    ) -> GradientTarget:
        """Mean of some tracks minus mean of others, as of two cell types; a track of both counts with both.

        Raises
        ------
        SelectionError
            As for the target itself, or both means are of the same tracks.
        """
        first, second = _numbers("track", tracks), _numbers("track", against)
        weights = dict.fromkeys((*first, *second), 0.0)
        for track in first:
            weights[track] += 1 / len(first)
        for track in second:
            weights[track] -= 1 / len(second)
        if not any(weights.values()):
            raise SelectionError("Both sides of the difference are the same tracks, so it is 0 everywhere.")
        return cls(tuple(weights), tuple(bins), head, tuple(weights.values()))

    @property
    def track_weights(self) -> np.ndarray:
        """(tracks,) float32: what each track counts."""
        if self.weights is None:
            return np.full(len(self.tracks), 1 / len(self.tracks), np.float32)
        return np.array(self.weights, np.float32)


def _numbers(what: str, given: Iterable[int] | int) -> tuple[int, ...]:
    """Whole numbers from 0, each once, or SelectionError."""
    try:
        numbers = tuple(
            operator.index(number) for number in ((given,) if isinstance(given, int | np.integer) else given)
        )
    except TypeError as error:
        raise SelectionError(f"{what.capitalize()}s are whole numbers from 0, such as (0, 1).") from error
    if not numbers:
        raise SelectionError(f"No {what} is chosen; give at least one.")
    if min(numbers) < 0:
        raise SelectionError(f"{what.capitalize()} {min(numbers)} does not exist: they are counted from 0.")
    if len(set(numbers)) < len(numbers):
        raise SelectionError(f"A {what} is named twice; give each once.")
    return numbers
