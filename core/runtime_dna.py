"""What all people who use one running app share of the DNA half: models, genomes, predictions; see `core.runtime`."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import streamlit as st

from core import runtime
from core.genome import named_genome, open_genome
from core.runtime import RESULT_BYTES, OnWait
from core.settings import settings
from core.shelf import Shelf
from core.timing import Timings
from core.uploads import SessionFolder

if TYPE_CHECKING:
    from core.enformer.asking import Question
    from core.enformer.averaging import Averaging
    from core.enformer.engine import EnformerEngine
    from core.enformer.models import DnaModel
    from core.enformer.results import ResultStore
    from core.enformer.values import TrackSet
    from core.genome.annotation import Genes
    from core.genome.interval import Interval
    from core.genome.progress import OnProgress
    from core.genome.reference import Reference

PLAYGROUND = "playground"
WARM_BINS = 16


def _nothing(ahead: int) -> None:
    """Do nothing while waiting."""


@st.cache_resource(show_spinner=False)
def _engines() -> WeakKeyDictionary[DnaModel, dict[str, EnformerEngine]]:
    """The engines of each DNA model that is in memory, by precision."""
    return WeakKeyDictionary()


def dna_model(name: str, *, on_wait: OnWait = _nothing) -> DnaModel:
    """The DNA model that a browser named, from memory or loaded; see `core.runtime.language_model`.

    Raises
    ------
    ModelUnavailableError
        The name is not on the list, or its files cannot be used.
    DeviceMemoryError
        It does not fit in memory.
    """
    from core.enformer.models import load_model
    from core.enformer.registry import named_dna_source, source_bytes, source_version
    from core.enformer.track_file import HUMAN_FILE

    options = settings()
    source = named_dna_source(name, options)
    key = ("dna", *source_version(source), (options.cache_folder / "enformer" / HUMAN_FILE.name).exists())

    def load() -> DnaModel:
        return load_model(name, options=options, on_wait=lambda: on_wait(0))

    return runtime.kept_model(key, load, source_bytes(source), on_wait)


def dna_engine(model: DnaModel, *, exact: bool = False) -> EnformerEngine:
    """The one engine of a DNA model: `exact` in float32 whatever is faster, else as fast as this machine can while
    every track keeps its correlation with float32 (see `core.enformer.calibration`)."""
    from core.enformer.engine import EnformerEngine

    engines, precision = _engines().setdefault(model, {}), "float32" if exact else "auto"
    if precision not in engines:
        engines[precision] = EnformerEngine(model, precision=precision)
    return engines[precision]


@st.cache_resource(show_spinner=False)
def _genomes() -> Shelf[Any]:
    """Opened genomes, and their genes."""
    return Shelf(max_count=16)


def genome(name: str, *, on_wait: OnWait = _nothing, on_progress: OnProgress | None = None) -> Reference:
    """The genome that a browser named, opened once; anew when its file has changed.

    `on_progress` is called with 0 to 1 while bytes of a remote one arrive.

    Raises
    ------
    GenomeUnavailableError
        The name is not on the list, or its file or server cannot be read.
    """
    source = named_genome(name, settings())
    key = ("genome", name, source.version)
    return _genomes().get(key, lambda: source.open(on_progress=on_progress), on_wait=lambda: on_wait(0))


def annotation(
    name: str, reference: Reference, *, on_wait: OnWait = _nothing, on_progress: OnProgress | None = None
) -> Genes | None:
    """The genes of that genome, read once; None where there are none. `on_progress` as in `genome`.

    Raises
    ------
    AnnotationError, GenomeUnavailableError
        Their file or server cannot be read.
    """
    source = named_genome(name, settings())
    key = ("genes", name, source.version, reference.identity)
    return _genomes().get(key, lambda: source.genes(reference, on_progress=on_progress), on_wait=lambda: on_wait(0))


@st.cache_resource(show_spinner=False, scope="session", on_release=SessionFolder.close)
def session_folder() -> SessionFolder:
    """Where this session's upload is kept; removed when the session ends."""
    return SessionFolder()


def uploaded_genome(path: Path) -> Reference:
    """The genome that this session uploaded.

    Raises
    ------
    GenomeFileError
        It is no FASTA, or of a kind that is refused.
    """
    return _genomes().get(("upload", str(path)), lambda: open_genome(path, options=settings()))


@st.cache_resource(show_spinner=False)
def _predictions() -> Shelf[TrackSet]:
    return Shelf(max_count=64, max_bytes=RESULT_BYTES, size=lambda found: found.nbytes)


@st.cache_resource(show_spinner=False)
def _prediction_store() -> ResultStore:
    from core.enformer.results import ResultStore

    return ResultStore(options=settings())


