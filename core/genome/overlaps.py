"""Which of many stretches share a base with a place; sorted once, asked often."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from core.genome.contigs import bare_name
from core.genome.interval import Interval


class Overlaps:
    """Stretches by place.

    Parameters
    ----------
    contigs : names of chromosomes; "chr1" and "1" count as one.
    contig : (stretches,) integers, the place of each stretch's chromosome in `contigs`.
    starts, ends : (stretches,) integers, 0-based and half-open.
    """

    def __init__(self, contigs: Sequence[str], contig: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> None:
        names: dict[str, int] = {}
        shared = np.array([names.setdefault(bare_name(name), len(names)) for name in contigs], np.int64)
        group = shared[contig] if len(contigs) else np.empty(0, np.int64)
        order = np.lexsort((ends, starts, group))
        edges = np.searchsorted(group[order], np.arange(len(names) + 1))
        self._rows: dict[str, tuple[np.ndarray, ...]] = {}
        for name, number in names.items():
            rows = order[edges[number] : edges[number + 1]]
            # The furthest end so far never falls, so it can be searched where the ends themselves cannot.
            self._rows[name] = rows, starts[rows], ends[rows], np.maximum.accumulate(ends[rows])

    @classmethod
    def of(cls, intervals: Iterable[Interval]) -> Overlaps:
        """From intervals."""
        contigs: dict[str, int] = {}
        places = [(contigs.setdefault(i.chrom, len(contigs)), i.start, i.end) for i in intervals]
        columns = np.array(places, np.int64).reshape(-1, 3).T
        return cls(tuple(contigs), *columns)

    def numbers(self, interval: Interval) -> list[int]:
        """Which stretches share a base with the interval, by start."""
        rows = self._rows.get(bare_name(interval.chrom))
        if rows is None:
            return []
        numbers, starts, ends, reach = rows
        first = int(np.searchsorted(reach, interval.start, side="right"))
        last = int(np.searchsorted(starts, interval.end, side="left"))
        return numbers[first:last][ends[first:last] > interval.start].tolist()
