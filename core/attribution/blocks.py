"""Whole blocks of letters destroyed: what each stretch does as a whole, at the cost of a few changes a block."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from core.attribution.asked import PLAIN, AskedTarget, OnProgress
from core.attribution.mutagenesis import changes
from core.attribution.shuffle import dinucleotide_shuffle
from core.attribution.target import Target
from core.cards import Provenance
from core.enformer.averaging import Averaging
from core.enformer.edits import Edit, Flank
from core.errors import SelectionError
from core.genome.interval import Interval
from core.genome.sequence import BASES

if TYPE_CHECKING:
    from core.enformer.engine import EnformerEngine

How = Literal["shuffle", "N"]
BLOCK_BP = 128
SHUFFLES = 4


@dataclass(frozen=True, eq=False)
class BlockEffects:
    """What destroying each block does to a target.

    Attributes
    ----------
    blocks : (start, end) of each in the window, 0-based half-open.
    effects : (blocks,) float32, target with the block destroyed minus target as it is, mean over shuffles and averaged
        runs; 0 where a block holds no known letter, NaN where it was not computed (yet).
    spread : (blocks,) float32, standard deviation over the shuffles; None where there was one.
    how : "shuffle", its dinucleotides in another order, or "N", zeros in the place of its letters.
    shuffles : how many orders, 1 of "N".
    target, target_value, provenance, runs, notes : as of `ContributionScores`. interval : of the whole window.
    """

    blocks: tuple[tuple[int, int], ...]
    effects: np.ndarray
    spread: np.ndarray | None
    how: How
    shuffles: int
    target: Target
    target_value: float
    provenance: Provenance
    interval: Interval | None = None
    runs: tuple[str, ...] = ("forward",)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for array in (self.effects, self.spread):
            if array is None:
                continue
            if array.shape != (len(self.blocks),) or array.dtype != np.float32:
                raise ValueError(f"{array.shape} {array.dtype} for {len(self.blocks)} blocks")
            array.setflags(write=False)

    def __len__(self) -> int:
        """Number of blocks."""
        return len(self.blocks)

    @property
    def contributions(self) -> np.ndarray:
        """(blocks,) float32: what each block adds, which is what is lost without it."""
        return -self.effects

    @property
    def intervals(self) -> tuple[Interval | None, ...]:
        """Where each block lies; None where the window's place is not known."""
        whole = self.interval
        if whole is None:
            return (None,) * len(self.blocks)
        return tuple(Interval(whole.chrom, whole.start + start, whole.start + end) for start, end in self.blocks)

    @property
    def nbytes(self) -> int:
        """Bytes held in arrays."""
        return self.effects.nbytes + (0 if self.spread is None else self.spread.nbytes)


def block_mutagenesis(
    engine: EnformerEngine,
    sequence: str | np.ndarray,
    target: Target,
    blocks: Iterable[tuple[int, int]],
    *,
    how: How = "shuffle",
    shuffles: int = SHUFFLES,
    seed: int = 0,
    interval: Interval | None = None,
    averaging: Averaging = PLAIN,
    flanks: Flank = ("", ""),
    on_progress: OnProgress = None,
) -> BlockEffects:
    """Effect on the target of destroying each block by itself: target without it - target as it is.

    Parameters
    ----------
    blocks : (start, end) of each, 0-based half-open in the window; they may overlap.
    how : "shuffle" keeps a block's dinucleotides, "N" reads zeros in its place, which the model has seldom seen.
    shuffles : orders of the letters of each block, whose effects are averaged; one shuffle may make a site by chance.
    seed : decides the orders. A block's own does not depend on which others are asked.
    sequence, interval, averaging, flanks, on_progress : as for `saturation_mutagenesis`.

    Raises
    ------
    SelectionError, SequenceError, DeviceMemoryError, ModelOutputError
        As `saturation_mutagenesis`; also of no block, or fewer than 1 shuffle.
    """
    asked = AskedTarget.of(engine, sequence, target, interval=interval, averaging=averaging, flanks=flanks)
    places = tuple(asked.stretch(*block) for block in blocks)
    if not places:
        raise SelectionError("No block is chosen; give at least one (start, end) of the window.")
    if how not in ("shuffle", "N"):
        raise SelectionError(f"Blocks are destroyed by 'shuffle' or 'N', not by {how!r}.")
    if how == "N":
        shuffles = 1
    elif shuffles < 1:
        raise SelectionError(f"{shuffles} shuffles are asked for; give at least 1.")
    effects, value = block_effects(asked, places, how, shuffles, seed, on_progress)
    return blocks_of(asked, places, effects, value, how, shuffles)


def block_effects(
    asked: AskedTarget, places: Iterable[tuple[int, int]], how: How, shuffles: int, seed: int, on_progress: OnProgress
) -> tuple[np.ndarray, float]:
    """(blocks, shuffles) float64, mean over runs, 0 where a block has no known letter; and the target as it is."""
    places, edits, rows = tuple(places), [], []
    for row, (start, end) in enumerate(places):
        letters = asked.letters[start:end]
        for number in range(shuffles):
            other = "N" * len(letters) if how == "N" else dinucleotide_shuffle(letters, seed + number)
            if other != letters and any(letter in BASES for letter in letters):
                edits.append(Edit(start, letters, other))
                rows.append((row, number))
    found, values = changes(asked, edits, on_progress)
    effects = np.zeros((len(places), shuffles))
    for (row, number), effect in zip(rows, found.mean(axis=0), strict=True):
        effects[row, number] = effect
    return effects, float(values.mean())


def blocks_of(
    asked: AskedTarget,
    places: tuple[tuple[int, int], ...],
    effects: np.ndarray,
    value: float,
    how: How,
    shuffles: int,
) -> BlockEffects:
    """Effects (blocks, shuffles), NaN where they are not known yet, as `BlockEffects`."""
    return BlockEffects(
        blocks=places,
        effects=effects.mean(axis=1).astype(np.float32),
        spread=None if shuffles == 1 else effects.std(axis=1).astype(np.float32),
        how=how,
        shuffles=shuffles,
        target=asked.target,
        target_value=value,
        provenance=asked.engine.provenance,
        interval=asked.asked.window.interval,
        runs=asked.names,
        notes=asked.notes(0, len(asked.letters)),
    )


def tiled(start: int, end: int, length: int, size: int = BLOCK_BP) -> tuple[tuple[int, int], ...]:
    """The blocks of `size` letters, counted from the window's left edge, that share a letter with a stretch.

    >>> tiled(100, 300, 1024)
    ((0, 128), (128, 256), (256, 384))
    """
    return tuple((left, min(left + size, length)) for left in range(start // size * size, end, size))
