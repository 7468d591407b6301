"""`make bench`: what was measured, on what, and whether the aims were met. Never fails for being slow."""

from __future__ import annotations

import argparse
import importlib.util
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

RESULTS = Path(__file__).resolve().parents[2] / "build" / "bench.json"


def groups() -> dict[str, tuple[bool, Callable[[int], Iterator]]]:
    """Name -> (whether it needs Chromium, what measures it)."""
    from tests.bench import (
        attention,
        browser,
        contributions,
        effects,
        engine,
        engine_cuda,
        engine_memory,
        engine_peers,
        grid,
        letters_pages,
        pages,
        peer,
        switches,
        tracks,
        turns,
    )

    return {
        "start": (True, pages.measure_cold_start),
        "warm": (True, pages.measure_warm),
        "people": (True, pages.measure_people),
        "switches": (True, switches.measure_switches),
        "grid": (True, grid.measure_grid),
        "browser": (True, browser.measure_browser),
        "letters": (True, browser.measure_letters),
        "letters-pages": (True, letters_pages.measure_letters_pages),
        "tracks": (True, tracks.measure_tracks),
        "bins": (True, tracks.measure_bins),
        "peer": (True, peer.measure_bertviz),
        "queue": (False, turns.measure_queue),
        "attention": (False, attention.measure_speed),
        "memory": (False, attention.measure_memory),
        "payload": (False, attention.measure_payload),
        "engine": (False, engine.measure_engine),
        "engine-memory": (False, engine_memory.measure_memory),
        "engine-peers": (False, engine_peers.measure_tangermeme),
        "engine-cuda": (False, engine_cuda.measure_cuda),
        "contributions": (False, contributions.measure_contributions),
        "effects": (False, effects.measure_effects),
    }


NAMES = (
    *("start", "warm", "people", "switches", "grid", "browser", "letters", "letters-pages", "tracks", "bins", "peer"),
    *("queue", "attention", "memory", "payload"),
    *("engine", "engine-memory", "engine-peers", "engine-cuda", "contributions", "effects"),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print a Markdown table and write build/bench.json."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="runs of each case (default 5)")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, help="some of the groups")
    options = parser.parse_args(arguments)
    if options.runs < 1:
        parser.error("--runs takes a number from 1")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # and so the app that is being measured stops too
    # Bundled models only, and nobody's own caches: set before anything reads the environment.
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "ATTENDOME_CACHE": f"{folder}/cache",
            "HF_HOME": f"{folder}/hub",
            "HF_HUB_OFFLINE": "1",
            "TOKENIZERS_PARALLELISM": "false",
        }
        measure(options.only, options.runs)


def measure(names: Sequence[str], runs: int) -> None:
    """Run the groups in order; a group without its browser is left out and said so."""
    from tests.bench.report import find_chromium, machine, table, write

    described = machine()
    browser = find_chromium() is not None and importlib.util.find_spec("playwright") is not None
    cases, left_out, failed = [], [], []
    for name, (needs_browser, measured) in groups().items():
        if name not in names:
            continue
        if needs_browser and not browser:
            left_out.append(name)
            continue
        print(f"measuring {name} …", flush=True)
        try:
            for case in measured(runs):
                cases.append(case)  # one by one: what was measured before something failed is kept
        except Exception:
            traceback.print_exc()
            failed.append(name)
    print("\n" + ", ".join(f"{key} {value}" for key, value in described.items()) + "\n")
    print(table(cases))
    if left_out:
        print(f"\nLeft out, because there is no Chromium here: {', '.join(left_out)}.")
    if failed:
        print(f"\nNot measured to the end, for what stands above: {', '.join(failed)}.")
    write(RESULTS, cases, described)
    print(f"\nWritten to {RESULTS.relative_to(Path.cwd()) if RESULTS.is_relative_to(Path.cwd()) else RESULTS}")


if __name__ == "__main__":
    main()
