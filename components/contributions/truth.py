"""What is true of the playground: the sites of its grammar."""

from __future__ import annotations

import gzip
from functools import lru_cache

from core.genome.gene import Region
from core.genome.interval import Interval
from core.teaching.playground.files import playground_sites


@lru_cache(maxsize=1)
def _sites() -> dict[str, tuple[Region, ...]]:
    """Every site that is at least half occupied, by chromosome; the score is 1000 x occupancy."""
    found: dict[str, list[Region]] = {}
    with gzip.open(playground_sites(), "rt", encoding="ascii") as lines:
        for line in lines:
            chrom, start, end, name, score, strand = line.split()
            found.setdefault(chrom, []).append(
                Region(Interval(chrom, int(start), int(end), strand), name, float(score))
            )
    return {chrom: tuple(regions) for chrom, regions in found.items()}


def sites_in(place: Interval) -> tuple[Region, ...]:
    """The sites that share a base with a place.

    Raises
    ------
    GenomeFileError
        As `playground_sites`.
    """
    here = _sites().get(place.chrom, ())
    return tuple(site for site in here if site.interval.end > place.start and site.interval.start < place.end)
