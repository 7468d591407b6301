"""The attention page's inputs. Each is tied to the page's link, and checked again here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import streamlit as st

from components.examples import FOX, SENTENCES
from components.messages import plain
from components.models import model_label
from core.errors import SelectionError, TextTooLongError
from core.language.registry import DEFAULT_MODEL, ModelSource
from core.language.values import AttentionKind, nearest_layers

VIEWS = {"head": "One head", "depths": "Four depths"}
KINDS = {"cross": "Translation looks at source", "encoder": "Source", "decoder": "Translation"}


def link_problem(params: dict[str, str], names: Sequence[str]) -> str | None:
    """One sentence when a link names a model or view that does not exist, else None."""
    model, view = params.get("model"), params.get("view")
    if model is not None and model not in names:
        return f"The link asks for a model called {model[:60]!r}, which is not here; choose one of: {', '.join(names)}."
    if view is not None and view not in VIEWS:
        return f"The link asks for a view called {view[:60]!r}; there are: {', '.join(VIEWS)}."
    return None


def warn_about_link(names: Sequence[str]) -> None:
    """Say what is wrong with the link that opened this page, for as long as it is so."""
    # Streamlit replaces unknown values by defaults once the widgets exist, so keep the sentence.
    problem = link_problem(dict(st.query_params), names)
    if problem:
        st.session_state["_link_problem"] = problem
    if st.session_state.get("_link_problem"):
        st.warning(plain(st.session_state["_link_problem"]), icon=":material/link_off:")


def _forget_link_problem() -> None:
    st.session_state.pop("_link_problem", None)


def choose_model(sources: Sequence[ModelSource]) -> str:
    """Name of the chosen model."""
    labels = {source.name: model_label(source) for source in sources}
    if st.session_state.get("model") not in labels:
        st.session_state.pop("model", None)
    return st.sidebar.selectbox(
        "Model",
        list(labels),
        index=list(labels).index(DEFAULT_MODEL),
        format_func=labels.__getitem__,
        key="model",
        bind="query-params",
        on_change=_forget_link_problem,
    )


def _use_sentence() -> None:
    if chosen := st.session_state.get("_example"):
        st.session_state["text"] = chosen
    st.session_state["_example"] = None


def type_text() -> str:
    """The sentence. It stays as typed whatever happens to it later."""
    st.sidebar.selectbox(
        "Example sentences",
        SENTENCES,
        index=None,
        placeholder="Choose a sentence",
        key="_example",
        on_change=_use_sentence,
    )
    return st.text_area(
        "Your text",
        value=FOX,
        key="text",
        bind="query-params",
        height=80,
        help="Click outside the box, or press Ctrl+Enter, to see the attention.",
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


def choose_kind(kinds: Sequence[str]) -> tuple[str | None, AttentionKind | None]:
    """(target text, kind of attention) for a translation model; (None, None) for others."""
    if len(kinds) == 1:
        return None, None
    target = st.text_input(
        "Translation", key="target", bind="query-params", placeholder="Leave empty for the model's own translation"
    )
    kind = st.sidebar.segmented_control(
        "Who looks at whom",
        list(kinds),
        default=kinds[0],
        format_func=KINDS.__getitem__,
        key="kind",
        bind="query-params",
        required=True,
    )
    return target.strip() or None, cast(AttentionKind, kind if kind in kinds else kinds[0])


def choose_view(layers: int) -> str:
    """ "head" or "depths"."""
    places = ", ".join(map(str, nearest_layers(layers)))
    view = st.sidebar.segmented_control(
        "View",
        list(VIEWS),
        default="head",
        format_func=VIEWS.__getitem__,
        key="view",
        bind="query-params",
        required=True,
        help=f"Four depths shows one head at layers {places}, the assignment's view.",
    )
    return view if view in VIEWS else "head"


def _slider(label: str, key: str, count: int, *, help: str) -> int:
    # Another model may have fewer layers or heads than the one chosen before.
    given = st.session_state.get(key)
    if given is not None and not (isinstance(given, int) and 0 <= given < count):
        st.session_state[key] = min(max(int(given), 0), count - 1)
    if count == 1:
        return 0
    chosen = st.sidebar.slider(label, 0, count - 1, 0, key=key, bind="query-params", help=help)
    if not 0 <= chosen < count:
        raise SelectionError(f"{label} {chosen} does not exist; choose 0 to {count - 1}.")
    return chosen


def choose_head(layers: int, heads: int, view: str) -> tuple[int, int]:
    """(layer, head), both counted from 0. In the four-depths view the layer stays as it was."""
    layer = int(st.session_state.get("layer") or 0)
    if view == "head":
        layer = _slider("Layer", "layer", layers, help="0 is the layer next to the words.")
    head = _slider("Head", "head", heads, help="Each layer has several heads, and each looks in its own way.")
    return min(layer, layers - 1), head


def link_params(
    model: str, text: str, view: str, layer: int, head: int, target: str | None, kind: str | None
) -> dict[str, str | int | None]:
    """What a link must carry to reopen this page as it is."""
    return {
        "model": model,
        "text": text,
        "view": view,
        "layer": layer if view == "head" else None,
        "head": head,
        "target": target,
        "kind": kind,
    }
