"""A prediction as a question: asked of what is kept first, then of the model, as a job with an estimate."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.enformer import predicting
from core.enformer.asked import Asked
from core.enformer.averaging import Averaging, window_with_flanks
from core.enformer.progress import run_costs
from core.enformer.results import ResultStore, as_json, cached_prediction, kept_prediction
from core.genome.interval import Interval
from core.jobs import JobSpec, PieceContext
from core.timing import Timings

if TYPE_CHECKING:
    from core.enformer.engine import EnformerEngine
    from core.enformer.values import TrackSet
    from core.genome.reference import Reference

CALIBRATION_SHARE = 16  # of the window; a sixteenth of Enformer's takes two to three seconds on two cores
CALIBRATION_BINS = 16
LEAST_SHARE = 0.3  # of a window's cost: a run that had less to do tells little about a whole one
SMALL_RUN = 3e10  # multiply-adds; Enformer's own window has 1.6e12
SLOW_RATE = 1e10  # a second, on one busy core


@dataclass(frozen=True, eq=False)
class Question:
    """All tracks of one head over one window. Choosing among them needs no other run.

    Attributes
    ----------
    sequence : letters of the window.
    flanks : letters beside it that shifted runs read.
    """

    engine: EnformerEngine
    sequence: str
    flanks: tuple[str, str]
    interval: Interval
    head: str
    averaging: Averaging

    @classmethod
    def at(
        cls, engine: EnformerEngine, reference: Reference, interval: Interval, head: str, averaging: Averaging
    ) -> Question:
        """The question about a window of a genome.

        Raises
        ------
        InvalidLocusError, GenomeUnavailableError
            As `Reference.fetch`.
        """
        sequence, flanks = window_with_flanks(reference, interval, averaging)
        return cls(engine, sequence, flanks, interval, head, averaging)

    @property
    def options(self) -> dict[str, Any]:
        """Keywords of `EnformerEngine.predict`."""
        more = {"flanks": self.flanks} if self.averaging.reach_bp else {}
        return {"head": self.head, "interval": self.interval, "averaging": self.averaging, **more}

    @property
    def key(self) -> str:
        """64 hexadecimal digits that two questions share only if their answers are the same."""
        sequence = hashlib.sha256(self.sequence.upper().encode()).hexdigest()
        return hashlib.sha256(as_json([self.engine.fingerprint, sequence, self.options]).encode()).hexdigest()

    def kept(self, store: ResultStore) -> TrackSet | None:
        """The answer, if it was found before."""
        return kept_prediction(self.engine, store, self.sequence, **self.options)

    def answer(self, store: ResultStore, on_progress: Callable[[float], None] | None = None) -> TrackSet:
        """The answer, kept or predicted now.

        Raises
        ------
        AttendomeError
            As `EnformerEngine.predict`.
        """
        return cached_prediction(self.engine, store, self.sequence, on_progress=on_progress, **self.options)


def prediction_job(
    question: Question, store: ResultStore, timings: Timings, *, title: str, queue: str, owner: str,
    on_answer: Callable[[TrackSet], None],
    on_took: Callable[[float, float, float | None], None] = lambda seconds, reused, whole: None,
) -> JobSpec:  # fmt: skip
    """A job that answers a question and keeps the answer; how long it took goes into the estimates.

    Parameters
    ----------
    on_took : called after a run with its seconds, the share of the tower that was reused, and what earlier runs say
        that it takes where nothing is known.
    """

    def predict(piece: int, context: PieceContext) -> None:
        if (found := question.kept(store)) is None:
            share, started = remaining_share(question), time.monotonic()
            found = question.answer(store, lambda done: context.progress(done, "Predicting"))
            seconds = time.monotonic() - started
            on_took(seconds, found.reused, estimate_seconds(question, timings))
            if share > LEAST_SHARE:
                timings.record(kind_of(question), seconds / len(question.averaging.runs) / share)
        on_answer(found)

    return JobSpec(
        key=job_key(question), title=title, queue=queue, pieces=1, run_piece=predict, owner=owner,
        keep_pieces=False,
    )  # fmt: skip


def job_key(question: Question) -> str:
    """What makes two predictions the same job, whoever asks for them."""
    return f"tracks {question.key}"


def kind_of(question: Question) -> str:
    """What an estimate is remembered for: the model's code, precision and device, and the length of the window."""
    engine = question.engine
    where = hashlib.sha256(as_json(engine.fingerprint).encode()).hexdigest()[:16]
    return f"tracks {where} {engine.device} {len(question.sequence)}"


def estimate_seconds(question: Question, timings: Timings) -> float | None:
    """Seconds that all runs of a question take if nothing of its window is known; None before the first measurement.

    From earlier ones on this machine; `remaining_share` tells how much of it is left.
    """
    found = timings.estimate(kind_of(question))
    return None if found is None else found * len(question.averaging.runs)


def remaining_share(question: Question) -> float:
    """How much of that is left, 0 to 1: what the engine knows of the window from others, it does not compute again."""
    window = Asked.of_edits(
        question.engine, question.sequence, (), head=question.head, flank=question.flanks, averaging=question.averaging
    )
    return predicting.remaining_share(question.engine, window)


def small_run_seconds(question: Question) -> float | None:
    """Seconds, rather too many than too few, of a run that is too short to be worth measuring first; else None."""
    costs = run_costs(question.engine.parts, len(question.sequence))
    return len(question.averaging.runs) * costs / SLOW_RATE if costs < SMALL_RUN else None


def calibrate(question: Question, timings: Timings) -> None:
    """Time a short piece of the window, and remember what the whole would take: cost grows with the length.

    Raises
    ------
    DeviceMemoryError
        Not even the piece fits.
    """
    bins = len(question.sequence) // question.engine.bin_size_bp
    piece = min(bins, max(bins // CALIBRATION_SHARE, CALIBRATION_BINS)) * question.engine.bin_size_bp
    middle = (len(question.sequence) - piece) // 2
    part, options = question.sequence[middle : middle + piece], {"head": question.head, "target_length": 1}
    question.engine.predict(part[: question.engine.bin_size_bp * CALIBRATION_BINS], **options)  # first runs are slow
    asked = Asked.of_edits(
        question.engine, part, (), bins=piece // question.engine.bin_size_bp // 2, head=question.head
    )
    share, started = predicting.remaining_share(question.engine, asked), time.monotonic()
    question.engine.predict(part, **options)
    whole = (time.monotonic() - started) / max(share, LEAST_SHARE)
    timings.record(kind_of(question), whole * len(question.sequence) / piece)
