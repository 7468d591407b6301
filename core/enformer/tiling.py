"""Windows side by side along a chromosome, so that what a model predicts of them meets without a gap.

A model reads a window and predicts its middle. Window 0 is the one around the place that was asked for; window n is
moved by n times what is predicted, so that the predicted middles abut. The numbers are the same whatever else is
looked at, so a window that was predicted before is found again.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.enformer.window import crop
from core.errors import SequenceError
from core.genome.interval import Interval

MAX_WINDOWS = 8


@dataclass(frozen=True)
class WindowGrid:
    """Equal windows along one chromosome.

    Attributes
    ----------
    anchor : what is read for window 0; may overhang the chromosome.
    margin_bp : read before the first predicted base of a window.
    seen_bp : predicted of a window.
    contig_bp : length of the chromosome.

    Raises
    ------
    SequenceError
        What is predicted does not lie inside what is read.
    """

    anchor: Interval
    margin_bp: int
    seen_bp: int
    contig_bp: int

    def __post_init__(self) -> None:
        if self.seen_bp < 1 or self.margin_bp < 0 or self.margin_bp + self.seen_bp > self.anchor.width_bp:
            raise SequenceError(
                f"Of a window of {self.anchor.width_bp:,} bp, {self.seen_bp:,} behind the first {self.margin_bp:,} "
                "cannot be predicted; give a window that holds them."
            )

    @classmethod
    def around(cls, anchor: Interval, *, bin_size_bp: int, own_bins: int, contig_bp: int) -> WindowGrid:
        """The grid of a model that shows `own_bins` bins of `bin_size_bp` from the middle of what it reads.

        Raises
        ------
        SequenceError, SelectionError
            The window is no whole number of bins, or has too few.
        """
        if anchor.width_bp % bin_size_bp:
            raise SequenceError(
                f"A window of {anchor.width_bp:,} bp is no whole number of bins; give a multiple of {bin_size_bp} bp."
            )
        first, stop, _ = crop(anchor.width_bp // bin_size_bp, None, own_bins)
        return cls(anchor, first * bin_size_bp, (stop - first) * bin_size_bp, contig_bp)

    def window(self, number: int) -> Interval:
        """What is read for a window."""
        return self.anchor.shift(number * self.seen_bp)

    def seen(self, number: int) -> Interval:
        """What is predicted of a window; may overhang the chromosome."""
        start = self.anchor.start + self.margin_bp + number * self.seen_bp
        return Interval(self.anchor.chrom, start, start + self.seen_bp)

    def shown(self, number: int) -> Interval:
        """The part of `seen` that lies on the chromosome.

        Raises
        ------
        InvalidLocusError
            None of it does.
        """
        seen = self.seen(number)
        return Interval(seen.chrom, max(0, seen.start), min(self.contig_bp, seen.end))

    def covering(self, start: float, end: float) -> range:
        """Numbers of the windows that predict a base of a stretch of the chromosome, from left to right."""
        low, high = max(0.0, start), min(float(self.contig_bp), end)
        if low >= high:
            return range(0)
        first = self.anchor.start + self.margin_bp
        return range(int((low - first) // self.seen_bp), int(-((first - high) // self.seen_bp)))

    def nearest(self, start: float, end: float, *, most: int = MAX_WINDOWS) -> tuple[int, ...]:
        """Numbers of the windows of a stretch, the one nearest to its middle first, at most so many."""
        middle = (max(0.0, start) + min(float(self.contig_bp), end)) / 2
        centre = (middle - self.anchor.start - self.margin_bp) / self.seen_bp - 0.5
        covering = self.covering(start, end)
        # A stretch may be a whole chromosome: only what can be among the nearest is looked at.
        low = max(covering.start, round(centre) - most)
        found = range(low, min(covering.stop, round(centre) + most + 1))
        return tuple(sorted(found, key=lambda number: (abs(number - centre), number))[:most])
