"""Turn a trained checkpoint into the shipped model: `python -m core.teaching.playground.export`.

Writes weights, names of tracks and card, measures them as they were written, and writes the card again with the
figures, and as a page. Exits with 1 when a bar is missed; the model is written all the same.
"""

from __future__ import annotations

import argparse
import csv
import math
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch

from core.enformer.registry import PLAYGROUND_FOLDER
from core.enformer.weights import CARD, WEIGHTS, save_weights
from core.errors import AttendomeError, ModelFilesError
from core.files import read_json
from core.teaching.playground import card
from core.teaching.playground.evaluate import MOST_LINKS, measure
from core.teaching.playground.files import ASSEMBLY
from core.teaching.playground.grammar import GRAMMAR_VERSION
from core.teaching.playground.heldout import Bar
from core.teaching.playground.recipe import Recipe
from core.teaching.playground.train import STAGES, build_model

if TYPE_CHECKING:
    from enformer_pytorch import Enformer

CHECKPOINT, LOG = "checkpoint.pt", "training_log.csv"


def trained(work_dir: Path) -> tuple[Enformer, Recipe, str]:
    """The model of a work folder, its recipe, and how far it was trained, for example "whole 500".

    Raises
    ------
    ModelFilesError
        There is no checkpoint, or it cannot be read.
    """
    try:
        state = torch.load(work_dir / CHECKPOINT, weights_only=True, map_location="cpu")
        known = {field.name for field in fields(Recipe)}
        recipe = Recipe(**{name: value for name, value in state["recipe"].items() if name in known})
        model = build_model(recipe).eval()
        model.load_state_dict(state["model"])
        return model, recipe, f"{state['stage']} {state['step']}"
    except Exception as error:  # a damaged file fails in torch's many ways
        raise ModelFilesError(
            f"{CHECKPOINT} of {work_dir.name} is missing or cannot be read ({type(error).__name__}); train first: "
            f"python -m core.teaching.playground.train --work-dir {work_dir.name}"
        ) from error


def log_summary(path: Path) -> list[dict[str, Any]]:
    """One entry for each stage of training_log.csv: steps, last loss and the median of seconds a step."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    found = []
    for stage in STAGES:
        of_stage = [row for row in rows if row["stage"] == stage]
        if of_stage:
            found.append(
                {
                    "stage": stage,
                    "steps": int(of_stage[-1]["step"]),
                    "loss": float(of_stage[-1]["loss"]),
                    "seconds_per_step": round(float(np.median([float(r["seconds_per_step"]) for r in of_stage])), 3),
                    "looked_at": of_stage[-1]["pearson"],
                }
            )
    return found


def as_entries(bars: Sequence[Bar], tracks: pd.DataFrame) -> dict[str, Any]:
    """The table for card.json; what is no number is null."""

    def number(value: float) -> float | None:
        return round(float(value), 4) if math.isfinite(value) else None

    return {
        "bars": [
            {"what": bar.what, "value": number(bar.value), "bar": bar.wanted, "met": bool(bar.met)} for bar in bars
        ],
        "tracks": [
            {name: value if isinstance(value, str) else number(value) for name, value in row.items()}
            for row in tracks.to_dict("records")
        ],
    }


def export(
    work_dir: Path, folder: Path = PLAYGROUND_FOLDER, *, tried: Sequence[str] = (), most_links: int = MOST_LINKS
) -> list[Bar]:
    """Write the model's folder from a work folder; gives the lines of the table.

    Raises
    ------
    ModelFilesError
        The checkpoint is missing or damaged, or holds what is no number.
    ModelUnavailableError
        The folder cannot be written.
    """
    module, recipe, reached = trained(work_dir)
    more: dict[str, Any] = {
        "kind": card.KIND,
        "grammar_version": GRAMMAR_VERSION,
        "code": "core/teaching/playground",
        "recipe": asdict(recipe),
        "reached": reached,
        "training": log_summary(work_dir / LOG),
        "tried": list(tried),
    }

    def write(facts: tuple[tuple[str, str], ...] = ()) -> None:
        save_weights(
            module,
            folder,
            input_bp=recipe.window_bp,
            title=card.TITLE,
            summary=card.SUMMARY,
            source=card.SOURCE,
            licence=card.LICENCE,
            assembly=ASSEMBLY,
            facts=facts,
            limits=card.LIMITS,
            tables={"human": card.track_table()},
            more=more,
        )
        (folder / WEIGHTS).chmod(0o644)

    write()
    bars, tracks = measure(folder, most_links=most_links, tell=lambda text: print(text, "...", flush=True))
    more["measured"] = as_entries(bars, tracks)
    write(card.facts(more["measured"]))
    shutil.copy(work_dir / LOG, folder / LOG)
    (folder / "README.md").write_text(card.markdown(read_json(folder / CARD, card.TITLE)), encoding="utf-8")
    return bars


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work-dir", type=Path, default=Path("build/playground"))
    parser.add_argument("--folder", type=Path, default=PLAYGROUND_FOLDER)
    parser.add_argument("--links", type=int, default=MOST_LINKS, help="how many links are tested at most")
    parser.add_argument("--tried", action="append", default=[], help="a sentence for the card; may be repeated")
    given = parser.parse_args()
    try:
        bars = export(given.work_dir, given.folder, tried=given.tried, most_links=given.links)
    except AttendomeError as error:
        sys.exit(str(error))
    print("\n".join(bar.line for bar in bars))
    sys.exit(0 if all(bar.met for bar in bars) else 1)


if __name__ == "__main__":
    main()
