"""Scoring a list of variants, window after window: what it is, how long it takes, and the job that does it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from core.effects import align, journal, predicted, score, scores, windows
from core.effects.journal import Journal, Plan
from core.effects.listed import VariantList
from core.effects.score import AT_ONCE, effect_frame, group_effects
from core.effects.windows import Group, grouped
from core.enformer.asking import SLOW_RATE, SMALL_RUN, Question, calibrate, estimate_seconds
from core.enformer.averaging import Averaging
from core.enformer.progress import head_cost, layer_costs, run_costs, stage_costs
from core.enformer.results import FOLDER, as_json, code_digest
from core.errors import JobError
from core.genome.annotation import Genes
from core.genome.reference import Reference
from core.jobs import JobSpec, PieceContext
from core.timing import Timings

if TYPE_CHECKING:
    import numpy as np

    from core.enformer.engine import EnformerEngine
    from core.enformer.tracks import Track

PLAIN = Averaging()
PIECE_SECONDS = 8.0  # between two pieces somebody who waits for an answer gets the device
CHANGED_BINS = 6  # of the tower, by one substituted base
_COST = 1e12  # multiply-adds; what a timing is of
_TOLD = 0.25  # of that: less says little about the rate
_CODE = (align, journal, predicted, score, scores, windows)


@dataclass(frozen=True, eq=False)
class Scoring:
    """A list of variants, and what of them is scored.

    Attributes
    ----------
    listed : checked against `genome`. tracks : indices, or None for all of the head.
    genes : of the same genome, for scores at the nearest transcription start; or None.
    """

    engine: EnformerEngine
    genome: Reference
    listed: VariantList
    tracks: tuple[int, ...] | None = None
    head: str = "human"
    averaging: Averaging = PLAIN
    genes: Genes | None = None

    @cached_property
    def columns(self) -> tuple[Track, ...]:
        """The tracks that are scored.

        Raises
        ------
        SelectionError
            There is no such head or track.
        """
        from core.enformer.tracks import unnamed_tracks
        from core.enformer.window import checked_head, chosen_tracks

        count = self.engine.head_sizes[checked_head(self.head, self.engine.head_sizes)]
        table = self.engine.tables.get(self.head) or unnamed_tracks(count, self.head)
        return chosen_tracks(None if self.tracks is None else list(self.tracks), table, count)

    @cached_property
    def key(self) -> str:
        """64 hexadecimal digits that two scorings share only if their numbers are the same."""
        code = [code_digest(FOLDER)]
        code += [hashlib.sha256(Path(module.__file__).read_bytes()).hexdigest() for module in _CODE]
        genes = None if self.genes is None else getattr(self.genes, "name", "")
        chosen = [track.index for track in self.columns]
        asked = [self.genome.identity, self.listed.digest, chosen, self.head, self.averaging, genes]
        return hashlib.sha256(as_json([self.engine.fingerprint, code, asked]).encode()).hexdigest()

    @cached_property
    def plan(self) -> Plan:
        """What the journal of these scores is about."""
        provenance = self.engine.provenance
        told = (
            ("model", f"{provenance.model} ({provenance.weights} weights, revision {provenance.revision})"),
            ("arithmetic", self.engine.method.words if hasattr(self.engine, "method") else ""),
            ("genome", f"{self.genome.name} ({self.genome.assembly})"),
            ("head", self.head),
            ("runs", "; ".join(run.name for run in self.averaging.runs)),
            ("window", f"{self.engine.input_bp:,} bp, every {windows.grid_spacing_bp(self.engine):,} bp"),
        )
        return Plan(
            key=self.key,
            variants=len(self.listed),
            tracks=tuple(track.index for track in self.columns),
            with_genes=self.genes is not None,
            told=told,
        )

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """Variants that share a window, along the genome; none so large that a piece takes long."""
        entries = ((number, one.variant, one.variant) for number, one in enumerate(self.listed.records))
        return tuple(grouped(self.engine, entries, most=AT_ONCE))

    def score_group(self, kept: Journal, group: Group, on_progress: Callable[[float], None] | None = None) -> int:
        """Score those variants of a group that are not finished, and append each; how many they were.

        Raises
        ------
        JobError
            The disk refuses.
        AttendomeError
            As `EnformerEngine.predict_edits`.
        """
        missing = set(kept.missing(group.places))
        if not missing:
            return 0
        chosen = [place for place, number in enumerate(group.places) if number in missing]
        part = Group(
            group.window, *(tuple(values[place] for place in chosen) for values in
                            (group.places, group.variants, group.changes))
        )  # fmt: skip
        for number, effect in group_effects(
            self.engine, self.genome, part, None if self.tracks is None else list(self.tracks), head=self.head,
            averaging=self.averaging, on_progress=on_progress,
        ):  # fmt: skip
            values, gene = numbers_of(effect, kept.plan, self.genes)
            kept.append(number, values, gene=gene, window=group.window.start)
        kept.sync()
        return len(missing)

    def question(self, group: Group) -> Question:
        """The prediction of the window of a group, as it is: what an estimate can be made from.

        Raises
        ------
        InvalidLocusError, GenomeUnavailableError
            As `Reference.fetch`.
        """
        return Question.at(self.engine, self.genome, group.window, self.head, self.averaging)

    def work(self, groups: Iterable[Group]) -> float:
        """Multiply-adds that groups need, in the order given: towers of windows that overlap are computed once."""
        parts, engine = self.engine.parts, self.engine
        bins = engine.input_bp // engine.bin_size_bp
        per_bin = sum(stage_costs(parts, engine.input_bp)) / bins
        layers = sum(layer_costs(parts, bins)) + head_cost(parts, max(engine.own_bins, 1), len(self.columns))
        total, before = 0.0, None
        for group in groups:
            new = bins
            if before is not None and before.chrom == group.window.chrom:
                new = min(bins, abs(group.window.start - before.start) // engine.bin_size_bp)
            total += new * per_bin + layers
            for change in group.changes:
                moved = bool(change.length_change_bp)
                total += (bins if moved else CHANGED_BINS) * per_bin + (1 + moved) * layers
            before = group.window
        return total * len(self.averaging.runs)


def numbers_of(effect, plan: Plan, genes: Genes | None) -> tuple[np.ndarray, str]:
    """((tracks, numbers of the plan) float32, symbol of the nearest gene or "") of one effect."""
    frame = effect_frame(effect, genes)
    gene = str(frame["gene"].iloc[0] or "") if genes is not None and len(frame) else ""
    return frame[list(plan.numbers)].to_numpy("float32", na_value=float("nan")), gene


def left_of(scoring: Scoring, kept: Journal) -> list[Group]:
    """The groups that hold a variant which is not finished."""
    return [group for group in scoring.groups if kept.missing(group.places)]


def timing_kind(scoring: Scoring) -> str:
    """What an estimate is remembered for: model, arithmetic and device, and how many tracks are scored."""
    where = hashlib.sha256(as_json(scoring.engine.fingerprint).encode()).hexdigest()[:16]
    return f"effects {where} {scoring.engine.device} {len(scoring.columns)}"


def seconds_left(scoring: Scoring, groups: Sequence[Group], timings: Timings) -> float | None:
    """Seconds that groups will take, from earlier ones on this machine; None before the first measurement.

    Of a model so small that measuring is not worth it, rather too many than too few.
    """
    work = scoring.work(groups)
    if (measured := timings.estimate(timing_kind(scoring))) is not None:
        return work / _COST * measured
    whole = run_costs(scoring.engine.parts, scoring.engine.input_bp)
    if whole < SMALL_RUN:
        return work / SLOW_RATE
    if groups and (seconds := estimate_seconds(scoring.question(groups[0]), timings)) is not None:
        return work / whole * seconds / len(scoring.averaging.runs)
    return None


def measure(scoring: Scoring, timings: Timings) -> None:
    """Run a short piece of the first window, so that `seconds_left` knows; a few seconds of Enformer on a CPU.

    Raises
    ------
    DeviceMemoryError
        Not even the piece fits.
    """
    if scoring.groups:
        calibrate(scoring.question(scoring.groups[0]), timings)


def remember(scoring: Scoring, group: Group, done: int, seconds: float, timings: Timings) -> None:
    """Keep how long a group took, for estimates; one of which only a part was left tells nothing."""
    work = scoring.work([group])
    if done == len(group) and work > _TOLD * _COST * min(1.0, run_costs(scoring.engine.parts, scoring.engine.input_bp)):
        timings.record(timing_kind(scoring), seconds * _COST / work)


def parts_of(scoring: Scoring, groups: Sequence[Group], timings: Timings) -> list[Group]:
    """Groups cut so that each takes about `PIECE_SECONDS`."""
    cut = []
    for group in groups:
        seconds = seconds_left(scoring, [group], timings) or PIECE_SECONDS
        most = max(1, int(len(group) * PIECE_SECONDS / max(seconds, 1e-6)))
        for start in range(0, len(group), most):
            place = slice(start, start + most)
            cut.append(Group(group.window, group.places[place], group.variants[place], group.changes[place]))
    return cut


def scoring_job(
    scoring: Scoring,
    folder: Path,
    timings: Timings,
    *,
    title: str,
    queue: str,
    owner: str,
) -> JobSpec:
    """A job that finishes a list of variants; what earlier runs finished is not done again.

    Every finished variant is in the journal in `folder` at once, so that cancelling, a restart or a killed process
    loses none. The job itself keeps no pieces.

    Raises
    ------
    JobError
        The folder holds something else or cannot be written.
    """
    kept = Journal(folder, scoring.plan)
    begun = kept.done
    groups = parts_of(scoring, left_of(scoring, kept), timings)
    if not groups:
        raise JobError(f"{title} is finished already.")

    def run(index: int, context: PieceContext) -> None:
        if index == 0:
            context.resumed(1.0, f"{begun:,} of {len(scoring.listed):,} variants were finished before")
            return
        group = groups[index - 1]
        told = f"{kept.done:,} of {len(scoring.listed):,} variants"
        started = time.monotonic()
        with kept:
            done = scoring.score_group(kept, group, lambda share: context.progress(share, told))
        remember(scoring, group, done, time.monotonic() - started, timings)

    return JobSpec(
        key=f"effects {scoring.key}", title=title, queue=queue, pieces=len(groups) + 1, run_piece=run, owner=owner,
        piece_weights=[max(begun, 1e-3), *(len(group) for group in groups)], keep_pieces=False,
    )  # fmt: skip


def score_all(
    scoring: Scoring,
    kept: Journal,
    timings: Timings,
    on_progress: Callable[[int, float | None], None] = lambda done, seconds: None,
) -> None:
    """The same without a job manager: for a program that does nothing else.

    Parameters
    ----------
    kept : open for writing.
    on_progress : called with how many variants are finished and about how many seconds are left (None before anything
        is known); it may raise to give up.

    Raises
    ------
    AttendomeError
        As `Scoring.score_group`.
    """
    groups = left_of(scoring, kept)
    works = [scoring.work([group]) for group in groups]
    total, spent, started = sum(works), 0.0, time.monotonic()
    on_progress(kept.done, seconds_left(scoring, groups, timings))
    for group, work in zip(groups, works, strict=True):
        begun = time.monotonic()

        def told(share: float, work: float = work, spent: float = spent) -> None:
            done = spent + share * work
            seconds = time.monotonic() - started
            on_progress(kept.done, seconds * (total - done) / done if done > 0.002 * total else None)

        done = scoring.score_group(kept, group, told)
        spent += work
        remember(scoring, group, done, time.monotonic() - begun, timings)
    on_progress(kept.done, 0.0)


def folder_of(scoring: Scoring, parent: Path) -> Path:
    """Where the app keeps the scores of a list."""
    return parent / scoring.key


def grid_words(scoring: Scoring) -> str:
    """How many windows a list is read in, in words."""
    count = len({group.window for group in scoring.groups})
    many = len(scoring.listed)
    variants, windows = f"{many:,} variant{'s' * (many != 1)}", f"{count:,} window{'s' * (count != 1)}"
    return f"{variants} in {windows} of {scoring.engine.input_bp:,} bp"
