"""The job panel in a Streamlit script, with a real manager and with a scripted one."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from components.job_panel import job_text
from core.errors import TextError
from core.jobs import DeviceQueue, JobManager, JobSpec, JobStatus

PATIENCE = 10.0
RUNNING = JobStatus(
    id="j",
    title="Read [all](http://x) heads",
    state="running",
    fraction=0.5,
    pieces_done=3,
    pieces=8,
    position=0,
    seconds_elapsed=40.0,
    seconds_left=40.0,
    message="Head 7",
    error="",
)
DONE = replace(RUNNING, state="done", fraction=1.0, pieces_done=8, seconds_left=None, seconds_elapsed=12.0)


class Scripted:
    """A manager whose answers are known; the last one repeats."""

    def __init__(self, *answers: JobStatus) -> None:
        self.answers = list(answers)

    def status(self, job_id: str) -> JobStatus:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def page(manager, job_ids, ended) -> None:
    import streamlit as st

    from components.job_panel import render_job

    st.session_state["runs"] = st.session_state.get("runs", 0) + 1
    for job_id in job_ids:
        status = render_job(manager, job_id, key=f"panel_{job_id}", on_done=lambda status: ended.append(status.state))
        if status is not None and status.state == "done":
            st.success("result")


def run_page(manager, *job_ids: str, ended: list | None = None) -> AppTest:
    app = AppTest.from_function(page, args=(manager, job_ids, [] if ended is None else ended), default_timeout=10).run()
    assert not app.exception
    return app


@pytest.fixture
def manager(tmp_path: Path):
    manager = JobManager(
        tmp_path, max_disk_bytes=10**6, max_finished=10, queues={"cpu": DeviceQueue("cpu"), "gpu": DeviceQueue("gpu")}
    )
    yield manager
    manager.close()


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (RUNNING, "Head 7 · About 40 s left · 3 of 8 pieces"),
        (replace(RUNNING, pieces=1, message="", seconds_left=None), "Working"),
        (replace(RUNNING, stopping=True), "Stopping · 3 of 8 pieces"),
        (replace(RUNNING, state="queued", position=2, message=""), "Waiting: 2 jobs ahead"),
        (replace(RUNNING, state="queued", position=0, message=""), "Starting"),
        (DONE, "Done in 12 s"),
        (replace(RUNNING, state="cancelled"), "Stopped"),
        (replace(RUNNING, state="failed", error="The text is empty."), "The text is empty."),
    ],
)
def test_text_says_where_the_job_is(status, text):
    assert job_text(status) == text


def test_running_job_shows_its_bar_and_no_markup_of_its_title():
    app = run_page(Scripted(RUNNING), "j")
    assert app.progress[0].value == 50
    assert app.progress[0].text == "Head 7 · About 40 s left · 3 of 8 pieces"
    assert app.markdown[0].value == "**Read \\[all\\]\\(http\\:\u2060//x\\) heads**"
    assert not app.button[0].disabled
    assert run_page(Scripted(replace(RUNNING, stopping=True)), "j").button[0].disabled


def test_end_reruns_the_page_once_and_tells_the_page():
    ended = []
    app = run_page(Scripted(RUNNING, DONE), "j", ended=ended)
    assert app.session_state["runs"] == 2
    assert [element.value for element in app.success] == ["result"]
    assert app.caption[0].value.endswith("heads\\: Done in 12 s")
    assert not app.progress
    app.run()
    assert app.session_state["runs"] == 3
    assert ended == ["done"]


def test_job_that_was_done_before_reruns_nothing():
    ended = []
    app = run_page(Scripted(DONE), "j", ended=ended)
    assert (app.session_state["runs"], ended) == (1, ["done"])


def test_cancel_takes_effect_at_the_next_progress_call(manager):
    reached, go = threading.Event(), threading.Event()

    def run_piece(index, context) -> None:
        reached.set()
        assert go.wait(PATIENCE)
        context.progress(0.5)

    job = manager.submit(JobSpec(key="k", title="Count", queue="cpu", pieces=1, run_piece=run_piece))
    assert reached.wait(PATIENCE)
    app = run_page(manager, job)
    app.button(key=f"panel_{job}_cancel").click().run()
    assert app.progress[0].text == "Stopping"
    go.set()
    manager.wait(job, PATIENCE)
    app.run()
    assert not app.exception
    assert app.caption[0].value == r"Count\: Stopped"


def test_two_jobs_on_one_page_an_error_and_one_that_is_forgotten(manager):
    def fail(index, context) -> None:
        raise TextError("The text is empty; type a sentence.")

    hold, reached = threading.Event(), threading.Event()

    def wait(index, context) -> None:
        reached.set()
        hold.wait(PATIENCE)

    failed = manager.submit(JobSpec(key="f", title="Fail", queue="cpu", pieces=1, run_piece=fail))
    running = manager.submit(JobSpec(key="w", title="Wait", queue="gpu", pieces=1, run_piece=wait))
    assert manager.wait(failed, PATIENCE).state == "failed"
    assert reached.wait(PATIENCE)
    app = run_page(manager, failed, running, "unknown")
    assert app.error[0].value == r"Fail\: The text is empty; type a sentence\."
    assert app.progress[0].text == "Working"
    assert "no longer known" in app.info[0].value
    hold.set()
