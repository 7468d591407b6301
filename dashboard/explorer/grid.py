"""All heads: the grid of thumbnails and its few inputs."""

from __future__ import annotations

import streamlit as st

from components.all_heads import GridWords, grid_payload
from components.controls import choose
from components.head_grid import opened_head, render_head_grid
from components.state import GRID_ORDER, open_head
from core import runtime
from core.language.maps import MapOptions
from core.language.roles import SCORES, role
from core.language.scores import result_scores
from core.language.values import AttentionResult
from dashboard.explorer.find import CROSS

GRID = "head_grid"
SHADES = {"own": "Each its own", "shared": "Shared"}
EXTRA = {"none": "None", "mean": "Mean", "max": "Max"}
UNITS = {"share": "", "bits": " bits", "tokens": " tokens"}


def _open() -> None:
    if opened := opened_head(GRID):
        rollout = st.session_state.get("measure") == "rollout"  # one picture a layer: the head stays as it is
        open_head(opened.layer, st.session_state["head"] if rollout else opened.head, opened.summary)


def grid_words(result: AttentionResult, order: str) -> GridWords:
    """Roles of all heads on this text, and the score that orders them unless `order` is "layer"."""
    if result.unit == "bin":  # roles are said of words
        return GridWords()
    scored = runtime.derived(result_scores, result)
    places = list(zip(scored["layer"].tolist(), scored["head"].tolist(), strict=True))
    roles = {place: role(row) for place, row in zip(places, scored.to_dict("records"), strict=True)}
    if order == "layer":
        return GridWords(roles)
    what = SCORES[order]
    sign = 1 if what.high_is_special else -1
    scores = {
        place: (sign * value, f"{value:.2f}{UNITS[what.unit]}")
        for place, value in zip(places, scored[order].tolist(), strict=True)
        if value == value  # not NaN
    }
    return GridWords(roles, scores, what.title)


def render_grid(result: AttentionResult, options: MapOptions, scale: str) -> None:
    """The grid; a press on a head opens it large."""
    order, shades, extra = st.columns([1.6, 1, 1])
    names = CROSS[1:] if result.kind == "cross" else GRID_ORDER[1:]
    if result.kind in {"causal", "decoder"}:
        names = [name for name in names if name not in {"next_token", "last_token"}]  # the mask forbids both
    if result.unit == "bin":
        names = ()
    labels = {"layer": "Layer and head"} | {name: f"Head that {SCORES[name].title.split(':')[0]}" for name in names}
    if st.session_state.get("order") not in labels:
        st.session_state["order"] = "layer"
    chosen = order.selectbox(
        "Order by", list(labels), format_func=labels.__getitem__, key="order", persist_state="session"
    )
    shade = choose("Colour scale", SHADES, "shades", place=shades)
    more = choose("Extra row and column", EXTRA, "extra", place=extra) if chosen == "layer" else "none"
    state = st.session_state
    with st.spinner("Drawing all heads …", show_time=True):
        words = grid_words(result, chosen)
        look = (chosen, more, shade, scale == "log", (state["layer"], state["head"]))
        payload = runtime.derived(_payload, result, options, *look)
    if chosen != "layer" and not words.scores:
        missing = {"induction": "no token comes twice", "same_word": "no word comes twice"}
        why = missing.get(chosen, "the text is too short")
        st.info(f"No head has a score for “{labels[chosen]}” here: {why}.", icon=":material/info:")
    render_head_grid(payload, key=GRID, on_open=_open)


def _payload(
    result: AttentionResult,
    options: MapOptions,
    order: str,
    extra: str,
    shades: str,
    log: bool,
    chosen: tuple[int, int],
) -> bytes:
    words = grid_words(result, order)
    return grid_payload(result, options, words=words, extra=extra, shades=shades, log=log, chosen=chosen)
