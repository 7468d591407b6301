"""The attention page's inputs. Each is in the page's link, and checked again here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import streamlit as st

from components.examples import sentences_for
from components.messages import plain, render_warnings
from components.models import model_label
from components.state import COLOURS, KINDS, MEASURES, OVER, READS, TOOLS, UNITS, VIEWS, forget_place, forget_row
from core.errors import TextTooLongError
from core.language.maps import MapOptions, Measure, Pick
from core.language.registry import ModelSource
from core.language.values import AttentionKind, nearest_layers


def choose_reads() -> str:
    """ "text" or "dna"."""
    return choose("A model that reads", READS, "reads", on_change=_other_reads)


def _other_reads() -> None:
    """Heads and rows of another kind of model are others."""
    forget_place()
    scale = "largest" if st.session_state["reads"] == "dna" else "one"  # a bin shares its look among many
    st.session_state.update(layer=0, head=0, view="head", over="none", off=[], scale=scale)


def choose_model(sources: Sequence[ModelSource]) -> str:
    """Name of the chosen model."""
    labels = {source.name: model_label(source) for source in sources}
    return st.sidebar.selectbox(
        "Model",
        list(labels),
        format_func=labels.__getitem__,
        key="model",
        persist_state="session",
        on_change=_other_model,
    )


def _other_model() -> None:
    """Heads of another model are other heads, so all are on again."""
    forget_place()
    if st.session_state.get("off"):
        st.session_state["off"] = []
        st.toast("All heads are on again: the heads of another model are other heads.", icon=":material/power:")


def _use_sentence() -> None:
    if chosen := st.session_state.get("example_sentence"):
        st.session_state["text"] = chosen
        forget_place()
    st.session_state["example_sentence"] = None


def type_text(model: str) -> str:
    """The sentence. It stays as typed whatever happens to it later."""
    st.sidebar.selectbox(
        "Example sentences",
        sentences_for(model),
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
        on_change=forget_place,
    )


def offer_cut(error: TextTooLongError, key: str = "text") -> None:
    """Say how much is too much, and offer to keep the part that fits."""
    st.error(plain(str(error)), icon=":material/content_cut:")
    if error.kept_text:
        st.button(
            "Cut it there",
            icon=":material/content_cut:",
            on_click=lambda: st.session_state.update({key: error.kept_text}),
        )


def choose(
    label: str,
    labels: dict[str, str],
    key: str,
    *,
    help: str | None = None,
    place: Any = None,
    hide: bool = False,
    on_change: Callable[[], None] | None = None,
) -> str:
    """One of the keys of `labels`; the first when a browser sent something else, or what is not offered now."""
    if st.session_state.get(key) not in labels:
        st.session_state[key] = next(iter(labels))
    chosen = (place or st.sidebar).segmented_control(
        label,
        list(labels),
        format_func=labels.__getitem__,
        key=key,
        required=True,
        help=help,
        persist_state="session",
        label_visibility="collapsed" if hide else "visible",
        on_change=on_change,
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
        on_change=forget_place,
    )
    kind = choose(
        "Who looks at whom",
        {kind: KINDS[kind] for kind in kinds},
        "kind",
        on_change=forget_place,
        help="Cross: the translation looks at the source. Source, Translation: each looks at itself.",
    )
    return target.strip() or None, cast(AttentionKind, kind)


def choose_view(layers: int) -> str:
    """ "head", "depths", "heads" or "compare"."""
    places = ", ".join(map(str, nearest_layers(layers)))
    return choose(
        "View",
        VIEWS,
        "view",
        help=f"Four depths shows one head at layers {places}, the assignment's view.",
        place=st,
        hide=True,
    )


def choose_tool(view: str) -> str | None:
    """ "find", "off", "next", or None; a comparison has its own inputs."""
    if view == "compare":
        return None
    chosen = st.pills(
        "Look further",
        list(TOOLS),
        format_func=TOOLS.__getitem__,
        key="tool",
        label_visibility="collapsed",
        persist_state="session",
    )
    return chosen if chosen in TOOLS else None


def clip_choice(key: str, count: int, owner: str) -> str | None:
    """Bring the layer or head under this key into 0 to `count` - 1; returns a sentence when it was outside."""
    given, what = st.session_state.get(key), key.rstrip("2")
    if isinstance(given, int) and 0 <= given < count:
        return None
    st.session_state[key] = min(max(given, 0), count - 1) if isinstance(given, int) else 0
    return f"{owner} has no {what} {given}: its {what}s are 0 to {count - 1}. You see {what} {st.session_state[key]}."


def choose_head(layers: int, heads: int, owner: str, view: str) -> tuple[int, int]:
    """(layer, head), both counted from 0. Where a view shows several layers, the layer stays as it was."""
    clipped = [clip_choice("layer", layers, owner), clip_choice("head", heads, owner)]
    render_warnings(filter(None, clipped if view != "depths" else clipped[1:]))
    state = st.session_state
    over = state.get("over", "none") if view in {"head", "compare"} else "none"
    one_layer = view in {"head", "compare"} and not over.startswith(("layers", "all"))
    one_head = view != "heads" and not over.startswith(("heads", "all")) and state.get("measure") != "rollout"
    if one_layer and layers > 1:
        st.sidebar.slider(
            "Layer", 0, layers - 1, key="layer", help="0 is the layer next to the words.", persist_state="session"
        )
    if one_head and heads > 1:
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


def choose_summary(view: str, layer: int, head: int) -> tuple[Pick, Pick]:
    """(layer, head) of the picture, either of which may be "mean" or "max"."""
    if view == "heads":
        return layer, head
    labels = dict(OVER)
    if view == "depths":
        labels = {name: label for name, label in OVER.items() if not name.startswith(("layers", "all"))}
    if st.session_state.get("over") not in labels:
        st.session_state["over"] = "none"
    over = st.sidebar.selectbox(
        "One head, or all together",
        list(labels),
        format_func=labels.__getitem__,
        key="over",
        persist_state="session",
        help="A mean over heads or layers is what papers often print; it hides what single heads do.",
    )
    return picks(over, layer, head)


def picks(over: str, layer: int, head: int) -> tuple[Pick, Pick]:
    """What a summary's name means.

    >>> picks("none", 3, 1), picks("heads-mean", 3, 1), picks("all-max", 3, 1)
    ((3, 1), (3, 'mean'), ('max', 'max'))
    """
    where, _, how = over.partition("-")
    pick = cast(Pick, how)
    return (pick if where in {"layers", "all"} else layer), (pick if where in {"heads", "all"} else head)


def choose_options(kind: str) -> MapOptions:
    """What a cell shows; nothing here runs the model. Cross-attention has no rollout."""
    offered = [name for name in MEASURES if not (name == "rollout" and kind == "cross")]
    measure = choose(
        "A cell shows",
        {name: MEASURES[name] for name in offered},
        "measure",
        help="Weights: what softmax gave. Norms: how much the weight really moves (weight × length of the "
        "value). Rollout: this layer and all below it together.",
    )
    words = choose(
        "Units",
        UNITS,
        "units",
        on_change=forget_row,
        help="Words: pieces of a word are summed where they are looked at, and averaged where they look.",
    )
    sink = st.sidebar.toggle(
        "Hide the sink",
        key="nosink",
        persist_state="session",
        help="Heads with nothing to say rest on the first token, or on [CLS] and [SEP]. Hidden, the rest of each row "
        "is scaled to sum to 1.",
    )
    return MapOptions(cast(Measure, measure), words == "words", bool(sink))


def choose_scale(view: str) -> str:
    """ "one", "largest" or "log"; small pictures have a choice of their own, and a difference has none."""
    if view == "compare":
        return st.session_state["scale"]
    labels = COLOURS
    if view == "heads":
        linear = "one" if st.session_state.get("scale") == "log" else st.session_state.get("scale", "one")
        labels = {linear: "Linear", "log": "Log"}
    return choose(
        "Colours",
        labels,
        "scale",
        help="0 to 1 lets you compare heads. To largest brings out weak weights. Log shows powers of ten.",
    )
