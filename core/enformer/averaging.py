"""Averaging: the same window read on both strands and a few bases beside, as the paper does.

A run reads the window moved by `shift_bp` along the chromosome, on one strand. Its output is turned back along the
bins before it is averaged. Tracks keep their columns: those of Enformer have no strand (its CAGE tracks count both).
Shifts are at most half a bin, and bins are averaged as they stand, as Basenji's are.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.errors import SequenceError
from core.genome.interval import Interval
from core.genome.sequence import check_sequence
from core.genome.sizes import check_letters

if TYPE_CHECKING:
    from core.genome.reference import Reference


@dataclass(frozen=True)
class Averaging:
    """Which runs are averaged.

    Attributes
    ----------
    reverse_complement : read the other strand too.
    shifts : bp that the window is moved by, in runs beside the unmoved one, which is always among them; positive
        numbers move it towards the end of the chromosome.
    """

    reverse_complement: bool = False
    shifts: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        given: Iterable[int] = (self.shifts,) if isinstance(self.shifts, int | np.integer) else self.shifts
        try:
            shifts = tuple(dict.fromkeys(operator.index(shift) for shift in given))
        except TypeError as error:
            raise SequenceError(
                f"The shifts are {self.shifts!r}; give whole numbers of bp, such as (-1, 1)."
            ) from error
        object.__setattr__(self, "shifts", tuple(shift for shift in shifts if shift))

    @property
    def reach_bp(self) -> int:
        """Bases that the runs read on either side of the window."""
        return max((abs(shift) for shift in self.shifts), default=0)

    @property
    def runs(self) -> tuple[Run, ...]:
        """Every run, the plain one first."""
        strands = (False, True) if self.reverse_complement else (False,)
        return tuple(Run(shift, reverse) for shift in (0, *self.shifts) for reverse in strands)


@dataclass(frozen=True)
class Run:
    """One reading of the window: moved by `shift_bp`, on the other strand if `reverse`."""

    shift_bp: int
    reverse: bool

    @property
    def name(self) -> str:
        """ "forward" or "reverse complement, shifted by +3 bp"."""
        strand = "reverse complement" if self.reverse else "forward"
        return f"{strand}, shifted by {self.shift_bp:+d} bp" if self.shift_bp else strand


def shifted(sequence: str, shift_bp: int, flanks: tuple[str, str] = ("", "")) -> str:
    """The window moved along the chromosome: as long as `sequence`, with bases of the flanks, or N, entering.

    Parameters
    ----------
    flanks : the letters left and right of the window, each in reading order; N stands for what is not given.

    >>> shifted("ACGT", 2, ("", "GA")), shifted("ACGT", -2, ("TC", ""))
    ('GTGA', 'TCAC')
    """
    reach = abs(shift_bp)
    if not reach:
        return sequence
    left, right = flanks
    wide = left[-reach:].rjust(reach, "N") + sequence + right[:reach].ljust(reach, "N")
    return wide[reach + shift_bp : reach + shift_bp + len(sequence)]


def window_with_flanks(reference: Reference, interval: Interval, averaging: Averaging) -> tuple[str, tuple[str, str]]:
    """The letters of a window, and those beside it that the shifted runs read, in one look at the genome.

    >>> sequence, flanks = window_with_flanks(genome, interval, averaging)             # doctest: +SKIP
    >>> engine.predict(sequence, interval=interval, averaging=averaging, flanks=flanks)  # doctest: +SKIP

    Raises
    ------
    InvalidLocusError, GenomeUnavailableError
        As `Reference.fetch`; also of a genome without letters.
    """
    check_letters(reference)
    reach = averaging.reach_bp
    wide = reference.fetch(Interval(interval.chrom, interval.start - reach, interval.end + reach))
    return wide[reach : len(wide) - reach], (wide[:reach], wide[len(wide) - reach :])


def check_shifts(averaging: Averaging, flanks: tuple[str, str], bin_size_bp: int) -> None:
    """Check that shifts stay within half a bin and that flanks are DNA.

    Raises
    ------
    SequenceError
        They do not.
    """
    if averaging.reach_bp > bin_size_bp // 2:
        raise SequenceError(
            f"A shift of {averaging.reach_bp} bp would move the tracks to other bins of {bin_size_bp} bp; give shifts "
            f"from {-(bin_size_bp // 2)} to {bin_size_bp // 2} bp."
        )
    for flank in flanks:
        check_sequence(flank)


def averaging_notes(averaging: Averaging, flanks: tuple[str, str]) -> tuple[str, ...]:
    """What a person should know of the runs: bases that were missing beside the window, and the other strand."""
    left = max((-shift for shift in averaging.shifts if shift < 0), default=0) - len(flanks[0])
    right = max((shift for shift in averaging.shifts if shift > 0), default=0) - len(flanks[1])
    notes = []
    if max(left, right) > 0:
        notes.append(
            f"Shifted runs read up to {max(left, right)} N at an edge: the bases beside the window were not given."
        )
    if averaging.reverse_complement:
        notes.append("Both strands were read and averaged track by track: no track here belongs to one strand alone.")
    return tuple(notes)


class Mean:
    """Mean and standard deviation of arrays that come one by one; holds two arrays, however many come.

    Source: Welford 1962 (doi 10.1080/00401706.1962.10490022).
    """

    def __init__(self) -> None:
        self.count = 0
        self._first: np.ndarray | None = None
        self._mean: np.ndarray | None = None
        self._squares: np.ndarray | None = None

    def add(self, values: np.ndarray) -> None:
        """Take another array of the same shape."""
        self.count += 1
        if self._first is None:
            self._first = values
            return
        if self._mean is None:
            self._mean = self._first.astype(np.float64)
            self._squares = np.zeros_like(self._mean)
        apart = values - self._mean
        self._mean += apart / self.count
        self._squares += apart * (values - self._mean)

    @property
    def mean(self) -> np.ndarray:
        """float32; a single array as it came."""
        return self._first if self._mean is None else self._mean.astype(np.float32)

    @property
    def spread(self) -> np.ndarray | None:
        """float32 population standard deviation; None of a single array."""
        return None if self._squares is None else np.sqrt(self._squares / self.count).astype(np.float32)
