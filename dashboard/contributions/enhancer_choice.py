"""What the panel of candidates asks for: gene, cell type, candidates, labels."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import streamlit as st

from components.contributions.enhancer_state import (
    BED,
    BED_PROBLEM,
    CELL,
    FROM,
    GENE,
    LABELS,
    LABELS_PROBLEM,
    PICKED,
    PLACE,
    chosen_one,
)
from components.messages import plain
from core import runtime_signals
from core.attribution.enhancer_pool import CandidateSource, Truth, no_truth, truth_of_table
from core.attribution.expression import expression_cells
from core.attribution.labels import MAX_LABEL_BYTES, LabelTable, read_labels
from core.enformer.candidates import open_tracks, region_candidates
from core.enformer.states import state_biosamples
from core.enformer.tracks import TrackTable
from core.errors import AnnotationError, AttendomeError
from core.genome.gene import Gene
from core.genome.interval import Interval
from core.genome.signals import FileSource
from core.teaching.playground.enhancer_ranking import TRUTH, planned_links
from core.teaching.playground.enhancer_truth import planned_elements
from core.track_uploads import MAX_REGIONS_BYTES
from dashboard.contributions.aim import Aim
from dashboard.tracks.files import misfit
from dashboard.tracks.near import genes_near
from dashboard.tracks.truth import is_playground, truth_columns

LABELS_ENDINGS = ("tsv", "csv", "txt", "tab")


@dataclass(frozen=True, eq=False)
class Asked:
    """What is asked for.

    Attributes
    ----------
    gene : None where there is none near. cell_type : "" where the model knows none.
    sources : that may be chosen, by name; source is the chosen one.
    truth : labels; truth_words says where they come from, "" where there are none. table : of an upload.
    """

    gene: Gene | None
    genes: tuple[Gene, ...]
    cell_type: str
    cells: tuple[str, ...]
    sources: dict[str, CandidateSource]
    source: CandidateSource | None
    truth: Truth
    truth_words: str
    truth_id: str
    table: LabelTable | None
    on_playground: bool


def asked_of(aim: Aim) -> Asked:
    """What the session says, checked against what there is here."""
    table = aim.engine.tables.get(aim.head, ())
    on_playground = is_playground(aim.ground.name, aim.ground.reference) and truth_columns(tuple(table)) is not None
    genes = _genes(aim)
    gene = _gene(aim, genes)
    cells = _sorted_cells(aim, expression_cells(table))
    cell = chosen_one(CELL, cells) if cells else ""
    labels = st.session_state.get(LABELS)
    sources = _sources(aim, table, cell, on_playground, labels)
    source = sources[chosen_one(FROM, tuple(sources))] if sources else None
    truth, words, identity = no_truth, "", ""
    if labels is not None:
        truth, words = truth_of_table(labels), labels.name
        identity = "\n".join(f"{label.interval} {label.gene} {label.is_true}" for label in labels.labels)
    elif on_playground:
        truth, words, identity = planned_links, TRUTH, "links"
    return Asked(
        gene, genes, cell, cells, sources, source, truth, words, identity, labels, on_playground
    )  # fmt: skip


def _genes(aim: Aim) -> tuple[Gene, ...]:
    """Genes that start in what is predicted around the question, from left to right, each name once."""
    near = genes_near(aim.ground, aim.shown, aim.contig_bp)
    found = {gene.symbol: gene for gene in near.genes or () if aim.shown.start <= gene.tss < aim.shown.end}
    return tuple(sorted(found.values(), key=lambda gene: gene.tss))


def _gene(aim: Aim, genes: Sequence[Gene]) -> Gene | None:
    """The one that was chosen since the place was typed; else the typed one, else the nearest to the question."""
    state = st.session_state
    here = f"{aim.genome} {aim.locus}"
    is_new = PLACE in state and state[PLACE] != here
    state[PLACE] = here
    names = {gene.symbol: gene for gene in genes}
    wanted = "" if is_new else str(state.get(GENE) or "")
    found = names.get(wanted) or names.get(aim.spot.place_name)
    if found is None and genes:
        found = min(genes, key=lambda gene: abs(gene.tss - aim.place.centre))
    if is_new or (found is not None and found.symbol != wanted):
        state[PICKED] = ""
    state[GENE] = found.symbol if found else ""
    return found


def _sorted_cells(aim: Aim, cells: Sequence[str]) -> tuple[str, ...]:
    """Those of the page's own tracks first, as these are the first choice."""
    asked = {track.biosample for track in aim.side.tracks}
    return tuple(sorted(cells, key=lambda cell: not any(cell in sample for sample in asked)))


