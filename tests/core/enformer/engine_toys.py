"""Small seeded Enformers, the reference's answers, and sequences."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
from enformer_pytorch import Enformer

from core.enformer.hparams import Hyperparameters
from core.enformer.random_weights import random_module
from core.genome import one_hot

HEADS = (("human", 7), ("mouse", 5))


def small(seed: int = 0, **sizes: Any) -> Enformer:
    """Bins of 16 bp, 12 positional features."""
    given = {
        "dim": 48,
        "depth": 3,
        "heads": 4,
        "output_heads": HEADS,
        "target_length": 10,
        "attn_dim_key": 8,
        "num_downsamples": 4,
        "dim_divisible_by": 4,
    }
    return random_module(Hyperparameters(**(given | sizes)), seed)


def letters(length: int, seed: int = 0, unknown: float = 0.01) -> str:
    known = (1 - unknown) / 4
    chosen = np.random.default_rng(seed).choice(list("ACGTN"), length, p=[known] * 4 + [unknown])
    return "".join(chosen)


def reference(module: Enformer, sequence: str, head: str = "human", target_length: int = -1) -> np.ndarray:
    """(bins, tracks) of enformer_pytorch's own forward, on a copy in evaluation mode."""
    peer = copy.deepcopy(module).eval()
    with torch.inference_mode():
        return peer(torch.from_numpy(one_hot(sequence)), head=head, target_length=target_length).numpy()


def far(found: np.ndarray, wanted: np.ndarray) -> float:
    """Largest difference as a share of the range of what is wanted."""
    assert found.shape == wanted.shape
    assert np.ptp(wanted) > 0
    return float(np.abs(found.astype(np.float64) - wanted).max() / np.ptp(wanted))
