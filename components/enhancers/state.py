"""What the enhancer view remembers: the names of its inputs, their choices, and how a link says them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from components.links import LinkField, one_of
from core.enformer.enhancers import SCORE_NAMES

GENE, CELL, FROM, BY, LAYER, HEAD, TRUTH_OF = (
    *("enh_gene", "enh_cell", "enh_from", "enh_by", "att_layer", "att_head", "enh_chrom"),
)
PICKED, PLACE, JOB, POOL_JOB = "_enh_picked", "_enh_place", "_enh_job", "_enh_pool_job"
MEAN = "mean"
FIRST_SCORE = "attention_activity"
SOURCES = ("peaks", "file")


def link_fields() -> tuple[LinkField, ...]:
    """Everything that a link says of the enhancer view and of attention rows, for the page's own fields."""
    return (
        LinkField(GENE, "", short_name("gene")),
        LinkField(CELL, "", short_name("cell type")),
        LinkField(FROM, SOURCES[0], one_of(FROM, SOURCES)),
        LinkField(BY, FIRST_SCORE, one_of(BY, SCORE_NAMES)),
        LinkField(LAYER, MEAN, number_or_mean("layer")),
        LinkField(HEAD, MEAN, number_or_mean("head")),
    )


def short_name(what: str) -> Callable[[str], str]:
    """A parser of a name that is not checked here: short, and without control characters."""

    def parse(text: str) -> str:
        if len(text) > 200 or not text.isprintable():
            raise ValueError(f"This link asks for a {what} whose name is too long or cannot be shown; choose one here.")
        return text

    return parse


def number_or_mean(what: str) -> Callable[[str], str]:
    """A parser of a whole number, or of the mean of all."""

    def parse(text: str) -> str:
        if text != MEAN and not (text.isascii() and text.isdigit() and len(text) <= 3):
            raise ValueError(f"This link asks for {what} {text[:20]!r}; give a whole number, or {MEAN}.")
        return text if text == MEAN else str(int(text))

    return parse


def chosen_number(key: str, count: int) -> int | None:
    """The chosen layer or head, None being the mean of all; also where the model has no such one."""
    given = str(st.session_state.get(key, MEAN))
    number = int(given) if given.isascii() and given.isdigit() else -1
    if 0 <= number < count:
        return number
    if st.session_state.get(key) != MEAN:
        st.session_state[key] = MEAN
    return None


def chosen_one(key: str, names: Sequence[str]) -> str:
    """The chosen name; the first (of scores `FIRST_SCORE`) when there is none, or one that is not offered."""
    given = st.session_state.get(key)
    if given not in names:
        given = FIRST_SCORE if FIRST_SCORE in names else names[0]
        st.session_state[key] = given
    return given
