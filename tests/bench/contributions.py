"""Contributions on the playground: a gradient against a prediction, 200 letters changed against tangermeme."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core.attribution import Target, gradient_x_input, saturation_mutagenesis
from core.attribution.target import first_bin
from core.enformer import EnformerEngine, load_model
from core.genome import open_genome
from core.genome.interval import Interval
from tests.bench.engine_limit import synchronised
from tests.bench.engine_peers import TRACKS, in_turns
from tests.bench.report import Case

LETTERS = 200
IN_TURNS = 40  # letters that tangermeme changes too: it takes minutes for more
MOST_RUNS = 2
AIM_GRADIENT, AIM_SECONDS = 2.0, 60.0
MIDDLE = (127, 128, 129)  # bins of the 256 shown
CHROMOSOME, START, STEP = "sim4", 400_000, 127


def measure_contributions(runs: int) -> Iterator[Case]:
    """Gradient x input in forward passes; all changes of 200 letters in seconds, and against tangermeme's two ways."""
    engine = EnformerEngine(load_model("playground"), precision="float32")
    yield from _gradient(engine, runs)

    yield from _letters(engine, runs)

    def ours(window: str, first: int, bins: range) -> np.ndarray:
        shown = first_bin(engine, len(window))
        target = Target(TRACKS, tuple(number - shown for number in bins))
        found = saturation_mutagenesis(engine, window, target, first, first + IN_TURNS)
        changed = np.array([[base != letter for base in "ACGT"] for letter in found.letters])
        return found.target_value + found.values[changed]

    yield from in_turns("contributions", engine, IN_TURNS, min(runs, MOST_RUNS), ours)


def _letters(engine: EnformerEngine, runs: int) -> Iterator[Case]:
    length, genome, target = load_model("playground").input_bp, open_genome("playground"), Target(TRACKS, MIDDLE)
    taken = []
    for number in range(runs):
        start = START + STEP * number + 50
        window = genome.fetch(Interval(CHROMOSOME, start, start + length)).upper()
        first = length // 2 - LETTERS // 2

        def work(window: str = window, first: int = first) -> None:
            saturation_mutagenesis(engine, window, target, first, first + LETTERS)

        taken.append(synchronised(work, engine.device))
    what = f"saturation mutagenesis of {LETTERS} bp ({3 * LETTERS} edits), the playground's model"
    yield Case("contributions", what, "s", tuple(taken), AIM_SECONDS)


def _gradient(engine: EnformerEngine, runs: int) -> Iterator[Case]:
    length = load_model("playground").input_bp
    genome, target = open_genome("playground"), Target(TRACKS, MIDDLE)
    forward, backward = [], []
    for number in range(-1, runs):
        start = START + STEP * (number + 1)  # no multiple of a bin, so that nothing is known of the last one
        window = genome.fetch(Interval(CHROMOSOME, start, start + length)).upper()
        taken = (
            synchronised(lambda window=window: engine.predict(window), engine.device),
            synchronised(lambda window=window: gradient_x_input(engine, window, target), engine.device),
        )
        if number >= 0:  # the first warms up
            forward.append(taken[0])
            backward.append(taken[1])
    yield Case("contributions", f"gradient × input, {length:,} bp, the playground's model", "s", tuple(backward))
    ratios = tuple(one / other for one, other in zip(backward, forward, strict=True))
    yield Case("contributions", "gradient × input / our own prediction, all tracks", "x", ratios, AIM_GRADIENT)
