"""Measure the naming of motifs on the held-out chromosome: `python -m core.teaching.playground.motif_tests`.

The target is CAGE at a gene's start, of every gene in both cell types. Contributions of the whole window are found,
seqlets called and named, and compared with what the grammar says of every site. Exits with 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from core.attribution.gradients import expected_gradients, gradient_x_input
from core.attribution.motif_matching import Query, match_motifs
from core.attribution.seqlets import seqlets
from core.attribution.target import Target, first_bin
from core.enformer import EnformerEngine, load_model
from core.errors import AttendomeError
from core.genome import Interval
from core.settings import settings
from core.teaching.playground.grammar import BIN_SIZE_BP, CELL_TYPES, TRACKS, GenePlan
from core.teaching.playground.heldout import HELD_OUT, Bar
from core.teaching.playground.motif_truth import RULE, judge_scores
from core.teaching.playground.world import world

LEAST_NAMED = 0.8
METHODS = {"gradient_x_input": gradient_x_input, "expected_gradients": expected_gradients}


def start_target(cell_type: str, at: int) -> Target:
    """CAGE of a cell type over the bin of a start and those beside it; `at` is that bin, as the engine shows it."""
    return Target((TRACKS.index(f"CAGE:{cell_type}"),), (at - 1, at, at + 1))


def window_of(engine: EnformerEngine, gene: GenePlan, window_bp: int) -> tuple[Interval, int]:
    """The window around a gene's start, in whole bins, and the bin of the start as the engine shows it."""
    start = (gene.tss // BIN_SIZE_BP - window_bp // BIN_SIZE_BP // 2) * BIN_SIZE_BP
    return Interval(HELD_OUT, start, start + window_bp), (gene.tss - start) // BIN_SIZE_BP - first_bin(
        engine, window_bp
    )


def measure(
    engine: EnformerEngine,
    genes: Sequence[GenePlan],
    window_bp: int,
    *,
    method: str = "gradient_x_input",
    query: Query = "weighted",
    tell: Callable[[str], None] = lambda text: None,
) -> tuple[list[Bar], pd.DataFrame]:
    """The bars, and a table with one row a factor.

    Parameters
    ----------
    genes : of the held-out chromosome. method : a name in `METHODS`. query : see `match_motifs`.
    tell : called with what is being measured.
    """
    judged = []
    for number, gene in enumerate(genes):
        tell(f"{gene.symbol} ({number + 1} of {len(genes)})")
        window, at = window_of(engine, gene, window_bp)
        letters = world().genome.fetch(window)
        bins = Interval(HELD_OUT, *((gene.tss // BIN_SIZE_BP + by) * BIN_SIZE_BP for by in (-1, 2)))
        for cell in CELL_TYPES:
            scores = METHODS[method](engine, letters, start_target(cell, at), interval=window)
            found = seqlets(scores)
            judged.append(judge_scores(scores, found, match_motifs(scores, found=found, query=query), bins))
    strong, found, touched = (
        np.concatenate([getattr(one, name) for one in judged]) for name in ("strong", "found", "touched")
    )
    names = np.array([instance.motif for one in judged for instance in one.instances])
    rows = [
        {
            "motif": name,
            "strong": int((strong & (names == name)).sum()),
            "with a seqlet": int((touched & strong & (names == name)).sum()),
            "named rightly": int((found & strong & (names == name)).sum()),
        }
        for name in dict.fromkeys(names)
    ]
    count = max(int(strong.sum()), 1)
    named, right = (sum(getattr(one, what) for one in judged) for what in ("named", "right"))
    bars = [
        Bar("strong instances", float(strong.sum()), least=1),
        Bar("of these, share with the right family named", float((found & strong).sum()) / count, least=LEAST_NAMED),
        Bar("of these, share with a seqlet", float((touched & strong).sum()) / count),
        Bar("named seqlets that lie on a site of that family (precision)", right / max(named, 1)),
        Bar("named seqlets in a window", named / max(len(judged), 1)),
    ]
    return bars, pd.DataFrame(rows)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--genes", type=int, default=10_000, help="how many genes of the chromosome at most")
    parser.add_argument("--skip", type=int, default=0, help="how many genes are left out first")
    parser.add_argument("--method", default="gradient_x_input", choices=sorted(METHODS))
    parser.add_argument("--query", default="weighted", choices=["weighted", "letters"], help="what is compared")
    given = parser.parse_args()
    begun = time.monotonic()
    try:
        model = load_model("playground", options=replace(settings(), device="cpu"))
        engine = EnformerEngine(model, precision="float32")
        bars, table = measure(
            engine,
            world().genes[HELD_OUT][given.skip : given.skip + given.genes],
            model.input_bp,
            method=given.method,
            query=given.query,
            tell=lambda text: print(text, "...", file=sys.stderr, flush=True),
        )
    except AttendomeError as error:
        sys.exit(str(error))
    print(RULE)
    print(table.to_string(index=False))
    print()
    print("\n".join(bar.line for bar in bars))
    print(f"\nmeasured in {time.monotonic() - begun:.0f} s")
    sys.exit(0 if all(bar.met for bar in bars) else 1)


if __name__ == "__main__":
    main()
