"""The tower in tiles: any bins of a window, exactly, in memory that the tile bounds.

Rows stream through the stages. A stage waits until it has a tile's worth of rows, computes what they suffice for, and
keeps the few rows that its next tile needs as well: nothing is computed twice, and inner borders leave no trace. Zeros
are put on its input, behind the activation, where the window ends, as the whole tower's padding does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import torch

from core.enformer.methods import current
from core.enformer.progress import row_cost
from core.enformer.receptive import Span, spans
from core.enformer.stages import Ready, activated, ready, stage_rows

if TYPE_CHECKING:
    from torch import Tensor

    from core.enformer.parts import Parts, Stage

OnShare = Callable[[float], None]
Watch = Callable[[int, "Tensor"], None]
LEAST = 64  # rows of each sequence in a tile, however many sequences go together


def tower_bins(parts: Parts, one_hot: Tensor, first: int, stop: int, on_share: OnShare = lambda share: None) -> Tensor:
    """Some bins of the tower's output: (batch, length, 4) -> (batch, stop - first, width) float32.

    Parameters
    ----------
    one_hot : whole windows, columns A, C, G, T, float32; only the bases that these bins depend on are read.
    on_share : called with the share that is done by cost, 0 to 1, after each tile.

    Raises
    ------
    ValueError
        The window has no such bins.
    """
    plan = spans(parts, one_hot.shape[1], first, stop)
    return tower_of_bases(parts, one_hot[:, plan[0].start : plan[0].stop], plan, on_share)


def tower_of_bases(
    parts: Parts,
    bases: Tensor,
    plan: tuple[Span, ...],
    on_share: OnShare = lambda share: None,
    watch: Watch | None = None,
) -> Tensor:
    """As `tower_bins`, of the bases alone that the bins depend on: several pieces whose spans are as long go together.

    Parameters
    ----------
    bases : (batch, plan[0].positions, 4).
    plan : what `spans` gives for these bins.
    watch : called with the number of a stage and what it gave for a tile.

    Raises
    ------
    ValueError
        There are fewer or more bases than the plan reads.
    """
    batch, positions, _ = bases.shape
    if positions != plan[0].positions:
        raise ValueError(f"{positions} bases where the plan reads {plan[0].positions}")
    method = current()
    tile = max(LEAST, method.tile // batch)
    count = _Count([span.positions * row_cost(stage) for stage, span in zip(parts.stages, plan, strict=True)], on_share)
    bins = _pooled(parts.stages[-1], plan[-1])
    found = bases.new_empty((batch, bins, parts.width), dtype=torch.float32)
    # A trace of autocast around would round what is added up here.
    with torch.autocast(bases.device.type, enabled=False):
        pieces: Iterator[Tensor] = iter(bases.to(getattr(torch, method.tower)).split(tile, dim=1))
        for number, (stage, span) in enumerate(zip(parts.stages, plan, strict=True)):
            pieces = _stream(ready(stage, method), pieces, span, tile, _done(count, number, span.positions))
            if watch is not None:
                pieces = _watched(watch, number, pieces)
        at = 0
        for piece in pieces:
            found[:, at : at + piece.shape[1]] = piece
            at += piece.shape[1]
    return found


def _pooled(stage: Stage, span: Span) -> int:
    return (span.left + span.positions + span.right - stage.convolution.weight.shape[-1] + 1) // 2


class _Count:
    """Adds up what is done of several stages."""

    def __init__(self, costs: list[float], on_share: OnShare) -> None:
        self.costs = costs
        self._total, self._done, self._on_share = sum(costs), 0.0, on_share

    def add(self, cost: float) -> None:
        self._done += cost
        self._on_share(min(1.0, self._done / self._total))


def _done(count: _Count, number: int, positions: int) -> Callable[[int], None]:
    return lambda rows: count.add(count.costs[number] * rows / positions)


def _watched(watch: Watch, number: int, pieces: Iterator[Tensor]) -> Iterator[Tensor]:
    for piece in pieces:
        watch(number, piece)
        yield piece


def _stream(
    own: Ready, pieces: Iterator[Tensor], span: Span, tile: int, on_rows: Callable[[int], None]
) -> Iterator[Tensor]:
    """Pooled rows of a stage, for pieces of its input as they come; (batch, positions, channels) all."""
    seen, rest, counted, buffer = 0, span.left, 0, None
    for piece in pieces:
        if buffer is None:
            room = min(2 * tile + 8 * own.kernel, span.left + span.positions + span.right)
            buffer = piece.new_empty(piece.shape[0], room, piece.shape[2])
            buffer[:, :rest] = 0
        count = piece.shape[1]
        activated(own.norm, piece, out=buffer[:, rest : rest + count])
        seen, rest = seen + count, rest + count
        last = seen == span.positions
        if last:
            buffer[:, rest : rest + span.right] = 0
            rest += span.right
        done = rest - own.kernel + 1
        done -= done % (2 if last else 4)
        if done >= tile or (last and done):
            found = stage_rows(own, buffer[:, : done + own.kernel - 1])
            on_rows(seen - counted)
            counted = seen
            yield found
            buffer[:, : rest - done] = buffer[:, done:rest].clone()
            rest -= done
