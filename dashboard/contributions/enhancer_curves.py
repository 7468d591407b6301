"""How well each score finds what is known: of the gene, or of all genes of the labels together."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import streamlit as st

from components.contributions.enhancer_state import MEASURE, POOL_JOB, SHUFFLE_COUNT, chosen_one
from components.contributions.enhancer_words import curves_subtitle
from components.contributions.enhancers import MADE_FROM, file_stem
from components.drawing import render_drawing
from components.enhancers.curves import curves_drawing
from components.messages import plain
from core import runtime_enhancers
from core.attribution.enhancer_curves import Curves, ScoredPairs, scored_pairs
from core.attribution.enhancer_pool import PoolQuestion
from core.attribution.enhancers import MEASURES, SCORES, EnhancerScores
from core.enformer.asking import Question
from core.errors import AttendomeError
from core.genome.contigs import find_contig
from core.genome.gene import Gene
from core.teaching.playground.heldout import HELD_OUT
from core.teaching.playground.world import world
from dashboard.contributions.aim import Aim
from dashboard.contributions.enhancer_choice import Asked, whole_source
from dashboard.contributions.steps import render_step, step

SCOPE = "_ctb_enh_scope"
THIS_GENE, ALL_GENES = "this", "all"
MAX_GENES = 1000
POOL_BY_ITSELF = 0.5  # what is on disk already is taken up at once; the rest is asked for


def render_against_labels(
    aim: Aim, asked: Asked, question: Question, ranking: EnhancerScores, *, provenance: str, key: str
) -> None:
    """Precision-recall curves where something is known; a sentence where nothing is."""
    if not asked.truth_words:
        st.caption(
            "Nothing is known of these candidates: give a table of CRISPRi tests to see how well each score finds them."
        )
        return
    st.markdown(f"##### Against {plain(asked.truth_words)}")
    words = {THIS_GENE: f"{ranking.gene} alone", ALL_GENES: _all_words(asked)}
    chosen_one(SCOPE, tuple(words))
    scope = st.segmented_control(
        "Genes", list(words), format_func=words.__getitem__, key=SCOPE, required=True, persist_state="session",
        label_visibility="collapsed",
    )  # fmt: skip
    try:
        if scope == ALL_GENES:
            _all_genes(aim, asked, question, ranking, provenance, key)
        else:
            _one_gene(ranking, provenance, key)
    except AttendomeError as error:
        st.error(plain(str(error)), icon=":material/info:")


def _all_words(asked: Asked) -> str:
    return "all genes of the table" if asked.table is not None else f"all genes of {HELD_OUT} (held out)"


def _one_gene(ranking: EnhancerScores, provenance: str, key: str) -> None:
    if ranking.known is None or not ranking.known.tested.any():
        st.caption(plain(f"No candidate of {ranking.gene} has a label."))
        return
    pairs = scored_pairs([ranking])
    _draw(
        pairs, pairs.curves(), f"Which score finds the enhancers of {ranking.gene}, {ranking.cell_type}?",
        provenance, f"{file_stem(ranking)}-precision-recall", f"{key}_curves",
    )  # fmt: skip
    if "mutagenesis" not in pairs.scores:
        st.caption("Mutagenesis joins when all candidates have been shuffled.")


def _all_genes(aim: Aim, asked: Asked, question: Question, ranking: EnhancerScores, provenance: str, key: str) -> None:
    genes, left_out = _genes(aim, asked)
    source = whole_source(aim, asked)
    assert source is not None
    pool = PoolQuestion(
        aim.engine, aim.ground.reference, genes, asked.cell_type, source, asked.truth,
        hashlib.sha256(asked.truth_id.encode()).hexdigest(), aim.window.width_bp, aim.head,
        chosen_one(MEASURE, tuple(MEASURES)), int(st.session_state[SHUFFLE_COUNT]),
    )  # fmt: skip
    title = f"All {len(genes)} genes, {asked.cell_type}"
    per_gene = max(1, len(ranking.candidates))
    getting = step(
        title, slot=POOL_JOB,
        known=lambda: runtime_enhancers.known_pool(pool) is not None,
        running=lambda: runtime_enhancers.running_pool(pool),
        seconds=lambda: runtime_enhancers.pool_seconds(pool, question, per_gene),
        start=lambda: runtime_enhancers.start_pool(pool, title, asked.truth_words),
        by_itself=POOL_BY_ITSELF,
    )  # fmt: skip
    render_step(getting, key=f"{key}_pool", slot=POOL_JOB, verb=f"Rank the candidates of {len(genes)} genes")
    found = runtime_enhancers.known_pool(pool)
    if found is None:
        return
    pairs, curves = found
    _draw(
        pairs, curves, f"Which score finds the enhancers of {len(genes)} genes, {asked.cell_type}?", provenance,
        f"candidates-all-genes-{asked.cell_type}-precision-recall", f"{key}_pooled",
    )  # fmt: skip
    if left_out:
        st.caption(plain(f"{left_out:,} genes of the table are not known here, or lie too near an end; left out."))
    if asked.table is None:
        st.caption(f"{HELD_OUT} took no part in the training of this model.")


def _genes(aim: Aim, asked: Asked) -> tuple[tuple[Gene, ...], int]:
    """The genes of the labels that this genome has, and how many it has not."""
    if asked.table is None:
        return tuple(gene for gene in world().annotation.genes if gene.interval.chrom == HELD_OUT), 0
    found: list[Gene] = []
    names = asked.table.genes
    for name in names[:MAX_GENES]:
        gene = _found(aim.ground.genes.find if aim.ground.genes is not None else None, name)
        if gene is not None and find_contig(gene.interval.chrom, aim.ground.reference.contigs) is not None:
            found.append(gene)
    return tuple(found), len(names) - len(found)


def _found(find: Callable[[str], Gene] | None, name: str) -> Gene | None:
    if find is None:
        return None
    try:
        return find(name)
    except AttendomeError:
        return None


def _draw(pairs: ScoredPairs, curves: Curves, title: str, provenance: str, file_name: str, key: str) -> None:
    drawing = curves_drawing(
        curves, title=title, subtitle=curves_subtitle(pairs), provenance=provenance, file_name=file_name,
        scores=SCORES, made_from=MADE_FROM,
    )  # fmt: skip
    render_drawing(drawing, key=key)
