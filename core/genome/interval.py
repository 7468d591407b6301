"""A stretch of a chromosome: 0-based and half-open inside, 1-based and inclusive where people type or read it.

The only place, with `variant.py`, where the one is turned into the other:

    chr1:1-10 as typed            Interval("chr1", 0, 10)
    chr1:100 as typed             Interval("chr1", 99, 100)
    a BED line "chr1 0 10"        Interval("chr1", 0, 10)
"""

from __future__ import annotations

import operator
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol, SupportsIndex

from core.errors import InvalidLocusError
from core.genome.contigs import find_contig, resolve_contig, same_chromosome
from core.genome.examples import EXAMPLE, POSITION, example_place, example_range

if TYPE_CHECKING:
    from core.genome.gene import Gene

STRANDS = ("+", "-", ".")
MAX_POSITION = 10**10  # the largest known genome as one chromosome; longer numbers are slips
_UNITS = {"": 1, "bp": 1, "k": 1_000, "kb": 1_000, "kbp": 1_000, "m": 1_000_000, "mb": 1_000_000, "mbp": 1_000_000}
_PLACE = re.compile(r"(?P<number>[\d.,_]+)\s*(?P<unit>[a-z]*)", re.IGNORECASE)
_NUMBER = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d{1,3}(?:_\d{3})+|\d+)(?:\.\d+)?")
_STRAND = re.compile(r"\s*(?:\((?P<round>[+-])\)|:(?P<colon>[+-]))$")
_SPACED = re.compile(r"(?P<chrom>[^\s:]+)\s+(?P<rest>[\d.,_]+\s*[a-z]*(?:\s*(?:-|\.\.+)\s*[\d.,_]+\s*[a-z]*)?)", re.I)
_BED_COLUMNS = re.compile(r"(?P<chrom>\S+)\s+(?P<start>\d+)\s+(?P<end>\d+)\b.*")
_ALLELES = re.compile(r"([^\s:]+:[\d,]+)(?:\s*:\s*|\s+)[A-Za-z]+\s*[:>/].*")
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))
_CHROM = re.compile(r"[^\s:,;<>\"'()]+")


class FindsGenes(Protocol):
    """What `Interval.parse` needs of an annotation."""

    def find(self, name: str) -> Gene: ...


