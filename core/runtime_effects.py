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
from core.jobs import JobSpec, PieceContext
from core.settings import settings
from core.shelf import Shelf

if TYPE_CHECKING:
    from core.attribution.store import ContributionStore
    from core.effects.asking import EffectStore
    from core.effects.background import BackgroundStore
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
    """

    engine: EnformerEngine
    key: str
    make: Callable[[OnProgress], Any]

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


def running_answer(question: EffectAsk) -> str | None:
    """Id of the job that answers this question now, whoever asked it."""
    return runtime.jobs().active(_job_key(question))


def start_answer(question: EffectAsk, title: str, saying: str) -> str:
    """Id of a job that answers the question; when it is done, `known_answer` has the answer.

    Parameters
    ----------
    saying : what is being done, in words, beside the progress.
    """
    store, answers, key, timings = store_of(question), _answers(), _shelf_key(question), runtime_dna.timings()
    kind = _kind_of(question)

    def work(piece: int, context: PieceContext) -> None:
        found = question.kept(store)
        if found is None or _is_part(found):
            known, started = 0 if found is None else len(found), time.monotonic()
            found = question.answer(store, lambda done: context.progress(done, saying))
            if kind:
                timings.record(kind, (time.monotonic() - started) / _units(question, known))
        answers.get(key, lambda: found)

    job = JobSpec(
        key=_job_key(question), title=title, queue=runtime.queue_name(question.engine.device), pieces=1,
        run_piece=work, owner=runtime.person(), keep_pieces=False,
    )  # fmt: skip
    return runtime.jobs().submit(job)


def _kind_of(question: EffectAsk) -> str:
    """What its time is remembered for; "" where its module does that itself or nobody asks."""
    from core.effects import asking, background

    if isinstance(question, asking.EffectQuestion):
        return asking.kind_of(question)
    return background.kind_of(question) if isinstance(question, background.BackgroundQuestion) else ""


def _units(question: EffectAsk, known: int) -> int:
    """By how many its time is divided, as its own module counts: readings of a window, or random changes."""
    from core.effects import asking, background

    if isinstance(question, background.BackgroundQuestion):
        return max(1, question.count - known)
    return asking.readings_needed(question)


def derived(key: tuple, make: Callable[[], Any]) -> Any:
    """What is made of answers without the model, and asked for again at every rerun; `key` names all it depends on."""
    return _answers().get(("derived", *key), make)


def is_derived(key: tuple) -> bool:
    """Whether `derived` has it already."""
    return ("derived", *key) in set(_answers().keys())


def _job_key(question: EffectAsk) -> str:
    return f"effects {type(question).__name__} {question.key}"
