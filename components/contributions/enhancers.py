"""Candidate enhancers of a gene by contribution, mutagenesis, attention and distance: a table, a row, a file."""

from __future__ import annotations

import io
import re

import numpy as np

from components.browser.scene import RegionMark, RegionRow
from components.drawing import Drawing, Key, Line, Rect, Shape, Text, X
from components.drawing.axis import number_text
from components.enhancers.rows import ENHANCER_COLOUR, FAINTEST, heads_words
from components.enhancers.table import BAR, COLUMN, COLUMN_MOST, HEAD, LABEL, MOST_ROWS, ROW, column_bar, score_role
from components.prediction import empty_drawing
from core.attribution.enhancers import MEASURE_ABOUT, MEASURES, SCORES, EnhancerScores
from core.attribution.labels import FALSE, TRUE
from core.enformer.enhancers import Score

CANDIDATE_ROW = "candidates"
MADE_FROM = (
    Key("from the model, for this cell type", "third"),
    Key("from the model's attention", "first"),
    Key("from the distance", "muted"),
)
SPREAD_KEY = Key("standard deviation between shuffles", mark="tick")
TRUTH_KEY = Key("the truth: share of the expression that it gives", "second", stripes=True)


def about_score(ranking: EnhancerScores, score: Score) -> str:
    """How a score was computed."""
    return f"{score.about} {MEASURE_ABOUT[ranking.measure]}" if score.name == "contribution" else score.about


def candidates_table(
    ranking: EnhancerScores, score: str, *, provenance: str, picked: str = "", subtitle: str = ""
) -> Drawing:
    """Candidates in the order of one score, a column a score. A press sends {"candidate": id} or, on a heading,
    {"score": name}.

    Parameters
    ----------
    picked : id of the candidate that is looked at.
    subtitle : what the candidates are and whose attention counts.
    """
    title = f"Candidate enhancers of {ranking.gene}, {ranking.cell_type}"
    if not ranking.candidates:
        message = f"No candidate lies in {ranking.seen.locus}, the gene's own promoter aside."
        return empty_drawing(title, message, provenance=provenance, file_name="candidates")
    order = ranking.order(score)
    shown = [int(number) for number in order[:MOST_ROWS]]
    columns = [each for each in SCORES if each.name in ranking.scores]
    count = len(columns) + (ranking.known is not None)
    shapes: list[Shape] = [Text(X(0, -8), HEAD - 14, "distance", size="small", colour="muted", align="right")]
    for column, each in enumerate(columns):
        shapes += _heading(ranking, each, column, count, each.name == score)
    if ranking.known is not None:
        heading = "Tested" if ranking.known.shares is None else "True share"
        at = X(px=4, column=len(columns))
        shapes.append(Text(at, HEAD - 22, heading, size="legend", colour="muted", room=X(0.96 / count)))
    for place, number in enumerate(shown):
        shapes += _line(ranking, columns, number, place, picked)
    shapes.append(Line(X(0, -LABEL), HEAD - 1, X(1), HEAD - 1))
    first = ranking.candidates[shown[0]]
    named = next(each.title for each in columns if each.name == score)
    left_out = f" The first {MOST_ROWS} of {len(order)} are shown; the file has all." if len(order) > MOST_ROWS else ""
    roles = {score_role(each) for each in columns}
    legend = [key for key in MADE_FROM if key.fill in roles]
    if ranking.spread is not None:
        legend.append(SPREAD_KEY)
    if ranking.known is not None and ranking.known.shares is not None:
        legend.append(TRUTH_KEY)
    return Drawing(
        title,
        tuple(shapes),
        HEAD + ROW * len(shown) + 4,
        f"{len(order)} candidates, ranked by {named}: first {first.name}, {ranking.distances_bp[shown[0]]:,.0f} bp "
        "away.",
        provenance,
        subtitle=f"{subtitle} Bars are drawn to the highest of each column.{left_out}".strip(),
        legend=tuple(legend),
        left=LABEL,
        columns=count,
        column_least=COLUMN,
        column_most=COLUMN_MOST,
        file_name=file_stem(ranking),
    )


