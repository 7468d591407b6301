"""Stem and tower with what their backward needs, and that backward, written by hand.

Automatic differentiation keeps every intermediate array, 13.7 GB of Enformer's own window. Here a stage keeps its
input, its convolution's output and how it pooled; the rest is computed again, a piece of the length at a time. A
backward writes over what its forward kept. No parameter gets a gradient, none is changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from core.enformer.parts import BatchNorm, Stage

GELU = 1.702  # GELU(x) is taken as x * sigmoid(1.702 x), which is silu(1.702 x) / 1.702
PIECES = {"cuda": 32_768}  # positions at a time
CPU_PIECE = 2048  # stays in the processor's cache


@dataclass(frozen=True, eq=False)
class StageTrace:
    """What a stage's backward needs.

    Attributes
    ----------
    given : (batch, channels in, length) that entered.
    convolved : (batch, channels, length), output of the convolution.
    apart : (batch, channels, length // 2), difference of two neighbours before the pooling; None where it is to be
        computed again.
    share : of the first of the two, of the same shape; None with `apart`.
    """

    given: Tensor
    convolved: Tensor
    apart: Tensor | None
    share: Tensor | None


def _piece(states: Tensor) -> int:
    return PIECES.get(states.device.type, CPU_PIECE)


def _steepened(states: Tensor, norm: BatchNorm) -> Tensor:
    """1.702 times the batch-normalised states (batch, channels, length): what silu takes."""
    weight, bias = GELU * norm.weight, GELU * norm.bias
    return F.batch_norm(states.contiguous(), norm.mean, norm.variance, weight, bias, training=False, eps=norm.eps)


def steep_gelu(states: Tensor, norm: BatchNorm) -> Tensor:
    """GELU of the batch-normalised states, times 1.702."""
    return F.silu(_steepened(states, norm), inplace=True)


def through_gelu(gradient: Tensor, states: Tensor, norm: BatchNorm) -> Tensor:
    """Gradient of GELU(batch norm(states)) -> of the states."""
    slope = norm.weight * torch.rsqrt(norm.variance + norm.eps)
    return torch.ops.aten.silu_backward(gradient, _steepened(states, norm)).mul_(slope[:, None])


def _halo(states: Tensor, start: int, stop: int, reach: int) -> tuple[Tensor, int, int]:
    """(states from start - reach to stop + reach as far as they go, zeros missing on the left, and on the right)."""
    low, high = start - reach, stop + reach
    inside = states[..., max(low, 0) : high]
    return inside, max(-low, 0), max(high - states.shape[-1], 0)


def _taps(taps: Sequence[Tensor], states: Tensor, wide: int) -> Tensor:
    """Sum of taps[i] @ states[..., i : i + wide]: (batch, channels in, wide + taps - 1) -> (batch, channels, wide)."""
    summed = taps[0] @ states[..., :wide]
    for place, tap in enumerate(taps[1:], start=1):
        summed.baddbmm_(tap.expand(len(states), -1, -1), states[..., place : place + wide])
    return summed


def _columns(one_hot: Tensor, start: int, stop: int, kernel: int) -> Tensor:
    """(batch, 4, length) -> (batch, 4 * kernel, stop - start): what each position's kernel reads."""
    inside, left, right = _halo(one_hot, start, stop, kernel // 2)
    return F.pad(inside, (left, right)).unfold(-1, kernel, 1).transpose(-1, -2).flatten(1, 2)


def _pooling(stage: Stage, convolved: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(second of two neighbours, first - second, share of the first) of a piece's convolution.

    The first two leave out the residual's bias, which cancels in the difference.
    """
    residual = stage.residual.weight / GELU
    hidden = steep_gelu(convolved, stage.residual_norm)
    states = torch.baddbmm(convolved, residual.expand(len(hidden), -1, -1), hidden)
    second = states[..., 1::2]
    apart = states[..., 0::2] - second
    return second, apart, torch.sigmoid(stage.pool @ apart)


def stage_forward(stage: Stage, given: Tensor, lean: bool) -> tuple[Tensor, StageTrace]:
    """One stage: (batch, channels in, length) -> (batch, channels, length // 2), and what its backward needs.

    Parameters
    ----------
    lean : keep less, and compute a third more in the backward.
    """
    weight, bias = stage.convolution.weight, stage.convolution.bias
    channels, _, kernel = weight.shape
    batch, _, length = given.shape
    convolved = given.new_empty(batch, channels, length)
    pooled = given.new_empty(batch, channels, length // 2)
    apart, share = (None, None) if lean else (torch.empty_like(pooled), torch.empty_like(pooled))
    taps = weight.flatten(1) if stage.norm is None else weight.permute(2, 0, 1).contiguous()
    for start in range(0, length, _piece(given)):
        stop = min(length, start + _piece(given))
        if stage.norm is None:
            states = taps @ _columns(given, start, stop, kernel)
        else:
            inside, left, right = _halo(given, start, stop, kernel // 2)
            hidden = steep_gelu(inside, stage.norm).div_(GELU)
            states = _taps(taps, F.pad(hidden, (left, right)) if left or right else hidden, stop - start)
        if bias is not None:
            states += bias[:, None]
        convolved[..., start:stop] = states
        second, *both = _pooling(stage, states)
        half = slice(start // 2, stop // 2)
        if not lean:
            apart[..., half], share[..., half] = both
        piece = torch.addcmul(second, *both)
        pooled[..., half] = piece if stage.residual.bias is None else piece.add_(stage.residual.bias[:, None])
    return pooled, StageTrace(given, convolved, apart, share)


def stage_backward(stage: Stage, trace: StageTrace, gradient: Tensor) -> Tensor:
    """Gradient of a stage's output (batch, channels, length // 2) -> of its input (batch, channels in, length).

    Overwrites what the trace holds.
    """
    _through_pooling(stage, trace, gradient)
    weight = stage.convolution.weight
    kernel = weight.shape[-1]
    before = trace.convolved  # holds the gradient of the convolution's output by now
    length = before.shape[-1]
    if stage.norm is None:
        return _through_stem(weight, before)
    taps = weight.flip(-1).permute(2, 1, 0).contiguous()  # (kernel, channels in, channels)
    for start in range(0, length, _piece(before)):
        stop = min(length, start + _piece(before))
        inside, left, right = _halo(before, start, stop, kernel // 2)
        inside = F.pad(inside, (left, right)) if left or right else inside
        hidden = _taps(taps, inside, stop - start)
        piece = trace.given[..., start:stop]
        piece.copy_(through_gelu(hidden, piece, stage.norm))
    return trace.given


def _through_pooling(stage: Stage, trace: StageTrace, gradient: Tensor) -> None:
    """Write the gradient of the convolution's output over `trace.convolved`."""
    residual = stage.residual.weight.T.contiguous()
    pool = stage.pool.T.contiguous()
    length = trace.convolved.shape[-1]
    for start in range(0, length, _piece(gradient)):
        stop = min(length, start + _piece(gradient))
        half = slice(start // 2, stop // 2)
        convolved = trace.convolved[..., start:stop]
        if trace.apart is None:
            _, apart, share = _pooling(stage, convolved)
        else:
            apart, share = trace.apart[..., half], trace.share[..., half]
        asked = gradient[..., half]  # pooled = second + share * apart, share = sigmoid(pool @ apart)
        first = pool @ torch.ops.aten.sigmoid_backward(asked * apart, share)
        first.addcmul_(asked, share)
        states = torch.stack((first, asked - first), dim=-1).flatten(-2)  # of both neighbours
        states += through_gelu(residual @ states, convolved, stage.residual_norm)
        convolved.copy_(states)


def _through_stem(weight: Tensor, gradient: Tensor) -> Tensor:
    """(batch, channels, length) -> (batch, 4, length): as `_columns` reads, added where it read."""
    _, letters, kernel = weight.shape
    batch, _, length = gradient.shape
    found = gradient.new_zeros(batch, letters, length + kernel - 1)
    columns = weight.flatten(1).T.contiguous()
    for start in range(0, length, _piece(gradient)):
        stop = min(length, start + _piece(gradient))
        piece = (columns @ gradient[..., start:stop]).unflatten(1, (letters, kernel))
        for place in range(kernel):
            found[..., start + place : stop + place] += piece[:, :, place]
    return found[..., kernel // 2 : kernel // 2 + length]
