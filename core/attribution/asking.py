"""Contributions as a question: asked of what is kept first, then of the model; mutagenesis chunk by chunk."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.attribution.asked import PLAIN, AskedTarget, OnProgress, part_of
from core.attribution.blocks import SHUFFLES, BlockEffects, blocks_of, tiled
from core.attribution.chunks import Chunk, block_chunks, letter_chunks, letters_a_chunk, whole_chunks
from core.attribution.gradients import AT_ONCE, BASELINES, STEPS, Baseline, GradientPlan
from core.attribution.mutagenesis import scores_of
from core.attribution.target import Target
from core.attribution.values import METHOD_TITLES, ContributionScores, Method
from core.enformer.averaging import Averaging
from core.enformer.results import FOLDER, as_json, code_digest
from core.errors import SelectionError
from core.genome.interval import Interval

if TYPE_CHECKING:
    from core.attribution.store import ContributionStore
    from core.enformer.engine import EnformerEngine

FEW = 4  # gradients of one turn
LAYOUT = 1  # goes up when a kept answer means something else
_OWN = ("asked.py", "blocks.py", "chunks.py", "gradients.py", "mutagenesis.py", "shuffle.py", "target.py", "values.py")
_ENGINE = ("backward.py", "backward_layers.py", "editing.py", "edits.py", "gradient_target.py", "gradients.py")


@dataclass(frozen=True, eq=False)
class ContributionQuestion:
    """Which letters made the model say that?

    Attributes
    ----------
    engine : an exact one (precision "float32") for mutagenesis; gradients are float32 whatever it is.
    sequence, flanks, interval : letters of the window, those beside it that shifted runs read, and its place.
    method : a gradient method explains the whole window, mutagenesis the letters `start` to `end`.
    positions : of mutagenesis, these letters alone, in the place of `start` and `end`: a sample for `agreement`.
    steps, baseline, baselines, seed : of integrated and expected gradients.

    Raises
    ------
    SelectionError, SequenceError
        As the method itself, and of mutagenesis without a stretch.
    """

    engine: EnformerEngine
    sequence: str
    flanks: tuple[str, str]
    interval: Interval | None
    target: Target
    method: Method = "gradient_x_input"
    start: int | None = None
    end: int | None = None
    averaging: Averaging = PLAIN
    positions: tuple[int, ...] = ()
    steps: int = STEPS
    baseline: Baseline = "zeros"
    baselines: int = BASELINES
    seed: int = 0

    def __post_init__(self) -> None:
        if self.method not in METHOD_TITLES:
            raise SelectionError(f"There is no method {self.method!r}; give one of {', '.join(METHOD_TITLES)}.")
        if not self.is_mutagenesis:
            _ = self.plan
            return
        if self.positions:
            object.__setattr__(self, "start", min(self.positions))
            object.__setattr__(self, "end", max(self.positions) + 1)
        if self.start is None or self.end is None:
            raise SelectionError("Mutagenesis needs a stretch; give its start and end in the window.")
        self.asked.stretch(self.start, self.end)

    @property
    def is_mutagenesis(self) -> bool:
        """Whether letters are changed, rather than a gradient taken."""
        return self.method == "saturation_mutagenesis"

    @cached_property
    def asked(self) -> AskedTarget:
        """Window and target, checked."""
        return AskedTarget.of(
            self.engine,
            self.sequence,
            self.target,
            interval=self.interval,
            averaging=self.averaging,
            flanks=self.flanks,
        )

    @cached_property
    def plan(self) -> GradientPlan:
        """The units of a gradient method: single gradients where one takes seconds, else several at once; few on a
        processor, so that what others ask gets in between."""
        if letters_a_chunk(self.engine, len(self.sequence)) == 1:
            at_once = 1
        else:
            at_once = FEW if self.engine.device.type == "cpu" else AT_ONCE
        return GradientPlan(
            self.asked, self.method, self.steps, self.baseline, self.baselines, self.seed, at_once=at_once
        )

    @cached_property
    def window_key(self) -> str:
        """64 hexadecimal digits of window, target, runs, model and code: what all chunks of mutagenesis share."""
        known = {
            name: value for name, value in self.engine.fingerprint.items() if name != "tables"
        }  # names change nothing
        target = [self.target.tracks, self.target.against, self.target.bins, self.target.head]
        letters = hashlib.sha256(self.asked.letters.encode()).hexdigest()
        flanks = self.flanks if self.averaging.reach_bp else None
        code = [LAYOUT, code_digest(FOLDER), own_code_digest(), version("torch")]
        return _digest([known, code, letters, target, self.averaging, flanks])

    @cached_property
    def key(self) -> str:
        """64 hexadecimal digits that two questions share only if their answers are the same."""
        options: dict[str, Any] = {"method": self.method, "interval": self.interval}
        if self.is_mutagenesis:
            options |= {"places": self.positions or (self.start, self.end)}
        elif self.method == "integrated_gradients":
            options |= {"steps": self.steps, "baseline": self.baseline}
            options |= {"seed": self.seed} if self.baseline == "shuffled" else {}
        elif self.method == "expected_gradients":
            options |= {"baselines": self.baselines, "seed": self.seed}
        return _digest([self.window_key, options])

    @cached_property
    def letter_chunks(self) -> tuple[Chunk, ...]:
        """The letters that mutagenesis changes, in chunks; those at the ends may reach beyond the stretch."""
        size, length = letters_a_chunk(self.engine, len(self.sequence)), len(self.sequence)
        if self.positions:
            return letter_chunks(self.positions, size)
        return whole_chunks(self.start, self.end, size, length)

    @cached_property
    def block_chunks(self) -> tuple[Chunk, ...]:
        """The coarse pass: blocks as wide as a bin that share a letter with the stretch."""
        if self.positions:
            return ()
        size, length = letters_a_chunk(self.engine, len(self.sequence)), len(self.sequence)
        return block_chunks(self.start, self.end, length, size, self.engine.bin_size_bp)

    def chunk_key(self, chunk: Chunk) -> str:
        """What a chunk is kept under."""
        return _digest([self.window_key, chunk])

    def kept(self, store: ContributionStore) -> ContributionScores | None:
        """The whole answer, if it was found before."""
        if not self.is_mutagenesis:
            return store.get(self.key, self.target)
        found = self._known(store, self.letter_chunks)
        return None if None in found.values() else self.together(found)

    def partial(self, store: ContributionStore) -> ContributionScores | None:
        """What is known so far; of mutagenesis NaN where nothing is. None where nothing at all is."""
        if not self.is_mutagenesis:
            return store.get(self.key, self.target)
        found = self._known(store, self.letter_chunks)
        return self.together(found) if any(found.values()) else None

    def blocks(self, store: ContributionStore) -> BlockEffects | None:
        """The coarse pass of mutagenesis as far as it is known, NaN where it is not; None where nothing is."""
        found = self._known(store, self.block_chunks)
        known = [piece for piece in found.values() if piece is not None]
        if not known:
            return None
        places = tiled(self.start, self.end, len(self.sequence), self.engine.bin_size_bp)
        effects = np.full((len(places), SHUFFLES), np.nan)
        rows = {block: row for row, block in enumerate(places)}
        for chunk, piece in found.items():
            if piece is not None:
                effects[[rows[block] for block in chunk.blocks]] = piece["effects"]
        return blocks_of(self.asked, places, effects, float(known[0]["value"][0]), "shuffle", SHUFFLES)

    def answer(self, store: ContributionStore, on_progress: OnProgress = None) -> ContributionScores:
        """The answer, kept or found now; what was found before `on_progress` raises stays known.

        Raises
        ------
        AttendomeError
            As the method itself.
        """
        found = self.kept(store)
        if found is None:
            if self.is_mutagenesis:
                found = self.together(self._compute(store, on_progress))
            else:
                found = self.plan.run(on_progress)
                store.put(self.key, found)
        if on_progress is not None:
            on_progress(1.0)
        return found

    def chunk(self, store: ContributionStore, chunk: Chunk, on_progress: OnProgress = None) -> Mapping[str, np.ndarray]:
        """One chunk, kept or computed now."""
        key = self.chunk_key(chunk)
        found = store.chunk(key)
        if found is None:
            found = chunk.compute(self.asked, on_progress)
            store.put_chunk(key, found)
        return found

    def together(self, found: Mapping[Chunk, Mapping[str, np.ndarray] | None]) -> ContributionScores:
        """Chunks of letters as scores of the stretch; NaN where one is None."""
        table = np.full((len(self.asked.runs), self.end - self.start, 4), np.nan, np.float32)
        value = float("nan")
        for chunk, piece in found.items():
            if piece is None:
                continue
            within = [number for number, place in enumerate(chunk.places) if self.start <= place < self.end]
            table[:, [chunk.places[number] - self.start for number in within]] = piece["effects"][:, within]
            value = float(piece["value"][0])
        return scores_of(self.asked, table, value, self.start)

    def _known(self, store: ContributionStore, chunks: Sequence[Chunk]) -> dict[Chunk, Mapping[str, np.ndarray] | None]:
        return {chunk: store.chunk(self.chunk_key(chunk)) for chunk in chunks}

    def _compute(self, store: ContributionStore, on_progress: OnProgress) -> dict[Chunk, Mapping[str, np.ndarray]]:
        chunks, found = self.letter_chunks, {}
        for number, chunk in enumerate(chunks):
            found[chunk] = self.chunk(store, chunk, part_of(on_progress, number / len(chunks), 1 / len(chunks)))
        return found


@cache
def own_code_digest() -> str:
    """12 hexadecimal digits that change with the code that makes contributions."""
    own, engine = Path(__file__).parent, FOLDER
    digest = hashlib.sha256()
    for path in (*(own / name for name in _OWN), *(engine / name for name in _ENGINE)):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _digest(value: Any) -> str:
    return hashlib.sha256(as_json(value).encode()).hexdigest()
