"""Compare two sentences in one model, or two models on one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from components.changes import changes_drawing
from components.controls import choose, clip_choice, offer_cut
from components.difference import (
    both_payload,
    render_difference,
    render_difference_csv,
)
from components.drawing import render_drawing
from components.examples import PARTNERS
from components.heatmap import render_heatmap
from components.messages import plain, render_notes, render_warnings, waiting_line
from components.models import model_label
from components.state import WITH, head_name
from core import runtime
from core.errors import AttendomeError, TextTooLongError
from core.language import LanguageModel
from core.language.compare import changed_heads, compare_maps
from core.language.maps import MapOptions
from core.language.models import outline
from core.language.registry import ModelSource, named_source
from core.language.values import AttentionKind, AttentionResult
from core.settings import settings

Head = tuple[int, int]
_OFFERED = "_partner_offered"


def _use_partner(text: str) -> None:
    st.session_state["text2"] = text


def _second_text(text: str) -> str:
    state = st.session_state
    if not state.get("text2") and text in PARTNERS and state.get(_OFFERED) != text:
        state["text2"], state[_OFFERED] = PARTNERS[text], text  # once: who empties the box wants to type
    return st.text_area(
        "The other sentence",
        key="text2",
        height=72,
        persist_state="session",
        help="Change one word, or turn the sentence round. What the two have in common is compared.",
    )


def _second_model(available: Sequence[ModelSource], own: str) -> tuple[ModelSource, Head]:
    ready = {source.name: model_label(source) for source in available if source.ready and source.name != own}
    state = st.session_state
    if state.get("model2") not in ready:
        state["model2"] = next(iter(ready))
    left, middle, right = st.columns([2, 1, 1])
    name = left.selectbox(
        "The other model", list(ready), format_func=ready.__getitem__, key="model2", persist_state="session"
    )
    source = named_source(name, settings())
    sizes = outline(source)
    warnings = [clip_choice("layer2", sizes.layers, source.title), clip_choice("head2", sizes.heads, source.title)]
    render_warnings(filter(None, warnings))
    layer = middle.number_input("Its layer", 0, sizes.layers - 1, key="layer2", persist_state="session")
    head = right.number_input("Its head", 0, sizes.heads - 1, key="head2", persist_state="session")
    return source, (int(layer), int(head))


def render_compare(
    model: LanguageModel,
    text: str,
    target_text: str | None,
    kind: AttentionKind | None,
    options: MapOptions,
    heads: tuple[Any, Any],
    off: tuple[Head, ...],
    available: Sequence[ModelSource],
) -> None:
    """Inputs of the second side, the signed map, the changes in words, and which heads changed most."""
    way = choose("Compare with", WITH, "with", place=st, hide=True)
    waiting = st.empty()
    if way == "text":
        second_text = _second_text(text)
        if not second_text.strip():
            st.info("Type the other sentence: the same with one word changed is a good start.", icon=":material/info:")
            st.button("Start from my text", on_click=_use_partner, args=(text,))
            return
        other, second_heads = model, heads
        names = ("the first sentence", "the second sentence")
    else:
        source, second_heads = _second_model(available, model.card.name)
        second_text = text
        other = runtime.language_model(source.name, on_wait=waiting_line(waiting, f"Loading {source.title}"))
        names = (model.card.title, other.card.title)
        kind = kind if model.kinds == other.kinds else None
        target_text = target_text if model.kinds == other.kinds else None
    try:
        wait = waiting_line(waiting)
        first = runtime.attention_result(model, text, target_text, kind=kind, without=off, on_wait=wait)
        theirs = target_text if way == "model" else None
        off_there = off if way == "text" else ()
        second = runtime.attention_result(other, second_text, theirs, kind=kind, without=off_there, on_wait=wait)
    except TextTooLongError as error:
        offer_cut(error, "text2" if way == "text" else "text")
        return
    waiting.empty()
    render_notes((*first.notes, *second.notes))
    _render_pair(first, second, heads, second_heads, options, names, way)


def _render_pair(
    first: AttentionResult,
    second: AttentionResult,
    heads: tuple[Any, Any],
    second_heads: tuple[Any, Any],
    options: MapOptions,
    names: tuple[str, str],
    way: str,
) -> None:
    try:
        found = compare_maps(first, second, heads, second_heads, options)
    except AttendomeError as error:
        st.error(plain(str(error)), icon=":material/info:")
        return
    alone = [
        f"only in {name}: {', '.join(words[:8])}{' …' if len(words) > 8 else ''}"
        for name, words in zip(names, (found.only_first, found.only_second), strict=True)
        if words
    ]
    render_difference(found, names=names, subtitle="; ".join(alone), options=options)
    with st.container(horizontal=True, vertical_alignment="center"):
        render_difference_csv(found)
    with st.expander("Both maps", icon=":material/view_column_2:"):
        render_heatmap(both_payload(found, names=names, options=options), key="both_maps")
    if way == "text":
        _render_heads(first, second, options, heads)


def _choose_head(head: Any) -> None:
    st.session_state.update(layer=int(head["layer"]), head=int(head["head"]), over="none")


def _render_heads(first: AttentionResult, second: AttentionResult, options: MapOptions, heads: tuple[Any, Any]) -> None:
    changed = changed_heads(first, second, options)
    chosen = heads if all(isinstance(part, int) for part in heads) else None
    most = ""
    if (changed == changed).any():
        layer, head = divmod(int((changed * (changed == changed)).argmax()), changed.shape[1])
        most = f"{head_name(layer, head)} changes most ({changed[layer, head]:.2f}); "
    drawing = changes_drawing(
        changed,
        title="Which heads changed",
        unit="mean total variation, 0 to 1",
        subtitle=f"{most}press a head to see its difference.",
        provenance=first.provenance.sentence,
        chosen=chosen,
        file_name="changed-heads",
    )
    render_drawing(drawing, key="changed_heads", on_click=_choose_head)
