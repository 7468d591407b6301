"""Bars of next tokens: lengths, order and words, by construction."""

from __future__ import annotations

import numpy as np
import pytest

from components.drawing import Drawing, Rect, Text, drawing_payload
from components.prediction import distribution_drawing, empty_drawing, next_token_title

LABELS = ("·ride", "·walk", " nap", "·x")


def drawn(*values, **options) -> Drawing:
    return distribution_drawing(LABELS, *values, title="Next token", provenance="Toy", **options)


def bars(drawing: Drawing) -> list[Rect]:
    return [shape for shape in drawing.shapes if isinstance(shape, Rect) and shape.fill != "none"]


def rows(drawing: Drawing) -> list[Rect]:
    return [shape for shape in drawing.shapes if isinstance(shape, Rect) and shape.tooltip]


def texts(drawing: Drawing) -> list[str]:
    return [shape.text for shape in drawing.shapes if isinstance(shape, Text)]


def test_one_bar_a_token_largest_first() -> None:
    drawing = drawn([0.1, 0.4, 0.05, 0.0001])
    lengths = [bar.right.share for bar in bars(drawing)]
    np.testing.assert_allclose(lengths, np.array([0.4, 0.1, 0.05, 0.0001]) / 0.4)
    assert [shape.text for shape in drawing.shapes if isinstance(shape, Text) and shape.strong] == [
        *("·walk", "·ride", "·nap", "·x"),
    ]
    assert {"0.400", "0.100", "0.050", "<0.001", "probability →"} <= set(texts(drawing))
    assert drawing.subtitle == "Together these 4 tokens hold 0.550 of the probability."
    assert not drawing.legend
    assert not drawing.clicks


def test_pairs_are_sorted_by_the_larger_and_say_the_change() -> None:
    drawing = drawn([0.1, 0.4, 0.05, 0.2], [0.5, 0.28, 0.05, 0.1], names=("with all heads", "without L3 H1"))
    assert [row.tooltip.split("\n")[0].strip("\u2068\u2069") for row in rows(drawing)] == [
        *("·ride", "·walk", "·x", "·nap"),
    ]
    assert rows(drawing)[0].tooltip.split("\n")[1:] == [
        *("0.100 with all heads", "0.500 without L3 H1", "change +0.400"),
    ]
    assert [text for text in texts(drawing) if text[0] in "+−"] == ["+0.400", "−0.120", "−0.100"]
    assert [key.label for key in drawing.legend] == ["with all heads", "without L3 H1"]
    first, second = bars(drawing)[:2]
    np.testing.assert_allclose([first.right.share, second.right.share], [0.1 / 0.6, 0.5 / 0.6])
    assert (first.fill, first.stripes) == ("first", False)
    assert (second.fill, second.stripes) == ("second", True)
    assert first.bottom <= second.top
    assert drawing.subtitle.endswith("0.930 without L3 H1.")
    assert "first with all heads, then without L3 H1" in drawing.description


def test_an_unchanged_token_says_so_quietly() -> None:
    drawing = drawn([0.1, 0.4, 0.05, 0.2], [0.1, 0.4, 0.05, 0.2])
    zeros = [shape for shape in drawing.shapes if isinstance(shape, Text) and shape.text == "0.000"]
    assert [zero.colour for zero in zeros] == ["muted"] * 4


def test_ten_rows_at_most() -> None:
    drawing = distribution_drawing([f"t{i}" for i in range(50)], np.full(50, 0.02), title="T", provenance="P")
    assert [row.tooltip.split("\n")[0] for row in rows(drawing)] == [f"\u2068t{i}\u2069" for i in range(10)]
    assert drawing.height > distribution_drawing(["a"], [1.0], title="T", provenance="P").height


def test_rows_lie_inside_the_picture_and_apart() -> None:
    for values in ([[0.1, 0.4, 0.05, 0.2]], [[0.1, 0.4, 0.05, 0.2], [0.0, 0.0, 0.0, 1.0]]):
        drawing = drawn(*values)
        tops = [row.top for row in rows(drawing)]
        assert all(later.top == row.bottom for row, later in zip(rows(drawing), rows(drawing)[1:], strict=False))
        assert tops == sorted(tops)
        assert max(row.bottom for row in rows(drawing)) < drawing.height
        assert max(bar.right.share for bar in bars(drawing)) <= 1


def test_no_prediction_says_so() -> None:
    drawing = distribution_drawing([], [], title="Next token", provenance="Toy")
    assert texts(drawing) == ["There is no prediction to show."] == [drawing.description]
    assert texts(empty_drawing("T", "This model predicts nothing.")) == ["This model predicts nothing."]
    assert drawing_payload(drawing)["provenance"] == "Toy"


@pytest.mark.parametrize(
    ("before", "after"),
    [([0.5], None), ([0.1] * 4, [0.1] * 3), ([0.1, 0.2, 0.3, np.nan], None), ([-0.1] * 4, None), ([1.2] * 4, None)],
)
def test_wrong_numbers_are_refused(before, after) -> None:
    with pytest.raises(ValueError):
        drawn(before, after)


def test_titles_end_where_the_text_ends() -> None:
    assert next_token_title("took my cat\nfor a") == "Next token after “took my cat for a”"
    title = next_token_title("This very long morning I took my old grey cat for a")
    assert title == "Next token after “…I took my old grey cat for a”"
    assert next_token_title("x" * 99).endswith("…" + "x" * 32 + "”")
