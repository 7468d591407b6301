"""Which device models run on, and whether a model fits in its memory."""

from __future__ import annotations

from core.errors import DeviceMemoryError, SettingsError


def choose_device(wanted: str) -> str:
    """ "auto" -> "cuda", "mps" or "cpu", whichever there is first; anything else as given.

    Raises
    ------
    SettingsError
        The device that the settings name is not there.
    """
    import torch

    if wanted == "auto":
        if torch.cuda.is_available():
            return "cuda"
        return "mps" if torch.backends.mps.is_available() else "cpu"
    kind, _, number = wanted.partition(":")
    there = {
        "cpu": True,
        "mps": torch.backends.mps.is_available(),
        "cuda": torch.cuda.is_available() and int(number or 0) < torch.cuda.device_count(),
    }
    if not there[kind]:
        raise SettingsError(f"ATTENDOME_DEVICE is {wanted!r}, which this machine does not have; give auto or cpu.")
    return wanted


def is_memory_fault(error: BaseException) -> bool:
    """True when torch or Python ran out of memory; on CPU torch raises a plain RuntimeError."""
    text = str(error)
    return isinstance(error, MemoryError) or "out of memory" in text or "can't allocate memory" in text


def check_memory(needed_bytes: int, title: str) -> None:
    """Refuse to load what this machine has no memory for.

    Raises
    ------
    DeviceMemoryError
        Less is free than is needed.
    """
    import psutil

    free = psutil.virtual_memory().available
    if needed_bytes > free:
        raise DeviceMemoryError(
            f"{title} needs about {needed_bytes / 1e9:.1f} GB of memory and {free / 1e9:.1f} GB are free; "
            "close other programs or choose a smaller model."
        )
