"""The attention heatmap: one to many heads side by side, and under them the sentence of the row in question.

`heatmap_payload` is pure and holds everything the browser draws; `render_heatmap` puts it on the page and
says what a person chose there; `heatmap_state` says it before the payload is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from components.canvas import component
from components.heatmap.payload import MASKED, MAX_SIDE, heatmap_payload, text_identity
from components.heatmap.values import HeatmapLabels, HeatmapPanel, HeatmapState
from components.heatmap.words import heatmap_description, token_gaps

__all__ = [
    "MASKED",
    "MAX_SIDE",
    "HeatmapLabels",
    "HeatmapPanel",
    "HeatmapState",
    "heatmap_description",
    "heatmap_payload",
    "heatmap_state",
    "render_heatmap",
    "token_gaps",
]

HERE = Path(__file__).parent
SCRIPTS = (
    "scale.js",
    "layout.js",
    "paint.js",
    "reading.js",
    "sentence.js",
    "link.js",
    "overlay.js",
    "strip.js",
    "zoom.js",
    "aim.js",
    "sight.js",
    "keys.js",
    "heatmap.js",
)

_MOUNT = component("attendome_heatmap", HERE, html="heatmap.html", css="heatmap.css", scripts=SCRIPTS)

NOTHING_CHOSEN = HeatmapState()


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _chosen(values: Any, text: str) -> dict[str, Any]:
    """The values that the browser sent for this text: `locked`, `zoom`, each only where it sent one."""
    found: dict[str, Any] = {}
    for name in ("locked", "zoom"):
        sent = values.get(name) if isinstance(values, Mapping) else None
        if not isinstance(sent, Mapping) or sent.get("text") != text:
            continue
        value = sent.get("value")
        if value is None:
            found[name] = None
        elif name == "locked" and _whole(value):
            found[name] = value
        elif name == "zoom" and isinstance(value, list) and len(value) == 4 and all(map(_whole, value)):
            found[name] = tuple(value)
    return found


def heatmap_state(key: str, labels: HeatmapLabels, *, otherwise: HeatmapState = NOTHING_CHOSEN) -> HeatmapState:
    """What a person chose in the heatmap of this key, for the payload that is about to be made.

    A choice belongs to the tokens it was made on: with other labels there is none. What the browser sends is
    checked for its form only; `heatmap_payload` clips it to the map. `otherwise` is what holds for whatever
    the browser has not said.
    """
    return HeatmapState(**(vars(otherwise) | _chosen(st.session_state.get(key), text_identity(labels))))


def render_heatmap(
    payload: dict[str, Any], *, key: str, height: int | None = None, on_change: Callable[[], None] | None = None
) -> HeatmapState:
    """Put a payload of `heatmap_payload` on the page.

    Parameters
    ----------
    key : identity of the figure; under the same key new data are drawn into the same canvas.
    height : most CSS pixels the map may be high; None fits it to the window.
    on_change : called before the rerun that a newly locked row or a new zoom starts.

    Returns
    -------
    HeatmapState
        What the person chose for this text; until then what the payload says.
    """
    changed = on_change or (lambda: None)
    values = _MOUNT(key=key, data={**payload, "height": height}, on_locked_change=changed, on_zoom_change=changed)
    window = payload["window"]
    said = {"locked": payload["locked"], "zoom": None if window is None else tuple(window)}
    return HeatmapState(**(said | _chosen(values, payload["text"])))
