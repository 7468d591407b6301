"""Train the playground model: `python -m core.teaching.playground.train --work-dir build/playground`.

Three stages, each resumable (the work folder keeps a checkpoint and the log):

tower       short windows; the stem and tower learn to see sites and elements, through a helper head that is
            dropped afterwards. Its targets are known because the genome is simulated.
transformer whole windows, half of them with dense boundaries; the tower is frozen, so its output is computed once and
            kept; only what reads along the window is trained, many times faster.
whole       whole windows, all weights, a small learning rate.

With glibc, `MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=34359738368` makes it faster. `--compile` fuses operations
through torch.compile where a C++ compiler is there.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from enformer_pytorch import Enformer
from torch import nn

from core.teaching.playground.grammar import BIN_SIZE_BP, TRACKS
from core.teaching.playground.recipe import Recipe
from core.teaching.playground.training_data import Corpus, draw, flipped, local_columns, one_hot_codes

STAGES = ("tower", "transformer", "whole")
STEPS = {"tower": 1600, "transformer": 2600, "whole": 0}
LOG_COLUMNS = ("stage", "step", "loss", "seconds_per_step", "pearson")


def build_model(recipe: Recipe) -> Enformer:
    """The architecture with seeded random weights."""
    torch.manual_seed(recipe.seed)
    return Enformer.from_hparams(
        dim=recipe.width,
        depth=recipe.depth,
        heads=recipe.heads,
        attn_dim_key=recipe.key_size,
        output_heads={"human": len(TRACKS)},
        target_length=recipe.target_bins,
        dim_divisible_by=1,
        dropout_rate=recipe.dropout,
        attn_dropout=0.0,
        pos_dropout=0.0,
    )


class Hints(nn.Module):
    """The helper head of the first stage: sites, elements and local tracks from the tower's output."""

    def __init__(self, width: int, count: int) -> None:
        super().__init__()
        self.read = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, count), nn.Softplus())

    def forward(self, tower_output: torch.Tensor) -> torch.Tensor:
        """(batch, width, bins) to (batch, bins, count)."""
        return self.read(tower_output.transpose(1, 2))


def poisson(predicted: torch.Tensor, target: torch.Tensor, weights: torch.Tensor | float = 1.0) -> torch.Tensor:
    """Mean Poisson loss, columns weighted; source: Avsec et al. 2021, as `enformer_pytorch.poisson_loss`."""
    return ((predicted - target * torch.log(predicted + 1e-6)) * weights).mean()


def pearson(predicted: np.ndarray, target: np.ndarray) -> np.ndarray:
    """(columns,) Pearson correlation along axis 0."""
    p, t = predicted - predicted.mean(axis=0), target - target.mean(axis=0)
    return (p * t).sum(axis=0) / np.sqrt((p**2).sum(axis=0) * (t**2).sum(axis=0) + 1e-12)


def _rate(step: int, steps: int, recipe: Recipe) -> float:
    warm = min(1.0, (step + 1) / recipe.warmup_steps)
    return float(warm * 0.5 * (1 + np.cos(np.pi * step / steps)) + 0.01)


def read_along(model: Enformer, tower_output: torch.Tensor) -> torch.Tensor:
    """(batch, bins, width) of the tower to (batch, target bins, tracks)."""
    x = model.transformer(tower_output)
    x = model.crop_final(x)
    return model.heads["human"](model.final_pointwise(x))


