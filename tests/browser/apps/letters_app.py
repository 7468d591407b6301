"""Rows of letters in the genome browser; the address says which: ?rows=3&group=1&extras=0&start=98000&end=98120."""

from __future__ import annotations

import streamlit as st

from components.browser import Place, browser_state, render_browser
from tests.browser.apps.browser_scene import chosen_rows
from tests.browser.apps.letters_scene import CONTIG, FIRST_BP, LENGTH, letter_scene


def main() -> None:
    """A toggle turns the picture to the other strand."""
    st.set_page_config(layout="wide")
    asked = st.query_params
    start, end = (FIRST_BP + int(asked.get(name, bp)) for name, bp in (("start", 0), ("end", LENGTH)))
    reverse = st.toggle("Reverse strand")
    scene = letter_scene(
        int(asked.get("rows", 3)),
        reverse=reverse,
        place=Place(CONTIG, start, end),
        group=asked.get("group") == "1",
        extras=asked.get("extras") != "0",
    )
    scene = chosen_rows(scene, browser_state("browser", contig=CONTIG, rows={row.id for row in scene.rows}))
    state = render_browser(scene, key="browser")
    st.write(f"Place: {state.place}")
    st.write(f"Pick: {state.pick}")
    st.write(f"Rows: {None if state.rows is None else [f'{r.id} {r.height} {r.log} {r.scaling}' for r in state.rows]}")


main()
