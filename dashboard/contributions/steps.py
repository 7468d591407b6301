"""One thing that a panel needs: known, being found, quick enough to begin by itself, or begun when a person says so."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from components.job_panel import render_job
from components.messages import plain
from core import runtime
from core.errors import AttendomeError, JobError
from dashboard.tracks.run import short_cost

GLANCE_SECONDS = 1.0


@dataclass(frozen=True, eq=False)
class Step:
    """How far it is.

    Attributes
    ----------
    state : "ready", "running", "ask" (slow, not asked for), "ended" (stopped or failed) or "refused".
    job : id of the job that runs or ended. cost : in words, where it is not ready. sentence : why it was refused.
    start : begins it.
    """

    title: str
    state: Literal["ready", "running", "ask", "ended", "refused"]
    job: str = ""
    cost: str = ""
    sentence: str = ""
    start: Callable[[], str] | None = None


def step(
    title: str,
    *,
    slot: str,
    known: Callable[[], bool],
    running: Callable[[], str | None] = lambda: None,
    seconds: Callable[[], float],
    start: Callable[[], str],
    by_itself: float,
    glance: float = GLANCE_SECONDS,
) -> Step:
    """Find or begin it, waiting a moment for what is quick.

    Parameters
    ----------
    title : of its job. slot : name in the session of the job that is watched; a job of this slot that nobody needs any
        more is left.
    running : id of the job that finds it now, whoever asked; that of this session is known from the slot.
    by_itself : seconds up to which it begins without being asked for. glance : seconds to wait for it.
    """
    if known():
        return Step(title, "ready")
    state, jobs = st.session_state, runtime.jobs()
    if active := running():
        state[slot] = active
        return Step(title, "running", active, start=start)
    last = next((status for status in jobs.statuses() if status.id == state.get(slot)), None)
    if last is not None and last.title == title and last.active:
        return Step(title, "running", last.id, start=start)
    try:
        needed = seconds()
    except AttendomeError as error:
        return Step(title, "refused", sentence=str(error))
    cost = short_cost(needed)
    if last is not None and last.title != title and last.active:
        with suppress(JobError):
            jobs.leave(last.id, runtime.person())
    if last is not None and last.title == title and last.state in ("failed", "cancelled"):
        return Step(title, "ended", last.id, cost, start=start)
    if needed > by_itself:
        return Step(title, "ask", cost=cost, start=start)
    try:
        state[slot] = job = start()
    except AttendomeError as error:
        return Step(title, "refused", sentence=str(error))
    with suppress(JobError):
        jobs.wait(job, glance)
    return Step(title, "ready" if known() else "running", job, cost, start=start)


def render_step(step: Step, *, key: str, slot: str, verb: str) -> None:
    """What is to be said while it is not there: cost and button, progress, or what went wrong.

    Parameters
    ----------
    verb : on the button, for example "Shuffle 21 candidates".
    """
    if step.state == "refused":
        st.error(plain(step.sentence), icon=":material/info:")
    if step.state in ("running", "ended") and step.job:
        status = render_job(runtime.jobs(), step.job, key=f"{key}_job")
        if step.state == "running" and (status is None or not status.active):
            st.rerun()  # it ended between the two questions
    if step.state in ("ask", "ended"):
        label = f"{verb} ({step.cost})" if step.state == "ask" else f"Go on ({step.cost})"
        if st.button(label, key=f"{key}_go", icon=":material/play_arrow:"):
            assert step.start is not None
            try:
                st.session_state[slot] = step.start()
            except AttendomeError as error:
                st.error(plain(str(error)), icon=":material/info:")
                return
            st.rerun()
