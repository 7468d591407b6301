"""Lines of a BED file (3 to 12 columns) as genes or regions; 0-based and half-open in the file as here."""

from __future__ import annotations

import re

from core.errors import AnnotationError, InvalidLocusError
from core.genome.gene import Colour, Gene, Region, Transcript
from core.genome.interval import Interval

_SCORE = re.compile(r"-?\d+(\.\d+)?")


def read_bed_line(place: str, line: str) -> Gene | Region:
    """A gene (12 columns, or a strand and no colour) or a region.

    Of a gene, the 7th and 8th columns, where they are no numbers, are its identifier and biotype.

    Parameters
    ----------
    place : "Line 3 of a.bed", for the sentences.

    Raises
    ------
    AnnotationError
        It cannot be read; the message says why.
    """
    columns = line.split("\t") if "\t" in line else line.split()
    if len(columns) < 3:
        count = f"{len(columns)} column{'' if len(columns) == 1 else 's'}"
        raise AnnotationError(f"{place} has {count}; BED has at least 3: chromosome, start, end.")
    start, end = _whole(columns[1], "its start", place), _whole(columns[2], "its end", place)
    strand = columns[5] if len(columns) > 5 else "."
    interval = _interval(place, columns[0], start, end, strand)
    name = columns[3] if len(columns) > 3 else ""
    colour = check_colour(columns[8], place) if len(columns) > 8 else None
    if len(columns) >= 12:
        return _transcript(place, columns, interval)
    if strand == "." or colour is not None:
        score = columns[4] if len(columns) > 4 else ""
        return Region(interval, name, float(score) if _SCORE.fullmatch(score) else None, colour)
    extra = columns[6:8] if len(columns) > 7 and not columns[6].isdigit() else ["", ""]
    return Gene(name or interval.locus, extra[0], interval, extra[1])


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


def _whole(text: str, what: str, place: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise AnnotationError(f"{place} has {text[:30]!r} as {what}; give a whole number of base pairs.")
    return int(text)


def _interval(place: str, chrom: str, start: int, end: int, strand: str) -> Interval:
    try:
        return Interval(chrom, start, end, strand)
    except InvalidLocusError as error:
        raise AnnotationError(f"{place} cannot be read: {error}") from error


def _transcript(place: str, columns: list[str], interval: Interval) -> Gene:
    """A transcript with its exons; blockStarts count from its start."""
    count = _whole(columns[9], "its number of blocks", place)
    sizes = [_whole(text, "a block's size", place) for text in columns[10].rstrip(",").split(",")]
    starts = [_whole(text, "a block's start", place) for text in columns[11].rstrip(",").split(",")]
    if not count == len(sizes) == len(starts):
        raise AnnotationError(
            f"{place} says {count} blocks and lists {len(sizes)} sizes and {len(starts)} starts; give as many of each."
        )
    exons = tuple(
        _interval(place, interval.chrom, interval.start + at, interval.start + at + size, interval.strand)
        for at, size in zip(starts, sizes, strict=True)
    )
    if not all(interval.contains(exon) for exon in exons):
        raise AnnotationError(f"{place} has a block outside its start and end; blocks count from its start.")
    thick = _whole(columns[6], "its thickStart", place), _whole(columns[7], "its thickEnd", place)
    coding = _interval(place, interval.chrom, *thick, interval.strand) if thick[0] < thick[1] else None
    name = columns[3] or interval.locus
    return Gene(name, "", interval, "", (Transcript(name, name, interval, exons, coding),))
