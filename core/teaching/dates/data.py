"""What Date Reader is trained on, batch by batch: a pure function of the recipe."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch

from core.teaching.dates.phrases import FIRST_YEAR, LAST_YEAR, DatePhrase, phrase
from core.teaching.dates.pieces import Pieces, right_tokens

SPLIT_SEED = 20261122
HELD_OUT_SHARE = 0.1
RECENT_SHARE = 0.4
FIRST_DAY = datetime.date(FIRST_YEAR, 1, 1).toordinal()
DAYS = datetime.date(LAST_YEAR, 12, 31).toordinal() - FIRST_DAY + 1


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the trained weights, given the number of steps."""

    seed: int = 20261122
    width: int = 128
    layers: int = 2
    heads: int = 4
    feed_forward: int = 512
    context: int = 64
    rows: int = 128
    dropout: float = 0.1
    learning_rate: float = 1.5e-3
    warmup_steps: int = 200


@cache
def held_out_days() -> np.ndarray:
    """(days from 1 January 1000 to 31 December 2099,) bool: never trained on, however they are said."""
    days = np.random.default_rng(SPLIT_SEED).random(DAYS) < HELD_OUT_SHARE
    days.setflags(write=False)
    return days


def random_dates(rng: np.random.Generator, count: int, *, held_out: bool) -> list[datetime.date]:
    """Dates of one side of the split; four in ten are of 1900 to 2099, the others of any year."""
    wanted = held_out_days() == held_out
    recent = datetime.date(1900, 1, 1).toordinal() - FIRST_DAY
    dates: list[datetime.date] = []
    while len(dates) < count:
        day = int(rng.integers(recent if rng.random() < RECENT_SHARE else 0, DAYS))
        if wanted[day]:
            dates.append(datetime.date.fromordinal(FIRST_DAY + day))
    return dates


def held_out_phrases(count: int, *, seed: int = 1) -> list[DatePhrase]:
    """Phrases of held-out dates to measure on; the same every time."""
    rng = np.random.default_rng([SPLIT_SEED, seed])
    return [phrase(date, rng) for date in random_dates(rng, count, held_out=True)]


@dataclass(frozen=True, eq=False)
class Batch:
    """Padded sentence pairs.

    Attributes
    ----------
    source : (rows, source length) ids; mask : the same shape, 1 for tokens and 0 for padding.
    target : (rows, 11) ids of ten characters and the end.
    right : (rows, 11, source length) bool, the tokens that say or imply each character; for
        measuring, never for training.
    """

    source: torch.Tensor
    mask: torch.Tensor
    target: torch.Tensor
    right: torch.Tensor


def collate(phrases: list[DatePhrase], pieces: Pieces) -> Batch:
    """Phrases as one padded batch."""
    sources = [pieces.source_ids(p.text) for p in phrases]
    length = max(map(len, sources))
    source = torch.full((len(phrases), length), pieces.pad)
    target = torch.tensor([pieces.target_ids(p.target) for p in phrases])
    right = torch.zeros((*target.shape, length), dtype=torch.bool)
    for row, (ids, said) in enumerate(zip(sources, phrases, strict=True)):
        source[row, : len(ids)] = torch.tensor(ids)
        for place, tokens in enumerate(right_tokens(said, pieces.source_pieces(said.text))[1]):
            right[row, place, list(tokens)] = True
    return Batch(source, (source != pieces.pad).long(), target, right)


class Batches:
    """Batch number -> `Batch`."""

    def __init__(self, pieces: Pieces, recipe: Recipe) -> None:
        self.pieces = pieces
        self.recipe = recipe

    def phrases(self, step: int) -> list[DatePhrase]:
        rng = np.random.default_rng([self.recipe.seed, step])
        return [phrase(date, rng) for date in random_dates(rng, self.recipe.rows, held_out=False)]

    def __call__(self, step: int) -> Batch:
        return collate(self.phrases(step), self.pieces)
