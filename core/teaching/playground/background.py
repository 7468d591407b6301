"""The sequence between elements: realistic dinucleotides, repeats in lower case, stretches of N."""

from __future__ import annotations

import numpy as np

# Probability of the next base (columns A C G T) after a base (rows); C is seldom followed by G.
# Source: counted on hg38 chr1:1-1,000,000.
_NEXT = np.array(
    [
        [0.321, 0.191, 0.256, 0.232],
        [0.339, 0.283, 0.071, 0.307],
        [0.271, 0.229, 0.289, 0.211],
        [0.210, 0.227, 0.279, 0.284],
    ]
)
_FIRST = np.array([0.285, 0.230, 0.227, 0.258])
LETTERS = np.frombuffer(b"ACGTN", dtype=np.uint8)


def tilted(gc_share: float) -> np.ndarray:
    """(4, 4) transition probabilities with more or less G and C; 0.457 leaves those of the human genome."""
    factor = gc_share / (1 - gc_share) / (0.457 / 0.543)
    rows = _NEXT * np.array([1, factor, factor, 1])
    return rows / rows.sum(axis=1, keepdims=True)


def random_bases(rng: np.random.Generator, length: int, gc_share: float = 0.457) -> np.ndarray:
    """(length,) uint8 codes 0 to 3 of a first-order Markov chain.

    Every base is one draw `u`; the four chains that start from A, C, G and T soon agree, so the
    chain is followed by composing maps of the previous base to the next one.
    """
    limits = np.cumsum(tilted(gc_share), axis=1)[:, :3]
    draws = rng.random(length)
    steps = (draws[:, None, None] > limits[None]).sum(axis=2).astype(np.uint8)  # (length, previous base) -> base
    bases = np.empty(length, dtype=np.uint8)
    table = steps.tolist()
    base = int(np.searchsorted(np.cumsum(_FIRST)[:3], rng.random()))
    for place in range(length):
        base = table[place][base]
        bases[place] = base
    return bases


def diverged(rng: np.random.Generator, family: np.ndarray, share: float) -> np.ndarray:
    """A copy of a repeat with this share of its bases replaced."""
    copy = family.copy()
    changed = rng.random(len(copy)) < share
    copy[changed] = rng.integers(0, 4, int(changed.sum()))
    return copy