def _sources(
    aim: Aim, table: TrackTable, cell: str, on_playground: bool, labels: LabelTable | None
) -> dict[str, CandidateSource]:
    found: dict[str, CandidateSource] = {}
    if on_playground:
        found["elements"] = CandidateSource("given", "planned elements", planned_elements())
    if cell and open_tracks(table, cell):
        found["peaks"] = CandidateSource("peaks", "called peaks")
    if cell in state_biosamples(table):
        found["states"] = CandidateSource("states", "enhancer states")
    found["sliding"] = CandidateSource("sliding", "sliding 2 kb windows")
    if labels is not None:
        found["tested"] = CandidateSource("tested", "tested stretches", table=labels)
    if (own := _bed()) is not None:
        with suppress(AttendomeError):  # `render_files` says why it does not fit
            regions = runtime_signals.opened_regions(own, aim.ground.reference)
            wide = Interval(aim.shown.chrom, aim.shown.start - aim.shown.width_bp, aim.shown.end + aim.shown.width_bp)
            found["file"] = CandidateSource("given", own.title, region_candidates(regions.regions_in(wide)))
    return found


def whole_source(aim: Aim, asked: Asked) -> CandidateSource | None:
    """The chosen source for genes anywhere: of a file, all of its stretches."""
    own = _bed()
    if asked.source is None or own is None or asked.source.title != own.title:
        return asked.source
    regions = runtime_signals.opened_regions(own, aim.ground.reference)
    return CandidateSource("given", own.title, region_candidates(regions.regions))


def _bed() -> FileSource | None:
    """The file of candidates that this session gave."""
    name = st.session_state.get(BED)
    kept = runtime_signals.session_tracks().sources if name else ()
    return next((each for each in kept if each.name == name and each.kind == "regions"), None)


def render_files(aim: Aim) -> None:
    """Boxes for candidates (BED) and labels (a table of CRISPRi tests)."""
    columns = st.columns(2)
    with columns[0]:
        st.file_uploader(
            "Candidates of your own (BED)", type=["bed", "gz"], key="ctb_enh_bed_box",
            max_upload_size=MAX_REGIONS_BYTES // 1024**2, on_change=_keep_bed,
            help="Stretches to be ranked: chromosome, start, end, and a name if you like. Kept for this session only.",
        )  # fmt: skip
        _say(BED_PROBLEM)
        if (own := _bed()) is not None and (problem := misfit(own, aim.ground)):
            st.warning(plain(f"{own.title} is not used. {problem}"), icon=":material/info:")
    with columns[1]:
        st.file_uploader(
            "Labels (CRISPRi table)", type=list(LABELS_ENDINGS), key="ctb_enh_labels_box",
            max_upload_size=MAX_LABEL_BYTES // 1024**2, on_change=_keep_labels,
            help="Tabs or commas; columns chrom, start, end (0-based, as in BED), gene, label (1 or 0) or significant. "
            "Kept for this session only.",
        )  # fmt: skip
        _say(LABELS_PROBLEM)
        table = st.session_state.get(LABELS)
        if table is not None:
            genes = "1 gene" if len(table.genes) == 1 else f"{len(table.genes):,} genes"
            st.caption(plain(f"{len(table.labels):,} tests of {genes} in {table.name}."))
            if table.left_out:
                with st.expander(f"{table.left_out:,} line{'s are' if table.left_out > 1 else ' is'} left out"):
                    st.text("\n".join(table.problems))


def _say(key: str) -> None:
    if problem := st.session_state.get(key):
        st.error(plain(problem), icon=":material/info:")


def _keep_bed() -> None:
    state = st.session_state
    given, state[BED_PROBLEM] = state.get("ctb_enh_bed_box"), ""
    if given is None:
        if name := state.pop(BED, None):
            runtime_signals.session_tracks().remove(name)
        return
    try:
        kept = runtime_signals.session_tracks().keep(given.name, given.getvalue())
        if kept.kind != "regions":
            runtime_signals.session_tracks().remove(kept.name)
            raise AnnotationError(f"{kept.name} holds signal, not regions; give a BED file.")
    except AttendomeError as error:
        state[BED_PROBLEM] = str(error)
        return
    state.update({BED: kept.name, FROM: "file"})


def _keep_labels() -> None:
    state = st.session_state
    given, state[LABELS_PROBLEM] = state.get("ctb_enh_labels_box"), ""
    if given is None:
        state.pop(LABELS, None)
        return
    try:
        state[LABELS] = read_labels(given.name, given.getvalue())
    except AttendomeError as error:
        state.pop(LABELS, None)
        state[LABELS_PROBLEM] = str(error)
        return
    state[FROM] = "tested"
