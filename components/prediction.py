"""The tokens that a model expects, as bars; with some heads switched off, as pairs of bars."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from components.drawing import Drawing, Key, Line, Rect, Shape, Text, X, token_label, token_text
from components.drawing.axis import axis_shapes, change_text, nice_axis, number_text
from components.style import DRAWING_SIZES as SIZES

TITLE_CHARACTERS = 32


def next_token_title(text: str) -> str:
    """Next token after “…took my cat for a”: the end of the text, from the start of a word."""
    line = " ".join(text.split())
    if len(line) > TITLE_CHARACTERS:
        end = line[-TITLE_CHARACTERS:]
        line = "…" + (end.split(" ", 1)[1] if " " in end else end)
    return f"Next token after “{line}”"


def _checked(labels: Sequence[str], before: Sequence[float], after: Sequence[float] | None) -> np.ndarray:
    """(1 or 2, tokens) float64."""
    values = np.array([before] if after is None else [before, after], dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != len(labels):
        raise ValueError(f"{len(labels)} labels for probabilities of shape {values.shape}.")
    if not np.isfinite(values).all() or (values < 0).any() or (values > 1.0001).any():
        raise ValueError("A probability is not between 0 and 1.")
    return values


def empty_drawing(title: str, message: str, *, provenance: str = "", file_name: str = "drawing") -> Drawing:
    """A picture that says why there is none."""
    shapes = (Text(X(), 20, message, size="subtitle", colour="muted", room=X(1), lines=2),)
    return Drawing(title, shapes, 40, message, provenance, file_name=file_name, column_most=SIZES.rank_width)


def distribution_drawing(
    labels: Sequence[str],
    before: Sequence[float],
    after: Sequence[float] | None = None,
    *,
    title: str,
    provenance: str,
    names: tuple[str, str] = ("with all heads", "with heads switched off"),
    subtitle: str | None = None,
    unit: str = "probability",
    most: int = 10,
    file_name: str = "next-token",
) -> Drawing:
    """Level bars of the most probable tokens, the largest first.

    Parameters
    ----------
    labels : one display string a token; a leading space is shown as "·".
    before : (tokens,) probabilities, 0 ... 1.
    after : the same tokens with heads switched off, drawn as second, striped bars with the change beside
        them; rows are then sorted by the larger of both. None draws one bar a token.
    names : what `before` and `after` are, for the legend.
    subtitle : None says how much of the probability these tokens hold together.
    most : rows at most.

    Raises
    ------
    ValueError
        Lengths differ or a probability is not between 0 and 1.
    """
    values = _checked(labels, before, after)
    if not len(labels):
        return empty_drawing(title, "There is no prediction to show.", provenance=provenance, file_name=file_name)
    order = np.argsort(-values.max(axis=0), kind="stable")[:most]
    pairs = len(values) == 2
    end, ticks = nice_axis(values[:, order].max(), most=1.0)
    row, bar = (SIZES.pair_row, SIZES.pair_bar) if pairs else (SIZES.bar_row, SIZES.bar)
    right = SIZES.bars_number + (SIZES.bars_change if pairs else 0)
    head = 18.0 if pairs else 2.0
    height = head + row * len(order)
    shapes: list[Shape] = axis_shapes(ticks, top=head, bottom=height, unit=unit)
    if pairs:
        shapes.append(Text(X(1, right - 2), 8, "change", size="small", colour="muted", align="right"))
    for place, token in enumerate(order):
        top = head + place * row
        middle = top + row / 2
        label, numbers = token_label(labels[token]), [number_text(v) for v in values[:, token]]
        room = X(0, SIZES.bars_label - 8)
        shapes.append(Text(X(0, -8), middle, label, align="right", strong=True, room=room))
        start = middle - bar * len(values) / 2 - (0.5 if pairs else 0)
        for which, value in enumerate(values[:, token]):
            upper = start + which * (bar + 1)
            tip = X(value / end)
            role = ("first", "second")[which]
            shapes.append(Rect(X(), upper, tip, upper + bar, fill=role, stripes=which == 1))
            at = X(value / end, 6)
            shapes.append(Text(at, upper + bar / 2, numbers[which], size="small", halo=True))
        tooltip = f"{token_text(labels[token])}\n{numbers[0]}"
        if pairs:
            change = change_text(values[1, token] - values[0, token])
            shapes.append(
                Text(X(1, right - 2), middle, change, colour="text" if change.strip("0.") else "muted", align="right")
            )
            tooltip = f"{token_text(labels[token])}\n{numbers[0]} {names[0]}\n{numbers[1]} {names[1]}\nchange {change}"
        shapes.append(Rect(X(0, -SIZES.bars_label), top, X(1, right), top + row, tooltip=tooltip))
    shapes.append(Line(X(), head, X(), height, colour="muted"))
    if subtitle is None:
        together = [number_text(v) for v in values[:, order].sum(axis=1)]
        tokens = f"Together these {len(order)} tokens hold" if len(order) > 1 else "This token holds"
        subtitle = f"{tokens} {together[0]} of the probability" + (f", {together[1]} {names[1]}." if pairs else ".")
    first = [f"{token_text(labels[t])} " + (" then ".join(number_text(v) for v in values[:, t])) for t in order[:3]]
    described = f"first {names[0]}, then {names[1]}, " if pairs else ""
    return Drawing(
        title,
        tuple(shapes),
        height + 36,
        f"Bars of the {len(order)} most probable tokens, {described}largest first: {', '.join(first)}.",
        provenance,
        subtitle=subtitle,
        legend=(Key(names[0], "first"), Key(names[1], "second", stripes=True)) if pairs else (),
        left=SIZES.bars_label,
        right=right,
        column_most=SIZES.bars_width,
        file_name=file_name,
    )
