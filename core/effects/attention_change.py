"""Which bins look elsewhere after a variant: rows of attention of the reference and of the alternative."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.cards import Provenance
from core.effects.align import Alignment, alignment, cores_of
from core.effects.predicted import Stretch, flank_needed
from core.effects.score import PLAIN
from core.effects.windows import prepared, window_of
from core.enformer.whole_attention import whole_attention
from core.enformer.window import checked_numbers
from core.genome.interval import Interval
from core.genome.reference import Reference
from core.genome.variant import Variant

if TYPE_CHECKING:
    from core.enformer.engine import EnformerEngine
    from core.language.values import AttentionResult

RULE = (
    "A row is what a bin attends to, the mean over the chosen layers and heads; its change is half of the sum of the "
    "absolute differences to the reference's row: 0 where nothing changed, 1 where it looks elsewhere altogether."
)
INDEL_RULE = (
    "After an insertion or a deletion each row is taken from the reading in which its bin keeps its place; what it "
    "attends to on the other side is moved back by whole bins."
)


@dataclass(frozen=True, eq=False)
class AttentionChange:
    """Attention of all bins of a window, with the reference's letters and with the variant's, layer by layer.

    Attributes
    ----------
    change : (layers, heads, bins) float32, how much of each bin's row moved elsewhere, 0 to 1.
    ref_rows, alt_rows : (rows, bins) float32, mean over layers and heads, of the bins in `top`; each sums to 1 (the
        alternative's to 1 less what lay in deleted bins or moved out of the window).
    row_change : (bins,) float32: change of the row's mean over all layers and heads.
    top : the bins whose rows changed most, the most first, numbers from 0 at the left edge of the window.
    """

    variant: Variant
    change: np.ndarray
    row_change: np.ndarray
    top: tuple[int, ...]
    ref_rows: np.ndarray
    alt_rows: np.ndarray
    window: Interval
    bin_size_bp: int
    provenance: Provenance
    rule: str = RULE

    def __post_init__(self) -> None:
        bins = self.window.width_bp // self.bin_size_bp
        rows = (len(self.top), bins)
        if self.change.shape[2:] != (bins,) or self.row_change.shape != (bins,):
            raise ValueError(f"{self.change.shape} and {self.row_change.shape} for {bins} bins")
        if self.ref_rows.shape != rows or self.alt_rows.shape != rows:
            raise ValueError(f"{self.ref_rows.shape} and {self.alt_rows.shape} for {rows}")
        for array in (self.change, self.row_change, self.ref_rows, self.alt_rows):
            array.setflags(write=False)

    @property
    def nbytes(self) -> int:
        """Bytes held in arrays."""
        return sum(a.nbytes for a in (self.change, self.row_change, self.ref_rows, self.alt_rows))

    def bin_interval(self, number: int) -> Interval:
        """What a bin covers."""
        start = self.window.start + number * self.bin_size_bp
        return Interval(self.window.chrom, start, start + self.bin_size_bp)

    def strongest(self, number: int) -> tuple[int, int]:
        """(layer, head), from 0, in which the row of a bin changed most."""
        layer, head = np.unravel_index(int(self.change[:, :, number].argmax()), self.change.shape[:2])
        return int(layer), int(head)


def attention_change(
    engine: EnformerEngine,
    genome: Reference,
    variant: Variant,
    *,
    rows: int = 5,
    width_bp: int | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> AttentionChange:
    """The bins whose rows of attention a variant changes most.

    Parameters
    ----------
    rows : how many of them are given.
    width_bp, on_progress : as for `core.effects.effect_of`.

    Raises
    ------
    AttendomeError
        As `effect_of` and `EnformerEngine.attention`; a model without layers, or no such number of rows.
    """
    change = prepared(engine, genome, variant, width_bp=width_bp)
    window = window_of(engine, change, width_bp)
    bins = window.width_bp // engine.bin_size_bp
    checked_numbers("row", rows - 1, bins)
    stretch = Stretch.of(genome, window, flank_needed([(change,)], PLAIN))
    cores = cores_of([change])
    aligned = alignment(cores, window, engine.bin_size_bp)
    changed = stretch.changed(cores)
    letters = [stretch.sequence, *(stretch.cut(changed, offset) for offset in aligned.offsets_bp)]

    def read(number: int, sequence: str) -> AttentionResult:
        def told(share: float) -> None:
            if on_progress is not None:
                on_progress((number + share) / len(letters))

        return whole_attention(engine, sequence, interval=None, on_progress=told)

    before, *after = (read(number, sequence) for number, sequence in enumerate(letters))
    layers, heads = engine.layers, engine.parts.layers[0].heads
    found = np.empty((layers, heads, bins), np.float32)
    ref_mean, alt_mean = (np.zeros((bins, bins), np.float32) for _ in range(2))
    for layer in range(layers):
        for head in range(heads):
            one = before.head(layer, head)
            other = _rows([reading.head(layer, head) for reading in after], aligned, engine.bin_size_bp)
            found[layer, head] = np.abs(other - one).sum(axis=1) / 2
            ref_mean += one
            alt_mean += other
    ref_mean /= layers * heads
    alt_mean /= layers * heads
    moved = (np.abs(alt_mean - ref_mean).sum(axis=1) / 2).astype(np.float32)
    top = tuple(int(number) for number in np.argsort(-moved, kind="stable")[:rows])
    return AttentionChange(
        variant=variant,
        change=found,
        row_change=moved,
        top=top,
        ref_rows=ref_mean[list(top)],
        alt_rows=alt_mean[list(top)],
        window=window,
        bin_size_bp=engine.bin_size_bp,
        provenance=engine.provenance,
        rule=f"{RULE} {INDEL_RULE}" if change.length_change_bp else RULE,
    )


def _rows(readings: list[np.ndarray], aligned: Alignment, bin_size_bp: int) -> np.ndarray:
    """(bins, bins): each row from the readings in which its bin keeps its place, columns in the reference's frame."""
    if len(readings) == 1:
        return readings[0]
    found = np.zeros_like(readings[0])
    own = aligned.weights
    for weight, offset, weights in zip(own, aligned.offsets_bp, readings, strict=True):
        columns = np.zeros_like(weights)
        for other, other_offset in zip(own, aligned.offsets_bp, strict=True):
            # In this reading, letters of the other side lie `other_offset - offset` further right than in the frame.
            by = round((other_offset - offset) / bin_size_bp)
            columns += other * _moved(weights, by)
        found += weight[:, None] * columns
    return found


def _moved(weights: np.ndarray, by: int) -> np.ndarray:
    """Column b of the result is column b + by; 0 where there is none."""
    if not by:
        return weights
    found = np.zeros_like(weights)
    if by > 0:
        found[:, :-by] = weights[:, by:]
    else:
        found[:, -by:] = weights[:, :by]
    return found