def _heading(ranking: EnhancerScores, each: Score, column: int, count: int, chosen: bool) -> list[Shape]:
    about = about_score(ranking, each)
    return [
        Text(X(px=4, column=column), HEAD - 22, each.title + (" ▾" if chosen else ""), size="legend",
             colour="text" if chosen else "muted", strong=chosen, room=X(0.96 / count), lines=2),
        Rect(X(px=0, column=column), 2, X(px=-6, column=column + 1), HEAD - 4,
             tooltip=f"{each.title}\n{about}\nPress to rank by it.", click={"score": each.name}),
    ]  # fmt: skip


def _line(ranking: EnhancerScores, columns: list[Score], number: int, place: int, picked: str) -> list[Shape]:
    candidate, top = ranking.candidates[number], HEAD + place * ROW
    middle, known = top + ROW / 2, ranking.known
    is_true = known is not None and bool(known.is_true[number])
    distance = f"{ranking.distances_bp[number]:,.0f} bp"
    shapes: list[Shape] = [
        Text(X(0, 6 - LABEL), middle, f"{place + 1}  {candidate.name}", size="legend", strong=is_true,
             room=X(0, LABEL - 84)),
        Text(X(0, -8), middle, distance, size="small", colour="muted", align="right"),
    ]  # fmt: skip
    told = [candidate.name, candidate.interval.locus, f"{distance} from the start"]
    for column, each in enumerate(columns):
        values = ranking.scores[each.name]
        value, finite = float(values[number]), values[np.isfinite(values)]
        if not np.isfinite(value):
            shapes.append(Text(X(px=9, column=column), middle, "not yet", size="small", colour="muted"))
            continue
        most = float(np.abs(finite).max()) or 1.0
        text = value_text(value, most)
        shapes += column_bar(column, value / most, top, score_role(each), text)
        if each.name == "mutagenesis":
            shapes += _whisker(ranking, number, column, middle, most)
        told.append(f"{each.title}: {text}{_more(ranking, number) if each.name == 'mutagenesis' else ''}")
    if known is not None:
        column = len(columns)
        word = {TRUE: "true", FALSE: "no"}.get(int(known.labels[number]), "not tested")
        if known.shares is None:
            colour = "text" if is_true else "muted"
            shapes.append(Text(X(px=9, column=column), middle, word, size="small", colour=colour, strong=is_true))
            told.append(f"Tested: {word}" if word != "not tested" else "Not tested")
        else:
            share = float(known.shares[number])
            text = f"{share:.0%}" if share >= 0.005 or not share else "<1%"
            shapes += column_bar(column, share, top, "second", text + (" true" if is_true else ""), stripes=True)
            told.append(f"Truth: gives {text} of the expression" + (", counts as true" if is_true else ""))
    outline = "text" if candidate.id == picked else None
    told.append("Press to see it in the browser.")
    shapes.append(
        Rect(X(0, -LABEL), top + 1, X(1), top + ROW - 1, outline=outline, tooltip="\n".join(told),
             click={"candidate": candidate.id})
    )  # fmt: skip
    return shapes


def _whisker(ranking: EnhancerScores, number: int, column: int, middle: float, most: float) -> list[Shape]:
    """The standard deviation between shuffles, about the end of the bar, as wide as bars are drawn."""
    if ranking.spread is None or not np.isfinite(ranking.spread[number]):
        return []
    value, spread = float(ranking.scores["mutagenesis"][number]), float(ranking.spread[number])
    ends = [0.56 * min(1.3, max(0.0, end / most)) for end in (value - spread, value + spread)]
    if ends[1] <= ends[0]:
        return []
    y = middle + BAR / 2 + 2
    return [Line(X(px=4, column=column + ends[0]), y, X(px=4, column=column + ends[1]), y, colour="text", width=1.5)]


def _more(ranking: EnhancerScores, number: int) -> str:
    """Spread and share of the expression, for the tooltip."""
    said = ""
    if ranking.spread is not None:
        said += f" ± {number_text(float(ranking.spread[number]), 3)} over {ranking.losses.shape[1]} shuffles"
    if ranking.relative is not None:
        said += f", {ranking.relative[number]:.0%} of the predicted expression".replace("-", "−")
    return said


