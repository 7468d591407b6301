"""Compare two sentences in one model, or two models on one sentence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import streamlit as st

from components.attention import heads_words
from components.changes import changes_drawing
from components.controls import choose, clip_choice, offer_cut
from components.difference import both_payload, render_difference, render_difference_csv
from components.downloads import render_recipe
from components.drawing import render_drawing
from components.examples import PARTNERS
from components.heatmap import render_heatmap
from components.links import render_link
from components.messages import plain, render_notes, render_warnings, waiting_line
from components.models import model_label
from components.recipe import Recipe, Run
from components.state import WITH, head_name
from core import runtime
from core.errors import AttendomeError, TextTooLongError
from core.language import AttentionResult, LanguageModel
from core.language.compare import MapDifference, changed_heads, compare_maps
from core.language.maps import Pick
from core.language.models import outline
from core.language.registry import ModelSource
from core.language.values import AttentionKind
from dashboard.explorer.asked import Asked, attention_of

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


def _second_model(asked: Asked) -> tuple[ModelSource, Head] | None:
    own = asked.model.card.name
    ready = {source.name: source for source in asked.available if source.ready and source.name != own}
    if not ready:
        st.info("No other model is ready on this machine; download one first.", icon=":material/info:")
        return None
    state = st.session_state
    if state.get("model2") not in ready:
        state["model2"] = next(iter(ready))
    left, middle, right = st.columns([2, 1, 1])
    name = left.selectbox(
        "The other model",
        list(ready),
        format_func=lambda name: model_label(ready[name]),
        key="model2",
        persist_state="session",
    )
    source = ready[name]
    sizes = outline(source)
    warnings = [clip_choice("layer2", sizes.layers, source.title), clip_choice("head2", sizes.heads, source.title)]
    render_warnings(filter(None, warnings))
    layer = middle.number_input("Its layer", 0, sizes.layers - 1, key="layer2", persist_state="session")
    head = right.number_input("Its head", 0, sizes.heads - 1, key="head2", persist_state="session")
    return source, (int(layer), int(head))


@dataclass(frozen=True, eq=False)
class Second:
    """The other side: what is run, in which model, and which head is looked at."""

    model: LanguageModel
    run: Run
    heads: tuple[Pick, Pick]
    name: str


def _other_sentence(asked: Asked) -> Second | None:
    text = _second_text(asked.text)
    if not text.strip():
        st.info("Type the other sentence: the same with one word changed is a good start.", icon=":material/info:")
        st.button("Start from my text", on_click=_use_partner, args=(asked.text,))
        return None
    run = replace(asked.run(asked.off), text=text, target_text=None)
    return Second(asked.model, run, asked.picks, "the second sentence")


def _other_model(asked: Asked) -> Second | None:
    if (chosen := _second_model(asked)) is None:
        return None
    source, heads = chosen
    waiting = st.empty()
    with waiting, st.spinner(f"Loading {plain(source.title)} …"):
        model = runtime.language_model(source.name, on_wait=waiting_line(waiting, f"Loading {source.title}"))
    waiting.empty()
    translates = len(model.kinds) > 1
    # Beside a model that does not translate, a translator's reading of the source is what compares.
    kind = (asked.kind if len(asked.model.kinds) > 1 else "encoder") if translates else None
    target = asked.target_text if translates and asked.kind is not None else None
    run = Run(source.name, asked.text, target, kind)
    return Second(model, run, heads, model.card.title)


def render_compare(asked: Asked, params: dict[str, str]) -> None:
    """Inputs of the second side, the signed map, the changes in words, and which heads changed most.

    Raises
    ------
    TextError, DeviceMemoryError
        The first text cannot be shown.
    """
    way = choose("Compare with", WITH, "with", place=st, hide=True)
    second = _other_sentence(asked) if way == "text" else _other_model(asked)
    if second is None:
        return
    one_kind = way == "text" or (asked.kind is None) == (second.run.kind is None)
    own = asked.run(asked.off) if one_kind else replace(asked.run(asked.off), target_text=None, kind=_plain_kind(asked))
    with st.spinner("Computing attention …"):
        first = attention_of(asked.model, own, asked.on_wait)
        try:
            other = attention_of(second.model, second.run, asked.on_wait)
        except TextTooLongError as error:
            offer_cut(error, "text2" if way == "text" else "text")
            return
    render_notes(dict.fromkeys((*first.notes, *other.notes)))
    try:
        found = compare_maps(first, other, asked.picks, second.heads, asked.options)
    except AttendomeError as error:
        st.error(plain(str(error)), icon=":material/info:")
        return
    names = ("the first sentence" if way == "text" else asked.model.card.title, second.name)
    subtitle = _subtitle(found, names, asked.off, way)
    render_difference(found, names=names, subtitle=subtitle, options=asked.options)
    recipe = Recipe(
        "difference", own, asked.picks[:1], asked.picks[1], asked.options, second=second.run, second_head=second.heads
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        render_difference_csv(found)
        render_recipe(recipe)
        render_link(params)
    with st.expander("Both maps", icon=":material/view_column_2:"):
        render_heatmap(both_payload(found, names=names, subtitle=subtitle, options=asked.options), key="both_maps")
    if way == "text":
        _render_heads(asked, first, other)


def _plain_kind(asked: Asked) -> AttentionKind | None:
    return "encoder" if asked.kind is not None else None


def _subtitle(found: MapDifference, names: tuple[str, str], off: tuple[Head, ...], way: str) -> str:
    alone = [
        f"only in {name}: {', '.join(words[:8])}{' …' if len(words) > 8 else ''}"
        for name, words in zip(names, (found.only_first, found.only_second), strict=True)
        if words
    ]
    where = "on both sides" if way == "text" else f"in {names[0]} only"
    return "; ".join([*alone, *([f"{heads_words(off)}, {where}"] if off else [])])


def _choose_head(head: Any) -> None:
    st.session_state.update(layer=int(head["layer"]), head=int(head["head"]), over="none")


def _render_heads(asked: Asked, first: AttentionResult, second: AttentionResult) -> None:
    with st.spinner("Comparing all heads …", show_time=True):
        changed = runtime.derived(changed_heads, first, second, asked.options)
    picks = asked.picks
    chosen = picks if all(isinstance(part, int) for part in picks) else None
    most = ""
    if (changed == changed).any():
        layer, head = divmod(int(np.nanargmax(changed)), changed.shape[1])
        most = f"{head_name(layer, head)} changes most ({changed[layer, head]:.2f}); "
    drawing = changes_drawing(
        changed,
        title="Which heads changed",
        unit="total variation",
        subtitle=f"{most}press a head to see its difference.",
        provenance=" · ".join(filter(None, (first.provenance.sentence, heads_words(asked.off)))),
        off=asked.off,
        chosen=chosen,
        file_name="changed-heads",
    )
    render_drawing(drawing, key="changed_heads", on_click=_choose_head)
