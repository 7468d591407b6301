"""Sentences of the panel of candidate enhancers."""

from __future__ import annotations

import math

from components.messages import plain
from core.attribution.enhancer_curves import ScoredPairs
from core.attribution.enhancers import MEASURE_ABOUT, MEASURES, SCORES, TITLES, EnhancerScores
from core.attribution.labels import LABEL_RULE
from core.attribution.sliding import SLIDING_RULE, STATES_RULE
from core.enformer.candidates import PROMOTER_RULE, peaks_rule
from core.enformer.precision_recall import RESAMPLES

HOW = "\n".join(
    [
        *(f"- **{score.title}.** {plain(score.about)}" for score in SCORES),
        *(f"- **{plain(MEASURES[name][0].upper() + MEASURES[name][1:])}.** {plain(MEASURE_ABOUT[name])}"
          for name in MEASURES),
        "- **The question** is the mean of the cell type's CAGE tracks over the bin of the gene's first base and one "
        "bin on either side; the window has the start in its middle, wherever the browser looks.",
        f"- **Peaks.** {plain(peaks_rule())}",
        f"- **States.** {plain(STATES_RULE)}",
        f"- **Sliding windows.** {plain(SLIDING_RULE)}",
        f"- **Left out.** {plain(PROMOTER_RULE)} Promoters of other genes stay.",
        f"- **Labels.** {plain(LABEL_RULE)} What holds no tested stretch is left out of the curves; by the "
        "playground's truth every other candidate is false.",
        "- **Average precision**: going down the ranking, the mean over the true ones of the share of true ones so "
        f"far. In brackets the middle 95 % when genes are drawn anew {RESAMPLES} times (bootstrap); of a single gene, "
        "when its candidates are.",
        "- **Sources.** Avsec et al. 2021, Nature Methods 18, figure 2 and Methods (contributions, attention and "
        "enhancers); Fulco et al. 2019, Nature Genetics 51 (CRISPRi tests).",
    ]
)  # fmt: skip


def verdict(ranking: EnhancerScores, score: str) -> str:
    """What comes first by a score, and whether it is so, as Markdown."""
    if not ranking.candidates:
        return ""
    best = int(ranking.order(score)[0])
    candidate = ranking.candidates[best]
    said = (
        f"By {TITLES[score]}, **{plain(candidate.name)}** comes first, {ranking.distances_bp[best]:,.0f} bp from the "
        f"start of **{plain(ranking.gene)}**."
    )
    if score == "mutagenesis" and ranking.relative is not None and math.isfinite(ranking.relative[best]):
        share = float(ranking.relative[best])
        way = "falls" if share >= 0 else "rises"
        said += f" When it is shuffled, the predicted expression {way} by {abs(share):.0%}."
    known = ranking.known
    if known is None:
        return said
    if not known.tested[best]:
        return f"{said} It was not tested."
    if known.shares is not None:
        right = "True" if known.is_true[best] else "Not true"
        return f"{said} {right}: it gives {known.shares[best]:.0%} of the expression."
    return f"{said} {'True' if known.is_true[best] else 'Not true'}, by {plain(known.source)}."


def curves_subtitle(pairs: ScoredPairs) -> str:
    """Under the curves: how many are true, what was left out, what is drawn anew."""
    true, missed = int(pairs.is_true.sum()), int(pairs.missed.sum())
    many = f" of {len(pairs.genes)} genes" if len(pairs.genes) > 1 else ""
    said = f"{true} true of {len(pairs.is_true):,} tested candidates{many} (labels: {pairs.source})"
    said += f", {missed} more without a candidate" if missed else ""
    if pairs.untested:
        are = "candidate is" if pairs.untested == 1 else "candidates are"
        said += f"; {pairs.untested:,} {are} not tested and left out"
    few = " So few say little about a score." if true < 5 else ""
    return f"{said}. In brackets the middle 95 % over resampled {pairs.resampled}.{few}"
