"""How far a run is, by what each of its steps costs."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.enformer.parts import Parts, Stage

# Work on single numbers (normalising, GELU, pooling) in multiply-adds of matrices that take as long. Measured on a
# CPU over the stages of Enformer, where it makes the rate of the stem that of the stages behind it.
ELEMENT_COST = 400


def row_cost(stage: Stage) -> float:
    """Of one position of a stage's input, in multiply-adds."""
    out, channels, kernel = stage.convolution.weight.shape
    return out * (channels * kernel + 1.5 * out + ELEMENT_COST)


def stage_costs(parts: Parts, length: int) -> list[float]:
    """Of each stage of the tower on `length` bases, in multiply-adds."""
    return [(length >> number) * row_cost(stage) for number, stage in enumerate(parts.stages)]


def layer_costs(parts: Parts, bins: int) -> list[float]:
    """Of each transformer layer on `bins` bins, in multiply-adds."""
    costs = []
    for layer in parts.layers:
        matrices = (layer.query, layer.key, layer.value, layer.out.weight, layer.up.weight, layer.down.weight)
        pairs = layer.heads * (2 * layer.key_size + layer.value_size + ELEMENT_COST / 4)
        costs.append(float(bins * sum(matrix.numel() for matrix in matrices) + bins * bins * pairs))
    return costs


def head_cost(parts: Parts, bins: int, tracks: int) -> float:
    """Of pointwise block and head on `bins` cropped bins, in multiply-adds."""
    return float(bins * (parts.pointwise.weight.numel() + 2 * parts.width * tracks))


def run_costs(parts: Parts, length: int) -> float:
    """Of tower and transformer on `length` bases, in multiply-adds; the heads cost next to nothing."""
    return sum(stage_costs(parts, length)) + sum(layer_costs(parts, length >> len(parts.stages)))


class Progress:
    """Tells a caller how far a run is: from 0 to 1, never backwards, also when a piece is tried again."""

    def __init__(self, on_progress: Callable[[float], None] | None, costs: list[float], runs: int = 1) -> None:
        total = sum(costs) or 1.0
        self._shares = [done / total for done in accumulate(costs, initial=0.0)]
        self._runs = runs
        self._furthest = -1.0
        self._on_progress = on_progress
        self._tell(0.0)

    def _tell(self, fraction: float) -> None:
        if self._on_progress is not None and fraction > self._furthest:
            self._furthest = fraction
            self._on_progress(min(fraction, 1.0))

    def done(self, step: int, start: int = 0, stop: int = 1) -> None:
        """Step number `step` of the runs `start` to `stop` (half-open) is done."""
        self._tell((start + (stop - start) * self._shares[step + 1]) / self._runs)

    def through(self, share: float, steps: int, start: int = 0, stop: int = 1) -> None:
        """A share, 0 to 1, of what the first `steps` steps cost is done."""
        self._tell((start + (stop - start) * share * self._shares[steps]) / self._runs)

    def finish(self) -> None:
        """All is done."""
        self._tell(1.0)
