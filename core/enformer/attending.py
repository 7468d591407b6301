"""What a few bins attend to: the mean of their rows of attention, for every layer and head at once.

All weights of all layers are never held: rows are made a piece at a time, the wanted ones are kept, and of the others
the mean at each distance, which says what the distance alone explains.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.cards import Provenance
from core.enformer.window import checked_numbers, checked_window
from core.genome.interval import Interval
from core.genome.sequence import one_hot

if TYPE_CHECKING:
    from core.enformer.engine import EnformerEngine, OnProgress

ROOM_BYTES = 16 * 1024**2  # of the rows of weights that exist at once
NEIGHBOURS = 1  # bins on either side of a transcription start that count as the start


@dataclass(frozen=True, eq=False)
class AttentionProfile:
    """What some bins of a window attend to.

    Attributes
    ----------
    weights : (layers, heads, bins) float32: the mean over the query bins of their rows; each sums to 1.
    expected : (layers, heads, bins) float32: the same if only distances counted: the mean weight, over all query bins
        of this window, of a bin as far away on the same side. Sums to about 1.
    query_bins : numbers of the bins that look, from 0 at the left edge of the window (nothing is cropped).
    bin_size_bp : base pairs that a bin stands for.
    interval : what all bins cover: the window that was read; None where its place is not known.
    provenance : model, revision, precision, assembly.
    sequence_digest : sha256 (hexadecimal) of the upper-case letters that were read.
    notes : sentences that a person should know.
    """

    weights: np.ndarray
    expected: np.ndarray
    query_bins: tuple[int, ...]
    bin_size_bp: int
    interval: Interval | None
    provenance: Provenance
    sequence_digest: str
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for array in (self.weights, self.expected):
            if array.ndim != 3 or array.shape != self.weights.shape or array.dtype != np.float32:
                raise ValueError(f"{array.shape} {array.dtype} is not (layers, heads, bins) float32")
            array.setflags(write=False)
        if not self.query_bins or not all(0 <= number < self.bins for number in self.query_bins):
            raise ValueError(f"query bins {self.query_bins} of {self.bins}")
        if self.interval is not None and self.interval.width_bp != self.bins * self.bin_size_bp:
            raise ValueError(f"{self.bins} bins of {self.bin_size_bp} bp do not cover {self.interval.locus}")

    @property
    def layers(self) -> int:
        return self.weights.shape[0]

    @property
    def heads(self) -> int:
        return self.weights.shape[1]

    @property
    def bins(self) -> int:
        return self.weights.shape[2]

    @property
    def nbytes(self) -> int:
        """Bytes held in arrays."""
        return self.weights.nbytes + self.expected.nbytes

    @property
    def queried(self) -> Interval | None:
        """What the query bins cover, from the first to the last."""
        if self.interval is None:
            return None
        start = self.interval.start
        first, last = min(self.query_bins), max(self.query_bins)
        return Interval(self.interval.chrom, start + first * self.bin_size_bp, start + (last + 1) * self.bin_size_bp)

    def row(self, layer: int | None = None, head: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """(weights, expected), (bins,) float32 each: of a layer and a head, None being the mean over them.

        Raises
        ------
        SelectionError
            There is no such layer or head.
        """
        layers = slice(None) if layer is None else list(checked_numbers("layer", layer, self.layers))
        heads = slice(None) if head is None else list(checked_numbers("head", head, self.heads))
        return tuple(array[layers][:, heads].mean(axis=(0, 1)) for array in (self.weights, self.expected))


def attention_profile(
    engine: EnformerEngine,
    sequence: str | np.ndarray,
    query_bins: Iterable[int] | int,
    *,
    interval: Interval | None = None,
    on_progress: OnProgress = None,
) -> AttentionProfile:
    """What these bins attend to, on average, in every layer and head.

    Parameters
    ----------
    sequence, interval, on_progress : as for `EnformerEngine.predict`.
    query_bins : the bins that look, from 0 at the left edge of the window.

    Raises
    ------
    SequenceError, SelectionError, DeviceMemoryError, ModelOutputError
        As `EnformerEngine.attention`.

    Source: the mean over bins of a transcription start follows Avsec et al. 2021, Methods, "Enhancer prioritization".
    """
    import torch

    from core.enformer.faults import first_not_finite
    from core.enformer.memory import check_run
    from core.enformer.positions import position_notes
    from core.enformer.progress import Progress, layer_costs, stage_costs
    from core.enformer.stretches import codes_of
    from core.enformer.transformer import layer_output, row_pieces

    parts = engine.parts
    window = checked_window(sequence, interval, engine.bin_size_bp, engine.title)
    bins = window.bins
    rows = checked_numbers("bin", query_bins, bins)
    checked_numbers("layer", range(engine.layers), engine.layers)
    check_run(parts, len(window.letters), engine.title)
    progress = Progress(on_progress, stage_costs(parts, len(window.letters)) + layer_costs(parts, bins))
    shape = (len(parts.layers), parts.layers[0].heads, bins)
    weights, expected = np.empty(shape, np.float32), np.empty(shape, np.float32)
    with engine.running(f"{len(window.letters):,} bp"):
        encoded = one_hot(window.letters)[None]
        states = engine.tower_states(encoded, lambda share: progress.through(share, len(parts.stages)))
        pieces = row_pieces(parts, 1, bins)
        at_once = max(1, min(pieces.size, bins, ROOM_BYTES // (4 * shape[1] * bins)))
        room = torch.empty((shape[1], at_once, bins), dtype=torch.float32)
        for number, layer in enumerate(parts.layers):
            relative = engine.relative.get(layer, bins)
            weights[number], expected[number] = _of_layer(layer, states, relative, rows, pieces, room)
            if number + 1 < len(parts.layers):
                states = layer_output(layer, states, relative, pieces)
            progress.done(len(parts.stages) + number)
    engine.check_finite(weights, lambda: first_not_finite(engine, codes_of(window.letters)))
    progress.finish()
    return AttentionProfile(
        weights=weights,
        expected=expected,
        query_bins=rows,
        bin_size_bp=engine.bin_size_bp,
        interval=window.interval,
        provenance=engine.provenance,
        sequence_digest=window.digest,
        notes=window.notes + position_notes(parts, bins),
    )


def _of_layer(layer, states, relative, rows: tuple[int, ...], pieces, room) -> tuple[np.ndarray, np.ndarray]:
    """(heads, bins) float32 twice: mean of the wanted rows, and what their distances alone would give.

    `room` (heads, rows, bins) holds the weights of one piece of rows.
    """
    from core.enformer.transformer import rows_of_weights

    bins = room.shape[-1]
    wanted = np.zeros((room.shape[0], bins))
    by_distance = np.zeros((room.shape[0], 2 * bins - 1))  # of the distances key - query from 1 - bins on
    for start in range(0, bins, room.shape[1]):
        stop = min(bins, start + room.shape[1])
        found = room[:, : stop - start]
        rows_of_weights(layer, states, relative, range(start, stop), pieces, found)
        given = found.numpy()
        for place, query in enumerate(range(start, stop)):
            by_distance[:, bins - 1 - query : 2 * bins - 1 - query] += given[:, place]
        for query in rows:
            if start <= query < stop:
                wanted += given[:, query - start]
    by_distance /= bins - np.abs(np.arange(1 - bins, bins))
    expected = sum(by_distance[:, bins - 1 - query : 2 * bins - 1 - query] for query in rows)
    return (wanted / len(rows)).astype(np.float32), (expected / len(rows)).astype(np.float32)
