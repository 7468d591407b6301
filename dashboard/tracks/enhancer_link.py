"""From the enhancers of a gene to the page that ranks them by contributions and by shuffling them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from components.contributions.enhancer_state import CELL, GENE
from components.contributions.state import HEAD, HEADS, PANEL
from dashboard.tracks.enhancer_view import EnhancerView

if TYPE_CHECKING:
    from dashboard.tracks.browse import Asked


def enhancer_params(asked: Asked, view: EnhancerView) -> dict[str, str] | None:
    """The link's parameters; None where no gene is chosen."""
    if view.gene is None or not view.cell:
        return None
    params = {"dna": st.session_state["dna"], "genome": asked.genome, "locus": view.gene.symbol, PANEL: "enhancers"}
    params |= {HEAD: view.head} if view.head != HEADS[0] else {}
    return params | {GENE: view.gene.symbol, CELL: view.cell}


def render_enhancer_link(asked: Asked, view: EnhancerView) -> None:
    """Under the panel of the tracks page."""
    if (params := enhancer_params(asked, view)) is not None:
        st.page_link(
            "views/contributions.py", label="The same by contributions and by shuffling each candidate",
            icon=":material/match_case:", query_params=params, width="content",
        )  # fmt: skip
