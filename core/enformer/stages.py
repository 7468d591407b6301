"""One stage of the tower on rows of positions: activation, convolution, residual block, pooling.

States lie positions first, (batch, positions, channels), so that all that has width 1 is one product of matrices.
Between the products each number is touched as few times as can be: batch norm and GELU are one multiply-add and one
SiLU, biases ride along in the products.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import torch
import torch.nn.functional as F

from core.enformer.parts import version_of
from core.enformer.short_convolution import KERNEL, OUTPUTS, short_convolution, short_taps

if TYPE_CHECKING:
    from torch import Tensor

    from core.enformer.methods import Convolution, Method
    from core.enformer.parts import BatchNorm, Stage

GELU_SLOPE = 1.702
WIDE = 256  # numbers of a kernel's whole input that are rather laid side by side


@dataclass(frozen=True, eq=False)
class Ready:
    """The numbers of a stage as its products take them.

    Attributes
    ----------
    norm, residual_norm : (scale, shift) of batch norm times 1.702, each (channels,).
    taps : (kernel, in, out); (1, kernel * in, out) where a kernel's whole input is laid side by side; (8, in, out) of
        the short form; (out, in, 1, kernel) of the library's.
    bias : (out,), of convolution and residual block together.
    residual, pool : (out, out), to multiply rows with from the right.
    alpha : what the product with the convolution's input is multiplied with: 1 / 1.702 behind a GELU.
    """

    norm: tuple[Tensor, Tensor] | None
    taps: Tensor
    bias: Tensor
    residual_norm: tuple[Tensor, Tensor]
    residual: Tensor
    pool: Tensor
    kernel: int
    alpha: float
    convolution: Convolution


_ready: WeakKeyDictionary[Stage, tuple[tuple, Ready]] = WeakKeyDictionary()
_lock = threading.Lock()


def ready(stage: Stage, method: Method) -> Ready:
    """A stage's numbers laid out for its products, made once; anew when they were changed in place."""
    norms = [norm for norm in (stage.norm, stage.residual_norm) if norm is not None]
    tensors = [tensor for norm in norms for tensor in (norm.mean, norm.variance, norm.weight, norm.bias)]
    tensors += [stage.convolution.weight, stage.convolution.bias]
    tensors += [stage.residual.weight, stage.residual.bias, stage.pool]
    versions = (version_of(tensor) for tensor in tensors if tensor is not None)
    version = (method.tower, method.convolution, *versions)
    with _lock:
        kept = _ready.get(stage)
    if kept is None or kept[0] != version:
        kept = (version, made_ready(stage, method))
        with _lock:
            _ready[stage] = kept
    return kept[1]


def made_ready(stage: Stage, method: Method) -> Ready:
    """A stage's numbers laid out anew."""
    weight = stage.convolution.weight
    out, channels, kernel = weight.shape
    alpha = 1.0 if stage.norm is None else 1 / GELU_SLOPE
    convolution = method.convolution if channels * kernel > WIDE else "taps"
    if convolution == "short" and kernel != KERNEL:
        convolution = "taps"
    taps = weight.permute(2, 1, 0)  # (kernel, in, out)
    if convolution == "short":
        taps = short_taps(taps * alpha)
    elif convolution == "library":
        taps = (weight * alpha)[:, :, None].contiguous(memory_format=torch.channels_last)
    elif channels * kernel <= WIDE:
        taps = taps.reshape(1, kernel * channels, out)
    else:
        taps = taps.contiguous()
    bias = torch.zeros_like(weight[:, 0, 0])
    for part in (stage.convolution.bias, stage.residual.bias):
        if part is not None:
            bias = bias + part
    scale, shift = _affine(stage.residual_norm)
    if stage.residual.bias is not None:  # it is in what is normalised already
        shift = shift - scale * stage.residual.bias
    kind = getattr(torch, method.tower)
    norm = None if stage.norm is None else tuple(tensor.to(kind) for tensor in _affine(stage.norm))
    return Ready(
        norm=norm,
        taps=taps.to(kind),
        bias=bias.to(kind),
        residual_norm=(scale.to(kind), shift.to(kind)),
        residual=stage.residual.weight.T.to(kind),
        pool=stage.pool.T.to(kind),
        kernel=kernel,
        alpha=alpha,
        convolution=convolution,
    )


