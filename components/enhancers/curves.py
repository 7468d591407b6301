"""Precision against recall, a small picture for each score beside the others."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from components.drawing import Drawing, Graph, Key, Line, Shape, Text, X
from components.drawing.axis import number_text
from components.enhancers.table import MADE_FROM, score_role
from components.prediction import empty_drawing
from core.enformer.enhancers import SCORES, Score
from core.enformer.precision_recall import PrecisionRecall

HEAD, TALL, FOOT, LEFT = 44.0, 118.0, 36.0, 34.0
WIDE = 0.86  # of a column
Curves = Mapping[str, tuple[PrecisionRecall, tuple[float, float] | None]]


def curves_drawing(
    curves: Curves,
    *,
    title: str,
    subtitle: str,
    provenance: str,
    file_name: str,
    scores: Sequence[Score] = SCORES,
    made_from: Sequence[Key] = MADE_FROM,
) -> Drawing:
    """Precision at each true candidate, in the order in which a score finds them: the area is the average precision.

    Parameters
    ----------
    curves : name of a score -> (its curve, the middle 95 % of its average precision or None).
    scores : what may be among them, in order. made_from : what their colours mean; see `score_role`.
    """
    some = next(iter(curves.values()))[0]
    known = some.true + some.missed
    if not known:
        return empty_drawing(title, "Nothing here is true, so there is nothing to find.", provenance=provenance)
    bottom = HEAD + TALL
    shapes: list[Shape] = []
    told = []
    for column, score in enumerate(each for each in scores if each.name in curves):
        curve, middle = curves[score.name]
        average = number_text(curve.average, 2)
        between = "" if middle is None or not math.isfinite(middle[0]) else f" ({middle[0]:.2f}–{middle[1]:.2f})"
        told.append(f"{score.title} {average}")
        left, right = X(column=column), X(column=column + WIDE)
        shapes += [
            Text(left, 9, score.title, size="legend", strong=True, room=X(0.95 / len(curves))),
            Text(left, 27, f"average {average}{between}", size="small", colour="muted", room=X(0.95 / len(curves))),
        ]
        for share in (0.0, 0.5, 1.0):
            y, x = bottom - share * TALL, X(column=column + WIDE * share)
            shapes.append(Line(left, y, right, y, colour="muted" if share == 0 else "rule"))
            shapes.append(Line(x, HEAD, x, bottom + 3, colour="muted" if share == 0 else "rule"))
            shapes.append(Text(x, bottom + 12, f"{share:g}", size="small", colour="muted", align="center"))
            if column == 0:
                shapes.append(Text(X(0, -7), y, f"{share:g}", size="small", colour="muted", align="right"))
        axes = "recall →   (precision ↑)" if column == 0 else "recall →"
        shapes.append(Text(left, bottom + 27, axes, size="small", colour="muted"))
        if curve.true:
            end = X(column=column + WIDE * curve.true / known)
            role = score_role(score)
            heights = tuple(float(value) * TALL for value in curve.precision)
            shapes.append(Graph(left, end, bottom, heights, fill=role, line=role, width=1.75))
            level = bottom - TALL * curve.true / curve.candidates
            shapes.append(Line(left, level, right, level, colour="text", width=1.25))
    return Drawing(
        title,
        tuple(shapes),
        bottom + FOOT,
        f"Average precision: {', '.join(told)}; chance {number_text(some.chance, 2)}.",
        provenance,
        subtitle=subtitle,
        legend=(*made_from, Key("what chance gives (level line)", mark="tick")),
        left=LEFT,
        columns=len(curves),
        column_least=150,
        column_most=300,
        file_name=file_name,
    )
