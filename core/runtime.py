"""What all people who use one running app share: models, results, device queues, jobs.

The only module of `core` that knows Streamlit: each store is one `st.cache_resource`, so that it
lives once per process and every session gets the same object.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import suppress

import psutil
import streamlit as st

from core.errors import AttendomeError
from core.jobs import DeviceQueue, JobManager
from core.language import AttentionResult, LanguageModel, attention, load_model
from core.language.models import choose_device
from core.language.registry import DEFAULT_MODEL, named_source
from core.language.text import prepare_text
from core.language.values import AttentionKind
from core.settings import settings
from core.shelf import Shelf

MEMORY_RESERVE = 1.5e9
RESULT_BYTES = 512 * 1024**2
JOB_DISK_BYTES = 20 * 1024**3


def _nothing() -> None:
    """Do nothing while waiting."""


@st.cache_resource(show_spinner=False)
def _models() -> Shelf[LanguageModel]:
    return Shelf(
        max_count=settings().max_models,
        size=lambda model: model.nbytes,
        is_memory_short=lambda: psutil.virtual_memory().available < MEMORY_RESERVE,
    )


@st.cache_resource(show_spinner=False)
def _results() -> Shelf[AttentionResult]:
    return Shelf(max_count=64, max_bytes=RESULT_BYTES, size=lambda result: result.nbytes)


@st.cache_resource(show_spinner=False)
def jobs() -> JobManager:
    """The one manager of long work, and of the queue of each device; pieces are under the cache folder."""
    names = ("network", "cpu", "mps", *(f"cuda:{number}" for number in range(16)))
    return JobManager(
        settings().cache_folder / "jobs",
        max_disk_bytes=JOB_DISK_BYTES,
        max_finished=50,
        queues={name: DeviceQueue(name) for name in names},
    )


@st.cache_resource(show_spinner=False)
def device() -> str:
    """The device that models run on; imports torch."""
    return choose_device(settings().device)


def person() -> str:
    """A name for this browser session, so that queues are fair between people."""
    return st.session_state.setdefault("_person", uuid.uuid4().hex)


def language_model(name: str, *, on_wait: Callable[[], None] = _nothing) -> LanguageModel:
    """The model that a browser named, from memory or loaded.

    Raises
    ------
    ModelUnavailableError
        The name is not on the list, or its files cannot be used.
    DeviceMemoryError
        It does not fit in memory.
    """
    options = settings()
    source = named_source(name, options)
    return _models().get((name, source.revision), lambda: load_model(name, options=options), on_wait=on_wait)


def attention_result(
    model: LanguageModel,
    text: str,
    target_text: str | None = None,
    *,
    kind: AttentionKind | None = None,
    on_wait: Callable[[], None] = _nothing,
) -> AttentionResult:
    """Attention of a model on a text, computed once for everyone who asks the same.

    `on_wait` is called while somebody else's run holds the device.

    Raises
    ------
    TextError, DeviceMemoryError
        As `core.language.attention`; a text may also have more characters than the settings allow.
    """

    def run() -> AttentionResult:
        with (
            jobs().queues[str(model.device)].turn(owner=person(), interactive=True, on_wait=lambda position: on_wait())
        ):
            return attention(model, text, target_text, kind=kind)

    for given in filter(None, (text, target_text)):
        prepare_text(given, max_characters=settings().max_characters)
    key = (model.card.name, model.card.revision, text, target_text, kind)
    return _results().get(key, run, on_wait=on_wait)


def warm_up(name: str = DEFAULT_MODEL) -> None:
    """Import the heavy libraries and load the model that the first page shows; a failure is shown there."""
    with suppress(AttendomeError):
        attention(language_model(name), "warm")
