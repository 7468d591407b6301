"""Which bases reach which bins of the tower, from kernel sizes and pooling alone.

A stage of the tower is a convolution that sees `reach` positions to either side, work on single positions, and a
pooling of neighbours. Positions are half-open ranges; bins are those of the whole window, before any crop.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.enformer.parts import Parts


@dataclass(frozen=True)
class Span:
    """What one stage reads of its input.

    Attributes
    ----------
    start, stop : positions of the stage's input that are read; both lie in the window.
    left, right : how many zeros stand for positions before and behind the window, which the convolution pads with.
    """

    start: int
    stop: int
    left: int
    right: int

    @property
    def positions(self) -> int:
        """How many positions are read."""
        return self.stop - self.start


def reaches(parts: Parts) -> tuple[int, ...]:
    """Positions that each stage's convolution sees on either side: 7 in Enformer's stem, 2 behind it."""
    return tuple(stage.convolution.weight.shape[-1] // 2 for stage in parts.stages)


def affected_bins(parts: Parts, start_bp: int, stop_bp: int) -> tuple[int, int]:
    """Bins of the tower's output that change with the bases `start_bp` to `stop_bp`, half-open both.

    The range may pass the window's ends; clip it there. In Enformer one base changes at most 6 bins.

    >>> affected_bins(parts, 57_344, 57_345)  # of Enformer: the first base of bin 448    # doctest: +SKIP
    (445, 451)
    """
    for reach in reaches(parts):
        start_bp, stop_bp = (start_bp - reach) // 2, -((-stop_bp - reach) // 2)
    return start_bp, stop_bp


def bases_of_bins(parts: Parts, first: int, stop: int) -> tuple[int, int]:
    """Bases that the bins `first` to `stop` of the tower's output depend on, half-open both.

    The range may pass the window's ends; clip it there.
    """
    for reach in reversed(reaches(parts)):
        first, stop = 2 * first - reach, 2 * stop + reach
    return first, stop


def spans(parts: Parts, length: int, first: int, stop: int) -> tuple[Span, ...]:
    """What each stage reads so that the tower gives exactly the bins `first` to `stop` of a window of `length` bases.

    Two ranges whose spans have the same lengths and zeros can go through the tower together.

    Raises
    ------
    ValueError
        The window has no such bins, or its length is no multiple of the bin size.
    """
    bins, rest = divmod(length, parts.bin_size_bp)
    if rest or not 0 <= first < stop <= bins:
        raise ValueError(f"bins {first} to {stop} of a window of {length} bases: it has {bins} and {rest} bases more")
    found: list[Span] = []
    for number, reach in reversed(list(enumerate(reaches(parts)))):
        start, end, there = 2 * first - reach, 2 * stop + reach, length >> number
        left, right = max(0, -start), max(0, end - there)
        first, stop = start + left, end - right
        found.append(Span(first, stop, left, right))
    return tuple(reversed(found))
