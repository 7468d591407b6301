"""Reference genomes behind one interface, whatever they are read from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

from core.errors import GenomeFileError, InvalidLocusError, ReferenceMismatchError, SequenceError
from core.genome.contigs import resolve_contig
from core.genome.interval import Interval
from core.genome.progress import OnProgress
from core.genome.sequence import check_sequence
from core.genome.variant import Variant

MAX_FETCH_BP = 20_000_000
# Length of chromosome 1 in base pairs. Source: UCSC Genome Browser, chrom.sizes of each assembly.
_FIRST_CHROMOSOME = {
    248_956_422: "hg38",
    249_250_621: "hg19",
    248_387_328: "hs1",
    195_154_279: "mm39",
    195_471_971: "mm10",
    197_195_432: "mm9",
}
ASSEMBLIES = tuple(_FIRST_CHROMOSOME.values())


@runtime_checkable
class Reference(Protocol):
    """A reference genome.

    Attributes
    ----------
    name : what it is called on a page.
    assembly : "hg38" and the like, or "unknown".
    contigs : chromosome -> length in base pairs, in the order of the file.
    identity : text that changes when the letters may have changed; for keys of caches.
    """

    @property
    def name(self) -> str: ...

    @property
    def assembly(self) -> str: ...

    @property
    def contigs(self) -> Mapping[str, int]: ...

    @property
    def identity(self) -> str: ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...

    def fetch(self, interval: Interval, *, on_progress: OnProgress | None = None) -> str:
        """The letters of the forward strand, upper case, as many as the interval is wide.

        Where the interval overhangs its chromosome there is N. "chr1" and "1" are the same chromosome. `on_progress`
        is called while bytes arrive from a server, and may raise to stop.

        Raises
        ------
        InvalidLocusError
            No such chromosome, wholly outside it, or wider than `MAX_FETCH_BP`.
        GenomeUnavailableError
            The file or its server does not give the letters.
        """
        ...


def assembly_of(contigs: Mapping[str, int]) -> str:
    """The assembly whose chromosome 1 is as long as this one, or "unknown"."""
    for name in ("chr1", "1"):
        if name in contigs:
            return _FIRST_CHROMOSOME.get(contigs[name], "unknown")
    return "unknown"


def fetch_padded(
    interval: Interval, contigs: Mapping[str, int], genome: str, read: Callable[[str, int, int], str]
) -> str:
    """`Reference.fetch` in terms of `read(contig, start, end)`, which is asked only for what the contig has.

    Raises
    ------
    InvalidLocusError
        As `Reference.fetch`.
    GenomeFileError
        `read` gives another number of letters, or something else than DNA.
    """
    contig = resolve_contig(interval.chrom, contigs, genome)
    length = contigs[contig]
    start, end = max(0, interval.start), min(length, interval.end)
    if start >= end:
        raise InvalidLocusError(
            f"{interval.locus} lies outside {contig}, which has {length:,} base pairs in {genome}; give a place from 1 "
            f"to {length:,}."
        )
    if interval.width_bp > MAX_FETCH_BP:
        raise InvalidLocusError(
            f"{interval.locus} is {interval.width_bp:,} bp wide and at most {MAX_FETCH_BP:,} are read at once; give a "
            "narrower place."
        )
    letters = read(contig, start, end)
    try:
        check_sequence(letters)
    except SequenceError as error:
        raise GenomeFileError(
            f"{genome} gives something else than DNA for {interval.locus}: its index does not fit it, or it is "
            "damaged; make its index again (samtools faidx), or fetch the file again."
        ) from error
    if len(letters) != end - start:
        raise GenomeFileError(
            f"{genome} gives {len(letters):,} letters for {end - start:,} positions of {contig}: it is cut short, or "
            "its index does not fit it; make its index again (samtools faidx), or fetch the file again."
        )
    return "N" * (start - interval.start) + letters.upper() + "N" * (interval.end - end)


def check_variant(variant: Variant, reference: Reference) -> None:
    """Check that the genome has the letters that the variant says.

    Raises
    ------
    ReferenceMismatchError
        It has others; where they are the alternative's, or lie one position beside, the message says so.
    InvalidLocusError
        The variant reaches outside its chromosome.
    """
    contig = resolve_contig(variant.chrom, reference.contigs, reference.name)
    place, length = variant.interval, reference.contigs[contig]
    if place.end > length:
        raise InvalidLocusError(
            f"{variant.label} lies outside {contig}, which has {length:,} base pairs in {reference.name}; check the "
            "position."
        )
    found = reference.fetch(place)
    if found == variant.ref:
        return
    shown = found if len(found) <= 20 else f"{found[:20]}…"
    around = {by: reference.fetch(place.shift(by)) for by in (-1, 1) if place.shift(by).end in range(1, length + 1)}
    beside = [place.shift(by).start + 1 for by, letters in around.items() if letters == variant.ref]
    if len(variant.alt) == len(found) and found == variant.alt:
        hint = "that is the alternative: swap the two alleles"
    elif beside and len(variant.ref) > 1:
        hint = f"{variant.ref} begins at {beside[0]:,}: positions are counted from 1"
    else:
        hint = "check the assembly that the position belongs to"
    raise ReferenceMismatchError(
        f"{variant.label} says {variant.ref[:20]}, but {reference.name} has {shown} there; {hint}.", found=found
    )
