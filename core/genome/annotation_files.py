"""Files of genes and regions: GTF and BED (3 to 12 columns), plain or compressed with gzip or bgzip."""

from __future__ import annotations

import gzip
import os
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import AnnotationError, InvalidLocusError
from core.genome.annotation import Gene, Region, Track, Transcript, check_colour
from core.genome.interval import Interval

_ATTRIBUTE = re.compile(r'\s*(\w+)\s+(?:"([^"]*)"|([^;"\s]+))\s*(?:;|$)')
_PARTS = ("exon", "CDS", "stop_codon", "start_codon")


@dataclass
class _Parts:
    """What the lines of a GTF say of one gene or transcript."""

    spans: list[Interval] = field(default_factory=list)
    exons: list[Interval] = field(default_factory=list)
    coding: list[Interval] = field(default_factory=list)
    whole: Interval | None = None
    facts: dict[str, str] = field(default_factory=dict)

    def interval(self) -> Interval:
        if self.whole is not None:
            return self.whole
        return _hull(self.spans)


def read_annotation(path: str | os.PathLike[str], *, assembly: str = "unknown") -> Track:
    """Read genes (GTF, BED12, or BED with a strand) or regions (BED with a colour, or without a strand).

    A BED line with a strand and no colour is a gene; its 7th and 8th columns, where they are no numbers, are its
    identifier and biotype.

    Raises
    ------
    AnnotationError
        No such file, neither GTF nor BED, or a line that cannot be read; the message says which.
    """
    path = Path(path).expanduser()
    name = path.name
    lines = list(_lines(path))
    if not lines:
        raise AnnotationError(f"{name} has no lines with genes or regions; give a GTF or BED file.")
    first = lines[0][1]
    if len(first.split("\t")) == 9 and not first.split("\t")[1].isdigit():
        return Track(name, assembly, genes=_read_gtf(name, lines))
    genes: list[Gene] = []
    regions: list[Region] = []
    for number, line in lines:
        found = _bed_line(f"Line {number} of {name}", line)
        genes.append(found) if isinstance(found, Gene) else regions.append(found)
    return Track(name, assembly, genes=tuple(_sorted(genes)), regions=tuple(_sorted(regions)))


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """(number from 1, line) without comments and headers."""
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
        with (gzip.open if packed else open)(path, "rt", encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                line = line.rstrip("\r\n")
                if line.strip() and not line.startswith(("#", "track", "browser")):
                    yield number, line
    except FileNotFoundError as error:
        raise AnnotationError(f"There is no file {path.name}; check its place.") from error
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise AnnotationError(
            f"{path.name} is damaged, no text, or may not be read; give a GTF or BED file, plain or gzip."
        ) from error


def _whole(text: str, what: str, place: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise AnnotationError(f"{place} has {text[:30]!r} as {what}; give a whole number of base pairs.")
    return int(text)


def _interval(place: str, chrom: str, start: int, end: int, strand: str) -> Interval:
    try:
        return Interval(chrom, start, end, strand)
    except InvalidLocusError as error:
        raise AnnotationError(f"{place} cannot be read: {error}") from error


def _bed_line(place: str, line: str) -> Gene | Region:
    columns = line.split("\t") if "\t" in line else line.split()
    if len(columns) < 3:
        raise AnnotationError(f"{place} has {len(columns)} columns; BED has at least 3: chromosome, start, end.")
    start, end = _whole(columns[1], "its start", place), _whole(columns[2], "its end", place)
    strand = columns[5] if len(columns) > 5 else "."
    interval = _interval(place, columns[0], start, end, strand)
    name = columns[3] if len(columns) > 3 else ""
    colour = check_colour(columns[8], place) if len(columns) > 8 else None
    if len(columns) >= 12:
        return _bed12(place, columns, interval)
    if strand == "." or colour is not None:
        score = columns[4] if len(columns) > 4 else ""
        return Region(interval, name, float(score) if re.fullmatch(r"-?\d+(\.\d+)?", score) else None, colour)
    extra = columns[6:8] if len(columns) > 7 and not columns[6].isdigit() else ["", ""]
    return Gene(name or interval.locus, extra[0], interval, extra[1])


def _bed12(place: str, columns: list[str], interval: Interval) -> Gene:
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


def _read_gtf(name: str, lines: list[tuple[int, str]]) -> tuple[Gene, ...]:
    genes: dict[str, _Parts] = {}
    transcripts: dict[tuple[str, str], _Parts] = {}
    for number, line in lines:
        place = f"Line {number} of {name}"
        columns = line.split("\t")
        if len(columns) != 9:
            raise AnnotationError(f"{place} has {len(columns)} columns; GTF has 9, separated by tabs.")
        start, end = _whole(columns[3], "its start", place), _whole(columns[4], "its end", place)
        if start < 1:
            raise AnnotationError(f"{place} starts at 0; GTF counts from 1.")
        strand = columns[6] if columns[6] in ("+", "-") else "."
        interval = _interval(place, columns[0], start - 1, end, strand)
        facts = {found[1]: found[2] or found[3] or "" for found in _ATTRIBUTE.finditer(columns[8])}
        key = facts.get("gene_id") or facts.get("gene_name") or ""
        if not key:
            other = " (this looks like GFF3; convert it: gffread -T)" if "=" in columns[8] else ""
            raise AnnotationError(f"{place} names no gene_id{other}; give a GTF file.")
        feature = columns[2]
        gene = genes.setdefault(f"{key}\t{columns[0]}", _Parts())
        gene.spans.append(interval)
        gene.facts = {**facts, **gene.facts}
        if feature == "gene":
            gene.whole = interval
        if transcript_id := facts.get("transcript_id", ""):
            parts = transcripts.setdefault((f"{key}\t{columns[0]}", transcript_id), _Parts())
            parts.facts = {**facts, **parts.facts}
            if feature == "transcript":
                parts.whole = interval
            if feature in ("transcript", *_PARTS):
                parts.spans.append(interval)
            if feature == "exon":
                parts.exons.append(interval)
            elif feature in ("CDS", "stop_codon"):
                parts.coding.append(interval)
    made: dict[str, list[Transcript]] = {}
    for (key, identifier), parts in transcripts.items():
        if parts.spans:
            made.setdefault(key, []).append(_transcript(identifier, parts))
    return tuple(_sorted([_gene(key, parts, made.get(key, [])) for key, parts in genes.items()]))


def _transcript(identifier: str, parts: _Parts) -> Transcript:
    whole, facts = parts.interval(), parts.facts
    exons = tuple(sorted(parts.exons or [whole], key=lambda exon: exon.start))
    coding = _hull(parts.coding) if parts.coding else None
    biotype = facts.get("transcript_biotype") or facts.get("transcript_type") or ""
    return Transcript(identifier, facts.get("transcript_name", ""), whole, exons, coding, biotype)


def _gene(key: str, parts: _Parts, transcripts: list[Transcript]) -> Gene:
    facts, identifier = parts.facts, parts.facts.get("gene_id", "")
    symbol = facts.get("gene_name") or identifier or key.partition("\t")[0]
    biotype = facts.get("gene_biotype") or facts.get("gene_type") or ""
    ordered = sorted(transcripts, key=lambda transcript: (transcript.interval.start, transcript.interval.end))
    return Gene(symbol, identifier, parts.interval(), biotype, tuple(ordered))


def _hull(intervals: list[Interval]) -> Interval:
    """From the first to the last base of them all."""
    ends = min(i.start for i in intervals), max(i.end for i in intervals)
    return Interval(intervals[0].chrom, *ends, intervals[0].strand)


def _sorted(items: list) -> list:
    """By chromosome in the order of the file, then by start."""
    order: dict[str, int] = {}
    for item in items:
        order.setdefault(item.interval.chrom, len(order))
    return sorted(items, key=lambda i: (order[i.interval.chrom], i.interval.start, i.interval.end))
