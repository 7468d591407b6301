"""The line over the browser: the box for a place, and what is wrong with what was typed."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from components.contributions.state import WINDOW
from components.messages import plain
from components.tracks import controls
from components.tracks.locus_box import render_locus_box
from core.errors import AttendomeError, UnknownGeneError
from core.genome.examples import example_place, example_range
from dashboard.contributions.moving import go
from dashboard.tracks.bar import gene_names
from dashboard.tracks.going import REFUSED, visits
from dashboard.tracks.where import Ground


def locus_bar(ground: Ground | None, problem: AttendomeError | None) -> None:
    """Back, forward, the box; under them what is wrong with what was typed. It is the place of the tracks page too."""
    state = st.session_state
    contigs = ground.reference.contigs if ground else None
    render_locus_box(
        state[REFUSED][1] if REFUSED in state else state.get("locus") or "",
        gene_names(ground.genes) if ground else (),
        asked=state.get("_asks", 0),
        wrong=problem is not None,
        placeholder=f"a gene, {example_range(contigs)} or {example_place(contigs)}",
        visits=visits(),
        on_go=go,
        on_step=_step,
    )
    if problem is None:
        return
    st.error(plain(str(problem)), icon=":material/info:")
    if isinstance(problem, UnknownGeneError) and problem.nearest:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            controls.render_examples([(name, name) for name in problem.nearest], "Did you mean", go)


def _step(by: int) -> None:
    st.session_state["_visits"] = visits().step(by)
    if (place := st.session_state["_visits"].now) is not None:
        go(place.locus)


def refused(error: AttendomeError, *, centred: Callable[[], None]) -> None:
    """What cannot be explained here, and a way out where a link named a window."""
    st.error(plain(str(error)), icon=":material/info:")
    if st.session_state.get(WINDOW) is not None:
        st.button("Put the place in the middle", icon=":material/center_focus_strong:", on_click=centred)


def centre() -> None:
    """Read the window around the place; in a callback."""
    st.session_state[WINDOW] = None
