"""Stretches of bins that have to be computed, and the tower over them, many at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from core.enformer.memory import Pieces
from core.enformer.parts import Parts

GAP = 4  # known bins between two unknown ones that cost less to compute again than a stretch of their own
BASES = {"cuda": 2 * 1024**2}  # of all windows that go through the tower at once
CPU_BASES = 32 * 1024
UNKNOWN = 4


def _code_table() -> np.ndarray:
    """(256,) uint8: 0 to 3 of A, C, G, T, and 4 of all other letters, which the model reads as zeros."""
    table = np.full(256, UNKNOWN, np.uint8)
    for code, base in enumerate("ACGT"):
        table[ord(base)] = table[ord(base.lower())] = code
    return table


_CODES = _code_table()


def codes_of(letters: str) -> np.ndarray:
    """(length,) uint8: 0 to 3 of A, C, G, T, and 4 of all other letters."""
    return _CODES[np.frombuffer(letters.encode("ascii"), np.uint8)]


def codes_of_one_hot(encoded: np.ndarray) -> np.ndarray:
    """(batch, length) uint8 of one-hot windows (batch, length, 4)."""
    return np.where(encoded.any(axis=-1), encoded.argmax(axis=-1), UNKNOWN).astype(np.uint8)


def encoded(parts: Parts, codes: Sequence[np.ndarray]) -> Tensor:
    """One-hot (windows, length, 4) float32 on the device, of codes (length,) each."""
    table = torch.eye(UNKNOWN + 1, UNKNOWN, device=parts.device)  # the last row, of unknown letters, is zeros
    return table[torch.from_numpy(np.stack(codes)).to(parts.device).long()]


def spans(bins: Sequence[int]) -> list[tuple[int, int]]:
    """(first, stop) of stretches that hold these bins, which come in order."""
    found: list[tuple[int, int]] = []
    for number in bins:
        if found and number - found[-1][1] <= GAP:
            found[-1] = (found[-1][0], number + 1)
        else:
            found.append((number, number + 1))
    return found


@dataclass(eq=False)
class Stretch:
    """Consecutive bins of a window, with no more letters around them than they are computed from.

    Attributes
    ----------
    codes : (letters,) uint8 of the bins `first` to `stop` and of those that they reach; cut off at the window's edges.
    first, stop : numbers among these.
    keys : of each bin.
    targets : (rows, places, offsets): where the states of the bins `offsets` go.
    """

    codes: np.ndarray
    first: int
    stop: int
    keys: tuple[bytes, ...]
    targets: list[tuple[Tensor, list[int], list[int]]] = field(default_factory=list)

    @classmethod
    def of(cls, codes: np.ndarray, first: int, stop: int, around: int, size: int, keys: tuple[bytes, ...]) -> Stretch:
        """Cut the bins `first` to `stop` out of a window, with `around` bins on either side."""
        left, right = max(0, first - around), min(len(codes) // size, stop + around)
        return cls(codes[left * size : right * size], first - left, stop - left, keys[first:stop])

    @property
    def bins(self) -> int:
        return self.stop - self.first

    @property
    def shape(self) -> tuple[int, int, int]:
        """Equal of stretches that go through the tower together."""
        return len(self.codes), self.first, self.stop


def compute(
    parts: Parts,
    stretches: Sequence[Stretch],
    on_part: Callable[[float], None],
    keep: Callable[[Sequence[bytes], Tensor], None],
) -> None:
    """Fill the targets of all stretches; a batch that does not fit in memory is tried again at half the size.

    Parameters
    ----------
    on_part : called with the share of the bins that is done, 0 to 1.
    keep : called with keys and rows (keys, width) of each stretch.
    """
    groups: dict[tuple[int, int, int], list[Stretch]] = {}
    for stretch in stretches:
        groups.setdefault(stretch.shape, []).append(stretch)
    total, done = sum(stretch.bins for stretch in stretches), 0
    bound = BASES.get(parts.device.type, CPU_BASES)
    for (length, first, stop), group in groups.items():

        def work(begin: int, end: int, group: list[Stretch] = group, done: int = done) -> tuple[int, Tensor]:
            bins = group[0].bins

            def on_share(share: float) -> None:
                on_part((done + bins * (begin + share * (end - begin))) / total)

            return begin, _states(parts, [stretch.codes for stretch in group[begin:end]], group[0].shape, on_share)

        def give(answer: tuple[int, Tensor], group: list[Stretch] = group) -> None:
            begin, states = answer
            for stretch, rows in zip(group[begin : begin + len(states)], states, strict=True):
                for target, places, offsets in stretch.targets:
                    target[_at(places, rows)] = rows[_at(offsets, rows)]
                keep(stretch.keys, rows)

        Pieces(max(1, bound // length), parts.device).each(len(group), work, give)
        done += len(group) * (stop - first)
        on_part(done / total)


def _at(places: list[int], rows: Tensor) -> Tensor | slice:
    """An index; a slice where the places are consecutive."""
    if places[-1] - places[0] + 1 == len(places):
        return slice(places[0], places[-1] + 1)
    return torch.as_tensor(places, device=rows.device)


def _states(
    parts: Parts, codes: list[np.ndarray], shape: tuple[int, int, int], on_share: Callable[[float], None]
) -> Tensor:
    """(windows, bins, width) float32 of the bins asked."""
    from core.enformer.tiles import tower_bins
    from core.enformer.tower import tower

    length, first, stop = shape
    letters = encoded(parts, codes)
    if stop - first == length // parts.bin_size_bp:
        return tower(parts, letters, on_share)
    return tower_bins(parts, letters, first, stop, on_share)
