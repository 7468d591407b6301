"""What all people who use one running app share of lists of variants: what was read, their scores, the jobs."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core import runtime, runtime_dna
from core.jobs import JobSpec, PieceContext
from core.settings import settings
from core.shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.effects.evaluation import Evaluation
    from core.effects.job import Scoring
    from core.effects.journal import Journal
    from core.effects.listed import VariantList
    from core.enformer.engine import EnformerEngine
    from core.genome.reference import Reference


@st.cache_resource(show_spinner=False)
def _lists() -> Shelf[VariantList]:
    return Shelf(max_count=8)


@st.cache_resource(show_spinner=False)
def _journals() -> Shelf[Journal]:
    return Shelf(max_count=16)


@st.cache_resource(show_spinner=False)
def _scorings() -> Shelf[Scoring]:
    return Shelf(max_count=8)


@st.cache_resource(show_spinner=False)
def _evaluations() -> Shelf[Evaluation]:
    return Shelf(max_count=32)


def list_key(content: bytes, name: str, engine: EnformerEngine, genome: Reference) -> str:
    """64 hexadecimal digits of a file, and of what it is checked against."""
    told = f"{name}\0{engine.title}\0{engine.input_bp}\0{engine.own_bins}\0{genome.identity}\0"
    return hashlib.sha256(told.encode() + hashlib.sha256(content).digest()).hexdigest()


def known_list(key: str) -> VariantList | None:
    """The list of this key, if it was read."""

    def missing() -> VariantList:
        raise LookupError

    with suppress(LookupError):
        return _lists().get(key, missing)
    return None


def start_list(key: str, content: bytes, name: str, engine: EnformerEngine, genome: Reference) -> str:
    """Id of a job that reads and checks a list; when it is done, `known_list` has it.

    It takes turns with downloads, not with predictions: a genome that lies elsewhere is slow, and no device is used.
    """
    from core.effects.listed import read_list

    lists = _lists()

    def read(piece: int, context: PieceContext) -> None:
        def told(count: int, size: int) -> None:
            context.progress(size / max(1, len(content)), f"{count:,} variants read")

        found = read_list(BytesIO(content), engine, genome, name=name, on_progress=told)
        lists.get(key, lambda: found)

    job = JobSpec(
        key=f"list {key}", title=f"Reading {name}", queue="network", pieces=1, run_piece=read, owner=runtime.person(),
        keep_pieces=False,
    )  # fmt: skip
    return runtime.jobs().submit(job)


def scoring_of(key: tuple, make: Callable[[], Scoring]) -> Scoring:
    """A scoring, made once; `key` names all it depends on."""
    return _scorings().get(key, make)


def scores_folder() -> Path:
    """Where the scores of lists are kept."""
    return settings().cache_folder / "effects" / "lists"


def journal_of(scoring: Scoring) -> Journal:
    """What is finished of a scoring, as of now.

    Raises
    ------
    JobError
        The cache folder cannot be used.
    """
    from core.effects.job import folder_of
    from core.effects.journal import Journal

    found = _journals().get(scoring.key, lambda: Journal(folder_of(scoring, scores_folder()), scoring.plan))
    found.refresh()
    return found


def running_scoring(scoring: Scoring) -> str | None:
    """Id of the job that scores this list now, whoever asked for it."""
    return runtime.jobs().active(f"effects {scoring.key}")


def start_scoring(scoring: Scoring, title: str) -> str:
    """Id of the job that finishes a list.

    Raises
    ------
    JobError
        It is finished, or the cache folder cannot be written.
    """
    from core.effects.job import folder_of, scoring_job
    from core.effects.kept import prune

    if (active := running_scoring(scoring)) is not None:
        return active
    prune(scores_folder(), settings().scores_bytes, keep={scoring.key})
    return runtime.jobs().submit(
        scoring_job(
            scoring, folder_of(scoring, scores_folder()), runtime_dna.timings(), title=title,
            queue=runtime.queue_name(scoring.engine.device), owner=runtime.person(),
        )
    )  # fmt: skip


def seconds_for(scoring: Scoring, *, on_wait: Callable[[int], None]) -> float:
    """What is left of a list takes about so long; a model that was never timed here runs a short piece first.

    Raises
    ------
    AttendomeError
        As `core.effects.job.measure`.
    """
    from core.effects.job import left_of, measure, seconds_left

    left = left_of(scoring, journal_of(scoring))
    if (seconds := seconds_left(scoring, left, runtime_dna.timings())) is None:
        with runtime.queue(runtime.queue_name(scoring.engine.device)).turn(
            owner=runtime.person(), interactive=True, on_wait=on_wait
        ):
            measure(scoring, runtime_dna.timings())
        seconds = seconds_left(scoring, left, runtime_dna.timings())
    return seconds or 0.0


def evaluation_of(key: tuple, make: Callable[[], Evaluation]) -> Evaluation:
    """Figures of a labelled table, made once; `key` names all they depend on."""
    return _evaluations().get(key, make)
