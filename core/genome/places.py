"""Named places on a genome as BED, to keep and to step through; 0-based and half-open in the file as here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.errors import AnnotationError, InvalidLocusError
from core.genome.bed import read_bed_line
from core.genome.contigs import resolve_contig
from core.genome.interval import Interval

MAX_PLACES = 500
MAX_BED_BYTES = 1_000_000
MAX_NAME = 60
_NO_PLACE = ("#", "track", "browser")


@dataclass(frozen=True)
class NamedPlace:
    """A place and what a person calls it.

    Attributes
    ----------
    name : of one line, at most 60 characters.
    interval : on a chromosome of the genome, in the genome's own name of it.
    """

    name: str
    interval: Interval


def read_places(
    text: str, contigs: Mapping[str, int], genome: str, source: str = "the list"
) -> tuple[tuple[NamedPlace, ...], tuple[str, ...]]:
    """(places in the order of the lines, a sentence for each line that is none).

    Three to twelve columns; the fourth is the name, a place without one is called by its locus.

    Parameters
    ----------
    contigs : name -> length of the genome's chromosomes.
    source : what the text is called in the sentences.

    Raises
    ------
    AnnotationError
        More than `MAX_BED_BYTES`, or not one place.
    """
    if len(text.encode(errors="replace")) > MAX_BED_BYTES:
        raise AnnotationError(
            f"This BED has {len(text) / 1e6:,.1f} MB and {MAX_BED_BYTES / 1e6:.0f} MB are read; give fewer lines."
        )
    places: list[NamedPlace] = []
    problems: list[str] = []
    left_out = 0
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if not line.strip() or line.startswith(_NO_PLACE):
            continue
        if len(places) >= MAX_PLACES:
            left_out += 1
            continue
        try:
            places.append(_place(line, f"Line {number} of {source}", contigs, genome))
        except (AnnotationError, InvalidLocusError) as error:
            problems.append(str(error))
    if left_out:
        problems.append(f"{left_out:,} more places are left out: a list holds {MAX_PLACES}.")
    if not places:
        said = problems[0] if problems else f"There is no place in {source}; give lines of chromosome, start and end."
        raise AnnotationError(said)
    return tuple(places), tuple(problems)


def _place(line: str, where: str, contigs: Mapping[str, int], genome: str) -> NamedPlace:
    found = read_bed_line(where, line)
    try:
        chrom = resolve_contig(found.interval.chrom, contigs, genome)
    except InvalidLocusError as error:
        raise AnnotationError(f"{where}: {error}") from error
    if found.interval.start >= contigs[chrom]:
        raise AnnotationError(
            f"{where} begins at {found.interval.start:,}, and {chrom} has {contigs[chrom]:,} base pairs in {genome}."
        )
    interval = Interval(chrom, found.interval.start, min(found.interval.end, contigs[chrom]))
    columns = line.split("\t") if "\t" in line else line.split()
    name = " ".join(columns[3].split()) if len(columns) > 3 else ""
    return NamedPlace(name[:MAX_NAME] if name not in ("", ".") else interval.locus, interval)


def write_places(places: Iterable[NamedPlace]) -> str:
    """BED of four columns."""
    lines = (f"{p.interval.chrom}\t{p.interval.start}\t{p.interval.end}\t{p.name}\n" for p in places)
    return "".join(lines)
