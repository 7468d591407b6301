"""The ranking as a picture: a row a candidate, a column a score; and as a file."""

from __future__ import annotations

import io
import re

import numpy as np

from components.drawing import Drawing, Key, Line, Rect, Shape, Text, X
from components.drawing.axis import number_text
from components.enhancers.rows import heads_words
from components.prediction import empty_drawing
from core.cards import Provenance
from core.enformer.enhancers import SCORES, Ranking, Score

MOST_ROWS = 16
LABEL, ROW, BAR, HEAD = 252.0, 26.0, 13.0, 44.0
COLUMN, COLUMN_MOST = 112.0, 196.0
MADE_FROM = (Key("from the model's attention", "first"), Key("from the distance", "muted"))
ROLES = {"attention": "first", "attention_activity": "first", "contribution": "third", "mutagenesis": "third"}


def score_role(score: Score) -> str:
    """Colour of a score: from the model's attention, from its expression of the gene, or from the distance."""
    return ROLES.get(score.name, "muted")


def column_bar(column: int, share: float, top: float, fill: str, number: str, stripes: bool = False) -> list[Shape]:
    """A bar in a column whose right end holds the number of the longest one."""
    middle = top + ROW / 2
    left, wide = X(px=4, column=column), 0.56 * max(0.0, min(1.0, share))
    return [
        Rect(left, middle - BAR / 2, X(px=4, column=column + wide), middle + BAR / 2, fill=fill, stripes=stripes),
        Text(X(px=9, column=column + wide), middle, number, size="small", halo=True),
    ]


def ranking_table(
    ranking: Ranking, score: str, *, provenance: str, picked: str = "", heads: str = "", peak_word: str = ""
) -> Drawing:
    """Candidates in the order of one score. A press sends {"candidate": id} or, on a heading, {"score": name}.

    Parameters
    ----------
    heads : whose attention counts, in words.
    peak_word : what the candidates are, in words.
    """
    title = f"Candidate enhancers of {ranking.gene}, {ranking.cell_type}"
    if not ranking.candidates:
        message = f"No candidate lies in {ranking.seen.locus}, the gene's own promoter aside."
        return empty_drawing(title, message, provenance=provenance, file_name="enhancers")
    order = ranking.order(score)
    shown = list(order[:MOST_ROWS])
    is_known = ranking.is_true is not None
    columns = len(SCORES) + is_known
    height = HEAD + ROW * len(shown)
    shapes: list[Shape] = [Text(X(0, -8), HEAD - 14, "distance", size="small", colour="muted", align="right")]
    for column, each in enumerate(SCORES):
        chosen = each.name == score
        colour = "text" if chosen else "muted"
        shapes.append(
            Text(X(px=4, column=column), HEAD - 22, each.title + (" ▾" if chosen else ""), size="legend",
                 colour=colour, strong=chosen, room=X(0.96 / columns), lines=2)
        )  # fmt: skip
        shapes.append(
            Rect(X(px=0, column=column), 2, X(px=-6, column=column + 1), HEAD - 4,
                 tooltip=f"{each.title}\n{each.about}\nPress to rank by it.", click={"score": each.name})
        )  # fmt: skip
    if is_known:
        at = X(px=4, column=len(SCORES))
        shapes.append(Text(at, HEAD - 22, "True share", size="legend", colour="muted", room=X(0.96 / columns)))
    for place, number in enumerate(shown):
        shapes += _row(ranking, int(number), place, is_known, picked)
    shapes.append(Line(X(0, -LABEL), HEAD - 1, X(1), HEAD - 1))
    first = ranking.candidates[order[0]]
    described = f"{len(ranking.candidates)} candidates, ranked by {next(s.title for s in SCORES if s.name == score)}: "
    described += f"first {first.name}, {ranking.distances_bp[order[0]]:,.0f} bp away."
    legend = list(MADE_FROM)
    if is_known:
        legend.append(Key("the truth: share of the expression that it gives", "second", stripes=True))
    left_out = f" The first {MOST_ROWS} of {len(order)} are shown; the file has all." if len(order) > MOST_ROWS else ""
    return Drawing(
        title,
        tuple(shapes),
        height + 4,
        described,
        provenance,
        subtitle=f"{peak_word} Attention: {heads}. Bars are drawn to the highest of each column.{left_out}".strip(),
        legend=tuple(legend),
        left=LABEL,
        columns=columns,
        column_least=COLUMN,
        column_most=COLUMN_MOST,
        file_name=file_stem(ranking),
    )


