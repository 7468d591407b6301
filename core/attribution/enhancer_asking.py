"""Shuffling many candidates as a question: each stretch's answer is kept on disk by itself, so that what was found is
never computed again, whichever candidates are asked for, and stopped work goes on where it stopped."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.attribution import shuffle
from core.attribution.enhancers import MOST_SHUFFLES, SHUFFLES
from core.attribution.shuffle import dinucleotide_shuffle
from core.attribution.target import Target, check_bins, first_bin
from core.disk_store import DiskStore
from core.enformer.candidates import Candidate
from core.enformer.edits import Edit
from core.enformer.packing import pack, unpack
from core.enformer.results import FOLDER, as_json, code_digest
from core.errors import SelectionError
from core.genome.interval import Interval
from core.jobs import JobSpec, PieceContext
from core.settings import Settings, settings
from core.timing import Timings

if TYPE_CHECKING:
    from core.enformer.engine import EnformerEngine, OnProgress

LAYOUT = 1  # of the entries on disk, and of what their numbers mean
STORE_BYTES = 64 * 1024**2
TOGETHER = 8  # candidates of a piece of a job: what stopping loses at most


@dataclass(frozen=True, eq=False)
class BlockLoss:
    """What shuffling a stretch takes from each of some targets.

    Attributes
    ----------
    losses : (targets, shuffles) float32: target as it is minus target with the stretch shuffled.
    values : (targets,) float32: the targets as they are.
    """

    losses: np.ndarray
    values: np.ndarray

    def __post_init__(self) -> None:
        if self.losses.ndim != 2 or self.values.shape != self.losses.shape[:1]:
            raise ValueError(f"{self.losses.shape} losses of {self.values.shape} targets")
        self.losses.setflags(write=False)
        self.values.setflags(write=False)


class BlockStore:
    """Answers on disk within a number of bytes; see `core.disk_store`.

    Parameters
    ----------
    folder : by default in the cache folder of the settings.
    """

    def __init__(
        self, folder: Path | None = None, max_bytes: int = STORE_BYTES, *, options: Settings | None = None
    ) -> None:
        self._disk = DiskStore(folder or (options or settings()).cache_folder / "attribution" / "blocks", max_bytes)

    def get(self, key: str, candidate: Candidate) -> BlockLoss | None:
        """The answer for one stretch, exactly as it was put there, or None."""
        data = self._disk.get(key, candidate.id)
        if data is None:
            return None
        try:
            fields, arrays = unpack(data)
            if fields != {"key": key, "id": candidate.id}:
                raise ValueError("an entry of another key")
            return BlockLoss(arrays["losses"], arrays["values"])
        except (ValueError, TypeError, LookupError):  # whole, but written by another version of this code
            self._disk.remove(key, candidate.id)
            return None

    def put(self, key: str, candidate: Candidate, found: BlockLoss) -> None:
        """Keep an answer."""
        fields = {"key": key, "id": candidate.id}
        self._disk.put(key, candidate.id, pack(fields, {"losses": found.losses, "values": found.values}))


@dataclass(frozen=True, eq=False)
class BlockQuestion:
    """How much of each target is lost when a stretch of this window is shuffled?

    What `core.attribution.blocks.block_mutagenesis` finds with the sign turned, for several targets from the same runs.

    Attributes
    ----------
    sequence, interval : the window and where it lies.
    targets : of one head; they are read from the same runs.
    shuffles : how many different ones of each stretch. seed : the same gives the same letters.

    Raises
    ------
    SelectionError
        No target, targets of two heads, or a number of shuffles that is not offered.
    """

    engine: EnformerEngine
    sequence: str
    interval: Interval
    targets: tuple[Target, ...]
    shuffles: int = SHUFFLES
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.targets or len({target.head for target in self.targets}) > 1:
            raise SelectionError("Give one target or several, all of the same head.")
        if not 1 <= self.shuffles <= MOST_SHUFFLES:
            raise SelectionError(f"{self.shuffles} shuffles were asked for; give 1 to {MOST_SHUFFLES}.")
        for target in self.targets:
            check_bins(self.engine, len(self.sequence), target)

    @cached_property
    def key(self) -> str:
        """64 hexadecimal digits that two questions share only if their answers are the same."""
        letters = hashlib.sha256(self.sequence.upper().encode()).hexdigest()
        own = [hashlib.sha256(Path(name).read_bytes()).hexdigest() for name in (__file__, shuffle.__file__)]
        targets = [{name: value for name, value in asdict(target).items() if name != "name"} for target in self.targets]
        known = {name: value for name, value in self.engine.fingerprint.items() if name != "tables"}
        asked = [known, code_digest(FOLDER), LAYOUT, own, letters, asdict(self.interval), targets]
        return hashlib.sha256(as_json([*asked, self.shuffles, self.seed]).encode()).hexdigest()

    def kept(self, store: BlockStore, candidates: Sequence[Candidate]) -> dict[str, BlockLoss]:
        """What is known of these, by the id of the candidate."""
        found = {candidate.id: store.get(self.key, candidate) for candidate in candidates}
        return {name: loss for name, loss in found.items() if loss is not None}

    def answer(
        self, candidates: Sequence[Candidate], store: BlockStore | None = None, on_progress: OnProgress = None
    ) -> dict[str, BlockLoss]:
        """Of each candidate by its id, kept or found now.

        Raises
        ------
        SelectionError
            A candidate does not lie in the window.
        AttendomeError
            As `EnformerEngine.predict_edits`.
        """
        found = self.kept(store, candidates) if store is not None else {}
        left = [candidate for candidate in candidates if candidate.id not in found]
        if not left:
            return found
        new = self._find(left, on_progress)
        for candidate, loss in zip(left, new, strict=True):
            found[candidate.id] = loss
            if store is not None:
                store.put(self.key, candidate, loss)
        return found

    def edits(self, candidate: Candidate) -> tuple[Edit, ...]:
        """The candidate's letters shuffled, once a shuffle, as `block_mutagenesis` has them: the same letters are
        shuffled alike in any window.

        Raises
        ------
        SelectionError
            It does not lie in the window.
        """
        place = candidate.interval
        if not self.interval.contains(place):
            raise SelectionError(
                f"{place.locus} does not lie in the window {self.interval.locus}; choose candidates inside it."
            )
        start = place.start - self.interval.start
        letters = self.sequence[start : start + place.width_bp].upper()
        return tuple(
            Edit(start, letters, dinucleotide_shuffle(letters, self.seed + number)) for number in range(self.shuffles)
        )

    def _find(self, candidates: Sequence[Candidate], on_progress: OnProgress) -> list[BlockLoss]:
        edits = [edit for candidate in candidates for edit in self.edits(candidate)]
        first = first_bin(self.engine, len(self.sequence))
        bins = sorted({first + number for target in self.targets for number in target.bins})
        tracks = list(dict.fromkeys(track for target in self.targets for track in target.all_tracks))
        made = self.engine.predict_edits(
            self.sequence, edits, tracks=tracks, bins=bins, head=self.targets[0].head, interval=self.interval,
            on_progress=on_progress,
        )  # fmt: skip
        values, losses = [], []
        for target in self.targets:
            rows = [bins.index(first + number) for number in target.bins]
            columns = [tracks.index(track) for track in target.all_tracks]
            value = target.value(made.reference[rows][:, columns])
            values.append(value)
            losses.append(value - target.value(made.alternatives[:, rows][:, :, columns]))
        shaped = np.array(losses, np.float32).reshape(len(self.targets), len(candidates), self.shuffles)
        whole = np.array(values, np.float32)
        return [BlockLoss(shaped[:, number].copy(), whole.copy()) for number in range(len(candidates))]


def losses_of(
    found: dict[str, BlockLoss], candidates: Sequence[Candidate], shuffles: int, target: int = 0
) -> tuple[np.ndarray, float | None]:
    """((candidates, shuffles) float32 of one target, NaN where not known; the target as it is or None)."""
    losses = np.full((len(candidates), shuffles), np.nan, np.float32)
    value = None
    for place, candidate in enumerate(candidates):
        if (loss := found.get(candidate.id)) is not None:
            losses[place], value = loss.losses[target], float(loss.values[target])
    return losses, value


def kind_of(question: BlockQuestion) -> str:
    """What the time of one shuffle is remembered for."""
    where = hashlib.sha256(as_json(question.engine.fingerprint).encode()).hexdigest()[:16]
    return f"shuffled block {where} {question.engine.device} {len(question.sequence)}"


def estimate_seconds(question: BlockQuestion, candidates: Sequence[Candidate], timings: Timings) -> float | None:
    """Seconds that shuffling these takes, from earlier runs on this machine; None before the first."""
    each = timings.estimate(kind_of(question))
    return None if each is None else each * question.shuffles * len(candidates)


def cost_over_prediction(question: BlockQuestion, candidates: Sequence[Candidate]) -> float:
    """The cost of shuffling these over that of one prediction of the same window of which nothing is known.

    A shuffle computes the tower of its stretch and the bins beside it, and the whole transformer.
    """
    from core.enformer.progress import layer_costs, stage_costs

    parts, length = question.engine.parts, len(question.sequence)
    tower, layers = sum(stage_costs(parts, length)), sum(layer_costs(parts, length // question.engine.bin_size_bp))
    beside = 6 * question.engine.bin_size_bp
    shares = [min(1.0, (candidate.interval.width_bp + beside) / length) for candidate in candidates]
    shuffled = sum(question.shuffles * (tower * share + layers) for share in shares)
    return (tower + layers + shuffled) / (tower + layers)


def block_job(
    question: BlockQuestion, candidates: Sequence[Candidate], store: BlockStore, timings: Timings, *, title: str,
    queue: str, owner: str, on_found: Callable[[], None] = lambda: None,
) -> JobSpec:  # fmt: skip
    """A job that shuffles what is not known yet, `TOGETHER` candidates a piece; each piece's answers are kept at once.

    Parameters
    ----------
    on_found : called after each piece.

    Raises
    ------
    JobError
        All of them are known.
    """
    left = [candidate for candidate in candidates if store.get(question.key, candidate) is None]
    groups = [left[start : start + TOGETHER] for start in range(0, len(left), TOGETHER)]

    def shuffled(piece: int, context: PieceContext) -> None:
        group = groups[piece]
        missing = [candidate for candidate in group if store.get(question.key, candidate) is None]
        started = time.monotonic()
        question.answer(group, store, lambda done: context.progress(done, "Shuffling"))
        if len(missing) == len(group):
            timings.record(kind_of(question), (time.monotonic() - started) / (question.shuffles * len(group)))
        on_found()

    return JobSpec(
        key=job_key(question, candidates), title=title, queue=queue, pieces=len(groups), run_piece=shuffled,
        owner=owner, keep_pieces=False, piece_weights=[len(group) for group in groups],
    )  # fmt: skip


def job_key(question: BlockQuestion, candidates: Sequence[Candidate]) -> str:
    """What makes two of these the same job, whoever asks."""
    names = hashlib.sha256(as_json([candidate.id for candidate in candidates]).encode()).hexdigest()
    return f"shuffled blocks {question.key} {names}"
