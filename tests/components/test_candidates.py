"""Pictures, rows, files and sentences of candidate enhancers, and of attention against contributions."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import numpy as np
import pytest

from components.browser.scene import AttentionRow, SignalRow
from components.contributions.against_attention import against_csv, against_drawing, against_rows
from components.contributions.enhancer_state import link_fields
from components.contributions.enhancer_words import HOW, curves_subtitle, verdict
from components.contributions.enhancers import (
    MADE_FROM,
    candidate_rows,
    candidates_csv,
    candidates_table,
    file_stem,
)
from components.drawing import Drawing, Line, Rect, Text, drawing_payload
from components.enhancers.curves import curves_drawing
from components.enhancers.table import MOST_ROWS
from components.links import read_values
from core.attribution.against_attention import against_attention
from core.attribution.enhancer_curves import scored_pairs
from core.attribution.enhancers import SCORES, EnhancerScores
from core.attribution.labels import FALSE, TRUE, UNTESTED, Known
from core.attribution.target import Target
from core.attribution.values import ContributionScores
from core.cards import Provenance
from core.enformer.attending import AttentionProfile
from core.enformer.candidates import Candidate
from core.genome import Interval

TOLD = Provenance("Toy", "0123", "random", assembly="toy")
TARGET = Target((0,), (3, 4, 5), "mean of CAGE:K562 (0) over 3 bins at the G*1 TSS")
LABELS = (FALSE, TRUE, UNTESTED)


def ranking(*, count: int = 3, shares: bool = True, known: bool = True) -> EnhancerScores:
    picks = np.arange(count) % 3
    losses = np.array([[0.5, 0.7], [2.0, 2.0], [-0.4, -0.6]], np.float32)[picks]
    labels = np.array(LABELS, np.int8)[picks]
    if shares:
        labels = np.maximum(labels, 0).astype(np.int8)
    return EnhancerScores(
        gene="G*1", tss=500, cell_type="K562", target=TARGET, target_value=4.0, seen=Interval("chr1", 0, 128_000),
        candidates=tuple(
            Candidate(Interval("chr1", 1_000 * n, 1_000 * n + 200), f"c{n}") for n in range(1, count + 1)
        ),
        scores={
            "contribution": np.array([3.0, 12.0, 1.0])[picks], "mutagenesis": losses.mean(axis=1, dtype=np.float64),
            "attention": np.array([0.02, 0.3, 0.0001])[picks], "distance": np.array([2.0, 0.5, 0.3])[picks],
        },
        distances_bp=np.array([500.0, 2_000, 3_000])[picks], provenance=TOLD, losses=losses,
        known=Known(labels, 1, "tests.tsv", np.array([0.05, 0.6, 0.0])[picks] if shares else None) if known else None,
    )  # fmt: skip


def table(given: EnhancerScores | None = None, score: str = "mutagenesis", **options) -> Drawing:
    return candidates_table(given or ranking(), score, provenance="Toy", **options)


def texts(drawing: Drawing) -> list[str]:
    return [shape.text for shape in drawing.shapes if isinstance(shape, Text)]


def test_rows_come_in_the_order_of_the_score():
    assert [t for t in texts(table()) if " c" in t] == ["1  c2", "2  c1", "3  c3"]
    assert [t for t in texts(table(score="distance")) if " c" in t] == ["1  c1", "2  c2", "3  c3"]
    assert "Mutagenesis ▾" in texts(table())
    assert "1 / distance ▾" in texts(table(score="distance"))


def test_bars_whiskers_and_the_truth():
    drawing = table()
    column = next(n for n, score in enumerate(SCORES) if score.name == "mutagenesis")
    bars = [s for s in drawing.shapes if isinstance(s, Rect) and s.fill == "third" and s.left.column == column]
    np.testing.assert_allclose([bar.right.column - column for bar in bars], [0.56, 0.56 * 0.3, 0])
    whiskers = [s for s in drawing.shapes if isinstance(s, Line) and s.start.column is not None]
    np.testing.assert_allclose(
        [[line.start.column - column, line.end.column - column] for line in whiskers], [[0.56 * 0.25, 0.56 * 0.35]]
    )  # the others do not vary, or lie below 0
    assert "−0.500" in texts(drawing)
    assert "60% true" in texts(drawing)
    (tooltip,) = (s.tooltip for s in drawing.shapes if isinstance(s, Rect) and s.click == {"candidate": "1000-1200"})
    assert "0.600 ± 0.100 over 2 shuffles, 15% of the predicted expression" in tooltip
    assert drawing_payload(drawing)


def test_tests_are_words_and_what_is_not_known_yet_says_so():
    drawing = table(ranking(shares=False))
    assert [t for t in texts(drawing) if t in ("true", "no", "not tested")] == ["true", "no", "not tested"]
    partial = ranking()
    scores = {name: values.copy() for name, values in partial.scores.items()}
    scores["mutagenesis"][1] = np.nan
    losses = partial.losses.copy()
    losses[1] = np.nan
    drawing = table(replace(partial, scores=scores, losses=losses))
    assert texts(drawing).count("not yet") == 1
    assert [t for t in texts(drawing) if " c" in t] == ["1  c1", "2  c3", "3  c2"]
    assert drawing_payload(drawing)
    (row,) = candidate_rows(replace(partial, scores=scores, losses=losses), "mutagenesis")
    assert "not yet" in row.regions[1].about


def test_columns_that_are_not_there_and_no_candidate():
    full = ranking(known=False)
    bare = replace(full, scores={name: full.scores[name] for name in ("attention", "distance")}, losses=None)
    drawing = table(bare, "attention")
    assert drawing.columns == 2
    assert [key.label for key in drawing.legend] == [MADE_FROM[1].label, MADE_FROM[2].label]
    none = replace(
        full, candidates=(), scores={"distance": np.zeros(0)}, distances_bp=np.zeros(0), losses=None, known=None
    )
    assert "No candidate lies in chr1:1-128,000" in table(none, "distance").description
    assert verdict(none, "distance") == ""
    many = table(ranking(count=40))
    assert len([c for c in many.clicks if "candidate" in c]) == MOST_ROWS
    assert f"The first {MOST_ROWS} of 40 are shown" in many.subtitle


def test_presses_and_the_row_of_the_browser():
    clicks = table(picked="1000-1200").clicks
    assert clicks[: len(SCORES)] == tuple({"score": score.name} for score in SCORES)
    assert clicks[len(SCORES) :] == tuple({"candidate": f"{n}-{n + 200}"} for n in (2000, 1000, 3000))
    (row,) = candidate_rows(ranking(), "mutagenesis", picked="1000-1200")
    assert [mark.name for mark in row.regions] == ["2", "1", "3"]
    assert [mark.outlined for mark in row.regions] == [True, True, False]
    assert row.regions[1].strength == 1 > row.regions[0].strength > row.regions[2].strength > 0


def test_the_file_has_everything():
    file = candidates_csv(ranking(shares=False), source="peaks", layer=1, head=None)
    rows = list(csv.DictReader(io.StringIO(file.decode())))
    assert [row["label"] for row in rows] == ["false", "true", "not tested"]
    assert float(rows[1]["mutagenesis"]) == 2
    assert float(rows[0]["mutagenesis_spread"]) == pytest.approx(0.1)
    assert (rows[0]["start"], rows[0]["end"], rows[0]["gene"]) == ("1000", "1200", "G*1")
    assert (rows[0]["target"], rows[0]["attention_of"]) == (TARGET.name, "layer 1, mean of its heads")
    assert rows[0]["contribution_is"] == "sum of |gradient × input|"
    assert file_stem(ranking()) == "candidates-g-1-k562"


def test_sentences():
    said = verdict(ranking(), "mutagenesis").replace("\\", "")
    assert "**c2** comes first, 2,000 bp from the start of **G*1**" in said
    assert "When it is shuffled, the predicted expression falls by 50%" in said
    assert said.endswith("True: it gives 60% of the expression.")
    assert "Not true: it gives 5%" in verdict(ranking(), "distance")
    assert verdict(ranking(shares=False), "mutagenesis").replace("\\", "").endswith("True, by tests.tsv.")
    assert "true" not in verdict(ranking(known=False), "attention").lower()
    one = scored_pairs([ranking(shares=False)])
    assert curves_subtitle(one) == (
        "1 true of 2 tested candidates (labels: tests.tsv), 1 more without a candidate; 1 candidate is not tested and "
        "left out. In brackets the middle 95 % over resampled candidates. So few say little about a score."
    )
    assert "of 2 genes" in curves_subtitle(scored_pairs([ranking(), ranking()]))
    assert all(score.title in HOW for score in SCORES)


def test_curves_of_every_score():
    pairs = scored_pairs([ranking(), ranking()])
    drawing = curves_drawing(
        pairs.curves(), title="t", subtitle="s", provenance="p", file_name="f", scores=SCORES, made_from=MADE_FROM
    )
    assert drawing.columns == len(SCORES)
    assert [t for t in texts(drawing) if t in {score.title for score in SCORES}] == [score.title for score in SCORES]
    assert drawing_payload(drawing)


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("ctb_enh_by", "mutagenesis", ""),
        ("ctb_enh_by", "shoe size", "ctb_enh_by"),
        ("ctb_enh_from", "states", ""),
        ("ctb_att_layer", "3", ""),
        ("ctb_att_layer", "x", "layer 'x'"),
        ("ctb_enh_gene", "a" * 300, "too long"),
    ],
)
def test_links(name, value, problem):
    values, problems = read_values({name: value}, link_fields())
    assert (values.get(name) == value) == (not problem)
    assert problem in " ".join(problems)


def against(bins: int = 16, size: int = 8):
    place = Interval("chr1", 800, 800 + bins * size)
    weights = np.random.default_rng(0).dirichlet(np.ones(bins), (2, 3)).astype(np.float32)
    profile = AttentionProfile(weights, weights, (7, 8), size, place, TOLD, "0" * 64)
    values = np.zeros((bins * size, 4), np.float32)
    values[:, 0] = np.random.default_rng(1).standard_normal(bins * size)
    scores = ContributionScores(values, "gradient_x_input", "A" * bins * size, 0, TARGET, 1.0, TOLD, place)
    return against_attention(scores, profile, layer=1), profile


def test_attention_against_contributions_as_picture_rows_and_file():
    found, profile = against()
    drawing = against_drawing(found, provenance="Toy")
    assert drawing.description == found.sentence
    assert drawing_payload(drawing)
    graphs = [shape for shape in drawing.shapes if hasattr(shape, "heights")]
    assert [len(graph.heights) for graph in graphs] == [16, 16, 16]
    counted = np.array(graphs[0].heights)[found.counted]
    assert counted.max() == max(graphs[0].heights)
    signal, attention = against_rows(found, profile, name="the start of G")
    assert isinstance(signal, SignalRow)
    assert isinstance(attention, AttentionRow)
    np.testing.assert_array_equal(signal.pieces[0].values, found.contribution)
    np.testing.assert_array_equal(attention.weights.values, found.attention)
    lines = against_csv(found).decode().splitlines()
    assert len(lines) == 3 + 16
    assert lines[3].startswith("chr1,800,808,")
