"""Importing transformers without the half of it that no page uses."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from types import SimpleNamespace
from typing import Any

_IMPORTING = threading.RLock()  # a page and the warm-up may ask at once, and both would swap the same parts


@contextmanager
def _replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


def _undecorated(function: Any = None, **_: Any) -> Any:
    """Stands in for decorators that matter to compiled models only."""
    return function if isinstance(function, Callable) else _undecorated


@contextmanager
def _without_compiler() -> Iterator[None]:
    """Decorators of torch's compiler as no-ops, and the compiler itself not imported by naming it."""
    import torch

    with _replaced(torch.compiler, "disable", _undecorated):
        if "torch._dynamo" in sys.modules:
            yield
            return
        torch._dynamo = SimpleNamespace(allow_in_graph=_undecorated)
        try:
            yield
        finally:
            del torch._dynamo


def import_transformers() -> Any:
    """The transformers library; several threads may ask at once.

    Its model classes import torch's compiler and distributed tensors (1.7 s), scikit-learn and SciPy
    (1.3 s) for compiled, sharded and assisted runs. Attendome makes none, and the person who just
    opened it would wait, so while the classes are imported those parts are made to look absent; the
    library's own mask code for older torch gives the same masks (`test_attend` compares). When
    transformers was imported before, nothing changes.
    """
    with _IMPORTING:
        return _imported()


@cache
def _imported() -> Any:
    import torch

    with _replaced(torch.distributed, "is_available", lambda: False), _without_compiler():
        available = importlib.import_module("transformers.utils.import_utils")
        newer = available.is_torch_greater_or_equal
        with (
            _replaced(available, "_sklearn_available", False),
            _replaced(available, "_scipy_available", False),
            _replaced(available, "is_torch_greater_or_equal", lambda v, **kw: v != "2.6" and newer(v, **kw)),
        ):
            importlib.import_module("transformers.masking_utils")
            importlib.import_module("transformers.modeling_utils")
            importlib.import_module("transformers.generation.utils")
    return importlib.import_module("transformers")
