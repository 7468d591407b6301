"""Attention by distance: what a model adds to query · key for how far apart the two are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class RelativeTerms:
    """What a model adds to query · key for the distance between the two.

    Attributes
    ----------
    keys : of each layer (heads, 2 * tokens - 1, head_size) float32, of the distances key - query from 1 - tokens to
        tokens - 1.
    content_bias, position_bias : (layers, heads, head_size) float32, added to the query where it meets a key, and
        where it meets a distance.

    Source: Dai et al. 2019 (Transformer-XL), section 3.3, as Enformer has it (Avsec et al. 2021, Methods).
    """

    keys: tuple[np.ndarray, ...]
    content_bias: np.ndarray
    position_bias: np.ndarray

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """All that is held."""
        return (*self.keys, self.content_bias, self.position_bias)

    def logits(self, layer: int, heads: int | slice, queries: np.ndarray, keys: np.ndarray) -> np.ndarray:
        """(..., query, key) of scaled queries (..., query, head_size) and keys (..., key, head_size)."""
        tokens = queries.shape[-2]
        content, position = self.content_bias[layer, heads], self.position_bias[layer, heads]
        found = (queries + content[..., None, :]) @ np.swapaxes(keys, -1, -2)
        by_distance = (queries + position[..., None, :]) @ np.swapaxes(self.keys[layer][heads], -1, -2)
        # Row i begins at distance -i, which stands in column tokens - 1 - i.
        *outer, row, column = by_distance.strides
        shifted = np.lib.stride_tricks.as_strided(
            by_distance[..., tokens - 1 :], found.shape, (*outer, row - column, column), writeable=False
        )
        return found + shifted
