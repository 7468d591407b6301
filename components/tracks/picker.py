"""Beside the choice of tracks: what stands out in this window, and links to the experiments."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from components.messages import plain
from core.enformer.extremes import Extreme, Extremes
from core.enformer.tracks import Track, TrackTable

EVERY = ""


def biosample_choices(table: TrackTable, assay: str | None = None) -> dict[str, str]:
    """Biosample -> label with how many tracks it has, the most frequent first; "" is all of them."""
    tracks = table.select(assay=assay) if assay else table.tracks
    counts: dict[str, int] = {}
    for track in tracks:
        if track.biosample:
            counts[track.biosample] = counts.get(track.biosample, 0) + 1
    order = sorted(counts, key=lambda name: (-counts[name], name.casefold(), name))
    return {EVERY: f"all cells and tissues ({len(tracks):,})"} | {name: f"{name} ({counts[name]:,})" for name in order}


def track_link(track: Track) -> str:
    """Markdown of a link to the experiment, or its identifier where it has no page."""
    label = plain(track.link_label)
    return f"[{label}]({track.url})" if track.url else label


def extremes_table(found: Extremes) -> list[dict[str, str | float | int | None]]:
    """Rows for a table: what stands out, the track, its number, where, its unit and a link."""

    def line(what: str, one: Extreme) -> dict[str, str | float | int | None]:
        return {
            "What": what,
            "Track": one.track.label,
            "Value": one.value,
            "Where": one.place.locus if one.place else found.stretch.locus,
            "Unit": one.track.unit,
            "Experiment": one.track.url,
        }

    return [
        line("highest mean", found.highest_mean),
        line("lowest mean", found.lowest_mean),
        line("highest peak", found.highest_peak),
    ]


def render_extremes(found: Extremes, shown: Sequence[int], on_show: Callable[[int], None]) -> None:
    """What stands out here, with a button that shows each track in the browser.

    Parameters
    ----------
    shown : indices of the tracks that are shown.
    on_show : told the index of a track that is to be shown.
    """
    st.dataframe(
        extremes_table(found),
        hide_index=True,
        column_config={
            "Value": st.column_config.NumberColumn(format="%.4g"),
            "Experiment": st.column_config.LinkColumn(display_text="open"),
        },
    )
    st.caption(plain(found.sentence))
    tracks = {one.track.index: one.track for one in (found.highest_mean, found.lowest_mean, found.highest_peak)}
    with st.container(horizontal=True):
        for index, track in tracks.items():
            st.button(
                f"Show {plain(track.label)}", key=f"extreme_{index}", on_click=on_show, args=(index,),
                disabled=index in shown, icon=":material/add_chart:",
            )  # fmt: skip
