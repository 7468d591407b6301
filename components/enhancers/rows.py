"""Rows of the genome browser: what a bin attends to, and the candidates of a gene."""

from __future__ import annotations

import numpy as np

from components.browser.scene import AttentionRow, Piece, RegionMark, RegionRow
from components.drawing.axis import number_text
from core.enformer.attending import AttentionProfile
from core.enformer.enhancers import SCORES, Ranking

ATTENTION_ROW, ENHANCER_ROW = "attention", "enhancers"
ENHANCER_COLOUR = (226, 140, 0)  # near the orange of the ENCODE state, darker so that it is seen on white
FAINTEST = 0.12  # opacity of a candidate without score: it is still seen


def heads_words(layer: int | None, head: int | None) -> str:
    """For example "layer 3, head 1" or "mean of all layers and heads"."""
    if layer is None and head is None:
        return "mean of all layers and heads"
    if layer is None:
        return f"head {head}, mean of all layers"
    return f"layer {layer}, " + ("mean of its heads" if head is None else f"head {head}")


def attention_rows(
    profile: AttentionProfile, *, layer: int | None = None, head: int | None = None, name: str = ""
) -> tuple[AttentionRow, ...]:
    """The row of what some bins attend to; nothing where their place is not known.

    Parameters
    ----------
    layer, head : by the model's numbers; None is the mean.
    name : whose attention it is, for example "the start of SIMD3"; else the place of the bins.

    Raises
    ------
    SelectionError
        There is no such layer or head.
    """
    if profile.interval is None or profile.queried is None:
        return ()
    weights, expected = profile.row(layer, head)
    looks = profile.queried
    bins = f"{len(profile.query_bins)} bins" if len(profile.query_bins) > 1 else "1 bin"
    return (
        AttentionRow(
            id=ATTENTION_ROW,
            title=f"{name[:1].upper()}{name[1:]} attends to" if name else f"{looks.locus} attends to",
            note=heads_words(layer, head),
            about=(
                f"Where {bins} at {looks.locus} look, as shares of their attention (all bins of the window that was "
                "read sum to 1). The thin line is what their distance alone gives: the mean weight of a bin as far "
                "away, over all bins of this window. Attention is the same for every track and cell type."
            ),
            weights=Piece(profile.interval.start, profile.bin_size_bp, np.ascontiguousarray(weights)),
            from_start=looks.start,
            from_end=looks.end,
            baseline=np.ascontiguousarray(expected),
        ),
    )


def enhancer_rows(ranking: Ranking, score: str, *, picked: str = "") -> tuple[RegionRow, ...]:
    """The candidates of a gene, the more opaque the higher their score; true ones are outlined.

    Parameters
    ----------
    score : one of `core.enformer.enhancers.SCORES`.
    picked : id of the candidate that is looked at.
    """
    values = ranking.scores[score]
    top = float(values.max(initial=0.0)) or 1.0
    places = np.empty(len(values), dtype=int)
    places[ranking.order(score)] = np.arange(len(values))
    title = next(each.title for each in SCORES if each.name == score)
    marks = []
    for number, candidate in enumerate(ranking.candidates):
        is_true = ranking.is_true is not None and bool(ranking.is_true[number])
        lines = [
            candidate.name,
            f"number {places[number] + 1} of {len(values)} by {title}: {number_text(float(values[number]), 3)}",
            f"{ranking.distances_bp[number]:,.0f} bp from the start of {ranking.gene}",
        ]
        if candidate.share is not None:
            lines.append(f"truly gives {candidate.share:.0%} of its expression in {ranking.cell_type}")
        marks.append(
            RegionMark(
                name=f"{places[number] + 1}",
                start=candidate.interval.start,
                end=candidate.interval.end,
                colour=ENHANCER_COLOUR,
                strength=FAINTEST + (1 - FAINTEST) * max(0.0, float(values[number])) / top,
                outlined=is_true or candidate.id == picked,
                about="\n".join(lines),
                pick=candidate.id,
            )
        )
    true = "; outlined: true" if ranking.is_true is not None else ""
    return (
        RegionRow(
            id=ENHANCER_ROW,
            title=f"Candidates for {ranking.gene} in {ranking.cell_type}",
            note=f"by {title}{true}",
            about="The number is the rank, the opacity the score over the highest one. Click a candidate to find it "
            "in the table below.",
            height="small",
            regions=tuple(marks),
        ),
    )
