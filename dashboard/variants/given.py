"""What was typed: the variant that it means in this genome, or what is wrong with it and what was probably meant."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import streamlit as st

from components.effects.state import MAX_TYPED, SPAN, VARIANT
from components.messages import plain
from core import runtime_dna
from core.effects.typed import parse_variant
from core.errors import AttendomeError, ReferenceMismatchError
from core.genome.contigs import find_contig, resolve_contig
from core.genome.interval import Interval
from core.genome.reference import Reference, check_variant
from core.genome.sequence import reverse_complement
from core.genome.sources import genome_sources
from core.genome.variant import Variant
from core.settings import settings
from dashboard.tracks.where import Ground

LOCAL = "playground"
MOST_GENOMES = 4


@dataclass(frozen=True)
class Offer:
    """What was probably meant: another variant, or the same one in another genome ("" is this one)."""

    label: str
    variant: str
    genome: str = ""


@dataclass(frozen=True)
class Given:
    """A variant of this genome, or what is wrong.

    Attributes
    ----------
    variant : with the genome's own name of its chromosome; None where `problem` says why.
    note : what was read differently from how it was typed, "" where nothing was.
    is_place : whether only the letter to change it to is missing.
    """

    variant: Variant | None = None
    problem: str = ""
    offers: tuple[Offer, ...] = ()
    note: str = ""
    is_place: bool = False


def type_variant(examples: str) -> str:
    """The box for a variant."""
    typed = st.text_input(
        "Variant", key=VARIANT, persist_state="session", max_chars=MAX_TYPED, placeholder=examples,
        help="Chromosome, position (from 1), reference and alternative: chr1-109274968-G-T, chr1:109274968 G>T, "
        "chr1:14677:G:A, chr1:g.109274968G>T, or a line of a VCF file. An insertion or a deletion carries the base "
        "before it, as in VCF: chr1:14676:AG:A.",
    )  # fmt: skip
    return (typed or "").strip()


def choose(variant: str, genome: str = "") -> None:
    """Take another variant, of this genome or another one; in a callback."""
    st.session_state[VARIANT] = variant
    st.session_state[SPAN] = None
    if genome:
        from components.tracks import controls

        st.session_state["genome"] = genome
        controls.other_genome()


def given_variant(typed: str, ground: Ground, genomes: dict[str, str], genome: str) -> Given:
    """What the text means in this genome.

    Parameters
    ----------
    genomes : name -> label of those that may be chosen instead. genome : the chosen one.
    """
    reference = ground.reference
    try:
        variant = parse_variant(typed, reference)
    except AttendomeError as error:
        forms = _forms(typed, reference)
        return Given(
            problem=str(error), offers=forms or _offers(typed, reference, error, genomes, genome), is_place=bool(forms)
        )  # fmt: skip
    with suppress(AttendomeError):
        as_typed = parse_variant(typed)
        if (as_typed.position, as_typed.ref, as_typed.alt) != (variant.position, variant.ref, variant.alt):
            return Given(variant, note=f"Written with as few letters as possible, as far left as it goes: {variant}.")
        if as_typed.chrom != variant.chrom:
            return Given(variant, note=f"{as_typed.chrom} is called {variant.chrom} in {reference.name}.")
    return Given(variant)


def _offers(
    typed: str, reference: Reference, error: AttendomeError, genomes: dict[str, str], genome: str
) -> tuple[Offer, ...]:
    try:
        variant = parse_variant(typed)
    except AttendomeError:
        return ()
    found = _meant(variant, reference, error)
    offered = getattr(error, "offer", None)
    if offered is not None and str(offered) not in {offer.variant for offer in found}:
        found = (Offer(offered.label, str(offered)), *found)
    return found + _elsewhere(variant, genomes, genome)


def _meant(variant: Variant, reference: Reference, error: AttendomeError) -> tuple[Offer, ...]:
    """The same place with alleles swapped, or read on the other strand, where the genome has these letters."""
    if not isinstance(error, ReferenceMismatchError):
        return ()
    chrom = find_contig(variant.chrom, reference.contigs) or variant.chrom
    ref, alt = reverse_complement(variant.ref), reverse_complement(variant.alt)
    tried: list[tuple[str, Callable[[], Variant]]] = [
        ("Alleles swapped", lambda: Variant(chrom, variant.position, variant.alt, variant.ref)),
        ("Other strand", lambda: Variant(chrom, variant.position, ref, alt)),
        ("Other strand and swapped", lambda: Variant(chrom, variant.position, alt, ref)),
        ("One position before", lambda: Variant(chrom, variant.position - 1, variant.ref, variant.alt)),
        ("One position behind", lambda: Variant(chrom, variant.position + 1, variant.ref, variant.alt)),
    ]
    offers = []
    for label, make in tried:
        with suppress(AttendomeError):
            other = make()
            check_variant(other, reference)
            if "position" in label and len(variant.ref) == 1 and offers:
                continue  # a single letter fits one place in four
            offers.append(Offer(f"{label}: {other.label}", str(other)))
    return tuple({offer.variant: offer for offer in offers}.values())


def _elsewhere(variant: Variant, genomes: dict[str, str], genome: str) -> tuple[Offer, ...]:
    """Other genomes that have these letters there; one that lies on a server is offered unchecked."""
    files = {name for name, _ in settings().genome_files}
    listed = [source.name for source in genome_sources(settings()) if source.name in genomes and source.name != genome]
    offers = []
    for name in listed[:MOST_GENOMES]:
        if name not in files and name != LOCAL:
            offers.append(Offer(f"In {genomes[name]} (not checked)", str(variant), name))
            continue
        with suppress(AttendomeError):
            check_variant(variant, runtime_dna.genome(name))
            offers.append(Offer(f"In {genomes[name]}: it has {variant.ref[:12]} there", str(variant), name))
    return tuple(offers)


def _forms(typed: str, reference: Reference) -> tuple[Offer, ...]:
    """What a text that lacks an allele may have meant: the letter that is there, changed to each other one."""
    with suppress(AttendomeError):
        place = Interval.parse(typed)
        if place.width_bp == 1:
            letter = reference.fetch(place)
            chrom = resolve_contig(place.chrom, reference.contigs, reference.name)
            return tuple(
                Offer(f"{letter}>{other}", f"{chrom}:{place.start + 1}:{letter}:{other}")
                for other in "ACGT"
                if letter in "ACGT" and other != letter
            )
    return ()


def render_problem(given: Given) -> None:
    """What is wrong, and buttons for what was probably meant."""
    (st.info if given.is_place else st.error)(plain(given.problem), icon=":material/info:")
    if not given.offers:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("Change it to" if given.is_place else "Did you mean", width="content")
        for number, offer in enumerate(given.offers):
            st.button(
                plain(offer.label), key=f"var_offer_{number}", on_click=choose, args=(offer.variant, offer.genome)
            )  # fmt: skip
