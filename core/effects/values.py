"""What a variant does to predicted tracks, as values: `VariantEffect`, and `Rejected` for what cannot be scored."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.cards import Provenance
from core.enformer.tracks import Track
from core.enformer.values import SPREAD_KIND, TrackSet
from core.errors import SelectionError
from core.genome.interval import Interval
from core.genome.variant import Variant


@dataclass(frozen=True)
class Rejected:
    """A variant that is not scored, and why.

    Attributes
    ----------
    line : number of its line in the file or the text, from 1; 0 where it came from no file.
    text : the line as given, shortened.
    reason : a sentence: what is wrong, and what to give instead.
    offer : the variant that was probably meant (other strand, alleles swapped), or None.
    """

    line: int
    text: str
    reason: str
    offer: Variant | None = None


@dataclass(frozen=True, eq=False)
class VariantEffect:
    """Predicted tracks of a window with the reference's letters and with the variant's, in one coordinate frame.

    The frame is the reference's: bin 0 of both covers the same bases, and so do all others; `rule` says how the shift
    of an insertion or a deletion was undone.

    Attributes
    ----------
    variant : as it was given.
    changes : what was changed in the window, left-normalised, from the left; several of a haplotype.
    ref_runs, alt_runs : (runs, bins, tracks) float32, in each track's own unit; one run, or those that are averaged.
    tracks : what each column is.
    interval : what the bins cover (the model's own crop), forward strand.
    window : what was read, as wide as the model's input.
    deleted : (bins,) bool: bins whose letters are all gone; the alternative counts 0 there.
    rule : how insertions and deletions were aligned, one sentence; "" where nothing moved.
    provenance : model, revision, precision, assembly.
    runs : what was averaged, in words. notes : sentences that a person should know.
    sequence_digest : sha256 (hexadecimal) of the window's letters.
    """

    variant: Variant | None
    changes: tuple[Variant, ...]
    ref_runs: np.ndarray
    alt_runs: np.ndarray
    tracks: tuple[Track, ...]
    interval: Interval
    window: Interval
    deleted: np.ndarray
    bin_size_bp: int
    first_bin: int
    head: str
    provenance: Provenance
    sequence_digest: str
    rule: str = ""
    runs: tuple[str, ...] = ("forward",)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        shape = (len(self.runs), self.interval.width_bp // self.bin_size_bp, len(self.tracks))
        for array in (self.ref_runs, self.alt_runs):
            if array.shape != shape or array.dtype != np.float32:
                raise ValueError(f"{array.shape} {array.dtype} for (runs, bins, tracks) {shape}")
            array.setflags(write=False)
        if self.deleted.shape != shape[1:2] or self.deleted.dtype != bool:
            raise ValueError(f"{self.deleted.shape} {self.deleted.dtype} for {shape[1]} bins")
        self.deleted.setflags(write=False)
        if self.interval.width_bp % self.bin_size_bp or not self.window.contains(self.interval):
            raise ValueError(f"{self.interval.locus} in {self.window.locus}")

    @property
    def bins(self) -> int:
        """Number of bins."""
        return self.ref_runs.shape[1]

    @property
    def nbytes(self) -> int:
        """Bytes held in arrays."""
        return self.ref_runs.nbytes + self.alt_runs.nbytes + self.deleted.nbytes

    @property
    def label(self) -> str:
        """As people read it: "chr1:14,677 G>A"; of a haplotype how many variants it has."""
        if self.variant is not None:
            return self.variant.label
        return f"{len(self.changes)} variant{'s' * (len(self.changes) != 1)} together"

    @cached_property
    def ref(self) -> np.ndarray:
        """(bins, tracks) float32, mean over the runs."""
        return _mean(self.ref_runs)

    @cached_property
    def alt(self) -> np.ndarray:
        """(bins, tracks) float32, mean over the runs, in the reference's frame."""
        return _mean(self.alt_runs)

    @cached_property
    def effect(self) -> np.ndarray:
        """(bins, tracks) float32: alternative minus reference."""
        return _mean(self.alt_runs - self.ref_runs)

    @cached_property
    def spread(self) -> np.ndarray | None:
        """(bins, tracks) float32: population standard deviation of the effect over the runs; None of a single one."""
        if len(self.runs) == 1:
            return None
        return (self.alt_runs - self.ref_runs).astype(np.float64).std(axis=0).astype(np.float32)

    @property
    def shifts_frame(self) -> bool:
        """Whether letters were inserted or deleted."""
        return any(change.length_change_bp for change in self.changes)

    def place(self, track: Track | int) -> int:
        """Column of a track, given as itself or by its index in the model's table.

        Raises
        ------
        SelectionError
            The track was not predicted here.
        """
        index = track if isinstance(track, int | np.integer) else track.index
        if index not in self._places:
            raise SelectionError(
                f"Track {index} is not among the {len(self.tracks):,} scored here; name it when asking."
            )
        return self._places[index]

    @cached_property
    def _places(self) -> dict[int, int]:
        return {track.index: place for place, track in enumerate(self.tracks)}

    def bins_over(self, start: int, end: int) -> slice:
        """The bins that share a base with the 0-based, half-open stretch of the chromosome; may be empty."""
        first = (start - self.interval.start) // self.bin_size_bp
        stop = -((self.interval.start - end) // self.bin_size_bp)
        return slice(max(0, first), max(0, first, min(self.bins, stop)))

    def track_set(self, which: str) -> TrackSet:
        """ "ref", "alt" or "effect" as a `TrackSet`, with the spread over the runs."""
        values = {"ref": self.ref, "alt": self.alt, "effect": self.effect}[which]
        spread = None
        if len(self.runs) > 1:
            runs = {"ref": self.ref_runs, "alt": self.alt_runs}.get(which)
            spread = self.spread if runs is None else runs.astype(np.float64).std(axis=0).astype(np.float32)
        return TrackSet(
            values=values, tracks=self.tracks, bin_size_bp=self.bin_size_bp, provenance=self.provenance,
            interval=self.interval, head=self.head, sequence_digest=self.sequence_digest, first_bin=self.first_bin,
            spread=spread, spread_kind="" if spread is None else SPREAD_KIND, runs=self.runs, notes=self.notes,
        )  # fmt: skip


def _mean(runs: np.ndarray) -> np.ndarray:
    found = runs[0] if len(runs) == 1 else runs.mean(axis=0, dtype=np.float64).astype(np.float32)
    found.setflags(write=False)
    return found
