"""The model card of Storybook GPT: the figures as the page shows them, and as a page of Markdown."""

from __future__ import annotations

from typing import Any

LIMITS = (
    "It knows the English of 20 children's classics, most of them over a century old, and nothing else. It writes in "
    "their manner, without a plot, and repeats their views of people. It is teaching material, not GPT-2: use it to "
    "see how attention works, not for facts."
)


def facts(measured: dict[str, Any]) -> list[list[str]]:
    """(what, value) rows of `evaluate.measure` for the page."""
    rows = [[f"Bits per character, {title}", f"{bits:.2f}"] for title, bits in measured["bits_per_character"].items()]
    for name, words in (("previous_token", "Best previous-token head"), ("induction", "Best induction head")):
        head = measured[f"{name}_head"]
        rows.append([words, f"layer {head['layer']}, head {head['head']}: {head['score']:.2f}"])
    return rows


def markdown(card: dict[str, Any]) -> str:
    """card.json as a page for people."""
    measured = card["measured"]
    bits = measured["bits_per_character"]
    lines = [
        "# Storybook GPT",
        "",
        f"*{card['kind']}.*",
        "",
        f"- **Architecture**: {card['architecture']}; {card['parameters']:,} parameters, stored as float16.",
        f"- **Data**: {card['data']}.",
        f"- **Held out**: {card['held_out']}.",
        f"- **Code**: `{card['code']}`, seed {card['recipe']['seed']}, {card['recipe']['steps']:,} steps of "
        f"{card['recipe']['rows']} x {card['recipe']['context']} tokens, {card['epochs']:.1f} epochs of the text. "
        "The recipe is in `card.json`, the course of training in `training_log.csv`.",
        "- **Licence**: MIT for weights and code; the books are in the public domain.",
        "",
        "## Held-out figures",
        "",
        "Measured with `python -m core.teaching.storybook.evaluate check --corpus FILE`. Bits per character: every "
        "token is predicted once from at least 128 tokens before it, blank lines between paragraphs counted. "
        "The compressor's figures were given with the task and not measured here.",
        "",
        "| what | Storybook GPT | compared with |",
        "| --- | --- | --- |",
        *(
            f"| bits per character, {title} | {value:.3f} | {COMPRESSOR.get(title, '')} |"
            for title, value in bits.items()
        ),
        f"| mean | {measured['mean_bits_per_character']:.3f} | aim: below 1.80 |",
        *(
            f"| best {name.replace('_', '-')} head | {head['score']:.2f} (layer {head['layer']}, head {head['head']}) "
            f"| bar: {bar} |"
            for name, bar in (("previous_token", 0.6), ("induction", 0.4))
            for head in [measured[f"{name}_head"]]
        ),
        *(
            f"| bits per character, {title} (trained on) | {value:.3f} | |"
            for title, value in measured["bits_per_character_on_training_text"].items()
        ),
        "",
        "Previous-token score: mean weight from a token to the one before it, over 40 held-out paragraphs. Induction "
        "score: on 64 random tokens said twice, mean weight from a token to the one that followed it the first time "
        "(Olsson et al. 2022).",
        "",
        "## What was tried",
        "",
        *(f"- {sentence}" for sentence in card["tried"]),
        "",
        "## Samples",
        "",
        "Temperature 0.8, top-k 40, seed 3.",
        "",
        *(f"> {text.replace(chr(10) + chr(10), ' ⏎ ')}\n" for text in measured["samples"].values()),
        "## Limits",
        "",
        card["limits"],
        "",
    ]
    return "\n".join(lines)


# A compressor (PPMd) primed on the other books. Given with the task; no command here measures it again.
COMPRESSOR = {"Pollyanna": "PPMd primed on the other books: 1.71", "The Wind in the Willows": "PPMd: 1.82"}
