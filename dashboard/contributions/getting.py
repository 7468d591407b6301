"""Getting contributions: what is known at once, what is quick by itself, what is slow when a person says so.

Jobs belong to the question that is on the page: those of questions left behind are given up, unless somebody else waits
for them. What a job of many pieces has so far is shown while it runs.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import runtime, runtime_contributions
from core.attribution.values import METHOD_TITLES, ContributionScores, Method
from core.errors import AttendomeError, JobError
from core.jobs import JobStatus
from dashboard.contributions.aim import Side
from dashboard.tracks.run import BY_ITSELF_SECONDS, cost_sentence, short_cost

if TYPE_CHECKING:
    from core.attribution.asking import ContributionQuestion
    from core.attribution.blocks import BlockEffects

GLANCE_SECONDS = 1.5
AT_ONCE = 2  # jobs of one person that begin by themselves
State = Literal["ready", "running", "ask", "ended", "refused"]


@dataclass(frozen=True, eq=False)
class Answer:
    """How far one row is.

    Attributes
    ----------
    scores : None while nothing is known; of a running mutagenesis what there is so far.
    blocks : the coarse pass of mutagenesis, as far as it is known.
    what : of an answer that is no row of its own, what it is for. coarse : the coarse pass alone.
    seconds : what it takes, where it does not run and is not known.
    sentence : why it was refused, or how it failed.
    """

    side: Side
    question: ContributionQuestion
    state: State
    scores: ContributionScores | None = None
    seconds: float | None = None
    sentence: str = ""
    what: str = ""
    coarse: bool = False
    blocks: BlockEffects | None = None

    @property
    def key(self) -> str:
        """That two answers share only if they are the same."""
        return f"{self.question.key}{' blocks' if self.coarse else ''}"

    @property
    def method(self) -> Method:
        """How it is found."""
        return self.question.method

    @property
    def title(self) -> str:
        """Of its job."""
        name = "Mutagenesis of blocks" if self.coarse else METHOD_TITLES[self.method]
        return f"{self.what or name} of {self.side.short}"

    def cost(self, *, short: bool = False) -> str:
        """For example "about 12 s on this CPU (2 cores)"."""
        seconds = self.seconds or 0.0
        if short:
            return short_cost(seconds)
        runs = len(self.question.averaging.runs)
        return cost_sentence(seconds, runs, self.question.engine.device.type)


@dataclass
class _Started:
    """A job that this session waits for."""

    job: str
    pressed: bool


def started() -> dict[str, _Started]:
    """Key of a question -> the job that this session waits for."""
    return st.session_state.setdefault("_ctb_started", {})


def _stopped() -> dict[str, str]:
    """Key of a question that was stopped by a person ("") or failed (the sentence): not begun again by itself."""
    stopped = st.session_state.setdefault("_ctb_stopped", {})
    while len(stopped) > 200:
        del stopped[next(iter(stopped))]
    return stopped


def _status(job: str) -> JobStatus | None:
    with suppress(JobError):
        return runtime.jobs().status(job)
    return None


def _is_running(key: str) -> bool:
    """Whether this session waits for it; takes note of how it ended."""
    entry = started().get(key)
    if entry is None:
        return False
    status = _status(entry.job)
    if status is not None and status.active:
        return True
    del started()[key]
    if status is not None and status.state in ("failed", "cancelled"):
        _stopped()[key] = status.error if status.state == "failed" else ""
    return False


def collect(wanted: Sequence[Answer], waiting: DeltaGenerator) -> tuple[Answer, ...]:
    """What there is of each wanted row; begins, gives up and takes up jobs.

    Parameters
    ----------
    wanted : in the order in which they are to begin. waiting : where it is said that something is waited for.
    """
    _give_up({one.key for one in wanted})
    found = [_look(one) for one in wanted]
    begun = [place for place, one in enumerate(found) if one.state == "ask" and _begin(one)]
    until = time.monotonic() + GLANCE_SECONDS
    for place in begun:
        if found[place].what:  # a check of what is shown: the picture does not wait for it
            continue
        entry = started()[found[place].key]
        while found[place].seconds is not None and found[place].seconds <= BY_ITSELF_SECONDS:
            if not runtime.jobs().wait(entry.job, 0.1).active or time.monotonic() > until:
                break
            waiting.caption("Reading …")  # writing to the page is what lets a newer run interrupt this one
        found[place] = _look(found[place])
    waiting.empty()
    return tuple(found)


def _look(one: Answer) -> Answer:
    key = one.key
    scores = None if one.coarse else runtime_contributions.known_contributions(one.question)
    blocks = runtime_contributions.blocks_so_far(one.question)
    if scores is not None or (one.coarse and blocks is not None and np.isfinite(blocks.effects).all()):
        started().pop(key, None)
        return replace(one, state="ready", scores=scores, blocks=blocks, seconds=None)
    partial = None if one.coarse else runtime_contributions.contributions_so_far(one.question)
    one = replace(one, scores=partial, blocks=blocks)
    if _is_running(key):
        return replace(one, state="running")
    if key in _stopped():
        return replace(one, state="ended", sentence=_stopped()[key], seconds=_seconds(one))
    try:
        seconds = runtime_contributions.contribution_seconds(one.question, blocks_alone=one.coarse)
    except AttendomeError as error:
        return replace(one, state="refused", sentence=str(error))
    return replace(one, state="ask", seconds=seconds)


def _seconds(one: Answer) -> float | None:
    with suppress(AttendomeError):
        return runtime_contributions.contribution_seconds(one.question, blocks_alone=one.coarse)
    return None


def _begin(one: Answer) -> bool:
    """Start it where it was asked for, or where it is quick and not too much begins at once."""
    state, key = st.session_state, one.key
    asked = key in state.get("_ctb_pressed", ())
    quick = one.seconds is not None and one.seconds <= BY_ITSELF_SECONDS
    if not asked and not (quick and sum(not entry.pressed for entry in started().values()) < AT_ONCE):
        return False
    state["_ctb_pressed"] = tuple(other for other in state.get("_ctb_pressed", ()) if other != key)
    try:
        if one.coarse:
            job = runtime_contributions.start_blocks(one.question, one.title)
        else:
            job = runtime_contributions.start_contributions(one.question, one.title, _visible(one))
    except AttendomeError as error:
        _stopped()[key] = str(error)
        return False
    started()[key] = _Started(job, asked)
    return True


def _visible(one: Answer) -> tuple[int, int] | None:
    """What is seen, in the window."""
    seen, window = st.session_state.get("_ctb_seen"), one.question.interval
    if seen is None or window is None:
        return None
    low, high = max(seen[0] - window.start, 0), min(seen[1] - window.start, window.width_bp)
    return (low, high) if low < high else None


def _give_up(wanted: set[str]) -> None:
    """Leave the jobs of what is no longer on the page."""
    for key, entry in list(started().items()):
        if key not in wanted:
            with suppress(JobError):
                runtime.jobs().leave(entry.job, runtime.person())
            del started()[key]


def press(keys: Iterable[str]) -> None:
    """A person says that the questions of these keys shall be answered; in a callback."""
    keys = tuple(keys)
    for key in keys:
        _stopped().pop(key, None)
    st.session_state["_ctb_pressed"] = (*st.session_state.get("_ctb_pressed", ()), *keys)[-20:]
    st.session_state["_ctb_whole_page"] = True


def stop(keys: Iterable[str]) -> None:
    """A person stops what this session waits for, of these keys; in a callback."""
    for key in keys:
        if (entry := started().get(key)) is None:
            continue
        with suppress(JobError):
            runtime.jobs().leave(entry.job, runtime.person())
        del started()[key]
        _stopped()[key] = ""
    st.session_state["_ctb_whole_page"] = True


def waited_for(answers: Iterable[Answer]) -> tuple[JobStatus, ...]:
    """The jobs that this session waits for, as they are now, of some answers."""
    entries = [entry for one in answers if (entry := started().get(one.key)) is not None]
    return tuple(status for entry in entries if (status := _status(entry.job)) is not None)


def first_of(answers: Iterable[Answer], method: Method) -> Answer | None:
    """The main question's answer by a method."""
    return next((one for one in answers if one.method == method), None)
