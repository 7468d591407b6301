"""Memory of a run: what it needs, what is free, and what to do when it runs out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
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

    A tile of each stage exists at once, with what its products give. A tenth is added to what was measured on a CPU.
    """
    from core.enformer.methods import current

    tile = current().tile
    tower, largest = 0, 0
    for number, stage in enumerate(parts.stages):
        out, channels, _ = stage.convolution.weight.shape
        rows = min(tile, length >> number)
        tower += 2 * rows * channels  # what waits for the stage
        largest = max(largest, rows * (3 * channels + 5 * out))
    bins = length >> len(parts.stages)
    layers = parts.layers
    heads, key = (layers[0].heads, layers[0].key_size) if layers else (1, 1)
    transformer = bins * (8 * parts.width + 2 * heads * key * len(layers))
    return int(1.1 * 4 * max(4 * length + tower + largest + bins * parts.width, transformer))


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


@contextmanager
def memory_sentences(what: str, title: str, device: torch.device) -> Iterator[None]:
    """Turn a device that runs out of memory into `DeviceMemoryError`."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_memory_fault(error):
            raise
        raise DeviceMemoryError(
            f"{what} through {title} need more memory than this machine ({device}) has free, in the smallest pieces "
            "too; give a shorter sequence, close other programs or choose a smaller model."
        ) from error


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
