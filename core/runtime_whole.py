"""What all people who use one running app share of the attention between all bins of a window."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from core import runtime, runtime_dna
from core.jobs import JobSpec, PieceContext
from core.runtime import RESULT_BYTES
from core.shelf import Shelf

if TYPE_CHECKING:
    from core.enformer.asking import Question
    from core.language.values import AttentionResult


@st.cache_resource(show_spinner=False)
def _wholes() -> Shelf[AttentionResult]:
    """Queries and keys of windows: 0.15 GB each for Enformer."""
    return Shelf(max_count=16, max_bytes=RESULT_BYTES, size=lambda result: result.nbytes)


def known_whole(question: Question) -> AttentionResult | None:
    """The attention of this window, if it is in memory."""

    def missing() -> AttentionResult:
        raise LookupError

    try:
        return _wholes().get(question.key, missing)
    except LookupError:
        return None


def whole_seconds(question: Question, *, on_wait: Callable[[int], None] = lambda ahead: None) -> float:
    """What it will take: as long as a prediction of the same window, or as it took before.

    Raises
    ------
    DeviceMemoryError, SequenceError
        As `core.runtime_dna.prediction_seconds`.
    """
    own = runtime_dna.timings().estimate(_kind(question))
    return runtime_dna.prediction_seconds(question, on_wait=on_wait) if own is None else own


def running_whole(question: Question) -> str | None:
    """Id of the job that reads this window now, whoever asked for it."""
    return runtime.jobs().active(_job_key(question))


def start_whole(question: Question, title: str) -> str:
    """Id of a job that reads the window; when it is done, `known_whole` has the answer."""
    from core.enformer.whole_attention import whole_attention

    shelf, timings = _wholes(), runtime_dna.timings()

    def read(piece: int, context: PieceContext) -> None:
        started = time.monotonic()
        found = whole_attention(
            question.engine, question.sequence, interval=question.interval,
            on_progress=lambda done: context.progress(done, "Reading"),
        )  # fmt: skip
        timings.record(_kind(question), time.monotonic() - started)
        shelf.get(question.key, lambda: found)

    job = JobSpec(
        key=_job_key(question), title=title, queue=runtime.queue_name(question.engine.device), pieces=1,
        run_piece=read, owner=runtime.person(), keep_pieces=False,
    )  # fmt: skip
    return runtime.jobs().submit(job)


def _kind(question: Question) -> str:
    from core.enformer.asking import kind_of

    return f"whole {kind_of(question)}"


def _job_key(question: Question) -> str:
    return f"whole {question.key}"
