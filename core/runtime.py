"""What all people who use one running app share: models, results, device queues, jobs.

The only module of `core`, with `runtime_dna`, that knows Streamlit: each store is one `st.cache_resource`, so that it
lives once per process and every session gets the same object.
"""

from __future__ import annotations

import atexit
import gc
import uuid
from collections.abc import Callable, Hashable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import psutil
import streamlit as st

from core.devices import choose_device
from core.errors import AttendomeError, DeviceMemoryError
from core.files import weights_file
from core.jobs import DeviceQueue, JobManager
from core.language import AttentionResult, LanguageModel, attention, load_model
from core.language.registry import DEFAULT_MODEL, named_source
from core.language.text import prepare_text
from core.language.values import AttentionKind
from core.settings import settings
from core.shelf import Shelf

if TYPE_CHECKING:
    import torch

MEMORY_RESERVE_BYTES = 1_500_000_000
RESULT_BYTES = 512 * 1024**2
JOB_DISK_BYTES = 20 * 1024**3
QUEUES = ("network", "motifs", "cpu", "mps", *(f"cuda:{number}" for number in range(16)))

OnWait = Callable[[int], None]
Heads = tuple[tuple[int, int], ...]
Answer = TypeVar("Answer")


def _nothing(ahead: int) -> None:
    """Do nothing while waiting."""


@st.cache_resource(show_spinner=False)
def _models() -> Shelf[Any]:
    """Models of both kinds: they share one memory."""
    return Shelf(
        max_count=settings().max_models,
        size=lambda model: model.nbytes,
        is_memory_short=lambda needed: psutil.virtual_memory().available < needed + MEMORY_RESERVE_BYTES,
    )


@st.cache_resource(show_spinner=False)
def _results() -> Shelf[AttentionResult]:
    return Shelf(max_count=64, max_bytes=RESULT_BYTES, size=lambda result: result.nbytes)


@st.cache_resource(show_spinner=False, max_entries=64)
def queue(name: str) -> DeviceQueue:
    """The one queue of a device: a forward pass or a job's piece waits here for its turn."""
    return DeviceQueue(name)


def queue_name(device: torch.device) -> str:
    """ "cpu", "mps", or "cuda:N"; a process has one CPU and one Apple GPU, whatever their index."""
    return f"cuda:{device.index or 0}" if device.type == "cuda" else device.type


@st.cache_resource(show_spinner=False)
def jobs() -> JobManager:
    """The one manager of long work; its pieces are under the cache folder.

    Raises
    ------
    SettingsError
        The cache folder cannot be used.
    """
    manager = JobManager(
        settings().cache_folder / "jobs",
        max_disk_bytes=JOB_DISK_BYTES,
        max_finished=50,
        queues={name: queue(name) for name in QUEUES},
    )
    atexit.register(manager.close)  # a piece that runs while the interpreter ends would abort the process
    return manager


@st.cache_resource(show_spinner=False)
def device() -> str:
    """The device that models run on; imports torch."""
    return choose_device(settings().device)


def person() -> str:
    """A name for this browser session, so that queues are fair between people."""
    return st.session_state.setdefault("_person", uuid.uuid4().hex)


def language_model(name: str, *, on_wait: OnWait = _nothing) -> LanguageModel:
    """The model that a browser named, from memory or loaded.

    Its files are part of the key, so that a folder with new weights is read anew.

    Raises
    ------
    ModelUnavailableError
        The name is not on the list, or its files cannot be used.
    DeviceMemoryError
        It does not fit in memory.
    """
    options = settings()
    source = named_source(name, options)
    files = weights_file(source.folder(), source.title).stat()

    def load() -> LanguageModel:
        return load_model(name, options=options, on_wait=lambda: on_wait(0))

    key = (name, source.revision, files.st_mtime_ns, files.st_size)
    return kept_model(key, load, int(1.3 * files.st_size), on_wait)


def kept_model(key: Hashable, load: Callable[[], Any], needed_bytes: int, on_wait: OnWait) -> Any:
    """The model of this key, of whichever kind, from memory or loaded.

    When memory runs out all other models are let go, and loading is tried once more.

    Raises
    ------
    ModelUnavailableError, DeviceMemoryError
        As `load`.
    """
    shelf = _models()

    def load_alone_if_needed() -> Any:
        try:
            return load()
        except DeviceMemoryError:
            if not shelf.keys():
                raise
            shelf.clear()
            return load()

    return shelf.get(key, load_alone_if_needed, needed_bytes=needed_bytes, on_wait=lambda: on_wait(0))


