"""What the Variants page says: scores, limits, and an effect in one sentence."""

from __future__ import annotations

from core.effects.scores import Score
from core.effects.values import VariantEffect
from core.enformer.tracks import Track

RANKS = {
    "sar": "Whole window, SAR",
    "sad": "Whole window, SAD mean",
    "sad_sum": "Whole window, SAD sum",
    "log2_fold": "Whole window, log2 fold",
    "local": "Around the variant",
    "local_log2_fold": "Around the variant, log2 fold",
    "gene": "At the nearest gene start",
}
LIMITS = (
    "Huang et al. 2023 (doi 10.1038/s41588-023-01574-w): four models, Enformer among them, explain little of how the "
    "expression of genes differs between 421 people, and often give the direction wrong.",
    "Sasse et al. 2023 (doi 10.1038/s41588-023-01524-6): the same in 839 other genomes; take the sign of an effect as "
    "a question for an experiment.",
)
NO_LABEL = "No clinical label is given: a predicted change of a track does not say whether a variant harms anybody."
ONE_RUN = "One run, so no spread is known; switch on “Average both strands” or “Average small shifts”."
LOG2 = "log2"


def unit_of(score: Score, track: Track) -> str:
    """Unit of a score's effect."""
    return LOG2 if score.is_log else track.unit


def distance_words(distance_bp: int, symbol: str) -> str:
    """For example "1,200 bp before the start of CD44" (upstream), "in the start"."""
    if distance_bp == 0:
        return f"at the start of {symbol}"
    return f"{abs(distance_bp):,} bp {'behind' if distance_bp > 0 else 'before'} the start of {symbol}"


def window_words(effect: VariantEffect) -> str:
    """What was read and what is shown."""
    return (
        f"The model reads {effect.window.width_bp:,} bp and predicts the middle {effect.interval.width_bp:,}, in "
        f"{effect.bins:,} bins of {effect.bin_size_bp} bp."
    )
