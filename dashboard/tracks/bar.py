"""The line over the browser, and what was typed into it."""

from __future__ import annotations

from functools import lru_cache

import streamlit as st

from components.messages import plain
from components.tracks import controls
from components.tracks.bar import place_named, render_places, render_steps
from components.tracks.locus_box import MAX_NAMES, render_locus_box
from components.tracks.places import places_for
from core.errors import AttendomeError, InvalidLocusError, UnknownGeneError
from core.genome.annotation import Genes, Track
from core.genome.examples import example_place, example_range
from core.genome.gene_columns import GeneColumns
from core.genome.interval import Interval
from core.genome.places import NamedPlace
from dashboard.tracks.going import REFUSED, go, stay, step, visits
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

    Where the box holds something that is no place, the browser and the link stay at the last one that was.
    """
    state = st.session_state
    if ground is None:
        return None, "", None
    identity, typed = ground.reference.identity, state.get("locus") or ""
    refused = state.pop(REFUSED, None)
    if refused is not None and refused[0] == (identity, typed):
        typed = refused[1]
    try:
        if not typed.strip():
            raise _empty(ground)
        spot = find_spot(typed, ground, window_bp)
    except AttendomeError as error:
        last = state.get(GOOD)
        if last is None or last[0] != identity:
            return None, "", error
        stay()
        state["locus"], state[REFUSED] = last[1], (last, typed)
        return find_spot(last[1], ground, window_bp), last[1], error
    state[GOOD] = (identity, typed)
    controls.remember_locus(state["genome"], typed)
    return spot, typed, None


def _empty(ground: Ground) -> InvalidLocusError:
    place = example_place(ground.reference.contigs)
    genes = places_for(ground.reference, ground.genes) if ground.genes else ()
    what = f"a gene or a place, such as {genes[0][1]} or {place}" if genes else f"a place, such as {place}"
    return InvalidLocusError(f"The box is empty; type {what}.")


def _in_box() -> str:
    """What was typed, also where it is no place."""
    state = st.session_state
    return state[REFUSED][1] if REFUSED in state else state.get("locus") or ""


def locus_bar(ground: Ground | None, problem: AttendomeError | None, spot: Spot | None = None) -> None:
    """Back, forward, the box, the places; under them what is wrong with what was typed."""
    state = st.session_state
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        with st.container(width="stretch"):
            render_locus_box(
                _in_box(),
                gene_names(ground.genes) if ground else (),
                asked=state.get("_asks", 0),
                wrong=problem is not None,
                placeholder=_placeholder(ground),
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


def _placeholder(ground: Ground | None) -> str:
    contigs = ground.reference.contigs if ground else None
    return f"a gene, {example_range(contigs)} or {example_place(contigs)}"


def _here(spot: Spot | None) -> NamedPlace | None:
    """What is seen now; under the gene's name while it is seen as it first was."""
    seen = st.session_state.get("_seen")
    if spot is None or seen is None:
        return None
    moved = st.session_state.get("span") is not None
    return place_named("" if moved else spot.place_name, Interval(spot.window.chrom, *seen))
