"""The genome browser alone, of a made-up scene; the address says which: ?rows=12&windows=3&extras=0&contig=3000000."""

from __future__ import annotations

import time

import streamlit as st

from components.browser import Place, browser_state, render_browser
from tests.browser.apps.browser_scene import CONTIG, CONTIG_BP, FIRST_BP, WINDOW_BP, chosen_rows, made_up_scene


def main() -> None:
    """Buttons move the place from Python, add a window, and let a rerun pass that changes nothing."""
    st.set_page_config(layout="wide")
    asked, memory = st.query_params, st.session_state
    memory.setdefault("windows", int(asked.get("windows", 3)))
    memory.setdefault("move", 0)
    memory.turn = memory.get("turn", 0) + 1
    with st.sidebar:
        st.button("Again")
        if st.button("Next window"):
            memory.windows += 1
        if st.button("Go there"):
            memory.move += 1
            memory.there = FIRST_BP + WINDOW_BP + 30_000
        if st.button("Far away"):
            memory.move += 1
            memory.there = 2_800_000
        waits = st.toggle("Slow")
    if waits:
        time.sleep(1.5)
    there = memory.get("there")
    place = None if there is None else Place(CONTIG, there, there + 40_000, memory.move)
    scene = made_up_scene(
        int(asked.get("rows", 12)),
        windows=memory.windows,
        extras=asked.get("extras") != "0",
        place=place,
        contig_bp=int(asked.get("contig", CONTIG_BP)),
    )
    scene = chosen_rows(scene, browser_state("browser", contig=CONTIG, rows={row.id for row in scene.rows}))
    state = render_browser(scene, key="browser")
    st.write(f"Turn {memory.turn}.")
    st.write(f"Place: {state.place}")
    st.write(f"Pick: {state.pick}")
    st.write(f"Rows: {None if state.rows is None else [f'{r.id} {r.height} {r.log} {r.scaling}' for r in state.rows]}")


main()
