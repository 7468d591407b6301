"""The names of Enformer's tracks: the best known are bundled, the others are fetched once."""

from __future__ import annotations

import streamlit as st

from components.job_panel import render_job
from core import runtime
from core.enformer.track_file import curated_tracks, track_table
from core.enformer.tracks import TrackTable
from core.jobs import JobSpec, PieceContext
from core.settings import Settings, settings

PANEL = "_names_job"


def names_job(options: Settings, owner: str) -> JobSpec:
    """A job that fetches the names of the human tracks."""

    def fetch(piece: int, context: PieceContext) -> None:
        track_table(
            "human",
            options,
            on_progress=lambda done: context.progress(done, "Fetching the names"),
            check_cancelled=context.check_cancelled,
        )

    return JobSpec(
        key=_key(options), title="Names of all tracks", queue="network", pieces=1, run_piece=fetch, owner=owner,
        keep_pieces=False,
    )  # fmt: skip


def _key(options: Settings) -> str:
    return f"track names {options.targets_url}"


def render_names(table: TrackTable) -> None:
    """Where only the best known of Enformer's tracks have names, offer to fetch the others'."""
    known = curated_tracks()
    if table.source != known.source or len(table) == len(known):
        return
    manager, options = runtime.jobs(), settings()
    if active := manager.active(_key(options)):
        st.session_state[PANEL] = active
        render_job(manager, active, key=PANEL)
        return
    if st.button("Fetch all names (0.8 MB)", icon=":material/download:", type="tertiary"):
        st.session_state[PANEL] = manager.submit(names_job(options, runtime.person()))
        st.rerun()
    shown = st.session_state.get(PANEL)
    if any(status.id == shown and status.state in ("failed", "cancelled") for status in manager.statuses()):
        render_job(manager, shown, key=PANEL)