def attention_result(
    model: LanguageModel,
    text: str,
    target_text: str | None = None,
    *,
    kind: AttentionKind | None = None,
    without: Heads = (),
    on_wait: OnWait = _nothing,
) -> AttentionResult:
    """Attention of a model on a text, computed once for everyone who asks the same.

    Everything that only shows it in another way is made from the result, without another run.

    `on_wait` is called with the number of runs ahead while somebody else's holds the device.

    Raises
    ------
    TextError, DeviceMemoryError
        As `core.language.attention`; a text may also have more characters than the settings allow.
    """
    _check_lengths(text, target_text)

    def run() -> AttentionResult:
        with _turn(model, on_wait):
            return attention(model, text, target_text, kind=kind, without=without)

    key = (model.card.name, model.card.revision, text, target_text, kind, without)
    return _results().get(key, run, on_wait=lambda: on_wait(1))


def _check_lengths(*texts: str | None) -> None:
    for given in filter(None, texts):
        prepare_text(given, max_characters=settings().max_characters)


def _turn(model: LanguageModel, on_wait: OnWait) -> AbstractContextManager[None]:
    return queue(queue_name(model.device)).turn(owner=person(), interactive=True, on_wait=on_wait)


@st.cache_resource(show_spinner=False)
def _answers() -> Shelf[Any]:
    """Small values: scores, distributions, lenses, ablations."""
    return Shelf(max_count=96, max_bytes=RESULT_BYTES // 2, size=lambda value: getattr(value, "nbytes", 0))


def answer(
    model: LanguageModel,
    question: Callable[..., Answer],
    *arguments: Hashable,
    on_wait: OnWait = _nothing,
    on_progress: Callable[[float], None] | None = None,
    given: Mapping[str, Any] | None = None,
    **options: Hashable,
) -> Answer:
    """`question(model, *arguments, **options)` of `core.language`, asked of the device once for everyone.

    Texts among the arguments are checked for their length first. `on_progress` is handed on to a
    question that takes long; it may raise to give the run up. `given` holds what follows from the
    other arguments and is at hand already, so it does not count in the comparison.
    """
    _check_lengths(*(given for given in (*arguments, *options.values()) if isinstance(given, str)))
    more = dict(given or {}) | ({} if on_progress is None else {"on_progress": on_progress})

    def run() -> Answer:
        with _turn(model, on_wait):
            return question(model, *arguments, **options, **more)

    named = tuple(sorted(options.items()))
    key = (model.card.name, model.card.revision, question.__module__, question.__name__, arguments, named)
    return _answers().get(key, run, on_wait=lambda: on_wait(1))


@dataclass(frozen=True, eq=False)
class _Derived:
    """A value made from a result, which lives as long as it is kept: its identity is part of the key."""

    value: Any
    nbytes: int


@st.cache_resource(show_spinner=False)
def _derivations() -> Shelf[_Derived]:
    return Shelf(max_count=128, max_bytes=RESULT_BYTES, size=lambda derived: derived.nbytes)


def derived(function: Callable[..., Answer], result: AttentionResult, *arguments: Hashable) -> Answer:
    """`function(result, *arguments)`, kept while there is room: what a page asks for again at every rerun.

    A text of 1,024 tokens takes seconds to score or to roll out. Nothing runs the model here.
    """

    def make() -> _Derived:
        value = function(result, *arguments)
        many = value if isinstance(value, tuple) else (value,)
        own = sum(getattr(part, "nbytes", 0) or len(part) * isinstance(part, bytes) for part in many)
        return _Derived(value, own + result.nbytes)

    # The result itself in the key: as long as this entry lives, no other result can have its identity.
    key = (function.__module__, function.__qualname__, result, arguments)
    return _derivations().get(key, make).value


def warm_up(name: str = DEFAULT_MODEL) -> None:
    """Import the heavy libraries and load the model that the first page shows; a failure is shown there.

    The garbage collector rests meanwhile: importing makes hundreds of thousands of objects that all
    stay, and walking them again and again takes a fifth of the time.
    """
    gc.disable()
    try:
        with suppress(AttendomeError):
            model = language_model(name)
            with queue(queue_name(model.device)).turn(owner="warm-up", interactive=True):
                attention(model, "warm")
    finally:
        gc.freeze()
        gc.enable()
