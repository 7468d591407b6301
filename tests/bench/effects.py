"""Scoring many variants: against brute force with enformer_pytorch in the same run, and memory up to 10,000 of them.

Brute force reads two windows a variant, the reference and the alternative, as a script does that takes one at a time.
"""

from __future__ import annotations

import copy
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from core.effects.align import Core
from core.effects.score import iter_effects
from core.effects.windows import variant_window
from core.enformer import EnformerEngine, load_model
from core.enformer.edits import Edit, edited
from core.genome import Interval, Variant, one_hot, open_genome
from core.genome.reference import fetch_padded
from tests.bench.engine import LENGTH, bases, failed
from tests.bench.engine_memory import _peak_bytes
from tests.bench.report import Case

GROUP = "effects"
NEIGHBOURS, FEW = 64, 10  # variants of the playground; of the published architecture
PEER_VARIANTS, PEER_FEW = 4, 1  # of the published architecture a window takes a minute
SPACING_BP = 150
MANY = 10_000
FIRST = 500  # of them: what the memory is compared with
RATIO_AIM = {"cpu": 1 / 5, "cuda": 1 / 8}
GROWTH_AIM = 1.1
LIMIT_SECONDS = 3_600
MOST_RUNS = 3
TOLERANCE = 1e-5  # of the output's range, as for predictions


class Letters:
    """A genome of one chromosome in memory."""

    def __init__(self, letters: str) -> None:
        self._letters = letters
        self.name = self.identity = "bench"
        self.assembly = "unknown"
        self.contigs = {"chr1": len(letters)}

    def fetch(self, interval: Interval, **_: Any) -> str:
        """As `Reference.fetch`."""
        return fetch_padded(interval, self.contigs, self.name, lambda name, a, b: self._letters[a:b])

    def close(self) -> None:
        """Nothing to close."""


def neighbours(genome: Any, chrom: str, start: int, count: int, spacing: int = SPACING_BP) -> list[Variant]:
    """Substitutions side by side, every tenth a deletion of two letters."""
    letters, found = genome.fetch(Interval(chrom, start, start + count * spacing + 3)), []
    for number in range(count):
        place = number * spacing
        ref = letters[place : place + (3 if number % 10 == 9 else 1)]
        if set(ref) <= set("ACGT"):
            alt = ref[0] if len(ref) > 1 else "ACGT"[("ACGT".index(ref) + 1 + number % 3) % 4]
            found.append(Variant(chrom, start + place + 1, ref, alt))
    return found


class Race:
    """Our scores and brute force over the same variants, in turns."""

    def __init__(self, name: str, title: str, genome: Any, device: str) -> None:
        import torch

        self.title, self.genome, self.device = title, genome, torch.device(device)
        self.model = load_model(name)
        module = self.model.module
        self.module = module if device == "cpu" else copy.deepcopy(module).to(device)

    def ours(self, variants: list[Variant]) -> tuple[float, list[np.ndarray]]:
        """(seconds, effects (bins, tracks)) of an engine that knows nothing yet."""
        engine = EnformerEngine(self.model, str(self.device), "float32")
        engine.predict("ACGT" * (engine.bin_size_bp * 4))
        started = time.perf_counter()
        found = [effect.effect for _, effect in sorted(iter_effects(engine, self.genome, variants), key=lambda e: e[0])]
        return time.perf_counter() - started, found

    def peer(self, variants: list[Variant]) -> tuple[float, list[tuple[np.ndarray, np.ndarray]]]:
        """(seconds a variant, (reference, effect) of each) of enformer_pytorch, one window at a time."""
        import torch

        engine = EnformerEngine(self.model, str(self.device), "float32")
        windows = [variant_window(engine, self.genome, variant) for variant in variants]
        found = []
        started = time.perf_counter()
        for variant, window in zip(variants, windows, strict=True):
            letters = self.genome.fetch(window)
            core = Core.of(variant)
            other, _ = edited(letters, Edit(core.start - window.start, core.ref, core.alt))
            both = []
            for text in (letters, other):
                given = torch.from_numpy(one_hot(text)[None]).to(self.device)
                with torch.inference_mode():
                    both.append(self.module(given, head="human")[0].cpu().numpy())
            found.append((both[0], both[1] - both[0]))
        return (time.perf_counter() - started) / len(variants), found

    def cases(self, runs: int, count: int, start: int, chrom: str, by_force: int = PEER_VARIANTS) -> Iterator[Case]:
        """Variants a minute of both, their ratio, and how far the two are apart."""
        ours, theirs, apart = [], [], 0.0
        for number in range(runs):
            variants = neighbours(self.genome, chrom, start + number * (count * SPACING_BP + 61), count)
            some = [one for one in variants if not one.length_change_bp][:by_force]
            each, wanted = self.peer(some)
            seconds, found = self.ours(variants)
            ours.append(seconds / len(variants))
            theirs.append(each)
            for variant, (plain, exact) in zip(some, wanted, strict=True):
                own = found[variants.index(variant)]
                apart = max(apart, float(np.abs(own - exact).max() / np.ptp(plain)))
            print(f"  {self.title}: {ours[-1]:.3g} s a variant, enformer_pytorch {each:.3g} s", flush=True)
        what = f"{self.title}, fp32, {count} neighbours every {SPACING_BP} bp"
        yield Case(GROUP, f"{what}: variants a minute", "a minute", tuple(60 / one for one in ours))
        yield Case(GROUP, f"{what}: enformer_pytorch, two windows each", "a minute", tuple(60 / one for one in theirs))
        ratios = tuple(one / other for one, other in zip(ours, theirs, strict=True))
        yield Case(GROUP, f"{what}: time of one against brute force", "x", ratios, RATIO_AIM[self.device.type])
        yield Case(GROUP, f"{what}: largest difference of an effect", "of the output's range", (apart,), TOLERANCE)


