"""What is said about a list of places of which some lines cannot be read."""

from __future__ import annotations

import streamlit as st

from components.tracks.bar import _load, kept_places

CONTIGS = {"chr1": 10_000}


def test_bad_lines_are_named(monkeypatch):
    monkeypatch.setattr(st, "session_state", {})
    lines = ["chr1\t1\t2", "x", "x", "x", "chr1\t5\t9", "x", "chr7\t1\t2"]
    _load("\n".join(lines), CONTIGS, "toy", "the list")
    said = st.session_state["_places_problems"]
    assert len(kept_places()) == 2
    assert said[0] == "Line 2 of the list has 1 column; BED has at least 3: chromosome, start, end."
    assert said[-1] == "Lines 6 and 7 could not be read too."
    assert len(said) == 4
    _load("\n".join(lines[:-1]), CONTIGS, "toy", "the list")
    assert st.session_state["_places_problems"][-1] == "Line 6 could not be read too."
