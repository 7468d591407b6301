"""The row of predicted chromatin states, and the rule that calls them, in words."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import streamlit as st

from components.browser.scene import RegionMark, RegionRow
from components.messages import plain
from core.enformer.states import StateRule, call_states, state_regions
from core.enformer.values import TrackSet
from core.genome.annotation import Region
from core.genome.chromatin import CHROMATIN_STATES, state_of

LEGEND = tuple((state.code, state.colour) for state in CHROMATIN_STATES)


def states_id(head: str, biosample: str) -> str:
    """Of the row of a biosample's states."""
    short = re.sub(r"[^A-Za-z0-9]+", "-", biosample)[:40]
    return f"states:{head}:{short}.{hashlib.sha256(biosample.encode()).hexdigest()[:6]}"


def predicted_states(rule: StateRule, found: Sequence[TrackSet], contig_bp: int) -> tuple[Region, ...]:
    """States of windows that may meet, from left to right; a state that goes on across the meeting is one region."""
    regions: list[Region] = []
    for each in sorted(found, key=lambda one: one.interval.start if one.interval else 0):
        if each.interval is None:
            continue
        made = state_regions(
            call_states(rule, each), each.interval.chrom, each.interval.start, each.bin_size_bp, contig_bp
        )
        for region in made:
            last = regions[-1] if regions else None
            if last and last.name == region.name and last.interval.end == region.interval.start:
                joined = type(region.interval)(region.interval.chrom, last.interval.start, region.interval.end)
                regions[-1] = Region(joined, region.name, None, region.colour)
            else:
                regions.append(region)
    return tuple(regions)


def states_row(rule: StateRule, found: Sequence[TrackSet], contig_bp: int, head: str) -> RegionRow:
    """The row of a biosample's predicted states, in the colours of the ENCODE segmentation.

    Raises
    ------
    SelectionError
        A track of the rule was not predicted.
    """
    marks = []
    for region in predicted_states(rule, found, contig_bp):
        state = state_of(region)
        assert state is not None
        told = f"{state.code}: {state.name} · {region.interval.locus} · called from predicted marks"
        marks.append(RegionMark(state.code, region.interval.start, region.interval.end, state.colour, about=told))
    return RegionRow(
        id=states_id(head, rule.biosample),
        title=f"States, {rule.biosample} (predicted)",
        note="some marks missing" if rule.missing else "",
        about=" ".join(rule.sentences),
        height="small",
        regions=tuple(marks),
        legend=tuple((code, colour) for code, colour in LEGEND if code not in rule.uncallable),
    )


def render_rule(rule: StateRule) -> None:
    """The rule on the page: what each state asks for, the cuts, and what is missing."""
    with st.expander(f"How the states of {plain(rule.biosample)} are called", icon=":material/rule:"):
        for sentence in rule.sentences:
            st.markdown(plain(sentence))
        names = "; ".join(f"{state.code}: {state.name}" for state in CHROMATIN_STATES)
        st.caption(
            plain(
                f"{names}. Names and colours: ENCODE Project Consortium 2012. States as combinations of marks: Ernst & "
                "Kellis 2012 (ChromHMM)."
            )
        )
