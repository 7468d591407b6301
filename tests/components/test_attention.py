"""The attention picture's payload and its proof line."""

from __future__ import annotations

import json
from base64 import b64decode

import numpy as np

from components.attention import attention_payload, largest_weight, proof_sentence, shown_layers
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
    assert sentence.startswith("Check: rows sum to 1 within ")
    assert float(sentence.split("within ")[1].split(";")[0]) < 1e-6
    assert sentence.endswith("largest weight on a masked position 0.")
    open_result = result_of(np.ones((1, 1, 2, 3)), np.ones((1, 1, 2, 3)))
    assert proof_sentence(open_result, (0,), 0).endswith("nothing is masked.")


def test_the_first_row_of_a_causal_head_does_not_set_the_colours():
    weights = result().head(2, 1)
    assert weights[0, 0] == 1
    assert largest_weight(result(), (2,), 1) == weights[1:].max() < 1
    assert largest_weight(result_of(np.ones((1, 1, 1, 3)), np.ones((1, 1, 1, 3))), (0,), 0) == 1
