"""Level axes that start at 0, and numbers written alike in every drawing."""

from __future__ import annotations

import math

from components.drawing import Line, Shape, Text, X


def nice_axis(largest: float, *, most: float = math.inf) -> tuple[float, tuple[float, ...]]:
    """The end of an axis from 0 and its ticks: three to six round numbers, the last one the end.

    For example 0.31 -> 0.4 with ticks 0, 0.1, 0.2, 0.3, 0.4. The axis ends at `most` at the latest.
    """
    if not math.isfinite(largest) or largest <= 0:
        largest = 1.0 if most == math.inf else most
    rough = min(largest, most) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    count = max(1, math.ceil(min(largest, most) / step - 1e-9))
    ticks = tuple(float(f"{i * step:.10g}") for i in range(count + 1))
    if ticks[-1] > most:
        ticks = (*(tick for tick in ticks if tick < most), most)
    return ticks[-1], ticks


def axis_shapes(ticks: tuple[float, ...], *, top: float, bottom: float, unit: str, share: float = 1.0) -> list[Shape]:
    """Upright rules from `top` to `bottom`, their numbers and the unit below; the axis fills `share` of the width.

    Needs 36 CSS pixels under `bottom`.
    """
    shapes: list[Shape] = []
    for tick in ticks:
        x = X(share * tick / ticks[-1])
        shapes.append(Line(x, top, x, bottom + 4, colour="muted" if tick == 0 else "rule"))
        shapes.append(Text(x, bottom + 13, f"{tick:g}", size="small", colour="muted", align="center"))
    shapes.append(Text(X(), bottom + 29, f"{unit} →", size="small", colour="muted", room=X(1)))
    return shapes


def decimals(top: float) -> int:
    """How many decimals numbers up to `top` need to be told apart without being long."""
    return 3 if top <= 2 else 2 if top < 100 else 1


def number_text(value: float, places: int = 3) -> str:
    """0.3124 -> "0.312"; what is above 0 but would round to it -> "<0.001"; with a proper minus."""
    smallest = 10.0**-places
    if 0 < value < smallest / 2:
        return f"<{smallest:.{places}f}"
    text = f"{value:.{places}f}"
    return f"{abs(value):.{places}f}" if float(text) == 0 else text.replace("-", "−")


def change_text(change: float, places: int = 3) -> str:
    """+0.121, −0.121, or 0.000."""
    text = f"{change:+.{places}f}"
    return f"{0:.{places}f}" if float(text) == 0 else text.replace("-", "−")
