"""`MapDifference`: two maps on common units, what changed most, and which rows look elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.cards import Provenance
from core.language.maps import Pick
from core.language.pairing import UnitPair

Head = tuple[Pick, Pick]


@dataclass(frozen=True)
class MapChange:
    """One cell of two maps.

    Attributes
    ----------
    query, key : labels, "tired / wide" where the two texts differ.
    first, second : what the two maps have there.
    """

    query: str
    key: str
    first: float
    second: float

    @property
    def sentence(self) -> str:
        """For example "it → animal falls from 0.68 to 0.28"."""
        moves = "rises" if self.second > self.first else "falls"
        return f"{self.query} → {self.key} {moves} from {self.first:.2f} to {self.second:.2f}"


@dataclass(frozen=True)
class RowMove:
    """A row whose largest weight lies elsewhere in the second map.

    Attributes
    ----------
    query, first_key, second_key : labels; what the row looked at most, and looks at most now.
    first, second : the largest weights of the two rows.
    """

    query: str
    first_key: str
    second_key: str
    first: float
    second: float

    @property
    def sentence(self) -> str:
        """For example "it: from animal (0.68) to [CLS] (0.33)"."""
        return f"{self.query}: from {self.first_key} ({self.first:.2f}) to {self.second_key} ({self.second:.2f})"


@dataclass(frozen=True, eq=False)
class MapDifference:
    """Two maps on the units that their texts have in common, and their difference.

    Attributes
    ----------
    query_labels, key_labels : one label of each unit: the word where both texts have it, letter case
        ignored, "tired / wide" where a word stands for another, and the word of the one text that
        has it.
    query_units, key_units : token range of each unit in the first and in the second text, None
        where that text lacks it; in the second text's reading order.
    first, second : (query, key) float32, what the two maps show; 0 where the text lacks the unit.
    difference : second - first where `allowed`, else 0.
    allowed : (query, key) bool, both texts have both units and both masks allow the look.
    counted : (query,) bool, rows that say something: not of special tokens such as [CLS], and free to
        look at two units or more in both texts.
    unit : what a cell measures.
    first_head, second_head : (layer, head) of each side.
    """

    query_labels: tuple[str, ...]
    key_labels: tuple[str, ...]
    query_units: tuple[UnitPair, ...]
    key_units: tuple[UnitPair, ...]
    first: np.ndarray
    second: np.ndarray
    difference: np.ndarray
    allowed: np.ndarray
    counted: np.ndarray
    unit: str
    first_head: Head
    second_head: Head
    first_provenance: Provenance
    second_provenance: Provenance

    def __post_init__(self) -> None:
        shape = (len(self.query_labels), len(self.key_labels))
        arrays = (self.first, self.second, self.difference, self.allowed)
        if any(array.shape != shape for array in arrays) or self.counted.shape != shape[:1]:
            raise ValueError(f"arrays {[array.shape for array in arrays]} for labels {shape}")
        for array in (*arrays, self.counted):
            array.setflags(write=False)

    @property
    def only_first(self) -> tuple[str, ...]:
        """Words looked at that the first text alone has."""
        return _lonely(self.key_labels, self.key_units, 1)

    @property
    def only_second(self) -> tuple[str, ...]:
        """Words looked at that the second text alone has."""
        return _lonely(self.key_labels, self.key_units, 0)

    def largest(self, n: int = 3) -> tuple[MapChange, ...]:
        """The `n` largest changes, the largest first; fewer where two digits do not tell the sides apart.

        Only rows that are `counted`: what [SEP] looks at says little about words, and a first word that
        can see itself alone has no choice.
        """
        size = np.abs(self.difference) * (self.allowed & self.counted[:, None])
        changes = []
        for place in np.argsort(-size, axis=None, kind="stable"):
            query, key = np.unravel_index(place, size.shape)
            first, second = float(self.first[query, key]), float(self.second[query, key])
            if len(changes) == n or size[query, key] == 0:
                break
            if f"{first:.2f}" != f"{second:.2f}":
                changes.append(MapChange(self.query_labels[query], self.key_labels[key], first, second))
            elif size[query, key] < 0.005:
                break
        return tuple(changes)

    def moved(self, n: int = 3) -> tuple[RowMove, ...]:
        """Up to `n` of the `counted` rows whose largest weight is on another unit in the second map.

        Those that lose most on what they looked at first come first. Both maxima are over all units that
        the row's own text has.
        """
        firsts, seconds = self.first.argmax(axis=1), self.second.argmax(axis=1)
        rows = np.flatnonzero(self.counted & (firsts != seconds))
        lost = self.first[rows, firsts[rows]] - self.second[rows, firsts[rows]]
        return tuple(
            RowMove(
                self.query_labels[row],
                self.key_labels[firsts[row]],
                self.key_labels[seconds[row]],
                float(self.first[row, firsts[row]]),
                float(self.second[row, seconds[row]]),
            )
            for row in rows[np.argsort(-lost, kind="stable")][:n]
        )


def _lonely(labels: Sequence[str], units: Sequence[UnitPair], lacking: int) -> tuple[str, ...]:
    return tuple(label for label, pair in zip(labels, units, strict=True) if pair[lacking] is None)