def value_text(value: float, most: float) -> str:
    """A score with as many places as its column needs."""
    if most < 0.001:
        return f"{value:.1e}".replace("-", "−")
    return number_text(value, 4 if most < 0.1 else 3 if most < 10 else 2 if most < 100 else 1)


def candidate_rows(ranking: EnhancerScores, score: str, *, picked: str = "") -> tuple[RegionRow, ...]:
    """The candidates for the browser, the more opaque the higher their score; true ones are outlined."""
    values = ranking.scores[score]
    top = float(np.nanmax(values, initial=0.0)) or 1.0
    places = np.empty(len(values), dtype=int)
    places[ranking.order(score)] = np.arange(len(values))
    title = next(each.title for each in SCORES if each.name == score)
    marks = []
    for number, candidate in enumerate(ranking.candidates):
        value = float(values[number])
        is_true = ranking.known is not None and bool(ranking.known.is_true[number])
        text = value_text(value, top) if np.isfinite(value) else "not yet"
        told = f"number {places[number] + 1} of {len(values)} by {title}: {text}"
        marks.append(
            RegionMark(
                name=f"{places[number] + 1}",
                start=candidate.interval.start,
                end=candidate.interval.end,
                colour=ENHANCER_COLOUR,
                strength=FAINTEST + (1 - FAINTEST) * max(0.0, value if np.isfinite(value) else 0.0) / top,
                outlined=is_true or candidate.id == picked,
                about=f"{candidate.name}\n{told}\n{ranking.distances_bp[number]:,.0f} bp from {ranking.gene}",
                pick=candidate.id,
            )
        )
    true = "; outlined: true" if ranking.known is not None else ""
    return (
        RegionRow(
            id=CANDIDATE_ROW,
            title=f"Candidates for {ranking.gene} in {ranking.cell_type}",
            note=f"by {title}{true}",
            about="The number is the rank, the opacity the score over the highest one.",
            height="small",
            regions=tuple(marks),
        ),
    )


def file_stem(ranking: EnhancerScores) -> str:
    """For example "candidates-simd3-liver"."""
    return re.sub(r"[^a-z0-9]+", "-", f"candidates-{ranking.gene}-{ranking.cell_type}".lower()).strip("-")[:80]


def candidates_csv(
    ranking: EnhancerScores, *, source: str, layer: int | None, head: int | None, origin: str = ""
) -> bytes:
    """Every candidate with every score, UTF-8 CSV; start and end are 0-based and half-open.

    Parameters
    ----------
    source : what the candidates are, in words. origin : of a simulated genome.
    """
    import pandas as pd

    count, made = len(ranking.candidates), ranking.provenance
    columns = {
        "model": made.model,
        "revision": made.revision,
        "weights_kind": made.weights,
        "precision": made.precision,
        "assembly": made.assembly or "",
        "gene": ranking.gene,
        "tss": ranking.tss,
        "cell_type": ranking.cell_type,
        "target": ranking.target.name,
        "target_value": ranking.target_value,
        "candidates_from": source,
        "contribution_is": MEASURES[ranking.measure],
        "attention_of": heads_words(layer, head),
        "chrom": ranking.seen.chrom,
        "start": [candidate.interval.start for candidate in ranking.candidates],
        "end": [candidate.interval.end for candidate in ranking.candidates],
        "name": [candidate.name for candidate in ranking.candidates],
        "distance_bp": ranking.distances_bp.astype(int),
    }
    columns |= {score.name: ranking.scores[score.name] for score in SCORES if score.name in ranking.scores}
    if ranking.losses is not None:
        columns["shuffles"] = ranking.losses.shape[1]
        columns["mutagenesis_spread"] = np.full(count, np.nan) if ranking.spread is None else ranking.spread
    if ranking.known is not None:
        words = {TRUE: "true", FALSE: "false"}
        columns["label"] = [words.get(int(label), "not tested") for label in ranking.known.labels]
        columns["labels_from"] = ranking.known.source
        if ranking.known.shares is not None:
            columns["true_share"] = ranking.known.shares
    if origin:
        columns["origin"] = origin
    frame = pd.DataFrame({name: np.broadcast_to(values, (count,)) for name, values in columns.items()})
    buffer = io.StringIO()
    frame.to_csv(buffer, index=False, float_format="%.9g")
    return buffer.getvalue().encode()
