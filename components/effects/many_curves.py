"""How well predictions agree with labels, as pictures: curves, the effects against each other, figures by distance."""

from __future__ import annotations

import math

import numpy as np

from components.drawing import Drawing, Graph, Key, Line, Rect, Shape, Text, X
from components.drawing.axis import number_text
from core.effects.evaluation import ALL, MEASURES, Evaluation, Measure

HEAD, TALL, FOOT, LEFT = 44.0, 170.0, 40.0, 34.0
WIDE = 0.84
STEPS = 200
MOST_POINTS = 1_500
ROW, GROUP_GAP, WORDS_PX, NUMBER_PX = 24.0, 14.0, 215.0, 190.0


def _frame(column: int, title: str, said: str, below: str) -> list[Shape]:
    """Title, axes from 0 to 1, and what they are."""
    bottom, left = HEAD + TALL, X(column=column)
    shapes: list[Shape] = [
        Text(left, 9, title, size="legend", strong=True, room=X(0.3)),
        Text(left, 27, said, size="small", colour="muted", room=X(0.32)),
        Text(left, bottom + 29, below, size="small", colour="muted", room=X(0.32)),
    ]
    for share in (0.0, 0.5, 1.0):
        y, x = bottom - share * TALL, X(column=column + WIDE * share)
        tone = "muted" if share == 0 else "rule"
        shapes.append(Line(left, y, X(column=column + WIDE), y, colour=tone))
        shapes.append(Line(x, HEAD, x, bottom + 3, colour=tone))
        shapes.append(Text(x, bottom + 12, f"{share:g}", size="small", colour="muted", align="center"))
        shapes.append(Text(X(0, -6, column) if column else X(0, -6), y, f"{share:g}", size="small", colour="muted",
                           align="right"))  # fmt: skip
    return shapes


def _between(one: Measure) -> str:
    if not math.isfinite(one.value):
        return f"too few ({one.variants:,})"
    return f"{number_text(one.value, 3)} ({number_text(one.low, 3)}–{number_text(one.high, 3)})"


def curves_of(found: Evaluation, *, provenance: str, unit: str, file_name: str = "evaluation") -> Drawing | None:
    """ROC and precision-recall where there are labels, predicted against measured effects where there are any."""
    bottom, shapes, said = HEAD + TALL, [], []
    column = 0
    if found.roc is not None and found.precision_recall is not None:
        area, average = found.measure("AUROC"), found.measure("average precision")
        x = np.linspace(0, 1, STEPS)
        heights = np.interp(x, found.roc.false_positive, found.roc.true_positive) * TALL
        shapes += _frame(0, "ROC", f"AUROC {_between(area)}", "neutral taken →   (causal found ↑)")
        shapes.append(Line(X(column=0), bottom, X(column=WIDE), HEAD, colour="text", width=1.25))
        shapes.append(_graph(0, heights))
        shapes += _frame(1, "Precision, recall", f"average {_between(average)}", "recall →   (precision ↑)")
        level = bottom - TALL * average.chance
        shapes.append(Line(X(column=1), level, X(column=1 + WIDE), level, colour="text", width=1.25))
        precision = found.precision_recall.precision
        at = np.linspace(0, len(precision) - 1, min(STEPS, len(precision))).round().astype(int)
        shapes.append(_graph(1, precision[at] * TALL))
        said += [f"AUROC {_between(area)}", f"average precision {_between(average)}"]
        column = 2
    own = found.labelled.effects
    if len(own):
        rank = found.measure("Spearman")
        shapes += _points(column, own.direction, own.measured, f"Spearman {_between(rank)}", unit)
        said.append(f"Spearman {_between(rank)}")
        column += 1
    if not column:
        return None
    keys = [Key("what chance gives (line)", mark="tick")] if found.roc is not None else []
    if len(own):
        keys += [Key("same direction", fill="first"), Key("the other direction", fill="second")]
    return Drawing(
        "Predictions against labels", tuple(shapes), bottom + FOOT, f"{'; '.join(said)}.", provenance,
        legend=tuple(keys),
        left=LEFT, columns=column, column_least=210, column_most=330, file_name=file_name,
    )  # fmt: skip


def _graph(column: int, heights: np.ndarray) -> Graph:
    left, right = X(column=column), X(column=column + WIDE)
    values = tuple(float(height) for height in heights)
    return Graph(left, right, HEAD + TALL, values, fill="first", line="first", width=1.75, steps=False)


