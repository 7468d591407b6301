"""The model card of the playground model: its tracks, its figures as the page shows them, and a page of Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.enformer.tracks import Track, TrackTable
from core.teaching.playground.files import ASSEMBLY
from core.teaching.playground.grammar import CELL_TYPES, TRACKS

TITLE = "Playground Enformer"
MATCHED_BP = 9_000  # pairs farther apart move the model little, with a boundary or without
KIND = "teaching material, trained by Attendome on a simulated genome; not Enformer's published weights"
SUMMARY = (
    "A small Enformer that was trained on a simulated genome. The rules of that genome are written down, so it is "
    "known which enhancer drives which gene, and whether the model found it."
)
SOURCE = "trained by Attendome, core/teaching/playground"
LICENCE = "MIT (weights, code and data); the motif matrices behind the data are JASPAR 2026, CC BY 4.0"
LIMITS = (
    "It knows a made-up genome with ten motifs and twelve tracks, and nothing about people: on real DNA its answers "
    "mean nothing. Deletions and insertions of more than a few letters, and clusters unlike those that it was trained "
    "on, are beyond what was measured. It has learnt boundaries only in part: an enhancer near a gene but behind a "
    "boundary still moves the model's answer, where by the grammar it hardly may (the matched pairs in the table)."
)
SOURCE_OF_TRACKS = "playground: simulated genome"
_BOTH = "both cell types"


def track_table() -> TrackTable:
    """The twelve tracks as the model's table describes them; all are simulated mean coverage."""
    return TrackTable("human", tuple(_track(i, name) for i, name in enumerate(TRACKS)), ASSEMBLY, SOURCE_OF_TRACKS)


def _track(index: int, name: str) -> Track:
    assay, *rest = name.split(":")
    biosample = rest.pop() if rest[-1] in CELL_TYPES else _BOTH
    return Track(
        index,
        f"PG{index:02}",
        f"{name} (simulated)",
        assay=assay,
        target="".join(rest),
        biosample=biosample,
        statistic="mean",
    )


