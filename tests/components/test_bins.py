"""Attention between bins: labels, the row along the genome, the script."""

from __future__ import annotations

import runpy

import numpy as np
import pytest

from components.attention import attention_payload, shown_labels
from components.bins import interval_of, python_recipe, row_scene
from components.browser.payload import scene_payload
from components.browser.scene import GeneRow
from core.enformer import EnformerEngine
from core.enformer.whole_attention import whole_attention
from core.genome import Interval
from core.language.maps import MapOptions, attention_map
from tests.core.enformer.engine_toys import letters, small


@pytest.fixture(scope="module")
def result():
    sequence = letters(16 * 30)
    return whole_attention(EnformerEngine(small()), sequence, interval=Interval("chr7", 1600, 1600 + len(sequence)))


def test_rows_are_named_by_their_first_base_and_told_without_a_sentence(result):
    payload = attention_payload(result, (1,), 2)
    assert payload["labels"]["queries"][:2] == ["1,601", "1,617"]
    assert payload["labels"]["query_name"] == "Query: the bin that looks, by its first base on chr7"
    assert payload["labels"]["one_text"] is True
    assert payload["sentence"] is False
    assert "each bin looks at all bins" in payload["subtitle"]
    assert shown_labels(result, attention_map(result, 1, 2)).key_labels == tuple(payload["labels"]["keys"])


def test_a_row_along_the_genome(result):
    weights = attention_map(result, 1, 2).weights
    made = row_scene(result, weights[3], 3, (1, 2), MapOptions(), contig_bp=10_000)
    assert made.interval == Interval("chr7", 1600, 2080) == interval_of(result)
    scene = made.with_genes(GeneRow(id="genes", title="Genes"), "hg38")
    row = scene.rows[0]
    np.testing.assert_array_equal(row.weights.values, weights[3])
    assert (row.weights.start_bp, row.weights.bin_bp, row.from_start, row.from_end) == (1600, 16, 1648, 1664)
    assert scene.assembly == "hg38"
    most = int(weights[3].argmax())
    assert f"looks most at chr7:{1601 + 16 * most:,}-" in scene.description
    assert scene_payload(scene)["rows"]


def test_a_window_that_overhangs_is_shown_on_the_chromosome(result):
    weights = attention_map(result, 0, 0).weights
    made = row_scene(result, weights[0], 0, (0, 0), MapOptions("rollout"), contig_bp=2_000)
    assert made.scene.loaded == (1600, 2000)
    assert "attention rollout" in made.scene.rows[0].about


@pytest.mark.parametrize("options", [MapOptions(), MapOptions("rollout")])
def test_the_script_runs(tmp_path, monkeypatch, capsys, options):
    monkeypatch.chdir(tmp_path)
    code = python_recipe("playground", "playground", ("sim1", 460_260, 509_412), (0, 1), 1, options)
    (tmp_path / "made.py").write_text(code)
    runpy.run_path("made.py")
    assert (tmp_path / "attention.html").exists()
    assert "(384, 384)" in capsys.readouterr().out
