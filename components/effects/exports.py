"""Files of one effect: a table of all tracks, every bin of the shown ones, the difference as bedGraph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from components.browser.scene import Scene, SignalRow
from components.tracks.exports import scene_bedgraph, scene_csv


def differences(scene: Scene) -> Scene:
    """The rows of differences alone, without what lies over them."""
    rows = tuple(
        replace(
            row, second_name="", pieces=tuple(replace(piece, second=None) for piece in row.pieces)
        )
        for row in scene.rows
        if isinstance(row, SignalRow) and row.signed
    )  # fmt: skip
    return replace(scene, rows=rows)


def render_exports(scene: Callable[[], Scene], table: Callable[[], bytes], stem: str) -> None:
    """Buttons for files of the whole window that is predicted.

    Parameters
    ----------
    scene : makes a scene in which all of it is seen. table : every track with every score.
    """
    files = (
        ("Tracks (CSV)", table, "csv", "text/csv", "table", "Every track with every score, a row each."),
        ("Bins (CSV)", lambda: scene_csv(scene()), "bins.csv", "text/csv", "grid_on",
         "Every bin of the shown tracks: reference, alternative and difference, with units and provenance."),
        ("bedGraph", lambda: scene_bedgraph(differences(scene())), "bedgraph", "text/plain", "bar_chart",
         "The difference of each shown track, for a browser such as IGV or UCSC."),
    )  # fmt: skip
    for label, make, ending, mime, icon, what in files:
        st.download_button(
            label, data=make, file_name=f"{stem}.{ending}", mime=mime, icon=f":material/{icon}:", help=what,
            on_click="ignore", key=f"var_file_{ending}",
        )  # fmt: skip
