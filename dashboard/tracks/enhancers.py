"""The enhancers of a gene: rows for the browser, and the panel under it.

For the page, in this order (nothing here stops it):

    link fields     components.enhancers.state.link_fields(), among the page's own
    view = enhancer_view(engine, ground, head, averaging, genes, spot, width_bp, regions=(), regions_name="")
    rows            enhancer_rows_of(view) -> tuple[RegionRow, ...], () while there is no ranking
    marks           enhancer_marks(view)   -> ((start, end, name), ...) of the gene's start and the picked candidate
    take_pick(view, pick)                  when the browser heard a click (a pick of the row `ENHANCER_ROW`); it answers
                                           True where something changed, and the page should then st.rerun()
    render_enhancers(view)                 the panel; its controls take effect in the next run, which they start

`view.profile` is what the gene's start attends to: attention_rows(view.profile, layer=, head=, name=) makes its row.
The window around a gene has its start in the middle whatever the browser shows, so an answer does not depend on where
somebody panned; a typed gene's own window is the same one, and found in the store.
"""

from __future__ import annotations

from components.enhancers.rows import ENHANCER_ROW, attention_rows
from components.enhancers.state import link_fields
from dashboard.tracks.enhancer_panel import render_enhancers
from dashboard.tracks.enhancer_view import (
    EnhancerView,
    enhancer_marks,
    enhancer_rows_of,
    enhancer_view,
    take_pick,
)

__all__ = [
    "ENHANCER_ROW",
    "EnhancerView",
    "attention_rows",
    "enhancer_marks",
    "enhancer_rows_of",
    "enhancer_view",
    "link_fields",
    "render_enhancers",
    "take_pick",
]
