"""Scores of an effect: tracks in the order of one score, bars per assay and biosample, every score of one track."""

from __future__ import annotations

import streamlit as st

from components.drawing import render_drawing
from components.effects.bars import effect_bars, groups_of
from components.effects.state import RANK, TRACK, TRACKS
from components.effects.table import scores_of_track, track_order, tracks_table, units_words
from components.effects.tracks import show_tracks
from components.effects.words import LOG2
from components.messages import plain
from core.enformer.tracks import Track
from dashboard.variants.found import Found

BARS = "var_bars"
HEIGHT = 300


def render_scores(found: Found) -> None:
    """Everything in numbers, the most telling first."""
    name = _choose_rank(found)
    score, tracks, runs = found.score(name), found.effect.tracks, len(found.effect.runs)
    true = None if found.true is None else found.true.score(name)
    st.caption(plain(f"{score.sentence} {units_words(score, tracks)}"))
    table = tracks_table(score, tracks, runs, true)
    numbers = {
        column: st.column_config.NumberColumn(format="%.3g", width=88 if column == "Alternative" else 82)
        for column in ("Reference", "Alternative", "Effect", "Least", "Most", "True effect")
    }
    event = st.dataframe(
        table, hide_index=True, height=HEIGHT if len(table) > 8 else "auto", column_config=numbers,
        key="var_table", on_select="rerun", selection_mode="single-row",
    )  # fmt: skip
    order = track_order(score)
    picked = list(event.selection.rows) if event is not None else []
    if picked and picked[0] < len(order):
        _offer(tracks[int(order[picked[0]])])
    spoken = "Least and Most: the smallest and the largest effect over the averaged runs. " if runs > 1 else ""
    if true is not None:
        spoken += "True effect: what the simulator's rules give for the changed letters."
    if spoken:
        st.caption(spoken)
    units = {track.unit for track in tracks}
    value_unit = next(iter(units)) if len(units) == 1 else "each track's own unit"
    title = f"{found.ranks[name]}: by assay and cells"
    unit = LOG2 if score.is_log else value_unit
    provenance = " · ".join(filter(None, [found.effect.provenance.sentence, found.ask.origin]))
    render_drawing(
        effect_bars(
            groups_of(score, tracks, true), title=title, unit=unit, value_unit=value_unit, provenance=provenance,
            file_name="effects-by-assay",
        ),
        key=BARS,
    )  # fmt: skip


def _choose_rank(found: Found) -> str:
    ranks = found.ranks
    if st.session_state.get(RANK) not in ranks:
        st.session_state[RANK] = next(iter(ranks))
    return st.selectbox(
        "Tracks in the order of", list(ranks), format_func=ranks.__getitem__, key=RANK, persist_state="session"
    )  # fmt: skip


def _offer(track: Track) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(plain(track.label), width="content")
        shown = list(st.session_state.get(TRACKS) or [])
        st.button(
            "Show in the picture", key="var_show_track", type="tertiary", on_click=show_tracks,
            args=([track.index, *shown],),
        )  # fmt: skip
        st.button("All its scores", key="var_score_track", type="tertiary", on_click=_take, args=(track.index,))


def _take(index: int) -> None:
    st.session_state[TRACK] = index


def chosen_track(found: Found) -> Track:
    """The track whose scores and reasons are shown: a person's, else the one that changes most."""
    index = st.session_state.get(TRACK)
    own = {track.index: track for track in found.effect.tracks}
    if index in own:
        return own[index]
    if index is not None:
        st.session_state[TRACK] = None
    return found.effect.tracks[int(track_order(found.score(st.session_state[RANK]))[0])]


def choose_track(found: Found, label: str, key: str) -> Track:
    """The same, to choose from: all tracks of a small table, else the first in the order of the score."""
    track = chosen_track(found)
    order = [found.effect.tracks[int(place)] for place in track_order(found.score(st.session_state[RANK]))[:200]]
    listed = [track.index, *(other.index for other in order if other.index != track.index)]
    labels = {other.index: other.label for other in found.effect.tracks}
    st.session_state[key] = track.index

    def take() -> None:
        st.session_state[TRACK] = st.session_state[key]

    st.selectbox(label, listed, format_func=labels.__getitem__, key=key, on_change=take)
    return track


def render_every_score(found: Found) -> None:
    """Every score of one track, with a sentence for each."""
    runs = len(found.effect.runs)
    track = choose_track(found, "Every score of", "var_scored_track")
    place = found.effect.place(track)
    scores = [*found.local.values(), *found.window.values()]
    true = true_genes = None
    if found.true is not None:
        true, true_genes = [*found.true.local.values(), *found.true.window.values()], found.true.at_genes
    rows = scores_of_track(scores, found.at_genes, track, place, runs, true, true_genes)
    st.table([{name: plain(text) for name, text in row.items()} for row in rows])
    st.caption(plain(f"Reference and alternative are in {track.unit}. An effect is alternative minus reference."))
