"""Precision and device of a run, checked once and held while it lasts."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Literal

from core.enformer.methods import Method, default_method, using
from core.errors import SettingsError

if TYPE_CHECKING:
    import torch

Precision = Literal["auto", "float32", "bfloat16"]
_NAMES: dict[str, Precision] = {
    "auto": "auto",
    "float32": "float32",
    "fp32": "float32",
    "bfloat16": "bfloat16",
    "bf16": "bfloat16",
}
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
_lock = threading.Lock()
_runs = {False: 0, True: 0}  # those that want TF32 off, and on


def _restore() -> None:
    """What the last of the runs calls."""


def chosen_precision(wanted: str) -> Precision:
    """ "fp32" and "bf16" are read too.

    Raises
    ------
    SettingsError
        Another word.
    """
    try:
        return _NAMES[wanted]
    except (KeyError, TypeError):
        raise SettingsError(f"The precision is {wanted!r}; give auto, float32 or bfloat16.") from None


def chosen_device(wanted: str, module: torch.nn.Module) -> torch.device:
    """ "auto" is where the model's weights lie; else a device of this machine.

    Raises
    ------
    SettingsError
        The device is not there.
    """
    import torch

    if wanted == "auto":
        return next(module.parameters()).device
    try:
        device = torch.device(wanted)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, ValueError, TypeError) as error:
        raise SettingsError(f"The device is {wanted!r}, which this machine does not have; give auto or cpu.") from error
    return device


@contextmanager
def running(wanted: Precision | Method, device: torch.device) -> Iterator[None]:
    """Inference by a method, or by what a precision means where nothing was measured.

    float32 means float32: on CUDA, where convolutions take TF32 by default, that is switched off while such runs last.
    The switch is one for the whole process: of several runs at once, one that wants TF32 off decides, and the last puts
    it back.
    """
    import torch

    method = default_method(wanted, device.type) if isinstance(wanted, str) else wanted
    _match_threads(device)
    plain = torch.autocast(device.type, enabled=False)
    with torch.inference_mode(), plain, using(method), _tf32(device, method.tf32):
        yield


def _match_threads(device: torch.device) -> None:
    """No more threads than physical cores, where the environment does not say how many; a thread has its own number."""
    import torch

    if device.type != "cpu" or any(os.environ.get(name) for name in THREAD_VARIABLES):
        return
    if torch.get_num_threads() > (cores := _physical_cores()):
        torch.set_num_threads(cores)


@cache
def _physical_cores() -> int:
    import psutil

    return psutil.cpu_count(logical=False) or psutil.cpu_count() or 1


@contextmanager
def _tf32(device: torch.device, wanted: bool) -> Iterator[None]:
    """TF32 on or off on CUDA; off while any run that wants it off lasts."""
    global _restore
    if device.type != "cuda":
        yield
        return
    with _lock:
        if not sum(_runs.values()):
            _restore = _switches_as_they_are()
        _runs[wanted] += 1
        _switch(not _runs[False])
    try:
        yield
    finally:
        with _lock:
            _runs[wanted] -= 1
            if sum(_runs.values()):
                _switch(not _runs[False])
            else:
                _restore()


def _older_switches_work() -> bool:
    """torch has two sets of switches, and reading the older raises once the newer was used for some operations only."""
    import torch

    try:
        return isinstance((torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32), tuple)
    except RuntimeError:
        return False


def _newer_switches() -> tuple:
    import torch

    return torch.backends.cudnn.conv, torch.backends.cudnn.rnn, torch.backends.cuda.matmul


def _switch(on: bool) -> None:
    import torch

    if _older_switches_work():
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = on
    else:
        for switch in _newer_switches():
            switch.fp32_precision = "tf32" if on else "ieee"


def _switches_as_they_are() -> Callable[[], None]:
    """Calling what is given back puts things as they are now."""
    import torch

    if _older_switches_work():
        older = (torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32)

        def restore() -> None:
            torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = older
    else:
        before = [switch.fp32_precision for switch in _newer_switches()]

        def restore() -> None:
            for switch, precision in zip(_newer_switches(), before, strict=True):
                switch.fp32_precision = precision

    return restore
