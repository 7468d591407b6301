"""The letters that the model is shown of a variant's window, and its predictions in the reference's frame.

Every run of an averaging, on either strand and a few bases beside, is a question of its own to the engine, so that the
spread of an *effect* over the runs is known. Each reading of the alternative goes in as one edit of the run's own
letters: of the tower only what it changes is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.effects.align import Alignment, Core, alignment, cores_of
from core.effects.windows import shown_bins, shown_interval
from core.enformer.averaging import Averaging, Run, check_shifts
from core.enformer.edits import Edit
from core.errors import SequenceError
from core.genome.interval import Interval
from core.genome.reference import Reference
from core.genome.sequence import reverse_complement
from core.genome.sizes import check_letters
from core.genome.variant import Variant

if TYPE_CHECKING:
    from core.enformer.engine import EnformerEngine
    from core.enformer.window import Tracks


@dataclass(frozen=True, eq=False)
class Stretch:
    """Letters of a window and of what lies on both sides of it.

    Attributes
    ----------
    letters : upper case. flank_bp : how many of them lie left of the window; at least as many lie right of it.
    """

    window: Interval
    letters: str
    flank_bp: int

    @classmethod
    def of(cls, genome: Reference, window: Interval, flank_bp: int) -> Stretch:
        """Read from a genome; N beyond the ends of the chromosome.

        Raises
        ------
        InvalidLocusError, GenomeUnavailableError
            As `Reference.fetch`; also of a genome without letters.
        """
        check_letters(genome)
        wide = Interval(window.chrom, window.start - flank_bp, window.end + flank_bp)
        return cls(window, genome.fetch(wide), flank_bp)

    @property
    def sequence(self) -> str:
        """The window's letters."""
        return self.cut(self.letters, 0)

    def cut(self, letters: str, offset_bp: int) -> str:
        """What a window reads that begins so much right of this one's start, of these letters or changed ones."""
        start = self.flank_bp + offset_bp
        return letters[start : start + self.window.width_bp]

    def changed(self, cores: Iterable[Core]) -> str:
        """The letters after changes, given from the left.

        Raises
        ------
        SequenceError
            Two of them change the same letters.
        """
        pieces, place, begin = [], 0, self.window.start - self.flank_bp
        for core in cores:
            start = core.start - begin
            if start < place or start + len(core.ref) > len(self.letters):
                raise SequenceError(
                    f"The change at {self.window.chrom}:{core.start + 1:,} overlaps another one or leaves the letters "
                    "that were read; give changes that do not overlap."
                )
            pieces += [self.letters[place:start], core.alt]
            place = start + len(core.ref)
        return "".join([*pieces, self.letters[place:]])


def flank_needed(changes: Iterable[Iterable[Variant]], averaging: Averaging) -> int:
    """Base pairs beside a window that the readings of these variants, or haplotypes, can reach."""
    moved = [sum(abs(variant.length_change_bp) for variant in several) for several in changes]
    return max(moved, default=0) + averaging.reach_bp


def as_edit(letters: str, other: str) -> Edit:
    """What turns letters into as many others, as one edit; one that changes nothing where they are the same."""
    one, two = (np.frombuffer(text.encode("ascii"), np.uint8) for text in (letters, other))
    differ = np.flatnonzero(one != two)
    start, stop = (int(differ[0]), int(differ[-1]) + 1) if len(differ) else (0, 1)
    return Edit(start, letters[start:stop], other[start:stop])


class Readings:
    """Predictions of several changes of one window, one by one: see `__iter__`.

    Parameters
    ----------
    several : each the variants that are made together, left-normalised; a single variant is one of one.
    on_progress : called with the share that is done; it may raise to give up.

    Attributes
    ----------
    ref_runs : (runs, bins, tracks) float32 of the window as it is. tracks : what the columns are.

    Raises
    ------
    AttendomeError
        As `EnformerEngine.predict_edits`.
    """

    def __init__(
        self,
        engine: EnformerEngine,
        stretch: Stretch,
        several: Sequence[tuple[Variant, ...]],
        tracks: Tracks,
        head: str,
        averaging: Averaging,
        on_progress: Callable[[float], None] | None = None,
    ) -> None:
        check_shifts(averaging, ("", ""), engine.bin_size_bp)
        window = stretch.window
        shown = shown_interval(engine, window)
        self.alignments: list[Alignment] = []
        changed: list[str] = []
        for variants in several:
            cores = cores_of(variants)
            changed.append(stretch.changed(cores))
            self.alignments.append(alignment(cores, shown, engine.bin_size_bp))
        first, stop = shown_bins(engine, window.width_bp)
        bins = window.width_bp // engine.bin_size_bp
        runs = averaging.runs
        shares = [0.0] * len(runs)

        def told(number: int, share: float) -> None:
            shares[number] = share
            if on_progress is not None:
                on_progress(sum(shares) / len(shares))

        self._runs = []
        for number, run in enumerate(runs):
            base = _oriented(stretch.cut(stretch.letters, run.shift_bp), run)
            edits = [
                as_edit(base, _oriented(stretch.cut(letters, offset + run.shift_bp), run))
                for letters, alignment_ in zip(changed, self.alignments, strict=True)
                for offset in alignment_.offsets_bp
            ]
            numbers = [bins - 1 - place for place in range(first, stop)] if run.reverse else list(range(first, stop))
            self._runs.append(
                engine.iter_edits(
                    base, edits, tracks=tracks, bins=numbers, head=head,
                    on_progress=lambda share, number=number: told(number, share),
                )
            )  # fmt: skip
        self.tracks = self._runs[0].tracks
        self.ref_runs = np.stack([run.reference for run in self._runs])
        self.first_bin = first

    def __iter__(self) -> Iterator[tuple[Alignment, np.ndarray]]:
        """(alignment, (runs, bins, tracks) float32 in the reference's frame) of each change, in the order given."""
        for alignment_ in self.alignments:
            aligned = []
            for run in self._runs:
                readings = [next(run)[1] for _ in alignment_.offsets_bp]
                aligned.append(alignment_.aligned(readings))
            yield alignment_, np.stack(aligned)


def _oriented(letters: str, run: Run) -> str:
    return reverse_complement(letters) if run.reverse else letters
