"""How long contributions will take, before they are begun, and when that is too long."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from core.attribution.chunks import Chunk, edit_cost
from core.attribution.mutagenesis import changes, substitutions
from core.enformer import asking as predictions
from core.enformer.gradients import gradient_costs, input_gradients
from core.enformer.progress import run_costs
from core.errors import TooLongError
from core.genome.sequence import BASES, one_hot
from core.jobs.status import format_seconds

if TYPE_CHECKING:
    from core.attribution.asking import ContributionQuestion
    from core.attribution.store import ContributionStore
    from core.timing import Timings

LONGEST_SECONDS = 6 * 3600.0
_TRIED_LETTERS = 2
_LOOKED_UP = 20_000  # chunks: looking for more on disk takes seconds, and so many are refused


def kind_of(question: ContributionQuestion) -> str:
    """What the seconds of a single gradient, or of a single change of a letter, are remembered for."""
    what = "edit" if question.is_mutagenesis else "gradient"
    return f"{what} {predictions.kind_of(_prediction(question))}"


def is_small(question: ContributionQuestion) -> bool:
    """Whether a prediction of this window is so short that trying what is asked is the best estimate."""
    return run_costs(question.engine.parts, len(question.sequence)) < predictions.SMALL_RUN


def measure(question: ContributionQuestion, timings: Timings) -> None:
    """Take one gradient, or change two letters, and remember how long it took; for where `is_small`.

    Raises
    ------
    AttendomeError
        As the method itself.
    """
    asked = question.asked
    if question.is_mutagenesis:
        known = (place for place in range(question.start, question.end) if asked.letters[place] in BASES)
        edits = substitutions(asked.letters, [place for place, _ in zip(known, range(_TRIED_LETTERS), strict=False)])
        plain = replace(asked, asked=replace(asked.asked, averaging=predictions.Averaging()))
        changes(plain, edits[:1])  # reads the window, and what is slow the first time
        started = time.monotonic()
        changes(plain, edits)
        seconds = (time.monotonic() - started) / max(1, len(edits))
    else:
        run = asked.runs[0]
        started = time.monotonic()
        input_gradients(asked.engine, one_hot(asked.letters)[None], asked.gradient_target(run))
        seconds = time.monotonic() - started
    timings.record(kind_of(question), seconds)


def units_left(question: ContributionQuestion, store: ContributionStore, *, coarse: bool = True) -> int:
    """Gradients, or changed windows to predict, that are not known yet, over all runs."""
    if not question.is_mutagenesis:
        return 0 if question.kept(store) is not None else question.plan.gradients
    chunks = (*(question.block_chunks if coarse else ()), *question.letter_chunks)
    if len(chunks) > _LOOKED_UP:
        return sum(chunk.edits(question.asked.letters) for chunk in chunks) * len(question.asked.runs)
    missing = [chunk for chunk in chunks if store.chunk(question.chunk_key(chunk)) is None]
    return sum(chunk.edits(question.asked.letters) for chunk in missing) * len(question.asked.runs)


def unit_seconds(question: ContributionQuestion, timings: Timings, whole_seconds: float | None = None) -> float | None:
    """Of one gradient or changed letter: from earlier ones on this machine, or else from what a prediction takes.

    Parameters
    ----------
    whole_seconds : of one prediction of a window of which nothing is known.
    """
    found = timings.estimate(kind_of(question))
    if found is not None or whole_seconds is None:
        return found
    parts, length, target = question.engine.parts, len(question.sequence), question.target
    if question.is_mutagenesis:
        cost = edit_cost(question.engine, length, target)
    else:
        cost = gradient_costs(parts, length, len(target.all_tracks))
    return whole_seconds * cost / run_costs(parts, length)


def estimate_seconds(
    question: ContributionQuestion,
    store: ContributionStore,
    timings: Timings,
    *,
    whole_seconds: float | None = None,
    coarse: bool = True,
) -> float | None:
    """Seconds that are left of a question; None where nothing was measured and `whole_seconds` is not given."""
    each = unit_seconds(question, timings, whole_seconds)
    if each is None:
        return None
    left = units_left(question, store, coarse=coarse)
    return left * each + (whole_seconds or 0.0) * bool(left and question.is_mutagenesis)


def check_effort(question: ContributionQuestion, seconds: float, limit: float = LONGEST_SECONDS) -> None:
    """Refuse what would run for too long, and say what would not.

    Parameters
    ----------
    seconds : as estimated.

    Raises
    ------
    TooLongError
        It is above the limit.
    """
    if seconds <= limit:
        return
    if not question.is_mutagenesis:
        raise TooLongError(
            f"{question.plan.gradients:,} gradients of {len(question.sequence):,} letters would take "
            f"{format_seconds(seconds)} here, and at most {format_seconds(limit)} are begun; take fewer steps, "
            "baselines or averaged runs."
        )
    letters, runs = question.end - question.start, len(question.asked.runs)
    edits = sum(chunk.edits(question.asked.letters) for chunk in (*question.block_chunks, *question.letter_chunks))
    each = seconds / max(1, edits)
    blocks = [block for chunk in question.block_chunks for block in chunk.blocks]
    pooled = Chunk(blocks=tuple(blocks)).edits(question.asked.letters) * each
    most = int(limit / each / 3)
    size = question.engine.bin_size_bp
    offer = f"choose at most {most:,} letters" if most else "choose another method"
    if blocks and pooled <= limit:
        offer += f", or destroy whole blocks: {len(blocks):,} of {size} bp take {format_seconds(pooled)}"
    averaged = f" in {runs} runs" if runs > 1 else ""
    raise TooLongError(
        f"Letter by letter, {letters:,} bp are {3 * letters:,} predictions{averaged} and would take "
        f"{format_seconds(seconds)} here; at most {format_seconds(limit)} are begun. Give a shorter stretch: {offer}."
    )


def _prediction(question: ContributionQuestion) -> predictions.Question:
    """A prediction of the same window: what its time is remembered for."""
    return predictions.Question(
        question.engine, question.sequence, ("", ""), question.interval, question.target.head, predictions.Averaging()
    )
