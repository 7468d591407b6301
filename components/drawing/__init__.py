"""Small pictures made of rectangles, text, lines and graphs, drawn by our own component.

`Drawing` says what is where; `drawing_payload` is what the browser gets and `render_drawing` puts it on
the page: on a canvas, as PNG and SVG, with tooltips, clicks and arrow keys. Bars, tables and rankings are
functions elsewhere that return a `Drawing`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from components.canvas import component
from components.canvas.payload import MAX_PAYLOAD_BYTES, digest
from components.canvas.words import MAX_TITLE_CHARACTERS, display_text
from components.style import drawing_style

HERE = Path(__file__).parent
SCRIPTS = ("layout.js", "paint.js", "drawing.js")
ROLES = ("none", "ground", "text", "muted", "rule", "first", "second", "third")
TEXT_SIZES = ("label", "small", "legend", "subtitle")
MAX_TEXT_CHARACTERS = 400


@dataclass(frozen=True)
class X:
    """A horizontal place (or a width) that follows the page's width.

    `share` of the space between the gutters, or the left edge of `column` where that is given, plus `px`.
    What lies in a column that does not fit the page is not drawn.
    """

    share: float = 0
    px: float = 0
    column: float | None = None


@dataclass(frozen=True)
class Shade:
    """A colour of a ramp: `value` in 0 ... 1, or with `signed` in -1 ... 1 of the diverging ramp."""

    value: float
    signed: bool = False


Fill = str | Shade


@dataclass(frozen=True)
class Rect:
    """A rectangle; with a tooltip it can be pointed at, with `click` (a JSON value) also pressed.

    `stripes` draws the fill as stripes, `outline` is a role, both beside colour for those who see none.
    """

    left: X
    top: float
    right: X
    bottom: float
    fill: Fill = "none"
    stripes: bool = False
    outline: str | None = None
    tooltip: str = ""
    click: Any = None


@dataclass(frozen=True)
class Text:
    """Text with its middle at `y`; never markup.

    Longer than `room` (a width) times `lines` it ends in an ellipsis, and pointing at it gives the whole;
    where there are fewer than `least` pixels it is left out. `over` is the shade underneath, which decides
    its colour; `halo` keeps it clear of rules that it crosses.
    """

    x: X
    y: float
    text: str
    size: str = "label"
    colour: str = "text"
    align: Literal["left", "center", "right"] = "left"
    strong: bool = False
    room: X | None = None
    least: float = 16
    lines: int = 1
    over: Fill | None = None
    halo: bool = False


@dataclass(frozen=True)
class Line:
    """A straight line from (`start`, `top`) to (`end`, `bottom`)."""

    start: X
    top: float
    end: X
    bottom: float
    colour: str = "rule"
    width: float = 1


@dataclass(frozen=True)
class Graph:
    """Equally spaced heights from `left` to `right`, upwards from `bottom`, in CSS pixels.

    As `steps` each height is a level piece, as bins are; else a straight line joins them. `fill` (faint) and `line` are
    roles.
    """

    left: X
    right: X
    bottom: float
    heights: tuple[float, ...]
    fill: str = "none"
    line: str = "none"
    width: float = 1
    steps: bool = True


Shape = Rect | Text | Line | Graph


@dataclass(frozen=True)
class Key:
    """One entry of a legend: a patch, a tick or a cross, and what it means."""

    label: str
    fill: Fill = "none"
    stripes: bool = False
    outline: str | None = None
    mark: Literal["patch", "tick", "cross"] = "patch"


@dataclass(frozen=True)
class Scale:
    """A colour bar in a legend: 0 (or with `signed` -`top`) to `top`, in `unit`."""

    unit: str
    top: float
    signed: bool = False


@dataclass(frozen=True)
class Drawing:
    """A picture: shapes between two gutters, with title, legend and origin around them.

    Attributes
    ----------
    description : the picture in a sentence or two, for those who do not see it.
    height : CSS pixels of the shapes; title, legend and provenance come on top.
    left, right : gutters in CSS pixels.
    columns : equal columns between the gutters, each `column_least` to `column_most` CSS pixels wide.
    drop : which columns go where not all fit; None scrolls. `dropped_note` is then printed, with {shown}
        and {columns} filled in.
    file_name : of downloaded pictures, without ending.
    narrow, narrow_below : another arrangement of shapes, taken where there are fewer CSS pixels.

    Raises
    ------
    ValueError
        A number is not finite, a role or size is unknown, or a click is no JSON value.
    """

    title: str
    shapes: tuple[Shape, ...]
    height: float
    description: str
    provenance: str
    subtitle: str = ""
    legend: tuple[Key | Scale, ...] = ()
    left: float = 0
    right: float = 0
    columns: int = 1
    column_least: float = 1
    column_most: float = 10_000
    drop: Literal["first", "last"] | None = None
    dropped_note: str = ""
    file_name: str = "drawing"
    narrow: Drawing | None = None
    narrow_below: float = 0

    def __post_init__(self) -> None:
        if not self.description:
            raise ValueError("A drawing needs a description for those who do not see it.")
        if self.columns < 1 or not 0 < self.column_least <= self.column_most:
            raise ValueError(f"{self.columns} columns of {self.column_least} to {self.column_most} pixels.")
        for shape in (*self.shapes, *self.legend):
            _check(shape)

    @property
    def clicks(self) -> tuple[Any, ...]:
        """What a click can send, in the order of the shapes."""
        return tuple(shape.click for shape in self.shapes if isinstance(shape, Rect) and shape.click is not None)


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, X | Shade):
        yield from (number for number in vars(value).values() if number is not None)
    elif isinstance(value, tuple):
        yield from value
    elif isinstance(value, int | float):
        yield value


def _check(shape: Shape | Key | Scale) -> None:
    parts = vars(shape)
    if not all(math.isfinite(number) for name, part in parts.items() if name != "click" for number in _numbers(part)):
        raise ValueError(f"A number is not finite in {shape}.")
    for name in ("fill", "outline", "colour", "over", "line"):
        role = parts.get(name)
        if isinstance(role, str) and role not in ROLES:
            raise ValueError(f"{name} is {role!r}; it must be a Shade or one of {', '.join(ROLES)}.")
    if parts.get("size", "label") not in TEXT_SIZES:
        raise ValueError(f"size is {parts['size']!r}; it must be one of {', '.join(TEXT_SIZES)}.")
    if parts.get("click") is not None:
        try:
            json.dumps(parts["click"], allow_nan=False)
        except (TypeError, ValueError) as error:
            raise ValueError(f"click is {parts['click']!r}, which is no JSON value.") from error


def token_text(label: str) -> str:
    """A token inside a sentence: "·" for a leading space, and kept from reordering its neighbours."""
    return f"\u2068{token_label(label)}\u2069"


def token_label(label: str) -> str:
    """A token that stands alone: harmless, with "·" for a leading space."""
    return display_text("·" + label[1:] if label.startswith(" ") and label.strip() else label)


def _clean(text: str, most: int = MAX_TEXT_CHARACTERS) -> str:
    """Harmless text; line ends and the isolates of `token_text` stay."""
    pieces = re.split("([\n\u2068\u2069])", text[: most + 1])
    line = "".join(
        p if p in {"", "\n", "\u2068", "\u2069"} or p.isspace() else display_text(p, most=most) for p in pieces
    )
    return line[:most] + "…" if len(text) > most else line


def _place(x: X) -> list[float]:
    return [x.share, x.px] if x.column is None else [x.column, x.px, 1]


def _value(value: Any) -> Any:
    if isinstance(value, X):
        return _place(value)
    if isinstance(value, Shade):
        return [round(min(max(value.value, -1.0 if value.signed else 0.0), 1.0), 4), int(value.signed)]
    return value


def _item(shape: Shape | Key | Scale) -> dict[str, Any]:
    defaults = type(shape).__dataclass_fields__
    item: dict[str, Any] = {"kind": type(shape).__name__.lower()}
    for name, value in vars(shape).items():
        if value != defaults[name].default or name in {"fill", "size", "colour", "align", "mark"}:
            item[name] = (
                [round(h, 2) for h in value]
                if name == "heights"
                else _clean(value)
                if name in {"text", "tooltip", "label", "unit"}
                else _value(value)
            )
    return item


def drawing_payload(drawing: Drawing, *, clickable: bool = True, test_id: str = "drawing") -> dict[str, Any]:
    """Everything the browser draws, as JSON-ready values of at most 3 MB.

    Parameters
    ----------
    clickable : False where nobody listens: what could be pressed is then only pointed at.
    test_id : `data-testid` of the picture; its parts have it as a prefix.

    Raises
    ------
    ValueError
        The drawing is larger than 3 MB.
    """
    words = {
        name: getattr(drawing, name) for name in ("title", "subtitle", "provenance", "description", "dropped_note")
    }
    numbers = ("height", "left", "right", "columns", "column_least", "column_most", "drop")
    payload: dict[str, Any] = {
        **{name: _clean(text, MAX_TITLE_CHARACTERS) for name, text in words.items()},
        **{name: getattr(drawing, name) for name in numbers},
        "legend": [_item(item) for item in drawing.legend],
        "shapes": [_item(shape) for shape in drawing.shapes],
        "narrow": None,
        "clickable": clickable,
        "test_id": test_id,
        "file_name": re.sub(r"[^\w.-]+", "-", drawing.file_name).strip("-.") or "drawing",
        "style": drawing_style(),
    }
    if (narrow := drawing.narrow) is not None:
        shapes = [_item(shape) for shape in narrow.shapes]
        payload["narrow"] = {name: getattr(narrow, name) for name in numbers} | {
            "shapes": shapes,
            "below": drawing.narrow_below,
        }
    text = json.dumps(payload, allow_nan=False)
    if len(text) > MAX_PAYLOAD_BYTES:
        raise ValueError(f"A drawing of {len(drawing.shapes)} shapes does not fit in {MAX_PAYLOAD_BYTES:,} bytes.")
    payload["digest"] = digest(text.encode())
    return payload


_MOUNT = component("attendome_drawing", HERE, html="drawing.html", css="drawing.css", scripts=SCRIPTS)


def render_drawing(
    drawing: Drawing, *, key: str, on_click: Callable[[Any], None] | None = None, test_id: str | None = None
) -> None:
    """Put a drawing on the page.

    Parameters
    ----------
    key : identity of the picture; under the same key a new drawing appears in the same canvas.
    on_click : called with the `click` of the shape that was pressed, before the page runs again. Without it
        nothing can be pressed. Only values that this drawing holds arrive, whatever the browser sends.
    test_id : `data-testid` of the picture; the key unless given.
    """

    def pressed() -> None:
        click = st.session_state[key]["clicked"]
        if on_click is not None and click is not None and click in drawing.clicks:
            on_click(click)

    payload = drawing_payload(drawing, clickable=on_click is not None, test_id=test_id or key)
    _MOUNT(key=key, data=payload, on_clicked_change=pressed)
