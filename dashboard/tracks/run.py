"""Getting the prediction: what is known at once, what is quick by itself, what is slow when a person says so."""

from __future__ import annotations

import os

import streamlit as st

from components.job_panel import render_job
from components.messages import plain, waiting_line
from core import runtime, runtime_dna
from core.enformer.asking import Question
from core.enformer.values import TrackSet
from core.jobs.status import format_seconds

BY_ITSELF_SECONDS = 6.0
GLANCE_SECONDS = 1.5
PANEL = "_tracks_job"


def cost_sentence(seconds: float, runs: int, device: str) -> str:
    """For example "about 40 s on this CPU (2 cores)"."""
    cores = os.cpu_count() or 1
    where = f"this CPU ({cores} core{'s' if cores > 1 else ''})" if device == "cpu" else f"this GPU ({device})"
    each = f", {runs} runs" if runs > 1 else ""
    return f"about {format_seconds(max(1.0, seconds)).removeprefix('about ')} on {where}{each}"


def prediction(question: Question, title: str) -> TrackSet:
    """The answer; the page stops here while it is not there.

    Raises
    ------
    AttendomeError
        As `EnformerEngine.predict`.
    """
    if (found := runtime_dna.known_prediction(question)) is not None:
        return found
    if active := runtime_dna.running_prediction(question):
        _watch(active)
    waiting = st.empty()
    with waiting, st.spinner("Measuring how long it will take …"):
        seconds = runtime_dna.prediction_seconds(question, on_wait=waiting_line(waiting))
    waiting.empty()
    cost = cost_sentence(seconds, len(question.averaging.runs), question.engine.device.type)
    shown = _ended(title)
    if (seconds > BY_ITSELF_SECONDS or shown) and not _asked(cost):
        if shown:
            render_job(runtime.jobs(), shown, key=PANEL)
        st.stop()
    job = runtime_dna.start_prediction(question, title)
    with st.spinner("Predicting …"):
        runtime.jobs().wait(job, GLANCE_SECONDS)
    if (found := runtime_dna.known_prediction(question)) is not None:
        return found
    _watch(job)
    raise AssertionError


def _asked(cost: str) -> bool:
    """A button that says what it costs; once it is pressed it makes room for the progress."""
    place = st.empty()
    with place.container():
        st.info(plain(f"Not predicted yet. It takes {cost}."), icon=":material/timer:")
        pressed = st.button(f"Predict ({cost.partition(' on ')[0]})", type="primary", icon=":material/play_arrow:")
    if pressed:
        place.empty()
    return pressed


def _ended(title: str) -> str | None:
    """The job of this page that was stopped or failed, if it is the one that is asked for now."""
    shown = st.session_state.get(PANEL)
    stopped = [s for s in runtime.jobs().statuses() if s.id == shown and s.state in ("cancelled", "failed")]
    return shown if stopped and stopped[0].title == title else None


def _watch(job: str) -> None:
    st.session_state[PANEL] = job
    status = render_job(runtime.jobs(), job, key=PANEL)
    if status is None or not status.active:  # it ended between the two questions
        st.rerun()
    st.stop()
