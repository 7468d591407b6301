"""A variant's effect as a question: asked of what is kept first, then of the model, as a job with an estimate."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import asdict, astuple, dataclass
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from core.cards import Provenance
from core.disk_store import DiskStore
from core.effects.predicted import Readings, Stretch, flank_needed
from core.effects.score import PLAIN, made_effect
from core.effects.values import VariantEffect
from core.effects.windows import prepared, window_of
from core.enformer.averaging import Averaging
from core.enformer.packing import pack, unpack
from core.enformer.results import FOLDER, as_json, code_digest
from core.enformer.tracks import Track
from core.genome.interval import Interval
from core.genome.reference import Reference
from core.genome.variant import Variant
from core.jobs import JobSpec, PieceContext
from core.settings import Settings, settings
from core.timing import Timings

if TYPE_CHECKING:
    from core.enformer.engine import EnformerEngine

LAYOUT = 1  # of the entries on disk, and of what their numbers mean
OWN = ("align.py", "predicted.py", "score.py", "values.py", "windows.py")
SMALL_RUN = 3e10  # multiply-adds of a window; Enformer's own has 1.6e12
SLOW_RATE = 1e10  # a second, on one busy core
_GROUP = "effects"


class EffectStore:
    """Effects on disk within a number of bytes, as predictions are; see `core.disk_store`.

    Parameters
    ----------
    folder : by default in the cache folder of the settings. max_bytes : by default from the settings.
    """

    def __init__(
        self, folder: Path | None = None, max_bytes: int | None = None, *, options: Settings | None = None
    ) -> None:
        options = options or settings()
        self._max_bytes = options.result_cache_bytes if max_bytes is None else max_bytes
        self._disk = DiskStore(folder or options.cache_folder / "effects" / "results", self._max_bytes)

    def get(self, key: str) -> VariantEffect | None:
        """The effect of this key, exactly as it was put there, or None."""
        data = self._disk.get(_GROUP, key)
        if data is None:
            return None
        try:
            fields, arrays = unpack(data)
            if fields.pop("layout") != LAYOUT or fields.pop("key") != key:
                raise ValueError("an entry of another key or layout")
            variant = fields.pop("variant")
            return VariantEffect(
                variant=None if variant is None else Variant(*variant),
                changes=tuple(Variant(*change) for change in fields.pop("changes")),
                ref_runs=arrays["ref_runs"],
                alt_runs=arrays["alt_runs"],
                deleted=arrays["deleted"] > 0,
                tracks=tuple(Track(*track) for track in fields.pop("tracks")),
                interval=Interval(**fields.pop("interval")),
                window=Interval(**fields.pop("window")),
                provenance=Provenance(**fields.pop("provenance")),
                runs=tuple(fields.pop("runs")),
                notes=tuple(fields.pop("notes")),
                **fields,
            )
        except (ValueError, TypeError, LookupError):  # whole, but written by another version of this code
            self._disk.remove(_GROUP, key)
            return None

    def put(self, key: str, effect: VariantEffect) -> None:
        """Keep an effect, if it is not larger than the whole store."""
        if effect.nbytes > 0.8 * self._max_bytes:
            return
        names = ("bin_size_bp", "first_bin", "head", "sequence_digest", "rule", "runs", "notes")
        fields = {name: getattr(effect, name) for name in names}
        fields |= {
            "layout": LAYOUT,
            "key": key,
            "variant": None if effect.variant is None else astuple(effect.variant),
            "changes": [astuple(change) for change in effect.changes],
            "tracks": [astuple(track) for track in effect.tracks],
            "interval": asdict(effect.interval),
            "window": asdict(effect.window),
            "provenance": asdict(effect.provenance),
        }
        arrays = {"ref_runs": effect.ref_runs, "alt_runs": effect.alt_runs, "deleted": effect.deleted}
        self._disk.put(_GROUP, key, pack(fields, arrays))


@dataclass(frozen=True, eq=False)
class EffectQuestion:
    """What does this variant do to all tracks of a head?

    Attributes
    ----------
    variant : as given. change : left-normalised, under the genome's name of its chromosome.
    stretch : letters of its window and beside it.
    """

    engine: EnformerEngine
    variant: Variant
    change: Variant
    stretch: Stretch
    head: str
    averaging: Averaging

    @classmethod
    def at(
        cls, engine: EnformerEngine, genome: Reference, variant: Variant, *, head: str = "human",
        averaging: Averaging = PLAIN, width_bp: int | None = None,
    ) -> EffectQuestion:  # fmt: skip
        """The question about a variant of a genome.

        Raises
        ------
        InvalidLocusError, ReferenceMismatchError, InvalidVariantError
            As `core.effects.effect_of`.
        """
        change = prepared(engine, genome, variant, width_bp=width_bp)
        window = window_of(engine, change, width_bp)
        stretch = Stretch.of(genome, window, flank_needed([(change,)], averaging))
        return cls(engine, variant, change, stretch, head, averaging)

    @property
    def window(self) -> Interval:
        """What is read."""
        return self.stretch.window

    @cached_property
    def key(self) -> str:
        """64 hexadecimal digits that two questions share only if their answers are the same."""
        known = {name: value for name, value in self.engine.fingerprint.items() if name != "tables"}
        letters = hashlib.sha256(self.stretch.letters.encode()).hexdigest()
        code = [LAYOUT, code_digest(FOLDER), own_code_digest(), version("torch")]
        told = [letters, self.window, self.variant, self.change, self.head, self.averaging]
        return hashlib.sha256(as_json([known, code, *told]).encode()).hexdigest()

    def kept(self, store: EffectStore) -> VariantEffect | None:
        """The answer, if it was found before."""
        return store.get(self.key)

    def answer(self, store: EffectStore, on_progress: Callable[[float], None] | None = None) -> VariantEffect:
        """The answer, kept or found now.

        Raises
        ------
        AttendomeError
            As `core.effects.effect_of`.
        """
        if (found := self.kept(store)) is not None:
            if on_progress is not None:
                on_progress(1.0)
            return found
        found = self.found(on_progress)
        store.put(self.key, found)
        return found

    def found(self, on_progress: Callable[[float], None] | None = None) -> VariantEffect:
        """The answer, found now and kept nowhere."""
        changes = (self.change,)
        readings = Readings(self.engine, self.stretch, [changes], None, self.head, self.averaging, on_progress)
        aligned, runs = next(iter(readings))
        return made_effect(
            self.engine, self.stretch, self.variant, changes, readings, runs, aligned.deleted, self.head, self.averaging
        )


@cache
def own_code_digest() -> str:
    """12 hexadecimal digits that change with the code of this package that makes effects."""
    digest = hashlib.sha256()
    for name in OWN:
        digest.update((Path(__file__).parent / name).read_bytes())
    return digest.hexdigest()[:12]


def effect_job(
    question: EffectQuestion, store: EffectStore, timings: Timings, *, title: str, queue: str, owner: str,
    on_answer: Callable[[VariantEffect], None] = lambda effect: None,
) -> JobSpec:  # fmt: skip
    """A job that answers a question and keeps the answer; how long it took goes into the estimates."""

    def run(piece: int, context: PieceContext) -> None:
        if (found := question.kept(store)) is None:
            started = time.monotonic()
            found = question.answer(store, lambda share: context.progress(share, "Reading both alleles"))
            timings.record(kind_of(question), (time.monotonic() - started) / readings_needed(question))
        on_answer(found)

    return JobSpec(
        key=job_key(question), title=title, queue=queue, pieces=1, run_piece=run, owner=owner, keep_pieces=False
    )


def job_key(question: EffectQuestion) -> str:
    """What makes two questions the same job, whoever asks."""
    return f"effect {question.key}"


def readings_needed(question: EffectQuestion) -> int:
    """How often a whole window is read: the reference, and the alternative once or, of an indel, twice; by each run."""
    return (3 if question.change.length_change_bp else 2) * len(question.averaging.runs)


def kind_of(question: EffectQuestion) -> str:
    """What an estimate is remembered for: the model's code, precision and device, and the length of the window."""
    return kind_of_window(question.engine, question.window.width_bp)


def kind_of_window(engine: EnformerEngine, width_bp: int) -> str:
    """The same, of a window of this length."""
    where = hashlib.sha256(as_json(engine.fingerprint).encode()).hexdigest()[:16]
    return f"effect {where} {engine.device} {width_bp}"


def estimate_seconds(question: EffectQuestion, timings: Timings) -> float | None:
    """Seconds that the answer takes: from earlier ones on this machine, or from its size where it is small; None where
    it is large and was never measured."""
    from core.enformer.progress import run_costs

    readings = readings_needed(question)
    if (each := timings.estimate(kind_of(question))) is not None:
        return each * readings
    costs = run_costs(question.engine.parts, question.window.width_bp)
    return readings * costs / SLOW_RATE if costs < SMALL_RUN else None
