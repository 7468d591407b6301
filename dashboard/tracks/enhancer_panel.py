"""The panel under the browser: which gene and cell type, the ranking, how well it finds the truth, files."""

from __future__ import annotations

from typing import Any

import streamlit as st

from components.drawing import render_drawing
from components.enhancers.curves import curves_drawing
from components.enhancers.rows import heads_words
from components.enhancers.state import (
    BY,
    CELL,
    FROM,
    GENE,
    JOB,
    PICKED,
    POOL_JOB,
    SOURCES,
    TRUTH_OF,
    chosen_one,
)
from components.enhancers.table import enhancer_csv, file_stem, ranking_table
from components.enhancers.words import (
    ALL_CELLS,
    HOW,
    candidates_words,
    gene_subtitle,
    pool_subtitle,
    verdict,
)
from components.job_panel import render_job
from components.messages import plain
from core import runtime, runtime_attention, runtime_dna
from core.enformer import asking, attention_asking
from core.enformer.enhancers import SCORE_NAMES, SCORES, Ranking
from core.enformer.precision_recall import precision_recall
from core.errors import AttendomeError
from core.jobs.status import format_seconds
from core.teaching.playground.enhancer_truth import Pool, PoolQuestion
from core.teaching.playground.heldout import HELD_OUT
from dashboard.tracks.attending import render_getting, render_heads, sizes
from dashboard.tracks.enhancer_view import EnhancerView

THIS_GENE = "gene"
POOLED_SOURCES = {"peaks": "peaks", "file": "elements"}


def render_enhancers(view: EnhancerView, *, key: str = "enhancers", heads_here: bool = True) -> None:
    """The panel. Its controls change the session, so that browser and panel agree in the run that they start.

    Parameters
    ----------
    key : prefix of what is on the page once.
    heads_here : the choice of layer and head is in this panel, and nowhere else on the page.
    """
    if view.gene is None:
        st.info(plain(view.sentence), icon=":material/info:")
        return
    _controls(view, heads_here)
    if view.getting is not None and view.getting.state != "ready":
        if view.getting.state == "ask":
            st.info("Not known yet: the window around this gene has to be read first.", icon=":material/timer:")
        render_getting(view.getting, key=key, slot=JOB)
    if view.sentence:
        st.error(plain(view.sentence), icon=":material/info:")
    if view.ranking is None:
        return
    source = chosen_one(FROM, SOURCES if view.file else SOURCES[:1])
    provenance = _provenance(view)
    drawing = ranking_table(
        view.ranking,
        view.score,
        provenance=provenance,
        picked=view.picked,
        heads=heads_words(view.layer, view.head_number),
        peak_word=candidates_words(source, view.file),
    )
    render_drawing(drawing, key=f"{key}_table", on_click=_pressed)
    st.markdown(verdict(view.ranking, view.score))
    st.caption(ALL_CELLS)
    _files(view, source, key)
    if view.ranking.is_true is not None:
        _against_truth(view, source, provenance, key)
    with st.expander("How this is computed", icon=":material/school:"):
        st.markdown(HOW)


def _provenance(view: EnhancerView) -> str:
    assert view.profile is not None
    return " · ".join(filter(None, [view.profile.provenance.sentence, view.origin]))


def _controls(view: EnhancerView, heads_here: bool) -> None:
    """Gene, cell type, candidates, score, and whose attention counts."""
    names = [gene.symbol for gene in view.genes]
    titles = {score.name: score.title for score in SCORES}
    chosen_one(BY, SCORE_NAMES)
    columns = st.columns([1.1, 1.1, 1.35, 1.6, 1.0, 1.0][: 6 if heads_here else 4], gap="small")
    with columns[0]:
        st.selectbox("Gene", names, key=GENE, persist_state="session", help="Genes near what the browser shows.")
    with columns[1]:
        st.selectbox("Cell type", view.cells, key=CELL, persist_state="session",
                     help="Cell types with a predicted DNase or ATAC track.")  # fmt: skip
    with columns[2]:
        labels = {"peaks": "called peaks", "file": view.file}
        offered = SOURCES if view.file else SOURCES[:1]
        chosen_one(FROM, offered)
        st.selectbox("Candidates", offered, format_func=labels.__getitem__, key=FROM, persist_state="session",
                     help="Peaks of predicted open chromatin of the cell type, or stretches of a file.")  # fmt: skip
    with columns[3]:
        st.selectbox("Rank by", SCORE_NAMES, format_func=titles.__getitem__, key=BY, persist_state="session",
                     help="Also by a click on a heading of the table.")  # fmt: skip
    if heads_here:
        render_heads(*sizes(view.engine), places=columns[4:])


def _pressed(click: Any) -> None:
    if "score" in click:
        st.session_state[BY] = click["score"]
    else:
        st.session_state[PICKED] = "" if st.session_state.get(PICKED) == click["candidate"] else click["candidate"]


