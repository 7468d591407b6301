"""What a person types into the box for a place: a locus, a chromosome or a gene."""

from __future__ import annotations

import re

from core.errors import InvalidLocusError, UnknownGeneError
from core.genome.annotation import Genes
from core.genome.contigs import find_contig
from core.genome.interval import Interval, tidy
from core.genome.reference import Reference

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]*")
_DASHED = re.compile(r"[^\s:]+-[\d,.]+-[\d,.]+")


def locate(
    text: str, reference: Reference, annotation: Genes | None = None, *, width_bp: int | None = None
) -> Interval:
    """The place that is meant.

    Parameters
    ----------
    annotation : where genes are looked up; None knows no genes.
    width_bp : the window wanted around a position or around the transcription start of a gene; None gives the single
        base, or the whole gene. A range stays as typed.

    Raises
    ------
    UnknownGeneError
        A name that is neither a chromosome nor a gene; the message offers names that look like it.
    InvalidLocusError
        No locus, or outside its chromosome.
    """
    given = tidy(text)
    is_name = _NAME.fullmatch(given) and not _DASHED.fullmatch(given)
    if not is_name or find_contig(given, reference.contigs) is not None:
        return Interval.parse(given, width_bp=width_bp, contigs=reference.contigs, genome=reference.name)
    if annotation is None:
        raise UnknownGeneError(
            f"{given!r} is no chromosome of {reference.name}, and no genes are loaded here; type a place such as "
            f"{next(iter(reference.contigs))}:1,000-2,000."
        )
    gene = annotation.find(given)
    contig = find_contig(gene.interval.chrom, reference.contigs)
    if contig is None or gene.tss >= reference.contigs[contig]:
        raise InvalidLocusError(
            f"{gene.symbol} lies at {gene.interval.locus}, which {reference.name} does not have; choose a gene or a "
            "genome that fits."
        )
    whole = Interval(contig, gene.interval.start, gene.interval.end, gene.interval.strand)
    return whole if width_bp is None else Interval.at(contig, gene.tss + 1, whole.strand).resize(width_bp)
