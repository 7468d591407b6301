"""Where on which genome: the chosen or uploaded file, its genes, the place that was typed, the window around it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components.messages import plain, waiting_line
from components.tracks import controls
from components.tracks.places import places_for
from core import runtime_dna
from core.errors import AnnotationError, AttendomeError, GenomeUnavailableError, UnknownGeneError
from core.genome.annotation import Gene, Genes
from core.genome.contigs import resolve_contig
from core.genome.interval import Interval
from core.genome.locate import locate
from core.genome.reference import Reference
from core.genome.sources import GenomeSource
from core.uploads import GENOME_ENDINGS, MAX_GENOME_BYTES

UPLOAD = "upload"


@dataclass(frozen=True, eq=False)
class Ground:
    """A genome with its genes.

    Attributes
    ----------
    name : as a link and `core.genome.open_genome` name it; of an upload the file's name.
    genes : None where there are none, or where they cannot be had: then `trouble` says why.
    """

    name: str
    reference: Reference
    genes: Genes | None
    trouble: str = ""


@dataclass(frozen=True, eq=False)
class Spot:
    """What was typed.

    Attributes
    ----------
    place : what is marked in the figure: the range or base, or the transcription start of a gene.
    place_name : the gene's name, or "".
    window : what the model is to read.
    asked_bp : width of a range, 1 of a position or a gene.
    """

    place: Interval
    place_name: str
    window: Interval
    asked_bp: int


def uploaded() -> Path | None:
    """The genome of this session, if there is one."""
    path = st.session_state.get("_upload")
    return path if path is not None and path.exists() else None


def genome_labels(sources: tuple[GenomeSource, ...]) -> dict[str, str]:
    """Name -> label of the genomes that may be chosen; the upload comes last."""
    labels = {source.name: source.title for source in sources}
    return labels | ({UPLOAD: f"{path.name} (yours, this session)"} if (path := uploaded()) else {})


def take_upload() -> None:
    """A box for a FASTA file of the person's own."""
    with st.sidebar.popover("Your own FASTA", icon=":material/upload_file:", width="stretch"):
        st.caption(
            f"Plain or bgzip, up to {MAX_GENOME_BYTES / 1024**2:.0f} MB. It stays on this machine and is deleted when "
            "you close the page. Larger genomes: name them in ATTENDOME_GENOMES."
        )
        st.file_uploader(
            "FASTA file", type=[ending.removeprefix(".") for ending in GENOME_ENDINGS], key="fasta",
            max_upload_size=MAX_GENOME_BYTES // 1024**2, on_change=_keep, label_visibility="collapsed",
        )  # fmt: skip
    if problem := st.session_state.get("_upload_problem"):
        st.sidebar.error(plain(problem), icon=":material/info:")


def _keep() -> None:
    state = st.session_state
    given, state["_upload_problem"] = state.get("fasta"), ""
    if given is None:
        runtime_dna.session_folder().clear()
        state["_upload"] = None
        return
    try:
        path = runtime_dna.session_folder().keep_genome(given.name, given.getvalue())
        runtime_dna.uploaded_genome(path)
    except AttendomeError as error:
        state["_upload_problem"] = str(error)
        return
    state.get("_loci", {}).pop(UPLOAD, None)
    state.update(_upload=path, genome=UPLOAD)
    controls.other_genome()


def open_ground(name: str) -> Ground | None:
    """The genome of that name, or a sentence why not; genes that cannot be had are no hindrance."""
    waiting = st.empty()
    try:
        with waiting, st.spinner("Opening the genome …"):
            found = _opened(name, waiting)
    except AttendomeError as error:
        waiting.error(plain(str(error)), icon=":material/info:")
        return None
    waiting.empty()
    return found


def _opened(name: str, waiting: DeltaGenerator) -> Ground:
    if name == UPLOAD and (path := uploaded()):
        return Ground(path.name, runtime_dna.uploaded_genome(path), None)
    on_wait = waiting_line(waiting, "Opening the genome")
    reference = runtime_dna.genome(name, on_wait=on_wait)
    try:
        return Ground(name, reference, runtime_dna.annotation(name, reference, on_wait=on_wait))
    except (AnnotationError, GenomeUnavailableError) as error:
        return Ground(name, reference, None, str(error))


def ask_place(ground: Ground | None) -> str:
    """The box, with this genome's examples."""
    typed = controls.type_locus(places_for(ground.reference, ground.genes) if ground else ())
    controls.remember_locus(st.session_state["genome"])
    return typed


def find_spot(typed: str, ground: Ground, window_bp: int) -> Spot:
    """What was typed, and the window around it.

    Raises
    ------
    InvalidLocusError, AnnotationError, GenomeUnavailableError
        As `locate`.
    """
    try:
        exact = locate(typed, ground.reference, ground.genes)
        wide = locate(typed, ground.reference, ground.genes, width_bp=window_bp)
    except UnknownGeneError as error:
        if ground.trouble:  # the gene may exist: it is the genes that are missing
            raise UnknownGeneError(f"{error} {ground.trouble}", nearest=error.nearest) from error
        raise
    if exact.width_bp > 1 and exact != wide:
        return Spot(Interval.at(wide.chrom, wide.centre + 1), typed.strip(), _plain(wide), 1)
    return Spot(exact, "", _plain(wide.resize(window_bp)), exact.width_bp)


def _plain(window: Interval) -> Interval:
    return Interval(window.chrom, window.start, window.end)


def on_chromosome(window: Interval, ground: Ground) -> Interval:
    """The window without what overhangs."""
    contigs = ground.reference.contigs
    length = contigs[resolve_contig(window.chrom, contigs, ground.reference.name)]
    return Interval(window.chrom, max(0, window.start), min(length, window.end))


def genes_under(ground: Ground, seen: Interval) -> tuple[tuple[Gene, ...] | None, str]:
    """(genes under the tracks or None, a sentence where they cannot be had)."""
    if ground.genes is None:
        return None, ground.trouble
    try:
        return ground.genes.genes_in(seen), ""
    except (AnnotationError, GenomeUnavailableError) as error:
        return None, str(error)
