"""What a figure of tracks shows: the prediction, the tracks chosen of it, its place, its genes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.enformer.values import TrackSet
from core.genome.annotation import Gene
from core.genome.interval import Interval

if TYPE_CHECKING:
    from core.enformer.tracks import Track

MAX_SHOWN = 12


@dataclass(frozen=True, eq=False)
class View:
    """What a figure shows.

    Attributes
    ----------
    found : the prediction; its interval is known.
    columns : indices of the tracks to show, from top to bottom.
    window : what the model read, its cropped margins included; may overhang the chromosome.
    contig_bp : length of the chromosome.
    assembly : of the genome, "unknown" where the file does not tell.
    genes : those under the tracks; None where no genes are loaded.
    place : what the person asked for, marked by lines.
    place_name : what is written at that mark.
    shared : one scale for all tracks of an assay, instead of one each.
    logarithm : tracks that are usually drawn so are drawn as log10(1 + x).
    """

    found: TrackSet
    columns: tuple[int, ...]
    window: Interval
    contig_bp: int
    assembly: str
    genes: tuple[Gene, ...] | None
    place: Interval
    place_name: str
    shared: bool = False
    logarithm: bool = True

    @property
    def seen(self) -> Interval:
        """What the tracks cover."""
        assert self.found.interval is not None
        return self.found.interval

    @property
    def shown(self) -> Interval:
        """The part of it that lies on the chromosome: what the figure shows."""
        return Interval(self.seen.chrom, max(0, self.seen.start), min(self.contig_bp, self.seen.end))

    @property
    def on_chromosome(self) -> slice:
        """The bins that touch the chromosome."""
        size = self.found.bin_size_bp
        first = max(0, -self.seen.start) // size
        return slice(first, min(self.found.bins, -((self.seen.start - self.contig_bp) // size)))

    @property
    def tracks(self) -> tuple[Track, ...]:
        """The tracks shown, from top to bottom."""
        return tuple(self.found.tracks[self.found.place(index)] for index in self.columns)

    def is_log(self, track: Track) -> bool:
        """Whether the track is drawn as log10(1 + x)."""
        return self.logarithm and track.log

    def drawn(self, track: Track, values: np.ndarray) -> np.ndarray:
        """Heights on the track's axis."""
        return np.log10(1 + np.maximum(values, 0)) if self.is_log(track) else values

    @property
    def title(self) -> str:
        """For example "Predicted tracks around CD44, chr11:35,082,743-35,197,430"."""
        around = f" around {self.place_name}" if self.place_name else ""
        return f"Predicted tracks{around}, {self.shown.locus}"

    @property
    def window_sentence(self) -> str:
        """What was read and what is predicted."""
        read, seen = self.window.width_bp, self.seen.width_bp
        if read == seen:
            said = f"The model reads {read:,} bp and predicts all of it, in bins of {self.found.bin_size_bp} bp"
        else:
            said = (
                f"The model reads {read:,} bp and predicts the middle {seen:,}, in {self.found.bins:,} bins of "
                f"{self.found.bin_size_bp} bp"
            )
        return f"{said}."

    @property
    def padding_sentence(self) -> str:
        """How much of the window lies outside the chromosome, or ""."""
        before, behind = max(0, -self.window.start), max(0, self.window.end - self.contig_bp)
        sides = [(before, "before the start"), (behind, "behind the end")]
        parts = [f"{count:,} bp {where}" for count, where in sides if count]
        if not parts:
            return ""
        return f"The window reaches {' and '.join(parts)} of {self.window.chrom}: there it is filled with N."
