"""The line over the browser, and what was typed into it."""

from __future__ import annotations

from functools import lru_cache

import streamlit as st

from components.messages import plain
from components.tracks import controls
from components.tracks.bar import place_named, render_places, render_steps
from components.tracks.locus_box import MAX_NAMES, render_locus_box
from core.errors import AttendomeError, UnknownGeneError
from core.genome.annotation import Genes, Track
from core.genome.gene_columns import GeneColumns
from core.genome.interval import Interval
from core.genome.places import NamedPlace
from dashboard.tracks.going import go, stay, step, visits
from dashboard.tracks.where import Ground, Spot, find_spot

GOOD = "_good"


@lru_cache(maxsize=4)
def gene_names(genes: Genes | None) -> tuple[str, ...]:
    """Symbols to suggest; none of a service that is asked over the network."""
    if not isinstance(genes, Track):
        return ()
    found = genes.genes
    symbols = found.symbols if isinstance(found, GeneColumns) else (gene.symbol for gene in found)
    return tuple(dict.fromkeys(symbols))[:MAX_NAMES]


def place_or_sentence(ground: Ground | None, window_bp: int) -> tuple[Spot | None, str, AttendomeError | None]:
    """(the place, what was typed for it, what is wrong with what is in the box).

    Where the box holds something that is no place, the browser stays at the last one that was.
    """
    state = st.session_state
    if ground is None:
        return None, "", None
    typed = state.get("locus") or ""
    try:
        spot = find_spot(typed, ground, window_bp)
    except AttendomeError as error:
        last = state.get(GOOD)
        if last is None or last[0] != ground.reference.identity:
            return None, "", error
        stay()
        return find_spot(last[1], ground, window_bp), last[1], error
    state[GOOD] = (ground.reference.identity, typed)
    controls.remember_locus(state["genome"], typed)
    return spot, typed, None


def locus_bar(ground: Ground | None, problem: AttendomeError | None, spot: Spot | None = None) -> None:
    """Back, forward, the box, the places; under them what is wrong with what was typed."""
    state = st.session_state
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        with st.container(width="stretch"):
            render_locus_box(
                state.get("locus") or "",
                gene_names(ground.genes) if ground else (),
                asked=state.get("_asks", 0),
                wrong=problem is not None,
                placeholder="a gene, chr11:35,082,742-35,197,430 or chr11:35.1M",
                visits=visits(),
                on_go=go,
                on_step=step,
            )
        if ground is not None:
            contigs, title = ground.reference.contigs, ground.reference.name
            render_places(lambda: _here(spot), contigs, title, go)
            render_steps(go)
    if problem is None:
        return
    st.error(plain(str(problem)), icon=":material/info:")
    if isinstance(problem, UnknownGeneError) and problem.nearest:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            controls.render_examples([(name, name) for name in problem.nearest], "Did you mean", go)


def _here(spot: Spot | None) -> NamedPlace | None:
    """What is seen now; under the gene's name while it is seen as it first was."""
    seen = st.session_state.get("_seen")
    if spot is None or seen is None:
        return None
    moved = st.session_state.get("span") is not None
    return place_named("" if moved else spot.place_name, Interval(spot.window.chrom, *seen))
