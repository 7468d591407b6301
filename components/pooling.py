"""Fewer cells than tokens: each cell is the largest of a block, so that no single spike is lost."""

from __future__ import annotations

import math

import numpy as np


def max_pool(
    weights: np.ndarray, allowed: np.ndarray, rows: int, columns: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Largest allowed weight of each block of `rows` x `columns` cells.

    Parameters
    ----------
    weights : (query, key) float32, finite wherever `allowed`.
    allowed : (query, key) bool.

    Returns
    -------
    weights : (blocks of queries, blocks of keys) float32; 0 where the whole block is masked.
    allowed : the same shape, bool; True where any cell of the block is.
    place : the same shape, uint16; row-major index inside the block of the cell that won.
    """
    queries, keys = weights.shape
    tall, wide = math.ceil(queries / rows), math.ceil(keys / columns)
    scores = np.full((tall * rows, wide * columns), -np.inf, dtype="<f4")
    scores[:queries, :keys] = np.where(allowed, weights, -np.inf)
    blocks = scores.reshape(tall, rows, wide, columns).swapaxes(1, 2).reshape(tall, wide, rows * columns)
    place = blocks.argmax(axis=2)
    largest = np.take_along_axis(blocks, place[..., None], axis=2)[..., 0]
    seen = np.isfinite(largest)
    return np.where(seen, largest, np.float32(0)), seen, place.astype("<u2")
