"""Genes, their transcripts, and coloured regions, as values."""

from __future__ import annotations

from dataclasses import dataclass

from core.genome.interval import Interval

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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


def first_base(interval: Interval) -> int:
    """0-based position at which reading begins: the start, on the "-" strand the last base."""
    return interval.end - 1 if interval.strand == "-" else interval.start
