"""Saturation mutagenesis of what is seen: what it costs, a button, how far it is, and what to do where it is too
long."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components.contributions.state import BLOCKS, MUTATE
from components.messages import plain
from core.errors import AttendomeError, TooLongError
from core.jobs.status import format_seconds
from dashboard.contributions.aim import Aim
from dashboard.contributions.asked import mutagenesis_of, mutation_seconds
from dashboard.contributions.getting import Answer, press
from dashboard.contributions.moving import Seen, look

LETTERS_OFFERED = 200
LETTERS_EASY = 2_000  # above it, blocks are offered first


def stretch_seen(aim: Aim, seen: Seen) -> tuple[int, int] | None:
    """The part of what is seen that is read and lies on the chromosome; None where there is none."""
    low = max(seen.start, aim.window.start, 0)
    high = min(seen.end, aim.window.end, aim.contig_bp)
    return (low, high) if low < high else None


def render_mutating(aim: Aim, seen: Seen, answers: Sequence[Answer]) -> None:
    """The line under the picture."""
    stretch = stretch_seen(aim, seen)
    own = [one for one in answers if one.method == "saturation_mutagenesis" and not one.what]
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="ctb_mutating"):
        if stretch is None:
            st.caption("Nothing that is seen is read, so there is no letter to change here.", width="content")
        elif not any(one.state == "running" for one in own):
            _letters(aim, stretch)
            _blocks(aim, stretch)
        if own or st.session_state.get(MUTATE) or st.session_state.get(BLOCKS):
            st.button("Remove mutagenesis", key="ctb_unmutate", type="tertiary", on_click=_forget)


def _holds(key: str, stretch: tuple[int, int]) -> bool:
    chosen = st.session_state.get(key)
    return chosen is not None and chosen[0] <= stretch[0] and stretch[1] <= chosen[1]


def _letters(aim: Aim, stretch: tuple[int, int]) -> None:
    if _holds(MUTATE, stretch):
        return
    letters = stretch[1] - stretch[0]
    try:
        seconds = mutation_seconds(aim, stretch)
    except TooLongError as error:
        st.caption(plain(str(error)))
        middle = (stretch[0] + stretch[1]) // 2
        half = LETTERS_OFFERED // 2
        st.button(
            f"Zoom in to {LETTERS_OFFERED} bp", key="ctb_zoom_in", type="tertiary", on_click=look,
            args=(middle - half, middle + half),
        )  # fmt: skip
        return
    except AttendomeError as error:
        st.caption(plain(str(error)))
        return
    label = f"Mutate what is seen ({letters:,} letters, {_short(seconds)})"
    st.button(
        label, key="ctb_mutate_go", icon=":material/edit:", on_click=_start, args=(aim, MUTATE, stretch),
        help="Every letter that is seen is changed to each other one, and the window predicted again: what the model "
        "does, not its slope. Stop it when you like; what is done is kept.",
    )  # fmt: skip


def _blocks(aim: Aim, stretch: tuple[int, int]) -> None:
    if stretch[1] - stretch[0] <= LETTERS_EASY or _holds(BLOCKS, stretch):
        return
    try:
        seconds = mutation_seconds(aim, stretch, blocks_alone=True)
    except AttendomeError:
        return
    st.button(
        f"Shuffle blocks of {aim.model.bin_size_bp} bp ({_short(seconds)})", key="ctb_blocks_go",
        icon=":material/shuffle:", on_click=_start, args=(aim, BLOCKS, stretch),
        help="Each block by itself is replaced by shuffles of its letters: what the stretch as a whole does, at a cost "
        "that does not grow with its letters. Then zoom in where it matters.",
    )  # fmt: skip


def _short(seconds: float) -> str:
    return f"about {format_seconds(max(1.0, seconds)).removeprefix('about ')}"


def _start(aim: Aim, key: str, stretch: tuple[int, int]) -> None:
    st.session_state[key] = stretch
    press([mutagenesis_of(aim, stretch).key + (" blocks" if key == BLOCKS else "")])


def _forget() -> None:
    st.session_state.update({MUTATE: None, BLOCKS: None, "_ctb_whole_page": True})
