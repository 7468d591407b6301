"""Which tracks the browser shows: those that change most, or those that a person chose."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from components.effects.state import MAX_SHOWN, TRACKS
from components.effects.table import track_order
from components.messages import plain
from core.effects.scores import Score
from core.enformer.tracks import Track, TrackTable

BOX, SEARCH, FOUND = "_var_tracks_box", "_var_search", 40
FIRST = 3


def shown_tracks(table: TrackTable, score: Score, tracks: tuple[Track, ...]) -> tuple[tuple[Track, ...], bool]:
    """(tracks from top to bottom, whether a person chose them): by itself the three that change most."""
    chosen = [index for index in dict.fromkeys(st.session_state.get(TRACKS) or ()) if index in table][:MAX_SHOWN]
    if st.session_state.get(TRACKS) != chosen:
        st.session_state[TRACKS] = chosen
    if chosen:
        return tuple(table[index] for index in chosen), True
    return tuple(tracks[place] for place in track_order(score)[:FIRST]), False


def show_tracks(indices: list[int]) -> None:
    """Show these; none is those that change most. In a callback."""
    st.session_state[TRACKS] = list(dict.fromkeys(indices))[:MAX_SHOWN]


def render_tracks(table: TrackTable, shown: tuple[Track, ...], chosen: bool, beside: Callable[[], None]) -> None:
    """A panel with the shown tracks and a search among all; `beside` puts more into it."""
    panel = st.popover(
        "Tracks", icon=":material/stacked_line_chart:", key="var_tracks_panel", on_change="rerun",
        help=f"Choose among {len(table):,} tracks",
    )  # fmt: skip
    if not panel.open:
        return
    labels = {track.index: track.label for track in table}
    with panel:
        st.caption("Chosen by you." if chosen else "Shown by themselves: the three that change most.")
        own = [track.index for track in shown]
        text = st.text_input("Search", key=SEARCH, max_chars=100, placeholder="cage erythroid")
        found = [track.index for track in table.search(text or "", FOUND)]
        st.session_state[BOX] = own
        st.multiselect(
            "Shown", own + [index for index in found if index not in own], format_func=labels.__getitem__, key=BOX,
            max_selections=MAX_SHOWN, placeholder="Choose tracks", on_change=_boxed,
            help=f"At most {MAX_SHOWN}; the search decides what is listed.",
        )  # fmt: skip
        if chosen:
            st.button("Those that change most", on_click=show_tracks, args=([],), type="tertiary")
        beside()
        links = [f"[{plain(track.link_label)}]({track.url})" for track in shown if track.url]
        if links:
            st.caption("Experiments: " + " · ".join(links))


def _boxed() -> None:
    show_tracks(st.session_state[BOX])
