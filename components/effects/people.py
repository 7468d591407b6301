"""A person's two haplotypes: all variants together against the sum of each alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from components.browser.scene import RegionMark, RegionRow, SignalRow
from components.effects.rows import effect_rows
from core.effects.haplotypes import HaplotypeEffects, Haplotypes
from core.effects.values import VariantEffect
from core.enformer.tracks import Track
from core.genome.variant import Variant

JOINT = (
    "Joint: all variants of the haplotype made together, minus the reference. Sum: what each of them does alone, added "
    "up. Where the two differ, the variants do not act independently in this model. All are means over the bins shown"
)


def people_words(haplotypes: Haplotypes) -> str:
    """How many variants each haplotype has."""
    one, two = len(haplotypes.first), len(haplotypes.second)
    both = len(set(haplotypes.first) & set(haplotypes.second))
    return (
        f"{haplotypes.sample} carries {one} variant{'s' * (one != 1)} on haplotype 1 and {two} on haplotype 2 in "
        f"{haplotypes.interval.locus}, {both} of them on both."
    )


def joint_table(
    found: HaplotypeEffects, tracks: tuple[Track, ...], true: dict[int, VariantEffect] | None = None
) -> list[dict[str, object]]:  # fmt: skip
    """Of each track and haplotype: reference, haplotype, joint effect, sum of single effects, and what is between them.

    Parameters
    ----------
    true : number of the haplotype -> its true effect, where it is known.
    """
    rows = []
    for which, effect in ((1, found.first), (2, found.second)):
        joint, alone = found.joint(which), found.sum_of_singles(which)
        if effect is None or joint is None or alone is None:
            continue
        ref = effect.ref.mean(axis=0, dtype=np.float64)
        for track in tracks:
            place = effect.place(track)
            row: dict[str, object] = {
                "Track": track.label,
                "Haplotype": which,
                "Reference": float(ref[place]),
                "With all": float(ref[place] + joint[place]),
                "Joint effect": float(joint[place]),
            }
            if effect.spread is not None:
                runs = (effect.alt_runs - effect.ref_runs)[:, :, place].mean(axis=1, dtype=np.float64)
                row |= {"Least": float(runs.min()), "Most": float(runs.max())}
            row |= {"Sum of single effects": float(alone[place]), "Joint − sum": float(joint[place] - alone[place])}
            if true is not None and which in true:
                row["True joint effect"] = float(true[which].effect[:, place].mean(dtype=np.float64))
            rows.append(row | {"Unit": track.unit})
    return rows


def haplotype_rows(
    effect: VariantEffect, which: int, track: Track, truth: dict[int, np.ndarray] | None
) -> tuple[SignalRow, SignalRow]:  # fmt: skip
    """Both rows of a track for one haplotype."""
    both, difference = effect_rows(effect, track, prefix=f"h{which}:", truth=truth)
    return (
        replace(both, title=f"Hap {which}: {track.label}", note="", second_name=f"hap {which}", first_name="ref"),
        replace(difference, title=f"Hap {which} − ref: {track.label}", note="", signs=("+", "−")),
    )


def variants_row(variants: tuple[Variant, ...], which: int) -> RegionRow:
    """Where a haplotype differs from the reference."""
    marks = tuple(
        RegionMark("", one.interval.start, one.interval.end, about=one.label, strength=1.0) for one in variants
    )
    return RegionRow(
        id=f"variants:{which}", title=f"Hap {which}: {len(variants)} variant{'s' * (len(variants) != 1)}",
        about="Phased variants of this haplotype, all made together.", regions=marks, height="small",
    )  # fmt: skip
