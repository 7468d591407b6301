"""The attention picture's payload and its proof line."""

from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import replace

import numpy as np
import pytest

from components.attention import (
    attention_payload,
    head_words,
    largest_weight,
    off_words,
    proof_sentence,
    scale_end,
    shown_layers,
)
from core.language.maps import MapOptions, attention_map
from tests.core.language.test_values import result_of


def result(layers=6):
    rng = np.random.default_rng(0)
    allowed = np.tril(np.ones((4, 4), dtype=bool))
    shape = (layers, 3, 4, 5)
    return result_of(rng.normal(size=shape), rng.normal(size=shape), allowed=allowed)


def test_one_head():
    payload = attention_payload(result(), (2,), 1)
    (panel,) = payload["panels"]
    weights = np.frombuffer(b64decode(panel["weights"]), "<f4").reshape(4, 4)
    np.testing.assert_array_equal(weights, result().head(2, 1))
    assert payload["title"] == "toy: layer 2, head 1"
    assert payload["provenance"] == "toy · random weights 0 · float32"
    assert "looks at itself and to the left" in payload["subtitle"]
    json.dumps(payload)


def test_the_assignment_shows_four_depths_on_one_scale():
    payload = attention_payload(result(), shown_layers(result(), 0, "depths"), 1)
    assert [panel["title"] for panel in payload["panels"]] == [
        f"Layer {n}, head 1" for n in shown_layers(result(), 0, "depths")
    ]
    assert shown_layers(result(12), 0, "depths") == (0, 2, 6, 11)
    assert payload["scale_max"] == 1.0


def test_proof_line():
    sentence = proof_sentence(result(), (0, 5), 1)
    assert sentence.startswith("Check: rows of 2 heads sum to 1 within ")
    assert float(sentence.split("within ")[1].split(";")[0]) < 1e-6
    assert sentence.endswith("largest weight on a masked position 0.")
    open_result = result_of(np.ones((1, 1, 2, 3)), np.ones((1, 1, 2, 3)))
    assert proof_sentence(open_result, (0,), 0).endswith("nothing is masked.")


def test_the_proof_of_a_summary_covers_all_its_heads():
    assert proof_sentence(result(), (2,), "mean").startswith("Check: rows of 3 heads sum to 1 within ")
    assert proof_sentence(result(), ("max",), "max").startswith("Check: rows of 18 heads sum to 1 within ")


def test_the_first_row_of_a_causal_head_does_not_set_the_colours():
    weights = result().head(2, 1)
    assert weights[0, 0] == 1
    shown = attention_map(result(), 2, 1)
    assert largest_weight([shown]) == weights[1:].max() < 1
    assert scale_end([shown], "one") == 1
    assert scale_end([shown], "largest") == largest_weight([shown])
    only = result_of(np.ones((1, 1, 1, 3)), np.ones((1, 1, 1, 3)))
    assert largest_weight([attention_map(only, 0, 0)]) == 1


@pytest.mark.parametrize(
    ("layer", "head", "options", "words"),
    [
        (3, 1, {}, "layer 3, head 1"),
        (3, "mean", {}, "layer 3, mean over heads"),
        ("max", 1, {}, "max over layers, head 1"),
        ("mean", "mean", {}, "mean over all heads and layers"),
        (3, 1, {"measure": "rollout"}, "rollout up to layer 3"),
    ],
)
def test_heads_in_words(layer, head, options, words):
    assert head_words(layer, head, MapOptions(**options)) == words


def test_a_hidden_sink_is_said_in_the_picture():
    payload = attention_payload(result(), (2,), 1, MapOptions(hide_sink=True))
    assert "; 0: hidden, " in payload["subtitle"]
    assert payload["mask_label"] == "masked or hidden"
    assert payload["unit"] == "attention weight, share without 0"


def test_log_colours_and_a_window():
    payload = attention_payload(result(), (2,), 1, scale="log", window=(1, 3, 0, 2), locked=2)
    assert (payload["scale"], payload["window"], payload["locked"]) == ("log", [1, 3, 0, 2], 2)


def test_heads_that_are_off_are_named():
    off = replace(result(), without=tuple((0, head) for head in range(6)))
    assert off_words(off) == "without L0 H0, L0 H1, L0 H2, L0 H3 and 2 more heads"
    assert "without L0 H0" in attention_payload(off, (2,), 1)["subtitle"]
    assert off_words(result()) == ""
