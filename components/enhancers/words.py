"""Sentences of the enhancer view."""

from __future__ import annotations

from components.messages import plain
from core.enformer.candidates import PROMOTER_RULE, peaks_rule
from core.enformer.enhancers import SCORES, Ranking
from core.teaching.playground.enhancer_truth import TRUTH_RULE, Pool

HOW = "\n".join(
    [
        *(f"- **{score.title}.** {plain(score.about)}" for score in SCORES),
        "- **Activity** of a candidate: the geometric mean of predicted open chromatin (DNase, ATAC) and H3K27ac in "
        "its bins, as in Fulco et al. 2019; open chromatin alone where the cell type has no H3K27ac track.",
        "- **Attention** is one number for all cell types: it is computed before the model knows which track is asked "
        "for. Only the scores with activity can tell cell types apart.",
        f"- **Peaks.** {plain(peaks_rule())}",
        f"- **Left out.** {plain(PROMOTER_RULE)} Promoters of other genes stay.",
        "- **The start** is the bin of the gene's first base and one bin on either side; the attention to a candidate "
        "is added up over its bins. The window has the start in its middle.",
        "- **Average precision**: going down the ranking, the mean over the true ones of the share of true ones so "
        "far. 1 is perfect; chance gives the share of true ones. The range in brackets is the middle 95 % when genes "
        "are drawn anew 500 times.",
        "- **Sources.** Avsec et al. 2021, Nature Methods 18, figure 2 (attention and enhancers); Fulco et al. 2019, "
        "Nature Genetics 51 (activity by contact).",
    ]
)


ALL_CELLS = "Attention alone is the same for every cell type; only the scores with activity can tell cell types apart."


def candidates_words(source: str, file: str) -> str:
    """What the candidates are, for a subtitle."""
    return "Candidates: peaks of predicted open chromatin." if source == "peaks" else f"Candidates: {file}."


def score_title(name: str) -> str:
    """Of a score."""
    return next(score.title for score in SCORES if score.name == name)


def found_sentence(ranking: Ranking) -> str:
    """How many true ones there are to be found, as Markdown."""
    assert ranking.is_true is not None
    gene, cell = plain(ranking.gene), plain(ranking.cell_type)
    true = int(ranking.is_true.sum())
    if not true and not ranking.missed:
        return f"Nothing in this window truly drives **{gene}** in {cell}. {plain(TRUTH_RULE)}"
    missed = f" {ranking.missed} more {'is' if ranking.missed == 1 else 'are'} no candidate." if ranking.missed else ""
    verb = "drives" if true == 1 else "drive"
    return f"{true} of {len(ranking.candidates)} candidates truly {verb} **{gene}** in {cell}.{missed}"


def verdict(ranking: Ranking, score: str) -> str:
    """What the ranking says, and whether it is so, as Markdown."""
    if not ranking.candidates:
        return ""
    best = int(ranking.order(score)[0])
    candidate = ranking.candidates[best]
    said = (
        f"By {score_title(score)}, **{plain(candidate.name)}** comes first, "
        f"{ranking.distances_bp[best]:,.0f} bp from the start of **{plain(ranking.gene)}**."
    )
    if ranking.is_true is None:
        return said
    share = candidate.share or 0.0
    right = f"True: it gives {share:.0%} of the expression." if ranking.is_true[best] else (
        f"Not true: it gives {share:.0%} of the expression."
    )  # fmt: skip
    return f"{said} {right} {found_sentence(ranking)}"


def gene_subtitle(ranking: Ranking) -> str:
    """Under the curves of one gene."""
    assert ranking.is_true is not None
    true = int(ranking.is_true.sum())
    missed = f", {ranking.missed} more without a candidate" if ranking.missed else ""
    few = " So few say little about a score: look at all genes." if true < 5 else ""
    return f"{true} true of {len(ranking.candidates)} candidates{missed}. {TRUTH_RULE}{few}"


def pool_subtitle(pool: Pool, heads: str) -> str:
    """Under the curves of a chromosome."""
    true, missed = int(pool.is_true.sum()), int(pool.missed.sum())
    without = f", {missed} more without a candidate" if missed else ""
    share = true / len(pool.is_true) if len(pool.is_true) else 0.0
    return (
        f"{true} true of {len(pool.is_true):,} pairs of gene and candidate{without}; by chance the average is about "
        f"{share:.2f}. {TRUTH_RULE} Attention: {heads}."
    )
