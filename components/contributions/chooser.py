"""Which tracks the question is about: an experiment, the cells, what is taken off, what stands below it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from components.contributions.state import ALSO, BIN_COUNTS, BINS, LESS, MAX_ALSO, MAX_TRACKS, TRACKS
from components.contributions.words import experiment_of

if TYPE_CHECKING:
    from core.enformer.tracks import Track, TrackTable

EXPERIMENT = "ctb_experiment"
FIRST_NUMBERS = (4828, 5111)  # CAGE of K562, of Enformer's human tracks
_BOXES = {TRACKS: "ctb_box_tracks", LESS: "ctb_box_less", ALSO: "ctb_box_also"}


def first_tracks(table: TrackTable) -> list[int]:
    """What is asked about until a person chooses: CAGE of K562, else the first CAGE track, else the first track."""
    known = [number for number in FIRST_NUMBERS if number in table and "K562" in table[number].biosample]
    if known:
        return known
    cage = [track.index for track in table if track.assay == "CAGE"]
    return (cage or [track.index for track in table])[:1]


def checked_choice(table: TrackTable) -> tuple[tuple[Track, ...], tuple[Track, ...], tuple[Track, ...], str]:
    """(tracks, those whose mean is taken off, those asked about below, what is wrong or "").

    Tracks that this model does not have are left out; nothing chosen is nothing, so that the page can say so.
    """
    state = st.session_state
    if not state.get(TRACKS) and not state.get("_ctb_no_track"):
        state[TRACKS] = first_tracks(table)
    found: dict[str, list[int]] = {}
    for key, most in ((TRACKS, MAX_TRACKS), (LESS, MAX_TRACKS), (ALSO, MAX_ALSO)):
        given = list(state.get(key) or ())
        found[key] = [number for number in dict.fromkeys(given) if number in table][:most]
        if key == TRACKS and given and not found[key]:
            found[key] = first_tracks(table)
        state[key] = found[key]
    tracks, less, also = (tuple(table[number] for number in found[key]) for key in (TRACKS, LESS, ALSO))
    if not tracks:
        return tracks, less, also, "No track is chosen, so there is no number to explain; choose one under “Question”."
    if set(tracks) == set(less):
        return (), (), (), (
            "The same tracks stand on both sides of the difference, so it is 0 everywhere; choose other tracks to take "
            "off under “Question”."
        )  # fmt: skip
    return tracks, less, also, ""


def experiments(table: TrackTable) -> dict[str, tuple[Track, ...]]:
    """What was measured -> its tracks."""
    found: dict[str, list[Track]] = {}
    for track in table:
        found.setdefault(experiment_of(track) if track.assay else "tracks", []).append(track)
    return {name: tuple(tracks) for name, tracks in found.items()}


def render_question(table: TrackTable, *, is_range: bool) -> None:
    """A panel with the tracks and the bins.

    Parameters
    ----------
    is_range : bins were asked for as a range, so that their number is not chosen here.
    """
    panel = st.popover(
        "Question", icon=":material/target:", key="ctb_question", on_change="rerun",
        help="Which number is explained: tracks, cells, bins, a difference",
    )  # fmt: skip
    if not panel.open:
        return
    state = st.session_state
    offered = experiments(table)
    names = {name: name.removeprefix("CHIP ").replace("DNASE", "DNase") for name in offered}
    labels = {track.index: track.label for track in table}
    with panel:
        chosen = state[TRACKS][:1]
        if state.get(EXPERIMENT) not in offered:
            state[EXPERIMENT] = next(
                (name for name, tracks in offered.items() if chosen and table[chosen[0]] in tracks), next(iter(offered))
            )
        st.selectbox(
            "Experiment", list(offered), key=EXPERIMENT, format_func=names.__getitem__,
            on_change=lambda: _another(offered[state[EXPERIMENT]]),
        )  # fmt: skip
        here = [track.index for track in offered[state[EXPERIMENT]]]
        first, second = ([number for number in here if number not in state[other]] for other in (LESS, TRACKS))
        _box("Mean of", TRACKS, first, labels, MAX_TRACKS, "Their mean is the number that is explained.")
        _box(
            "minus the mean of", LESS, second, labels, MAX_TRACKS,
            "For a difference such as one cell type less another; nothing is taken off where it is empty.",
        )  # fmt: skip
        _box(
            "and below it, one by one", ALSO, list(labels), labels, MAX_ALSO,
            "Further tracks with rows of their own, to compare: the same bins, the same methods.",
        )  # fmt: skip
        if is_range:
            st.caption("The bins are those of the range that was asked for.")
        else:
            st.segmented_control(
                "Bins around the place", BIN_COUNTS, key=BINS, required=True, persist_state="session",
                help="The published scores of Enformer take three bins at a gene's start.",
            )  # fmt: skip


def _box(label: str, key: str, offered: Sequence[int], labels: dict[int, str], most: int, help: str) -> None:
    state, box = st.session_state, _BOXES[key]
    state[box] = list(state[key])
    st.multiselect(
        label, list(dict.fromkeys([*state[key], *offered])), key=box, format_func=labels.__getitem__,
        max_selections=most, placeholder="Choose tracks", help=help, on_change=_take, args=(key, box),
    )  # fmt: skip


def _take(key: str, box: str) -> None:
    state = st.session_state
    state[key] = list(state[box])
    if key == TRACKS:
        state["_ctb_no_track"] = not state[key]


def _another(tracks: Sequence[Track]) -> None:
    """Another experiment, of the same cells where it has them."""
    state = st.session_state
    before = state.get("_ctb_samples") or ""
    found = [track.index for track in tracks if track.sample == before] or [tracks[0].index]
    state[TRACKS], state[LESS] = found[:MAX_TRACKS], []
    state["_ctb_no_track"] = False
