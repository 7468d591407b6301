"""Attention of every layer and head between all bins of a window, kept as queries and keys.

One run, and 0.15 GB for Enformer, where the weights themselves would take 0.83 GB; each head's weights are made of them
when they are looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.enformer.window import checked_window
from core.errors import SelectionError
from core.genome.interval import Interval
from core.genome.sequence import one_hot

if TYPE_CHECKING:
    from torch import Tensor

    from core.enformer.engine import EnformerEngine, OnProgress
    from core.enformer.parts import Layer
    from core.language.values import AttentionResult


def whole_attention(
    engine: EnformerEngine,
    sequence: str | np.ndarray,
    *,
    interval: Interval | None = None,
    on_progress: OnProgress = None,
) -> AttentionResult:
    """What each bin looks at, in all layers and heads.

    Parameters
    ----------
    sequence, interval, on_progress : as for `EnformerEngine.predict`; with `interval`, bins are labelled by place.

    Returns
    -------
    AttentionResult whose `layer` and `head` give (bins, bins) float32 weights, rows sum to 1; nothing is cropped.

    Raises
    ------
    SequenceError, DeviceMemoryError, ModelOutputError
        As `EnformerEngine.predict`.
    SelectionError
        The model has no transformer layer.
    """
    from core.enformer.memory import check_run
    from core.enformer.positions import position_notes
    from core.enformer.progress import Progress, layer_costs, stage_costs
    from core.enformer.transformer import layer_output, row_pieces
    from core.language.relative import RelativeTerms
    from core.language.values import AttentionResult, TokenSequence

    parts = engine.parts
    if not parts.layers:
        raise SelectionError(f"{engine.title} has no transformer layer, so no bin looks at another.")
    window = checked_window(sequence, interval, engine.bin_size_bp, engine.title)
    bins = window.bins
    check_run(parts, len(window.letters), engine.title)
    progress = Progress(on_progress, stage_costs(parts, len(window.letters)) + layer_costs(parts, bins))
    first = parts.layers[0]
    shape = (len(parts.layers), first.heads, bins, first.key_size)
    queries, keys = np.empty(shape, np.float32), np.empty(shape, np.float32)
    relative: list[np.ndarray] = []
    with engine.running(f"{len(window.letters):,} bp"):
        encoded = one_hot(window.letters)[None]
        states = engine.tower_states(encoded, lambda share: progress.through(share, len(parts.stages)))
        pieces = row_pieces(parts, 1, bins)
        for number, layer in enumerate(parts.layers):
            by_distance = engine.relative.get(layer, bins)
            relative.append(by_distance.float().cpu().numpy())
            for array, tensor in zip((queries, keys), _queries_and_keys(layer, states), strict=True):
                array[number] = tensor[0].float().cpu().numpy()
            if number + 1 < len(parts.layers):
                states = layer_output(layer, states, by_distance, pieces)
            progress.done(len(parts.stages) + number)
    engine.check_finite(queries)
    labels = TokenSequence.of_labels(window.labels(range(bins)))
    biases = (np.stack([getattr(layer, name)[:, 0].float().cpu().numpy() for layer in parts.layers])
              for name in ("content_bias", "position_bias"))  # fmt: skip
    progress.finish()
    return AttentionResult(
        kind="bidirectional",
        source=labels,
        target=labels,
        allowed=np.ones((bins, bins), dtype=bool),
        queries=queries,
        keys=keys,
        scales=np.ones(len(parts.layers), np.float32),  # the queries are scaled before the biases are added
        provenance=engine.provenance,
        notes=window.notes + position_notes(parts, bins),
        relative=RelativeTerms(tuple(relative), *biases),
        unit="bin",
    )


def _queries_and_keys(layer: Layer, states: Tensor) -> tuple[Tensor, Tensor]:
    """(batch, heads, bins, key_size) each, queries scaled, of the states (batch, bins, width) that enter a layer."""
    import torch.nn.functional as F

    weight, bias, eps = layer.norm
    normalised = F.layer_norm(states, weight.shape, weight, bias, eps)
    queries, keys = (
        F.linear(normalised, matrix).unflatten(-1, (layer.heads, -1)).transpose(1, 2)
        for matrix in (layer.query, layer.key)
    )
    return queries * layer.scale, keys
