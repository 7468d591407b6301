"""Train Date Reader.

    python -m core.teaching.dates.train --work-dir build/dates

Minutes on one CPU core. With glibc, the environment variables ``MALLOC_MMAP_MAX_=0`` and
``MALLOC_TRIM_THRESHOLD_=34359738368`` make it faster: memory is reused instead of being mapped anew.
"""

from __future__ import annotations

import argparse
import csv
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from transformers import MarianConfig, MarianMTModel

from core.teaching.dates.data import Batch, Batches, Recipe, collate, held_out_phrases
from core.teaching.dates.pieces import Pieces, write_pieces

STEPS = 3000
LOG_EVERY_STEPS = 100
LOG_COLUMNS = ("step", "loss_nats_per_character", "held_out_exact", "best_head", "seconds_per_step")


def build_model(recipe: Recipe, pieces: Pieces) -> MarianMTModel:
    """A Marian translation model with seeded random weights."""
    torch.manual_seed(recipe.seed)
    pad = pieces.pad
    config = MarianConfig(
        vocab_size=len(pieces.vocabulary),
        d_model=recipe.width,
        encoder_layers=recipe.layers,
        decoder_layers=recipe.layers,
        encoder_attention_heads=recipe.heads,
        decoder_attention_heads=recipe.heads,
        encoder_ffn_dim=recipe.feed_forward,
        decoder_ffn_dim=recipe.feed_forward,
        max_position_embeddings=recipe.context,
        dropout=recipe.dropout,
        activation_function="swish",
        scale_embedding=True,
        init_std=recipe.width**-0.5,
        pad_token_id=pad,
        eos_token_id=0,
        bos_token_id=None,
        decoder_start_token_id=pad,
        forced_eos_token_id=0,
        attn_implementation="eager",
    )
    return MarianMTModel(config)


def learning_rate_share(step: int, steps: int, recipe: Recipe) -> float:
    """Share of the full learning rate at `step`: linear warm-up, then linear to zero."""
    return min((step + 1) / recipe.warmup_steps, (steps - step) / max(1, steps - recipe.warmup_steps))


@torch.inference_mode()
def quick_look(model: MarianMTModel, batch: Batch) -> tuple[float, np.ndarray]:
    """A look while training: exact matches when each character is predicted after the right ones
    before it (greedy decoding gives the same matches), and (layers, heads) hits on right tokens."""
    model.eval()
    output = model(input_ids=batch.source, attention_mask=batch.mask, labels=batch.target, output_attentions=True)
    model.train()
    exact = (output.logits.argmax(-1) == batch.target).all(dim=1).float().mean()
    scored = batch.right.any(dim=-1)
    hits = []
    for weights in output.cross_attentions:
        place = weights.argmax(-1, keepdim=True)
        hit = batch.right[:, None].expand(-1, weights.shape[1], -1, -1).gather(3, place)[..., 0]
        hits.append([float(hit[:, head][scored].float().mean()) for head in range(weights.shape[1])])
    return float(exact), np.array(hits)


def train(work_dir: Path, steps: int, recipe: Recipe, *, log_every: int = LOG_EVERY_STEPS) -> MarianMTModel:
    """Train and leave weights, tokenizer, recipe and log in `work_dir`."""
    write_pieces(work_dir)
    pieces = Pieces.load(work_dir)
    batches = Batches(pieces, recipe)
    look = collate(held_out_phrases(512, seed=0), pieces)
    model = build_model(recipe, pieces).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.learning_rate, betas=(0.9, 0.98), weight_decay=0.01)
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters, {len(pieces.vocabulary)} pieces")
    with (work_dir / "training_log.csv").open("w", newline="") as file:
        log = csv.writer(file, lineterminator="\n")
        log.writerow(LOG_COLUMNS)
        since, seen = time.monotonic(), []
        for step in range(steps):
            torch.manual_seed(recipe.seed + step)
            batch = batches(step)
            loss = model(input_ids=batch.source, attention_mask=batch.mask, labels=batch.target).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            for group in optimizer.param_groups:
                group["lr"] = recipe.learning_rate * learning_rate_share(step, steps, recipe)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            seen.append(float(loss.detach()))
            done = step + 1
            if done % log_every == 0 or done == steps:
                seconds = (time.monotonic() - since) / len(seen)
                exact, hits = quick_look(model, look)
                row = [done, round(float(np.mean(seen)), 5), round(exact, 4), round(hits.max(), 4), round(seconds, 3)]
                log.writerow(row)
                file.flush()
                print(
                    "step {} loss {} exact {} best head {} s/step {}".format(*row), hits.round(2).tolist(), flush=True
                )
                since, seen = time.monotonic(), []
    torch.save({"steps": steps, "recipe": asdict(recipe), "model": model.state_dict()}, work_dir / "trained.pt")
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work-dir", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    train(arguments.work_dir, arguments.steps, replace(Recipe(), seed=arguments.seed))


if __name__ == "__main__":
    main()
