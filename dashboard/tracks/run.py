"""Getting predictions: what is known at once, what is quick by itself, what is slow when a person says so.

Jobs belong to the windows that a person looks at: those of windows left behind are given up, unless somebody else
waits for them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components.messages import waiting_line
from core import runtime, runtime_dna
from core.enformer.asking import Question
from core.enformer.averaging import Averaging
from core.enformer.tiling import WindowGrid
from core.enformer.values import TrackSet
from core.errors import AttendomeError, DeviceMemoryError, JobError
from core.genome.window import check_window
from core.jobs import JobStatus
from core.jobs.status import format_seconds
from dashboard.tracks.where import Ground, on_chromosome

if TYPE_CHECKING:
    from core.enformer.engine import EnformerEngine

BY_ITSELF_SECONDS = 6.0
GLANCE_SECONDS = 1.2
AT_ONCE = 2  # jobs of one person that begin by themselves
MARGIN = 0.5  # of the screen, on either side: what comes into sight next
ITSELF = "by_itself"


@dataclass(frozen=True, eq=False)
class Source:
    """Whom to ask for windows.

    Attributes
    ----------
    title : of the model, for the names of jobs.
    """

    engine: EnformerEngine
    ground: Ground
    grid: WindowGrid
    head: str
    averaging: Averaging
    title: str

    def question(self, number: int) -> Question:
        """About one window.

        Raises
        ------
        InvalidLocusError, GenomeUnavailableError
            As `Reference.fetch`.
        """
        return runtime_dna.question_at(
            self.engine, self.ground.reference, self.grid.window(number), self.head, self.averaging
        )

    def job_title(self, number: int) -> str:
        """For example "chr1:45,097-69,672, Playground"."""
        return f"{self.grid.shown(number).locus}, {self.title}"


@dataclass(frozen=True, eq=False)
class Collected:
    """What there is of the windows in sight.

    Attributes
    ----------
    found : windows that are there.
    states : "running" or "missing" of the others.
    missing : questions about those that nobody computes, the nearest first.
    seconds : what the next of them takes; None where nothing is missing.
    troubles : sentences about windows that cannot be had.
    unknown : sentences about windows whose letters are mostly N.
    crowded : whether more windows are in sight than are shown at once.
    plain : those of `found` that are shown as a single run gives them, until their averages are there.
    """

    found: Mapping[int, TrackSet]
    states: Mapping[int, str]
    missing: Mapping[int, Question] = field(default_factory=dict)
    seconds: float | None = None
    troubles: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    crowded: bool = False
    plain: frozenset[int] = frozenset()

    @property
    def is_slow(self) -> bool:
        """Whether a person is asked before it is computed."""
        return self.seconds is not None and self.seconds > BY_ITSELF_SECONDS


@dataclass
class _Started:
    """A job that this session waits for."""

    job: str
    grid: WindowGrid
    pressed: bool


def cost_sentence(seconds: float, runs: int, device: str) -> str:
    """For example "about 40 s on this CPU (2 cores)"."""
    cores = os.cpu_count() or 1
    where = f"this CPU ({cores} core{'s' if cores > 1 else ''})" if device == "cpu" else f"this GPU ({device})"
    each = f", {runs} runs" if runs > 1 else ""
    return f"{short_cost(seconds)} on {where}{each}"


def short_cost(seconds: float) -> str:
    """For example "about 40 s"."""
    return f"about {format_seconds(max(1.0, seconds)).removeprefix('about ')}"


def collect(source: Source, start: int, end: int, *, moved: bool, waiting: DeltaGenerator) -> Collected:
    """What there is of the windows in sight; begins, gives up and takes up jobs.

    Parameters
    ----------
    start, end : what is seen.
    moved : whether the place is new: then a quick answer is waited for.
    waiting : where it is said that something is waited for.
    """
    grid, more = source.grid, MARGIN * (end - start)
    numbers = grid.nearest(start - more, end + more)
    in_sight = set(grid.nearest(start, end))
    found: dict[int, TrackSet] = {}
    questions: dict[int, Question] = {}
    troubles, unknown = [], []
    for number in numbers:
        try:
            questions[number] = source.question(number)
            window = grid.window(number)
            place = on_chromosome(window, source.ground)
            inside = questions[number].sequence[place.start - window.start :][: place.width_bp]
            said = check_window(inside, place, source.ground.reference.name)
        except AttendomeError as error:  # all N, or a genome that cannot be read now
            questions.pop(number, None)
            if number in in_sight:
                troubles.append(str(error))
            continue
        if said and number in in_sight:
            unknown.append(said)
    _give_up({question.key for question in questions.values()}, grid)
    for number, question in questions.items():
        if (known := runtime_dna.known_prediction(question)) is not None:
            found[number] = known
            _started().pop(question.key, None)
    missing = {number: question for number, question in questions.items() if number not in found}
    seconds = None
    idle = {n: q for n, q in missing.items() if not _is_running(q)}
    if idle:
        try:
            seconds = runtime_dna.prediction_seconds(next(iter(idle.values())), on_wait=waiting_line(waiting))
        except DeviceMemoryError as error:
            troubles.append(str(error))
        else:
            _begin(source, idle, in_sight, seconds)
    troubles += [said for question in missing.values() if (said := _stopped().get(question.key))]
    if moved:
        _glance(missing, in_sight, waiting, found)
    running = {n for n, q in missing.items() if n not in found and _is_running(q)}
    states = {n: "running" if n in running else "missing" for n in missing if n not in found}
    st.session_state["_missing"] = tuple(missing[n].key for n in states)
    left = {n: q for n, q in missing.items() if states.get(n) == "missing" and n in in_sight}
    crowded = len(grid.covering(start, end)) > len(in_sight)
    plain = _plain(source, states)
    return Collected(
        {**found, **plain}, states, left, seconds if left else None, tuple(dict.fromkeys(troubles)), tuple(unknown),
        crowded, frozenset(plain),
    )  # fmt: skip


def _plain(source: Source, numbers: Iterable[int]) -> dict[int, TrackSet]:
    """What a single run gives for these windows, as far as it is known: nothing where single runs are asked for."""
    if len(source.averaging.runs) == 1:
        return {}
    single = replace(source, averaging=Averaging())
    asked = {number: runtime_dna.known_prediction(single.question(number)) for number in numbers}
    return {number: found for number, found in asked.items() if found is not None}


def _started() -> dict[str, _Started]:
    """Key of a question -> the job that this session waits for."""
    return st.session_state.setdefault("_started", {})


def _stopped() -> dict[str, str]:
    """Key of a question that was stopped by a person ("") or failed (the sentence): not begun again by itself."""
    stopped = st.session_state.setdefault("_stopped", {})
    while len(stopped) > 200:
        del stopped[next(iter(stopped))]
    return stopped


def _status(job: str) -> JobStatus | None:
    with suppress(JobError):
        return runtime.jobs().status(job)
    return None


def _is_running(question: Question) -> bool:
    """Whether this session waits for it; takes note of how it ended."""
    entry = _started().get(question.key)
    if entry is None:
        return False
    status = _status(entry.job)
    if status is not None and status.active:
        return True
    del _started()[question.key]
    if status is not None and status.state in ("failed", "cancelled"):
        _stopped()[question.key] = status.error if status.state == "failed" else ""
    return False


def _give_up(wanted: set[str], grid: WindowGrid) -> None:
    """Leave the jobs of windows that are no longer looked at; what a person asked for goes on while the place stays."""
    for key, entry in list(_started().items()):
        if key not in wanted and not (entry.pressed and entry.grid == grid):
            with suppress(JobError):
                runtime.jobs().leave(entry.job, runtime.person())
            del _started()[key]


def _begin(source: Source, idle: Mapping[int, Question], in_sight: set[int], seconds: float) -> None:
    slow = seconds > BY_ITSELF_SECONDS
    by_itself = not slow or st.session_state.get(ITSELF, False)
    pressed = st.session_state.pop("_pressed", None)
    for number, question in idle.items():
        asked = pressed == question.key
        if asked:
            _stopped().pop(question.key, None)
        quiet = by_itself and question.key not in _stopped() and (number in in_sight or not slow)
        if asked or (quiet and sum(not e.pressed for e in _started().values()) < AT_ONCE):
            job = runtime_dna.start_prediction(question, source.job_title(number))
            _started()[question.key] = _Started(job, source.grid, asked)


def _glance(
    missing: Mapping[int, Question], in_sight: set[int], waiting: DeltaGenerator, found: dict[int, TrackSet]
) -> None:
    """Wait a moment for the windows in sight; another wish of the person ends the wait."""
    until = time.monotonic() + GLANCE_SECONDS
    for number, question in missing.items():
        while number in in_sight and question.key in _started():
            entry = _started()[question.key]
            status = runtime.jobs().wait(entry.job, 0.1)
            if not status.active or time.monotonic() > until:
                break
            waiting.caption("Predicting …")  # writing to the page is what lets a newer run interrupt this one
        if number in in_sight and (known := runtime_dna.known_prediction(question)) is not None:
            found[number] = known
            _started().pop(question.key, None)
    waiting.empty()


def press(key: str) -> None:
    """A person says that the question of this key shall be answered; in a callback."""
    st.session_state["_pressed"] = key


def stop() -> None:
    """A person stops what this session waits for, and what would begin by itself next; in a callback."""
    for key, entry in list(_started().items()):
        with suppress(JobError):
            runtime.jobs().leave(entry.job, runtime.person())
        del _started()[key]
    _stopped().update(dict.fromkeys(st.session_state.get("_missing", ()), ""))


def waited_for() -> tuple[JobStatus, ...]:
    """The jobs that this session waits for, as they are now; those that nobody knows any more are left out."""
    return tuple(status for entry in _started().values() if (status := _status(entry.job)) is not None)
