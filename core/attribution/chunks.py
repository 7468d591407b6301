"""Mutagenesis cut into pieces that are computed, kept and shared by themselves: blocks first, then letter by letter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.attribution.asked import AskedTarget, OnProgress
from core.attribution.blocks import SHUFFLES, block_effects, tiled
from core.attribution.mutagenesis import changes, effect_tables, substitutions
from core.enformer.progress import head_cost, layer_costs, stage_costs
from core.enformer.receptive import affected_bins
from core.genome.sequence import BASES

if TYPE_CHECKING:
    from core.attribution.target import Target
    from core.enformer.engine import EnformerEngine

SEED = 0
LETTERS = 16  # of a chunk, so that a click shows letters within a second or two
SLOW_EDIT = 2e10  # multiply-adds; an edit of Enformer's own window has 3.5e11, one of the playground 1e9


@dataclass(frozen=True)
class Chunk:
    """A few letters, each to be changed by itself, or a few blocks, each to be destroyed as a whole.

    Attributes
    ----------
    places : of the letters in the window; () of blocks.
    blocks : (start, end) of each block; () of letters.
    """

    places: tuple[int, ...] = ()
    blocks: tuple[tuple[int, int], ...] = ()

    def edits(self, letters: str) -> int:
        """How many predictions it takes, about."""
        known = sum(letters[place] in BASES for place in self.places)
        return (len(BASES) - 1) * known + SHUFFLES * len(self.blocks)

    def compute(self, asked: AskedTarget, on_progress: OnProgress = None) -> dict[str, np.ndarray]:
        """Its effects, and the target as it is.

        Returns
        -------
        "effects" float32: (runs, places, 4), or (blocks, shuffles); "value" (1,) float64.
        """
        if self.blocks:
            effects, value = block_effects(asked, self.blocks, "shuffle", SHUFFLES, SEED, on_progress)
            return {"effects": effects.astype(np.float32), "value": np.array([value])}
        edits = substitutions(asked.letters, self.places)
        found, values = changes(asked, edits, on_progress)
        first, last = self.places[0], self.places[-1]
        table = effect_tables(edits, found, self.places, first, last + 1)
        return {"effects": table[:, [place - first for place in self.places]], "value": np.array([values.mean()])}


def letters_a_chunk(engine: EnformerEngine, length: int) -> int:
    """How many letters a chunk has: one where a change takes seconds, so that a stop loses little."""
    return 1 if engine.device.type == "cpu" and edit_cost(engine, length) > SLOW_EDIT else LETTERS


def letter_chunks(places: Iterable[int], size: int) -> tuple[Chunk, ...]:
    """Places in order, cut where multiples of `size` lie, so that regions that overlap share their chunks."""
    groups: dict[int, list[int]] = {}
    for place in sorted(set(places)):
        groups.setdefault(place // size, []).append(place)
    return tuple(Chunk(places=tuple(group)) for group in groups.values())


def whole_chunks(start: int, end: int, size: int, length: int) -> tuple[Chunk, ...]:
    """Chunks that hold a stretch of a window of `length` letters; the first and last may reach beyond it."""
    return letter_chunks(range(start // size * size, min(-(-end // size) * size, length)), size)


def block_chunks(start: int, end: int, length: int, size: int, bin_size_bp: int) -> tuple[Chunk, ...]:
    """The blocks that share a letter with a stretch, in chunks that take about as long as those of `size` letters."""
    several, blocks = max(1, size // SHUFFLES), tiled(start, end, length, bin_size_bp)
    groups: dict[int, list[tuple[int, int]]] = {}
    for block in blocks:
        groups.setdefault(block[0] // bin_size_bp // several, []).append(block)
    return tuple(Chunk(blocks=tuple(group)) for group in groups.values())


def nearest_first(chunks: Sequence[Chunk], visible: tuple[int, int] | None) -> tuple[Chunk, ...]:
    """Chunks in what is seen from left to right, then the others, the nearest first."""
    if visible is None:
        return tuple(chunks)

    def away(chunk: Chunk) -> tuple[int, int]:
        first = chunk.blocks[0][0] if chunk.blocks else chunk.places[0]
        last = chunk.blocks[-1][1] - 1 if chunk.blocks else chunk.places[-1]
        return max(0, visible[0] - last, first - visible[1] + 1), first

    return tuple(sorted(chunks, key=away))


def edit_cost(engine: EnformerEngine, length: int, target: Target | None = None) -> float:
    """Of one change of a letter in a window that is known, in the multiply-adds of `core.enformer.progress`."""
    parts, bins = engine.parts, length // engine.bin_size_bp
    middle = length // 2
    first, stop = affected_bins(parts, middle, middle + 1)
    tower = sum(stage_costs(parts, length)) / bins * (stop - first)
    head = 0.0 if target is None else head_cost(parts, len(target.bins), len(target.all_tracks))
    return tower + sum(layer_costs(parts, bins)) + head
