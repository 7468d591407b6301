"""Ranked heads: order, lengths, ticks and what a press sends, by construction."""

from __future__ import annotations

import numpy as np
import pytest

from components.drawing import Drawing, Line, Rect, Text
from components.ranking import ranking_drawing
from components.style import DRAWING_SIZES

HEADS = [(0, 0), (0, 1), (3, 1), (5, 11)]
SENTENCES = [f"Sentence {i}." for i in range(4)]


def drawn(scores=(0.1, 0.8, 0.4, np.nan), **options) -> Drawing:
    chosen = {"title": "Heads", "unit": "share of the weight", "provenance": "Toy", **options}
    return ranking_drawing(HEADS, scores, SENTENCES, **chosen)


def bars(drawing: Drawing) -> list[float]:
    return [shape.right.share for shape in drawing.shapes if isinstance(shape, Rect) and shape.fill == "first"]


def ticks(drawing: Drawing) -> list[float]:
    return [shape.start.share for shape in drawing.shapes if isinstance(shape, Line) and shape.colour == "text"]


def test_the_largest_score_comes_first_and_a_missing_one_not_at_all() -> None:
    drawing = drawn()
    assert drawing.clicks == ({"layer": 0, "head": 1}, {"layer": 3, "head": 1}, {"layer": 0, "head": 0})
    np.testing.assert_allclose(bars(drawing), np.array([0.8, 0.4, 0.1]) / 0.8 * DRAWING_SIZES.rank_share)
    texts = [shape.text for shape in drawing.shapes if isinstance(shape, Text)]
    assert {"Layer 0, head 1", "0.800", "Sentence 1.", "share of the weight →"} <= set(texts)
    assert "Sentence 3." not in texts
    assert drawing.description.startswith("3 of 4 heads, largest share of the weight first: Layer 0, head 1 0.800")


def test_the_smallest_may_come_first() -> None:
    assert [click["head"] for click in drawn(smallest_first=True).clicks] == [0, 1, 1]
    assert [click["layer"] for click in drawn(smallest_first=True).clicks] == [0, 3, 0]


def test_chance_is_a_tick_on_the_bar() -> None:
    drawing = drawn(baselines=(0.2, 0.2, np.nan, 0.2), axis_end=1.0)
    np.testing.assert_allclose(ticks(drawing), np.array([0.2, 0.2]) * DRAWING_SIZES.rank_share)
    assert [key.label for key in drawing.legend] == ["share of the weight", "what chance gives"]
    tooltips = [shape.tooltip for shape in drawing.shapes if isinstance(shape, Rect) and shape.tooltip]
    assert tooltips[0] == "Layer 0, head 1\nSentence 1.\nshare of the weight: 0.800 (chance 0.200)"
    assert tooltips[1].endswith("share of the weight: 0.400")
    assert not ticks(drawn())
    assert len(drawn().legend) == 1


def test_the_axis_holds_every_tick_and_never_less_than_the_bars() -> None:
    assert max(ticks(drawn(baselines=(2, 2, 2, 2)))) <= DRAWING_SIZES.rank_share
    assert max(bars(drawn(axis_end=0.5))) == DRAWING_SIZES.rank_share


def test_long_numbers_have_fewer_decimals() -> None:
    texts = [shape.text for shape in drawn((10, 20, 30.123, 5), unit="tokens").shapes if isinstance(shape, Text)]
    assert "30.12" in texts
    assert "tokens →" in texts


def test_only_the_first_rows() -> None:
    assert len(drawn(most=2).clicks) == 2


def test_the_open_head_is_outlined() -> None:
    outlined = [shape.click for shape in drawn(chosen=(3, 1)).shapes if isinstance(shape, Rect) and shape.outline]
    assert outlined == [{"layer": 3, "head": 1}]


def test_the_narrow_arrangement_has_the_same_rows() -> None:
    drawing = drawn(baselines=(0.1,) * 4)
    assert drawing.narrow.clicks == drawing.clicks
    assert max(shape.bottom for shape in drawing.narrow.shapes if isinstance(shape, Rect)) <= drawing.narrow.height
    assert max(shape.bottom for shape in drawing.shapes if isinstance(shape, Rect)) <= drawing.height


def test_no_score_says_so() -> None:
    drawing = drawn([np.nan] * 4)
    assert drawing.description == "No head has this score on this text."
    assert not drawing.clicks


@pytest.mark.parametrize("scores", [(0.1, 0.2), (0.1, 0.2, 0.3, -1), (0.1, 0.2, 0.3, np.inf)])
def test_wrong_scores_are_refused(scores) -> None:
    with pytest.raises(ValueError):
        drawn(scores)
    with pytest.raises(ValueError):
        drawn(baselines=scores)
