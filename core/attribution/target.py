"""`Target`: the number that contributions explain, the mean of chosen tracks over chosen bins, always also in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.enformer.gradient_target import GradientTarget
from core.enformer.window import crop
from core.errors import SelectionError

if TYPE_CHECKING:
    from core.enformer.engine import EnformerEngine


@dataclass(frozen=True)
class Target:
    """The mean of tracks over bins; or the mean of some tracks minus the mean of others, as of two cell types.

    Attributes
    ----------
    tracks : numbers of the head's tracks, from 0, each once.
    bins : numbers of bins as `EnformerEngine.predict` gives them, from 0 at the first bin shown: Enformer's own are 0
        to 895, and a transcription start in the middle of the window lies in 447 to 449.
    name : in words, such as "mean of CAGE:K562 (4828, 5111) over 3 bins at the HBE1 TSS"; made from the numbers where
        none is given.
    head : "human", "mouse", or another head of the model.
    against : tracks whose mean is taken off.

    Raises
    ------
    SelectionError
        No track, no bin, one of them twice or below 0, or the same tracks on both sides.
    """

    tracks: tuple[int, ...]
    bins: tuple[int, ...]
    name: str = ""
    head: str = "human"
    against: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        plain = GradientTarget(self.tracks, self.bins, self.head)
        object.__setattr__(self, "tracks", plain.tracks)
        object.__setattr__(self, "bins", plain.bins)
        against = self.against
        if isinstance(against, int | np.integer) or len(tuple(against)):
            against = GradientTarget(against, self.bins, self.head).tracks
            GradientTarget.difference(plain.tracks, against, plain.bins, self.head)  # refuses the same on both sides
        object.__setattr__(self, "against", tuple(against))
        if not self.name:
            object.__setattr__(self, "name", _words(self))

    @property
    def all_tracks(self) -> tuple[int, ...]:
        """Every track that has to be predicted, each once."""
        return tuple(dict.fromkeys((*self.tracks, *self.against)))

    def gradient_target(self, first_bin: int) -> GradientTarget:
        """As the engine's gradient asks for it; `first_bin` is the number of bin 0 from the window's left edge."""
        bins = tuple(first_bin + number for number in self.bins)
        if not self.against:
            return GradientTarget(self.tracks, bins, self.head)
        return GradientTarget.difference(self.tracks, self.against, bins, self.head)

    def value(self, values: np.ndarray) -> np.ndarray:
        """Of predictions (..., bins, tracks) of exactly `bins` and `all_tracks`: (...) float64."""
        means = np.asarray(values, np.float64).mean(axis=-2)
        places = {track: place for place, track in enumerate(self.all_tracks)}
        found = means[..., [places[track] for track in self.tracks]].mean(axis=-1)
        if self.against:
            found = found - means[..., [places[track] for track in self.against]].mean(axis=-1)
        return found


def first_bin(engine: EnformerEngine, length: int) -> int:
    """Number, from the left edge of a window of `length` bp, of the first bin that the engine shows.

    Raises
    ------
    SelectionError
        As `EnformerEngine.predict`.
    """
    return crop(length // engine.bin_size_bp, None, engine.own_bins)[0]


def check_bins(engine: EnformerEngine, length: int, target: Target) -> None:
    """Raise SelectionError where a bin of the target is not among those that the engine shows."""
    first, stop, _ = crop(length // engine.bin_size_bp, None, engine.own_bins)
    if max(target.bins) >= stop - first:
        raise SelectionError(
            f"Bin {max(target.bins):,} of the target does not exist: {engine.title} shows bins 0 to "
            f"{stop - first - 1:,} of {length:,} bp; take bins inside them, or move the window. Letters beside these "
            "bins are read, but nothing is predicted of them, as the model would see too little around."
        )


def _words(target: Target) -> str:
    count = len(target.bins)
    where = f"bin {target.bins[0]}" if count == 1 else f"{count} bins ({target.bins[0]} to {target.bins[-1]})"
    if not target.against:
        return f"mean of {_tracks(target.tracks)} over {where}"
    return f"mean of {_tracks(target.tracks)} minus mean of {_tracks(target.against)} over {where}"


def _tracks(numbers: Iterable[int]) -> str:
    numbers = tuple(numbers)
    shown = ", ".join(map(str, numbers[:4])) + (f" and {len(numbers) - 4} more" if len(numbers) > 4 else "")
    return f"track {shown}" if len(numbers) == 1 else f"tracks {shown}"
