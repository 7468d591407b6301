"""Train Storybook GPT.

    python -m core.teaching.storybook.train --corpus childrens_classics.txt --work-dir build/storybook

Resumable: run the same command again and it goes on from the last checkpoint with the same
batches. `--steps` may be changed as long as training has not entered the cool-down, because the
learning rate depends on nothing else: constant, then linear to zero over the last 36 %.

Setting the environment variable ``MALLOC_MMAP_MAX_=0`` (glibc) makes a step on CPU about 1.6 times
faster: the large activations are then reused instead of being mapped anew.
"""

from __future__ import annotations

import argparse
import csv
import math
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.nn import functional
from transformers import GPT2Config, GPT2LMHeadModel

from core.teaching.storybook.corpus import load_books, split
from core.teaching.storybook.data import IGNORED, Batches, Recipe, token_stream
from core.teaching.storybook.guide import guide_loss
from core.teaching.storybook.tokenizer import VOCABULARY_SIZE, train_tokenizer

LOG_EVERY_STEPS = 25
LOG_COLUMNS = (
    "step", "epoch", "loss_nats_per_token", "copying_nats_per_token", "quick_held_out_bits_per_character",
    "seconds_per_step",
)  # fmt: skip


class SharedMaskDropout(torch.nn.Module):
    """Dropout with one mask for all positions of a sequence (Gal and Ghahramani 2016).

    Drawing a mask per element takes 15 % of a training step on CPU; this one is nearly free.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or not self.rate:
            return x
        keep = 1.0 - self.rate
        mask = torch.empty(x.shape[0], 1, x.shape[-1]).bernoulli_(keep).div_(keep)
        return x * mask


def recipe_until(recipe: dict[str, Any], step: int) -> dict[str, Any]:
    """The part of a recipe that has had an effect before `step`."""
    return recipe | {"phases": [dict(phase) for phase in recipe["phases"] if phase["start"] < step]}


def build_model(recipe: Recipe) -> GPT2LMHeadModel:
    """A GPT-2 with seeded random weights and shared-mask dropout on its residual branches."""
    torch.manual_seed(recipe.seed)
    config = GPT2Config(
        vocab_size=VOCABULARY_SIZE,
        n_positions=recipe.context,
        n_embd=recipe.width,
        n_layer=recipe.layers,
        n_head=recipe.heads,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=0,
        eos_token_id=0,
    )
    model = GPT2LMHeadModel(config)
    model.transformer.drop = SharedMaskDropout(recipe.dropout)
    for block in model.transformer.h:
        block.attn.resid_dropout = SharedMaskDropout(recipe.dropout)
        block.mlp.dropout = SharedMaskDropout(recipe.dropout)
    return model


def learning_rate_share(step: int, steps: int, recipe: Recipe) -> float:
    """Share of the full learning rate at `step`: warm-up, constant, linear to zero."""
    warm = min(1.0, (step + 1) / recipe.warmup_steps)
    cooldown = max(1, round(steps * recipe.cooldown_share))
    return min(warm, max(0.0, (steps - step) / cooldown))


def build_optimizers(model: GPT2LMHeadModel, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Muon (Jordan et al. 2024) for the blocks' matrices, AdamW for all else."""
    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and ".h." in n]
    chosen = {id(p) for p in matrices}
    others = [p for p in model.parameters() if id(p) not in chosen]
    return [
        torch.optim.Muon(
            matrices,
            lr=recipe.matrix_learning_rate,
            weight_decay=recipe.weight_decay,
            adjust_lr_fn="match_rms_adamw",
        ),
        torch.optim.AdamW(others, lr=recipe.other_learning_rate, betas=(0.9, 0.98), weight_decay=0.01),
    ]


def training_step(model: GPT2LMHeadModel, ids: torch.Tensor, labels: torch.Tensor, recipe: Recipe) -> float:
    """Accumulate the gradients of one batch; returns the mean loss in nats per predicted token."""
    counted = int((labels != IGNORED).sum())
    total = 0.0
    pieces: Iterator = zip(ids.split(recipe.rows_at_once), labels.split(recipe.rows_at_once), strict=True)
    for piece, piece_labels in pieces:
        logits = model(input_ids=piece, use_cache=False).logits
        loss = functional.cross_entropy(
            logits.flatten(0, 1), piece_labels.flatten(), ignore_index=IGNORED, reduction="sum"
        )
        loss = loss / counted
        loss.backward()
        total += loss.item()
    return total


