"""Thumbnails: the largest weight of each block of cells, as 256 levels of each head's own range."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from components.canvas.payload import LOG_FLOOR
from components.canvas.words import display_text
from components.head_grid.values import GridHead

# Levels 1 to 254 share the range up to a head's peak; 255 is "above it" (rows without a choice, always 1).
TOP_LEVEL = 254
LOG_DECADES = round(-math.log10(LOG_FLOOR))


def largest_of_blocks(weights: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """`components.pooling.max_pool` where only the largest is asked for: ten times as fast.

    Masked cells must hold 0. Uneven last blocks are filled up with 0.
    """
    if rows * columns == 1:
        return weights
    queries, keys = weights.shape
    spare = (-queries % rows, -keys % columns)
    if any(spare):
        weights = np.pad(weights, ((0, spare[0]), (0, spare[1])))
    tall = weights[::rows].copy()
    for i in range(1, rows):
        np.maximum(tall, weights[i::rows], out=tall)
    both = tall[:, ::columns].copy()
    for i in range(1, columns):
        np.maximum(both, tall[:, i::columns], out=both)
    return both


def levels_of(weights: np.ndarray, peak: float, *, log: bool) -> np.ndarray:
    """Weights as uint8: 0 to `TOP_LEVEL` up to the peak, 255 above it.

    Linear: weight = peak * level / 254. Log: weight = peak * 10 ** (-LOG_DECADES * (254 - level) / 253) from level 1,
    0 for what is smaller.
    """
    if peak <= 0:
        return np.where(weights > 0, 255, 0).astype(np.uint8)
    if log:
        with np.errstate(divide="ignore"):
            place = 1 + np.log10(weights / np.float32(peak)) / LOG_DECADES
        levels = np.where(place >= 0, 1 + np.rint(np.clip(place, 0, 1) * (TOP_LEVEL - 1)), 0)
    else:
        levels = np.rint(np.minimum(weights / np.float32(peak), 1) * TOP_LEVEL)
    return np.where(weights > peak, 255, levels).astype(np.uint8)


class Thumbnails:
    """Turns one head after the other into a line of the header and a thumbnail, and forgets its weights."""

    def __init__(
        self, allowed: np.ndarray, labels: tuple[Sequence[str], Sequence[str]], side: int, *, log: bool
    ) -> None:
        self.allowed, self.labels, self.log = allowed, labels, log
        queries, keys = allowed.shape
        self.block = (math.ceil(queries / side), math.ceil(keys / side))
        # Where the mask leaves one key, the weight is 1 and says nothing about the head.
        choosing = allowed.sum(axis=1) > 1
        self.counted = choosing if choosing.any() else np.ones_like(choosing)
        self.pixels: list[np.ndarray] = []
        self.lines: list[dict[str, Any]] = []

    def take(self, head: GridHead) -> None:
        if head.weights.shape != self.allowed.shape:
            raise ValueError(f"{head.name} has shape {head.weights.shape}, the mask {self.allowed.shape}.")
        weights = np.where(self.allowed, head.weights, np.float32(0))
        of_rows = weights.max(axis=1)
        largest = float(of_rows.max())
        if not (weights.min() >= 0 and largest < math.inf):
            raise ValueError(f"{head.name} has a weight that the mask allows and that is below 0 or not finite.")
        query = int(np.where(self.counted, of_rows, np.float32(-1)).argmax())
        key = int(weights[query].argmax())
        peak = float(weights[query, key])
        self.pixels.append(levels_of(largest_of_blocks(weights, *self.block), peak, log=self.log))
        pair = [display_text(names[i], most=40) for names, i in zip(self.labels, (query, key), strict=True) if names]
        self.lines.append(
            {
                **{"layer": head.layer, "head": head.head, "summary": head.summary},
                **{"name": display_text(head.name), "role": display_text(head.role) if head.role else ""},
                **{"short": head.short_name, "score": head.score_text and display_text(head.score_text, most=40)},
                **{"off": head.off, "peak": peak, "largest": largest, "at": [query, key], "pair": pair},
            }
        )

    def fold(self, factor: int) -> None:
        """Blocks of `factor` x `factor` thumbnail cells become one."""
        self.pixels = [largest_of_blocks(pixels, factor, factor) for pixels in self.pixels]
        self.block = (self.block[0] * factor, self.block[1] * factor)

    def mask(self) -> np.ndarray:
        return largest_of_blocks(self.allowed.astype(np.uint8), *self.block)
