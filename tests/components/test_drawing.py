"""Drawings as values and as payloads: what goes in comes out of what the browser gets."""

from __future__ import annotations

import json
import math

import pytest
from streamlit.testing.v1 import AppTest

from components.canvas.payload import MAX_PAYLOAD_BYTES
from components.drawing import (
    Drawing,
    Graph,
    Key,
    Line,
    Rect,
    Scale,
    Shade,
    Text,
    X,
    drawing_payload,
    token_label,
    token_text,
)
from components.drawing.axis import axis_shapes, change_text, decimals, nice_axis, number_text
from components.style import DRAWING_DARK, DRAWING_LIGHT, drawing_style
from tests.test_house import contrast, streamlit_config

PAGE = """
import streamlit as st
from components.drawing import Drawing, Rect, X, render_drawing
row = Rect(X(), 0, X(1), 20, fill="first", tooltip="T", click={"layer": 1, "head": 2})
render_drawing(Drawing("Title", (row,), 20, "One row.", "P"), key="picture", on_click=lambda value: None)
"""


def drawing_of(*shapes, **options) -> Drawing:
    return Drawing("Title", shapes, 40, "A picture.", "Toy · random weights 0", **options)


def test_shapes_cross_as_they_are() -> None:
    payload = drawing_payload(
        drawing_of(
            Rect(X(0.5, 3), 1, X(0, -1, column=2), 9, fill=Shade(0.25), tooltip="a\nb", click={"layer": 3}),
            Text(X(column=1.5), 5, "·fox", align="center", room=X(0, -6, column=1), over=Shade(-0.5, signed=True)),
            Line(X(), 0, X(1), 0, width=2.0),
            columns=4,
        )
    )
    rect, text, line = payload["shapes"]
    assert rect["left"] == [0.5, 3]
    assert rect["right"] == [2, -1, 1]
    assert (rect["fill"], rect["tooltip"], rect["click"]) == ([0.25, 0], "a\nb", {"layer": 3})
    assert text["x"] == [1.5, 0, 1]
    assert text["room"] == [1, -6, 1]
    assert text["over"] == [-0.5, 1]
    assert line == {
        "kind": "line",
        "start": [0, 0],
        "top": 0,
        "end": [1, 0],
        "bottom": 0,
        "colour": "rule",
        "width": 2.0,
    }
    assert json.loads(json.dumps(payload))["shapes"] == payload["shapes"]


def test_shades_end_where_their_scale_ends() -> None:
    shades = [Shade(7), Shade(-7), Shade(-7, signed=True), Shade(7, signed=True)]
    payload = drawing_payload(drawing_of(*(Rect(X(), 0, X(1), 1, fill=shade) for shade in shades)))
    assert [shape["fill"] for shape in payload["shapes"]] == [[1, 0], [0, 0], [-1, 1], [1, 1]]


def test_what_a_person_typed_stays_harmless_text() -> None:
    evil = "<b>\u202e\x00\n"
    texts = drawing_payload(drawing_of(Text(X(), 1, evil), Rect(X(), 0, X(1), 1, tooltip=f"{token_text(evil)}\n0.5")))
    text, rect = texts["shapes"]
    assert "\u202e" not in text["text"]
    assert "\x00" not in text["text"]
    assert "U+202E" in text["text"]
    assert rect["tooltip"] == "\u2068<b>U+202EU+0000⏎\u2069\n0.5"
    assert len(drawing_payload(drawing_of(Text(X(), 1, "x" * 10_000)))["shapes"][0]["text"]) <= 401


def test_a_leading_space_is_a_dot() -> None:
    assert [token_label(label) for label in (" fox", "·fox", "fox", " ", "\n")] == ["·fox", "·fox", "fox", "␣", "⏎"]


@pytest.mark.parametrize(
    "shape",
    [
        Rect(X(math.nan), 0, X(1), 1),
        Rect(X(), 0, X(1), 1, fill=Shade(math.inf)),
        Rect(X(), 0, X(1), 1, fill="red"),
        Rect(X(), 0, X(1), 1, click={1, 2}),
        Rect(X(), 0, X(1), 1, click=math.nan),
        Text(X(), 0, "a", size="huge"),
        Line(X(), 0, X(1), 0, colour="#fff"),
    ],
)
def test_wrong_shapes_are_refused(shape) -> None:
    with pytest.raises(ValueError, match=r"finite|must be|no JSON"):
        drawing_of(shape)


def test_wrong_drawings_are_refused() -> None:
    with pytest.raises(ValueError, match="description"):
        Drawing("Title", (), 1, "", "")
    with pytest.raises(ValueError, match="columns"):
        drawing_of(columns=0)
    with pytest.raises(ValueError, match="columns"):
        drawing_of(column_least=9, column_most=8)
    with pytest.raises(ValueError, match="finite"):
        drawing_of(legend=(Scale("unit", math.nan),))


def test_a_drawing_above_3_mb_is_refused() -> None:
    many = [Rect(X(), 0, X(1), 1, tooltip="x" * 300)] * 9_000
    with pytest.raises(ValueError, match=f"{MAX_PAYLOAD_BYTES:,} bytes"):
        drawing_payload(drawing_of(*many))


def test_the_digest_is_of_all_that_is_drawn() -> None:
    plain = drawing_payload(drawing_of(Text(X(), 0, "a")))
    assert plain["digest"] == drawing_payload(drawing_of(Text(X(), 0, "a")))["digest"]
    others = [drawing_of(Text(X(), 0, "b")), drawing_of(Text(X(), 0, "a"), legend=(Key("k"),))]
    assert plain["digest"] not in {drawing_payload(other)["digest"] for other in others}
    assert plain["digest"] != drawing_payload(drawing_of(Text(X(), 0, "a")), clickable=False)["digest"]


