"""Attention between the bins of a window, as an `AttentionResult` with genomic labels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from core.enformer.window import checked_numbers, checked_window
from core.errors import DeviceMemoryError
from core.genome.interval import Interval
from core.genome.sequence import one_hot

if TYPE_CHECKING:
    from core.enformer.engine import EnformerEngine, OnProgress
    from core.language.values import AttentionResult


def attention(
    engine: EnformerEngine,
    sequence: str | np.ndarray,
    layers: Iterable[int] | int,
    query_bins: Iterable[int] | int | None,
    interval: Interval | None,
    on_progress: OnProgress,
) -> AttentionResult:
    """See `EnformerEngine.attention`; weights are (layers, heads, query bins, bins) float32.

    The layers behind the last one that is asked for are not run.
    """
    import torch

    from core.enformer.faults import first_not_finite
    from core.enformer.memory import check_run
    from core.enformer.positions import position_notes
    from core.enformer.progress import Progress, layer_costs, stage_costs
    from core.enformer.stretches import codes_of
    from core.enformer.transformer import layer_output, row_pieces, rows_of_weights
    from core.language.values import AttentionResult, TokenSequence

    parts = engine.parts
    window = checked_window(sequence, interval, engine.bin_size_bp, engine.title)
    bins = window.bins
    numbers = checked_numbers("layer", layers, engine.layers)
    rows = range(bins) if query_bins is None else checked_numbers("bin", query_bins, bins)
    shape = (len(numbers), parts.layers[0].heads, len(rows), bins)
    _check_size(shape, engine)
    check_run(parts, len(window.letters), engine.title)
    last = max(numbers)
    costs = stage_costs(parts, len(window.letters)) + layer_costs(parts, bins)[: last + 1]
    progress = Progress(on_progress, costs)
    with engine.running(f"{len(window.letters):,} bp"):
        found = torch.empty(shape, dtype=torch.float32)
        encoded = one_hot(window.letters)[None]
        states = engine.tower_states(encoded, lambda share: progress.through(share, len(parts.stages)))
        pieces = row_pieces(parts, 1, bins)
        for number, layer in enumerate(parts.layers[: last + 1]):
            relative = engine.relative.get(layer, bins)
            if number in numbers:
                rows_of_weights(layer, states, relative, rows, pieces, found[numbers.index(number)])
            if number < last:
                states = layer_output(layer, states, relative, pieces)
            progress.done(len(parts.stages) + number)
        weights = found.numpy()
    engine.check_finite(weights, lambda: first_not_finite(engine, codes_of(window.letters)))
    source = TokenSequence.of_labels(window.labels(range(bins)))
    target = source if query_bins is None else TokenSequence.of_labels(window.labels(rows))
    progress.finish()
    return AttentionResult(
        kind="bidirectional",
        source=source,
        target=target,
        allowed=np.ones((len(rows), bins), dtype=bool),
        queries=None,
        keys=None,
        scales=None,
        provenance=engine.provenance,
        notes=window.notes + position_notes(parts, bins),
        recorded=weights,
        layer_numbers=numbers,
        unit="bin",
    )


def _check_size(shape: tuple[int, int, int, int], engine: EnformerEngine) -> None:
    """Refuse more weights than a result may hold, or than there is memory for."""
    import psutil

    from core.enformer.memory import amount
    from core.language.values import FULL_WEIGHTS_BYTES

    needed, free = 4 * int(np.prod(shape)), psutil.virtual_memory().available
    if needed <= min(FULL_WEIGHTS_BYTES, free):
        return
    layers, heads, rows, bins = shape
    limit = (
        f"at most {amount(FULL_WEIGHTS_BYTES)} are kept" if needed > FULL_WEIGHTS_BYTES else f"{amount(free)} are free"
    )
    raise DeviceMemoryError(
        f"{layers} layers of {heads} heads with {rows:,} x {bins:,} bins take {amount(needed)} and {limit}; ask for "
        "fewer layers, or for the rows of some bins (query_bins)."
    )
