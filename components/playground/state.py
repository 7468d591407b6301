"""What the playground page remembers: its inputs, their ranges, and how a link says them."""

from __future__ import annotations

import re
from collections.abc import Callable

import streamlit as st

from components.links import LinkField, one_of, whole_number
from core.teaching.playground.grammar import Grammar
from core.teaching.playground.locus import Locus, locus_of
from core.teaching.playground.moves import LEAST_BP, MOST_BP, Moves, element_sites
from core.teaching.playground.stories import stories

STEP_BP = 50
BOUNDARIES = {"as": "As it is", "in": "Written in", "out": "Taken out"}
_BOUNDARY = {"as": None, "in": True, "out": False}
SHIPPED = Grammar()
# Key, label, least, most, step, the grammar's own number.
RULES = (
    ("strength", "Enhancer strength", 0.0, 3.0, 0.1, "strength"),
    ("reach", "Reach, bp", 1_000, 10_000, 500, "reach_bp"),
    ("insulation", "Insulation", 0.0, 6.0, 0.5, "insulation"),
    ("silencing", "Silencing", 0.0, 10.0, 0.5, "silencing"),
)
MEANINGS = {
    "strength": "How much an enhancer right beside a gene adds to its expression.",
    "reach": "How far an enhancer or silencer works: at this distance 37 % of its effect is left.",
    "insulation": "How well a boundary keeps an enhancer from a gene: 4 lets 2 % of the effect through, 0 all of it.",
    "silencing": "How much a silencer turns a gene down: at most, it divides by 1 + this number; 0 is not at all.",
}


def _number(key: str, least: float, most: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        if not re.fullmatch(r"[0-9]{1,5}(\.[0-9]{1,3})?", text) or not least <= float(text) <= most:
            raise ValueError(f"This link asks for {key} {text[:20]!r}; give a number from {least:g} to {most:g}.")
        return type(least)(float(text))

    return parse


def _name(key: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9_:.]{1,40}", text):
            raise ValueError(f"This link asks for the {key} {text[:30]!r}, which the playground has not.")
        return text

    return parse


def link_fields(locus: Locus | None = None) -> tuple[LinkField, ...]:
    """Everything that a link of the page can say; with a locus, what is as it ships there is left out."""
    first = stories()[0]
    sites = distance = None
    if locus is not None and locus.element is not None:
        sites, distance = len(element_sites(locus.element)), shown_distance(locus)

    def metres(text: str) -> int:
        return int(_number("distance", LEAST_BP, MOST_BP)(text))

    rules = tuple(
        LinkField(key, getattr(SHIPPED, own), _number(key, least, most), lambda value: f"{value:g}")
        for key, _, least, most, _, own in RULES
    )
    return (
        LinkField("gene", first.gene, _name("gene")),
        LinkField("element", default_element(locus.gene.symbol) if locus else None, _name("element")),
        LinkField("sites", sites, whole_number("sites"), str),
        LinkField("distance", distance, metres, str),
        LinkField("boundary", "as", one_of("boundary", tuple(BOUNDARIES))),
        *rules,
        LinkField("guess", True, lambda text: one_of("guess", ("0", "1"))(text) == "1", lambda on: "1" if on else "0"),
    )


def default_element(symbol: str) -> str | None:
    """The element that a gene is shown with at first: that of its story, else the nearest."""
    told = next((story.element for story in stories() if story.gene == symbol), None)
    if told is not None:
        return told
    element = locus_of(symbol).element
    return element.name if element else None


def shown_distance(locus: Locus) -> int:
    """The element's own distance as the slider shows it."""
    rounded = round(locus.distance_bp / STEP_BP) * STEP_BP
    return min(max(rounded, LEAST_BP), MOST_BP)


def moves_now(locus: Locus) -> Moves:
    """What the sliders say; what stands at its own place is left as it is."""
    state = st.session_state
    if locus.element is None:
        return Moves()
    whole = len(element_sites(locus.element))
    sites, distance = state["sites"], state["distance"]
    return Moves(
        sites=None if sites is None or sites >= whole else sites,
        distance_bp=None if distance in (None, shown_distance(locus)) else distance,
        boundary=_BOUNDARY[state["boundary"]],
    )


def rules_now() -> Grammar:
    """The grammar with the numbers of the sliders."""
    return Grammar(**{own: type(least)(st.session_state[key]) for key, _, least, _, _, own in RULES})


def reset_letters() -> None:
    """The letters as they ship."""
    st.session_state.update(sites=None, distance=None, boundary="as")


def reset_rules() -> None:
    """The rules as they ship."""
    st.session_state.update({key: getattr(SHIPPED, own) for key, *_, own in RULES})


def open_story(name: str) -> None:
    """Show the place of a story, with nothing changed."""
    story = next(story for story in stories() if story.name == name)
    st.session_state.update(gene=story.gene, element=story.element)
    reset_letters()
    reset_rules()
