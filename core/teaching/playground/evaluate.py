"""Measure the playground model on the held-out chromosome: `python -m core.teaching.playground.evaluate`.

Prints the tracks, then one line for each figure, and exits with 1 when a bar is missed. Minutes on two CPU cores.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pandas as pd
import torch

from core.enformer import EnformerEngine, load_model
from core.errors import AttendomeError
from core.genome import Interval
from core.settings import settings
from core.teaching.playground.heldout import HELD_OUT, Bar, track_bars
from core.teaching.playground.link_tests import Locus, attention_bars, deletion_bars
from core.teaching.playground.world import World, world

MOST_LINKS = 100


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def seconds_per_pass(engine: EnformerEngine, shared: World, window_bp: int, repeats: int = 5) -> float:
    """Seconds of one prediction of a whole window: the fastest of several on one and on two threads."""
    letters = shared.genome.fetch(Interval(HELD_OUT, 100_096, 100_096 + window_bp))
    taken = []
    for count in (1, 2):
        with _threads(count):
            for _ in range(repeats):
                begun = time.perf_counter()
                engine.predict(letters)
                taken.append(time.perf_counter() - begun)
    return min(taken)


def measure(
    name_or_path: str | Path = "playground",
    *,
    most_links: int = MOST_LINKS,
    tell: Callable[[str], None] = lambda text: None,
) -> tuple[list[Bar], pd.DataFrame]:
    """Every line of the table, and the tracks one by one, on the CPU.

    Parameters
    ----------
    most_links : links that are tested at most; which ones is fixed by a seed.
    tell : called with what is being measured.

    Raises
    ------
    ModelUnavailableError, GenomeUnavailableError
        The model or the playground's files cannot be read.
    """
    model = load_model(name_or_path, options=replace(settings(), device="cpu"))
    engine, shared = EnformerEngine(model, precision="float32"), world()
    # One thread: where others use the cores too, two that wait for one another take many times longer.
    with _threads(1):
        tell("tracks along the held-out chromosome")
        bars, tracks = track_bars(engine, shared, model.input_bp)
        locus = Locus(engine, shared, model.input_bp)
        tell("enhancers taken out")
        bars += deletion_bars(locus, most_links)
        tell("attention")
        bars += attention_bars(locus, most_links)
        tell("time")
    seconds = seconds_per_pass(engine, shared, model.input_bp)
    bars.append(Bar("seconds of a forward pass on at most two CPU threads, fastest of 10", seconds, most=0.5))
    return bars, tracks


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="playground", help="a name, or a folder")
    parser.add_argument("--links", type=int, default=MOST_LINKS, help="how many links are tested at most")
    given = parser.parse_args()
    begun = time.monotonic()
    try:
        bars, tracks = measure(
            given.model, most_links=given.links, tell=lambda text: print(text, "...", file=sys.stderr, flush=True)
        )
    except AttendomeError as error:
        sys.exit(str(error))
    print(tracks.round(3).to_string(index=False))
    print()
    print("\n".join(bar.line for bar in bars))
    print(f"\nmeasured in {time.monotonic() - begun:.0f} s")
    sys.exit(0 if all(bar.met for bar in bars) else 1)


if __name__ == "__main__":
    main()
