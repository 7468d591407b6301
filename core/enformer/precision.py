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
_exact_runs = 0


def _restore() -> None:
    """What the last of the exact runs calls."""


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
    The switch is one for the whole process, so that the first of several runs at once sets it and the last resets it.
    """
    import torch

    method = default_method(wanted, device.type) if isinstance(wanted, str) else wanted
    _match_threads(device)
    with torch.inference_mode(), torch.autocast(device.type, enabled=False), using(method):
        if method.tf32:
            yield
            return
        with _without_tf32(device):
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
def _without_tf32(device: torch.device) -> Iterator[None]:
    global _exact_runs, _restore
    if device.type != "cuda":
        yield
        return
    with _lock:
        if not _exact_runs:
            _restore = _switch_off()
        _exact_runs += 1
    try:
        yield
    finally:
        with _lock:
            _exact_runs -= 1
            if not _exact_runs:
                _restore()


def _switch_off() -> Callable[[], None]:
    """No TF32 from here on; calling what is given back puts things as they were.

    torch has two sets of switches, and reading the older raises once the newer was used for some operations only.
    """
    import torch

    cudnn, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
    newer = (cudnn.conv, cudnn.rnn, matmul)
    before = [switch.fp32_precision for switch in newer]
    try:
        older = (cudnn.allow_tf32, matmul.allow_tf32)
    except RuntimeError:
        for switch in newer:
            switch.fp32_precision = "ieee"

        def restore() -> None:
            for switch, precision in zip(newer, before, strict=True):
                switch.fp32_precision = precision
    else:
        cudnn.allow_tf32 = matmul.allow_tf32 = False

        def restore() -> None:
            cudnn.allow_tf32, matmul.allow_tf32 = older

    return restore