def _points(column: int, predicted: np.ndarray, measured: np.ndarray, said: str, unit: str) -> list[Shape]:
    """Ranks of both, so that a few strong effects do not hide the others; the signs are the two halves."""
    bottom, left = HEAD + TALL, X(column=column)
    count = len(predicted)
    ranks = [np.argsort(np.argsort(values, kind="stable"), kind="stable") for values in (measured, predicted)]
    shapes: list[Shape] = [
        Text(left, 9, "Effects, by rank", size="legend", strong=True, room=X(0.3)),
        Text(left, 27, said, size="small", colour="muted", room=X(0.32)),
        Text(left, bottom + 29, "measured →   (predicted ↑)", size="small", colour="muted", room=X(0.32)),
        Rect(left, HEAD, X(column=column + WIDE), bottom, outline="rule"),
    ]
    for axis, values in enumerate((measured, predicted)):
        share = float((values < 0).mean())
        if 0 < share < 1:
            x, y = X(column=column + WIDE * share), bottom - TALL * share
            line = (x, HEAD, x, bottom) if axis == 0 else (left, y, X(column=column + WIDE), y)
            shapes.append(Line(*line, colour="muted"))
            name = "0"
            place = (x, bottom + 12) if axis == 0 else (X(0, -6, column), y)
            shapes.append(Text(*place, name, size="small", colour="muted", align="center" if axis == 0 else "right"))
    chosen = np.linspace(0, count - 1, min(count, MOST_POINTS)).round().astype(int)
    for number in chosen:
        x = column + WIDE * (ranks[0][number] + 0.5) / count
        y = bottom - TALL * (ranks[1][number] + 0.5) / count
        agrees = predicted[number] * measured[number] > 0
        told = f"measured {measured[number]:.3g}, predicted {predicted[number]:.3g}{f' ({unit})' if unit else ''}"
        shapes.append(
            Rect(X(0, -2, x), y - 2, X(0, 2, x), y + 2, fill="first" if agrees else "second", tooltip=told)
        )  # fmt: skip
    return shapes


def by_distance(found: Evaluation, *, provenance: str, file_name: str = "evaluation-by-distance") -> Drawing:
    """Every figure of every range of distances, with its interval and what chance gives."""
    names = [name for name in MEASURES if any(one.name == name for one in found.measures)]
    shapes: list[Shape] = []
    y = 4.0
    for name in names:
        shapes.append(Text(X(0, -WORDS_PX), y + 10, name[:1].upper() + name[1:], strong=True))
        y += ROW
        for one in (each for each in found.measures if each.name == name):
            shapes += _row(one, y)
            y += ROW
        y += GROUP_GAP
    for share in (0.0, 0.5, 1.0):
        shapes.insert(0, Line(X(share), 0, X(share), y - GROUP_GAP, colour="rule"))
        shapes.append(Text(X(share), y, f"{share:g}", size="small", colour="muted", align="center"))
    overall = ", ".join(f"{one.name} {_between(one)}" for one in found.measures if one.group == ALL)
    return Drawing(
        "By distance to the nearest transcription start", tuple(shapes), y + 14, f"All variants: {overall}.",
        provenance,
        legend=(Key("value, with the middle 95 % over resampled variants", fill="first"), Key("chance", mark="tick")),
        left=WORDS_PX, right=NUMBER_PX, file_name=file_name,
    )  # fmt: skip


def _row(one: Measure, y: float) -> list[Shape]:
    middle = y + 10
    words = "all variants" if one.group == ALL else one.group
    shapes: list[Shape] = [Text(X(0, -WORDS_PX + 12), middle, words, colour="text" if one.group == ALL else "muted")]
    told = f"{_between(one)}, n = {one.variants:,}"
    shapes.append(Text(X(1, 8), middle, told, size="small", colour="muted", room=X(0, NUMBER_PX - 10)))
    if math.isfinite(one.chance):
        at = X(max(0.0, min(1.0, one.chance)))
        shapes.append(Line(at, y + 3, at, y + 17, colour="text", width=1.5))
    if math.isfinite(one.value):
        value, low, high = (max(0.0, min(1.0, number)) for number in (one.value, one.low, one.high))
        shapes.append(Line(X(low), middle, X(high), middle, colour="first", width=2.5))
        shapes.append(Rect(X(value, -4), middle - 4, X(value, 4), middle + 4, fill="first", tooltip=one.line))
    return shapes
