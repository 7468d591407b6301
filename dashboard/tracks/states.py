"""Predicted chromatin states: of which cell or tissue, the rule, the rows."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components.browser.scene import RegionRow
from components.tracks.states import render_rule, states_row
from core.enformer.states import StateRule, rule_for, state_biosamples
from core.enformer.tracks import TrackTable
from core.enformer.values import TrackSet

STATES_KEY = "states"
MAX_SAMPLES = 4


def choose_states(table: TrackTable) -> tuple[str, ...]:
    """Biosamples whose states are shown, of those with at least two of the marks."""
    samples = state_biosamples(table)
    if not samples:
        return ()
    state = st.session_state
    state[STATES_KEY] = [each for each in state.get(STATES_KEY) or () if each in samples]
    return tuple(
        st.multiselect(
            "Predicted states of", samples, key=STATES_KEY, max_selections=MAX_SAMPLES,
            placeholder="cell or tissue",
            help="Seven chromatin states, called from predicted marks by a rule that is shown under the tracks.",
        )
    )  # fmt: skip


def state_rules(table: TrackTable, samples: Sequence[str], anchor: TrackSet) -> tuple[StateRule, ...]:
    """The rule of each biosample; `anchor` is the prediction of the window of the place that was asked for."""
    return tuple(rule for sample in samples if (rule := rule_for(table, sample, anchor)) is not None)


def state_rows(rules: Sequence[StateRule], found: Sequence[TrackSet], contig_bp: int) -> tuple[RegionRow, ...]:
    """A row for each rule over the windows that are there."""
    return tuple(states_row(rule, found, contig_bp, found[0].head) for rule in rules) if found else ()


def render_rules(rules: Sequence[StateRule]) -> None:
    """The rules, under the tracks."""
    for rule in rules:
        render_rule(rule)
