"""The engine's rows of a CUDA device: bfloat16 against enformer_pytorch under autocast, and what goes in batches."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core.enformer import load_model
from core.enformer.edits import Edit
from tests.bench.engine import (
    GRADIENT,
    LENGTH,
    PAN,
    SPAN,
    STEP,
    Engines,
    agreement,
    bases,
    limit,
    measure_peaks,
    peak_rows,
)
from tests.bench.report import Case

COMMAND = "python -m tests.bench --only engine-cuda --runs 10"
GROUP = "engine-cuda"
BATCH, PEER_BATCH = 32, 8
WARM_UP = 2
ONE, MANY = "enformer_pytorch under autocast", "enformer_pytorch under autocast, one window of 8 at once"
FRESH, PANNED = "fresh prediction, all tracks, bf16", "pan by 16 kb, bf16"
SUBSTITUTION = f"one substitution of {BATCH} at once, reference known, 2 tracks, bf16"
MUTAGENESIS = f"saturation mutagenesis of {SPAN} bp, {3 * SPAN} edits, 2 tracks, bf16"
AIMS = {FRESH: 0.010, PANNED: 0.004, SUBSTITUTION: 0.0025, MUTAGENESIS: 2.0}
# What a row is divided by, how many of those it stands for, and the aim.
RATIOS = {
    FRESH: (ONE, 1, 0.6),
    SUBSTITUTION: (MANY, 1, None),
    MUTAGENESIS: (MANY, 3 * SPAN, 1 / 8),
    GRADIENT: (ONE, 1, None),
}


def measure_cuda(runs: int) -> Iterator[Case]:
    """The rows, or the command that fills them where there is a device."""
    import torch

    if not torch.cuda.is_available():
        print(f"  There is no CUDA device here. On a machine with one, this fills the rows: {COMMAND}")
        return
    device = torch.device("cuda")
    letters, what = bases(LENGTH + STEP * (runs + WARM_UP) + PAN)
    print(f"  {torch.cuda.get_device_name(device)}; {LENGTH:,} bp of {what}", flush=True)
    engines = Engines(load_model("random"), letters, LENGTH, device)
    engines.warm_up()
    torch.cuda.reset_peak_memory_stats(device)
    engines.engines["bf16"].predict(engines.window(0))
    peak = torch.cuda.max_memory_allocated(device) / 1e9
    yield Case(GROUP, "peak of the device's memory, fresh prediction, bf16, two engines' weights", "GB", (peak,), 6.0)
    yield from measure_rounds(engines, runs)


def measure_rounds(engines: Engines, runs: int) -> Iterator[Case]:
    """Rounds in turns, the first ones not counted, and their rows."""
    peaks: dict[str, float] = {}
    compared: list[Case] = []
    for number in range(runs + WARM_UP):
        if number == WARM_UP:
            engines.seconds.clear()
        compared = list(one_round(engines, number))
        measure_peaks(engines.device, peaks)
    for case in (*peak_rows(peaks), *compared):
        yield Case(GROUP, case.name, case.unit, case.values, case.aim)
    for name, seconds in engines.seconds.items():
        known = tuple(one for one in seconds if np.isfinite(one))
        if not known:
            continue
        yield Case(GROUP, name, "s", known, AIMS.get(name))
        if name in engines.work and peaks:
            shares = tuple(100 * engines.work[name] / one / limit(name, peaks) for one in known)
            yield Case(GROUP, f"{name}: of the limit", "%", shares)
        if name in RATIOS:
            other, times, aim = RATIOS[name]
            pairs = zip(seconds, engines.seconds[other], strict=True)
            ratios = tuple(float(own / (times * its)) for own, its in pairs if np.isfinite(own + its))
            if ratios:
                yield Case(GROUP, f"{name} / {times if times > 1 else ''} {other}".replace("  ", " "), "x", ratios, aim)


def one_round(engines: Engines, number: int) -> Iterator[Case]:
    """One of everything, and how far the fresh prediction is from the peer's float32."""
    window, engine, chosen = engines.window(number), engines.engines["bf16"], engines.target
    engines.timed(ONE, lambda: engines.peer(window, autocast=True))
    many = [engines.letters[start : start + engines.length] for start in range(PEER_BATCH)]
    engines.timed(MANY, lambda: engines.peer_batch(many))
    engines.seconds[MANY][-1] /= PEER_BATCH
    found = engines.ours("bf16", number)
    places = [engines.length // 2 + 400 + number + 160 * place for place in range(BATCH)]
    edits = [Edit(place, window[place], "C" if window[place] != "C" else "G") for place in places]
    tracks, bins = chosen.tracks, chosen.bins
    answer = engines.timed(SUBSTITUTION, lambda: engine.predict_edits(window, edits, tracks=tracks))
    engines.seconds[SUBSTITUTION][-1] /= BATCH
    if answer is not None:
        engines.count(SUBSTITUTION, 1 - answer.reused, len(tracks))
    first = engines.length // 2 - SPAN
    edits = [
        Edit(place, window[place], base)
        for place in range(first, first + SPAN)
        for base in "ACGT"
        if base != window[place]
    ]
    engines.timed(MUTAGENESIS, lambda: engine.predict_edits(window, edits, tracks=tracks, bins=bins))
    engines.gradient(number)
    if "fresh" in found:
        yield from agreement("bf16", "fresh prediction", found["fresh"], engines.peer(window))
