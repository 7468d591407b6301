"""Heads in the order of one score, each with what chance would give and a sentence in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from components.drawing import Drawing, Key, Line, Rect, Shape, Text, X
from components.drawing.axis import axis_shapes, decimals, nice_axis, number_text
from components.prediction import empty_drawing
from components.style import DRAWING_SIZES as SIZES


def head_title(layer: int, head: int) -> str:
    """For example "Layer 3, head 1"."""
    return f"Layer {layer}, head {head}"


@dataclass(frozen=True)
class _Row:
    """One head, ready to be drawn: texts, ends of bar and tick as shares of the axis."""

    head: tuple[int, int]
    sentence: str
    number: str
    tooltip: str
    at: float
    tick: float | None
    chosen: bool


def _row_shapes(row: _Row, top: float, *, share: float, narrow: bool) -> list[Shape]:
    """The shapes of a row from `top` down; where it is narrow the sentence lies under the bar."""
    height = SIZES.rank_narrow_row if narrow else SIZES.rank_row
    middle = top + SIZES.rank_row / 2
    upper, lower, gutter = middle - SIZES.rank_bar / 2, middle + SIZES.rank_bar / 2, SIZES.rank_label
    shapes: list[Shape] = [
        Text(X(0, 6 - gutter), middle, head_title(*row.head), room=X(0, gutter - 12)),
        Rect(X(), upper, X(share * row.at), lower, fill="first"),
    ]
    # The number stands after the bar, or after the tick where that would run through it.
    after = row.at if row.tick is None or not row.at < row.tick < row.at + 0.2 else row.tick
    shapes.append(Text(X(share * after, 7), middle, row.number, size="small", halo=True))
    if row.tick is not None:
        for colour, width in (("ground", 4.0), ("text", 2.0)):
            shapes.append(Line(X(share * row.tick), upper - 4, X(share * row.tick), lower + 4, colour, width))
    words = {"text": row.sentence, "size": "legend", "colour": "muted", "lines": 2}
    if narrow:
        shapes.append(Text(X(0, 6 - gutter), top + 46, room=X(1, gutter - 12), **words))
    else:
        beside = SIZES.bars_number + 10
        shapes.append(Text(X(share, beside), middle, room=X(1 - share, -beside - 6), **words))
    layer, head = row.head
    shapes.append(
        Rect(
            X(0, -gutter),
            top + 1,
            X(1, SIZES.bars_number if narrow else 0),
            top + height - 1,
            outline="text" if row.chosen else None,
            tooltip=row.tooltip,
            click={"layer": int(layer), "head": int(head)},
        )
    )
    return shapes


def ranking_drawing(
    heads: Sequence[tuple[int, int]],
    scores: Sequence[float],
    sentences: Sequence[str],
    *,
    title: str,
    unit: str,
    provenance: str,
    baselines: Sequence[float] | None = None,
    smallest_first: bool = False,
    most: int = 12,
    axis_end: float | None = None,
    chosen: tuple[int, int] | None = None,
    subtitle: str = "",
    file_name: str = "heads",
) -> Drawing:
    """Rows of heads, the largest score first; a press sends {"layer": 3, "head": 1}.

    Parameters
    ----------
    heads : (layer, head) of each.
    scores : one number >= 0 a head; NaN where there is none, which is then left out.
    sentences : what the score says about each head, in words.
    unit : of the scores, on the axis: "share of the weight", "bits", "tokens".
    baselines : what chance would give, one a head, drawn as a tick on the bar; NaN draws none.
    smallest_first : for scores where small is what is looked for.
    axis_end : None ends the axis at a round number above the largest bar.
    chosen : the head that is open, outlined.

    Raises
    ------
    ValueError
        Lengths differ, or a score is negative or infinite.
    """
    values = np.array(scores, dtype=np.float64)
    chance = np.full(values.shape, np.nan) if baselines is None else np.array(baselines, dtype=np.float64)
    if not len(heads) == len(sentences) == values.size == chance.size:
        raise ValueError(
            f"{len(heads)} heads, {values.size} scores, {len(sentences)} sentences and {chance.size} baselines."
        )
    if np.isinf(values).any() or (values < 0).any() or np.isinf(chance).any() or (chance < 0).any():
        raise ValueError("A score or baseline is negative or infinite.")
    ranked = np.argsort(values if smallest_first else -values, kind="stable")
    ranked = ranked[np.isfinite(values[ranked])][:most]  # NaN sorts last in both directions
    if not ranked.size:
        message = "No head has this score on this text."
        return empty_drawing(title, message, provenance=provenance, file_name=file_name)
    largest = float(np.nanmax(np.concatenate([values[ranked], chance[ranked]])))
    end, ticks = nice_axis(largest) if axis_end is None else nice_axis(axis_end, most=axis_end)
    places = decimals(end)
    rows = []
    for i in ranked:
        number, tick, against = number_text(float(values[i]), places), None, ""
        if np.isfinite(chance[i]):
            tick = min(float(chance[i]) / end, 1.0)
            against = f" (chance {number_text(float(chance[i]), places)})"
        tooltip = f"{head_title(*heads[i])}\n{sentences[i]}\n{unit}: {number}{against}"
        at, is_chosen = min(float(values[i]) / end, 1.0), chosen is not None and tuple(heads[i]) == tuple(chosen)
        rows.append(_Row((heads[i][0], heads[i][1]), sentences[i], number, tooltip, at, tick, is_chosen))

    def arranged(narrow: bool) -> tuple[tuple[Shape, ...], float]:
        share = 1.0 if narrow else SIZES.rank_share
        step = SIZES.rank_narrow_row if narrow else SIZES.rank_row
        height = 2 + step * len(rows)
        shapes = [] if narrow else axis_shapes(ticks, top=2, bottom=height, unit=unit, share=share)
        for place, row in enumerate(rows):
            shapes += _row_shapes(row, 2 + place * step, share=share, narrow=narrow)
        return tuple(shapes), height + (0 if narrow else 36)

    first = [f"{head_title(*heads[i])} {number_text(float(values[i]), places)}" for i in ranked[:3]]
    way = "smallest" if smallest_first else "largest"
    description = f"{len(rows)} of {len(heads)} heads, {way} {unit} first: {', '.join(first)}."
    (shapes, height), (narrow, narrow_height) = arranged(False), arranged(True)
    gutters = {"left": SIZES.rank_label, "column_most": SIZES.rank_width}
    scored = Key(unit, "first")
    return Drawing(
        title,
        shapes,
        height,
        description,
        provenance,
        subtitle=subtitle,
        legend=(scored, Key("what chance gives", mark="tick")) if np.isfinite(chance).any() else (scored,),
        file_name=file_name,
        narrow=Drawing(title, narrow, narrow_height, description, provenance, right=SIZES.bars_number, **gutters),
        narrow_below=SIZES.rank_narrow,
        **gutters,
    )
