"""Which predicted tracks stand out in a stretch: the highest mean, the lowest mean, the highest peak."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.enformer.tracks import Track, TrackTable
from core.enformer.values import TrackSet
from core.errors import SelectionError
from core.genome.interval import Interval


@dataclass(frozen=True)
class Extreme:
    """A track that stands out.

    Attributes
    ----------
    value : in the track's unit. place : the bin of a peak, else None.
    """

    track: Track
    value: float
    place: Interval | None = None


@dataclass(frozen=True)
class Extremes:
    """What stands out among tracks.

    Attributes
    ----------
    stretch : what was looked at.
    compared : how many tracks. of : how many the model has. units : how many different units are among those compared.
    """

    highest_mean: Extreme
    lowest_mean: Extreme
    highest_peak: Extreme
    stretch: Interval
    compared: int
    of: int
    units: int

    @property
    def sentence(self) -> str:
        """What was compared, and what keeps the answer from meaning more."""
        some = "all" if self.compared == self.of else "these"
        more = "" if self.compared == self.of else f" of the model's {self.of:,}"
        said = f"Among {some} {self.compared:,} predicted tracks{more}, over {self.stretch.locus}."
        if self.units > 1:
            said += f" They are in {self.units} different units: compare within one assay."
        return said


def extremes(
    found: TrackSet,
    table: TrackTable,
    *,
    seen: tuple[float, float] | None = None,
    assay: str | None = None,
    biosample: str | None = None,
) -> Extremes:
    """The tracks with the highest mean, the lowest mean and the highest peak of the predicted ones.

    Parameters
    ----------
    found : may hold a choice of the model's tracks; then only they are compared, which `sentence` says.
    table : the model's tracks.
    seen : (start, end) of a part of the prediction; bins whose middle lies in it count. All by default.
    assay, biosample : only tracks with exactly these.

    Raises
    ------
    SelectionError
        No predicted track is of that assay and biosample, nothing predicted is seen, or its place is not known.
    """
    if found.interval is None:
        raise SelectionError("The place of this prediction is not known; give its interval when you predict.")
    size, start = found.bin_size_bp, found.interval.start
    low, high = 0, found.bins
    if seen is not None:
        low = min(max(0, math.ceil((seen[0] - start) / size - 0.5)), found.bins)
        high = min(max(low, math.ceil((seen[1] - start) / size - 0.5)), found.bins)
    if low == high:
        raise SelectionError("Nothing predicted is seen here; go to a predicted place.")
    wanted = [
        number
        for number, track in enumerate(found.tracks)
        if assay in (None, track.assay) and biosample in (None, track.biosample)
    ]
    if not wanted:
        raise SelectionError(
            f"No predicted track is of {' and '.join(filter(None, (assay, biosample)))}; choose another filter."
        )
    values = found.values[low:high] if len(wanted) == len(found) else found.values[low:high, wanted]
    means, peaks = values.mean(axis=0, dtype=np.float64), values.max(axis=0)
    tracks = [found.tracks[number] for number in wanted]
    high_at, low_at, peak_at = int(means.argmax()), int(means.argmin()), int(peaks.argmax())
    return Extremes(
        Extreme(tracks[high_at], float(means[high_at])),
        Extreme(tracks[low_at], float(means[low_at])),
        Extreme(tracks[peak_at], float(peaks[peak_at]), found.bin_interval(low + int(values[:, peak_at].argmax()))),
        Interval(found.interval.chrom, max(0, start + low * size), start + high * size),
        len(tracks),
        len(table),
        len({track.unit for track in tracks}),
    )
