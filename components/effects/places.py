"""Where an effect is explained: the bins of a gene's start, or those around the variant, for one track."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.attribution.target import Target
from core.effects.scores import GeneScore, local_bp, start_bins
from core.effects.values import VariantEffect
from core.enformer.tracks import Track
from core.genome.variant import Variant

LOCAL = "local"


@dataclass(frozen=True)
class Aim:
    """Bins of one track, and what the variant does to their mean.

    Attributes
    ----------
    name : "local" or the gene's symbol, as a link says it. title : in words. bins : first and stop among those shown.
    """

    name: str
    title: str
    track: Track
    bins: tuple[int, int]
    ref: float
    alt: float

    @property
    def effect(self) -> float:
        """Alternative minus reference."""
        return self.alt - self.ref

    @property
    def words(self) -> str:
        """For example "mean of CAGE K562 (4828) over 3 bins at the start of HBE1"."""
        return f"mean of {self.track.label} over {self.bins[1] - self.bins[0]} bins {self.title}"

    def target(self, head: str) -> Target:
        """As `core.attribution` asks for it."""
        return Target((self.track.index,), tuple(range(*self.bins)), self.words, head)


def aims_of(
    effect: VariantEffect, genes: Sequence[GeneScore], track: Track, variant: Variant | None = None
) -> dict[str, Aim]:  # fmt: skip
    """Around the variant, and at each gene's start; by name.

    Parameters
    ----------
    variant : by default that of the effect.
    """
    variant = variant or effect.variant or effect.changes[0]
    half, place = local_bp(track) // 2, variant.interval
    around = effect.bins_over(place.centre - half, place.centre + half + 1)
    found = {LOCAL: _aim(effect, LOCAL, "around the variant", track, around)}
    for one in genes:
        bins = start_bins(effect, one.gene.tss)
        found.setdefault(
            one.gene.symbol, _aim(effect, one.gene.symbol, f"at the start of {one.gene.symbol}", track, bins)
        )
    return found


def _aim(effect: VariantEffect, name: str, title: str, track: Track, bins: slice) -> Aim:
    column = effect.place(track)
    ref, alt = (float(values[bins, column].mean(dtype=np.float64)) for values in (effect.ref, effect.alt))
    return Aim(name, title, track, (bins.start, bins.stop), ref, alt)


def first_aim(aims: dict[str, Aim]) -> str:
    """Around the variant, unless a gene's start changes more."""
    return max(aims, key=lambda name: abs(aims[name].effect))


def aim_label(aim: Aim, genes: Sequence[GeneScore]) -> str:
    """With the distance to a gene."""
    for one in genes:
        if one.gene.symbol == aim.name:
            return f"{aim.name} start, {abs(one.distance_bp):,} bp"
    return aim.title
