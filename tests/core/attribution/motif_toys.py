"""Scores with sites that are known: for tests of seqlets and of their names."""

from __future__ import annotations

import numpy as np

from core.attribution.motif_library import Motif, MotifLibrary
from core.attribution.target import Target
from core.attribution.values import ContributionScores
from core.cards import Provenance
from core.genome.interval import Interval
from core.genome.sequence import one_hot, reverse_complement

BASES = np.array(list("ACGT"))


def random_letters(length: int, seed: int = 0) -> str:
    """Letters drawn independently, A, C, G, T alike."""
    return "".join(np.random.default_rng(seed).choice(BASES, length))


def best_site(motif: Motif) -> str:
    """The letters that fit a motif best."""
    return "".join(BASES[motif.probabilities.argmax(axis=1)])


def planted(
    *sites: tuple[int, str, float], length: int = 1_000, start: int = 0, seed: int = 0, interval: Interval | None = None
) -> ContributionScores:
    """Gradient x input of random letters, near 0 but for the sites: (place, letters, what each letter adds).

    What a letter of a site adds is weighted up and down a little, as real contributions are.
    """
    rng = np.random.default_rng(seed)
    letters = list(random_letters(length, seed))
    values = rng.laplace(0, 0.002, length)
    for place, site, each in sites:
        letters[place : place + len(site)] = site
        values[place : place + len(site)] = each * rng.uniform(0.7, 1.3, len(site))
    text = "".join(letters)
    return ContributionScores(
        (one_hot(text) * values[:, None]).astype(np.float32), "gradient_x_input", text, start, Target((0,), (0,)), 1.0,
        Provenance("Toy", "0123", "random"), interval=interval,
    )  # fmt: skip


def other_strand(letters: str) -> str:
    """The reverse complement."""
    return reverse_complement(letters)


def small_library(library: MotifLibrary, count: int) -> MotifLibrary:
    """The first motifs of a library."""
    return MotifLibrary(library.release, library.collection, library.motifs[:count])
