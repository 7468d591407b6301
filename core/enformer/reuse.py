"""What the tower gave before, found again by content.

A bin's states follow from the letters that the kernels reach and from how far the window's edges are, where each stage
reads zeros. These make the key of a bin, so that an edited, a moved or a repeated window finds all that it shares with
any window read before, without being told. The rest is computed and kept.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.enformer.methods import current
from core.enformer.outputs import Outputs
from core.enformer.parts import Parts, version_of
from core.enformer.receptive import bases_of_bins
from core.enformer.stretches import UNKNOWN, Stretch, codes_of, codes_of_one_hot, compute, spans

CACHE_BYTES = 256 * 1024**2
_FAR = 10_000  # a bin so far inside a window that no edge is near
_OUTSIDE = UNKNOWN + 1


def reach_of(parts: Parts) -> tuple[int, int]:
    """Bases left and right of a bin's own that it is computed from: 259 and 259 in Enformer."""
    start, stop = bases_of_bins(parts, _FAR, _FAR + 1)
    return _FAR * parts.bin_size_bp - start, stop - (_FAR + 1) * parts.bin_size_bp


@dataclass(frozen=True, eq=False)
class Reading:
    """One window and the keys of its bins.

    Attributes
    ----------
    codes : (length,) uint8, as `codes_of`.
    keys : of each bin: equal keys, equal states.
    """

    codes: np.ndarray
    keys: tuple[bytes, ...]

    @property
    def digest(self) -> bytes:
        """Equal of two windows that the model reads alike."""
        return hashlib.blake2b(self.codes, digest_size=16).digest()


@dataclass(frozen=True, eq=False)
class Known:
    """A window whose tower is known.

    Attributes
    ----------
    states : (bins, width) float32 on the engine's device, not to be written to.
    places : the bin that has a key.
    """

    reading: Reading
    states: Tensor
    places: dict[bytes, int]

    @classmethod
    def of(cls, reading: Reading, states: Tensor) -> Known:
        return cls(reading, states, {key: place for place, key in enumerate(reading.keys)})


@dataclass(frozen=True, eq=False)
class Patch:
    """The states of a window that a known one does not have in the same place; all where nothing is known.

    Attributes
    ----------
    bins : their numbers.
    rows : (bins, width) float32.
    computed : how many bins the tower computed for it.
    """

    bins: list[int]
    rows: Tensor
    computed: int

    def onto(self, known: Known) -> Tensor:
        """(bins, width) of the whole window, a tensor of its own."""
        states = known.states.clone()
        if self.bins:
            states[torch.as_tensor(self.bins, device=states.device)] = self.rows
        return states


class Rows:
    """States of bins by key, within a number of bytes; those unused for longest go first. Threads may share one."""

    def __init__(self, width: int, device: torch.device, max_bytes: int) -> None:
        self._width, self._device = width, device
        self._limit = max_bytes // (4 * width)
        self._slots: OrderedDict[bytes, int] = OrderedDict()
        self._pool = torch.empty((0, width), device=device)
        self._version: tuple = ()
        self._lock = threading.Lock()

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._pool.nbytes

    def __len__(self) -> int:
        """Bins held."""
        return len(self._slots)

    def take(self, keys: Sequence[bytes], rows: Tensor, version: tuple) -> list[int]:
        """Fill the rows (keys, width) that are known of this version of the model; the places of the others."""
        with self._lock:
            if self._version != version:
                self._version = version
                self._slots.clear()
            slots = [self._slots.get(key, -1) for key in keys]
            for key, slot in zip(keys, slots, strict=True):
                if slot >= 0:
                    self._slots.move_to_end(key)
            found = [place for place, slot in enumerate(slots) if slot >= 0]
            if found:
                rows[self._at(found)] = self._pool[self._at([slots[place] for place in found])]
        return [place for place, slot in enumerate(slots) if slot < 0]

    def lacking(self, keys: Sequence[bytes]) -> int:
        """How many of the keys are not known."""
        with self._lock:
            return sum(key not in self._slots for key in keys)

    def put(self, keys: Sequence[bytes], rows: Tensor, version: tuple) -> None:
        """Keep rows (keys, width), if the model is still the one that `take` was last asked about."""
        with self._lock:
            if self._version != version:
                return
            fresh = {key: place for place, key in enumerate(keys) if key not in self._slots}
            chosen = list(fresh.items())[: self._limit]
            if not chosen:
                return
            self._grow(len(self._slots) + len(chosen))
            slots = []
            for key, _ in chosen:
                used = len(self._slots)
                slot = used if used < len(self._pool) else self._slots.popitem(last=False)[1]
                self._slots[key] = slot
                slots.append(slot)
            self._pool[self._at(slots)] = rows[self._at([place for _, place in chosen])]

    def _at(self, places: list[int]) -> Tensor:
        return torch.as_tensor(places, device=self._device)

    def _grow(self, needed: int) -> None:
        """Room for so many rows, within the limit; of a pool that is not full the first slots are those taken."""
        if needed <= len(self._pool) or len(self._pool) == self._limit:
            return
        pool = torch.empty((min(self._limit, max(needed, 2 * len(self._pool))), self._width), device=self._device)
        pool[: len(self._pool)] = self._pool
        self._pool = pool


