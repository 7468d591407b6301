"""The attention page's inputs. Each is in the page's link, and checked again here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import streamlit as st

from components.examples import FOX, SENTENCES
from components.links import LinkField, one_of, whole_number
from components.messages import plain, render_warnings
from components.models import model_label
from core.errors import TextTooLongError
from core.language.registry import DEFAULT_MODEL, ModelSource
from core.language.values import AttentionKind, nearest_layers

VIEWS = {"head": "One head", "depths": "Four depths"}
KINDS = {"cross": "Translation looks at source", "encoder": "Source", "decoder": "Translation"}
SCALES = {"one": "0 to 1", "largest": "0 to largest"}


def link_fields(sources: Sequence[ModelSource]) -> tuple[LinkField, ...]:
    """Everything that a link of this page can say."""
    return (
        LinkField("model", DEFAULT_MODEL, one_of("model", tuple(source.name for source in sources))),
        LinkField("text", FOX),
        LinkField("view", "head", one_of("view", tuple(VIEWS))),
        LinkField("layer", 0, whole_number("layer")),
        LinkField("head", 0, whole_number("head")),
        LinkField("scale", "one", one_of("scale", tuple(SCALES))),
        LinkField("target", ""),
        LinkField("kind", "cross", one_of("kind", tuple(KINDS))),
    )


def choose_model(sources: Sequence[ModelSource]) -> str:
    """Name of the chosen model."""
    labels = {source.name: model_label(source) for source in sources}
    return st.sidebar.selectbox(
        "Model", list(labels), format_func=labels.__getitem__, key="model", persist_state="session"
    )


def _use_sentence() -> None:
    if chosen := st.session_state.get("example_sentence"):
        st.session_state["text"] = chosen
    st.session_state["example_sentence"] = None


def type_text() -> str:
    """The sentence. It stays as typed whatever happens to it later."""
    st.sidebar.selectbox(
        "Example sentences",
        SENTENCES,
        index=None,
        placeholder="Choose a sentence",
        key="example_sentence",
        on_change=_use_sentence,
    )
    return st.text_area(
        "Your text",
        key="text",
        height=72,
        help="Click outside the box, or press Ctrl+Enter, to see the attention.",
        persist_state="session",
    )


def offer_cut(error: TextTooLongError) -> None:
    """Say how much is too much, and offer to keep the part that fits."""
    st.error(plain(str(error)), icon=":material/content_cut:")
    if error.kept_text:
        st.button(
            "Cut it there",
            icon=":material/content_cut:",
            on_click=lambda: st.session_state.update(text=error.kept_text),
        )


def _choose(label: str, labels: dict[str, str], key: str, *, help: str | None = None) -> str:
    """One of the keys of `labels`; the first when a browser sent something else."""
    chosen = st.sidebar.segmented_control(
        label,
        list(labels),
        format_func=labels.__getitem__,
        key=key,
        required=True,
        help=help,
        persist_state="session",
    )
    return chosen if chosen in labels else next(iter(labels))


def choose_kind(kinds: Sequence[str]) -> tuple[str | None, AttentionKind | None]:
    """(target text, kind of attention) for a translation model; (None, None) for others."""
    if len(kinds) == 1:
        return None, None
    target = st.text_input(
        "Translation",
        key="target",
        placeholder="Leave empty for the model's own translation",
        persist_state="session",
    )
    kind = _choose("Who looks at whom", {kind: KINDS[kind] for kind in kinds}, "kind")
    return target.strip() or None, cast(AttentionKind, kind)


def choose_view(layers: int) -> str:
    """ "head" or "depths"."""
    places = ", ".join(map(str, nearest_layers(layers)))
    return _choose("View", VIEWS, "view", help=f"Four depths shows one head at layers {places}, the assignment's view.")


def choose_scale() -> str:
    """ "one" or "largest"."""
    return _choose(
        "Colours", SCALES, "scale", help="0 to 1 lets you compare heads. 0 to largest brings out weak weights."
    )


def clip_choice(what: str, count: int, owner: str) -> str | None:
    """Bring the chosen layer or head into 0 to `count` - 1; returns a sentence when it was outside."""
    given = st.session_state.get(what)
    if isinstance(given, int) and 0 <= given < count:
        return None
    st.session_state[what] = min(max(given, 0), count - 1) if isinstance(given, int) else 0
    return f"{owner} has no {what} {given}: its {what}s are 0 to {count - 1}. You see {what} {st.session_state[what]}."


def choose_head(layers: int, heads: int, owner: str, view: str) -> tuple[int, int]:
    """(layer, head), both counted from 0. In the four-depths view the layer stays as it was."""
    clipped = [clip_choice("layer", layers, owner), clip_choice("head", heads, owner)]
    render_warnings(filter(None, clipped if view == "head" else clipped[1:]))
    if view == "head" and layers > 1:
        st.sidebar.slider(
            "Layer", 0, layers - 1, key="layer", help="0 is the layer next to the words.", persist_state="session"
        )
    if heads > 1:
        st.sidebar.slider(
            "Head",
            0,
            heads - 1,
            key="head",
            help="Each layer has several heads, and each looks in its own way.",
            persist_state="session",
        )
    # The browser enforces a slider's ends, so check what it sent.
    return min(max(st.session_state["layer"], 0), layers - 1), min(max(st.session_state["head"], 0), heads - 1)
