"""Measure a trained Storybook GPT and write its folder: weights, tokenizer, config and card.

    python -m core.teaching.storybook.evaluate export --corpus FILE --work-dir build/storybook
    python -m core.teaching.storybook.evaluate check --corpus FILE

`export` turns a training checkpoint into ``assets/models/storybook-gpt``; `check` measures the
committed files again and exits with 1 when a bar is missed. All figures are of the stored
(float16) weights, run in float32.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch.nn import functional

from core.files import sha256_of
from core.language import attention, load_model
from core.language.models import LanguageModel
from core.language.registry import STORYBOOK_FOLDER
from core.language.scores import induction_scores, result_scores
from core.settings import settings
from core.teaching.storybook.card import LIMITS, facts, markdown
from core.teaching.storybook.corpus import load_books, split
from core.teaching.storybook.data import Recipe
from core.teaching.storybook.train import build_model

BARS = {"bits_per_character": 1.80, "previous_token": 0.6, "induction": 0.4}
PROMPTS = ("Once upon a time there was", "The Mole looked up at the river and", '"Oh, please," said the little girl,')


def _model() -> LanguageModel:
    return load_model("storybook-gpt", options=replace(settings(), device="cpu"))


@torch.inference_mode()
def bits_per_character(model: LanguageModel, ids: list[int], characters: int, *, stride: int = 128) -> float:
    """Bits per character of a text that follows an end-of-text token.

    Windows of the model's whole context move by `stride`, and each token is predicted once, with
    at least context - stride tokens before it (but for the first window).
    """
    context = model.card.context
    stream = torch.tensor([0, *ids])
    total = 0.0
    for start in range(0, len(ids), stride):
        end = min(start + stride, len(ids))  # predict stream[start + 1 : end + 1]
        begin = max(0, end - context)
        logits = model.module(input_ids=stream[None, begin:end], use_cache=False).logits[0]
        wanted = stream[start + 1 : end + 1]
        total += functional.cross_entropy(logits[start - begin :], wanted, reduction="sum").item()
    return total / math.log(2) / characters


def previous_token_scores(model: LanguageModel, texts: list[str]) -> np.ndarray:
    """(layers, heads): mean weight from a token to the one before it, averaged over `texts`."""
    scores = [result_scores(attention(model, text))["previous_token"].to_numpy() for text in texts]
    return np.mean(scores, axis=0).reshape(model.card.layers, model.card.heads)


@torch.inference_mode()
def sample(model: LanguageModel, tokenizer: Tokenizer, prompt: str, *, seed: int = 3) -> str:
    """A continuation of 60 tokens at temperature 0.8, top-k 40."""
    torch.manual_seed(seed)
    ids = torch.tensor([tokenizer.encode(prompt).ids])
    written = model.module.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        do_sample=True,
        temperature=0.8,
        top_k=40,
        max_new_tokens=60,
        pad_token_id=0,
    )
    return tokenizer.decode(written[0].tolist())


def best(scores: np.ndarray) -> dict[str, Any]:
    """The highest score and its place."""
    layer, head = np.unravel_index(scores.argmax(), scores.shape)
    return {"layer": int(layer), "head": int(head), "score": round(float(scores.max()), 3)}


def measure(model: LanguageModel, corpus: Path) -> dict[str, Any]:
    """Every figure of the card."""
    train_books, held_out = split(load_books(corpus))
    tokenizer = Tokenizer.from_file(str(STORYBOOK_FOLDER / "tokenizer.json"))
    bits = {
        title: round(bits_per_character(model, tokenizer.encode(text).ids, len(text)), 4)
        for title, text in held_out.items()
    }
    paragraphs = [p for text in held_out.values() for p in text.split("\n\n") if 200 < len(p) < 500][:40]
    seen = {
        title: round(bits_per_character(model, tokenizer.encode(text[:60_000]).ids, 60_000), 4)
        for title, text in list(train_books.items())[:2]
    }
    return {
        "bits_per_character": bits,
        "mean_bits_per_character": round(float(np.mean(list(bits.values()))), 4),
        "bits_per_character_on_training_text": seen,
        "previous_token_head": best(previous_token_scores(model, paragraphs)),
        "induction_head": best(induction_scores(model)),
        "samples": {prompt: sample(model, tokenizer, prompt) for prompt in PROMPTS},
    }


def missed_bars(measured: dict[str, Any]) -> list[str]:
    """One sentence for each bar that the figures miss."""
    missed = []
    if measured["mean_bits_per_character"] >= BARS["bits_per_character"]:
        missed.append(f"mean bits per character {measured['mean_bits_per_character']} >= {BARS['bits_per_character']}")
    for name in ("previous_token", "induction"):
        score = measured[f"{name}_head"]["score"]
        if score < BARS[name]:
            missed.append(f"best {name} score {score} < {BARS[name]}")
    return missed


def export(corpus: Path, work_dir: Path, tried: list[str]) -> dict[str, Any]:
    """Write ``assets/models/storybook-gpt`` from the checkpoint in `work_dir`."""
    state = torch.load(work_dir / "checkpoint.pt", weights_only=True)
    recipe = Recipe(**state["recipe"])
    STORYBOOK_FOLDER.mkdir(parents=True, exist_ok=True)
    model = build_model(recipe)
    model.load_state_dict(state["model"])
    model.config.save_pretrained(STORYBOOK_FOLDER)
    weights = {
        name: value.half().contiguous() for name, value in model.state_dict().items() if name != "lm_head.weight"
    }
    save_file(weights, STORYBOOK_FOLDER / "model.safetensors", metadata={"format": "pt"})
    (STORYBOOK_FOLDER / "model.safetensors").chmod(0o644)
    shutil.copy(work_dir / "tokenizer.json", STORYBOOK_FOLDER / "tokenizer.json")
    with (work_dir / "training_log.csv").open() as file:
        log = list(csv.DictReader(file))
    shutil.copy(work_dir / "training_log.csv", STORYBOOK_FOLDER / "training_log.csv")

    card: dict[str, Any] = {
        "name": "storybook-gpt",
        "kind": "teaching material, trained by Attendome; not GPT-2",
        "architecture": "GPT-2 (decoder, learned positions), 6 layers x 8 heads, width 256, context 256",
        "parameters": sum(p.numel() for p in model.parameters()),
        "data": "20 public-domain children's classics (6.8 M characters), titles, prefaces and licence lines stripped",
        "held_out": "Pollyanna and The Wind in the Willows, whole books, never trained on",
        "code": "core/teaching/storybook",
        "recipe": asdict(recipe) | {"steps": state["step"]},
        "epochs": float(log[-1]["epoch"]),
        "sha256": {name: sha256_of(STORYBOOK_FOLDER / name) for name in ("model.safetensors", "tokenizer.json")},
        "facts": [],
        "limits": LIMITS,
        "tried": tried,
    }
    _write_card(card)
    measured = measure(_model(), corpus)
    card["measured"] = measured
    card["facts"] = facts(measured)
    _write_card(card)
    (STORYBOOK_FOLDER / "README.md").write_text(markdown(card), encoding="utf-8")
    return measured


def _write_card(card: dict[str, Any]) -> None:
    text = json.dumps(card, indent=2, ensure_ascii=False) + "\n"
    (STORYBOOK_FOLDER / "card.json").write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["export", "check"])
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--work-dir", type=Path, default=Path("build/storybook"))
    parser.add_argument("--tried", action="append", default=[], help="a sentence for the card; may be repeated")
    arguments = parser.parse_args()
    if arguments.action == "export":
        measured = export(arguments.corpus, arguments.work_dir, arguments.tried)
    else:
        measured = measure(_model(), arguments.corpus)
    print(json.dumps(measured, indent=2, ensure_ascii=False))
    missed = missed_bars(measured)
    for sentence in missed:
        print("missed:", sentence)
    raise SystemExit(bool(missed))


if __name__ == "__main__":
    main()
