"""How long work tells what is done, and learns that it is no longer wanted."""

from __future__ import annotations

from collections.abc import Callable

OnProgress = Callable[[float], None]  # told how much is done, from 0 to 1; may raise to stop


def check_of(on_progress: OnProgress | None, fraction: float = 0.0) -> Callable[[], None]:
    """A call without arguments, for work inside of which nothing is added to what is done."""
    return (lambda: on_progress(fraction)) if on_progress is not None else (lambda: None)
