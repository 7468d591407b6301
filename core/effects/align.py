"""One coordinate frame for reference and alternative: how the shift of insertions and deletions is undone.

An inserted or deleted letter moves everything on one side of it, so the alternative is read once for each side: once
with what lies left of the change in its place, once with what lies right of it in its place, at the cost of letters at
the far edge of the window, outside of what is shown. A bin takes the reading in which its letters keep their place, so
that nothing but the change makes a difference, whatever its length; where a bin holds letters of both sides, the two
are weighted by how many. Bins all of whose letters are deleted count 0; inserted letters have no bins of their own.

Source: reading an indel with a compensating shift follows calico/baskerville (pull request 8), whose authors found it
to classify indels better; deepmind-research#372 asks for it in Enformer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from core.genome.interval import Interval
from core.genome.variant import Variant

RULE = (
    "Letters that were inserted or deleted move what follows, so the alternative is read twice, once with the left and "
    "once with the right side of the change in place, and each bin takes the reading in which its own letters have not "
    "moved; bins whose letters are all deleted count 0, and inserted letters have no bins of their own."
)


@dataclass(frozen=True)
class Core:
    """A change without the letters that both alleles share: 0-based place, either text may be empty."""

    start: int
    ref: str
    alt: str

    @property
    def stop(self) -> int:
        return self.start + len(self.ref)

    @property
    def length_change_bp(self) -> int:
        return len(self.alt) - len(self.ref)

    @classmethod
    def of(cls, variant: Variant) -> Core:
        """Of a variant; letters shared at the end are dropped first, then those at the beginning.

        >>> Core.of(Variant("chr1", 100, "GA", "G"))
        Core(start=100, ref='A', alt='')
        """
        start, ref, alt = variant.position - 1, variant.ref, variant.alt
        while ref and alt and ref[-1] == alt[-1]:
            ref, alt = ref[:-1], alt[:-1]
        while ref and alt and ref[0] == alt[0]:
            start, ref, alt = start + 1, ref[1:], alt[1:]
        return cls(start, ref, alt)


def cores_of(variants: Iterable[Variant]) -> tuple[Core, ...]:
    """Of several variants that are made together, from the left."""
    return tuple(sorted((Core.of(variant) for variant in variants), key=lambda core: (core.start, core.stop)))


@dataclass(frozen=True, eq=False)
class Alignment:
    """How readings of a changed window are put together.

    Attributes
    ----------
    offsets_bp : of each reading, how many letters its start lies right of the window's own, counted on the changed
        sequence: what lies behind a net change of as many letters is then in its place.
    weights : (readings, bins) float32, columns sum to 1, or to 0 where all letters are deleted.
    """

    offsets_bp: tuple[int, ...]
    weights: np.ndarray

    @property
    def deleted(self) -> np.ndarray:
        """(bins,) bool: bins all of whose letters are gone."""
        return self.weights.sum(axis=0) == 0

    def aligned(self, readings: Iterable[np.ndarray]) -> np.ndarray:
        """(bins, tracks) float32 of predictions of each reading, (bins, tracks) float32 each."""
        found = None
        for weight, values in zip(self.weights, readings, strict=True):
            if len(self.offsets_bp) == 1 and (weight == 1).all():
                return values
            part = values * weight[:, None]
            found = part if found is None else found + part
        return found


def alignment(cores: tuple[Core, ...], shown: Interval, bin_size_bp: int) -> Alignment:
    """The readings that the bins of `shown` need, and their weights.

    Parameters
    ----------
    cores : changes from the left, not overlapping.
    """
    bins = shown.width_bp // bin_size_bp
    kept: dict[int, np.ndarray] = {}
    offset, place = 0, shown.start
    for core in cores:
        turn = core.start + min(len(core.ref), len(core.alt))  # letters replaced one by one keep their place
        _add(kept, offset, place, turn, shown, bin_size_bp)
        if core.length_change_bp:
            offset += core.length_change_bp
            place = core.stop
        else:
            place = turn
    _add(kept, offset, place, shown.end, shown, bin_size_bp)
    offsets = tuple(sorted(kept, key=abs)) or (0,)
    counts = np.stack([kept.get(offset, np.zeros(bins)) for offset in offsets])
    total = counts.sum(axis=0)
    weights = np.divide(counts, total, out=np.zeros_like(counts), where=total > 0)
    return Alignment(offsets, weights.astype(np.float32))


def _add(kept: dict[int, np.ndarray], offset: int, start: int, stop: int, shown: Interval, bin_size_bp: int) -> None:
    """Count the bases of each bin that keep their place with this offset."""
    start, stop = max(start, shown.start) - shown.start, min(stop, shown.end) - shown.start
    if start >= stop:
        return
    edges = np.arange(shown.width_bp // bin_size_bp + 1) * bin_size_bp
    inside = np.minimum(edges[1:], stop) - np.maximum(edges[:-1], start)
    kept.setdefault(offset, np.zeros(len(inside)))
    kept[offset] += np.maximum(inside, 0)
