"""What all people who use one running app share of attention between bins; see `core.runtime_dna`."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import streamlit as st

from core import runtime, runtime_dna
from core.jobs import JobSpec, PieceContext
from core.runtime_dna import _prediction_store, _predictions
from core.settings import settings
from core.shelf import Shelf

if TYPE_CHECKING:
    from core.enformer.asking import Question
    from core.enformer.attending import AttentionProfile
    from core.enformer.attention_asking import AttentionQuestion, ProfileStore
    from core.teaching.playground.enhancer_truth import Curves, Pool, PoolQuestion, PoolStore

PROFILE_BYTES = 64 * 1024**2


@st.cache_resource(show_spinner=False)
def _profiles() -> Shelf[AttentionProfile]:
    return Shelf(max_count=128, max_bytes=PROFILE_BYTES, size=lambda found: found.nbytes)


@st.cache_resource(show_spinner=False)
def _profile_store() -> ProfileStore:
    from core.enformer.attention_asking import ProfileStore

    return ProfileStore(options=settings())


@st.cache_resource(show_spinner=False)
def _pools() -> Shelf[tuple[Pool, ...]]:
    return Shelf(max_count=8)


@st.cache_resource(show_spinner=False)
def _curves() -> Shelf[Curves]:
    return Shelf(max_count=64)


@st.cache_resource(show_spinner=False)
def _pool_store() -> PoolStore:
    from core.teaching.playground.enhancer_truth import PoolStore

    return PoolStore(options=settings())


def known_attention(question: AttentionQuestion) -> AttentionProfile | None:
    """The answer, if it was found before: from memory, or from disk also after a restart."""

    def from_disk() -> AttentionProfile:
        if (found := question.kept(_profile_store())) is None:
            raise LookupError
        return found

    with suppress(LookupError):
        return _profiles().get(question.key, from_disk)
    return None


def attention_seconds(
    question: AttentionQuestion, also: Question | None = None, *, on_wait: Callable[[int], None] = lambda ahead: None
) -> float:
    """What the answer will take, with the prediction `also` where that is not known yet.

    Raises
    ------
    DeviceMemoryError, SequenceError
        As `core.runtime_dna.prediction_seconds`.
    """
    from core.enformer.attention_asking import cost_over_prediction, kind_of, tower_lacks

    seconds, lacks = 0.0, tower_lacks(question)
    if also is not None and runtime_dna.known_prediction(also) is None:
        seconds, lacks = runtime_dna.prediction_seconds(also, on_wait=on_wait), 0.0
    kind = kind_of(question, lacks)
    own = None if kind is None else runtime_dna.timings().estimate(kind)
    if own is None:
        predicted = runtime_dna.whole_prediction_seconds(_plain(question.asked), on_wait=on_wait)
        own = predicted * cost_over_prediction(question, lacks)
    return seconds + own


def running_attention(question: AttentionQuestion, also: Question | None = None) -> str | None:
    """Id of the job that answers this question now, whoever asked it."""
    return runtime.jobs().active(_job_key(question, also))


def start_attention(question: AttentionQuestion, title: str, also: Question | None = None) -> str:
    """Id of a job that answers the question; when it is done, `known_attention` has the answer.

    Parameters
    ----------
    also : a prediction that is made first, if it is not known; then `known_prediction` has it.
    """
    job = JobSpec(
        key=_job_key(question, also), title=title, queue=runtime.queue_name(question.asked.engine.device),
        pieces=1 if also is None else 2, run_piece=_pieces(question, also), owner=runtime.person(), keep_pieces=False,
    )  # fmt: skip
    return runtime.jobs().submit(job)


def _pieces(question: AttentionQuestion, also: Question | None) -> Callable[[int, PieceContext], None]:
    """What the job runs; shelves and stores are taken here, in the page's thread."""
    from core.enformer.attention_asking import kind_of, tower_lacks

    profiles, store, timings = _profiles(), _profile_store(), runtime_dna.timings()
    predict = None if also is None else _prediction(also)

    def attend(piece: int, context: PieceContext) -> None:
        if piece == 0 and predict is not None:
            predict(0, context)
            return
        if (found := question.kept(store)) is None:
            kind, started = kind_of(question, tower_lacks(question)), time.monotonic()
            found = question.answer(store, lambda done: context.progress(done, "Reading the attention"))
            if kind is not None:
                timings.record(kind, time.monotonic() - started)
        profiles.get(question.key, lambda: found)

    return attend


def _prediction(also: Question) -> Callable[[int, PieceContext], None]:
    from core.enformer.asking import prediction_job

    answers, key = _predictions(), also.key
    return prediction_job(
        also, _prediction_store(), runtime_dna.timings(), title="prediction", queue="", owner="",
        on_answer=lambda found: answers.get(key, lambda: found),
    ).run_piece  # fmt: skip


def _job_key(question: AttentionQuestion, also: Question | None) -> str:
    return f"attending {question.key}" + ("" if also is None else f" {also.key}")


def _plain(question: Question) -> Question:
    """The same window in a single run: what the attention reads."""
    from dataclasses import replace

    from core.enformer.averaging import Averaging

    return replace(question, averaging=Averaging(), flanks=("", ""))


def known_pools(question: PoolQuestion) -> tuple[Pool, ...] | None:
    """Every gene of a chromosome, if it was ranked before: from memory, or from disk also after a restart."""

    def from_disk() -> tuple[Pool, ...]:
        if (found := _pool_store().get(question)) is None:
            raise LookupError
        return found

    with suppress(LookupError):
        return _pools().get(question.key, from_disk)
    return None


def pool_kind(attended: AttentionQuestion) -> str:
    """What the time of one gene of `start_pools` is remembered for."""
    from core.enformer.asking import kind_of

    return f"pool {kind_of(attended.asked)}"


def pool_curves(question: PoolQuestion, pool: Pool, layer: int | None, head: int | None) -> Curves:
    """`Pool.curves`, made once: a page asks for them at every rerun, and resampling takes a while."""
    return _curves().get((question.key, pool.cell_type, layer, head), lambda: pool.curves(layer, head))


def running_pools(question: PoolQuestion) -> str | None:
    """Id of the job that ranks this chromosome now."""
    return runtime.jobs().active(f"pools {question.key}")


def start_pools(question: PoolQuestion, title: str) -> str:
    """Id of a job that ranks every gene, one piece a gene: it can be stopped and goes on where it stopped."""
    pools, store, profiles, results = _pools(), _pool_store(), _profile_store(), _prediction_store()
    timings = runtime_dna.timings()

    def of_gene(number: int, context: PieceContext):
        started = time.monotonic()
        asked, attended = question.questions(question.genes[number])
        is_new = asked.kept(results) is None and attended.kept(profiles) is None
        name = question.genes[number].symbol
        found = asked.answer(results, lambda done: context.progress(done / 2, name))
        profile = attended.answer(profiles, lambda done: context.progress(0.5 + done / 2, name))
        pieces = question.of_gene(number, found, profile)
        if is_new:
            timings.record(pool_kind(attended), time.monotonic() - started)
        return pieces

    def joined(pieces) -> None:
        store.put(question, pieces)
        made = question.pools(pieces)
        pools.get(question.key, lambda: made)

    job = JobSpec(
        key=f"pools {question.key}", title=title, queue=runtime.queue_name(question.engine.device),
        pieces=len(question.genes), run_piece=of_gene, owner=runtime.person(), combine=joined, keep_pieces=False,
    )  # fmt: skip
    return runtime.jobs().submit(job)
