"""Variant effects: what changes in predicted tracks when letters of the genome change.

`read_variants` reads a file, `parse_variant` what people type, `score_variants` gives a table, `effect_of` and
`iter_effects` give `VariantEffect`s. Reference, alternative and effect always come together, in one coordinate frame.
"""

from core.effects.read import iter_records, read_text, read_variants
from core.effects.score import effect_frame, effect_of, iter_effects, score_variants
from core.effects.scores import gene_scores, local_scores, window_scores
from core.effects.typed import parse_variant
from core.effects.values import Rejected, VariantEffect
from core.effects.windows import variant_window

__all__ = [
    "Rejected",
    "VariantEffect",
    "effect_frame",
    "effect_of",
    "gene_scores",
    "iter_effects",
    "iter_records",
    "local_scores",
    "parse_variant",
    "read_text",
    "read_variants",
    "score_variants",
    "variant_window",
    "window_scores",
]
