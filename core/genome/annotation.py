"""Genes, transcripts and coloured regions on a genome, and looking them up by place or by name."""

from __future__ import annotations

import difflib
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from core.errors import AnnotationError, UnknownGeneError
from core.genome.contigs import bare_name
from core.genome.interval import Interval

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Transcript:
    """One way in which a gene is read.

    Attributes
    ----------
    identifier, name : such as "ENST00000263726" and "CD44-201"; each may be "".
    interval : from its first to its last base, with the strand.
    exons : from left to right; the whole interval where the file does not tell.
    coding : from the first to the last coding base, or None.
    biotype : such as "protein_coding", or "".
    """

    identifier: str
    name: str
    interval: Interval
    exons: tuple[Interval, ...]
    coding: Interval | None = None
    biotype: str = ""

    @property
    def tss(self) -> int:
        """0-based position of the first base read; see `Gene.tss`."""
        return first_base(self.interval)


@dataclass(frozen=True)
class Gene:
    """A gene.

    Attributes
    ----------
    symbol : such as "CD44"; the identifier where there is none.
    identifier : such as "ENSG00000026508", or "".
    interval : from its first to its last base, with the strand.
    biotype : such as "protein_coding", or "".
    transcripts : may be none.
    """

    symbol: str
    identifier: str
    interval: Interval
    biotype: str = ""
    transcripts: tuple[Transcript, ...] = ()

    @property
    def tss(self) -> int:
        """0-based position of the transcription start: the first base, on the "-" strand the last one."""
        return first_base(self.interval)


@dataclass(frozen=True)
class Region:
    """A named stretch, such as a chromatin state.

    Attributes
    ----------
    colour : red, green, blue, 0 to 255, as the file gives it (itemRgb), or None.
    """

    interval: Interval
    name: str = ""
    score: float | None = None
    colour: Colour | None = None


class Genes(Protocol):
    """Where genes are looked up: a file (`Track`) or a service."""

    def genes_in(self, interval: Interval) -> tuple[Gene, ...]:
        """Genes that share a base with the interval, from left to right."""
        ...

    def find(self, name: str) -> Gene:
        """The gene of this symbol; UnknownGeneError when there is none."""
        ...

    def search(self, text: str, limit: int = 20) -> tuple[Gene, ...]:
        """Genes that the text may mean, the most likely first."""
        ...


@dataclass(frozen=True, eq=False)
class Track:
    """Genes or regions of one file, by place.

    Attributes
    ----------
    name : the file's name.
    assembly : "hg38" and the like, or "unknown".
    genes, regions : sorted by chromosome (in the order of the file) and start.
    """

    name: str
    assembly: str = "unknown"
    genes: tuple[Gene, ...] = ()
    regions: tuple[Region, ...] = ()
    _gene_index: _Index = field(init=False, repr=False)
    _region_index: _Index = field(init=False, repr=False)
    _by_name: dict[str, list[Gene]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_gene_index", _Index([gene.interval for gene in self.genes]))
        object.__setattr__(self, "_region_index", _Index([region.interval for region in self.regions]))
        by_name: dict[str, list[Gene]] = {}
        for gene in self.genes:
            for name in dict.fromkeys((gene.symbol.upper(), _unversioned(gene.identifier))):
                if name:
                    by_name.setdefault(name, []).append(gene)
        object.__setattr__(self, "_by_name", by_name)

    def genes_in(self, interval: Interval) -> tuple[Gene, ...]:
        """Genes that share a base with the interval, from left to right."""
        return tuple(self.genes[number] for number in self._gene_index.overlapping(interval))

    def regions_in(self, interval: Interval) -> tuple[Region, ...]:
        """Regions that share a base with the interval, from left to right."""
        return tuple(self.regions[number] for number in self._region_index.overlapping(interval))

    def find(self, name: str) -> Gene:
        """The gene of this symbol or identifier; case and the version behind an identifier do not matter.

        Of several, the widest; `search` gives all.

        Raises
        ------
        UnknownGeneError
            There is none; the message offers names that look like it.
        """
        wanted = name.strip()
        found = self._by_name.get(wanted.upper()) or self._by_name.get(_unversioned(wanted))
        if found:
            return max(found, key=lambda gene: gene.interval.width_bp)
        near = self.nearest(wanted)
        hint = f"type one such as {', '.join(near)}" if near else "type another symbol, or a place such as chr11:35.1M"
        raise UnknownGeneError(f"There is no gene {wanted[:40]!r} in {self.name}; {hint}.", nearest=near)

    def search(self, text: str, limit: int = 20) -> tuple[Gene, ...]:
        """Genes whose symbol or identifier begins with the text, then those that have it inside; shortest first."""
        wanted = text.strip().upper()
        if not wanted:
            return ()
        names = [name for name in self._by_name if wanted in name]
        names.sort(key=lambda name: (not name.startswith(wanted), len(name), name))
        found: dict[int, Gene] = {}
        for name in names:
            found.update((id(gene), gene) for gene in self._by_name[name])
            if len(found) >= limit:
                break
        return tuple(found.values())[:limit]

    def nearest(self, name: str, count: int = 3) -> tuple[str, ...]:
        """Symbols that look like the name, the most similar first."""
        symbols = {gene.symbol.upper(): gene.symbol for gene in self.genes}
        return tuple(symbols[key] for key in difflib.get_close_matches(name.upper()[:40], symbols, n=count, cutoff=0.6))


class _Index:
    """Which intervals overlap a place; built once, asked often."""

    def __init__(self, intervals: Sequence[Interval]) -> None:
        self._rows: dict[str, list[tuple[int, int, int]]] = {}
        for number, interval in enumerate(intervals):
            self._rows.setdefault(bare_name(interval.chrom), []).append((interval.start, interval.end, number))
        self._starts: dict[str, list[int]] = {}
        self._reach: dict[str, list[int]] = {}
        for chrom, rows in self._rows.items():
            rows.sort()
            self._starts[chrom] = [start for start, _, _ in rows]
            reach, ends = 0, []
            for _, end, _ in rows:
                reach = max(reach, end)
                ends.append(reach)
            self._reach[chrom] = ends

    def overlapping(self, interval: Interval) -> Iterable[int]:
        """Numbers of the intervals that share a base with this one, by start."""
        chrom = bare_name(interval.chrom)
        if chrom not in self._rows:
            return
        rows = self._rows[chrom]
        # Nothing before the first row whose ends reach past the start can overlap.
        first = bisect_left(self._reach[chrom], interval.start + 1)
        last = bisect_left(self._starts[chrom], interval.end)
        for _, end, number in rows[first:last]:
            if end > interval.start:
                yield number


def first_base(interval: Interval) -> int:
    """0-based position at which reading begins: the start, on the "-" strand the last base."""
    return interval.end - 1 if interval.strand == "-" else interval.start


def check_colour(text: str, place: str) -> Colour | None:
    """itemRgb of a BED line: "255,0,0"; "0", "." and nothing mean none.

    Raises
    ------
    AnnotationError
        It is no colour.
    """
    if text in ("0", ".", ""):
        return None
    parts = text.rstrip(",").split(",")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and int(part) < 256 for part in parts):
        raise AnnotationError(f"{place} has the colour {text[:30]!r}; give red, green, blue from 0 to 255: 255,0,0.")
    return int(parts[0]), int(parts[1]), int(parts[2])


def _unversioned(identifier: str) -> str:
    """ "ENSG00000026508.19" -> "ENSG00000026508"."""
    return identifier.upper().partition(".")[0] if identifier.upper().startswith("ENS") else identifier.upper()
