"""What is seen of the chromosome in this page's browser, in the session and in the link."""

from __future__ import annotations

import math
from dataclasses import dataclass

import streamlit as st

from components.browser import browser_state
from components.effects.state import SPAN

LEAST_BP = 40
SEEN, MOVE, OF = "_var_seen", "_var_move", "_var_seen_of"


@dataclass(frozen=True)
class Seen:
    """What the browser is to show: `start`, `end` on the chromosome, 0-based and half-open; `move` counts the moves
    that this page asked the browser for."""

    start: int
    end: int
    move: int


def _on(start: float, end: float, contig_bp: int) -> tuple[int, int]:
    low, high = math.floor(start), math.ceil(end)
    more = max(0, LEAST_BP - (high - low))
    low = max(0, min(low - more // 2, contig_bp - LEAST_BP))
    return low, min(contig_bp, max(high, low + LEAST_BP))


def seen(of: tuple, first: tuple[int, int], contig_bp: int, key: str, chrom: str) -> Seen:
    """What is seen now.

    Parameters
    ----------
    of : what the picture is of; another one is seen from its beginning, or as a link says.
    first : what is seen at first.
    key : of the browser, which is asked where a person moved it.
    """
    state = st.session_state
    start = _on(*first, contig_bp)
    if state.get(OF) != of or (state.get(SPAN) is not None and state[SPAN] != state.get(SEEN)):
        moved_on = state.get(OF) is not None and state.get(OF) != of and state.get(SPAN) == state.get(SEEN)
        wanted = None if moved_on else state.get(SPAN)
        usable = wanted is not None and wanted[0] < contig_bp
        state[SEEN] = _on(*wanted, contig_bp) if usable else start
        state[OF], state[MOVE] = of, state.get(MOVE, 0) + 1
    else:
        place = browser_state(key, contig=chrom).place
        if place is not None and place.move == state[MOVE] and place.start < contig_bp:
            state[SEEN] = _on(place.start, place.end, contig_bp)
    state[SPAN] = None if state[SEEN] == start else state[SEEN]
    return Seen(*state[SEEN], state[MOVE])


def look_at(start: int, end: int) -> None:
    """See another part of it; in a callback."""
    st.session_state[SPAN] = (start, end)
    st.session_state[OF] = st.session_state.get(OF)
    st.session_state[SEEN] = None
