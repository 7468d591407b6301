"""A variant against the genome: which letters are there, and what was probably meant where they are others."""

from __future__ import annotations

from dataclasses import replace

from core.errors import InvalidLocusError, InvalidVariantError, ReferenceMismatchError
from core.genome.contigs import resolve_contig
from core.genome.interval import Interval
from core.genome.reference import Reference
from core.genome.sequence import reverse_complement
from core.genome.variant import Variant

_SHOWN = 20


def checked(variant: Variant, genome: Reference) -> Variant:
    """The variant under the genome's own name of the chromosome ("chr1" for "1"), left-normalised.

    Raises
    ------
    InvalidLocusError
        The genome has no such chromosome, or the variant lies outside of it.
    ReferenceMismatchError
        The genome has other letters; `offer` is the variant that was probably meant, or None.
    InvalidVariantError
        An allele holds N.
    """
    chrom = resolve_contig(variant.chrom, genome.contigs, genome.name)
    if chrom != variant.chrom:
        variant = replace(variant, chrom=chrom)
    length = genome.contigs[chrom]
    if variant.interval.end > length:
        raise InvalidLocusError(
            f"{short(variant)} lies behind the end of {chrom}, which has {length:,} base pairs in {genome.name}; check "
            "the position, and the assembly that it belongs to."
        )
    if "N" in variant.ref + variant.alt:
        raise InvalidVariantError(f"{short(variant)} holds N, which says too little; give the letters A, C, G, T.")
    found = genome.fetch(variant.interval)
    if found == variant.ref:
        return variant if len(variant.ref) == len(variant.alt) == 1 else variant.normalise(genome.fetch)
    why, offer = _meant(variant, found, genome, length)
    raise ReferenceMismatchError(
        f"{short(variant)} says {_cut(variant.ref)}, but {genome.name} has {_cut(found)} there; {why}.",
        found=found,
        offer=offer,
    )


def short(variant: Variant) -> str:
    """The variant's label, long alleles cut."""
    return f"{variant.chrom}:{variant.position:,} {_cut(variant.ref)}>{_cut(variant.alt)}"


def _cut(letters: str) -> str:
    return letters if len(letters) <= _SHOWN else f"{letters[:_SHOWN]}… ({len(letters):,} letters)"


def _meant(variant: Variant, found: str, genome: Reference, length: int) -> tuple[str, Variant | None]:
    """What the mismatch looks like, in words, and the variant that would fit."""
    ref, alt = variant.ref, variant.alt
    there = genome.fetch(Interval(variant.chrom, variant.position - 1, min(length, variant.position - 1 + len(alt))))
    beside = _beside(variant, genome, length)
    if beside is not None and (there != alt or len(ref) > len(alt)):  # the longer agreement is no accident
        return beside
    if there == alt:
        return "the two alleles look swapped: this genome has the alternative", replace(variant, ref=alt, alt=ref)
    other_ref, other_alt = reverse_complement(ref), reverse_complement(alt)
    if len(ref) == len(alt):
        if found == other_ref:
            return (
                "the alleles look like those of the other strand",
                replace(variant, ref=other_ref, alt=other_alt),
            )
        if found == other_alt:
            return (
                "the alleles look like those of the other strand, and swapped",
                replace(variant, ref=other_alt, alt=other_ref),
            )
    known = "" if genome.assembly in ("", "unknown") else f" ({genome.assembly})"
    return f"the position may belong to another assembly than this one's{known}", None


def _beside(variant: Variant, genome: Reference, length: int) -> tuple[str, Variant] | None:
    """The same alleles one position further, where the genome has them; single letters agree too often to tell."""
    for by, words in ((1, "counted from 0 (positions are counted from 1 here)"), (-1, "one too large")):
        place = variant.interval.shift(by)
        inside = place.start >= 0 and place.end <= length
        if len(variant.ref) > 1 and inside and genome.fetch(place) == variant.ref:
            moved = replace(variant, position=variant.position + by)
            return f"{_cut(variant.ref)} begins at {moved.position:,}: the position looks {words}", moved
    return None
