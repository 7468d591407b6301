"""Measure a trained Date Reader and write its folder: weights, tokenizer, config and card.

    python -m core.teaching.dates.evaluate export --work-dir build/dates
    python -m core.teaching.dates.evaluate check

`export` turns what `train` left into ``assets/models/date-reader``; `check` measures the committed
files again and exits with 1 when a bar is missed. All figures are of the stored (float16) weights,
run in float32, on dates that training never saw.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from core.files import sha256_of
from core.language import attention, load_model
from core.language.alignment import AlignmentScores, GoldAlignment, alignment_scores
from core.language.models import LanguageModel
from core.language.registry import DATES_FOLDER
from core.settings import settings
from core.teaching.dates import DATE_EXAMPLES
from core.teaching.dates.card import ARCHITECTURE, DATA, HELD_OUT, KIND, LIMITS, facts, markdown
from core.teaching.dates.data import Recipe, collate, held_out_phrases
from core.teaching.dates.phrases import DatePhrase
from core.teaching.dates.pieces import FILES, Pieces, right_tokens
from core.teaching.dates.train import build_model

BARS = {"exact_match": 0.99, "best_head": 0.9}
EXACT_PHRASES, ALIGNED_PHRASES = 5000, 500


def _model() -> LanguageModel:
    return load_model("date-reader", options=replace(settings(), device="cpu"))


def gold_alignment(phrase: DatePhrase, pieces: Pieces) -> GoldAlignment:
    """The known alignment of a phrase in the source tokens of Date Reader."""
    sure, right = right_tokens(phrase, pieces.source_pieces(phrase.text))
    return GoldAlignment(tuple(right), tuple(sure))


def head_alignment(model: LanguageModel, phrases: list[DatePhrase], pieces: Pieces) -> AlignmentScores:
    """Every cross-attention head against the known alignment, at the right translation."""
    return alignment_scores(
        (attention(model, p.text, p.target, kind="cross"), gold_alignment(p, pieces)) for p in phrases
    )


@torch.inference_mode()
def translations(model: LanguageModel, phrases: list[DatePhrase], pieces: Pieces, *, rows: int = 250) -> list[str]:
    """The model's own greedy translations, `rows` at a time."""
    characters = {number: piece for piece, number in pieces.vocabulary.items()}
    written = []
    for start in range(0, len(phrases), rows):
        batch = collate(phrases[start : start + rows], pieces)
        ids = model.module.generate(
            batch.source, attention_mask=batch.mask, num_beams=1, do_sample=False, max_length=None, max_new_tokens=16
        )
        special = {pieces.pad, pieces.vocabulary["</s>"]}
        written += ["".join(characters[i] for i in row if i not in special) for row in ids.tolist()]
    return written


def measure(model: LanguageModel) -> dict[str, Any]:
    """Every figure of the card."""
    pieces = Pieces.load(DATES_FOLDER)
    phrases = held_out_phrases(EXACT_PHRASES)
    written = translations(model, phrases, pieces)
    wrong = [(p, given) for p, given in zip(phrases, written, strict=True) if given != p.target]
    scores = head_alignment(model, phrases[:ALIGNED_PHRASES], pieces)
    layer, head = scores.best
    return {
        "exact_match": round(1 - len(wrong) / len(phrases), 4),
        "exact_match_phrases": len(phrases),
        "mistakes": [[p.text, p.target, given] for p, given in wrong[:3]],
        "best_head": {
            "layer": layer,
            "head": head,
            "right": round(float(scores.right[layer, head]), 4),
            "error": round(float(scores.error[layer, head]), 4),
        },
        "heads_right": scores.right.round(3).tolist(),
        "heads_error": scores.error.round(3).tolist(),
        "chance": round(scores.chance, 3),
        "scored_digits": scores.scored,
        "examples": {text: _own_translation(model, text) for text in DATE_EXAMPLES},
    }


def _own_translation(model: LanguageModel, text: str) -> str:
    return "".join(attention(model, text, kind="cross").target.tokens[1:])


def missed_bars(measured: dict[str, Any]) -> list[str]:
    """One sentence for each bar that the figures miss."""
    values = {"exact_match": measured["exact_match"], "best_head": measured["best_head"]["right"]}
    return [f"{name} {values[name]} < {bar}" for name, bar in BARS.items() if values[name] < bar]


def export(work_dir: Path, tried: list[str]) -> dict[str, Any]:
    """Write ``assets/models/date-reader`` from what `train` left in `work_dir`."""
    state = torch.load(work_dir / "trained.pt", weights_only=True)
    recipe = Recipe(**state["recipe"])
    DATES_FOLDER.mkdir(parents=True, exist_ok=True)
    for name in (*FILES, "training_log.csv"):
        shutil.copy(work_dir / name, DATES_FOLDER / name)
    model = build_model(recipe, Pieces.load(work_dir))
    model.load_state_dict(state["model"])
    model.config.architectures = ["MarianMTModel"]
    model.config.save_pretrained(DATES_FOLDER)
    model.generation_config.save_pretrained(DATES_FOLDER)
    tied = {name for name in model.state_dict() if "embed_positions" in name or name.startswith("lm_head.")}
    tied |= {"model.encoder.embed_tokens.weight", "model.decoder.embed_tokens.weight"}
    weights = {name: value.half().contiguous() for name, value in model.state_dict().items() if name not in tied}
    save_file(weights, DATES_FOLDER / "model.safetensors", metadata={"format": "pt"})
    (DATES_FOLDER / "model.safetensors").chmod(0o644)

    with (work_dir / "training_log.csv").open() as file:
        log = list(csv.DictReader(file))
    card: dict[str, Any] = {
        "name": "date-reader",
        "kind": KIND,
        "architecture": ARCHITECTURE,
        "parameters": sum(p.numel() for p in model.parameters()),
        "data": DATA,
        "held_out": HELD_OUT,
        "code": "core/teaching/dates",
        "recipe": state["recipe"] | {"steps": state["steps"]},
        "last_loss_nats_per_character": float(log[-1]["loss_nats_per_character"]),
        "sha256": {name: sha256_of(DATES_FOLDER / name) for name in ("model.safetensors", *FILES)},
        "facts": [],
        "limits": LIMITS,
        "tried": tried,
    }
    _write_card(card)
    card["measured"] = measured = measure(_model())
    card["facts"] = facts(measured)
    _write_card(card)
    (DATES_FOLDER / "README.md").write_text(markdown(card), encoding="utf-8")
    return measured


def _write_card(card: dict[str, Any]) -> None:
    text = json.dumps(card, indent=2, ensure_ascii=False) + "\n"
    (DATES_FOLDER / "card.json").write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["export", "check"])
    parser.add_argument("--work-dir", type=Path, default=Path("build/dates"))
    parser.add_argument("--tried", action="append", default=[], help="a sentence for the card; may be repeated")
    arguments = parser.parse_args()
    measured = export(arguments.work_dir, arguments.tried) if arguments.action == "export" else measure(_model())
    print(json.dumps(measured, indent=2, ensure_ascii=False))
    missed = missed_bars(measured)
    for sentence in missed:
        print("missed:", sentence)
    raise SystemExit(bool(missed))


if __name__ == "__main__":
    main()
