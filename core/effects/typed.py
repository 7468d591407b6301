"""Variants as people type them: chromosome, position and alleles in many forms, and HGVS genomic notation."""

from __future__ import annotations

import re

from core.effects.offers import checked
from core.errors import InvalidLocusError, InvalidVariantError
from core.genome.contigs import resolve_contig
from core.genome.interval import Interval, tidy
from core.genome.reference import Reference
from core.genome.sequence import reverse_complement
from core.genome.variant import EXAMPLE, MAX_ALLELE, Variant

_OTHER_HGVS = re.compile(r"[^\s:]+:\s*(?P<kind>[cmnopr])\.\S+")
_GENOMIC = re.compile(r"(?P<chrom>[^\s:]+):\s*g\.\s*(?P<rest>\S+)")
_CHANGE = re.compile(
    r"(?P<first>\d+)(?:_(?P<last>\d+))?(?P<kind>delins|del|ins|dup|inv|=|(?=[ACGTacgt]+>))(?P<letters>[A-Za-z>\d]*)"
)
_GTEX = re.compile(r"(?P<variant>[^\s_]+_\d+_[A-Za-z]+_[A-Za-z]+)_b3[78]")
_ACCESSION = re.compile(r"NC_0000(?P<number>\d\d)\.(?P<version>\d+)", re.IGNORECASE)
# Versions of NC_000001 to NC_000024 (23 is X, 24 is Y) in GRCh38; each is one less in GRCh37. Source: NCBI assembly
# reports of GCF_000001405.
_GRCH38 = (11, 12, 12, 12, 10, 12, 14, 11, 12, 11, 10, 12, 11, 9, 10, 10, 11, 10, 10, 11, 9, 11, 11, 10)
_KINDS = {
    "c": "positions in a coding sequence",
    "n": "positions in a transcript",
    "r": "positions in an RNA",
    "p": "positions in a protein",
    "m": "positions in the mitochondrion",
    "o": "positions in a circular genome",
}


def parse_variant(text: str, genome: Reference | None = None) -> Variant:
    """Read a variant as people type it; with a genome it is checked against it and left-normalised.

    "chr1-109274968-G-T", "chr1:109274968 G>T", "chr1:14677:G:A", "chr1_14677_G_A_b38" (GTEx), the first columns of a
    VCF line, and HGVS: "chr1:g.14677G>A", "NC_000001.11:g.14677G>A"; with a genome also "g.100del", "g.100_103del",
    "g.100_101insACG", "g.100_103delinsTT", "g.100_103dup" and "g.100_103inv".

    Raises
    ------
    InvalidVariantError
        The text is none, is of a kind that is not read, or needs a genome; the message says what to type.
    InvalidLocusError, ReferenceMismatchError
        It does not fit the genome; `offer` of the latter is the variant that was probably meant, or None.
    """
    given = tidy(text) if isinstance(text, str) else text
    if isinstance(given, str) and len(given) <= 2 * MAX_ALLELE:
        if other := _OTHER_HGVS.fullmatch(given):
            raise InvalidVariantError(
                f"{given[:60]!r} counts {_KINDS.get(other['kind'], 'something else')}; give genomic HGVS (g.), such as "
                "chr1:g.14677G>A. Ensembl VEP and VariantValidator turn one into the other."
            )
        if gtex := _GTEX.fullmatch(given):
            given = gtex["variant"]
        if genomic := _GENOMIC.fullmatch(given):
            variant = _of_hgvs(given, genomic["chrom"], genomic["rest"], genome)
            return variant if genome is None else checked(variant, genome)
    variant = Variant.parse(given)
    return variant if genome is None else checked(variant, genome)