def _files(view: EnhancerView, source: str, key: str) -> None:
    ranking, profile = view.ranking, view.profile
    assert ranking is not None
    assert profile is not None
    st.download_button(
        "CSV of the candidates",
        data=lambda: enhancer_csv(
            ranking, provenance=profile.provenance, source=source if source == "peaks" else view.file,
            layer=view.layer, head=view.head_number, origin=view.origin,
        ),
        file_name=f"{file_stem(ranking)}.csv",
        mime="text/csv",
        icon=":material/table:",
        key=f"{key}_csv",
        on_click="ignore",
        help="Every candidate with every score, with the model's name.",
    )  # fmt: skip


def _against_truth(view: EnhancerView, source: str, provenance: str, key: str) -> None:
    """Precision-recall curves: of this gene, of the held-out chromosome, or of the one that is shown."""
    ranking = view.ranking
    assert ranking is not None
    st.markdown("##### Against the truth")
    labels = {THIS_GENE: f"{ranking.gene} alone"}
    if view.can_pool:
        labels |= {HELD_OUT: f"all genes of {HELD_OUT} (held out)"}
        labels |= {ranking.seen.chrom: f"all genes of {ranking.seen.chrom}"} if ranking.seen.chrom != HELD_OUT else {}
    chosen_one(TRUTH_OF, tuple(labels))
    st.segmented_control(
        "Genes", list(labels), format_func=labels.__getitem__, key=TRUTH_OF, required=True, persist_state="session",
        label_visibility="collapsed",
    )  # fmt: skip
    chosen = chosen_one(TRUTH_OF, tuple(labels))
    if chosen == THIS_GENE:
        _one_gene(ranking, provenance, key)
    else:
        _all_genes(view, chosen, source, key)


def _one_gene(ranking: Ranking, provenance: str, key: str) -> None:
    assert ranking.is_true is not None
    curves = {
        name: (precision_recall(ranking.scores[name], ranking.is_true, ranking.missed), None) for name in SCORE_NAMES
    }
    drawing = curves_drawing(
        curves,
        title=f"Which score finds the enhancers of {ranking.gene}, {ranking.cell_type}?",
        subtitle=gene_subtitle(ranking),
        provenance=provenance,
        file_name=f"{file_stem(ranking)}-precision-recall",
    )
    render_drawing(drawing, key=f"{key}_curves")


def _all_genes(view: EnhancerView, chrom: str, source: str, key: str) -> None:
    assert view.ranking is not None
    question = PoolQuestion(view.engine, chrom, POOLED_SOURCES[source], view.width_bp, view.head)
    try:
        pools = runtime_attention.known_pools(question)
        if pools is None:
            _get_pools(view, question, key)
            return
    except AttendomeError as error:
        st.error(plain(str(error)), icon=":material/info:")
        return
    pool = next((pool for pool in pools if pool.cell_type == view.ranking.cell_type), None)
    if pool is not None:
        _pooled(view, question, pool, key)


def _get_pools(view: EnhancerView, question: PoolQuestion, key: str) -> None:
    genes = len(question.genes)
    title = f"All {genes} genes of {question.chrom}"
    if active := runtime_attention.running_pools(question):
        st.session_state[POOL_JOB] = active
    shown = st.session_state.get(POOL_JOB)
    last = next((s for s in runtime.jobs().statuses() if s.id == shown and s.title == title), None)
    if last is not None:
        status = render_job(runtime.jobs(), last.id, key=f"{key}_pool_job")
        if last.active and (status is None or not status.active):
            st.rerun()
        if last.active:
            return
    cost = pool_cost(view, genes)
    again = "Go on" if last is not None else "Rank"
    label = f"{again}: all {genes} genes of {question.chrom}" + (f" ({cost})" if cost else "")
    if st.button(label, key=f"{key}_pool_go", icon=":material/play_arrow:"):
        st.session_state[POOL_JOB] = runtime_attention.start_pools(question, title)
        st.rerun()


def pool_cost(view: EnhancerView, genes: int) -> str:
    """For example "about 20 s", from what this machine needed for one gene; "" before the first."""
    if view.question is None or view.getting is None or view.getting.attended is None:
        return ""
    timings = runtime_dna.timings()
    each = timings.estimate(runtime_attention.pool_kind(view.getting.attended))
    if each is None:
        after = attention_asking.kind_of(view.getting.attended, 0.0)
        parts = [timings.estimate(kind) for kind in (asking.kind_of(view.question), after) if kind is not None]
        each = None if None in parts else sum(part for part in parts if part is not None)
    return "" if each is None else f"about {format_seconds(max(1.0, each * genes)).removeprefix('about ')}"


def _pooled(view: EnhancerView, question: PoolQuestion, pool: Pool, key: str) -> None:
    curves = runtime_attention.pool_curves(question, pool, view.layer, view.head_number)
    drawing = curves_drawing(
        curves,
        title=f"Which score finds the enhancers of all {pool.genes} genes of {pool.chrom}, {pool.cell_type}?",
        subtitle=pool_subtitle(pool, heads_words(view.layer, view.head_number)),
        provenance=" · ".join(filter(None, [pool.provenance.sentence, view.origin])),
        file_name=f"enhancers-{pool.chrom}-{pool.cell_type}-precision-recall",
    )
    render_drawing(drawing, key=f"{key}_pooled")
    if pool.chrom == HELD_OUT:
        st.caption(f"{HELD_OUT} took no part in the training of this model.")
