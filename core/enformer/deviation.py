"""How far a faster precision is from float32, measured on the machine and the weights it is used with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.enformer.methods import EXACT, Method
from core.genome.sequence import one_hot

if TYPE_CHECKING:
    from core.enformer.engine import EnformerEngine

BINS = 128  # of the middle of a window: a twelfth of Enformer's, a second or two on two cores
SIGNAL = 0.01  # of a track's mean: what varies less has no shape that a correlation could compare


@dataclass(frozen=True)
class Deviation:
    """Tracks of one window in a faster precision against the same in float32.

    Attributes
    ----------
    largest : largest absolute difference, in the tracks' own units.
    of_range : largest difference as a share of its track's range over the bins, of tracks with signal.
    pearson : lowest correlation of a track with signal over the bins; NaN where none has any.
    tracks : how many tracks had signal.
    bins : how many bins were compared.
    words : what was rounded.
    """

    largest: float
    of_range: float
    pearson: float
    tracks: int
    bins: int
    words: str

    @classmethod
    def between(cls, found: np.ndarray, exact: np.ndarray, words: str) -> Deviation:
        """Compare (bins, tracks) with the same in float32."""
        found, exact = found.astype(np.float64), exact.astype(np.float64)
        apart = np.abs(found - exact).max(axis=0)
        signal = exact.std(axis=0) > SIGNAL * np.abs(exact.mean(axis=0))
        if not signal.any():
            return cls(float(apart.max()), math.nan, math.nan, 0, len(exact), words)
        one, other = (values[:, signal] - values[:, signal].mean(axis=0) for values in (found, exact))
        scale = np.sqrt((one**2).sum(axis=0) * (other**2).sum(axis=0))
        pearson = (one * other).sum(axis=0) / np.where(scale > 0, scale, 1.0)
        of_range = apart[signal] / np.ptp(exact[:, signal], axis=0)
        return cls(
            float(apart.max()), float(of_range.max()), float(pearson.min()), int(signal.sum()), len(exact), words
        )

    def keeps(self, pearson: float) -> bool:
        """Whether every track with signal correlates with float32 at least so well."""
        return self.tracks > 0 and self.pearson >= pearson

    @property
    def sentence(self) -> str:
        """For a page: what was rounded and how much it matters."""
        start = f"Computed in {self.words}. Measured over {self.bins:,} bins, tracks differ from float32"
        if not self.tracks:
            return f"{start} by at most {self.largest:.2g}."
        return (
            f"{start} by at most {100 * self.of_range:.2g} % of their range ({self.largest:.2g} in their own unit); "
            f"the lowest correlation of {self.tracks:,} tracks with signal is {_nines(self.pearson)}."
        )


def _nines(pearson: float) -> str:
    """As many digits as show the first that is not 9: 0.99998; at most 8."""
    digits = 4 if pearson >= 1 else min(8, max(2, math.ceil(-math.log10(max(1 - pearson, 1e-12))) + 1))
    return f"{math.floor(pearson * 10**digits) / 10**digits:.{digits}f}"


def measured_deviation(engine: EnformerEngine, letters: str, method: Method) -> Deviation:
    """Of the middle of a window, all tracks of the model's first head.

    Raises
    ------
    DeviceMemoryError
        It does not fit.
    """
    from core.enformer.precision import running

    size = engine.bin_size_bp
    bins = min(BINS, len(letters) // size)
    left = (len(letters) // size - bins) // 2 * size
    encoded = one_hot(letters[left : left + bins * size])[None]
    found = []
    for way in (method, EXACT):
        with engine.memory_sentences(f"{bins * size:,} bp"), running(way, engine.device):
            found.append(_tracks(engine, encoded))
    return Deviation.between(*found, method.words)


def _tracks(engine: EnformerEngine, encoded: np.ndarray) -> np.ndarray:
    """(bins, tracks); nothing is kept for later, nor taken from before."""
    import torch

    from core.enformer.tower import tower
    from core.enformer.transformer import track_values

    states = tower(engine.parts, torch.from_numpy(encoded).to(engine.device))
    states = engine.transformer_states(states, lambda layer: None)
    return track_values(engine.parts, states, next(iter(engine.parts.heads)), None)[0].cpu().numpy()
