"""What contributions are asked of: a window, a target, and the runs that are averaged, checked."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.attribution.target import Target, check_bins, first_bin
from core.enformer.asked import Asked
from core.enformer.averaging import Averaging, Run, averaging_notes
from core.enformer.edits import Edit, Flank
from core.enformer.gradient_target import GradientTarget
from core.enformer.window import checked_window
from core.errors import SelectionError
from core.genome.interval import Interval
from core.genome.sequence import BASES, reverse_complement

if TYPE_CHECKING:
    from core.enformer.engine import EnformerEngine

OnProgress = Callable[[float], None] | None
PLAIN = Averaging()


@dataclass(frozen=True, eq=False)
class AskedTarget:
    """A target of a window, as each run sees it.

    Attributes
    ----------
    asked : the window, its flanks, the runs, and the bins of the target from the window's left edge.
    """

    engine: EnformerEngine
    target: Target
    asked: Asked

    @classmethod
    def of(
        cls,
        engine: EnformerEngine,
        sequence: str | np.ndarray,
        target: Target,
        *,
        interval: Interval | None = None,
        averaging: Averaging = PLAIN,
        flanks: Flank = ("", ""),
    ) -> AskedTarget:
        """Check it.

        Raises
        ------
        SequenceError, SelectionError
            The sequence, its interval, a flank or shift, or the head, a track or bin of the target cannot be used.
        """
        window = checked_window(sequence, interval, engine.bin_size_bp, engine.title)
        first = first_bin(engine, len(window.letters))
        bins = [first + number for number in target.bins]
        if max(bins) >= window.bins:
            check_bins(engine, len(window.letters), target)  # says so in the target's own numbers
        asked = Asked.of(engine, window, target.all_tracks, bins, target.head, averaging, flanks)
        check_bins(engine, len(window.letters), target)
        return cls(engine, target, asked)

    @property
    def letters(self) -> str:
        """Upper-case letters of the window."""
        return self.asked.window.letters

    @property
    def runs(self) -> tuple[Run, ...]:
        """Every run, the plain one first."""
        return self.asked.averaging.runs

    @property
    def names(self) -> tuple[str, ...]:
        """The runs in words."""
        return tuple(run.name for run in self.runs)

    def bins(self, run: Run) -> list[int]:
        """Bins of the target from the left edge of what a run reads."""
        count = self.asked.window.bins
        return [count - 1 - number if run.reverse else number for number in self.asked.bins]

    def gradient_target(self, run: Run) -> GradientTarget:
        """The target of what a run reads."""
        plain = self.target.gradient_target(0)
        return GradientTarget(plain.tracks, tuple(self.bins(run)), plain.head, plain.weights)

    def laid_back(self, found: np.ndarray, run: Run) -> np.ndarray:
        """(length, 4) along what a run read -> along the window, forward strand; 0 where the run did not read it."""
        if run.reverse:
            found = found[::-1, ::-1]
        back = np.zeros_like(found)
        shift, length = run.shift_bp, len(found)
        back[max(0, shift) : length + min(0, shift)] = found[max(0, -shift) : length - max(0, shift)]
        return back

    def edit_in(self, edit: Edit, run: Run) -> Edit | None:
        """An edit that keeps the length, as a run reads it; None where it reads nothing of it."""
        length, shift = len(self.letters), run.shift_bp
        start, stop = edit.start - shift, edit.stop - shift
        left, right = max(0, -start), max(0, stop - length)
        if left + right >= stop - start:
            return None
        ref, alt = (text[left : len(text) - right] for text in (edit.ref, edit.alt))
        start += left
        if run.reverse:
            start = length - start - len(ref)
            ref, alt = reverse_complement(ref), reverse_complement(alt)
        return Edit(start, ref, alt)

    def stretch(self, start: int, end: int) -> tuple[int, int]:
        """A stretch of the window, checked.

        Raises
        ------
        SelectionError
            It is none, or reaches out of the window.
        """
        try:
            start, end = operator.index(start), operator.index(end)
        except TypeError as error:
            raise SelectionError(f"The stretch is {start!r} to {end!r}; give two whole numbers of letters.") from error
        length = len(self.letters)
        if not 0 <= start < end <= length:
            raise SelectionError(
                f"The stretch from {start:,} to {end:,} does not lie in the window of {length:,} letters, which are "
                f"counted from 0 with the end left out; give a start below the end, both from 0 to {length:,}. The "
                "model reads nothing outside of the window, so no contribution is known there; 0 would say that the "
                "letters do nothing."
            )
        return start, end

    def place(self, start: int, end: int) -> Interval | None:
        """Where a stretch of the window lies, if that is known."""
        whole = self.asked.window.interval
        return None if whole is None else Interval(whole.chrom, whole.start + start, whole.start + end)

    def notes(self, start: int, end: int) -> tuple[str, ...]:
        """What a person should know of contributions of a stretch."""
        from core.enformer.positions import position_notes

        unknown = sum(letter not in BASES for letter in self.letters[start:end])
        notes = position_notes(self.engine.parts, self.asked.window.bins)
        if unknown:
            notes += (
                f"{unknown:,} of {end - start:,} letters are no A, C, G or T: the model reads zeros there, so they "
                "have no contribution and are shown as 0.",
            )
        return notes + averaging_notes(self.asked.averaging, self.asked.flanks)


def region_in_window(engine: EnformerEngine, window: Interval, place: Interval) -> tuple[int, int]:
    """(start, end) of a place within the window that is read, from 0.

    Raises
    ------
    SelectionError
        It does not lie in the window; the sentence says what is read and what is predicted.
    """
    if place.chrom == window.chrom and window.start <= place.start < place.end <= window.end:
        return place.start - window.start, place.end - window.start
    from core.enformer.window import crop

    size = engine.bin_size_bp
    first, stop, _ = crop(window.width_bp // size, None, engine.own_bins)
    shown = Interval(window.chrom, window.start + first * size, window.start + stop * size)
    raise SelectionError(
        f"{place.locus} does not lie in the window {window.locus}. The model reads these {window.width_bp:,} letters "
        f"and predicts the middle of them, {shown.locus}: letters beside the middle are read, so they have "
        "contributions; letters outside of the window are not, so nothing is known of them. 0 there would say that "
        "they do nothing. Choose a place inside the window, or move the window."
    )


def part_of(on_progress: OnProgress, start: float, width: float) -> OnProgress:
    """Progress of a part of the work: from `start` on, `width` of it."""
    if on_progress is None:
        return None
    return lambda share: on_progress(min(1.0, start + width * share))
