"""What a figure of tracks shows: the prediction, the tracks chosen of it, its place, its genes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from core.enformer.values import TrackSet
from core.genome.annotation import Gene
from core.genome.interval import Interval
from core.teaching.playground.files import LABEL

if TYPE_CHECKING:
    from core.enformer.tracks import Track

MAX_SHOWN = 12
PREDICTION, TRUTH = "prediction", "truth (the grammar)"


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
    origin : of a simulated genome where it comes from, "" of any other.
    truth : (bins, shown tracks) float32 in the bins and units of the prediction, where it is known and asked for.

    Raises
    ------
    ValueError
        The truth has other bins or tracks than what is shown.
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
    origin: str = ""
    truth: np.ndarray | None = None

    def __post_init__(self) -> None:
        shape = (self.found.bins, len(self.columns))
        if self.truth is not None:
            if self.truth.shape != shape:
                raise ValueError(f"a truth of the shape {self.truth.shape} for bins and tracks {shape}")
            self.truth.setflags(write=False)

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

    def truth_of(self, track: Track) -> np.ndarray | None:
        """(bins,) float32; None where no truth is shown."""
        return None if self.truth is None else self.truth[:, self.columns.index(track.index)]

    def agreement(self, track: Track) -> float | None:
        """Pearson's r of prediction and truth over the bins on the chromosome, of the values and not of logarithms.

        None where no truth is shown, or one of the two is level.
        """
        from core.teaching.playground.heldout import pearson

        if (truth := self.truth_of(track)) is None:
            return None
        found = pearson(self.found.column(track)[self.on_chromosome], truth[self.on_chromosome])
        return None if np.isnan(found) else found

    def agreement_sentence(self, track: Track) -> str:
        """For example "r = 0.97"; "" where no truth is shown."""
        if self.truth is None:
            return ""
        found = self.agreement(track)
        if found is None:
            return "r = none, as one of them is level"
        return f"r = {found:.3f}" if found >= 0.995 else f"r = {found:.2f}"  # nearly 1 is not 1

    @property
    def provenance_sentence(self) -> str:
        """Where it comes from; what is simulated says so."""
        told = self.found.provenance
        if not self.origin:
            return told.sentence
        assembly = None if told.assembly == self.assembly else told.assembly  # the origin names it
        return f"{replace(told, assembly=assembly).sentence} · {self.origin}"

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
    def subtitle(self) -> str:
        """What stands under the title."""
        return f"{self.window_sentence[:-1]} · {LABEL}" if self.origin else self.window_sentence

    @property
    def padding_sentence(self) -> str:
        """How much of the window lies outside the chromosome, or ""."""
        before, behind = max(0, -self.window.start), max(0, self.window.end - self.contig_bp)
        sides = [(before, "before the start"), (behind, "behind the end")]
        parts = [f"{count:,} bp {where}" for count, where in sides if count]
        if not parts:
            return ""
        return f"The window reaches {' and '.join(parts)} of {self.window.chrom}: there it is filled with N."