@st.cache_resource(show_spinner=False)
def _letters() -> Shelf[tuple[str, tuple[str, str]]]:
    """Letters of windows, and those beside them that shifted runs read."""
    return Shelf(max_count=256, max_bytes=64 * 1024**2, size=lambda found: len(found[0]))


def question_at(
    engine: EnformerEngine, reference: Reference, window: Interval, head: str, averaging: Averaging
) -> Question:
    """The question about a window, whose letters are read once.

    Raises
    ------
    InvalidLocusError, GenomeUnavailableError
        As `Reference.fetch`.
    """
    from core.enformer.asking import Question
    from core.enformer.averaging import window_with_flanks

    key = (reference.identity, window, averaging)
    sequence, flanks = _letters().get(key, lambda: window_with_flanks(reference, window, averaging))
    return Question(engine, sequence, flanks, window, head, averaging)


@st.cache_resource(show_spinner=False)
def timings() -> Timings:
    """How long work took on this machine."""
    return Timings(settings().cache_folder / "timings.json")


def known_prediction(question: Question) -> TrackSet | None:
    """The answer, if it was found before: from memory, or from disk also after a restart."""

    def from_disk() -> TrackSet:
        if (found := question.kept(_prediction_store())) is None:
            raise LookupError
        return found

    with suppress(LookupError):
        return _predictions().get(question.key, from_disk)
    return None


def prediction_seconds(question: Question, *, on_wait: OnWait = _nothing) -> float:
    """What a prediction will take, without what is known of its window from others.

    Raises
    ------
    DeviceMemoryError, SequenceError
        As `EnformerEngine.predict`.
    """
    from core.enformer.asking import remaining_share, small_run_seconds

    if (small := small_run_seconds(question)) is not None:
        return small
    return whole_prediction_seconds(question, on_wait=on_wait) * remaining_share(question)


def whole_prediction_seconds(question: Question, *, on_wait: OnWait = _nothing) -> float:
    """What it would take if nothing of the window were known: from its size where it is small, from earlier runs here,
    or else from a short piece that is run now. Before the first of them the fastest arithmetic is looked for.

    Raises
    ------
    DeviceMemoryError, SequenceError
        As `EnformerEngine.predict`.
    """
    from core.enformer.asking import calibrate, estimate_seconds, small_run_seconds

    for known in (small_run_seconds(question), estimate_seconds(question, timings())):
        if known is not None:
            return known
    with runtime.queue(runtime.queue_name(question.engine.device)).turn(
        owner=runtime.person(), interactive=True, on_wait=on_wait
    ):
        question.engine.calibrate(question.sequence)
        calibrate(question, timings())
    return estimate_seconds(question, timings()) or 0.0


@dataclass(frozen=True)
class Took:
    """How long a prediction took.

    Attributes
    ----------
    seconds : as measured.
    reused : share of the tower that was known, 0 to 1.
    whole_seconds : what it takes if nothing is known; None where that was never measured.
    """

    seconds: float
    reused: float
    whole_seconds: float | None


@st.cache_resource(show_spinner=False)
def _took() -> Shelf[Took]:
    return Shelf(max_count=1000)


def took(question: Question) -> Took | None:
    """How long the prediction took, where this process made it."""

    def missing() -> Took:
        raise LookupError

    with suppress(LookupError):
        return _took().get(question.key, missing)
    return None


def start_prediction(question: Question, title: str) -> str:
    """Id of a job that answers the question; when it is done, `known_prediction` has the answer."""
    from core.enformer.asking import prediction_job

    predictions, records, key = _predictions(), _took(), question.key
    job = prediction_job(
        question,
        _prediction_store(),
        timings(),
        title=title,
        queue=runtime.queue_name(question.engine.device),
        owner=runtime.person(),
        on_answer=lambda found: predictions.get(key, lambda: found),
        on_took=lambda *numbers: records.get(key, lambda: Took(*numbers)),
    )
    return runtime.jobs().submit(job)


def warm_up() -> None:
    """Load what the DNA pages begin with: the playground's model, genome and grammar; a failure is shown there."""
    from core.attribution import Target, gradient_x_input
    from core.enformer.registry import dna_model_sources
    from core.errors import AttendomeError
    from core.teaching.playground.world import world

    with suppress(AttendomeError):
        if not any(source.name == PLAYGROUND and source.ready for source in dna_model_sources(settings())):
            return
        model = dna_model(PLAYGROUND)
        engine, exact = dna_engine(model), dna_engine(model, exact=True)
        reference = genome(PLAYGROUND)
        annotation(PLAYGROUND, reference)
        world()
        with runtime.queue(runtime.queue_name(engine.device)).turn(owner="warm-up", interactive=True):
            letters = "ACGT" * (WARM_BINS * engine.bin_size_bp // 4)
            engine.predict(letters)
            gradient_x_input(exact, letters, Target((0,), (0,)))
