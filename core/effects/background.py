"""How large is an effect for this window? Its place among random single-letter changes of the same window.

Places are drawn without regard to what lies there, letters of the three others at random, from a seed; every answer is
kept on disk in blocks, so that a run that was stopped goes on where it was.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.disk_store import DiskStore
from core.effects.predicted import Readings, Stretch, flank_needed
from core.effects.score import PLAIN, made_effect
from core.effects.scores import local_scores, start_bins
from core.effects.windows import shown_interval
from core.enformer.averaging import Averaging
from core.enformer.packing import pack, unpack
from core.enformer.results import FOLDER, as_json, code_digest
from core.errors import SequenceError
from core.genome.interval import Interval
from core.genome.reference import Reference
from core.genome.variant import Variant
from core.jobs import JobSpec, PieceContext
from core.settings import Settings, settings
from core.timing import Timings

if TYPE_CHECKING:
    from core.enformer.engine import EnformerEngine

LAYOUT = 2
COUNT = 200
BLOCK = 10
MOST_STARTS = 8
STORE_BYTES = 256 * 1024**2
SCORES = ("sad", "local")
_GROUP = "background"


@dataclass(frozen=True, eq=False)
class Background:
    """Effects of random single-letter changes of a window.

    Attributes
    ----------
    values : score -> (variants, tracks) float32: "sad", the mean over all bins shown, "local", the mean around each
        change, and `start_name(position)`, the mean over the bins of a gene's start; in each track's own unit.
    indices : of the tracks, in the columns' order. asked : how many variants there will be; fewer while it is computed.
    seed : of the draw.
    """

    values: dict[str, np.ndarray]
    indices: tuple[int, ...]
    asked: int
    seed: int

    def __len__(self) -> int:
        """Number of variants that are known."""
        return len(self.values[SCORES[0]])

    def percentile(self, track: int, effect: float, score: str = "sad") -> float:
        """Share, 0 to 100, of the random changes whose effect on the track is smaller in size; half of the equal ones.

        Parameters
        ----------
        track : its index in the model's table.
        """
        sizes = np.abs(self.values[score][:, self.indices.index(track)])
        size = np.float32(abs(effect))
        return float(100 * ((sizes < size).mean() + 0.5 * (sizes == size).mean())) if len(sizes) else float("nan")

    def sentence(self, percentile: float) -> str:
        """What a percentile says."""
        return (
            f"The effect is larger in size than that of {percentile:.0f} % of {len(self):,} random single-letter "
            "changes of the same window, on this track."
        )


class BackgroundStore:
    """Blocks of backgrounds on disk within a number of bytes; see `core.disk_store`."""

    def __init__(
        self, folder: Path | None = None, max_bytes: int = STORE_BYTES, *, options: Settings | None = None
    ) -> None:
        self._disk = DiskStore(folder or (options or settings()).cache_folder / "effects" / "background", max_bytes)

    def get(self, key: str) -> dict[str, np.ndarray] | None:
        """The arrays of this key, exactly as they were put there, or None."""
        data = self._disk.get(_GROUP, key)
        if data is None:
            return None
        try:
            fields, arrays = unpack(data)
            if fields != {"key": key, "layout": LAYOUT} or not set(SCORES) <= set(arrays):
                raise ValueError("an entry of another key or layout")
            return arrays
        except (ValueError, TypeError, LookupError):
            self._disk.remove(_GROUP, key)
            return None

    def put(self, key: str, values: dict[str, np.ndarray]) -> None:
        """Keep arrays."""
        self._disk.put(_GROUP, key, pack({"key": key, "layout": LAYOUT}, values))


def start_name(position: int) -> str:
    """What the score at a gene's start is called; `position` is 0-based."""
    return f"start {position}"


def random_changes(stretch: Stretch, shown: Interval, count: int, seed: int) -> tuple[Variant, ...]:
    """Single-letter changes in the bins that are shown, each place once, none at N; the same for the same seed.

    Raises
    ------
    SequenceError
        There are fewer known letters than changes are wanted.
    """
    window = stretch.window
    first = shown.start - window.start
    letters = stretch.sequence[first : first + shown.width_bp]
    known = np.flatnonzero(np.isin(np.frombuffer(letters.encode(), np.uint8), np.frombuffer(b"ACGT", np.uint8)))
    if len(known) < count:
        raise SequenceError(f"{shown.locus} has {len(known):,} known letters, too few for {count:,} random changes.")
    rng = np.random.default_rng(seed)
    made = []
    for place in rng.permutation(known)[:count]:
        ref = letters[place]
        made.append(
            Variant(window.chrom, shown.start + int(place) + 1, ref, str(rng.choice(list("ACGT".replace(ref, "")))))
        )
    return tuple(made)


