"""What the attention page remembers: the names of its inputs, their choices, and how a link says them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components.examples import FOX
from components.links import LinkField, head_list, one_of, whole_number, whole_numbers, write_numbers
from core.language import roles
from core.language.registry import DEFAULT_MODEL, ModelSource

VIEWS = {"head": "One head", "depths": "Four depths", "heads": "All heads", "compare": "Compare"}
READS = {"text": "Text", "dna": "DNA"}
KINDS = {"cross": "Cross", "encoder": "Source", "decoder": "Translation"}
COLOURS = {"one": "0 to 1", "largest": "To largest", "log": "Log"}
MEASURES = {"weight": "Weights", "norm": "Norms", "rollout": "Rollout"}
UNITS = {"tokens": "Tokens", "words": "Words"}
OVER = {
    "none": "One head",
    "heads-mean": "Mean over heads",
    "heads-max": "Max over heads",
    "layers-mean": "Mean over layers",
    "layers-max": "Max over layers",
    "all-mean": "Mean over all heads and layers",
    "all-max": "Max over all heads and layers",
}
TOOLS = {"find": "Find a head", "off": "Switch heads off", "next": "Next word"}
SCORES = ("pair", *roles.SCORES)
OVER_WHAT = {"text": "This sentence", "set": "A set of sentences"}
WITH = {"text": "Another sentence", "model": "Another model"}
SHOWN = {"without": "Without", "with": "With all", "difference": "Difference"}
GRID_ORDER = ("layer", *SCORES[1:])


def link_fields(sources: Sequence[ModelSource]) -> tuple[LinkField, ...]:
    """Everything that a link of the attention page can say."""
    models = tuple(source.name for source in sources)

    def choice(key: str, names: Sequence[str], default: str | None = "") -> LinkField:
        return LinkField(key, names[0] if default == "" else default, one_of(key, tuple(names)))

    return (
        choice("reads", list(READS)),
        LinkField("model", DEFAULT_MODEL, one_of("model", models)),
        LinkField("text", FOX),
        choice("view", list(VIEWS)),
        LinkField("layer", 0, whole_number("layer")),
        LinkField("head", 0, whole_number("head")),
        choice("over", list(OVER)),
        choice("measure", list(MEASURES)),
        choice("units", list(UNITS)),
        LinkField("nosink", False, lambda text: one_of("nosink", ("1",))(text) == "1", lambda on: "1" if on else "0"),
        choice("scale", list(COLOURS)),
        LinkField("target", ""),
        choice("kind", list(KINDS)),
        LinkField("row", None, whole_number("row")),
        LinkField("zoom", None, whole_numbers("zoom", count=4), write_numbers),
        choice("tool", list(TOOLS), None),
        choice("find", SCORES),
        choice("over_what", list(OVER_WHAT)),
        LinkField("asks", None, whole_number("asks")),
        LinkField("asked", None, whole_number("asked")),
        LinkField("off", [], head_list("off"), "-".join),
        choice("shown", list(SHOWN)),
        choice("order", GRID_ORDER),
        choice("shades", ("own", "shared")),
        choice("extra", ("none", "mean", "max")),
        choice("with", list(WITH)),
        LinkField("text2", ""),
        LinkField("model2", "minilm", one_of("model2", models)),
        LinkField("layer2", 0, whole_number("layer2")),
        LinkField("head2", 0, whole_number("head2")),
        LinkField("place", None, whole_number("place")),
    )


def forget_place() -> None:
    """Another text or model: rows, windows and words of the old one mean nothing now."""
    for key in ("row", "zoom", "asks", "asked", "place"):
        st.session_state[key] = None


def forget_row() -> None:
    """Words instead of tokens: row 5 is another one now."""
    st.session_state.update(row=None, zoom=None)


def open_head(layer: int | None, head: int | None, summary: str | None = None) -> None:
    """Show this head large; None with a summary means over all layers, or over all heads."""
    state = st.session_state
    state["view"] = "head"
    if layer is not None:
        state["layer"] = layer
    if head is not None:
        state["head"] = head
    where = "all" if layer is None and head is None else "layers" if layer is None else "heads"
    state["over"] = f"{where}-{summary}" if summary else "none"


def head_name(layer: int, head: int) -> str:
    """For example "L3 H1"."""
    return f"L{layer} H{head}"


def read_heads(names: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """ "3.1" -> (3, 1)."""
    return tuple((int(layer), int(head)) for layer, head in (name.split(".") for name in names))