def _row(ranking: Ranking, number: int, place: int, is_known: bool, picked: str) -> list[Shape]:
    candidate, top = ranking.candidates[number], HEAD + place * ROW
    middle = top + ROW / 2
    is_true = is_known and bool(ranking.is_true[number])
    distance = f"{ranking.distances_bp[number]:,.0f} bp"
    label = f"{place + 1}  {candidate.name}"
    shapes: list[Shape] = [
        Text(X(0, 6 - LABEL), middle, label, size="legend", strong=is_true, room=X(0, LABEL - 84)),
        Text(X(0, -8), middle, distance, size="small", colour="muted", align="right"),
    ]
    lines = [candidate.name, candidate.interval.locus, f"{distance} from the start"]
    for column, each in enumerate(SCORES):
        values = ranking.scores[each.name]
        value, most = float(values[number]), float(values.max()) or 1.0
        text = number_text(value, 4 if most < 0.1 else 3 if most < 10 else 1)
        shapes += column_bar(column, value / most, top, score_role(each), text)
        lines.append(f"{each.title}: {text}")
    if is_known:
        share = candidate.share or 0.0
        text = f"{share:.0%}" if share >= 0.005 or not share else "<1%"
        column = len(SCORES)
        shapes += column_bar(column, share, top, "second", text + (" true" if is_true else ""), stripes=True)
        lines.append(f"Truth: gives {text} of the expression" + (", counts as true" if is_true else ""))
    outline = "text" if candidate.id == picked else None
    shapes.append(
        Rect(X(0, -LABEL), top + 1, X(1), top + ROW - 1, outline=outline, tooltip="\n".join(lines),
             click={"candidate": candidate.id})
    )  # fmt: skip
    return shapes


def file_stem(ranking: Ranking) -> str:
    """For example "enhancers-simd3-liver"."""
    return re.sub(r"[^a-z0-9]+", "-", f"enhancers-{ranking.gene}-{ranking.cell_type}".lower()).strip("-")[:80]


def enhancer_csv(
    ranking: Ranking,
    *,
    provenance: Provenance,
    source: str,
    layer: int | None,
    head: int | None,
    origin: str = "",
) -> bytes:
    """Every candidate with every score, UTF-8 CSV; start and end are 0-based and half-open.

    Parameters
    ----------
    source : what the candidates are: "peaks" or "file".
    origin : of a simulated genome.
    """
    import pandas as pd

    count = len(ranking.candidates)
    columns = {
        "model": provenance.model,
        "revision": provenance.revision,
        "weights_kind": provenance.weights,
        "precision": provenance.precision,
        "assembly": provenance.assembly or "",
        "gene": ranking.gene,
        "tss": ranking.tss,
        "cell_type": ranking.cell_type,
        "candidates_from": source,
        "attention_of": heads_words(layer, head),
        "chrom": ranking.seen.chrom,
        "start": [candidate.interval.start for candidate in ranking.candidates],
        "end": [candidate.interval.end for candidate in ranking.candidates],
        "name": [candidate.name for candidate in ranking.candidates],
        "distance_bp": ranking.distances_bp.astype(int),
        "activity": ranking.activity,
    }
    columns |= {score.name: ranking.scores[score.name] for score in SCORES}
    if ranking.is_true is not None:
        columns["true_share"] = [candidate.share for candidate in ranking.candidates]
        columns["is_true"] = ranking.is_true
    if origin:
        columns["origin"] = origin
    frame = pd.DataFrame({name: np.broadcast_to(values, (count,)) for name, values in columns.items()})
    buffer = io.StringIO()
    frame.to_csv(buffer, index=False, float_format="%.9g")
    return buffer.getvalue().encode()
