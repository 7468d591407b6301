"""`Strip`: what is predicted along a chromosome, window after window, and what is chosen of it to be seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from components.browser.scene import Piece
from core.cards import Provenance
from core.enformer.tiling import WindowGrid
from core.enformer.values import TrackSet
from core.genome.annotation import Gene
from core.genome.interval import Interval
from core.teaching.playground.files import LABEL

if TYPE_CHECKING:
    from core.enformer.tracks import Track

MAX_SHOWN = 12
PREDICTION, TRUTH = "prediction", "truth (the grammar)"
NOT_AVERAGED = "not averaged yet"


@dataclass(frozen=True, eq=False)
class Strip:
    """What is predicted along a chromosome.

    Attributes
    ----------
    grid : the windows.
    found : number of a window -> all its tracks; the windows that are there.
    tracks : those that are shown, from top to bottom.
    bin_size_bp : of the model.
    provenance : of the model, also where nothing is predicted yet.
    view : (start, end) that is seen, 0-based and half-open, on the chromosome.
    assembly : of the genome, "unknown" where the file does not tell.
    genes : those that are seen; None where no genes are loaded.
    place : what was asked for. place_name : the gene's name, or "".
    origin : of a simulated genome where it comes from, "" of any other.
    truth : number of a window -> (bins, shown tracks) float32 in the bins and units of the prediction, where it is
        known and asked for; as many as `found`, or none.
    plain : windows of `found` that are shown as a single run gives them, until their averages are there.
    measured : index of a track -> what was measured of it, where that is the line over it.

    Raises
    ------
    ValueError
        The truth has other windows, bins or tracks than what is shown.
    """

    grid: WindowGrid
    found: Mapping[int, TrackSet]
    tracks: tuple[Track, ...]
    bin_size_bp: int
    provenance: Provenance
    view: tuple[float, float]
    assembly: str
    genes: tuple[Gene, ...] | None
    place: Interval
    place_name: str
    origin: str = ""
    truth: Mapping[int, np.ndarray] = field(default_factory=dict)
    plain: frozenset[int] = frozenset()
    measured: Mapping[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.truth and set(self.truth) != set(self.found):
            raise ValueError(f"a truth of the windows {sorted(self.truth)} for {sorted(self.found)}")
        for number, values in self.truth.items():
            if values.shape != (self.found[number].bins, len(self.tracks)):
                raise ValueError(f"a truth of the shape {values.shape} for {len(self.tracks)} tracks")

    @property
    def numbers(self) -> tuple[int, ...]:
        """Of the windows that are there, from left to right."""
        return tuple(sorted(self.found))

    @property
    def chrom(self) -> str:
        """Name of the chromosome."""
        return self.grid.anchor.chrom

    @property
    def seen(self) -> Interval:
        """What is seen, in whole base pairs."""
        start = max(0, int(self.view[0]))
        return Interval(self.chrom, start, max(start + 1, min(self.grid.contig_bp, round(self.view[1]))))

    def pieces(self, track: Track) -> tuple[Piece, ...]:
        """The bins of a track, a piece for each window, with their spread and the truth where there are such."""
        made = []
        for number in self.numbers:
            spread, truth = self.found[number].spread_of(track), self.truth_of(number, track)
            made.append(
                Piece(
                    self.grid.seen(number).start,
                    float(self.bin_size_bp),
                    np.ascontiguousarray(self.found[number].column(track)),
                    None if spread is None else np.ascontiguousarray(spread),
                    truth,
                )
            )
        return tuple(made)

    def truth_of(self, number: int, track: Track) -> np.ndarray | None:
        """(bins,) float32 of a window; None where no truth is shown."""
        if number not in self.truth:
            return None
        place = [own.index for own in self.tracks].index(track.index)
        return np.ascontiguousarray(self.truth[number][:, place])

    def bins(self, number: int, *, seen: bool) -> slice:
        """The bins of a window that touch the chromosome, or what is seen of it."""
        stretch, size = self.grid.seen(number), self.bin_size_bp
        low, high = (self.seen.start, self.seen.end) if seen else (0, self.grid.contig_bp)
        first = max(0, low - stretch.start) // size
        stop = min(stretch.width_bp // size, -((stretch.start - high) // size))
        return slice(first, max(first, stop))

    def stretches(self, *, seen: bool = True) -> Iterator[tuple[int, slice]]:
        """(window, its bins) of all that is there and seen, or that is there and on the chromosome."""
        for number in self.numbers:
            bins = self.bins(number, seen=seen)
            if bins.start < bins.stop:
                yield number, bins

    def agreement(self, track: Track) -> float | None:
        """Pearson's r of prediction and truth over all bins on the chromosome that are there, of the values and not of
        logarithms. None where no truth is shown, or one of the two is level."""
        from core.teaching.playground.heldout import pearson

        if not self.truth:
            return None
        predicted, known = [], []
        for number, bins in self.stretches(seen=False):
            predicted.append(self.found[number].column(track)[bins])
            known.append(self.truth_of(number, track)[bins])
        found = pearson(np.concatenate(predicted), np.concatenate(known))
        return None if np.isnan(found) else found

    def agreement_sentence(self, track: Track) -> str:
        """For example "r = 0.97"; "" where no truth is shown."""
        if not self.truth:
            return ""
        return correlation_words(self.agreement(track))

    @property
    def provenance_sentence(self) -> str:
        """Where it comes from; what is simulated, or not averaged yet, says so."""
        told = self.provenance
        if self.origin and told.assembly == self.assembly:  # the origin names it already
            told = replace(told, assembly=None)
        return " · ".join(filter(None, (told.sentence, self.origin, self.plain_words)))

    @property
    def plain_words(self) -> str:
        """That what is shown is not the mean that was asked for, or ""."""
        if not self.plain:
            return ""
        return NOT_AVERAGED if self.plain >= set(self.found) else f"partly {NOT_AVERAGED}"

    @property
    def title(self) -> str:
        """For example "Predicted tracks around CD44", or "Predicted tracks on chr11, moved from CD44" where that is out
        of sight."""
        if not self.place.overlaps(self.seen):
            return f"Predicted tracks on {self.chrom}, moved from {self.place_name or self.place.locus}"
        if not self.place_name and self.place.width_bp > 1:  # a range, which is seen as it was typed
            return "Predicted tracks"
        return f"Predicted tracks around {self.place_name or self.place.locus}"

    @property
    def window_sentence(self) -> str:
        """What is read and what is predicted."""
        read, seen = self.grid.anchor.width_bp, self.grid.seen_bp
        if read == seen:
            return f"The model reads {read:,} bp and predicts all of it, in bins of {self.bin_size_bp} bp."
        return (
            f"The model reads {read:,} bp and predicts the middle {seen:,}, in {seen // self.bin_size_bp:,} bins of "
            f"{self.bin_size_bp} bp."
        )

    @property
    def subtitle(self) -> str:
        """What stands under the title."""
        bins = f"bins of {self.bin_size_bp} bp"
        return f"{LABEL} · {bins}" if self.origin else bins

    @property
    def padding_sentence(self) -> str:
        """How far the windows that are seen reach beyond the chromosome, or ""."""
        seen = [number for number, _ in self.stretches()]
        if not seen:
            return ""
        before = max(0, -self.grid.window(seen[0]).start)
        behind = max(0, self.grid.window(seen[-1]).end - self.grid.contig_bp)
        sides = ((before, "first", "before the start"), (behind, "last", "beyond the end"))
        parts = [f"the {which} {count:,} bp that the model reads lie {where}" for count, which, where in sides if count]
        said = f"{' and '.join(parts)} of {self.chrom}: it sees nothing there." if parts else ""
        return said[:1].upper() + said[1:]


def correlation_words(found: float | None) -> str:
    """For example "r = 0.97"."""
    if found is None:
        return "r = none, as one of them is level"
    return f"r = {found:.3f}" if found >= 0.995 else f"r = {found:.2f}"  # nearly 1 is not 1