def tidy(text: str) -> str:
    """The text with typographic dashes, wide characters and hard spaces as plain ones.

    Raises
    ------
    InvalidLocusError
        It is no text.
    """
    if not isinstance(text, str):
        raise InvalidLocusError(f"A place is given as text, not as {type(text).__name__}; type one such as {EXAMPLE}.")
    return unicodedata.normalize("NFKC", text).translate(_DASHES).strip()


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of a chromosome.

    Attributes
    ----------
    chrom : name of the chromosome, as given.
    start, end : 0-based, half-open, in base pairs. A window may overhang its chromosome: `start` can be negative.
    strand : "+", "-", or "." where none is meant. It never changes what a genome answers: that is the forward strand.

    Raises
    ------
    InvalidLocusError
        No name, `start` >= `end`, no whole numbers, or an unknown strand.
    """

    chrom: str
    start: int
    end: int
    strand: str = "."

    def __post_init__(self) -> None:
        if not isinstance(self.chrom, str) or not _CHROM.fullmatch(self.chrom):
            raise InvalidLocusError(f"{self.chrom!r} is no name of a chromosome; give one such as chr11.")
        for name in ("start", "end"):
            object.__setattr__(self, name, _whole(name, getattr(self, name)))
        if self.start >= self.end:
            raise InvalidLocusError(
                f"The interval of {self.chrom} starts at {self.start:,} and ends at {self.end:,} (0-based, half-open); "
                "its end has to lie behind its start."
            )
        if self.strand not in STRANDS:
            raise InvalidLocusError(f"The strand is {self.strand!r}; give +, - or . (none).")

    @property
    def width_bp(self) -> int:
        """Length in base pairs."""
        return self.end - self.start

    @property
    def centre(self) -> int:
        """0-based position in the middle; of an even number of bases, the right one of the two."""
        return (self.start + self.end) // 2

    @property
    def locus(self) -> str:
        """1-based and inclusive, as people read it; a single base as "chr1:100", a strand as "(-)" behind."""
        places = f"{self.start + 1:,}" if self.width_bp == 1 else f"{self.start + 1:,}-{self.end:,}"
        return f"{self.chrom}:{places}" + ("" if self.strand == "." else f"({self.strand})")

    def __str__(self) -> str:
        return self.locus

    def resize(self, width_bp: int) -> Interval:
        """The interval of this width around the same centre.

        Of an even width, the base at `centre` comes to lie at index `width_bp` // 2: around a single base, a window
        of 196,608 bp has it at 98,304, the left edge of a 128-bp bin.

        Source: the convention of kipoiseq and of Enformer's own examples.
        """
        width = _whole("width", width_bp)
        if width < 1:
            raise InvalidLocusError(f"The width is {width:,} bp; give 1 or more.")
        start = self.centre - width // 2
        return replace(self, start=start, end=start + width)

    def shift(self, by_bp: int) -> Interval:
        """The interval moved along the chromosome; a negative number moves it towards position 1."""
        by = _whole("shift", by_bp)
        return replace(self, start=self.start + by, end=self.end + by)

    def overlaps(self, other: Interval) -> bool:
        """Whether the two share at least one base; touching is not sharing, and strands do not matter."""
        return same_chromosome(self.chrom, other.chrom) and self.start < other.end and other.start < self.end

    def contains(self, other: Interval | int) -> bool:
        """Whether all of another interval, or a 0-based position on the same chromosome, lies inside."""
        if isinstance(other, Interval):
            return same_chromosome(self.chrom, other.chrom) and self.start <= other.start and other.end <= self.end
        return self.start <= _whole("position", other) < self.end

    @classmethod
    def at(cls, chrom: str, position: int, strand: str = ".") -> Interval:
        """The single base at a 1-based position."""
        start = _whole("position", position) - 1
        return cls(chrom, start, start + 1, strand)

    def to_kipoiseq(self) -> Any:
        """The same stretch as a `kipoiseq.Interval`, which is 0-based and half-open too."""
        from kipoiseq import Interval as KipoiseqInterval

        return KipoiseqInterval(self.chrom, self.start, self.end, strand=self.strand)

    @classmethod
    def from_kipoiseq(cls, interval: Any) -> Interval:
        """From a `kipoiseq.Interval`; its name, score and attributes are left out.

        Raises
        ------
        InvalidLocusError
            Its start lies behind its end, and the like.
        """
        return cls(interval.chrom, interval.start, interval.end, interval.strand)

    @classmethod
    def parse(
        cls,
        text: str,
        *,
        width_bp: int | None = None,
        contigs: Mapping[str, int] | None = None,
        genome: str = "this genome",
        annotation: FindsGenes | None = None,
    ) -> Interval:
        """Read a locus as people type it, 1-based and inclusive.

        "chr11:35,082,742-35,197,430", "11:35.1M-35.2M", "chr11:35082742..35197430", "chr11-35082742-35197430" and a
        position such as "chr11:35.1M" are read; a strand may follow as "(-)" or ":-". A space may stand for the colon.
        With an annotation, so is a gene ("CD44").

        Parameters
        ----------
        width_bp : the window wanted around a *position*, or around the transcription start of a gene; None leaves the
            single base, or the whole gene. A range stays as typed.
        contigs : name -> length of the chromosomes of a genome. With them the chromosome takes the genome's own name,
            a chromosome alone ("chr11") means all of it, and what begins behind its end is refused.
        genome : what the genome is called in the sentences.
        annotation : where genes are looked up.

        Raises
        ------
        UnknownGeneError
            The annotation has no such gene; the message offers names that look like it.
        InvalidLocusError
            The text is no locus, or lies outside its chromosome; the message says what to type.
        """
        given, chrom, places, strand = _split(text, contigs)
        if chrom.isdigit() and not places and contigs is not None and find_contig(chrom, contigs) is None:
            raise _lone_number(given, next(iter(contigs), "chr11"))
        if not places and annotation is not None and (contigs is None or find_contig(chrom, contigs) is None):
            return cls._of_gene(annotation.find(chrom), width_bp, contigs, genome)
        if not places:
            if contigs is None:
                raise InvalidLocusError(
                    f"{given!r} names no place on a chromosome; type a chromosome, a colon and a range, such as "
                    f"{EXAMPLE}, or a position, such as {POSITION}."
                )
            chrom = resolve_contig(chrom, contigs, genome)
            return cls(chrom, 0, contigs[chrom], strand)
        first = _position(places[0], given)
        last = _position(places[-1], given)
        if last < first:
            raise InvalidLocusError(
                f"{given!r} ends at {last:,}, before it starts at {first:,}; type the smaller number first: "
                f"{chrom}:{last:,}-{first:,}."
            )
        if contigs is not None:
            chrom = resolve_contig(chrom, contigs, genome)
            if first > contigs[chrom]:
                raise InvalidLocusError(
                    f"{given!r} lies behind the end of {chrom}, which has {contigs[chrom]:,} base pairs in {genome}; "
                    f"type a position from 1 to {contigs[chrom]:,}."
                )
        found = cls(chrom, first - 1, last, strand)
        return found.resize(width_bp) if width_bp is not None and len(places) == 1 else found

    @classmethod
    def _of_gene(cls, gene: Gene, width_bp: int | None, contigs: Mapping[str, int] | None, genome: str) -> Interval:
        """All of the gene, or the window around its transcription start."""
        place = gene.interval
        chrom = place.chrom if contigs is None else find_contig(place.chrom, contigs)
        if chrom is None or (contigs is not None and gene.tss >= contigs[chrom]):
            raise InvalidLocusError(
                f"{gene.symbol} lies at {place.locus}, which {genome} does not have; choose a gene or a genome that "
                "fits."
            )
        whole = replace(place, chrom=chrom)
        return whole if width_bp is None else cls.at(chrom, gene.tss + 1, whole.strand).resize(width_bp)


def _whole(name: str, value: SupportsIndex) -> int:
    try:
        return operator.index(value)
    except TypeError as error:
        raise InvalidLocusError(f"The {name} is {value!r}; give a whole number of base pairs.") from error


def _lone_number(given: str, chrom: str) -> InvalidLocusError:
    return InvalidLocusError(
        f"{given!r} names no chromosome; type it in front, with a colon: {chrom}:{given.replace(' ', '')}."
    )


def _split(text: str, contigs: Mapping[str, int] | None) -> tuple[str, str, tuple[str, ...], str]:
    """(text, chromosome, places as typed, strand)."""
    example, position = example_range(contigs), example_place(contigs)
    chrom_example = next(iter(contigs or ()), "chr11")
    given = tidy(text)
    if not given:
        raise InvalidLocusError(f"There is no locus here; type one such as {example}.")
    if len(given) > 200 or "\n" in given:
        raise InvalidLocusError(f"This is too long for one locus; type one such as {example}.")
    strand = _STRAND.search(given)
    body = given[: strand.start()] if strand else given
    mark = (strand["round"] or strand["colon"]) if strand else "."
    if columns := _BED_COLUMNS.fullmatch(body):
        first, last = int(columns["start"]), int(columns["end"])
        name = columns["chrom"]
        raise InvalidLocusError(
            f"{given!r} is written in columns, which may count from 0 or from 1; type {name}:{first + 1:,}-{last:,} if "
            f"it comes from a BED file, {name}:{first:,}-{last:,} if it is 1-based."
        )
    if alleles := _ALLELES.fullmatch(body):
        raise InvalidLocusError(
            f"{given!r} has letters behind its position, as a variant has; type {alleles[1]} alone."
        )
    dashed = re.fullmatch(r"([^\s:]+?)-([\d,.]+)-([\d,.]+)", body)
    if dashed:
        return given, dashed[1], (dashed[2], dashed[3]), mark
    number = _PLACE.fullmatch(body.partition("-")[0].strip())
    if number and (len(body) > 6 or not body.isdigit()) and number["unit"].lower() in _UNITS:
        raise _lone_number(given, chrom_example)
    spaced = _SPACED.fullmatch(body)
    chrom, colon, rest = (spaced["chrom"], ":", spaced["rest"]) if spaced else body.rpartition(":")
    if not colon:
        chrom, rest = body, ""
    chrom, rest = chrom.strip(), rest.strip()
    if not _CHROM.fullmatch(chrom) or (colon and not rest):
        raise InvalidLocusError(
            f"{given!r} is no locus; type a chromosome, a colon and a range, such as {example}, or a position, such as "
            f"{position}."
        )
    places = tuple(part.strip() for part in re.split(r"-|\.\.+", rest)) if rest else ()
    if (
        rest.startswith("-")
        or (len(places) > 1 and not places[1])
        or (not places and strand and strand["colon"] == "-")
    ):
        raise InvalidLocusError(f"{given!r} lacks a number beside its dash; type both ends, such as {example}.")
    if len(places) > 2:
        raise InvalidLocusError(f"{given!r} has more than one range; type one, such as {example}.")
    return given, chrom, places, mark


def _position(place: str, given: str) -> int:
    """A 1-based position as typed: "35,082,742", "35.1M"."""
    found = _PLACE.fullmatch(place)
    if not found:
        raise InvalidLocusError(
            f"{place!r} in {given!r} is no position; type digits, with commas or a unit if you like, such as "
            "35,082,742 or 35.1M."
        )
    unit = found["unit"].lower()
    if unit not in _UNITS:
        raise InvalidLocusError(f"{found['unit']!r} in {given!r} is no unit; type k (thousand) or M (million).")
    number = found["number"]
    if not _NUMBER.fullmatch(number) or len(number) > 30:
        raise InvalidLocusError(
            f"The number {number!r} in {given!r} cannot be read; type digits alone or a comma before each three, such "
            "as 35,082,742."
        )
    value = Decimal(number.replace(",", "").replace("_", "")) * _UNITS[unit]
    if value != value.to_integral_value():
        what = f"{place!r} in {given!r} is {value.normalize():f} base pairs, not a whole number"
        raise InvalidLocusError(f"{what}; add a unit, such as {number}M, or type all digits.")
    if value < 1:
        raise InvalidLocusError(f"{given!r} begins at 0, but positions are counted from 1; type 1 or more.")
    if value > MAX_POSITION:
        raise InvalidLocusError(f"{place!r} in {given!r} lies behind the end of any chromosome; type fewer digits.")
    return int(value)
