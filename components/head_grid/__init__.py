"""Layer x head grid of attention thumbnails, drawn on one canvas by our own component.

`head_grid_payload` (in `payload.py`) is pure and holds everything the browser draws; `render_head_grid` puts it
on the page, and `opened_head` says which head a person opened.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from components.canvas import component
from components.head_grid.payload import head_grid_payload, read_head_grid
from components.head_grid.values import GridHead, Summary

__all__ = ["GridHead", "OpenedHead", "head_grid_payload", "opened_head", "read_head_grid", "render_head_grid"]

HERE = Path(__file__).parent
SCRIPTS = ("reading.js", "layout.js", "paint.js", "grid.js")

_MOUNT = component("attendome_head_grid", HERE, html="grid.html", css="grid.css", scripts=SCRIPTS)


@dataclass(frozen=True)
class OpenedHead:
    """The thumbnail that a person opened.

    Attributes
    ----------
    layer, head : from 0; None in a summary's direction (layer None: over the layers).
    summary : "mean" or "max" where one of them is None, else None.
    """

    layer: int | None
    head: int | None
    summary: Summary | None = None


def render_head_grid(payload: bytes, *, key: str, on_open: Callable[[], None]) -> None:
    """Put a payload of `head_grid_payload` on the page.

    Parameters
    ----------
    key : identity of the figure; under the same key new data are drawn into the same canvas.
    on_open : called before the page's next run when a person opens a head; `opened_head(key)` says which.
    """
    _MOUNT(key=key, data=payload, on_open_change=on_open)


def opened_head(key: str) -> OpenedHead | None:
    """The head that was just opened in the grid of this key, inside `on_open`; None if there is none.

    What comes from a browser may be anything: a value that is not a head gives None.
    """
    state = st.session_state.get(key)
    return _read_opened(state.get("open") if isinstance(state, dict) else None)


def _read_opened(value: Any) -> OpenedHead | None:
    if not isinstance(value, dict):
        return None
    layer, head, summary = value.get("layer"), value.get("head"), value.get("summary")
    for index in (layer, head):
        if index is not None and (type(index) is not int or index < 0):
            return None
    if summary not in ("mean", "max", None) or (summary is None) == (layer is None or head is None):
        return None
    return OpenedHead(layer, head, summary)