def _of_hgvs(given: str, name: str, rest: str, genome: Reference | None) -> Variant:
    shown = given[:60]
    chrom = _chromosome(name, genome)
    change = _CHANGE.fullmatch(rest)
    if change is None:
        raise InvalidVariantError(
            f"{shown!r} is HGVS of a kind that is not read; substitutions, del, ins, delins, dup and inv with plain "
            "positions are, such as chr1:g.14677G>A or chr1:g.100_103del."
        )
    first, last = int(change["first"]), int(change["last"] or change["first"])
    kind, letters = change["kind"], change["letters"].upper()
    if kind == "=":
        raise InvalidVariantError(f"{shown!r} changes nothing; type a change, such as chr1:g.14677G>A.")
    if last < first or not first or (kind == "ins" and last != first + 1):
        raise InvalidVariantError(
            f"{shown!r} has positions that do not fit; they are counted from 1, the smaller first, and an insertion "
            "names the two neighbours that it lies between, such as g.100_101insACG."
        )
    if kind == "":
        ref, _, alt = letters.partition(">")
        return Variant(chrom, first, ref, alt)
    if not letters.isalpha() and (letters or kind in ("ins", "delins")):
        raise InvalidVariantError(
            f"{shown!r} does not name its letters; write them, such as g.100_101insACG (numbers and repeats are not "
            "read)."
        )
    if genome is None:
        raise InvalidVariantError(
            f"{shown!r} needs a genome for the letters around it; choose one, or type all letters as in a VCF, such as "
            f"{EXAMPLE}."
        )
    return _with_letters(shown, chrom, first, last, kind, letters, genome)


def _with_letters(shown: str, chrom: str, first: int, last: int, kind: str, letters: str, genome: Reference) -> Variant:
    """The change as VCF has it, with the base before it (or behind it at position 1)."""
    chrom = resolve_contig(chrom, genome.contigs, genome.name)
    length = genome.contigs[chrom]
    if last > length:
        raise InvalidLocusError(
            f"{shown!r} lies behind the end of {chrom}, which has {length:,} base pairs in {genome.name}; check the "
            "position."
        )
    if last - first >= MAX_ALLELE:
        raise InvalidVariantError(
            f"{shown!r} spans {last - first + 1:,} letters and at most {MAX_ALLELE:,} are taken; give a shorter one."
        )
    there = genome.fetch(Interval(chrom, first - 1, last))
    if kind in ("del", "dup", "inv") and letters and letters != there:
        raise InvalidVariantError(
            f"{shown!r} names {letters[:20]}, but {genome.name} has {there[:20]} there; check the position and its "
            "assembly."
        )
    if kind == "inv":
        return Variant(chrom, first, there, reverse_complement(there))
    if kind == "delins":
        return Variant(chrom, first, there, letters)
    if kind == "ins":
        return Variant(chrom, first, there[0], there[0] + letters)
    if kind == "dup":
        return Variant(chrom, last, there[-1], there[-1] + there)
    if first > 1:
        before = genome.fetch(Interval(chrom, first - 2, first - 1))
        return Variant(chrom, first - 1, before + there, before)
    behind = genome.fetch(Interval(chrom, last, last + 1))
    return Variant(chrom, first, there + behind, behind)


def _chromosome(name: str, genome: Reference | None) -> str:
    """The name, or the chromosome that an NCBI accession means; its version says the assembly."""
    found = _ACCESSION.fullmatch(name)
    if found is None or not 1 <= int(found["number"]) <= len(_GRCH38):
        return name
    number, version = int(found["number"]), int(found["version"])
    newest = _GRCH38[number - 1]
    assembly = {newest: "hg38", newest - 1: "hg19"}.get(version, "another assembly")
    if genome is not None and genome.assembly in ("hg38", "hg19") and assembly != genome.assembly:
        raise InvalidVariantError(
            f"{name} is a chromosome of {assembly}, and {genome.name} is {genome.assembly}; give the position on "
            f"{genome.assembly} (a liftover turns one into the other)."
        )
    return f"chr{ {23: 'X', 24: 'Y'}.get(number, number) }"
