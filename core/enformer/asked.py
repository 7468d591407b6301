"""What the engine is asked about a window and about edits of it, checked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.enformer.averaging import Averaging, Run, check_shifts, shifted
from core.enformer.edits import Edit, Flank, Haplotype, checked_haplotypes, edited, flanks_of
from core.enformer.tracks import Track, unnamed_tracks
from core.enformer.window import (
    Tracks,
    Window,
    checked_head,
    checked_numbers,
    checked_window,
    chosen_tracks,
    crop,
)
from core.genome.interval import Interval
from core.genome.sequence import reverse_complement

if TYPE_CHECKING:
    from core.enformer.engine import EnformerEngine

PLAIN = Averaging()


@dataclass(frozen=True, eq=False)
class Asked:
    """A window, what is to be predicted of it, and edits of it.

    Attributes
    ----------
    flanks : letters left and right of the window.
    columns : of the head, None for all.
    bins : numbers of the bins to give, in their order, from 0 at the left edge of the window.
    haplotypes : what is changed, each by itself.
    """

    window: Window
    flanks: tuple[str, str]
    averaging: Averaging
    head: str
    tracks: tuple[Track, ...]
    columns: list[int] | None
    bins: tuple[int, ...]
    haplotypes: tuple[Haplotype, ...] = ()

    @classmethod
    def of(
        cls,
        engine: EnformerEngine,
        window: Window,
        tracks: Tracks,
        bins: Iterable[int] | int | None,
        head: str,
        averaging: Averaging,
        flank: Flank,
        edits: Iterable[Haplotype] | Edit = (),
    ) -> Asked:
        """Check it; raises as `EnformerEngine.predict_edits`.

        Parameters
        ----------
        bins : None for the model's own crop.
        """
        count = engine.head_sizes[checked_head(head, engine.head_sizes)]
        chosen = chosen_tracks(tracks, engine.tables.get(head) or unnamed_tracks(count, head), count)
        first, stop, _ = crop(window.bins, None, engine.own_bins)
        numbers = tuple(range(first, stop)) if bins is None else checked_numbers("bin", bins, window.bins)
        flanks = flanks_of(flank)
        check_shifts(averaging, flanks, engine.bin_size_bp)
        return cls(
            window=window,
            flanks=flanks,
            averaging=averaging,
            head=head,
            tracks=chosen,
            columns=None if tracks is None else [track.index for track in chosen],
            bins=numbers,
            haplotypes=checked_haplotypes(edits, window.letters),
        )

    @classmethod
    def of_edits(
        cls,
        engine: EnformerEngine,
        sequence: str | np.ndarray,
        edits: Iterable[Haplotype] | Edit,
        tracks: Tracks = None,
        bins: Iterable[int] | int | None = None,
        head: str = "human",
        flank: Flank = "",
        interval: Interval | None = None,
        averaging: Averaging = PLAIN,
    ) -> Asked:
        """Check what `EnformerEngine.predict_edits` is asked."""
        window = checked_window(sequence, interval, engine.bin_size_bp, engine.title)
        return cls.of(engine, window, tracks, bins, head, averaging, flank, edits)

    def read(self, run: Run, haplotype: Haplotype | None = None) -> str:
        """The letters that a run reads, of the window as it is or edited."""
        letters, (left, right) = self.window.letters, self.flanks
        if haplotype is not None:
            letters, right = edited(letters, haplotype, right)
        letters = shifted(letters, run.shift_bp, (left, right))
        return reverse_complement(letters) if run.reverse else letters

    def shown(self, run: Run) -> tuple[int, int]:
        """(first, stop): the shortest stretch with all bins that are asked, as this run counts them."""
        first, stop = min(self.bins), max(self.bins) + 1
        return (self.window.bins - stop, self.window.bins - first) if run.reverse else (first, stop)

    def places(self, run: Run) -> list[int]:
        """Where in that stretch the bins lie, in the order asked."""
        first = self.shown(run)[0]
        return [self.window.bins - 1 - number - first if run.reverse else number - first for number in self.bins]
