"""One number a head: each cell where it belongs, by construction."""

from __future__ import annotations

import numpy as np
import pytest

from components.changes import changes_drawing
from components.drawing import Drawing, Line, Rect, Scale, Shade, Text

VALUES = np.array([[0.0, 0.25, 0.5], [1.0, np.nan, 0.125]])


def drawn(values=VALUES, **options) -> Drawing:
    return changes_drawing(values, **{"title": "Changes", "unit": "total variation", "provenance": "Toy", **options})


def cells(drawing: Drawing) -> list[Rect]:
    return [shape for shape in drawing.shapes if isinstance(shape, Rect)]


def numbers(drawing: Drawing) -> list[str]:
    return [shape.text for shape in drawing.shapes if isinstance(shape, Text) and shape.over is not None]


def test_cells_stand_in_their_row_and_column_and_send_their_head() -> None:
    drawing = drawn()
    assert drawing.columns == 3
    assert drawing.clicks == tuple({"layer": layer, "head": head} for layer in range(2) for head in range(3))
    assert [cell.left.column for cell in cells(drawing)] == [0, 1, 2] * 2
    assert cells(drawing)[0].bottom < cells(drawing)[3].top
    assert [cell.fill for cell in cells(drawing)] == [
        *(Shade(0.0), Shade(0.25), Shade(0.5), Shade(1.0), "none", Shade(0.125)),
    ]
    assert numbers(drawing) == ["0.00", "0.25", "0.50", "1.00", "0.12"]
    assert cells(drawing)[3].tooltip == "Layer 1, head 0\ntotal variation: 1.0000"
    assert cells(drawing)[4].tooltip == "Layer 1, head 1\nno number"
    assert drawing.legend == (Scale("total variation", 1.0, False),)
    assert "Largest: Layer 1, head 0 1.00, Layer 0, head 2 0.50" in drawing.description


def test_negative_numbers_make_the_scale_signed() -> None:
    drawing = drawn(np.array([[-0.5, 0.25]]))
    assert [cell.fill for cell in cells(drawing)] == [Shade(-1.0, signed=True), Shade(0.5, signed=True)]
    assert drawing.legend == (Scale("total variation", 0.5, True),)
    assert numbers(drawing) == ["−0.50", "0.25"]


def test_heads_that_are_off_are_crossed_out_without_a_number() -> None:
    drawing = drawn(off=[(0, 2)])
    assert len([shape for shape in drawing.shapes if isinstance(shape, Line)]) == 2
    assert numbers(drawing) == ["0.00", "0.25", "1.00", "0.12"]
    assert cells(drawing)[2].tooltip.endswith("switched off")
    assert [key.mark for key in drawing.legend[1:]] == ["cross"]
    assert drawing.description.endswith("Switched off: Layer 0, head 2.")


def test_the_open_head_is_outlined() -> None:
    assert [cell.click for cell in cells(drawn(chosen=(1, 0))) if cell.outline == "text"] == [{"layer": 1, "head": 0}]


def test_counts_have_no_decimals_and_large_numbers_few() -> None:
    assert numbers(drawn(np.array([[3.0, 12.0]]))) == ["3", "12"]
    assert numbers(drawn(np.array([[3.14159, 12.0]]))) == ["3.1", "12.0"]
    assert numbers(drawn(np.array([[0.0123, 0.0001]]))) == ["0.012", "<0.001"]


def test_numbers_appear_where_all_of_them_fit() -> None:
    least = {shape.least for shape in drawn(np.array([[-0.5, 0.25]])).shapes if isinstance(shape, Text) and shape.over}
    assert len(least) == 1


def test_a_shared_scale_ends_where_it_is_told() -> None:
    assert cells(drawn(scale_top=2.0))[3].fill == Shade(0.5)
    assert cells(drawn(np.zeros((1, 2))))[0].fill == Shade(0.0)


def test_no_number_says_so() -> None:
    assert drawn(np.full((2, 2), np.nan)).description == "There is no number to show."


@pytest.mark.parametrize("values", [np.zeros(3), np.array([[np.inf]])])
def test_wrong_tables_are_refused(values) -> None:
    with pytest.raises(ValueError):
        drawn(values)


@pytest.mark.parametrize("top", [0.0, -1.0, np.inf, np.nan])
def test_wrong_scales_are_refused(top) -> None:
    with pytest.raises(ValueError):
        drawn(scale_top=top)
