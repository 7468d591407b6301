"""What all people who use one running app share of candidate enhancers: shuffled stretches, pools of genes."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import streamlit as st

from core import runtime, runtime_dna
from core.jobs import JobSpec, PieceContext
from core.settings import settings
from core.shelf import Shelf

if TYPE_CHECKING:
    from core.attribution.enhancer_asking import BlockLoss, BlockQuestion, BlockStore
    from core.attribution.enhancer_curves import Curves, ScoredPairs
    from core.attribution.enhancer_pool import PoolQuestion
    from core.enformer.asking import Question
    from core.enformer.candidates import Candidate

GENE_OVER_PREDICTION = 4.0  # prediction, attention and gradient of a gene, beside its shuffles


@st.cache_resource(show_spinner=False)
def _store() -> BlockStore:
    from core.attribution.enhancer_asking import BlockStore

    return BlockStore(options=settings())


@st.cache_resource(show_spinner=False)
def _blocks() -> Shelf[dict[str, BlockLoss]]:
    """Whole answers; what is not whole is read from disk each time."""
    return Shelf(max_count=128)


@st.cache_resource(show_spinner=False)
def _pools() -> Shelf[tuple[ScoredPairs, Curves]]:
    return Shelf(max_count=16)


def known_losses(question: BlockQuestion, candidates: Sequence[Candidate]) -> dict[str, BlockLoss]:
    """What is known of these, by the id of the candidate; from disk also after a restart."""
    partial: dict[str, BlockLoss] = {}

    def from_disk() -> dict[str, BlockLoss]:
        partial.update(question.kept(_store(), candidates))
        if len(partial) < len({candidate.id for candidate in candidates}):
            raise LookupError
        return partial

    with suppress(LookupError):
        return _blocks().get((question.key, tuple(candidate.id for candidate in candidates)), from_disk)
    return partial


def losses_seconds(question: BlockQuestion, candidates: Sequence[Candidate], asked: Question, known: int = 0) -> float:
    """What the shuffles that are not known take; from earlier ones on this machine, or else from a prediction.

    Parameters
    ----------
    asked : the prediction of the same window. known : how many of the candidates are known.

    Raises
    ------
    DeviceMemoryError, SequenceError
        As `core.runtime_dna.prediction_seconds`.
    """
    from core.attribution.enhancer_asking import cost_over_prediction, estimate_seconds

    left = list(candidates)[known:]
    if not left:
        return 0.0
    seconds = estimate_seconds(question, left, runtime_dna.timings())
    if seconds is not None:
        return seconds
    took = runtime_dna.took(asked)
    whole = runtime_dna.whole_prediction_seconds(asked) if took is None or took.reused else took.seconds
    return whole * cost_over_prediction(question, left)


def running_losses(question: BlockQuestion, candidates: Sequence[Candidate]) -> str | None:
    """Id of the job that shuffles these now, whoever asked."""
    from core.attribution.enhancer_asking import job_key

    return runtime.jobs().active(job_key(question, candidates))


def start_losses(question: BlockQuestion, candidates: Sequence[Candidate], title: str) -> str:
    """Id of a job that shuffles what is not known; what it found stays when it is stopped.

    Raises
    ------
    JobError
        All of them are known.
    """
    from core.attribution.enhancer_asking import block_job

    job = block_job(
        question, candidates, _store(), runtime_dna.timings(), title=title,
        queue=runtime.queue_name(question.engine.device), owner=runtime.person(),
    )  # fmt: skip
    return runtime.jobs().submit(job)


def _pool_key(question: PoolQuestion) -> str:
    return f"enhancer pool {question.key}"


def known_pool(question: PoolQuestion) -> tuple[ScoredPairs, Curves] | None:
    """All genes together and their curves, if this process found them; `start_pool` takes up what is on disk."""

    def missing() -> tuple[ScoredPairs, Curves]:
        raise LookupError

    with suppress(LookupError):
        return _pools().get(question.key, missing)
    return None


def running_pool(question: PoolQuestion) -> str | None:
    """Id of the job that ranks these genes now."""
    return runtime.jobs().active(_pool_key(question))


def pool_seconds(question: PoolQuestion, asked: Question, per_gene: int) -> float:
    """What all genes take if nothing is known: the shuffles of `per_gene` candidates each, and what comes before.

    Parameters
    ----------
    asked : a prediction of a window of that width.

    Raises
    ------
    DeviceMemoryError, SequenceError
        As `core.runtime_dna.prediction_seconds`.
    """
    timings = runtime_dna.timings()
    each = timings.estimate(_gene_kind(question))
    if each is None:
        each = (GENE_OVER_PREDICTION + per_gene * question.shuffles) * runtime_dna.whole_prediction_seconds(asked)
    return each * len(question.genes)


def _gene_kind(question: PoolQuestion) -> str:
    from core.enformer.results import as_json

    where = hashlib.sha256(as_json(question.engine.fingerprint).encode()).hexdigest()[:16]
    return f"enhancer pool {where} {question.engine.device} {question.width_bp} {question.shuffles}"


def start_pool(question: PoolQuestion, title: str, labels: str) -> str:
    """Id of a job that ranks every gene, one piece a gene: it can be stopped, and goes on where it stopped also after
    a restart; then `known_pool` has the answer.

    Parameters
    ----------
    labels : where they come from, in words.
    """
    store, pools, timings = _store(), _pools(), runtime_dna.timings()

    def of_gene(number: int, context: PieceContext):
        started, name = time.monotonic(), question.genes[number].symbol
        found = question.of_gene(number, store, lambda share: context.progress(share, name))
        timings.record(_gene_kind(question), time.monotonic() - started)
        return found

    def joined(pieces) -> None:
        pairs = question.joined(pieces, labels)
        made = (pairs, pairs.curves())
        pools.get(question.key, lambda: made)

    job = JobSpec(
        key=_pool_key(question), title=title, queue=runtime.queue_name(question.engine.device),
        pieces=len(question.genes), run_piece=of_gene, owner=runtime.person(), combine=joined,
    )  # fmt: skip
    return runtime.jobs().submit(job)
