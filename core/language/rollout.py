"""Attention rollout: how much of each token's input reaches a layer, all layers below it together."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core.errors import SelectionError
from core.language.values import AttentionResult


def _layer_rollout(result: AttentionResult, layer: int) -> np.ndarray:
    """0.5 mean of the heads that are on + 0.5 identity."""
    weights = result.layer(layer)
    working = [head for head in range(result.heads) if (layer, head) not in result.without]
    identity = np.eye(weights.shape[-1], dtype=np.float32)
    return 0.5 * weights[working].mean(axis=0) + 0.5 * identity if working else identity


def is_whole(result: AttentionResult) -> bool:
    """Whether every row of every layer from 0 on is held, which rollout multiplies."""
    return len(result.target) == len(result.source) and result.layer_numbers == tuple(range(result.layers))


def rollout_layers(result: AttentionResult) -> Iterator[np.ndarray]:
    """(query, key) float32 rollout after each layer, the first layer first; rows sum to 1.

    A_l = 0.5 mean over heads + 0.5 identity (the residual stream), multiplied from the first layer
    up. Heads that are switched off are left out of the mean.

    Raises
    ------
    SelectionError
        Cross-attention has different tokens on its two sides, so it cannot be multiplied; nor can some rows alone,
        or some layers without those below.

    Source: Abnar and Zuidema 2020, eq. 1 and section 3.
    """
    if result.kind == "cross":
        raise SelectionError(
            "Rollout needs the same tokens on both sides, which cross-attention has not; "
            "choose Weights or Value norms, or look at the source or the translation alone."
        )
    if not is_whole(result):
        raise SelectionError(
            "Rollout needs all rows of every layer from 0 on, and only some are held here; choose Weights, or ask for "
            "all of them."
        )
    flow = None
    for layer in range(result.layers):
        step = _layer_rollout(result, layer)
        flow = step if flow is None else step @ flow
        yield flow


def rollout(result: AttentionResult, layer: int) -> np.ndarray:
    """(query, key) float32 rollout of layers 0 to `layer`; see `rollout_layers`."""
    result.check_layer(layer)
    for number, flow in enumerate(rollout_layers(result)):
        if number == layer:
            return flow
    raise AssertionError("the layer was checked")