def measure_effects(runs: int) -> Iterator[Case]:
    """Speed on both models, then memory; a CUDA device where there is one."""
    import torch

    devices = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    runs = min(runs, MOST_RUNS)
    playground = open_genome("playground")
    for device in devices:
        race = Race("playground", f"playground on {device}", playground, device)
        yield from race.cases(runs, NEIGHBOURS, 100_000, "sim1")
    letters, what = bases(2 * LENGTH)
    genome = Letters(letters)
    print(f"  the published architecture with seeded random weights on {LENGTH:,} bp of {what}", flush=True)
    for device in devices:
        try:
            race = Race("random", f"published architecture on {device}", genome, device)
            if device == "cpu":
                yield from race.cases(1, FEW, LENGTH, "chr1", PEER_FEW)
            else:
                yield from race.cases(runs, NEIGHBOURS, LENGTH, "chr1")
        except Exception as error:
            failed(f"The published architecture on {device}", error)
    yield from measure_growth(MANY)


def measure_growth(count: int) -> Iterator[Case]:
    """Peak memory of a process that scores so many variants of the playground, at the 500th and at the end."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tests.bench.effects", str(count), folder]
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_SECONDS)
        if done.returncode:
            raise RuntimeError(f"it ended with {done.returncode}: {done.stderr.strip()[-300:]}")
        told = json.loads(done.stdout.splitlines()[-1])
    print(f"  {told}", flush=True)
    first, last = told["first_peak"], told["peak"]
    own = [told[name] - told[f"{name}_cache"] for name in ("first_peak", "peak")]
    yield Case(GROUP, f"peak of the process, {FIRST:,} variants of the playground", "MB", (first / 1e6,))
    yield Case(GROUP, f"peak of the process, {count:,} variants of the playground", "MB", (last / 1e6,))
    name = "of that, towers kept for reuse, which have a bound of their own"
    yield Case(GROUP, name, "MB", (told["peak_cache"] / 1e6,))
    name = f"peak without them: {count:,} variants against {FIRST:,}"
    yield Case(GROUP, name, "x", (own[1] / own[0],), GROWTH_AIM)
    yield Case(GROUP, f"{count:,} variants of the playground: variants a minute", "a minute", (told["a_minute"],))
    yield Case(GROUP, f"{count:,} variants of the playground: TSV written", "s", (told["written"],))


def grow(count: int, folder: Path) -> None:
    """Score a VCF as the command does, and print what memory it took."""
    from core.effects.files import Scored, write
    from core.effects.job import Scoring, score_all
    from core.effects.journal import Journal
    from core.effects.listed import read_list
    from core.timing import Timings

    genome = open_genome("playground")
    places = np.sort(np.random.default_rng(0).choice(np.arange(20_000, 780_000), count, replace=False))
    letters = genome.fetch(Interval("sim1", 0, 800_000))
    with (folder / "in.vcf").open("w") as file:
        file.write("##fileformat=VCFv4.3\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n")
        for place in places:
            ref = letters[place] if letters[place] in "ACGT" else "A"
            file.write(f"sim1\t{place + 1}\t.\t{ref}\t{'CGTA'['ACGT'.index(ref)]}\t.\t.\tDP=30\n")
    engine = EnformerEngine(load_model("playground"), precision="float32")
    listed = read_list(folder / "in.vcf", engine, genome, keep_fields=False)
    scoring = Scoring(engine, genome, listed)
    peaks: dict[str, int] = {}
    started = time.perf_counter()

    def told(done: int, seconds: float | None) -> None:
        if done >= FIRST and not peaks:
            peaks.update(first_peak=_peak_bytes(), first_peak_cache=engine.reuse.rows.nbytes)

    with Journal(folder / "scores", scoring.plan) as kept:
        score_all(scoring, kept, Timings(folder / "timings.json"), told)
    seconds = time.perf_counter() - started
    peaks |= {"scored_peak": _peak_bytes(), "peak_cache": engine.reuse.rows.nbytes}
    started = time.perf_counter()
    write(Scored(listed, kept, scoring.columns, engine.input_bp), folder / "out.tsv")
    written = time.perf_counter() - started
    rate = 60 * len(listed) / seconds
    found = {**peaks, "peak": _peak_bytes(), "a_minute": rate, "written": written, "scored": len(listed)}
    print(json.dumps(found))


if __name__ == "__main__":
    grow(int(sys.argv[1]), Path(sys.argv[2]))
