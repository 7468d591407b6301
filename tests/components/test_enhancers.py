"""The enhancer view's pictures, rows, files and sentences, by construction."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import numpy as np
import pytest

from components.drawing import Drawing, Graph, Line, Rect, Text, drawing_payload
from components.enhancers.curves import TALL, WIDE, curves_drawing
from components.enhancers.rows import attention_rows, enhancer_rows, heads_words
from components.enhancers.state import MEAN, link_fields
from components.enhancers.table import MOST_ROWS, enhancer_csv, ranking_table
from components.enhancers.words import HOW, found_sentence, gene_subtitle, pool_subtitle, verdict
from components.links import read_values
from core.cards import Provenance
from core.enformer.attending import AttentionProfile
from core.enformer.candidates import Candidate
from core.enformer.enhancers import SCORES, Ranking, scores_of
from core.enformer.precision_recall import precision_recall
from core.errors import SelectionError
from core.genome import Interval
from core.teaching.playground.enhancer_truth import Pool

TOLD = Provenance("Toy", "0123", "random", assembly="toy")
ATTENTION = np.array([0.02, 0.3, 0.0001])
DISTANCES = np.array([2_000.0, 8_000, 1_000])
ACTIVITY = np.array([2.0, 1.0, 3.0])


def ranking(*, known: bool = True, count: int = 3) -> Ranking:
    picks = np.arange(count) % 3
    shares = (0.05, 0.6, 0.0)
    candidates = tuple(
        Candidate(Interval("chr1", 1_000 * n, 1_000 * n + 200), f"c{n}", shares[(n - 1) % 3] if known else None)
        for n in range(1, count + 1)
    )
    return Ranking(
        gene="G*1", tss=500, cell_type="K562", seen=Interval("chr1", 0, 128_000), candidates=candidates,
        scores=scores_of(ATTENTION[picks], DISTANCES[picks], ACTIVITY[picks]), distances_bp=DISTANCES[picks],
        activity=ACTIVITY[picks], attention=np.zeros((count, 2, 2), np.float32),
        expected=np.zeros((count, 2, 2), np.float32),
        is_true=np.array([n % 3 == 2 for n in range(1, count + 1)]) if known else None, missed=1 if known else 0,
    )  # fmt: skip


def table(given: Ranking | None = None, score: str = "attention", **options) -> Drawing:
    return ranking_table(given or ranking(), score, provenance="Toy", heads="mean", **options)


def texts(drawing: Drawing) -> list[str]:
    return [shape.text for shape in drawing.shapes if isinstance(shape, Text)]


def test_rows_come_in_the_order_of_the_score():
    assert [t for t in texts(table()) if t[:1].isdigit() and " c" in t] == ["1  c2", "2  c1", "3  c3"]
    by_distance = table(score="distance")
    assert [t for t in texts(by_distance) if t[:1].isdigit() and " c" in t] == ["1  c3", "2  c1", "3  c2"]
    assert "1 / distance ▾" in texts(by_distance)
    assert "Attention ▾" in texts(table())


def test_bars_are_drawn_to_the_highest_of_their_column():
    bars = [s for s in table().shapes if isinstance(s, Rect) and s.fill == "first" and s.left.column == 0]
    widths = [bar.right.column for bar in bars]
    np.testing.assert_allclose(np.array(widths) / widths[0], ATTENTION[[1, 0, 2]] / 0.3)
    truths = [s for s in table().shapes if isinstance(s, Rect) and s.fill == "second"]
    assert [bar.stripes for bar in truths] == [True] * 3
    np.testing.assert_allclose([bar.right.column - len(SCORES) for bar in truths], [0.56 * 0.6, 0.56 * 0.05, 0])
    assert "60% true" in texts(table())
    assert "5%" in texts(table())


def test_presses_choose_a_candidate_or_a_score():
    clicks = table().clicks
    assert clicks[: len(SCORES)] == tuple({"score": score.name} for score in SCORES)
    assert clicks[len(SCORES) :] == tuple({"candidate": f"{n}-{n + 200}"} for n in (2000, 1000, 3000))
    outlined = [s for s in table(picked="1000-1200").shapes if isinstance(s, Rect) and s.outline]
    assert [s.click for s in outlined] == [{"candidate": "1000-1200"}]
    assert not [s for s in table(picked="9-9").shapes if isinstance(s, Rect) and s.outline]


def test_without_truth_there_is_no_column_of_it():
    drawing = table(ranking(known=False))
    assert drawing.columns == len(SCORES)
    assert not [t for t in texts(drawing) if "true" in t.lower()]
    assert len(drawing.legend) == 2
    assert drawing_payload(drawing)


def test_many_candidates_and_none():
    many = ranking(count=40)
    drawing = table(many)
    assert len([c for c in drawing.clicks if "candidate" in c]) == MOST_ROWS
    assert f"The first {MOST_ROWS} of 40 are shown" in drawing.subtitle
    none = replace(
        many, candidates=(), scores=scores_of(np.zeros(0), np.zeros(0), np.zeros(0)), distances_bp=np.zeros(0),
        activity=np.zeros(0), attention=np.zeros((0, 2, 2), np.float32), expected=np.zeros((0, 2, 2), np.float32),
        is_true=np.zeros(0, bool),
    )  # fmt: skip
    assert "No candidate lies in chr1:1-128,000" in table(none).description
    assert enhancer_rows(none, "attention")[0].regions == ()
    assert verdict(none, "attention") == ""


def test_a_row_of_the_browser():
    (row,) = enhancer_rows(ranking(), "attention", picked="1000-1200")
    assert row.id == "enhancers"
    assert [mark.name for mark in row.regions] == ["2", "1", "3"]
    assert [mark.pick for mark in row.regions] == ["1000-1200", "2000-2200", "3000-3200"]
    assert [mark.outlined for mark in row.regions] == [True, True, False]  # picked, true
    strengths = [mark.strength for mark in row.regions]
    assert strengths[1] == 1
    assert strengths[1] > strengths[0] > strengths[2] > 0.1
    assert "truly gives 60% of its expression in K562" in row.regions[1].about
    assert row.note == "by Attention; outlined: true"
    (plain,) = enhancer_rows(ranking(known=False), "distance")
    assert not any(mark.outlined for mark in plain.regions)
    assert "truly" not in plain.regions[1].about
    assert plain.note == "by 1 / distance"


PLACE = Interval("chr1", 0, 8 * 128)


def profile(interval: Interval | None = PLACE) -> AttentionProfile:
    weights = np.random.default_rng(0).dirichlet(np.ones(8), (2, 3)).astype(np.float32)
    return AttentionProfile(weights, weights[:, :, ::-1].copy(), (2, 3, 4), 128, interval, TOLD, "0" * 64)


def test_an_attention_row_is_the_chosen_head_or_the_mean():
    given = profile()
    (row,) = attention_rows(given, layer=1, head=2, name="the start of G")
    assert row.title == "The start of G attends to"
    assert row.note == "layer 1, head 2"
    assert (row.from_start, row.from_end) == (256, 640)
    assert (row.weights.start_bp, row.weights.bin_bp, row.weights.end_bp) == (0, 128, 1024)
    np.testing.assert_array_equal(row.weights.values, given.weights[1, 2])
    np.testing.assert_array_equal(row.baseline, given.expected[1, 2])
    (mean,) = attention_rows(given)
    assert mean.weights.values.sum() == pytest.approx(1, abs=1e-6)
    assert mean.title == "chr1:257-640 attends to"
    assert mean.note == "mean of all layers and heads"
    assert attention_rows(profile(None)) == ()
    with pytest.raises(SelectionError):
        attention_rows(given, layer=2)


def test_heads_in_words():
    assert heads_words(None, 3) == "head 3, mean of all layers"
    assert heads_words(2, None) == "layer 2, mean of its heads"


def curves(missed: int = 0):
    is_true = np.array([True, False, True, False])
    return {
        score.name: (precision_recall(np.array([4.0, 3, 2, 1]), is_true, missed), (0.5, 0.9)) for score in SCORES
    }  # fmt: skip


def drawn(given) -> Drawing:
    return curves_drawing(given, title="T", subtitle="S", provenance="P", file_name="f")


def test_the_area_of_a_curve_is_its_average_precision():
    for missed in (0, 2):
        drawing = drawn(curves(missed))
        graphs = [shape for shape in drawing.shapes if isinstance(shape, Graph)]
        assert len(graphs) == len(SCORES)
        for graph in graphs:
            wide = (graph.right.column - graph.left.column) / WIDE
            area = sum(graph.heights) / len(graph.heights) / TALL * wide
            assert area == pytest.approx((1 + 2 / 3) / (2 + missed))
        assert f"average {(1 + 2 / 3) / (2 + missed):.2f} (0.50–0.90)" in texts(drawing)
        levels = [s for s in drawing.shapes if isinstance(s, Line) and s.width == 1.25]
        assert {round((graphs[0].bottom - s.top) / TALL, 6) for s in levels} == {0.5}
        assert drawing_payload(drawing)
    assert "chance 0.50" in drawn(curves()).description


def test_nothing_to_find_is_said():
    nothing = {"attention": (precision_recall(np.ones(3), np.zeros(3, bool)), None)}
    assert "nothing to find" in drawn(nothing).description


def test_the_file_has_every_candidate_with_every_score():
    data = enhancer_csv(ranking(), provenance=TOLD, source="peaks", layer=None, head=1, origin="made")
    rows = list(csv.DictReader(io.StringIO(data.decode())))
    assert [row["name"] for row in rows] == ["c1", "c2", "c3"]
    assert float(rows[1]["attention"]) == 0.3
    assert float(rows[1]["activity_distance"]) == 1 / 8
    told = [rows[1][name] for name in ("start", "end", "is_true", "true_share")]
    assert told == ["2000", "2200", "True", "0.6"]
    assert rows[0]["attention_of"] == "head 1, mean of all layers"
    assert rows[0]["model"] == "Toy"
    assert rows[0]["origin"] == "made"
    bare = enhancer_csv(ranking(known=False), provenance=TOLD, source="a.bed", layer=0, head=0)
    assert not {"true_share", "is_true", "origin"} & set(next(csv.reader(io.StringIO(bare.decode()))))


def test_sentences():
    said = verdict(ranking(), "attention")
    assert said.startswith("By Attention, **c2** comes first, 8,000 bp from the start of **G\\*1**.")
    assert "True: it gives 60% of the expression." in said
    assert "Not true: it gives 0% of the expression." in verdict(ranking(), "distance")
    assert "1 of 3 candidates truly drives" in found_sentence(ranking())
    assert "1 more is no candidate" in found_sentence(ranking())
    assert "truly" not in verdict(ranking(known=False), "attention")
    assert gene_subtitle(ranking()).startswith("1 true of 3 candidates, 1 more without a candidate.")
    lone = replace(ranking(), is_true=np.zeros(3, bool), missed=0)
    assert "Nothing in this window truly drives" in found_sentence(lone)
    for needed in ("Fulco et al. 2019", "Avsec et al. 2021", "one number for all cell types", "500 bp"):
        assert needed in HOW.replace("\\", "")


def test_the_numbers_of_a_pool():
    pool = Pool(
        "sim4", "liver", "peaks", TOLD, np.array([0, 0, 1, 1]), np.zeros((4, 1, 1), np.float32), np.ones(4), np.ones(4),
        np.array([True, False, False, False]), np.array([0, 2]),
    )  # fmt: skip
    said = pool_subtitle(pool, "mean")
    assert said.startswith("1 true of 4 pairs of gene and candidate, 2 more without a candidate; by chance the average")
    assert "0.25" not in pool_subtitle(replace(pool, is_true=np.zeros(4, bool)), "mean")


def test_links_keep_what_was_chosen_and_refuse_the_rest():
    fields = link_fields()
    given = {"enh_gene": "G", "enh_by": "distance", "att_layer": "03", "att_head": "mean"}
    values, problems = read_values(given, fields)
    assert not problems
    assert [values[name] for name in given] == ["G", "distance", "3", MEAN]
    bad = {"enh_by": "best", "att_layer": "-1", "att_head": "9999", "enh_from": "x", "enh_cell": "\n"}
    values, problems = read_values(bad, fields)
    assert len(problems) == 5
    assert values["enh_by"] == "attention_activity"
