"""What the engine's rows could be at best: the multiply-adds that they need, and how fast this machine multiplies."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from core.enformer.parts import Parts

# (rows, inner, columns): a tile of the stem's block, of a tower stage, a layer's matrices, and a large square.
SIZES = ((2048, 768, 768), (2048, 3840, 768), (1536, 1536, 3072), (4096, 4096, 1024), (4096, 4096, 4096))
TRIES = 5


def tower_macs(parts: Parts, length: int) -> int:
    """Of stem and tower on `length` bases; the pooling weighs differences of neighbours, one product for two."""
    total = 0
    for number, stage in enumerate(parts.stages):
        out, channels, kernel = stage.convolution.weight.shape
        total += (length >> number) * out * (channels * kernel + out) + (length >> (number + 1)) * out * out
    return total


def transformer_macs(parts: Parts, bins: int, rows: int, *, backward: bool = False) -> int:
    """Of all layers, the last for `rows` query bins alone.

    Parameters
    ----------
    backward : of the gradient of the input alone, nothing computed twice.
    """
    total = 0
    for number, layer in enumerate(parts.layers):
        asked = rows if number == len(parts.layers) - 1 else bins
        of_rows = sum(one.numel() for one in (layer.query, layer.out.weight, layer.up.weight, layer.down.weight))
        pairs = 3 * layer.key_size + 2 * layer.value_size if backward else 2 * layer.key_size + layer.value_size
        total += asked * of_rows + bins * (layer.key.numel() + layer.value.numel()) + asked * bins * layer.heads * pairs
    return total


def head_macs(parts: Parts, rows: int, tracks: int) -> int:
    """Of the pointwise block and some of a head's tracks."""
    return rows * (parts.pointwise.weight.numel() + parts.pointwise.weight.shape[0] * tracks)


def prediction_macs(parts: Parts, length: int, rows: int, tracks: int, *, tower_share: float = 1.0) -> float:
    """Of a prediction of which `tower_share` of the tower is not known yet."""
    bins = length >> len(parts.stages)
    rest = transformer_macs(parts, bins, rows) + head_macs(parts, rows, tracks)
    return tower_share * tower_macs(parts, length) + rest


def gradient_macs(parts: Parts, length: int, rows: int, tracks: int) -> float:
    """Of a prediction of some bins and of the way back to the bases; no parameter's gradient."""
    bins = length >> len(parts.stages)
    back = transformer_macs(parts, bins, rows, backward=True) + head_macs(parts, rows, tracks)
    return prediction_macs(parts, length, rows, tracks) + tower_macs(parts, length) + back


def synchronised(work: Callable[[], object], device: torch.device) -> float:
    """Seconds until the work is done, on the device too."""
    import torch

    wait = torch.cuda.synchronize if device.type == "cuda" else lambda: None
    wait()
    start = time.perf_counter()
    work()
    wait()
    return time.perf_counter() - start


def gemm_peak(device: torch.device, precision: str) -> float:
    """Multiply-adds a second of the best of several products of matrices, "float32" (without TF32) or "bfloat16"."""
    import torch

    from core.enformer.precision import running

    best = 0.0
    with running("float32", device):
        for rows, inner, columns in SIZES:
            left, right = (
                torch.rand(shape, device=device).to(getattr(torch, precision))
                for shape in ((rows, inner), (inner, columns))
            )
            product = left @ right
            for _ in range(TRIES):
                seconds = synchronised(lambda: torch.mm(left, right, out=product), device)  # noqa: B023
                best = max(best, rows * inner * columns / seconds)
    return best
