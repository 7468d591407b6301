"""`TrackSet`: predicted tracks, what they cover and where they came from."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.cards import Provenance
from core.errors import SelectionError
from core.genome.interval import Interval

if TYPE_CHECKING:
    from core.enformer.tracks import Track

SPREAD_KIND = "standard deviation over runs"


@dataclass(frozen=True, eq=False)
class TrackSet:
    """Predicted tracks, a column for each.

    Attributes
    ----------
    values : (bins, tracks) float32, in each track's own unit; the mean where several runs were averaged.
    tracks : what each column is, in order.
    bin_size_bp : base pairs that a bin stands for.
    provenance : model, revision, precision, assembly.
    interval : what the bins cover after the crop, forward strand; None where the place of the sequence is not known.
    head : the head that was asked, "human" or "mouse" in Enformer.
    sequence_digest : sha256 (hexadecimal) of the upper-case letters of the window that was read.
    first_bin : number of the first of these bins among all bins of the window: how many were cropped on the left.
    spread : (bins, tracks) float32 over the runs, or None of a single one.
    spread_kind : what the spread is, in words; "" of a single run. Of two runs the population standard deviation is
        half of their difference.
    runs : what was averaged, in words: "forward", "reverse complement, shifted by +3 bp".
    notes : sentences about what was done that a person should know.
    reused : share of the tower, over all runs, that was known from windows read before and not computed, 0 to 1. It
        says how this answer came about and is not kept with it on disk.
    """

    values: np.ndarray
    tracks: tuple[Track, ...]
    bin_size_bp: int
    provenance: Provenance
    interval: Interval | None
    head: str
    sequence_digest: str
    first_bin: int = 0
    spread: np.ndarray | None = None
    spread_kind: str = ""
    runs: tuple[str, ...] = ("forward",)
    notes: tuple[str, ...] = ()
    reused: float = 0.0

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.dtype != np.float32:
            raise ValueError(f"values have the shape {self.values.shape} and type {self.values.dtype}")
        if self.values.shape[1] != len(self.tracks):
            raise ValueError(f"{self.values.shape[1]} columns for {len(self.tracks)} tracks")
        if self.bin_size_bp < 1 or self.first_bin < 0 or not self.runs:
            raise ValueError("bins have a size and a place, and come from at least one run")
        if self.spread is not None and (self.spread.shape != self.values.shape or self.spread.dtype != np.float32):
            raise ValueError(f"spread {self.spread.shape} of values {self.values.shape}")
        if (self.spread is None) == bool(self.spread_kind):
            raise ValueError("a spread needs a kind, and a kind a spread")
        if self.interval is not None and self.interval.width_bp != self.bins * self.bin_size_bp:
            raise ValueError(f"{self.bins} bins of {self.bin_size_bp} bp do not cover {self.interval.locus}")
        for array in (self.values, self.spread):
            if array is not None:
                array.setflags(write=False)

    def __len__(self) -> int:
        """Number of tracks."""
        return len(self.tracks)

    @property
    def bins(self) -> int:
        """Number of bins."""
        return self.values.shape[0]

    @property
    def nbytes(self) -> int:
        """Bytes held in arrays."""
        return self.values.nbytes + (0 if self.spread is None else self.spread.nbytes)

    def place(self, track: Track | int) -> int:
        """Column of a track, given as itself or by its index in the model's table.

        Raises
        ------
        SelectionError
            The track was not predicted here.
        """
        index = track if isinstance(track, int | np.integer) else track.index
        for place, own in enumerate(self.tracks):
            if own.index == index:
                return place
        raise SelectionError(
            f"Track {index} of the {self.head} head is not among the {len(self):,} predicted here; name it when you "
            "predict."
        )

    def column(self, track: Track | int) -> np.ndarray:
        """(bins,) float32 of one track, given as itself or by its index in the model's table.

        Raises
        ------
        SelectionError
            The track was not predicted here.
        """
        return self.values[:, self.place(track)]

    def spread_of(self, track: Track | int) -> np.ndarray | None:
        """(bins,) float32, as `column`; None of a single run.

        Raises
        ------
        SelectionError
            The track was not predicted here.
        """
        place = self.place(track)
        return None if self.spread is None else self.spread[:, place]

    def bin_interval(self, number: int) -> Interval:
        """What one bin covers, counted from 0 among the bins held here.

        Raises
        ------
        SelectionError
            There is no such bin, or the place of the sequence is not known.
        """
        number = operator.index(number)
        if self.interval is None:
            raise SelectionError("The place of this sequence is not known; give its interval when you predict.")
        if not 0 <= number < self.bins:
            raise SelectionError(f"Bin {number} does not exist: there are bins 0 to {self.bins - 1}.")
        start = self.interval.start + number * self.bin_size_bp
        return Interval(self.interval.chrom, start, start + self.bin_size_bp)
