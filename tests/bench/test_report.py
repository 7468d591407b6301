"""The benchmark's own words and texts; no timing is asserted anywhere."""

from __future__ import annotations

import json

import pytest

from core.language import load_model
from tests.bench.report import Case, machine, table, write
from tests.bench.texts import text_of


def test_a_case_says_whether_its_aim_was_met():
    met = Case("start", "cold start", "s", (5.0, 7.0, 4.0), 6)
    assert met.row() == "| cold start | 5 s | 4 s – 7 s | aim <= 6 s: met |"
    missed = Case("start", "cold start", "s", (7.0,), 6)
    assert missed.row() == "| cold start | 7 s | one run | aim <= 6 s: missed |"
    assert Case("payload", "heatmap", "bytes", (1234567,)).row() == "| heatmap | 1,234,567 bytes | one run |  |"
    assert table([met]).splitlines()[2:] == [met.row()]


def test_groups_of_an_earlier_run_are_kept(tmp_path):
    path = tmp_path / "build" / "bench.json"
    described = machine()
    write(path, [Case("a", "one", "s", (1.0,)), Case("b", "two", "s", (2.0,))], described)
    write(path, [Case("b", "two", "s", (3.0, 4.0))], described)
    groups = json.loads(path.read_text())["groups"]
    assert {name: [case["values"] for case in group["cases"]] for name, group in groups.items()} == {
        "a": [[1.0]],
        "b": [[3.0, 4.0]],
    }
    assert groups["b"]["machine"]["torch"]


@pytest.mark.parametrize("name", ["minilm", "storybook-gpt"])
def test_texts_have_exactly_the_wanted_length_and_differ(name):
    model = load_model(name)
    for tokens in (11, 100):
        texts = {text_of(model, tokens, seed) for seed in range(3)}
        assert len(texts) == 3
        assert {len(model.tokenizer.encode(text).sequence) for text in texts} == {tokens}
