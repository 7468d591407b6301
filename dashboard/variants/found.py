"""`Found`: one effect with its scores, the genes that it was scored at, and the true effect where it is known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from components.effects.words import RANKS
from core import runtime_effects
from core.effects.scores import GeneScore, Score, gene_scores, local_scores, window_scores
from core.effects.values import VariantEffect
from core.enformer.tracks import Track
from core.errors import AnnotationError, GenomeUnavailableError
from core.genome.gene import Gene
from core.teaching.playground.world import world
from dashboard.variants.page import Ask


@dataclass(frozen=True, eq=False)
class Found:
    """What is known of a variant or a haplotype.

    Attributes
    ----------
    key : of the question that it answers. genes : that start in the bins shown; None where there are none to be had.
    """

    ask: Ask
    effect: VariantEffect
    key: str
    genes: tuple[Gene, ...] | None

    @property
    def nbytes(self) -> int:
        """Bytes held in arrays, means over the runs included."""
        return 3 * self.effect.nbytes

    @cached_property
    def window(self) -> dict[str, Score]:
        """Scores of the whole window, by name."""
        return window_scores(self.effect)

    @cached_property
    def local(self) -> dict[str, Score]:
        """Scores around the variant, by name."""
        return local_scores(self.effect)

    @cached_property
    def at_genes(self) -> tuple[GeneScore, ...]:
        """Scores at gene starts, the nearest first."""
        return gene_scores(self.effect, self.genes or ())

    @cached_property
    def true(self) -> Found | None:
        """The simulator's own answer in the same form; None where it is not known or not asked for."""
        if not self.ask.truth:
            return None
        effect = runtime_effects.derived(self.true_key, lambda: true_effect(self))
        return Found(replace(self.ask, truth=()), effect, self.key, self.genes)

    @property
    def true_key(self) -> tuple:
        """What the true effect is kept under."""
        return ("true", self.key, self.ask.truth)

    def score(self, name: str) -> Score:
        """By the name of `RANKS`; where no gene starts here, the window's mean stands for "gene"."""
        if name == "gene":
            return self.at_genes[0].score if self.at_genes else self.window["sad"]
        return {**self.window, **self.local}[name]

    @property
    def ranks(self) -> dict[str, str]:
        """Scores that tracks may be ranked by."""
        names = dict(RANKS)
        if not self.at_genes:
            del names["gene"]
        else:
            names["gene"] = f"At the start of {self.at_genes[0].gene.symbol}"
        return names


def found_of(ask: Ask, effect: VariantEffect, key: str) -> Found:
    """With the genes of its window; what is made of it is made once."""

    def make() -> Found:
        return Found(ask, effect, key, _genes(ask, effect))

    return runtime_effects.derived(("found", key, *ask.key, ask.truth), make)


def _genes(ask: Ask, effect: VariantEffect) -> tuple[Gene, ...] | None:
    if ask.ground.genes is None:
        return None
    try:
        return ask.ground.genes.genes_in(effect.interval)
    except (AnnotationError, GenomeUnavailableError):
        return None


def true_effect(found: Found) -> VariantEffect:
    """What the grammar says of both alleles, in the bins of the prediction and with its own tracks."""
    effect, columns = found.effect, list(found.ask.truth)
    ref = world().truth(effect.interval)[:, columns]
    alt = world().truth(effect.interval, edits=effect.changes)[:, columns]
    return replace(
        effect,
        ref_runs=np.ascontiguousarray(ref[None], np.float32),
        alt_runs=np.ascontiguousarray(alt[None], np.float32),
        runs=("forward",),
        notes=(),
    )


def true_changes(found: Found, tracks: tuple[Track, ...]) -> dict[int, np.ndarray] | None:
    """Index of a track -> (bins,) float32 of its true effect; None where it is not known."""
    if found.true is None:
        return None
    effect = found.true.effect
    return {track.index: np.ascontiguousarray(effect.effect[:, effect.place(track)]) for track in tracks}
