"""One number a head, as a table of layers and heads."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from components.drawing import Drawing, Key, Line, Rect, Scale, Shade, Shape, Text, X
from components.drawing.axis import number_text
from components.prediction import empty_drawing
from components.ranking import head_title
from components.style import DRAWING_SIZES as SIZES


def _places(values: np.ndarray, top: float) -> int:
    """Decimals for numbers in narrow cells: none for counts."""
    finite = values[np.isfinite(values)]
    if (finite == np.round(finite)).all():
        return 0
    return 1 if top >= 2 else 2 if top >= 0.2 else 3


def changes_drawing(
    values: np.ndarray,
    *,
    title: str,
    unit: str,
    provenance: str,
    off: Collection[tuple[int, int]] = (),
    chosen: tuple[int, int] | None = None,
    scale_top: float | None = None,
    subtitle: str = "",
    file_name: str = "changes",
) -> Drawing:
    """A table with a row a layer and a column a head; a press sends {"layer": 3, "head": 1}.

    Parameters
    ----------
    values : (layers, heads); NaN where there is no number. Where one is negative the scale is signed.
    unit : what a number is, beside the colour bar.
    off : (layer, head) of heads that are switched off, crossed out.
    chosen : the head that is open, outlined.
    scale_top : end of the colour scale; None for the largest.

    Raises
    ------
    ValueError
        `values` is not a table, or holds an infinite number; the scale is not above 0.
    """
    table = np.array(values, dtype=np.float64)
    if table.ndim != 2 or np.isinf(table).any():
        raise ValueError(f"Values have shape {table.shape}; a table needs finite (layers, heads).")
    if not np.isfinite(table).any():
        return empty_drawing(title, "There is no number to show.", provenance=provenance, file_name=file_name)
    crossed = {(int(layer), int(head)) for layer, head in off}
    layers, heads = table.shape
    signed = bool(np.nanmin(table) < 0)
    top = float(np.nanmax(np.abs(table))) or 1.0 if scale_top is None else float(scale_top)
    if not (np.isfinite(top) and top > 0):
        raise ValueError(f"The colour scale ends at {top}; it must end above 0.")
    places = _places(table, top)
    side, head_room, gutter = SIZES.change_row, SIZES.change_head, SIZES.change_label
    shapes: list[Shape] = [Text(X(0, -gutter), head_room - 12, "Head →", size="small", colour="muted")]
    for head in range(heads):
        shapes.append(
            Text(X(column=head + 0.5), head_room - 12, str(head), size="small", colour="muted", align="center")
        )
    # Where not every number fits its cell whole, all are left to the tooltips.
    longest = max(len(number_text(float(value), places)) for value in table[np.isfinite(table)])
    least = SIZES.change_digit * longest + 2
    for layer in range(layers):
        upper = head_room + layer * side
        shapes.append(Text(X(0, -gutter), upper + side / 2, f"Layer {layer}", size="small"))
        for head in range(heads):
            value = table[layer, head]
            left, right, lower = X(column=head), X(0, -1, column=head + 1), upper + side - 1
            known = bool(np.isfinite(value))
            number = number_text(float(value), places) if known else ""
            exact = number_text(float(value), places + 2 if places else 0) if known else ""
            lines = [head_title(layer, head), f"{unit}: {exact}" if known else "no number"]
            if (layer, head) in crossed:
                lines.append("switched off")
            shade = Shade(float(value) / top, signed) if known else None
            shapes.append(
                Rect(
                    left,
                    upper,
                    right,
                    lower,
                    fill=shade or "none",
                    outline="text" if (layer, head) == chosen else None if shade else "rule",
                    tooltip="\n".join(lines),
                    click={"layer": layer, "head": head},
                )
            )
            if (layer, head) in crossed:
                for start, end in ((upper, lower), (lower, upper)):
                    shapes.append(Line(left, start, right, end, colour="text", width=1.5))
            elif shade is not None:
                shapes.append(
                    Text(
                        X(column=head + 0.5),
                        upper + side / 2,
                        number,
                        size="small",
                        align="center",
                        over=shade,
                        room=X(0, -1, column=1),
                        least=least,
                    )
                )
    order = np.argsort(-np.abs(np.where(np.isfinite(table), table, 0)), axis=None, kind="stable")[:3]
    named = [(*map(int, divmod(int(i), heads)), float(table.flat[i])) for i in order if np.isfinite(table.flat[i])]
    largest = [f"{head_title(layer, head)} {number_text(value, places)}" for layer, head, value in named]
    switched = f" Switched off: {', '.join(head_title(*pair) for pair in sorted(crossed))}." if crossed else ""
    return Drawing(
        title,
        tuple(shapes),
        head_room + layers * side,
        f"Table of {layers} layers and {heads} heads, {unit}. Largest: {', '.join(largest)}.{switched}",
        provenance,
        subtitle=subtitle,
        legend=(Scale(unit, top, signed), *((Key("switched off", mark="cross"),) if crossed else ())),
        left=gutter,
        columns=heads,
        column_least=SIZES.change_column,
        column_most=SIZES.change_column_most,
        file_name=file_name,
    )
