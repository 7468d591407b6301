"""Small Enformers, and what enformer_pytorch itself says of them."""

from __future__ import annotations

import copy

import numpy as np
import torch

from core.attribution import Target
from core.enformer import EnformerEngine
from core.genome import one_hot
from core.genome.sequence import reverse_complement
from tests.core.enformer.engine_toys import small


def peer_values(module: torch.nn.Module, windows: list[str], target: Target, first: int) -> np.ndarray:
    """(windows,) float64: the target of each by enformer_pytorch's own forward, on a copy in evaluation mode."""
    peer = copy.deepcopy(module).eval()
    with torch.inference_mode():
        given = torch.from_numpy(np.stack([one_hot(letters) for letters in windows]))
        found = peer(given, head=target.head, target_length=-1).numpy().astype(np.float64)
    found = found[:, [first + number for number in target.bins]].mean(axis=1)
    values = found[:, list(target.tracks)].mean(axis=1)
    return values - found[:, list(target.against)].mean(axis=1) if target.against else values


def peer_value(module: torch.nn.Module, letters: str, target: Target, first: int) -> float:
    """The target of one window, see `peer_values`."""
    return float(peer_values(module, [letters], target, first)[0])


def exact(seed: int = 0, **sizes) -> tuple[torch.nn.Module, EnformerEngine]:
    """A small Enformer, bins of 16 bp, 10 of them shown, and its engine."""
    module = small(seed, **sizes)
    return module, EnformerEngine(module, precision="float32")


def other_strand(array: np.ndarray) -> np.ndarray:
    """(length, 4) on the other strand."""
    return reverse_complement(array)
