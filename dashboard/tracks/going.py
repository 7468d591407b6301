"""Where the browser is: what was asked for, what is seen of it, where it was before. All of it in the session."""

from __future__ import annotations

import math
from dataclasses import dataclass

import streamlit as st

from components.tracks.visits import Visits
from core.enformer.tiling import WindowGrid
from core.genome.interval import Interval
from dashboard.tracks.where import Spot

LEAST_BP = 40
REFUSED = "_refused"  # what is in the box and no place


@dataclass(frozen=True)
class Seen:
    """What the browser is to show.

    Attributes
    ----------
    start, end : 0-based, half-open, on the chromosome.
    move : counts the moves that this page asked the browser for.
    moved : whether the last of them was asked for in this run.
    """

    start: int
    end: int
    move: int
    moved: bool = False


def go(locus: str, view: tuple[int, int] | None = None) -> None:
    """To another place, and to the part of it that is to be seen; in a callback, before the page runs."""
    state = st.session_state
    state["locus"], state["span"] = locus, view
    state["_emptied"] = not locus.strip()
    state.pop(REFUSED, None)
    state["_asks"] = state.get("_asks", 0) + 1
    state["_again"] = True


def stay() -> None:
    """What was asked for is no place: what is seen stays as it is."""
    state = st.session_state
    if settled := state.get("_settled"):
        state["span"] = settled[-1]
    state.pop("_again", None)


def step(by: int) -> None:
    """Back or forward among the places of this session."""
    state = st.session_state
    state["_visits"] = visits().step(by)
    if (place := state["_visits"].now) is not None:
        go(place.locus, place.view)


def visits() -> Visits:
    """The places of this session."""
    return st.session_state.get("_visits", Visits())


def first_view(spot: Spot, grid: WindowGrid) -> tuple[int, int]:
    """What is seen of a place at first: a range as it was typed, else all that is predicted around it."""
    if spot.asked_bp > 1:
        return _wide_enough(spot.place.start, spot.place.end, grid.contig_bp)
    shown = grid.shown(0)
    return shown.start, shown.end


def _wide_enough(start: float, end: float, contig_bp: int) -> tuple[int, int]:
    """Whole base pairs on the chromosome, at least so many that something can be seen."""
    low, high = math.floor(start), math.ceil(end)
    more = max(0, LEAST_BP - (high - low))
    low = max(0, min(low - more // 2, contig_bp - LEAST_BP))
    return low, min(contig_bp, max(high, low + LEAST_BP))


def settle(genome: str, locus: str, spot: Spot, grid: WindowGrid) -> Seen:
    """What is to be seen now. Whatever asked for another place, a link, a click or typing, makes it a move."""
    state = st.session_state
    start = first_view(spot, grid)
    asked = (genome, grid.anchor.chrom, locus, state.get("span"))
    moved = state.pop("_again", False) or asked != state.get("_settled")
    if moved:
        view = state.get("span")
        usable = view is not None and view[0] < grid.contig_bp
        state["_seen"] = _wide_enough(*view, grid.contig_bp) if usable else start
        state["_move"] = state.get("_move", 0) + 1
        state["_visits"] = visits().go(locus, state["_seen"])
        _note(genome, locus, grid, start)
    return Seen(*state["_seen"], state["_move"], moved)


def follow(genome: str, locus: str, spot: Spot, grid: WindowGrid, said: tuple[str, float, float, int] | None) -> Seen:
    """What is seen now that the browser said its place (chromosome, start, end, move); an older move is nothing new."""
    state = st.session_state
    if said is not None and said[0] == grid.anchor.chrom and said[3] == state["_move"]:
        view = _wide_enough(said[1], said[2], grid.contig_bp)
        if view != state["_seen"] and view[0] < grid.contig_bp:
            state["_seen"] = view
            state["_visits"] = visits().see(view)
            _note(genome, locus, grid, first_view(spot, grid))
    return Seen(*state["_seen"], state["_move"])


def _note(genome: str, locus: str, grid: WindowGrid, start: tuple[int, int]) -> None:
    """What a link says: nothing of a place that is seen as it first was."""
    state = st.session_state
    state["span"] = None if state["_seen"] == start else state["_seen"]
    state["_settled"] = (genome, grid.anchor.chrom, locus, state["span"])


def seen_interval(seen: Seen, grid: WindowGrid) -> Interval:
    """As an interval of the chromosome."""
    return Interval(grid.anchor.chrom, seen.start, seen.end)
