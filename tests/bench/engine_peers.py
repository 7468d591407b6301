"""tangermeme's saturation mutagenesis, fast and slow, of the playground's model against ours, in turns."""

from __future__ import annotations

import copy
import importlib
import importlib.metadata
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import numpy as np

from core.enformer import EnformerEngine, load_model
from core.enformer.edits import Edit
from core.genome import one_hot, open_genome
from core.genome.interval import Interval
from tests.bench.engine import failed, synchronised
from tests.bench.peer import PEERS
from tests.bench.report import Case

MOST_RUNS = 2
CHROMOSOME, START, STEP = "sim4", 500_000, 61
SITES = 20
TRACKS = (0, 3)
AROUND = 2  # bins on either side of the one that is mutated
BATCH = 8


def measure_tangermeme(runs: int) -> Iterator[Case]:
    """60 edits of one window each round: seconds of all three, ratios, and how far the results are apart."""
    engine = EnformerEngine(load_model("playground"))

    def ours(window: str, first: int, bins: range) -> np.ndarray:
        edits = [
            Edit(place, window[place], base)
            for place in range(first, first + SITES)
            for base in "ACGT"
            if base != window[place]
        ]
        return engine.predict_edits(window, edits, tracks=TRACKS, bins=bins).alternatives.mean(axis=(1, 2))

    yield from in_turns("engine-peers", engine, SITES, min(runs, MOST_RUNS), ours)


def in_turns(
    group: str, engine: EnformerEngine, sites: int, runs: int, ours: Callable[[str, int, range], np.ndarray]
) -> Iterator[Case]:
    """All changes of `sites` letters of the playground's model: `ours` and tangermeme's two ways, one after the other.

    Parameters
    ----------
    ours : called with a window, the first place that is changed and the bins that count (from the window's left edge);
        gives the mean of `TRACKS` over these after every change, (3 x sites,) in the order of places, then A, C, G, T.
    """
    import torch

    if not (PEERS / "tangermeme").exists():
        print("tangermeme is left out: it is not installed; `make bench` installs it where there is a network.")
        return
    try:
        with patch.object(sys, "path", [*sys.path, str(PEERS)]):
            theirs = importlib.import_module("tangermeme.saturation_mutagenesis")
    except ImportError as error:
        failed("tangermeme", error)
        return
    version = next(iter(importlib.metadata.distributions(name="tangermeme", path=[str(PEERS)]))).version
    model = load_model("playground")
    length = model.input_bp
    engine.predict(_window(length, -1))  # warms up
    first = length // 2 + 300
    middle = first // engine.bin_size_bp
    bins = range(middle - AROUND, middle + AROUND + 1)
    cropped = (length // engine.bin_size_bp - engine.own_bins + 1) // 2
    peer = _channels_first(copy.deepcopy(model.module), [number - cropped for number in bins]).eval()
    times: dict[str, list[float]] = {"ours": [], "fast=True": [], "fast=False": []}
    apart, told = [], set()
    for number in range(runs):
        window = _window(length, number)
        found: dict[str, np.ndarray] = {}

        def own(window: str = window, found: dict = found) -> None:
            found["ours"] = ours(window, first, bins)

        def tangermeme(fast: bool, window: str = window, found: dict = found) -> None:
            given = torch.from_numpy(one_hot(window)).T[None]
            raw = theirs.saturation_mutagenesis(
                peer, given, start=first, end=first + sites, batch_size=BATCH, raw_outputs=True, fast=fast
            )
            grid = raw.y_hat[0, ..., 0].T.numpy()  # (sites, 4)
            changed = [[base != letter for base in "ACGT"] for letter in window[first : first + sites]]
            found[f"fast={fast}"] = grid[np.array(changed)]

        with warnings.catch_warnings(record=True) as caught, patch.object(theirs, "_FAST_MIN_SECONDS", 0.0):
            warnings.simplefilter("always")
            cpu = torch.device("cpu")
            times["ours"].append(synchronised(own, cpu))
            for fast in (True, False):
                times[f"fast={fast}"].append(synchronised(lambda: tangermeme(fast), cpu))  # noqa: B023
        told |= {str(one.message) for one in caught if "fast=False" in str(one.message)}
        apart.append(float(np.abs(found["ours"] - found["fast=False"]).max() / np.ptp(found["fast=False"])))
    for reason in sorted(told):
        print(f"  tangermeme says: {reason[:400]}")
    what = f"{3 * sites} edits of {length:,} bp through the playground's model"
    yield Case(group, f"ours, {what}", "s", tuple(times["ours"]))
    for way in ("fast=True", "fast=False"):
        name = f"tangermeme {version} saturation_mutagenesis({way})"
        if way == "fast=True":
            name += ", which fell back to the slow way after its own trial" if told else ", its own trial included"
        yield Case(group, f"{name}, {what}", "s", tuple(times[way]))
        ratios = tuple(mine / other for mine, other in zip(times["ours"], times[way], strict=True))
        yield Case(group, f"ours / {name}", "x", ratios)
    yield Case(group, "ours and tangermeme: largest difference", "of the edits' range", tuple(apart))


def _window(length: int, number: int) -> str:
    start = START + STEP * number
    return open_genome("playground").fetch(Interval(CHROMOSOME, start, start + length)).upper()


def _channels_first(module: Any, bins: list[int]) -> Any:
    """The peer as tangermeme calls it: (batch, 4, length) -> (batch, 1), the mean of our tracks over our bins."""
    import torch

    class Mean(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.module = module

        def forward(self, given: torch.Tensor) -> torch.Tensor:
            output = self.module(given.transpose(1, 2), head="human")
            return output[:, bins][..., list(TRACKS)].mean(dim=(1, 2))[:, None]

    return Mean()