@dataclass(frozen=True, eq=False)
class BackgroundQuestion:
    """What do random changes of this window do?

    Attributes
    ----------
    count : how many changes. starts : of transcription, 0-based, whose bins are looked at too.
    """

    engine: EnformerEngine
    stretch: Stretch
    head: str = "human"
    averaging: Averaging = PLAIN
    count: int = COUNT
    seed: int = 0
    starts: tuple[int, ...] = ()

    @classmethod
    def at(
        cls, engine: EnformerEngine, genome: Reference, window: Interval, *, head: str = "human",
        averaging: Averaging = PLAIN, count: int = COUNT, seed: int = 0, starts: Iterable[int] = (),
    ) -> BackgroundQuestion:  # fmt: skip
        """About a window of a genome, such as `VariantEffect.window`.

        Parameters
        ----------
        starts : of transcription, 0-based; the `MOST_STARTS` nearest the middle of the window are looked at too.

        Raises
        ------
        InvalidLocusError, GenomeUnavailableError
            As `Reference.fetch`.
        """
        shown = shown_interval(engine, window)
        inside = sorted({start for start in starts if shown.contains(start)}, key=lambda one: abs(one - shown.centre))
        near = tuple(sorted(inside[:MOST_STARTS]))
        return cls(engine, Stretch.of(genome, window, averaging.reach_bp), head, averaging, count, seed, near)

    @property
    def scores(self) -> tuple[str, ...]:
        """Names of what is computed of each change."""
        return (*SCORES, *(start_name(start) for start in self.starts))

    @property
    def blocks(self) -> int:
        """Pieces that are kept on disk."""
        return -(-self.count // BLOCK)

    @cached_property
    def variants(self) -> tuple[Variant, ...]:
        """The random changes."""
        return random_changes(self.stretch, shown_interval(self.engine, self.stretch.window), self.count, self.seed)

    @cached_property
    def key(self) -> str:
        """64 hexadecimal digits that two questions share only if their answers are the same."""
        known = {name: value for name, value in self.engine.fingerprint.items() if name != "tables"}
        letters = hashlib.sha256(self.stretch.letters.encode()).hexdigest()
        told = [LAYOUT, code_digest(FOLDER), known, letters, self.stretch.window, self.head, self.averaging]
        return hashlib.sha256(as_json([*told, self.count, self.seed, BLOCK, self.starts]).encode()).hexdigest()

    def block_key(self, block: int) -> str:
        """What a block is kept as."""
        return hashlib.sha256(f"{self.key} {block}".encode()).hexdigest()

    def kept(self, store: BackgroundStore) -> Background | None:
        """What is known so far, its `asked` telling how much there will be; None of nothing."""
        found = [values for block in range(self.blocks) if (values := store.get(self.block_key(block))) is not None]
        if not found:
            return None
        return self._joined(found)

    def _joined(self, blocks: list[dict[str, np.ndarray]]) -> Background:
        joined = {score: np.concatenate([values[score] for values in blocks]) for score in self.scores}
        return Background(joined, tuple(range(joined["sad"].shape[1])), self.count, self.seed)

    def block(self, number: int, on_progress: Callable[[float], None] | None = None) -> dict[str, np.ndarray]:
        """Effects of one block of changes: score -> (variants, tracks) float32.

        Raises
        ------
        AttendomeError
            As `EnformerEngine.predict_edits`.
        """
        variants = self.variants[number * BLOCK : (number + 1) * BLOCK]
        several = [(variant,) for variant in variants]
        assert flank_needed(several, self.averaging) <= self.stretch.flank_bp
        readings = Readings(self.engine, self.stretch, several, None, self.head, self.averaging, on_progress)
        found: dict[str, list[np.ndarray]] = {score: [] for score in self.scores}
        for variant, (aligned, runs) in zip(variants, readings, strict=True):
            effect = made_effect(
                self.engine,
                self.stretch,
                variant,
                (variant,),
                readings,
                runs,
                aligned.deleted,
                self.head,
                self.averaging,
            )
            found["sad"].append(effect.effect.mean(axis=0, dtype=np.float64))
            found["local"].append(local_scores(effect)["local"].effect)
            for start in self.starts:
                bins = start_bins(effect, start)
                found[start_name(start)].append(effect.effect[bins].mean(axis=0, dtype=np.float64))
        return {score: np.array(values, np.float32) for score, values in found.items()}

    def answer(self, store: BackgroundStore, on_progress: Callable[[float], None] | None = None) -> Background:
        """The answer; blocks that are kept are not computed again.

        Raises
        ------
        AttendomeError
            As `EnformerEngine.predict_edits`.
        """
        for number in range(self.blocks):
            self._keep(
                number, store, lambda share, number=number: on_progress and on_progress((number + share) / self.blocks)
            )
        found = self.kept(store)
        if found is None or len(found) < self.count:  # the disk does not keep anything
            blocks = [self.block(number) for number in range(self.blocks)]
            found = self._joined(blocks)
        return found

    def _keep(self, number: int, store: BackgroundStore, on_progress: Callable[[float], None]) -> None:
        if store.get(self.block_key(number)) is None:
            store.put(self.block_key(number), self.block(number, on_progress))


def background_job(
    question: BackgroundQuestion, store: BackgroundStore, timings: Timings, *, title: str, queue: str, owner: str
) -> JobSpec:
    """A job of a piece a block: what was computed before a cancel or a restart is kept and shown."""

    def run(piece: int, context: PieceContext) -> None:
        if store.get(question.block_key(piece)) is not None:
            return
        started = time.monotonic()
        found = question.block(piece, context.progress)
        store.put(question.block_key(piece), found)
        timings.record(kind_of(question), (time.monotonic() - started) / len(found["sad"]))

    return JobSpec(
        key=f"background {question.key}", title=title, queue=queue, pieces=question.blocks, run_piece=run, owner=owner,
        keep_pieces=False,
    )  # fmt: skip


def kind_of(question: BackgroundQuestion) -> str:
    """What the estimate is remembered for."""
    return kind_of_window(question.engine, question.stretch.window.width_bp, question.averaging)


def kind_of_window(engine: EnformerEngine, width_bp: int, averaging: Averaging) -> str:
    """The same, of a window of this length."""
    where = hashlib.sha256(as_json(engine.fingerprint).encode()).hexdigest()[:16]
    return f"background {where} {engine.device} {width_bp} {len(averaging.runs)}"


def estimate_seconds(question: BackgroundQuestion, store: BackgroundStore, timings: Timings) -> float | None:
    """Seconds that the rest takes, from earlier blocks on this machine; None before the first."""
    known = question.kept(store)
    left = question.count - (0 if known is None else len(known))
    each = timings.estimate(kind_of(question))
    return None if each is None else each * left
