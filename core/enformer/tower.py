"""Stem and convolution tower: purely local, from bases to bins.

Nothing here looks further than the kernels reach: of a changed base only the bins around it change. Each stage is a
convolution, a residual block of width 1 and a pooling by 2; what has width 1 is computed a piece of the length at a
time and in place, so that little more than one stage's input and output exists at once.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from core.enformer.parts import BatchNorm, Parts, Stage

PIECE = 2048  # positions at a time where nothing depends on neighbours: the piece stays in the processor's cache


def normalised_gelu(states: Tensor, norm: BatchNorm) -> Tensor:
    """GELU of batch-normalised states (batch, channels, ...), as a new tensor of the same shape.

    Source: Avsec et al. 2021: GELU approximated by x * sigmoid(1.702 x) (Hendrycks & Gimpel 2016, section 2).
    """
    normalised = F.batch_norm(states, norm.mean, norm.variance, norm.weight, norm.bias, training=False, eps=norm.eps)
    return normalised.mul_(torch.sigmoid(1.702 * normalised))


def stage_output(stage: Stage, states: Tensor) -> Tensor:
    """One stage: (batch, channels in, length) -> (batch, channels out, length // 2); `states` may be overwritten.

    Source: Avsec et al. 2021, Extended Data Fig. 1; attention pooling as enformer_pytorch's. Of two neighbours a and b
    the softmax of W a and W b is a sigmoid of W (a - b), which takes half the arithmetic.
    """
    length = states.shape[-1]
    if stage.norm is not None:
        for piece in states.split(PIECE, dim=-1):
            piece.copy_(normalised_gelu(piece, stage.norm))
    kernel = stage.convolution.weight.shape[-1]
    states = F.conv1d(states, stage.convolution.weight, stage.convolution.bias, padding=kernel // 2)
    batch, channels, _ = states.shape
    pooled = states.new_empty(batch, channels, length // 2)
    bias = stage.residual.bias[:, None]
    for start in range(0, length, PIECE):
        piece = states[..., start : start + PIECE]  # (batch, channels, piece)
        piece = piece + (stage.residual.weight @ normalised_gelu(piece, stage.residual_norm) + bias)
        first, second = piece[..., 0::2], piece[..., 1::2]
        apart = first - second
        share = torch.sigmoid(stage.pool @ apart)  # of the first of two neighbours
        pooled[..., start // 2 : (start + PIECE) // 2] = torch.addcmul(second, share, apart)
    return pooled


def tower(parts: Parts, one_hot: Tensor, on_stage: Callable[[int], None] = lambda stage: None) -> Tensor:
    """All stages: one-hot sequences (batch, length, 4) -> states of bins (batch, length / bin_size_bp, width).

    Parameters
    ----------
    one_hot : columns A, C, G, T, float32; zeros at N. `length` is a multiple of the bin size.
    on_stage : called with the number of each stage that is done, 0 the stem.

    The shapes in Enformer: (196608, 4) -> stem (98304, 768) -> (49152, 768) -> (24576, 896) -> (12288, 1024) ->
    (6144, 1152) -> (3072, 1280) -> (1536, 1536), batch left out.
    """
    states = one_hot.transpose(1, 2)  # (batch, 4, length)
    for number, stage in enumerate(parts.stages):
        states = stage_output(stage, states)
        on_stage(number)
    return states.transpose(1, 2)  # (batch, bins, width)
