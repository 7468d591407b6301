"""Bounded stores that several people share: models by name, results by question."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Shelf(Generic[Value]):
    """Keep the most recently used values, within a count and a number of bytes.

    Room is made *before* a value is made, so that the peak is never the old values and the new one
    together. People who ask for the same value at once wait for one computation (single flight);
    people who ask for different values do not wait for each other. A failed computation leaves
    nothing behind. A value taken out of the shelf lives on for whoever still holds it.

    Parameters
    ----------
    max_count : values kept at most.
    max_bytes : bytes kept at most, as counted by `size`.
    size : bytes of a value.
    is_memory_short : asked with the bytes that a new value needs, before it is made; while True,
        old values are let go.
    """

    def __init__(
        self,
        *,
        max_count: int,
        max_bytes: int | None = None,
        size: Callable[[Value], int] = lambda value: 0,
        is_memory_short: Callable[[int], bool] = lambda needed_bytes: False,
    ) -> None:
        self._max_count = max_count
        self._max_bytes = max_bytes
        self._size = size
        self._is_memory_short = is_memory_short
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._making: dict[Hashable, threading.Event] = {}
        self._lock = threading.Lock()

    def keys(self) -> tuple[Hashable, ...]:
        """Keys from the least to the most recently used."""
        with self._lock:
            return tuple(self._values)

    def get(
        self,
        key: Hashable,
        make: Callable[[], Value],
        *,
        needed_bytes: int = 0,
        on_wait: Callable[[], None] = lambda: None,
    ) -> Value:
        """The value of `key`, made by `make` (which takes `needed_bytes`) when it is not there.

        `on_wait` is called about ten times a second while another thread makes the value; it may
        raise to leave the wait.
        """
        while True:
            with self._lock:
                if key in self._values:
                    self._values.move_to_end(key)
                    return self._values[key]
                event = self._making.get(key)
                if event is None:
                    event = self._making[key] = threading.Event()
                    break
            while not event.wait(0.1):
                on_wait()
        try:
            self._make_room(needed_bytes)
            value = make()
            with self._lock:
                self._values[key] = value
                self._trim()
            return value
        finally:
            with self._lock:
                del self._making[key]
            event.set()

    def _make_room(self, needed_bytes: int) -> None:
        with self._lock:
            while len(self._values) >= self._max_count:
                self._values.popitem(last=False)
        while self._is_memory_short(needed_bytes):
            with self._lock:
                if not self._values:
                    return
                self._values.popitem(last=False)

    def _trim(self) -> None:
        if self._max_bytes is not None:
            while len(self._values) > 1 and sum(map(self._size, self._values.values())) > self._max_bytes:
                self._values.popitem(last=False)
        while len(self._values) > self._max_count:
            self._values.popitem(last=False)

    def clear(self) -> None:
        """Let everything go."""
        with self._lock:
            self._values.clear()
