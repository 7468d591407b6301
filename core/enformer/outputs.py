"""What the last layer gave for windows read before: their head and their tracks can be chosen again at no cost."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


class Outputs:
    """States of the last layer by window, within a number of bytes; those unused for longest go first.

    Threads may share one.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._kept: OrderedDict[bytes, tuple[int, int, Tensor]] = OrderedDict()
        self._version: tuple = ()
        self._lock = threading.Lock()

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        with self._lock:
            return sum(states.nbytes for _, _, states in self._kept.values())

    def get(self, window: bytes, first: int, stop: int, version: tuple) -> Tensor | None:
        """(stop - first, width) of these bins, not to be written to; None where they are not known.

        Parameters
        ----------
        window : what two windows share only if the model reads them alike.
        version : changes with the numbers of the model.
        """
        with self._lock:
            if self._version != version:
                self._version = version
                self._kept.clear()
            begin, end, states = self._kept.get(window, (0, 0, None))
            if states is None or first < begin or stop > end:
                return None
            self._kept.move_to_end(window)
            return states[first - begin : stop - begin]

    def put(self, window: bytes, first: int, stop: int, states: Tensor, version: tuple) -> None:
        """Keep a copy of states (stop - first, width), if the model is still the one that `get` was asked about."""
        size = states.numel() * states.element_size()
        with self._lock:
            if self._version != version or size > self._max_bytes:
                return
            begin, end, _ = self._kept.get(window, (0, 0, None))
            if begin <= first and stop <= end:
                return
            self._kept[window] = (first, stop, states.clone())
            self._kept.move_to_end(window)
            while sum(kept.nbytes for _, _, kept in self._kept.values()) > self._max_bytes:
                self._kept.popitem(last=False)
