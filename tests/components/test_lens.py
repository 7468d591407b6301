"""The logit lens table: each cell where it belongs, by construction."""

from __future__ import annotations

import numpy as np
import pytest

from components.drawing import Drawing, Rect, Shade, Text, drawing_payload
from components.lens import lens_drawing, lens_row_names

TOKENS = ("The", "·cat", "·sat")
ROWS, TOP = 3, 2
WORDS = [[[f"·r{row}p{position}k{rank}" for rank in range(TOP)] for position in range(3)] for row in range(ROWS)]
SHARES = np.arange(18, dtype=float).reshape(ROWS, 3, TOP) / 100
SHARES = SHARES[..., ::-1].copy()
NEXT = ("·cat", "·sat", None)
RANKS = np.array([[9, 3, 0], [1, 2, 0], [1, 1, 0]])


def drawn(**options) -> Drawing:
    chosen = {"next_tokens": NEXT, "next_probabilities": np.full((3, 3), 0.07), "next_ranks": RANKS, **options}
    return lens_drawing(TOKENS, WORDS, SHARES, title="Lens", provenance="Toy", **chosen)


def cells(drawing: Drawing) -> list[Rect]:
    return [shape for shape in drawing.shapes if isinstance(shape, Rect)]


def test_cells_hold_their_layers_first_token_and_its_probability() -> None:
    drawing = drawn()
    assert len(cells(drawing)) == 9
    for index, cell in enumerate(cells(drawing)):
        row, position = divmod(index, 3)
        assert (cell.left.column, cell.right.column) == (position, position + 1)
        assert cell.fill == Shade(SHARES[row, position, 0])
        (text,) = [s for s in drawing.shapes if isinstance(s, Text) and s.text == f"·r{row}p{position}k0"]
        assert text.x.column == position + 0.5
        assert text.over == cell.fill
        assert cell.top < text.y < cell.bottom
    assert cells(drawing)[0].bottom < cells(drawing)[3].top


def test_tooltips_tell_the_ranking_and_what_came_next() -> None:
    lines = cells(drawn())[4].tooltip.replace("\u2068", "").replace("\u2069", "").split("\n")
    assert lines == [
        *("After layer 0, at 2 ·cat", "0.090  ·r1p1k0", "0.080  ·r1p1k1", "Came next: ·sat 0.070, rank 2"),
    ]
    assert "Came next" not in cells(drawn())[5].tooltip  # the text ends
    assert "Came next" not in cells(drawn(next_probabilities=None, next_ranks=None))[4].tooltip


def test_hits_are_outlined_and_counted() -> None:
    assert [bool(cell.outline) for cell in cells(drawn())] == [0, 0, 0, 1, 0, 0, 1, 1, 0]
    assert drawn().description.endswith("The last row is right at 2 of 2 positions.")
    assert [key.label for key in drawn().legend[1:]] == ["is the token that came next"]
    assert len(drawn(next_ranks=None).legend) == 1
    assert not any(cell.outline for cell in cells(drawn(next_ranks=None)))


def test_masked_words_are_named_as_what_is_there() -> None:
    drawing = drawn(predicts="masked", next_tokens=("", "·cat", ""), first_position=30)
    texts = [shape.text for shape in drawing.shapes if isinstance(shape, Text)]
    assert {"Is there", "31", "33"} <= set(texts)
    assert "Came next" not in texts
    assert [cell.tooltip.count("Is there") for cell in cells(drawing)[:3]] == [0, 1, 0]
    assert cells(drawing)[0].tooltip.startswith("Embedding, at 31 ")
    assert "put in this place" in drawing.subtitle
    assert drawn(subtitle="").subtitle == ""


def test_the_last_positions_are_shown_unless_a_start_is_chosen() -> None:
    def numbers(drawing: Drawing) -> list[str]:
        return [shape.text for shape in drawing.shapes if isinstance(shape, Text) and shape.text.isdigit()]

    assert numbers(drawn()) == ["1", "2", "3"]
    assert numbers(drawn(most=2)) == ["2", "3"]
    assert numbers(drawn(most=2, start=0)) == ["1", "2"]
    assert numbers(drawn(most=2, start=99)) == ["3"]
    assert (drawn().drop, drawn(start=0).drop) == ("first", "last")
    assert drawn(most=2).columns == 2
    assert "2 of 3 positions" in drawn(most=2).description


def test_a_thousand_positions_stay_small() -> None:
    tokens = [f"·t{i}" for i in range(1000)]
    words = [[[f"·w{i}"] * 5 for i in range(1000)] for _ in range(13)]
    drawing = lens_drawing(tokens, words, np.full((13, 1000, 5), 0.1), title="T", provenance="P")
    assert drawing.columns == 24
    assert len(str(drawing_payload(drawing))) < 400_000


def test_rows_are_named_from_the_embedding_on() -> None:
    assert lens_row_names(2) == ("Embedding", "After layer 0", "After layer 1")
    texts = [shape.text for shape in drawn().shapes if isinstance(shape, Text)]
    assert set(lens_row_names(2)) <= set(texts)
    assert "Came next" in texts
    assert "Came next" not in [s.text for s in drawn(next_tokens=None).shapes if isinstance(s, Text)]
    assert "L1" in [s.text for s in drawn(row_names=("E", "L0", "L1")).shapes if isinstance(s, Text)]


def test_no_text_says_so() -> None:
    drawing = lens_drawing([], [[]], np.zeros((1, 0, 0)), title="Lens", provenance="Toy")
    assert drawing.description == "There is no text to read."


@pytest.mark.parametrize(
    "options",
    [
        {"row_names": ("one",)},
        {"next_tokens": ("a",)},
        {"next_ranks": np.ones((3, 2))},
        {"next_probabilities": np.ones((2, 3))},
    ],
)
def test_what_does_not_fit_is_refused(options) -> None:
    with pytest.raises(ValueError):
        drawn(**options)


def test_wrong_probabilities_are_refused() -> None:
    for wrong in (SHARES[:2], SHARES[0], SHARES * 100, SHARES * np.nan):
        with pytest.raises(ValueError):
            lens_drawing(TOKENS, WORDS, wrong, title="Lens", provenance="Toy")
