"""The Enformer engine against enformer_pytorch: the published architecture on 196,608 bp, in turns, in one process.

Every round reads another window, a few bases further, so that nothing is known from the round before.
"""

from __future__ import annotations

import copy
import math
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from core.enformer import EnformerEngine, load_model
from core.enformer.edits import Edit, edited
from core.enformer.gradients import GradientTarget, input_gradient
from core.genome import Interval, one_hot, open_genome
from tests.bench.engine_limit import gemm_peak, gradient_macs, prediction_macs, synchronised
from tests.bench.report import Case

if TYPE_CHECKING:
    import torch

    from core.enformer.models import DnaModel

Answer = TypeVar("Answer")
MOST_RUNS = 3
MUTAGENESIS_RUNS = 1  # 30 predictions each
LENGTH, PAN = 196_608, 16_384
START = 10_000  # before it, chromosome 1 is N
STEP = 61  # between the windows of two rounds: no bin of one is a bin of another
TRACKS, BINS = (4828, 5111), (767, 768, 769)
SITES, SPAN = 10, 200  # bases that are mutated, of those that a person would ask for
PEER = "enformer_pytorch's forward, fp32"
GRADIENT = "gradient x input, 2 tracks, 3 bins"
PRECISIONS = {"fp32": "float32", "bf16": "bfloat16"}
AIMS = {
    "fresh prediction, all tracks, fp32": 0.70,
    "fresh prediction, all tracks, bf16": 0.35,
    "one substitution, reference known, fp32": 0.19,
    "one substitution, reference known, bf16": 0.10,
    "pan by 16 kb, fp32": 0.25,
    "saturation mutagenesis, one edit of 30, 2 tracks, fp32": 0.19,
    GRADIENT: 2.0,
}
FP32_AIM, PEARSON_AIM = 1e-5, 1e-4


def bases(length: int) -> tuple[str, str]:
    """(letters, what they are): of hg38 where the test data is, else seeded random ones."""
    folder = os.environ.get("ATTENDOME_TEST_DATA", "")
    file = Path(folder) / "genome" / "hg38_chr1_1mb.fa.gz"
    if folder and file.exists():
        return open_genome(file).fetch(Interval("chr1", START, START + length)).upper(), "hg38_chr1_1mb"
    letters = np.random.default_rng(0).choice(list("ACGT"), length)
    return "".join(letters), "seeded random letters (ATTENDOME_TEST_DATA is not set)"


