"""Contributions as a job of many pieces: it can be watched and stopped, and goes on where it stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.attribution.chunks import Chunk, nearest_first
from core.attribution.effort import kind_of
from core.jobs import JobSpec, PieceContext

if TYPE_CHECKING:
    from core.attribution.asking import ContributionQuestion
    from core.attribution.store import ContributionStore
    from core.attribution.values import ContributionScores
    from core.timing import Timings

_LEAST_TIMED = 6  # changed letters: fewer tell little about the time of one


def job_key(question: ContributionQuestion, visible: tuple[int, int] | None = None, *, coarse: bool = True) -> str:
    """What makes two jobs the same, whoever asks: the question, and the order in which it is answered."""
    if not question.is_mutagenesis:
        return f"contributions {question.key}"
    return f"contributions {question.key} {visible} {coarse}"


def contribution_job(
    question: ContributionQuestion, store: ContributionStore, timings: Timings, *, title: str, queue: str, owner: str,
    on_answer: Callable[[ContributionScores], None] = lambda found: None,
    visible: tuple[int, int] | None = None, coarse: bool = True,
) -> JobSpec:  # fmt: skip
    """A job that answers a question and keeps the answer; how long it took goes into the estimates.

    Mutagenesis destroys whole blocks first, then changes letter by letter, what is seen first. Each piece is on disk as
    soon as it is computed: `question.blocks` and `question.partial` read it while the job runs, a job that was stopped
    goes on from there, after a restart of the program too, and so does one of another stretch of the same window.

    Parameters
    ----------
    on_answer : called with the whole answer.
    visible : (start, end) in the window of what is seen.
    coarse : destroy blocks first.
    """
    key = job_key(question, visible, coarse=coarse)
    if not question.is_mutagenesis:
        return _gradient_job(question, store, timings, on_answer, key=key, title=title, queue=queue, owner=owner)
    blocks = nearest_first(question.block_chunks, visible) if coarse else ()
    chunks = (*blocks, *nearest_first(question.letter_chunks, visible))
    letters, runs = question.asked.letters, len(question.asked.runs)

    def run(piece: int, context: PieceContext) -> Mapping[str, np.ndarray]:
        chunk = chunks[piece]
        words = "Blocks" if chunk.blocks else "Letter by letter"
        if (found := store.chunk(question.chunk_key(chunk))) is not None:
            context.resumed(1.0, words)
            return found
        started = time.monotonic()
        found = question.chunk(store, chunk, lambda done: context.progress(done, words))
        edits = chunk.edits(letters)
        if chunk.places and edits >= min(_LEAST_TIMED, 3 * len(chunk.places)):
            timings.record(kind_of(question), (time.monotonic() - started) / (edits * runs))
        return found

    def joined(pieces: Sequence[Mapping[str, np.ndarray]]) -> ContributionScores:
        found = question.together({chunk: piece for chunk, piece in zip(chunks, pieces, strict=True) if chunk.places})
        on_answer(found)
        return found

    return JobSpec(
        key=key, title=title, queue=queue, pieces=len(chunks), run_piece=run, owner=owner, combine=joined,
        piece_weights=_weights(chunks, letters), keep_pieces=False,
    )  # fmt: skip


def _weights(chunks: Sequence[Chunk], letters: str) -> list[float]:
    return [max(1.0, float(chunk.edits(letters))) for chunk in chunks]


def _gradient_job(
    question: ContributionQuestion, store: ContributionStore, timings: Timings,
    on_answer: Callable[[ContributionScores], None], **words: str,
) -> JobSpec:  # fmt: skip
    plan = question.plan
    known = question.kept(store)

    def run(piece: int, context: PieceContext) -> Mapping[str, np.ndarray] | None:
        if known is not None:
            return None
        started = time.monotonic()
        found = plan.unit(piece, lambda done: context.progress(done, "Taking gradients"))
        points = plan.units[piece][2] - plan.units[piece][1]
        gradients = 2 * points + (plan.units[piece][1] == 0) if plan.method == "expected_gradients" else points
        timings.record(kind_of(question), (time.monotonic() - started) / gradients)
        return found

    def joined(pieces: Sequence[Mapping[str, np.ndarray]]) -> ContributionScores:
        found = plan.scores(pieces) if known is None else known
        store.put(question.key, found)
        on_answer(found)
        return found

    pieces = 1 if known is not None else len(plan.units)
    return JobSpec(pieces=pieces, run_piece=run, combine=joined, keep_pieces=False, **words)