def facts(measured: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """(what, value) of the lines that have a bar, for the page; what was not reached says so."""
    found = []
    for bar in measured["bars"]:
        if bar["bar"]:
            value = "no number" if bar["value"] is None else f"{bar['value']:.2f}"
            found.append((bar["what"].strip(), f"{value} (bar: {bar['bar']}{'' if bar['met'] else ', missed'})"))
    return tuple(found)


def _row(*cells: object) -> str:
    return "| " + " | ".join("" if cell is None else str(cell) for cell in cells) + " |"


def _number(value: float | None) -> str:
    return "no number" if value is None else f"{value:.3f}"


def _training(stages: Sequence[Mapping[str, Any]]) -> list[str]:
    return [
        _row("stage", "steps", "last loss", "seconds a step, median"),
        _row("---", "---", "---", "---"),
        *(_row(stage["stage"], f"{stage['steps']:,}", stage["loss"], stage["seconds_per_step"]) for stage in stages),
    ]


def markdown(card: Mapping[str, Any]) -> str:
    """card.json as a page for people."""
    measured, recipe = card["measured"], card["recipe"]
    window, shown, seeds = recipe["window_bp"], recipe["target_bins"], f"seeds from {recipe['first_seed']} on"
    sizes = f"{recipe['depth']} transformer layers of {recipe['heads']} heads (key size {recipe['key_size']})"
    bars, missed = measured["bars"], [bar for bar in measured["bars"] if not bar["met"]]
    lines = [
        f"# {TITLE}",
        "",
        f"*{KIND[0].upper()}{KIND[1:]}.*",
        "",
        SUMMARY,
        "",
        f"- **Architecture**: `enformer_pytorch.Enformer`, width {recipe['width']}, {sizes}; {card['parameters']:,} "
        f"parameters, float32. Reads {window:,} letters ({window // 128} bins of 128) and predicts the middle {shown} "
        "bins of twelve tracks.",
        f"- **Data**: {recipe['chromosomes']} simulated chromosomes of {recipe['chromosome_bp']:,} letters ({seeds}), "
        f"version {card['grammar_version']} of the grammar that `assets/playground/README.md` describes; truth without "
        "noise. In the second stage half of the windows come from {dense} more with boundaries {near} letters apart "
        "(the last 850 of its steps). None of them is shipped; the shipped genome comes from other seeds.".format(
            dense=recipe["dense_chromosomes"], near="{:,} to {:,}".format(*recipe["dense_domain_bp"])
        ),
        "- **Held out**: sim4 of the shipped genome. It took no part in training. Its figures were looked at three "
        "times while the model was made (after 500, 1,250 and 2,250 steps of the second stage), and the windows with "
        "dense boundaries were added after the second look; the number of steps was set by the time there was.",
        f"- **Code**: `core/teaching/playground`, seed {recipe['seed']}; the recipe is in `card.json`, the course of "
        "training in `training_log.csv`. In the first stage a helper head, dropped afterwards, also learns where sites "
        "and elements are: known, because the genome is simulated.",
        "- **Attention**: not guided; which enhancer belongs to which gene took no part in training.",
        f"- **Licence**: {LICENCE}.",
        "",
        *_training(card["training"]),
        "",
        "## Held-out figures",
        "",
        "Measured with `python -m core.teaching.evaluate` on sim4, against its simulated measurements, which have "
        "noise. “The simulator's own” is what the truth itself reaches by the same measure.",
        "",
        _row("what", TITLE, "bar", ""),
        _row("---", "---", "---", "---"),
        *(
            _row(
                "&nbsp;&nbsp;" * bar["what"].startswith(" ") + bar["what"].strip(),
                _number(bar["value"]),
                bar["bar"],
                "" if not bar["bar"] else "met" if bar["met"] else "**missed**",
            )
            for bar in bars
        ),
        "",
        "Pearson correlations over all bins of sim4, track by track:",
        "",
        _row("track", "model", "ceiling", "distance alone", "model to truth without noise"),
        _row("---", "---", "---", "---", "---"),
        *(
            _row(
                row["track"], *(_number(row[name]) for name in ("model", "ceiling", "distance_only", "model_to_truth"))
            )
            for row in measured["tracks"]
        ),
        "",
        "## What the lines mean",
        "",
        "- **Ceiling**: the truth without noise against the measurement. **Distance alone**: the mean signal at each "
        "distance from the nearest transcription start, learnt on sim1 to sim3.",
        "- **True link**: an enhancer within 20 kb of a gene, no boundary planned between them, that gives at least a "
        "tenth of the gene's expression in a cell type (`links.tsv`). A random sample, fixed by a seed.",
        "- **Taken out**: the 240 letters of the element are shuffled in place, so nothing else moves. CAGE is the sum "
        "of the start's bin and its two neighbours. One shuffle a link; a shuffle can by chance leave or make a site.",
        "- **Pair across a boundary**: gene and enhancer within one window with any planned boundary between, weak "
        "ones too. Most lie farther apart than links do, so distance explains much of this line.",
        f"- **Matched pair**: across a boundary, at most a fiftieth of the expression by the grammar, at most "
        f"{MATCHED_BP:,} bp apart, and matched one for one with a true link whose distance differs by at most a fifth: "
        "what is left is the boundary's own work.",
        "- **Attention**: mean weight from the three bins of a start to the three of the enhancer, over the mean "
        "weight at the same signed distance from other starts, where no element is. The head is chosen on sim3.",
        "",
        *(
            [
                "## Not reached",
                "",
                *(f"- {bar['what'].strip()}: {_number(bar['value'])}, {bar['bar']}" for bar in missed),
                "",
            ]
            if missed
            else []
        ),
        *(["## What was tried", "", *(f"- {sentence}" for sentence in card["tried"]), ""] if card["tried"] else []),
        "## Limits",
        "",
        LIMITS,
        "",
    ]
    return "\n".join(lines)
