"""Getting answers: what is known at once, what is quick by itself, what is slow when a person says so.

    getting = get(question, "chr1:14,677 G>A", slot="effect", seconds=lambda: 0.2)
    if getting.state == "ready": getting.answer
    else: render_getting(getting)          # cost and button, progress with Cancel, what went wrong

A slot is one place of the page: when another question takes it, the job of the one before is left, unless somebody
else waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

from components.job_panel import job_text
from components.messages import plain
from core import runtime, runtime_effects
from core.errors import AttendomeError, JobError
from core.jobs import JobStatus
from core.runtime_effects import EffectAsk
from dashboard.tracks.run import cost_sentence, short_cost

BY_ITSELF_SECONDS = 6.0
GLANCE_SECONDS = 1.6
REFRESH_SECONDS = 0.3
SHOWN_AFTER_SECONDS = 0.8
SLOTS, STOPPED = "_var_jobs", "_var_stopped"


@dataclass(frozen=True, eq=False)
class Getting:
    """How far an answer is.

    Attributes
    ----------
    state : "ready", "running", "ask" (slow, not asked for), "ended" (stopped or failed) or "refused".
    answer : where it is ready. job : id of the job that runs or ended, or "".
    seconds : what it takes, None where it is not known. sentence : why it was refused.
    """

    state: Literal["ready", "running", "ask", "ended", "refused"]
    title: str
    slot: str
    question: Any = None
    answer: Any = None
    job: str = ""
    seconds: float | None = None
    sentence: str = ""
    saying: str = ""
    runs: int = 1


def _jobs() -> dict[str, tuple[str, str]]:
    """Slot -> (key of its question, id of its job)."""
    return st.session_state.setdefault(SLOTS, {})


def status_of(job: str) -> JobStatus | None:
    """The job as it is now; None where nobody knows it any more."""
    with suppress(JobError):
        return runtime.jobs().status(job)
    return None


def leave(slot: str) -> None:
    """Nobody here waits for what is asked in this slot any more."""
    if (entry := _jobs().pop(slot, None)) is not None:
        with suppress(JobError):
            runtime.jobs().leave(entry[1], runtime.person())


def leave_what_was(of: str, keep: str) -> None:
    """Where the page is about something else than before, nobody waits for what was asked beside it: what is asked now
    must not queue behind it.

    Parameters
    ----------
    of : names what the page is about. keep : the slot that is asked next.
    """
    state = st.session_state
    if state.get("_var_about") != of:
        state["_var_about"] = of
        for slot in [slot for slot in _jobs() if slot != keep]:
            leave(slot)


def get(
    question: EffectAsk,
    title: str,
    *,
    slot: str,
    seconds: Callable[[], float | None],
    saying: str = "Predicting",
    runs: int = 1,
    wait: bool = True,
    by_itself: float | None = None,
) -> Getting:
    """Find or begin an answer, waiting a moment for a quick one.

    Parameters
    ----------
    seconds : what it takes; asked only where the answer is not known.
    runs : of the model, for the sentence about the cost.
    wait : whether a quick answer is waited for.
    by_itself : what takes at most so many seconds begins without being asked for; by default `BY_ITSELF_SECONDS`.
    """
    told = {"title": title, "slot": slot, "question": question, "saying": saying, "runs": runs}
    if (found := runtime_effects.known_answer(question)) is not None:
        if (entry := _jobs().get(slot)) is not None and entry[0] != question.key:
            leave(slot)
        return Getting("ready", answer=found, **told)
    entry = _jobs().get(slot)
    if entry is not None and entry[0] != question.key:
        leave(slot)
        entry = None
    status = status_of(entry[1]) if entry is not None else None
    if question.key in _stopped():
        return Getting("ended", seconds=_cost(seconds), **told)
    if status is not None and status.active:
        return _glanced(Getting("running", job=status.id, **told), wait)
    try:
        cost = seconds()
    except AttendomeError as error:
        return Getting("refused", sentence=str(error), **told)
    if status is not None and status.state in ("failed", "cancelled"):
        said = status.error if status.state == "failed" else ""
        return Getting("ended", job=status.id, seconds=cost, sentence=said, **told)
    if cost is None or cost > (BY_ITSELF_SECONDS if by_itself is None else by_itself):
        if (active := runtime_effects.running_answer(question)) is not None:
            _jobs()[slot] = (question.key, active)
            return Getting("running", job=active, seconds=cost, **told)
        return Getting("ask", seconds=cost, **told)
    return _glanced(begin(Getting("running", seconds=cost, **told)), wait)


def _cost(seconds: Callable[[], float | None]) -> float | None:
    with suppress(AttendomeError):
        return seconds()
    return None


def _stopped() -> dict[str, None]:
    """Keys of questions that this person stopped, the latest last: not begun again by themselves."""
    stopped = st.session_state.setdefault(STOPPED, {})
    while len(stopped) > 100:
        del stopped[next(iter(stopped))]
    return stopped


def begin(getting: Getting) -> Getting:
    """Start the job, or join whoever has begun it."""
    _stopped().pop(getting.question.key, None)
    job = runtime_effects.start_answer(getting.question, getting.title, getting.saying)
    _jobs()[getting.slot] = (getting.question.key, job)
    return Getting(**{**vars(getting), "state": "running", "job": job})


def _glanced(getting: Getting, wait: bool) -> Getting:
    if wait:
        place = st.empty()
        steps = max(1, round(GLANCE_SECONDS / 0.2))
        for _ in range(steps):
            with suppress(JobError):
                if not runtime.jobs().wait(getting.job, GLANCE_SECONDS / steps).active:
                    break
            place.caption("Predicting …")  # writing to the page lets a newer run of it interrupt this wait
        place.empty()
    if (found := runtime_effects.known_answer(getting.question)) is not None:
        return Getting(**{**vars(getting), "state": "ready", "answer": found})
    status = status_of(getting.job)
    if status is not None and not status.active:
        said = status.error if status.state == "failed" else ""
        return Getting(**{**vars(getting), "state": "ended", "sentence": said})
    return getting


def render_getting(
    getting: Getting, *, verb: str = "Predict", about: str = "", so_far: Callable[[], None] = lambda: None
) -> None:
    """What is to be said while an answer is not there.

    Parameters
    ----------
    verb : on the button. about : a sentence before the cost. so_far : says what is known of the answer.
    """
    if getting.state == "refused":
        st.error(plain(getting.sentence), icon=":material/info:")
        return
    if getting.state == "running":
        st.fragment(_watch, run_every=REFRESH_SECONDS)(getting, so_far)
        return
    if getting.sentence:
        st.error(plain(getting.sentence), icon=":material/info:")
    so_far()
    device = getting.question.engine.device.type
    again = getting.state == "ended"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        said = ["Stopped." if again and not getting.sentence else "", about]
        if getting.seconds is not None:
            said.append(f"It takes {cost_sentence(getting.seconds, getting.runs, device)}.")
        words = " ".join(filter(None, said))
        if words:
            st.caption(plain(words), width="content")
        label = "Try again" if again else verb
        short = "" if getting.seconds is None else f" ({short_cost(getting.seconds)})"
        st.button(
            f"{label}{short}", key=f"var_go_{getting.slot}", icon=":material/play_arrow:", type="primary",
            on_click=_pressed, args=(getting,),
        )  # fmt: skip


def _pressed(getting: Getting) -> None:
    begin(getting)


def _watch(getting: Getting, so_far: Callable[[], None]) -> None:
    """How far it is; runs the page again when it ends."""
    status = status_of(getting.job)
    if status is None or not status.active or getting.question.key in _stopped():
        st.rerun()
    so_far()
    if status.seconds_elapsed < SHOWN_AFTER_SECONDS and status.state == "running":
        st.caption(f"{getting.saying} …")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(status.fraction, text=plain(f"{status.title} · {job_text(status)}"))
        st.button("Cancel", key=f"var_cancel_{getting.slot}", on_click=_cancel, args=(getting,))


def _cancel(getting: Getting) -> None:
    _stopped()[getting.question.key] = None
    leave(getting.slot)