class Trainer:
    """One work folder: its corpus, model, checkpoint and log."""

    def __init__(self, folder: Path, recipe: Recipe, *, compiled: bool, device: str = "cpu") -> None:
        self.folder, self.recipe = folder, recipe
        self.corpus = Corpus.load_or_make(folder, recipe)
        self.valid = Corpus.load_or_make(folder, replace(recipe, first_seed=recipe.first_seed - 4, chromosomes=2))
        self.device = torch.device(device)
        self.model = build_model(recipe).to(self.device)
        self.hints = Hints(recipe.width, self.corpus.hint_count + len(local_columns())).to(self.device)
        self.compile: Callable = torch.compile if compiled else lambda function: function
        self.checkpoint = folder / "checkpoint.pt"
        self.log = folder / "training_log.csv"
        if not self.log.exists():
            self.log.write_text(",".join(LOG_COLUMNS) + "\n")
        print(f"{sum(p.numel() for p in self.model.parameters()):,} parameters", flush=True)

    def _encoded(self, codes: Sequence[np.ndarray]) -> torch.Tensor:
        """(windows, 4, bp) on the device."""
        return one_hot_codes(np.stack(codes)).transpose(1, 2).contiguous().to(self.device)

    def _on_device(self, array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32)).to(self.device)

    def _record(self, stage: str, step: int, losses: list[float], seconds: float, scores: np.ndarray) -> None:
        row = [stage, step, round(float(np.mean(losses)), 5), round(seconds / len(losses), 3)]
        with self.log.open("a", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow([*row, " ".join(f"{score:.3f}" for score in scores)])
        print(*row, np.round(scores, 2).tolist(), flush=True)

    def _save(self, stage: str, step: int, optimizer: torch.optim.Optimizer) -> None:
        state = {"stage": stage, "step": step, "model": self.model.state_dict(), "hints": self.hints.state_dict()}
        state |= {"optimizer": optimizer.state_dict(), "recipe": asdict(self.recipe)}
        torch.save(state, self.checkpoint.with_suffix(".part"))
        self.checkpoint.with_suffix(".part").replace(self.checkpoint)

    def run(self, steps: dict[str, int]) -> None:
        """All stages, from the checkpoint on if there is one."""
        saved = self.checkpoint.exists()
        state = torch.load(self.checkpoint, weights_only=True, map_location=self.device) if saved else None
        first = 0
        if state:
            self.model.load_state_dict(state["model"])
            self.hints.load_state_dict(state["hints"])
            first = STAGES.index(state["stage"])
        for stage in STAGES[first:]:
            here = state if state and state["stage"] == stage else None
            self._stage(stage, steps[stage], here)

    def _stage(self, stage: str, steps: int, state: dict | None) -> None:
        rate = {"tower": "short_rate", "transformer": "long_rate", "whole": "whole_rate"}[stage]
        parts = {
            "tower": [self.model.stem, self.model.conv_tower, self.hints],
            "transformer": [self.model.transformer, self.model.final_pointwise, self.model.heads],
            "whole": [self.model],
        }[stage]
        parameters = [p for part in parts for p in part.parameters()]
        optimizer = torch.optim.AdamW(parameters, lr=0.0, betas=(0.9, 0.98), weight_decay=0.01)
        start = 0
        if state:
            start = state["step"]
            optimizer.load_state_dict(state["optimizer"])
        if start >= steps:
            return
        losses, since = [], time.monotonic()
        every = {"tower": 100, "transformer": 250, "whole": 50}[stage]
        for step, loss in enumerate(self._losses(stage, start, steps), start):
            for group in optimizer.param_groups:
                group["lr"] = getattr(self.recipe, rate) * _rate(step, steps, self.recipe)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 0.5)
            optimizer.step()
            losses.append(float(loss.detach()))
            if (step + 1) % every == 0 or step + 1 == steps:
                seconds = time.monotonic() - since
                self._record(stage, step + 1, losses, seconds, self._look(stage))
                self._save(stage, step + 1, optimizer)
                losses, since = [], time.monotonic()

    def _losses(self, stage: str, start: int, steps: int) -> Iterator[torch.Tensor]:
        return {"tower": self._tower, "transformer": self._transformer, "whole": self._whole}[stage](start, steps)

    def _tower(self, start: int, steps: int) -> Iterator[torch.Tensor]:
        bins, edge = self.recipe.short_bp // BIN_SIZE_BP, 2
        tower = self.compile(nn.Sequential(self.model.stem, self.model.conv_tower))
        weights = self._on_device(self.corpus.hint_weights)
        self.model.train()
        for step in range(start, steps):
            windows = draw(self.corpus, self.recipe, bins, self.recipe.short_batch, step, 0)
            x = self._encoded([window[0] for window in windows])
            target = np.stack([np.concatenate([w[2], w[1][:, local_columns()]], axis=1) for w in windows])
            predicted = self.hints(tower(x))
            yield poisson(predicted[:, edge:-edge], self._on_device(target)[:, edge:-edge], weights)

    def _transformer(self, start: int, steps: int) -> Iterator[torch.Tensor]:
        usual = self._tower_outputs(self.corpus, "tower")
        dense = self._tower_outputs(Corpus.load_or_make(self.folder, self.recipe.dense), "dense_tower")
        read = self.compile(lambda x: read_along(self.model, x))
        for step in range(start, steps):
            self.model.eval()
            self.model.transformer.train()
            self.model.final_pointwise.train()
            rng = np.random.default_rng((self.recipe.seed, 1, step))
            rows, targets = [], []
            for held, held_targets in (usual, dense):
                chosen = np.sort(rng.choice(len(held), self.recipe.long_batch // 2, replace=False))
                rows.append(held[chosen])
                targets.append(held_targets[chosen])
            yield poisson(read(self._on_device(np.concatenate(rows))), self._on_device(np.concatenate(targets)))

    def _whole(self, start: int, steps: int) -> Iterator[torch.Tensor]:
        margin = self.recipe.margin_bins
        tower = self.compile(nn.Sequential(self.model.stem, self.model.conv_tower))
        read = self.compile(lambda x: read_along(self.model, x))
        for step in range(start, steps):
            self.model.train()
            for part in (self.model.stem, self.model.conv_tower, self.model.final_pointwise):
                part.eval()  # batch norms keep the averages of the stages before
            windows = draw(self.corpus, self.recipe, self.recipe.window_bins, self.recipe.whole_batch, step, 2)
            x = self._encoded([window[0] for window in windows])
            target = self._on_device(np.stack([window[1][margin:-margin] for window in windows]))
            yield poisson(read(tower(x).transpose(1, 2)), target)

    @torch.no_grad()
    def _tower_outputs(self, corpus: Corpus, name: str) -> tuple[np.ndarray, np.ndarray]:
        """The tower's output of every window, both strands: (windows, bins, width) float16, and their tracks."""
        recipe = self.recipe
        starts = range(0, corpus.tracks.shape[1] - recipe.window_bins, recipe.target_bins)
        count = 2 * len(starts) * len(corpus.codes)
        shape = (count, recipe.window_bins, recipe.width)
        done, path = self.folder / f"{name}_done.json", self.folder / f"{name}_outputs.npy"
        targets = np.empty((count, recipe.target_bins, len(TRACKS)), dtype=np.float32)
        fresh = not done.exists()
        outputs = np.lib.format.open_memmap(path, mode="w+" if fresh else "r+", dtype=np.float16, shape=shape)
        self.model.eval()
        tower = self.compile(nn.Sequential(self.model.stem, self.model.conv_tower))
        margin, place, began = recipe.margin_bins, 0, time.monotonic()
        for chromosome in range(len(corpus.codes)):
            for first in starts:
                window = corpus.cut(chromosome, first, recipe.window_bins)
                pair = [window, flipped(*window)]
                for i, (_, tracks, _) in enumerate(pair):
                    targets[place + i] = tracks[margin:-margin]
                if fresh:
                    x = self._encoded([codes for codes, _, _ in pair])
                    outputs[place : place + 2] = tower(x).transpose(1, 2).half().cpu().numpy()
                place += 2
            if fresh and chromosome % 8 == 7:
                print(f"tower outputs {place}/{count}, {time.monotonic() - began:.0f} s", flush=True)
        if fresh:
            outputs.flush()
            done.write_text(json.dumps({"windows": count}))
        return outputs, targets

    @torch.no_grad()
    def _look(self, stage: str) -> np.ndarray:
        """Pearson correlations on a simulated chromosome that is not trained on."""
        self.model.eval()
        if stage == "tower":
            bins = self.recipe.short_bp // BIN_SIZE_BP
            windows = [self.valid.cut(0, first, bins) for first in range(100, 7700, bins - 4)]
            x = self._encoded([window[0] for window in windows])
            target = np.stack([np.concatenate([w[2], w[1][:, local_columns()]], axis=1) for w in windows])
            predicted = self.hints(self.model.conv_tower(self.model.stem(x))).cpu().numpy()
            return pearson(*(rows[:, 2:-2].reshape(-1, rows.shape[-1]) for rows in (predicted, target)))
        predicted, target, margin = [], [], self.recipe.margin_bins
        for first in range(0, self.valid.tracks.shape[1] - self.recipe.window_bins, self.recipe.target_bins):
            codes, tracks, _ = self.valid.cut(0, first, self.recipe.window_bins)
            predicted.append(self.model(one_hot_codes(codes)[None].to(self.device))["human"][0].cpu().numpy())
            target.append(tracks[margin:-margin])
        predicted, target = np.concatenate(predicted), np.concatenate(target)
        cage = [TRACKS.index("CAGE:erythroid"), TRACKS.index("CAGE:liver")]
        difference = [rows[:, cage[0]] - rows[:, cage[1]] for rows in (predicted, target)]
        return np.append(pearson(predicted, target), pearson(*(row[:, None] for row in difference)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work-dir", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N")
    parser.add_argument("--compile", action="store_true")
    for stage in STAGES:
        parser.add_argument(f"--{stage}-steps", type=int, default=STEPS[stage])
    for name, kind in (("width", int), ("depth", int), ("chromosomes", int), ("seed", int)):
        parser.add_argument(f"--{name}", type=kind, default=getattr(Recipe, name))
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    given.work_dir.mkdir(parents=True, exist_ok=True)
    recipe = Recipe(seed=given.seed, width=given.width, depth=given.depth, chromosomes=given.chromosomes)
    (given.work_dir / "recipe.json").write_text(json.dumps(asdict(recipe), indent=2) + "\n")
    trainer = Trainer(given.work_dir, recipe, compiled=given.compile, device=given.device)
    trainer.run({stage: getattr(given, f"{stage}_steps") for stage in STAGES})


if __name__ == "__main__":
    main()
