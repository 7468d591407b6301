"""What all people who use one running app share of contribution scores; see `core.runtime_dna`."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import streamlit as st

from core import runtime, runtime_dna
from core.jobs import JobSpec
from core.runtime import OnWait
from core.settings import settings
from core.shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from core.attribution.asking import ContributionQuestion
    from core.attribution.blocks import BlockEffects
    from core.attribution.store import ContributionStore
    from core.attribution.target import Target
    from core.attribution.values import ContributionScores, Method
    from core.enformer.averaging import Averaging
    from core.enformer.engine import EnformerEngine
    from core.genome.interval import Interval
    from core.genome.reference import Reference
    from core.jobs import PieceContext

SHELF_BYTES = 256 * 1024**2


def _nothing(ahead: int) -> None:
    """Do nothing while waiting."""


@st.cache_resource(show_spinner=False)
def _answers() -> Shelf[ContributionScores]:
    return Shelf(max_count=128, max_bytes=SHELF_BYTES, size=lambda found: found.nbytes)


@st.cache_resource(show_spinner=False)
def _store() -> ContributionStore:
    from core.attribution.store import ContributionStore

    return ContributionStore(options=settings())


def question_at(
    engine: EnformerEngine, reference: Reference, window: Interval, target: Target, method: Method,
    averaging: Averaging, *, start: int | None = None, end: int | None = None, positions: tuple[int, ...] = (),
) -> ContributionQuestion:  # fmt: skip
    """The question about a window, whose letters are read once.

    Parameters
    ----------
    start, end, positions : of mutagenesis, in the window.

    Raises
    ------
    InvalidLocusError, GenomeUnavailableError, SequenceError, SelectionError
        The letters cannot be had, or the question cannot be asked of them.
    """
    from core.attribution.asking import ContributionQuestion

    asked = runtime_dna.question_at(engine, reference, window, target.head, averaging)
    return ContributionQuestion(
        engine, asked.sequence, asked.flanks, window, target, method, start, end, averaging, positions
    )


def known_contributions(question: ContributionQuestion) -> ContributionScores | None:
    """The answer, if it was found before: from memory, or from disk also after a restart.

    It has the words of the question: what is called otherwise and means the same is the same answer.
    """
    from dataclasses import replace

    def from_disk() -> ContributionScores:
        if (found := question.kept(_store())) is None:
            raise LookupError
        return found

    with suppress(LookupError):
        found = _answers().get(question.key, from_disk)
        return found if found.target == question.target else replace(found, target=question.target)
    return None


def contributions_so_far(question: ContributionQuestion) -> ContributionScores | None:
    """What is known of mutagenesis while it runs, or after it was stopped; NaN where nothing is."""
    return question.partial(_store()) if question.is_mutagenesis else None


def blocks_so_far(question: ContributionQuestion) -> BlockEffects | None:
    """What is known of the coarse pass of mutagenesis; NaN where nothing is, None where nothing at all is."""
    return question.blocks(_store()) if question.is_mutagenesis and not question.positions else None


def contribution_seconds(
    question: ContributionQuestion, *, blocks_alone: bool = False, on_wait: OnWait = _nothing
) -> float:
    """What is left of an answer, in seconds: from earlier runs here, or a short piece that is run now.

    Raises
    ------
    TooLongError
        It is more than is begun at once; the sentence offers less.
    AttendomeError
        As the method itself.
    """
    from core.attribution.asking import PLAIN
    from core.attribution.chunks import Chunk
    from core.attribution.effort import check_effort, estimate_seconds, is_small, measure, unit_seconds
    from core.enformer.asking import Question

    timings, store, whole = runtime_dna.timings(), _store(), None
    if is_small(question) and not question.is_mutagenesis:
        return _small_seconds(question)
    each = unit_seconds(question, timings)
    if each is None and is_small(question):
        with runtime.queue(runtime.queue_name(question.engine.device)).turn(
            owner=runtime.person(), interactive=True, on_wait=on_wait
        ):
            measure(question, timings)
        each = unit_seconds(question, timings)
    if each is None:
        plain = Question(
            question.engine, question.sequence, ("", ""), question.interval, question.target.head, PLAIN
        )  # fmt: skip
        whole = runtime_dna.whole_prediction_seconds(plain, on_wait=on_wait)
        each = unit_seconds(question, timings, whole)
    if blocks_alone:
        missing = [chunk for chunk in question.block_chunks if store.chunk(question.chunk_key(chunk)) is None]
        blocks = tuple(block for chunk in missing for block in chunk.blocks)
        return Chunk(blocks=blocks).edits(question.asked.letters) * len(question.asked.runs) * (each or 0.0)
    seconds = estimate_seconds(question, store, timings, whole_seconds=whole) or 0.0
    check_effort(question, seconds)
    return seconds


def _small_seconds(question: ContributionQuestion) -> float:
    """Of gradients that are too short to be worth measuring first, rather too many seconds than too few; 0 of an answer
    that is known."""
    from core.attribution.effort import unit_seconds, units_left
    from core.enformer.asking import SLOW_RATE
    from core.enformer.gradients import gradient_costs

    cost = gradient_costs(question.engine.parts, len(question.sequence), len(question.target.all_tracks))
    known = unit_seconds(question, runtime_dna.timings())
    return units_left(question, _store()) * min(cost / SLOW_RATE, known or float("inf"))


def start_contributions(
    question: ContributionQuestion, title: str, visible: tuple[int, int] | None = None
) -> str:  # fmt: skip
    """Id of a job that answers the question; when it is done, `known_contributions` has the answer.

    Parameters
    ----------
    visible : (start, end) in the window of what is seen: mutagenesis begins there.
    """
    from core.attribution.job import contribution_job

    answers, key = _answers(), question.key
    job = contribution_job(
        question, _store(), runtime_dna.timings(), title=title, queue=runtime.queue_name(question.engine.device),
        owner=runtime.person(), on_answer=lambda found: answers.get(key, lambda: found),
        visible=visible if question.is_mutagenesis and not question.positions else None,
    )  # fmt: skip
    return runtime.jobs().submit(job)


def start_blocks(question: ContributionQuestion, title: str) -> str:
    """Id of a job that makes the coarse pass of mutagenesis alone; `blocks_so_far` has what there is."""
    store, chunks = _store(), question.block_chunks
    letters = question.asked.letters

    def run(piece: int, context: PieceContext) -> Mapping[str, np.ndarray]:
        return question.chunk(store, chunks[piece], lambda done: context.progress(done, "Blocks"))

    job = JobSpec(
        key=f"contribution blocks {question.key}", title=title, queue=runtime.queue_name(question.engine.device),
        pieces=len(chunks), run_piece=run, owner=runtime.person(),
        piece_weights=[max(1.0, float(chunk.edits(letters))) for chunk in chunks], keep_pieces=False,
    )  # fmt: skip
    return runtime.jobs().submit(job)
