"""Where the page's browser is: what was asked for, what is seen of it, and the buttons that zoom."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import streamlit as st

from components.contributions.state import BLOCKS, MUTATE, SPAN, WINDOW
from core.attribution.values import ContributionScores
from dashboard.contributions.aim import Aim
from dashboard.tracks import going

LEAST_BP = 40
FIRST_BP = 200  # seen at first, around the middle of the bins


@dataclass(frozen=True)
class Seen:
    """What is seen: 0-based, half-open, on the chromosome; `move` counts what this page asked the browser for."""

    start: int
    end: int
    move: int

    @property
    def width_bp(self) -> int:
        return self.end - self.start


def go(locus: str, view: tuple[int, int] | None = None) -> None:
    """To another place; in a callback. The tracks page goes there too, as pages share their place."""
    going.go(locus)
    st.session_state.update({WINDOW: None, MUTATE: None, BLOCKS: None, SPAN: view, "_ctb_again": True})


def forget_other_places(genome: str, model: str, locus: str) -> None:
    """What was chosen of another place, genome or model is nothing here; a link may bring its own."""
    state = st.session_state
    here = (genome, model, locus)
    before, values = state.get("_ctb_here", (here, {}))
    if before != here:
        for key in (WINDOW, MUTATE, BLOCKS, SPAN):
            if state.get(key) is not None and state.get(key) == values.get(key):
                state[key] = None


def remember_place(genome: str, model: str, locus: str) -> None:
    """For `forget_other_places`, at the end of a run."""
    state = st.session_state
    state["_ctb_here"] = ((genome, model, locus), {key: state.get(key) for key in (WINDOW, MUTATE, BLOCKS, SPAN)})


def look(start: float, end: float) -> None:
    """Zoom to a part of what is there; in a callback."""
    st.session_state.update({SPAN: (int(start), int(end)), "_ctb_again": True})


def middle(aim: Aim) -> int:
    """What "around" means: the start of a gene, else the middle of the bins."""
    return aim.place.centre if aim.start is None else aim.start


def first_view(aim: Aim) -> tuple[int, int]:
    """What is seen of a question at first."""
    at = middle(aim)
    return _wide_enough(at - FIRST_BP // 2, at + FIRST_BP // 2, aim.contig_bp)


def around(aim: Aim, by: int) -> tuple[int, int]:
    """So far to both sides of the middle."""
    return _wide_enough(middle(aim) - by, middle(aim) + by, aim.contig_bp)


def _wide_enough(start: float, end: float, contig_bp: int) -> tuple[int, int]:
    low, high = math.floor(start), math.ceil(end)
    more = max(0, LEAST_BP - (high - low))
    low = max(0, min(low - more // 2, contig_bp - LEAST_BP))
    return low, min(contig_bp, max(high, low + LEAST_BP))


def settle(aim: Aim) -> Seen:
    """What is to be seen now. Whatever asked for another place, a link, a button or typing, makes it a move."""
    state = st.session_state
    asked = (aim.genome, aim.place, state.get(SPAN))
    if state.pop("_ctb_again", False) or asked != state.get("_ctb_settled"):
        view = state.get(SPAN)
        usable = view is not None and view[0] < aim.contig_bp
        state["_ctb_seen"] = _wide_enough(*view, aim.contig_bp) if usable else first_view(aim)
        state["_ctb_move"] = state.get("_ctb_move", 0) + 1
        _note(aim)
    return Seen(*state["_ctb_seen"], state["_ctb_move"])


def follow(aim: Aim, said: tuple[str, float, float, int] | None) -> Seen:
    """What is seen now that the browser said its place (chromosome, start, end, move); an older move is nothing new."""
    state = st.session_state
    if state.get("_ctb_again"):
        return settle(aim)
    if said is not None and said[0] == aim.window.chrom and said[3] == state["_ctb_move"]:
        view = _wide_enough(said[1], said[2], aim.contig_bp)
        if view != state["_ctb_seen"] and view[0] < aim.contig_bp:
            state["_ctb_seen"] = view
            _note(aim)
    return Seen(*state["_ctb_seen"], state["_ctb_move"])


def _note(aim: Aim) -> None:
    """What a link says: nothing of a place that is seen as it first was."""
    state = st.session_state
    state[SPAN] = None if state["_ctb_seen"] == first_view(aim) else state["_ctb_seen"]
    state["_ctb_settled"] = (aim.genome, aim.place, state[SPAN])


def strongest(scores: ContributionScores, width_bp: int, *, apart: tuple[int, int] | None = None) -> tuple[int, int]:
    """The stretch of so many letters whose contributions are largest in sum, signs left out: (start, end) of it on the
    chromosome.

    Parameters
    ----------
    apart : (start, end) on the chromosome that the stretch must not touch.
    """
    assert scores.interval is not None
    sizes = np.abs(np.nan_to_num(scores.per_base.astype(np.float64)))
    width = min(width_bp, len(sizes))
    totals = np.convolve(sizes, np.ones(width), mode="valid")
    starts = scores.interval.start + np.arange(len(totals))
    allowed = starts >= 0
    if apart is not None:
        allowed &= (starts + width <= apart[0]) | (starts >= apart[1])
    if not allowed.any():
        return int(starts[0]), int(starts[0]) + width
    best = int(np.where(allowed, totals, -1.0).argmax())
    return int(starts[best]), int(starts[best]) + width
