"""How far one effect can be trusted, in sentences beside it. No label of any kind is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from components.effects.numbers import change_text
from components.effects.places import Aim
from components.effects.words import ONE_RUN, distance_words
from core.attribution.values import ContributionScores
from core.effects.scores import GeneScore
from core.effects.values import VariantEffect
from core.genome.sequence import BASES, one_hot


@dataclass(frozen=True)
class Told:
    """One thing to know: a heading, what is known of it, and whether it speaks against the effect's sign."""

    name: str
    words: str
    warns: bool = False


def distance_told(effect: VariantEffect, genes: Sequence[GeneScore], aim: Aim) -> Told:
    """How far the scored start is."""
    if not genes:
        return Told("Distance", f"No gene start lies in the {effect.interval.width_bp:,} bp that are predicted.")
    chosen = next((one for one in genes if one.gene.symbol == aim.name), genes[0])
    words = distance_words(chosen.distance_bp, chosen.gene.symbol)
    words += ", which is scored here." if chosen.gene.symbol == aim.name else ", the nearest."
    return Told("Distance", words[:1].upper() + words[1:])


def spread_told(effect: VariantEffect, aim: Aim) -> Told:
    """The interval over strand and shifts, and whether it holds 0."""
    if len(effect.runs) == 1:
        return Told("Spread", ONE_RUN)
    column = effect.place(aim.track)
    bins = slice(*aim.bins)
    runs = (effect.alt_runs - effect.ref_runs)[:, bins, column].mean(axis=1, dtype=np.float64)
    low, high = float(runs.min()), float(runs.max())
    across = low < 0 < high
    words = (
        f"Over {len(runs)} runs (strands and shifts) the effect is {change_text(low)} to {change_text(high)}, standard "
        f"deviation {runs.std():.3g} {aim.track.unit}."
    )
    return Told("Spread", words + (" The sign is not the same in all runs." if across else ""), across)


def gradient_estimate(scores: ContributionScores, effect: VariantEffect) -> float | None:
    """What the gradient says that the change does to the target, to the first order: the slope at each changed letter
    times the change of the letter. None where letters are added or lost, or the change lies outside of the window."""
    if scores.hypothetical is None or scores.interval is None or effect.shifts_frame:
        return None
    total = 0.0
    for change in effect.changes:
        start = change.interval.start - scores.interval.start
        stop = start + len(change.ref)
        if start < 0 or stop > len(scores) or set(change.ref + change.alt) - set(BASES):
            return None
        moved = one_hot(change.alt) - one_hot(change.ref)
        total += float((scores.hypothetical[start:stop] * moved).sum(dtype=np.float64))
    return total


def methods_told(estimate: float | None, aim: Aim, unit: str) -> Told:
    """The gradient's estimate against the true change of the prediction."""
    if estimate is None:
        return Told(
            "Two methods",
            "A gradient gives no estimate where letters are added or lost.",
        )
    same = estimate * aim.effect > 0
    words = (
        f"The two predictions differ by {change_text(aim.effect)}; the gradient there would have estimated "
        f"{change_text(estimate)} {unit}. "
    )
    if aim.effect == 0 or estimate == 0:
        return Told("Two methods", words + "One of them is 0, so the signs cannot be compared.")
    if same:
        return Told("Two methods", words + "They have the same sign.")
    return Told("Two methods", words + "Their signs differ: the model is far from linear here.", True)


def truth_told(true: Aim, aim: Aim, unit: str) -> Told:
    """The simulator's own effect on the same bins."""
    words = f"True effect {change_text(true.effect)}, predicted {change_text(aim.effect)} {unit}."
    least = 1e-3 * max(1.0, abs(true.ref))
    if abs(true.effect) < least:
        return Told("The simulator", words + " In truth it does nothing here.")
    wrong = true.effect * aim.effect < 0
    return Told("The simulator", words + (" The predicted sign is wrong." if wrong else " The sign is right."), wrong)


def together_told(joint: float, alone: float, unit: str) -> Told:
    """A haplotype's effect on the window's mean against the sum of its variants' own."""
    words = f"Mean of the window {change_text(joint)}; its variants one by one add up to {change_text(alone)} {unit}."
    differ = joint * alone < 0
    return Told("Together", words + (" The signs differ." if differ else ""), differ)