class TowerReuse:
    """Stem and tower of an engine, computed only where nothing is known yet. Threads may share one.

    Parameters
    ----------
    max_bytes : of tower states kept, float32, where a window of Enformer that shares nothing with others takes 9.4 MB.
        A quarter as much again is kept of what the last layer gave.
    """

    def __init__(self, parts: Parts, max_bytes: int = CACHE_BYTES) -> None:
        self._parts = parts
        self._before, self._after = reach_of(parts)
        self._around = -(-max(self._before, self._after) // parts.bin_size_bp)
        self._tower = tuple(_tensors(parts.stages))
        self._all = (*self._tower, *_tensors(parts.layers))
        self.rows = Rows(parts.width, parts.device, max_bytes)
        self._outputs = Outputs(max_bytes // 4)

    def read(self, letters: str, known: Known | None = None) -> Reading:
        """The keys of a window; with `known`, of as many letters, only where the two differ."""
        return self._keyed(codes_of(letters), known)

    def _keyed(self, codes: np.ndarray, known: Known | None = None) -> Reading:
        size = self._parts.bin_size_bp
        bins = len(codes) // size
        keys = [b""] * bins if known is None else list(known.reading.keys)
        todo = range(bins) if known is None else self._touched(codes, known.reading.codes)
        left, right = (np.full(count, _OUTSIDE, np.uint8) for count in (self._before, self._after))
        wide = memoryview(np.concatenate([left, codes, right]))
        span = size + self._before + self._after
        for number in todo:
            keys[number] = hashlib.blake2b(wide[number * size : number * size + span], digest_size=16).digest()
        return Reading(codes, tuple(keys))

    def _touched(self, codes: np.ndarray, before: np.ndarray) -> list[int]:
        """Numbers of the bins that see a letter that differs."""
        size = self._parts.bin_size_bp
        bins = len(codes) // size
        differ = np.flatnonzero(codes != before)
        first = np.maximum((differ - self._after) // size, 0)
        last = np.minimum((differ + self._before) // size, bins - 1)
        steps = np.bincount(first, minlength=bins + 1) - np.bincount(last + 1, minlength=bins + 1)
        return np.flatnonzero(np.cumsum(steps)).tolist()

    def lacking(self, reading: Reading) -> int:
        """How many bins of a window are not known."""
        return self.rows.lacking(_named(reading.keys))

    def output(self, reading: Reading, first: int, stop: int) -> Tensor | None:
        """(stop - first, width) behind the last layer, if it was kept; not to be written to."""
        return self._outputs.get(_output_name(reading), first, stop, _version(self._all))

    def keep_output(self, reading: Reading, first: int, stop: int, states: Tensor) -> None:
        """Keep what the last layer gave for the bins `first` to `stop`: (stop - first, width) float32."""
        self._outputs.put(_output_name(reading), first, stop, states, _version(self._all))

    def states(self, encoded: np.ndarray, on_share: Callable[[float], None] = lambda share: None) -> Tensor:
        """One-hot windows (batch, length, 4) -> (batch, bins, width) float32 on the device, a tensor of its own.

        Parameters
        ----------
        encoded : each row with a single 1 or all zeros.
        on_share : called with the share of what is computed that is done, 0 to 1.
        """
        patches = self.patches([self._keyed(codes) for codes in codes_of_one_hot(encoded)], None, on_share)
        on_share(1.0)
        return patches[0].rows[None] if len(patches) == 1 else torch.stack([patch.rows for patch in patches])

    def patches(
        self,
        readings: Sequence[Reading],
        known: Known | None,
        on_share: Callable[[float], None] = lambda share: None,
    ) -> list[Patch]:
        """What each window has and `known` has not in the same place; all bins where nothing is known.

        Parameters
        ----------
        on_share : called with the share of what is computed that is done, 0 to 1.
        """
        version = _version(self._tower)
        stretches: dict[tuple[bytes, ...], Stretch] = {}
        patches = []
        for reading in readings:
            bins, rows, lacks = self._found(reading, known, version)
            places = {number: place for place, number in enumerate(bins)}
            computed = 0
            for first, stop in spans(lacks):
                keys = reading.keys[first:stop]
                if keys not in stretches:
                    stretches[keys] = Stretch.of(
                        reading.codes, first, stop, self._around, self._parts.bin_size_bp, reading.keys
                    )
                    computed += stop - first
                inside = [number for number in lacks if first <= number < stop]
                target = (rows, [places[number] for number in inside], [number - first for number in inside])
                stretches[keys].targets.append(target)
            patches.append(Patch(bins, rows, computed))

        def keep(keys: Sequence[bytes], rows: Tensor) -> None:
            self.rows.put(_named(keys), rows, version)

        compute(self._parts, list(stretches.values()), on_share, keep)
        return patches

    def _found(self, reading: Reading, known: Known | None, version: tuple) -> tuple[list[int], Tensor, list[int]]:
        """The bins of a patch, its rows filled where they are known, and the bins that are not."""
        bins = list(range(len(reading.keys)))
        if known is not None:
            bins = [number for number in bins if reading.keys[number] != known.reading.keys[number]]
        rows = torch.empty((len(bins), self._parts.width), device=self._parts.device)
        lacks = self.rows.take(_named([reading.keys[number] for number in bins]), rows, version)
        if known is not None and lacks:  # kept no longer, or elsewhere in the known window
            moved = [place for place in lacks if reading.keys[bins[place]] in known.places]
            if moved:
                sources = [known.places[reading.keys[bins[place]]] for place in moved]
                rows[torch.as_tensor(moved, device=rows.device)] = known.states[
                    torch.as_tensor(sources, device=rows.device)
                ]
                lacks = sorted(set(lacks) - set(moved))
        return bins, rows, [bins[place] for place in lacks]


def _named(keys: Sequence[bytes]) -> list[bytes]:
    """Keys of bins as they are kept: apart for what is computed in another precision."""
    method = current()
    name = f"{method.tower} {method.convolution == 'short'} {method.tf32} ".encode()
    return [name + key for key in keys]


def _output_name(reading: Reading) -> bytes:
    return f"{current().layers} ".encode() + _named([reading.digest])[0]


def _version(tensors: tuple[Tensor, ...]) -> tuple:
    """Changes when numbers of the model are trained in place."""
    return tuple(version_of(tensor) for tensor in tensors)


def _tensors(value: Any) -> Iterator[Tensor]:
    """Every tensor in dataclasses and tuples."""
    if isinstance(value, Tensor):
        yield value
    elif is_dataclass(value):
        for entry in fields(value):
            yield from _tensors(getattr(value, entry.name))
    elif isinstance(value, tuple):
        for entry in value:
            yield from _tensors(entry)
