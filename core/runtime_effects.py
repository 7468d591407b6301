"""What all people who use one running app share of the effects of variants; see `core.runtime_dna`.

Every question of this page is of one form: `key` (64 hexadecimal digits that only equal answers share), `kept(store)`
and `answer(store, on_progress)`. So they share a shelf, a form of job and a way to be asked.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import streamlit as st

from core import runtime, runtime_dna
from core.genome.interval import Interval
from core.jobs import JobSpec, PieceContext
from core.runtime_dna import WARM_BINS
from core.settings import settings
from core.shelf import Shelf

if TYPE_CHECKING:
    from core.attribution.store import ContributionStore
    from core.effects.asking import EffectStore
    from core.effects.background import Background, BackgroundQuestion, BackgroundStore
    from core.enformer.engine import EnformerEngine

ANSWER_BYTES = 384 * 1024**2
OnProgress = Callable[[float], None] | None


class EffectAsk(Protocol):
    """A question of this page; see the module."""

    @property
    def engine(self) -> EnformerEngine: ...

    @property
    def key(self) -> str: ...

    def kept(self, store: Any) -> Any | None: ...

    def answer(self, store: Any, on_progress: OnProgress = None) -> Any: ...


@dataclass(frozen=True, eq=False)
class MadeAnswer:
    """A question whose answer lives in memory alone.

    Attributes
    ----------
    key : names all that the answer depends on. make : computes it.
    timing : what the seconds of one of its `units` are remembered for; "" of what is not timed.
    """

    engine: EnformerEngine
    key: str
    make: Callable[[OnProgress], Any]
    timing: str = ""
    units: float = 1.0

    def kept(self, store: Any) -> None:
        """Never on disk."""

    def answer(self, store: Any, on_progress: OnProgress = None) -> Any:
        """Computed now."""
        return self.make(on_progress)


def _size(found: Any) -> int:
    return int(getattr(found, "nbytes", 0)) or 4096


@st.cache_resource(show_spinner=False)
def _answers() -> Shelf[Any]:
    return Shelf(max_count=256, max_bytes=ANSWER_BYTES, size=_size)


@st.cache_resource(show_spinner=False)
def effect_store() -> EffectStore:
    """The one store of effects on disk."""
    from core.effects.asking import EffectStore

    return EffectStore(options=settings())


@st.cache_resource(show_spinner=False)
def background_store() -> BackgroundStore:
    """The one store of random changes on disk."""
    from core.effects.background import BackgroundStore

    return BackgroundStore(options=settings())


def contribution_store() -> ContributionStore:
    """The store of contributions on disk, which the contributions page shares."""
    from core.runtime_contributions import _store

    return _store()


def store_of(question: EffectAsk) -> Any:
    """Where the answer of a question is kept; None where it is not."""
    makers = {
        "EffectQuestion": effect_store,
        "BackgroundQuestion": background_store,
        "ContributionQuestion": contribution_store,
    }
    maker = makers.get(type(question).__name__)
    return None if maker is None else maker()


def known_answer(question: EffectAsk) -> Any | None:
    """The whole answer, if it was found before: from memory, or from disk also after a restart."""

    def from_disk() -> Any:
        if (found := question.kept(store_of(question))) is None or _is_part(found):
            raise LookupError
        return found

    with suppress(LookupError):
        return _answers().get(_shelf_key(question), from_disk)
    return None


def _shelf_key(question: EffectAsk) -> tuple[str, str]:
    return type(question).__name__, question.key


def _is_part(found: Any) -> bool:
    """Whether it is a background of which not all is computed yet."""
    return hasattr(found, "asked") and len(found) < found.asked


def known_part(question: BackgroundQuestion) -> Background | None:
    """What is known of random changes before all of it is."""
    return question.kept(background_store())


def running_answer(question: EffectAsk) -> str | None:
    """Id of the job that answers this question now, whoever asked it."""
    return runtime.jobs().active(_job_key(question))


def start_answer(question: EffectAsk, title: str, saying: str) -> str:
    """Id of a job that answers the question; when it is done, `known_answer` has the answer.

    Parameters
    ----------
    saying : what is being done, in words, beside the progress.
    """
    store, answers, key = store_of(question), _answers(), _shelf_key(question)
    if (own := _own_job(question, store, title)) is not None:
        return runtime.jobs().submit(own)

    def work(piece: int, context: PieceContext) -> None:
        if (found := question.kept(store)) is None:
            started = time.monotonic()
            found = question.answer(store, lambda done: context.progress(done, saying))
            if timing := getattr(question, "timing", ""):
                runtime_dna.timings().record(timing, (time.monotonic() - started) / question.units)
        answers.get(key, lambda: found)

    job = JobSpec(
        key=_job_key(question), title=title, queue=runtime.queue_name(question.engine.device), pieces=1,
        run_piece=work, owner=runtime.person(), keep_pieces=False,
    )  # fmt: skip
    return runtime.jobs().submit(job)


def _own_job(question: EffectAsk, store: Any, title: str) -> JobSpec | None:
    """The job of the question's own module, which keeps times and, of long work, pieces: others get their turn between
    them. None of a question that has none."""
    from core.attribution import asking as contributions
    from core.attribution import job
    from core.effects import asking, background

    timings = runtime_dna.timings()
    told = {"title": title, "queue": runtime.queue_name(question.engine.device), "owner": runtime.person()}
    if isinstance(question, asking.EffectQuestion):
        return asking.effect_job(question, store, timings, **told)
    if isinstance(question, background.BackgroundQuestion):
        return background.background_job(question, store, timings, **told)
    if isinstance(question, contributions.ContributionQuestion):
        return job.contribution_job(question, store, timings, coarse=False, **told)
    return None


def derived(key: tuple, make: Callable[[], Any]) -> Any:
    """What is made of answers without the model, and asked for again at every rerun; `key` names all it depends on."""
    return _answers().get(("derived", *key), make)


def is_derived(key: tuple) -> bool:
    """Whether `derived` has it already."""
    return ("derived", *key) in set(_answers().keys())


def warm_up() -> None:
    """What the first variant on the playground needs: the exact engine and its code; a failure is shown there."""
    from core.effects import effect_of
    from core.enformer.registry import dna_model_sources
    from core.errors import AttendomeError
    from core.genome.variant import Variant

    with suppress(AttendomeError):
        if not any(source.name == runtime_dna.PLAYGROUND and source.ready for source in dna_model_sources(settings())):
            return
        engine = runtime_dna.dna_engine(runtime_dna.dna_model(runtime_dna.PLAYGROUND), exact=True)
        reference = runtime_dna.genome(runtime_dna.PLAYGROUND)
        chrom = next(iter(reference.contigs))
        place = reference.contigs[chrom] // 2
        letter = reference.fetch(Interval(chrom, place, place + 1))
        if letter == "N":
            return
        variant = Variant(chrom, place + 1, letter, "A" if letter != "A" else "C")
        width = WARM_BINS * engine.bin_size_bp
        with runtime.queue(runtime.queue_name(engine.device)).turn(owner="warm-up", interactive=True):
            effect_of(engine, reference, variant, width_bp=width)


def _job_key(question: EffectAsk) -> str:
    from core.attribution import asking as contributions
    from core.attribution import job
    from core.effects import asking, background

    if isinstance(question, asking.EffectQuestion):
        return asking.job_key(question)
    if isinstance(question, background.BackgroundQuestion):
        return f"background {question.key}"
    if isinstance(question, contributions.ContributionQuestion):
        return job.job_key(question, coarse=False)
    return f"effects {type(question).__name__} {question.key}"
