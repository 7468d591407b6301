"""Simulated chromosomes to train on, and windows drawn from them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch

from core.teaching.playground.chromosome import make_chromosome
from core.teaching.playground.grammar import (
    BIN_SIZE_BP,
    CELL_TYPES,
    CELLS_PER_BIN,
    GRAMMAR_VERSION,
    TRACKS,
    Grammar,
    bin_means,
    cell_tracks,
    elements,
    expression,
    readable_share,
)
from core.teaching.playground.layout import DOMAIN_BP
from core.teaching.playground.occupancy import cell_occupancy
from core.teaching.playground.recipe import Recipe

# Tracks that a short window decides; the first stage learns them beside sites and elements.
LOCAL_TRACKS = ("DNASE:erythroid", "DNASE:liver", "CHIP:H3K4me3", "CHIP:CTCF")
_ELEMENT_WEIGHT = 4.0
ELEMENT_KINDS = 5


def _whole_bins(cells: np.ndarray) -> np.ndarray:
    return bin_means(cells[: len(cells) // CELLS_PER_BIN * CELLS_PER_BIN])


@dataclass(frozen=True, eq=False)
class Corpus:
    """Training chromosomes.

    Attributes
    ----------
    codes : (chromosomes, length) uint8.
    tracks : (chromosomes, bins, 12) float32, the truth without noise.
    hints : (chromosomes, bins, 15) float32: sites of each motif and activity of each kind of element, in the bin.
    """

    codes: np.ndarray
    tracks: np.ndarray
    hints: np.ndarray

    @classmethod
    def make(cls, recipe: Recipe) -> Corpus:
        """Simulate it; two to three seconds for a megabase."""
        codes, tracks, hints = [], [], []
        for number in range(recipe.chromosomes):
            chromosome = make_chromosome(
                f"train{number}", recipe.chromosome_bp, recipe.first_seed + number, domain_bp=recipe.domain_bp
            )
            occupied = cell_occupancy(chromosome.codes)
            found = elements(occupied, Grammar())
            genes = chromosome.layout.genes
            told = expression(found, genes, Grammar())
            readable = readable_share(chromosome.codes, len(occupied))
            active = [found.enhancer[cell] for cell in CELL_TYPES]
            active = np.stack([*active, found.promoter, found.silencer, found.boundary], axis=1)
            codes.append(chromosome.codes)
            tracks.append(_whole_bins(cell_tracks(found, told, genes, readable)))
            hints.append(_whole_bins(np.concatenate([occupied * CELLS_PER_BIN, active * _ELEMENT_WEIGHT], axis=1)))
        return cls(np.stack(codes), np.stack(tracks), np.stack(hints).astype(np.float32))

    @classmethod
    def load_or_make(cls, folder: Path, recipe: Recipe) -> Corpus:
        """From `folder` when the same recipe and grammar made it, else simulated and written there."""
        name = f"corpus-v{GRAMMAR_VERSION}-{recipe.first_seed}-{recipe.chromosomes}x{recipe.chromosome_bp}"
        if recipe.domain_bp != DOMAIN_BP:
            name += "-domains-{}-{}".format(*recipe.domain_bp)
        paths = [folder / f"{name}-{part}.npy" for part in ("codes", "tracks", "hints")]
        if not all(path.exists() for path in paths):
            folder.mkdir(parents=True, exist_ok=True)
            corpus = cls.make(recipe)
            for path, array in zip(paths, (corpus.codes, corpus.tracks, corpus.hints), strict=True):
                np.save(path, array)
        return cls(*(np.load(path, mmap_mode="r") for path in paths))

    @property
    def hint_count(self) -> int:
        return self.hints.shape[-1]

    @cached_property
    def element_bins(self) -> tuple[np.ndarray, ...]:
        """For each kind of element (count, 2): chromosome and bin of those that are active."""
        activity = self.hints[..., -ELEMENT_KINDS:]
        return tuple(np.argwhere(activity[..., kind] > 0.3 * _ELEMENT_WEIGHT) for kind in range(ELEMENT_KINDS))

    @cached_property
    def hint_weights(self) -> np.ndarray:
        """(19,) float32: what makes the rare hints count as much as the frequent ones."""
        means = np.concatenate(
            [self.hints[:4].mean(axis=(0, 1)), self.tracks[:4][..., local_columns()].mean(axis=(0, 1))]
        )
        return (0.3 / (means + 0.01)).astype(np.float32)

    def cut(self, chromosome: int, first_bin: int, bins: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(bp,) codes, (bins, 12) tracks and (bins, 15) hints of a window."""
        last = first_bin + bins
        codes = self.codes[chromosome, first_bin * BIN_SIZE_BP : last * BIN_SIZE_BP]
        return codes, self.tracks[chromosome, first_bin:last], self.hints[chromosome, first_bin:last]


def one_hot_codes(codes: np.ndarray) -> torch.Tensor:
    """(..., bp) codes to (..., bp, 4) float32, N as zeros."""
    table = torch.cat([torch.eye(4), torch.zeros(1, 4)])
    return table[torch.from_numpy(np.ascontiguousarray(codes)).long()]


def flipped(codes: np.ndarray, *rows: np.ndarray) -> tuple[np.ndarray, ...]:
    """The reverse complement, and what belongs to its bins."""
    turned = codes[::-1]
    return np.where(turned < 4, 3 - turned, 4).astype(np.uint8), *(row[::-1] for row in rows)


def draw(corpus: Corpus, recipe: Recipe, bins: int, count: int, step: int, stage: int) -> list[tuple[np.ndarray, ...]]:
    """`count` windows of `bins` bins, on either strand; the same step of a stage always gives the same."""
    rng = np.random.default_rng((recipe.seed, stage, step))
    last = corpus.tracks.shape[1] - bins
    windows = []
    for _ in range(count):
        chromosome, first = int(rng.integers(len(corpus.codes))), int(rng.integers(last))
        if stage == 0 and rng.random() < recipe.around_elements:
            chosen = corpus.element_bins[int(rng.integers(len(corpus.element_bins)))]
            chromosome, place = chosen[int(rng.integers(len(chosen)))]
            first = int(np.clip(place - rng.integers(3, bins - 3), 0, last - 1))
        window = corpus.cut(int(chromosome), first, bins)
        windows.append(flipped(*window) if rng.random() < 0.5 else window)
    return windows


def local_columns() -> list[int]:
    """Columns of `LOCAL_TRACKS`."""
    return [TRACKS.index(name) for name in LOCAL_TRACKS]
