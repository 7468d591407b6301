"""Which tracks are shown: the chosen ones, a search among all, named sets, and two cell types side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from components.messages import plain
from components.tracks.picker import EVERY, biosample_choices, track_link
from components.tracks.strip import MAX_SHOWN

if TYPE_CHECKING:
    from core.enformer.tracks import Track, TrackTable

FIRST_SHOWN = 4
# Of the playground's tracks: open DNA and gene starts of both cell types.
PLAYGROUND_FIRST = ("PG00", "PG01", "PG06", "PG07")
FOUND = 60
BOX = "tracks_box"


def first_tracks(table: TrackTable) -> list[int]:
    """What is shown until a person chooses: the first named set, else the first few tracks."""
    if sets := table.sets():
        return list(sets[0].indices)[:MAX_SHOWN]
    if playground := [track.index for track in table if track.identifier in PLAYGROUND_FIRST]:
        return playground
    return [track.index for track in table][:FIRST_SHOWN]


def chosen_tracks(table: TrackTable) -> tuple[int, ...]:
    """Indices of the tracks to show, in the order in which they were chosen; never none, and a pair among them."""
    state = st.session_state
    pair = tuple(state.get("pair") or ())
    if len(set(pair)) != 2 or any(index not in table for index in pair):
        pair = state["pair"] = ()
    shown = [index for index in dict.fromkeys(state.get("tracks") or ()) if index in table]
    shown = shown or (list(pair) or first_tracks(table))
    missing = [index for index in pair if index not in shown]
    state["tracks"] = shown[: MAX_SHOWN - len(missing)] + missing
    return tuple(state["tracks"])


def show_tracks(indices: Sequence[int]) -> None:
    """Show these; in a callback."""
    st.session_state["tracks"] = list(dict.fromkeys(indices))[:MAX_SHOWN]


def render_tracks(table: TrackTable, beside: Callable[[], None] = lambda: None) -> None:
    """A panel with the chosen tracks, a search and named sets; `beside` puts more into it."""
    state = st.session_state
    panel = st.popover(
        "Tracks", icon=":material/stacked_line_chart:", key="tracks_panel",
        on_change="rerun", help=f"Choose among {len(table):,} tracks",
    )  # fmt: skip
    if not panel.open:
        return
    labels = {track.index: track.label for track in table}
    with panel:
        state[BOX] = list(state["tracks"])
        st.multiselect(
            "Shown",
            state["tracks"] + [index for index in _offered(table) if index not in state["tracks"]],
            format_func=labels.__getitem__,
            key=BOX,
            max_selections=MAX_SHOWN,
            placeholder="Choose tracks",
            on_change=lambda: show_tracks(state[BOX]),
            help=f"At most {MAX_SHOWN}, in this order from top to bottom. The search below knows all of them.",
        )
        _search(table)
        beside()
        links = [track_link(table[index]) for index in state["tracks"] if table[index].url]
        if links:
            st.caption("Experiments: " + " · ".join(links))


def _offered(table: TrackTable) -> list[int]:
    """Tracks that the box lists without a search: all of a small table, else those of the named sets."""
    if len(table) <= FOUND:
        return [track.index for track in table]
    return list(dict.fromkeys(index for named in table.sets() for index in named.indices))


def search_hint(table: TrackTable) -> str:
    """Words that find something in this table, for example "cage k562"."""
    preferred = [track for track in table if track.assay == "CAGE" and "K562" in track.biosample]
    named = [track for track in table if track.assay and track.biosample]
    for track in (preferred or named)[:1]:
        sample = track.biosample.partition(":")[2] or track.biosample
        return f"{track.assay} {sample.split(',')[0].split()[0]}".lower()
    return "track"


def _search(table: TrackTable) -> None:
    sets = {named.name: named for named in table.sets()}
    if sets:
        st.pills("Sets", list(sets), key="track_set", on_change=lambda: _use_set(sets))
    text = st.text_input("Search", key="track_search", placeholder=search_hint(table), max_chars=100)
    assay = sample = None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(table.assays) > 1:
            assay = st.pills("Assay", table.assays, key="track_assay")
        if len(samples := biosample_choices(table, assay)) > 2:
            if st.session_state.get("track_sample") not in samples:
                st.session_state["track_sample"] = EVERY
            sample = st.selectbox(
                "Cells or tissue", list(samples), format_func=samples.__getitem__, key="track_sample"
            )  # fmt: skip
    found = table.search(text or "", FOUND, assay=assay, biosample=sample or None)
    if found.note:
        st.caption(plain(found.note))
    else:
        more = f"; the first {len(found)} are listed" if found.total > len(found) else ""
        st.caption(f"{found.total:,} found{more}. Tick those to show.")
    shown = st.session_state["tracks"]
    with st.container(height=260 if len(found) > 6 else "content", border=False):
        for track in found:
            on = track.index in shown
            st.checkbox(
                plain(track.label), value=on, key=f"track_{track.index}_{on}",
                disabled=len(shown) >= MAX_SHOWN and not on, on_change=_toggle, args=(track.index,),
                help=plain(f"{track.description} · {track.unit}"),
            )  # fmt: skip


def _use_set(sets: dict) -> None:
    if chosen := sets.get(st.session_state.get("track_set")):
        show_tracks(chosen.indices)
    st.session_state["track_set"] = None


def _toggle(index: int) -> None:
    shown = list(st.session_state["tracks"])
    if index in shown:
        remove_track(index)
    else:
        show_tracks([*shown, index])


def remove_track(index: int) -> None:
    """Take a track away, and the difference that it is part of; the last one stays."""
    state = st.session_state
    left = [other for other in state["tracks"] if other != index]
    if left:
        state["tracks"] = left
        if index in (state.get("pair") or ()):
            state["pair"] = ()


def experiments(table: TrackTable) -> dict[str, tuple[Track, ...]]:
    """What was measured -> its tracks, of whatever was measured in two kinds of cells or more."""
    found: dict[str, list[Track]] = {}
    for track in table:
        if track.assay and track.biosample:
            found.setdefault(f"{track.assay} {track.target}".strip(), []).append(track)
    return {
        name: tuple(tracks) for name, tracks in found.items() if len({track.biosample for track in tracks}) > 1
    }  # fmt: skip


def render_pair(table: TrackTable) -> None:
    """A panel that sets two cell types side by side, with their difference."""
    state = st.session_state
    panel = st.popover(
        "Two cell types", icon=":material/difference:", key="pair_panel", on_change="rerun",
        help="The same experiment in two kinds of cells, and their difference",
    )  # fmt: skip
    if not panel.open:
        return
    offered = experiments(table)
    with panel:
        if not offered:
            st.caption("No experiment of this model is known in two kinds of cells.")
            return
        first, second = state.get("pair") or (None, None)
        if first is not None:
            state.setdefault("pair_what", f"{table[first].assay} {table[first].target}".strip())
        what = st.selectbox("Experiment", list(offered), key="pair_what", format_func=_experiment)
        tracks = {track.index: track for track in offered[what]}
        if state.get("pair_first") not in tracks:
            state["pair_first"] = first if first in tracks else next(iter(tracks))
        others = [i for i in tracks if tracks[i].biosample != tracks[state["pair_first"]].biosample]
        labels = {index: track.label for index, track in tracks.items()}
        st.selectbox("First", list(tracks), key="pair_first", format_func=labels.__getitem__)
        if state.get("pair_second") not in others:
            state["pair_second"] = second if second in others else others[0]
        st.selectbox("less the second", others, key="pair_second", format_func=labels.__getitem__)
        with st.container(horizontal=True):
            st.button(
                "Show both and their difference", type="primary", on_click=_pair,
                args=(state["pair_first"], state["pair_second"]),
            )  # fmt: skip
            if state.get("pair"):
                st.button("No difference", type="tertiary", on_click=lambda: state.update(pair=()))


def _experiment(name: str) -> str:
    """As people write it: "DNase", "H3K27ac"."""
    return name.removeprefix("CHIP ").replace("DNASE", "DNase")


def _pair(first: int, second: int) -> None:
    others = [index for index in st.session_state["tracks"] if index not in (first, second)]
    show_tracks([first, second, *others])
    st.session_state["pair"] = (first, second)
