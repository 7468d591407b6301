"""Genomes of a few thousand random letters, and the small random Enformer that reads them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

import numpy as np
import torch

from core.enformer import EnformerEngine
from core.enformer.random_weights import random_module
from core.genome import Interval, reverse_complement
from core.genome.reference import fetch_padded
from core.genome.sequence import one_hot
from tests.core.enformer.small_models import TINY

WIDTH = TINY.input_bp  # 256 bp, 32 bins of 8 bp, of which 24 are shown
SIZE = 8
CROP = 4


class ToyGenome:
    """A `Reference` in memory."""

    def __init__(self, **letters: str) -> None:
        self.letters = letters
        self.name, self.assembly, self.identity = "toy", "unknown", "toy"

    @property
    def contigs(self) -> Mapping[str, int]:
        return {name: len(letters) for name, letters in self.letters.items()}

    def fetch(self, interval: Interval, *, on_progress: Callable | None = None) -> str:
        return fetch_padded(interval, self.contigs, self.name, lambda name, a, b: self.letters[name][a:b])

    def close(self) -> None: ...


def random_letters(length: int, seed: int = 0) -> str:
    return "".join(np.random.default_rng(seed).choice(list("ACGT"), length))


@functools.cache
def genome(length: int = 1200, seed: int = 0) -> ToyGenome:
    return ToyGenome(chr1=random_letters(length, seed))


@functools.cache
def module() -> torch.nn.Module:
    return random_module(TINY, 3)


@functools.cache
def engine() -> EnformerEngine:
    from core.enformer.models import DnaModel

    made = EnformerEngine(module(), precision="float32")
    assert not isinstance(module(), DnaModel)
    made.input_bp = WIDTH
    return made


def other(letter: str, by: int = 1) -> str:
    """Another base."""
    return "ACGT"[("ACGT".index(letter) + by) % 4]


def peer(letters: str, reverse: bool = False) -> np.ndarray:
    """(24, 5) by enformer_pytorch itself, on either strand, laid back on the forward one."""
    read = reverse_complement(letters) if reverse else letters
    with torch.inference_mode():
        found = module()(torch.from_numpy(one_hot(read))[None])["human"][0].numpy()
    return found[::-1] if reverse else found
