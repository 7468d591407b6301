"""A running job on a page: what it is, how far it is, how long it will take, and a way to stop it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import streamlit as st

from components.messages import plain
from core.errors import JobError
from core.jobs import JobManager, JobStatus

REFRESH_SECONDS = 0.5


def job_text(status: JobStatus) -> str:
    """The line over the progress bar, for example "Reading heads · About 40 s left · 3 of 8 pieces"."""
    parts = [status.sentence]
    if status.active:
        if status.message and not status.stopping:
            parts.insert(0, status.message)
        if status.pieces > 1 and status.state == "running":
            parts.append(f"{status.pieces_done} of {status.pieces} pieces")
    return " · ".join(parts)


def render_job(
    manager: JobManager, job_id: str, *, key: str, on_done: Callable[[JobStatus], None] | None = None
) -> JobStatus | None:
    """Show a job where it is called, refreshed twice a second while it is active, and rerun the page when it ends.

    Parameters
    ----------
    manager, job_id
        What to show.
    key
        Unique on the page.
    on_done
        Called once a session and job when its end (of whatever kind) is first seen, in the page's own thread,
        before the page is rerun.

    Returns
    -------
    JobStatus or None
        The job when the page ran, so that the page can go on with a result; None for a job no longer known.
    """
    status = _status(manager, job_id)
    watching = status is not None and status.active
    st.fragment(_panel, run_every=REFRESH_SECONDS if watching else None)(manager, job_id, key, on_done, watching)
    return status


def _panel(
    manager: JobManager, job_id: str, key: str, on_done: Callable[[JobStatus], None] | None, watching: bool
) -> None:
    status = _status(manager, job_id)
    if status is not None and status.active:
        st.markdown(f"**{plain(status.title)}**")
        st.progress(status.fraction, text=plain(job_text(status)))
        st.button("Cancel", key=f"{key}_cancel", on_click=_cancel, args=(manager, job_id), disabled=status.stopping)
        return
    if status is not None and on_done is not None and st.session_state.get(f"{key}_ended") != job_id:
        st.session_state[f"{key}_ended"] = job_id
        on_done(status)
    if watching:
        st.rerun()
    if status is None:
        st.info("This job is no longer known. Start it again.")
        return
    text = plain(f"{status.title}: {job_text(status)}")
    if status.state == "failed":
        st.error(text)
    else:
        st.caption(text)


def _status(manager: JobManager, job_id: str) -> JobStatus | None:
    try:
        return manager.status(job_id)
    except JobError:
        return None


def _cancel(manager: JobManager, job_id: str) -> None:
    with suppress(JobError):
        manager.cancel(job_id)
