"""Stretches that may drive a gene: peaks of predicted open chromatin, or those of a file; and how active they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from core.enformer.tracks import Track
from core.enformer.values import TrackSet
from core.errors import SelectionError
from core.genome.gene import Gene, Region
from core.genome.interval import Interval

OPEN_ASSAYS = ("DNASE", "ATAC")
ACETYLATION = "H3K27ac"
PROMOTER_BP = 500  # on either side of each of the gene's starts
PEAK_BINS = 3  # width of a called peak: its summit and a neighbour on either side
PEAK_SHARE = 0.1  # of the highest value in the window
PEAK_TIMES_MEDIAN = 4.0
PROMOTER_RULE = f"Stretches within {PROMOTER_BP} bp of one of the gene's own starts are left out."


@dataclass(frozen=True)
class Candidate:
    """A stretch that may drive the gene.

    Attributes
    ----------
    name : of the file, or "peak at 12,345" (1-based, the middle).
    share : what it truly gives of the gene's expression in the cell type, 0 to 1; None where that is not known.
    """

    interval: Interval
    name: str
    share: float | None = None

    @property
    def id(self) -> str:
        """The same for the same stretch, for example "4612-4996"."""
        return f"{self.interval.start}-{self.interval.end}"


def cell_types(tracks: Iterable[Track]) -> tuple[str, ...]:
    """Biosamples whose open chromatin is among the tracks; those with H3K27ac first, each in order of the tracks."""
    tracks = tuple(tracks)
    opened = dict.fromkeys(track.biosample for track in tracks if track.assay in OPEN_ASSAYS and track.biosample)
    marked = {track.biosample for track in tracks if track.target == ACETYLATION}
    return tuple(sorted(opened, key=lambda name: name not in marked))


def open_tracks(tracks: Iterable[Track], cell_type: str) -> tuple[Track, ...]:
    """DNase and ATAC of a cell type."""
    return tuple(track for track in tracks if track.assay in OPEN_ASSAYS and track.biosample == cell_type)


def activity_tracks(tracks: Iterable[Track], cell_type: str) -> tuple[tuple[Track, ...], tuple[Track, ...]]:
    """(open chromatin, H3K27ac) of a cell type; either may be empty."""
    tracks = tuple(tracks)
    marked = tuple(track for track in tracks if track.target == ACETYLATION and track.biosample == cell_type)
    return open_tracks(tracks, cell_type), marked


def mean_of(found: TrackSet, tracks: Sequence[Track]) -> np.ndarray:
    """(bins,) float64."""
    return np.mean([found.column(track) for track in tracks], axis=0, dtype=np.float64)


def called_peaks(signal: np.ndarray) -> tuple[int, ...]:
    """Summits of a predicted track, as numbers of bins, from left to right.

    A summit is at least a tenth of the highest value and four times the median, no neighbour is higher, and no higher
    summit lies within two bins.
    """
    if not len(signal):
        return ()
    least = max(PEAK_SHARE * float(signal.max()), PEAK_TIMES_MEDIAN * float(np.median(signal)))
    around = np.pad(signal.astype(np.float64), 1, constant_values=-np.inf)
    tops = np.flatnonzero((signal >= least) & (signal >= around[:-2]) & (signal > around[2:]))
    kept: list[int] = []
    for top in tops[np.argsort(-signal[tops], kind="stable")]:
        if all(abs(top - other) >= PEAK_BINS for other in kept):
            kept.append(int(top))
    return tuple(sorted(kept))


def peaks_rule() -> str:
    """The rule of `called_peaks` in words."""
    return (
        f"A peak is {PEAK_BINS} bins around a summit of the predicted open chromatin: higher than its neighbours, at "
        f"least {PEAK_SHARE:.0%} of the highest value and {PEAK_TIMES_MEDIAN:g} times the median of this window."
    )


def peak_candidates(found: TrackSet, cell_type: str) -> tuple[Candidate, ...]:
    """Peaks of the predicted open chromatin of a cell type.

    Raises
    ------
    SelectionError
        The place is not known, or the prediction has no open chromatin of this cell type.
    """
    tracks = open_tracks(found.tracks, cell_type)
    if not tracks or found.interval is None:
        raise SelectionError(f"There is no predicted DNase or ATAC of {cell_type!r} here; choose another cell type.")
    size, chrom, start = found.bin_size_bp, found.interval.chrom, found.interval.start
    made = []
    for summit in called_peaks(mean_of(found, tracks)):
        first, stop = max(0, summit - PEAK_BINS // 2), min(found.bins, summit + PEAK_BINS // 2 + 1)
        place = Interval(chrom, start + first * size, start + stop * size)
        made.append(Candidate(place, f"peak at {place.centre + 1:,}"))
    return tuple(made)


def starts_of(gene: Gene) -> tuple[int, ...]:
    """0-based starts of a gene and of its transcripts."""
    return tuple(dict.fromkeys([gene.tss, *(transcript.tss for transcript in gene.transcripts)]))


def without_promoter(candidates: Iterable[Candidate], gene: Gene) -> tuple[Candidate, ...]:
    """Those that share no base with the 500 bp on either side of a start of the gene."""
    starts = starts_of(gene)
    return tuple(
        c
        for c in candidates
        if all(c.interval.end <= s - PROMOTER_BP or c.interval.start > s + PROMOTER_BP for s in starts)
    )


def region_candidates(regions: Iterable[Region]) -> tuple[Candidate, ...]:
    """Stretches of a file, each once."""
    made = {region.interval: Candidate(region.interval, region.name or region.interval.locus) for region in regions}
    return tuple(made.values())
