"""Where on which genome: the chosen or uploaded file, its genes, the place that was typed, the window around it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components.messages import plain, waiting_line
from components.tracks import controls
from core import runtime_dna
from core.errors import AnnotationError, AttendomeError, GenomeUnavailableError, UnknownGeneError
from core.genome.annotation import Genes
from core.genome.contigs import resolve_contig
from core.genome.examples import example_place
from core.genome.interval import Interval
from core.genome.locate import locate
from core.genome.reference import Reference
from core.genome.sources import GenomeSource
from core.uploads import GENOME_ENDINGS, MAX_GENOME_BYTES

UPLOAD, PLAYGROUND = "upload", "playground"


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
    place : what is marked in the browser: the range or base, or the transcription start of a gene.
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
        found = _opened(name, waiting)
    except AttendomeError as error:
        waiting.error(plain(str(error)), icon=":material/info:")
        return None
    waiting.empty()
    return found


def _opened(name: str, waiting: DeltaGenerator) -> Ground:
    if name == UPLOAD and (path := uploaded()):
        return Ground(path.name, runtime_dna.uploaded_genome(path), None)
    told = {
        "on_wait": waiting_line(waiting, "Opening the genome"),
        "on_progress": _progress_line(waiting, "Opening the genome"),
    }
    reference = runtime_dna.genome(name, **told)
    told["on_progress"] = _progress_line(waiting, "Reading its genes")
    try:
        return Ground(name, reference, runtime_dna.annotation(name, reference, **told))
    except (AnnotationError, GenomeUnavailableError) as error:
        return Ground(name, reference, None, str(error))


def _progress_line(place: DeltaGenerator, what: str) -> Callable[[float], None]:
    """Shows how much has arrived, where it takes longer than a moment."""
    begun = shown = time.monotonic()

    def show(fraction: float) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - begun > 0.3 and now - shown > 0.1:
            shown = now
            place.progress(min(max(fraction, 0.0), 1.0), text=f"{what} … {fraction:.0%}")

    return show


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
        if ground.genes is not None:  # where names are alike, they stand below as buttons
            own = "the playground's genes" if ground.name == PLAYGROUND else f"the genes of {ground.reference.name}"
            hint = f"; type another, or a place such as {example_place(ground.reference.contigs)}"
            told = f"There is no gene {typed.strip()[:40]!r} among {own}{'' if error.nearest else hint}."
            raise UnknownGeneError(told, nearest=error.nearest) from error
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