def test_clicks_are_those_of_the_shapes() -> None:
    shapes = (Rect(X(), 0, X(1), 1, click=click) for click in ({"layer": 0}, None, 0, "a"))
    assert drawing_of(*shapes).clicks == ({"layer": 0}, 0, "a")


def test_file_names_are_harmless() -> None:
    assert drawing_payload(drawing_of(file_name="../a b/c"))["file_name"] == "a-b-c"
    assert drawing_payload(drawing_of(file_name="//"))["file_name"] == "drawing"


def test_a_narrow_arrangement_travels_along() -> None:
    narrow = drawing_of(Text(X(), 0, "narrow"), right=7)
    payload = drawing_payload(drawing_of(Text(X(), 0, "wide"), narrow=narrow, narrow_below=500))
    assert payload["narrow"]["below"] == 500
    assert payload["narrow"]["right"] == 7
    assert [shape["text"] for shape in payload["narrow"]["shapes"]] == ["narrow"]
    assert drawing_payload(narrow)["narrow"] is None


def test_the_component_is_on_the_page_under_its_key() -> None:
    app = AppTest.from_string(PAGE, default_timeout=60).run()
    assert not app.exception
    (component,) = app.get("bidi_component")
    data = json.loads(component.proto.json)
    assert (data["title"], data["test_id"], data["clickable"]) == ("Title", "picture", True)


@pytest.mark.parametrize(("mode", "colours"), [("light", DRAWING_LIGHT), ("dark", DRAWING_DARK)])
def test_bars_are_seen_on_the_page(mode, colours) -> None:
    page = streamlit_config()["theme"][mode]["backgroundColor"]
    assert min(contrast(colour, page) for colour in (colours.first, colours.second, colours.third)) >= 3


def test_every_shade_has_a_text_colour_with_enough_contrast() -> None:
    ramps = [ramp for colours in (DRAWING_LIGHT, DRAWING_DARK) for ramp in (colours.ramp, colours.diverging)]
    worst = min(max(contrast(stop, ink) for ink in ("#000000", "#FFFFFF")) for ramp in ramps for stop in ramp)
    assert worst >= 4.5


def test_sizes_that_scripts_name_are_in_the_style() -> None:
    sizes = drawing_style()["sizes"]
    assert {"title", "subtitle", "legend", "label", "small", "provenance", "stripe", "patch", "width_min"} <= set(sizes)


@pytest.mark.parametrize(
    ("largest", "most", "end", "count"),
    [(0.312, 1, 0.4, 5), (0.97, 1, 1.0, 5), (1.0, 1, 1.0, 5), (4.6, math.inf, 6.0, 4), (0.0004, 1, 0.0004, 5)],
)
def test_axes_end_at_a_round_number_at_or_above_the_largest(largest, most, end, count) -> None:
    top, ticks = nice_axis(largest, most=most)
    assert top == pytest.approx(end)
    assert ticks[0] == 0
    assert ticks[-1] == top >= largest - 1e-12
    assert len(ticks) == count


@pytest.mark.parametrize("largest", [0.0, -1.0, math.nan, math.inf])
def test_an_axis_of_nothing_still_is_one(largest) -> None:
    assert nice_axis(largest)[0] == 1
    assert nice_axis(largest, most=0.5)[0] == 0.5


def test_axes_never_pass_their_most() -> None:
    for thousandth in range(1, 1001):
        top, ticks = nice_axis(thousandth / 1000, most=1.0)
        assert thousandth / 1000 - 1e-12 <= top <= 1
        assert 2 <= len(ticks) <= 6
        assert list(ticks) == sorted(set(ticks))


def test_axis_shapes_stand_at_their_share() -> None:
    shapes = axis_shapes((0, 1, 2), top=0, bottom=10, unit="bits", share=0.5)
    assert [shape.start.share for shape in shapes if isinstance(shape, Line)] == [0, 0.25, 0.5]
    assert [shape.text for shape in shapes if isinstance(shape, Text)] == ["0", "1", "2", "bits →"]


def test_numbers_are_written_alike() -> None:
    assert [number_text(v) for v in (0.3124, 0.0004, 0.0, 1.0, -0.25, -0.0001)] == [
        *("0.312", "<0.001", "0.000", "1.000", "−0.250", "0.000"),
    ]
    assert number_text(3, 0) == "3"
    assert [change_text(v) for v in (0.121, -0.121, 0.00001, -0.00001)] == ["+0.121", "−0.121", "0.000", "0.000"]
    assert [decimals(top) for top in (1, 2, 6, 512)] == [3, 3, 2, 1]


def test_a_graph_crosses_as_heights() -> None:
    graph = Graph(X(), X(1), 30, (0, 12.3456, 30), fill="third", line="muted", width=1.5)
    shape = drawing_payload(drawing_of(graph))["shapes"][0]
    assert (shape["kind"], shape["heights"], shape["fill"], shape["line"]) == (
        "graph",
        [0, 12.35, 30],
        "third",
        "muted",
    )
    assert "steps" not in shape
    assert drawing_payload(drawing_of(Graph(X(), X(1), 30, (1, 2), steps=False)))["shapes"][0]["steps"] is False
    with pytest.raises(ValueError, match="not finite"):
        drawing_of(Graph(X(), X(1), 30, (1, math.nan)))
    with pytest.raises(ValueError, match="line is 'red'"):
        drawing_of(Graph(X(), X(1), 30, (1, 2), line="red"))