def target(module_tracks: int, bins: int) -> GradientTarget:
    """Two tracks over three bins in the middle, of any size of model."""
    tracks = TRACKS if module_tracks > max(TRACKS) else (0, module_tracks - 1)
    return GradientTarget(tracks, tuple(bins // 2 + number for number in (-1, 0, 1)))


def failed(what: str, error: Exception) -> None:
    """Say that something could not be measured; the rest goes on."""
    print(f"{what} is left out: {type(error).__name__}: {str(error)[:300]}", flush=True)


@dataclass(eq=False)
class Engines:
    """The engines, the peer, and what they took.

    Attributes
    ----------
    letters : long enough for all rounds.
    length : of a window.
    seconds : by name of a row, one a round; a round in which it failed is NaN.
    work : multiply-adds by name of a row.
    """

    model: DnaModel
    letters: str
    length: int
    device: torch.device
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    work: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.engines = {name: EnformerEngine(self.model, str(self.device), name) for name in PRECISIONS}
        self.parts = self.engines["fp32"].parts
        self.module = self.model.module  # a copy where it has to move: models are shared
        if self.device.type != "cpu":
            self.module = copy.deepcopy(self.module).to(self.device)
        self.tracks = self.engines["fp32"].head_sizes["human"]
        self.bins = self.length // self.engines["fp32"].bin_size_bp
        own = self.engines["fp32"].own_bins
        self.shown = self.bins if own < 0 else min(own, self.bins)
        self.target = target(self.tracks, self.bins)

    def window(self, number: int) -> str:
        """What a round reads."""
        return self.letters[STEP * number : STEP * number + self.length]

    def edit(self, number: int, kind: str) -> Edit:
        """In the middle, a place of its own each round."""
        place = self.length // 2 + 300 * number
        base = self.window(number)[place]
        return Edit(place, base, "" if kind == "deletion" else "C" if base != "C" else "G")

    def timed(self, name: str, work: Callable[[], Answer]) -> Answer | None:
        """What the work gives, or None where it failed, which is said; its seconds are kept."""
        answer: list[Answer] = []
        try:
            seconds = synchronised(lambda: answer.append(work()), self.device)
        except Exception as error:
            failed(name, error)
            self.seconds[name].append(math.nan)
            return None
        self.seconds[name].append(seconds)
        print(f"  {name}: {seconds:.3g} s", flush=True)
        return answer[0]

    def peer(self, letters: str, *, autocast: bool = False) -> np.ndarray:
        """(bins, tracks) of enformer_pytorch's own forward."""
        import torch

        given = torch.from_numpy(one_hot(letters)[None]).to(self.device)
        with torch.inference_mode(), torch.autocast(self.device.type, torch.bfloat16, enabled=autocast):
            return self.module(given, head="human")[0].float().cpu().numpy()

    def peer_batch(self, windows: list[str]) -> np.ndarray:
        """(windows, bins, tracks) of enformer_pytorch's own forward under autocast; only the target's come back."""
        import torch

        given = torch.from_numpy(np.stack([one_hot(letters) for letters in windows])).to(self.device)
        with torch.inference_mode(), torch.autocast(self.device.type, torch.bfloat16):
            return self.module(given, head="human")[..., list(self.target.tracks)].float().cpu().numpy()

    def warm_up(self) -> None:
        """Everything once, on few bases: layouts of weights, thread pools, keys of positions."""
        short = "".join(np.random.default_rng(1).choice(list("ACGT"), self.length // 8))
        for name, engine in self.engines.items():
            try:
                engine.predict(short, target_length=-1)
                engine.transformer(np.zeros((self.bins, self.parts.width), np.float32))
            except Exception as error:
                failed(f"warming up {name}", error)
        input_gradient(self.engines["fp32"], short, target(self.tracks, self.bins // 8))

    def count(self, name: str, tower_share: float, tracks: int | None = None) -> None:
        """Keep what a row has to multiply."""
        tracks = self.tracks if tracks is None else tracks
        self.work[name] = prediction_macs(self.parts, self.length, self.shown, tracks, tower_share=tower_share)

    def ours(self, precision: str, number: int) -> dict[str, np.ndarray]:
        """Every row of one precision in one round: what was predicted, by row."""
        engine, window, found = self.engines[precision], self.window(number), {}
        right = self.letters[STEP * number + self.length :]
        row = f"fresh prediction, all tracks, {precision}"
        if (values := self.timed(row, lambda: engine.predict(window).values)) is not None:
            found["fresh"] = values
        self.count(row, 1.0)
        for kind in ("substitution", "deletion"):
            if kind == "deletion" and precision != "fp32":
                continue
            row, edit = f"one {kind}, reference known, {precision}", self.edit(number, kind)
            answer = self.timed(row, lambda: engine.predict_edits(window, [edit], flank=right[:PAN]))  # noqa: B023
            if answer is not None:
                found[kind] = answer.alternatives[0]
                self.count(row, 1 - answer.reused)
        row = f"pan by 16 kb, {precision}"
        moved = self.letters[STEP * number + PAN : STEP * number + PAN + self.length]
        if (tracks := self.timed(row, lambda: engine.predict(moved))) is not None:
            self.count(row, 1 - tracks.reused)
        return found

    def gradient(self, number: int) -> None:
        """One round's row."""
        engine, window = self.engines["fp32"], self.window(number)
        self.timed(GRADIENT, lambda: input_gradient(engine, window, self.target) * one_hot(window))
        rows = max(self.target.bins) - min(self.target.bins) + 1
        self.work[GRADIENT] = gradient_macs(self.parts, self.length, rows, len(self.target.tracks))

    def mutagenesis(self, number: int, precision: str = "fp32") -> None:
        """A few bases of a stretch that a person would ask for, each to the three others."""
        window, first = self.window(number), self.length // 2 - SPAN
        places = range(first, first + SITES)
        edits = [Edit(place, window[place], base) for place in places for base in "ACGT" if base != window[place]]
        row = f"saturation mutagenesis, one edit of {len(edits)}, 2 tracks, {precision}"
        engine, tracks, bins = self.engines[precision], self.target.tracks, self.target.bins
        answer = self.timed(row, lambda: engine.predict_edits(window, edits, tracks=tracks, bins=bins))
        self.seconds[row][-1] /= len(edits)
        if answer is not None:
            rows = prediction_macs(self.parts, self.length, len(bins), len(tracks), tower_share=1 - answer.reused)
            self.work[row] = rows

    def round(self, number: int) -> Iterator[Case]:
        """One of everything; the peer reads what an edit makes in later rounds, so that each kind is compared once."""
        kind = ("fresh", "substitution", "deletion")[number % 3]
        read = self.window(number)
        if kind != "fresh":
            read, _ = edited(read, self.edit(number, kind), self.letters[STEP * number + self.length :])
        print(f" round {number + 1}", flush=True)
        wanted = self.timed(PEER, lambda: self.peer(read))
        exact = self.ours("fp32", number)
        fast = self.ours("bf16", number)
        self.gradient(number)
        if number < MUTAGENESIS_RUNS:
            self.mutagenesis(number)
        self.work[PEER] = self.work["fresh prediction, all tracks, fp32"]
        what = {"fresh": "fresh prediction"}.get(kind, f"one {kind}")
        if wanted is not None and kind in exact:
            yield from agreement("fp32", what, exact[kind], wanted)
        if wanted is not None and kind in fast:
            yield from agreement("bf16", what, fast[kind], wanted)

    def rows(self, peaks: dict[str, float]) -> Iterator[Case]:
        """Seconds, ratios against the peer in the same round, and shares of the limit."""
        theirs = self.seconds[PEER]
        for row, seconds in self.seconds.items():
            known = tuple(one for one in seconds if not math.isnan(one))
            if not known:
                continue
            yield Case("engine", row, "s", known)
            pairs = zip(seconds, theirs, strict=False)
            ratios = tuple(one / other for one, other in pairs if not math.isnan(one + other))
            if ratios and "enformer_pytorch" not in row:
                yield Case("engine", f"{row} / enformer_pytorch's forward", "x", ratios, AIMS.get(row))
            if row == GRADIENT:
                own = self.seconds["fresh prediction, all tracks, fp32"]
                ratios = tuple(one / other for one, other in zip(known, own, strict=False) if not math.isnan(other))
                yield Case("engine", f"{row} / our own fresh prediction, fp32", "x", ratios)
            if "mutagenesis" in row:
                yield Case("engine", f"{row}: {SPAN} bp at this rate", "s", tuple(3 * SPAN * one for one in known))
            if row in self.work and peaks:
                shares = tuple(100 * self.work[row] / one / limit(row, peaks) for one in known)
                yield Case("engine", f"{row}: of the limit, {self.work[row] / 1e9:,.0f} G multiply-adds", "%", shares)


def limit(row: str, peaks: dict[str, float]) -> float:
    """Multiply-adds a second that a row could reach; where bfloat16 is the slower of the two, that is float32's."""
    return max(peaks.values()) if row.endswith("bf16") else peaks["fp32"]


def agreement(precision: str, what: str, found: np.ndarray, wanted: np.ndarray) -> Iterator[Case]:
    """How far a prediction is from the peer's float32: (bins, tracks) both."""
    ranges = np.ptp(wanted, axis=0)
    far = np.abs(found.astype(np.float64) - wanted).max(axis=0)
    yield Case(
        "engine",
        f"{precision}, {what}: largest difference from enformer_pytorch's fp32",
        "of the output's range",
        (float(far.max() / np.ptp(wanted)),),
    )
    signal = ranges > 0.01 * np.ptp(wanted)
    shares = far[signal] / ranges[signal]
    name = f"{precision}, {what}: the same of each track's own range, worst of {signal.sum():,} tracks with signal"
    aim = FP32_AIM if precision == "fp32" else None
    yield Case("engine", name, "of the track's range", (float(shares.max()),), aim)
    if precision == "fp32":
        return
    centred = [one[:, signal] - one[:, signal].mean(axis=0) for one in (found.astype(np.float64), wanted)]
    products = (centred[0] * centred[1]).sum(axis=0)
    pearson = products / np.sqrt((centred[0] ** 2).sum(axis=0) * (centred[1] ** 2).sum(axis=0))
    name = f"{precision}, {what}: 1 - smallest Pearson over bins, {signal.sum():,} tracks with signal"
    yield Case("engine", name, "", (max(0.0, float(1 - pearson.min())),), PEARSON_AIM)


def measure_peaks(device: torch.device, peaks: dict[str, float]) -> None:
    """Multiply-adds a second of the best product of matrices, by precision; the best of all times it is called."""
    for name, precision in PRECISIONS.items():
        try:
            peaks[name] = max(peaks.get(name, 0.0), gemm_peak(device, precision))
        except Exception as error:
            failed(f"the limit, {name}", error)


def peak_rows(peaks: dict[str, float]) -> Iterator[Case]:
    """What `measure_peaks` found."""
    for name, best in peaks.items():
        yield Case("engine", f"the limit: best product of matrices, {name}", "GFLOP/s", (2 * best / 1e9,))


def measure_engine(runs: int) -> Iterator[Case]:
    """The rows of the CPU; few rounds, as each takes minutes."""
    import torch

    device = torch.device("cpu")
    runs = min(runs, MOST_RUNS)
    letters, what = bases(LENGTH + STEP * runs + PAN)
    print(f"  the published architecture with seeded random weights on {LENGTH:,} bp of {what}", flush=True)
    engines = Engines(load_model("random"), letters, LENGTH, device)
    yield from measure_rounds(engines, runs)


def measure_rounds(engines: Engines, runs: int) -> Iterator[Case]:
    """Warm-up, rounds with the limit between them, rows."""
    peaks: dict[str, float] = {}
    measure_peaks(engines.device, peaks)
    engines.warm_up()
    compared: list[Case] = []
    for number in range(runs):
        compared += engines.round(number)
        measure_peaks(engines.device, peaks)
    yield from peak_rows(peaks)
    yield from engines.rows(peaks)
    yield from compared