@torch.inference_mode()
def copying_loss(model: GPT2LMHeadModel, *, rows: int = 4) -> float:
    """Nats per token on random tokens said twice, second time only: 8.3 before induction heads form."""
    model.eval()
    pattern = torch.from_numpy(np.random.default_rng(5).integers(1, VOCABULARY_SIZE, (rows, 64)))
    ids = pattern.repeat(1, 2)
    logits = model(input_ids=ids, use_cache=False).logits[:, 64:-1]
    model.train()
    return float(functional.cross_entropy(logits.flatten(0, 1), ids[:, 65:].flatten()))


@torch.inference_mode()
def quick_bits_per_character(model: GPT2LMHeadModel, tokenizer: Tokenizer, text: str, windows: int = 24) -> float:
    """Bits per character over the first `windows` windows of a text: a look while training."""
    model.eval()
    context = model.config.n_positions
    ids = token_stream(tokenizer, [text])
    windows = min(windows, (len(ids) - 1) // context)
    ids = ids[: windows * context + 1]
    inputs = torch.from_numpy(ids[:-1].reshape(windows, context).astype(np.int64))
    targets = torch.from_numpy(ids[1:].reshape(windows, context).astype(np.int64))
    loss = functional.cross_entropy(
        model(input_ids=inputs, use_cache=False).logits.flatten(0, 1), targets.flatten(), reduction="sum"
    )
    model.train()
    return float(loss) / math.log(2) / len(tokenizer.decode(ids[1:].tolist()))


def train(corpus: Path, work_dir: Path, steps: int, recipe: Recipe, checkpoint_every: int = 50) -> None:
    """Train to `steps`, or go on from the checkpoint in `work_dir`."""
    work_dir.mkdir(parents=True, exist_ok=True)
    train_books, held_out = split(load_books(corpus))
    tokenizer_file = work_dir / "tokenizer.json"
    if not tokenizer_file.exists():
        train_tokenizer(train_books.values()).save(str(tokenizer_file))
    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    batches = Batches(token_stream(tokenizer, list(train_books.values())), recipe)
    model = build_model(recipe).train()
    optimizers = build_optimizers(model, recipe)

    start = 0
    checkpoint = work_dir / "checkpoint.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        if recipe_until(state["recipe"], state["step"]) != recipe_until(asdict(recipe), state["step"]):
            raise SystemExit(f"{checkpoint} was made by another recipe; give another --work-dir.")
        model.load_state_dict(state["model"])
        for optimizer, saved in zip(optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        start = state["step"]
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters, {len(batches.stream):,} training tokens")

    def save(step: int) -> None:
        partial = checkpoint.with_suffix(".part")
        torch.save(
            {
                "step": step,
                "steps": steps,
                "recipe": asdict(recipe),
                "model": model.state_dict(),
                "optimizers": [optimizer.state_dict() for optimizer in optimizers],
            },
            partial,
        )
        partial.replace(checkpoint)

    since, losses = time.monotonic(), []
    for step in range(start, steps):
        torch.manual_seed(recipe.seed + step)
        ids, labels = batches(step)
        losses.append(training_step(model, ids, labels, recipe))
        phase = batches.phase(step)
        if phase.guide:
            rng = np.random.default_rng([recipe.seed, 3, step])
            (phase.guide * guide_loss(model, ids[: phase.guide_rows], rng)).backward()
        torch.nn.utils.clip_grad_norm_(optimizers[1].param_groups[0]["params"], 1.0)
        share = learning_rate_share(step, steps, recipe)
        for optimizer, full in zip(optimizers, (recipe.matrix_learning_rate, recipe.other_learning_rate), strict=True):
            for group in optimizer.param_groups:
                group["lr"] = full * share
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        done = step + 1
        if done % LOG_EVERY_STEPS == 0 or done == steps:
            seconds = (time.monotonic() - since) / len(losses)
            bits = ""
            if done % 100 == 0 or done == steps:
                bits = round(np.mean([quick_bits_per_character(model, tokenizer, t) for t in held_out.values()]), 4)
            copying = round(copying_loss(model), 3) if recipe.context >= 128 else ""
            loss = round(float(np.mean(losses)), 4)
            row = [done, round(batches.epoch(done), 3), loss, copying, bits, round(seconds, 2)]
            print("step {} epoch {} loss {} copying {} bits/char {} s/step {}".format(*row), flush=True)
            log = work_dir / "training_log.csv"
            new = not log.exists()
            with log.open("a", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                if new:
                    writer.writerow(LOG_COLUMNS)
                writer.writerow(row)
            since, losses = time.monotonic(), []
        if done % checkpoint_every == 0 or done == steps:
            save(done)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--work-dir", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=1450)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    # A precaution: sharp heads can make gradients too small for normal floats, which are slow on CPUs.
    torch.set_flush_denormal(True)
    train(arguments.corpus, arguments.work_dir, arguments.steps, Recipe())


if __name__ == "__main__":
    main()
