"""The head grid alone, of made-up attention; the address says which: ?layers=12&heads=12&tokens=100&order=score ..."""

from __future__ import annotations

import streamlit as st

from components.head_grid import opened_head, render_head_grid
from tests.browser.apps.head_grid_heads import payload_of


def main() -> None:
    """The page; ?grid=none leaves the grid away until "Again" is pressed."""
    st.set_page_config(layout="wide")
    st.sidebar.write("A sidebar as wide as the app's.")
    asked = dict(st.query_params)
    if st.sidebar.button("Again"):
        st.session_state.turn = st.session_state.get("turn", 0) + 1
    turn = st.session_state.get("turn", 0)
    opened = st.session_state.get("opened")
    if opened and opened.layer is not None and opened.head is not None:
        asked["chosen"] = f"{opened.layer},{opened.head}"
    if st.sidebar.toggle("By score"):
        asked["order"] = "score"
    payload = st.cache_data(payload_of)(**asked)
    if asked.get("grid") != "none" or turn:
        render_head_grid(payload, key="grid", on_open=remember)
    st.write(f"Opened: {opened}. Turn {turn}.")


def remember() -> None:
    """The head stays chosen until another is opened."""
    st.session_state.opened = opened_head("grid")


main()
