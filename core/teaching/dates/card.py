"""The model card of Date Reader: the figures as the page shows them, and as a page of Markdown."""

from __future__ import annotations

from typing import Any

KIND = "teaching material, trained by Attendome; not a published model"
ARCHITECTURE = (
    "Marian (encoder and decoder, sinusoidal positions), 2 + 2 layers x 4 heads, width 128, context 64 tokens"
)
DATA = (
    "made-up phrases for the real dates from 1 January 1000 to 31 December 2099 (proleptic Gregorian calendar), drawn "
    "afresh at every step: words or digits, day or month first, with and without weekday, “the”, “of”, “on”, “and”, "
    "comma and capitals"
)
HELD_OUT = "one date in ten, drawn by a fixed seed, which training saw in no phrase at all"
LIMITS = (
    "It reads one English date of the years 1000 to 2099, said in the ways it was trained on, and nothing else: one "
    "word or mark more, such as “!”, can spoil the answer, and any other text also gets digits, which mean nothing. "
    "It is teaching material: use it to see cross-attention, not to read dates."
)


def facts(measured: dict[str, Any]) -> list[list[str]]:
    """(what, value) rows of `evaluate.measure` for the page."""
    best = measured["best_head"]
    return [
        ["Dates it never saw, read without a mistake", f"{measured['exact_match']:.1%}"],
        [
            "Best cross-attention head, on a right source token",
            f"layer {best['layer']}, head {best['head']}: {best['right']:.2f} of digits "
            f"(chance {measured['chance']:.2f})",
        ],
    ]


def markdown(card: dict[str, Any]) -> str:
    """card.json as a page for people."""
    measured, recipe = card["measured"], card["recipe"]
    best = measured["best_head"]
    right, error = measured["heads_right"], measured["heads_error"]
    heads = range(len(right[0]))
    lines = [
        "# Date Reader",
        "",
        f"*{card['kind']}.*",
        "",
        "Translates an English date in words into digits: `the twenty-third of April nineteen ninety-nine` becomes "
        "`1999-04-23`. The digits come in another order than the words, so a right cross-attention is not a diagonal, "
        "and it is known which word each digit comes from, so a head can be scored.",
        "",
        f"- **Architecture**: {card['architecture']}; {card['parameters']:,} parameters, stored as float16.",
        f"- **Data**: {card['data']}.",
        f"- **Held out**: {card['held_out']}.",
        f"- **Code**: `{card['code']}`, seed {recipe['seed']}, {recipe['steps']:,} steps of {recipe['rows']} phrases; "
        "the recipe is in `card.json`, the course of training in `training_log.csv`.",
        "- **Cross-attention**: not guided; the known alignment took no part in the training.",
        "- **Licence**: MIT for weights, code and data.",
        "",
        "## Held-out figures",
        "",
        "Measured with `python -m core.teaching.dates.evaluate check` on dates that training never saw.",
        "",
        "| what | Date Reader | bar |",
        "| --- | --- | --- |",
        f"| exact match of the whole date, greedy decoding, {measured['exact_match_phrases']:,} phrases "
        f"| {measured['exact_match']:.4f} | at least 0.99 |",
        f"| best head on a right source token, {measured['scored_digits']:,} digits "
        f"| {best['right']:.3f} (layer {best['layer']}, head {best['head']}) | at least 0.9 |",
        f"| its alignment error rate | {best['error']:.3f} | |",
        f"| a head that picks a source token blindly, on a right one | {measured['chance']:.3f} | |",
        "",
        "Share of digits whose largest cross-attention weight is on a right source token (alignment error rate):",
        "",
        "| | " + " | ".join(f"head {head}" for head in heads) + " |",
        "| --- |" + " --- |" * len(heads),
        *(
            f"| layer {layer} | "
            + " | ".join(f"{right[layer][head]:.2f} ({error[layer][head]:.2f})" for head in heads)
            + " |"
            for layer in range(len(right))
        ),
        "",
        "The weight is taken at the step that predicts the digit, where the decoder has read the characters before it "
        "(the first row of the map has read only the start token). Scored at the right translation, the eight digits "
        "of each date; the hyphens and the end have no source.",
        "",
        "**What is right.** A digit that is spoken comes from its word: 1 and 9 from “nineteen”, both digits of 04 "
        "from “April”, 2 from “twenty” and 3 from “third”, the zero of “oh five” from “oh”, the zeros of “nineteen "
        "hundred” from “hundred”; a written digit comes from itself. A zero that nobody says is right on any word "
        "that implies it: the day's words for 03 (with the piece ▁ that starts “3”), and “thousand” or “five” for "
        "the zeros in the middle of “two thousand and five”. For the error rate these implied links are possible, "
        "the others sure (Och and Ney 2003).",
        "",
        "## Mistakes",
        "",
        *(
            [f"- `{text}`: {given} instead of {target}" for text, target, given in measured["mistakes"]]
            or ["None in this sample."]
        ),
        "",
        *(["## What was tried", "", *(f"- {sentence}" for sentence in card["tried"]), ""] if card["tried"] else []),
        "## Examples",
        "",
        *(f"- `{text}` → {given}" for text, given in measured["examples"].items()),
        "",
        "## Limits",
        "",
        card["limits"],
        "",
    ]
    return "\n".join(lines)
