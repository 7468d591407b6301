"""Memory of a run: what it needs, what is free, and what to do when it runs out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import psutil

from core.devices import is_memory_fault as is_known_fault
from core.errors import DeviceMemoryError

if TYPE_CHECKING:
    import torch

    from core.enformer.parts import Parts

Answer = TypeVar("Answer")


def is_memory_fault(error: BaseException) -> bool:
    """True when torch, a CUDA library or Python ran out of memory."""
    text = str(error)
    return is_known_fault(error) or "not enough memory" in text or "ALLOC_FAILED" in text


def free_bytes(device: torch.device) -> int:
    """Memory that is free on a device, about; of an Apple GPU what the machine has free."""
    if device.type == "cuda":
        import torch

        reserved = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + reserved
    return psutil.virtual_memory().available


def let_go(device: torch.device) -> None:
    """Give memory that torch keeps for later back to the device."""
    if device.type == "cuda":
        import torch

        torch.cuda.empty_cache()


def run_bytes(parts: Parts, length: int) -> int:
    """What one sequence of `length` bases needs at its peak in float32, weights aside.

    A stage holds its input, its output and the library's copy of one while it convolves. On a CPU this gives 1.21 GB
    for Enformer's 196,608 bp, where 1.22 GB were measured; a tenth is added.
    """
    stages = parts.stages
    tower = max(
        (stage.convolution.weight.shape[1] + 2 * stage.convolution.weight.shape[0]) * (length >> number)
        for number, stage in enumerate(stages)
    )
    bins = length >> len(stages)
    layers = parts.layers
    heads, key = (layers[0].heads, layers[0].key_size) if layers else (1, 1)
    transformer = bins * (8 * parts.width + 2 * heads * key * len(layers))
    return int(1.1 * 4 * max(tower, transformer))


def check_run(parts: Parts, length: int, title: str) -> None:
    """Refuse before the run what would not fit.

    Raises
    ------
    DeviceMemoryError
        One sequence of this length needs more than is free.
    """
    needed, free = run_bytes(parts, length), free_bytes(parts.device)
    if needed > free:
        raise DeviceMemoryError(
            f"{length:,} bp through {title} need about {amount(needed)} of memory and {amount(free)} are free; give a "
            "shorter sequence or close other programs."
        )


def amount(size: float) -> str:
    """ "1.2 GB" or "34 MB", as people read it."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(1, round(size / 1e6))} MB"


@dataclass
class Pieces:
    """How much is computed at once; it shrinks when memory runs out and stays small for the rest of a run.

    Attributes
    ----------
    size : rows of attention, or sequences of a batch.
    device : whose memory is let go before another try.
    """

    size: int
    device: torch.device

    def each(
        self,
        count: int,
        work: Callable[[int, int], Answer],
        keep: Callable[[Answer], None] = lambda answer: None,
    ) -> None:
        """`keep(work(start, stop))` for pieces of 0 .. count; one that does not fit is tried again at half the size.

        Nothing is kept of a piece that failed.

        Raises
        ------
        RuntimeError, MemoryError
            The library's own, when a single one does not fit.
        """
        start = 0
        while start < count:
            stop = min(count, start + self.size)
            try:
                answer = work(start, stop)
            except (RuntimeError, MemoryError) as error:
                if not is_memory_fault(error) or stop - start == 1:
                    raise
                self.size = (stop - start) // 2
            else:
                keep(answer)
                start = stop
                continue
            let_go(self.device)  # outside of the handler: the error holds the frames, and they the tensors