def _affine(norm: BatchNorm) -> tuple[Tensor, Tensor]:
    """(scale, shift) that normalise, times 1.702."""
    scale = norm.weight / torch.sqrt(norm.variance + norm.eps)
    return scale * GELU_SLOPE, (norm.bias - norm.mean * scale) * GELU_SLOPE


def activated(norm: tuple[Tensor, Tensor] | None, rows: Tensor, out: Tensor | None = None) -> Tensor:
    """1.702 times GELU of batch-normalised rows (..., channels); without a norm the rows themselves.

    Source: Avsec et al. 2021: GELU approximated by x * sigmoid(1.702 x) (Hendrycks & Gimpel 2016, section 2).
    """
    if norm is None:
        return rows if out is None else out.copy_(rows)
    scale, shift = norm
    return F.silu(torch.addcmul(shift, rows, scale, out=out), inplace=True)


def normalised_gelu(norm: BatchNorm, rows: Tensor) -> Tensor:
    """GELU of batch-normalised rows (..., channels), as a new tensor."""
    return activated(_affine(norm), rows).mul_(1 / GELU_SLOPE)


def stage_rows(own: Ready, rows: Tensor) -> Tensor:
    """Activated rows (batch, 2 n + kernel - 1, in) -> pooled rows (batch, n, out). Nothing is padded.

    Source: Avsec et al. 2021, Extended Data Fig. 1; attention pooling as enformer_pytorch's. Of two neighbours a and b
    the softmax of W a and W b is a sigmoid of W (a - b), which takes half the arithmetic.
    """
    batch, count = rows.shape[0], (rows.shape[1] - own.kernel + 1) // 2
    if own.convolution == "short":
        more = -2 * count % OUTPUTS
        states = short_convolution(F.pad(rows, (0, 0, 0, more)) if more else rows, own.taps, own.bias)
    else:
        states = _convolved(own, rows)
    width = states.shape[-1]
    states = states.view(-1, width)
    hidden = activated(own.residual_norm, states)
    torch.addmm(states, hidden, own.residual, alpha=1 / GELU_SLOPE, out=states)
    if own.convolution == "short":
        pairs = states.view(OUTPUTS // 2, 2, -1, width)
    else:
        pairs = states.view(1, -1, 2, width).transpose(1, 2)
    first, second = pairs[:, 0], pairs[:, 1]  # (turns, groups, width)
    apart = first - second
    share = torch.sigmoid_(apart @ own.pool)  # of the first of two neighbours
    pooled = torch.addcmul(second, share, apart)  # pair t + turns * g lies at [t, g]
    return pooled.transpose(0, 1).reshape(batch, -1, width)[:, :count]


def _convolved(own: Ready, rows: Tensor) -> Tensor:
    """(batch, n + kernel - 1, in) -> (batch * n, out)."""
    batch, positions, channels = rows.shape
    count = positions - own.kernel + 1
    if own.convolution == "library":
        found = F.conv2d(rows.transpose(1, 2)[:, :, None], own.taps, own.bias)  # (batch, out, 1, n)
        return found[:, :, 0].transpose(1, 2).reshape(batch * count, -1)
    if len(own.taps) == 1:
        wide = rows.unfold(1, own.kernel, 1).transpose(2, 3).reshape(batch * count, own.kernel * channels)
        return torch.addmm(own.bias, wide, own.taps[0], alpha=own.alpha)
    states = None
    for place, tap in enumerate(own.taps):
        seen = rows[:, place : place + count].reshape(batch * count, channels)
        if states is None:
            states = torch.addmm(own.bias, seen, tap, alpha=own.alpha)
        else:
            torch.addmm(states, seen, tap, alpha=own.alpha, out=states)
    return states
