"""`AttentionResult` and its mathematics, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from core.cards import Provenance
from core.errors import DeviceMemoryError
from core.language.tokenization import ids_sequence
from core.language.values import AttentionResult, TokenSequence, attention_weights, nearest_layers, proof


def result_of(queries, keys, *, allowed=None, scale=1.0):
    length, key_length = queries.shape[2], keys.shape[2]
    return AttentionResult(
        kind="causal",
        source=ids_sequence(tuple(range(key_length))),
        target=ids_sequence(tuple(range(length))),
        allowed=np.ones((length, key_length), dtype=bool) if allowed is None else allowed,
        queries=queries.astype(np.float32),
        keys=keys.astype(np.float32),
        scales=np.full(queries.shape[0], scale, dtype=np.float32),
        provenance=Provenance("toy", "0", "random"),
    )


def test_worked_softmax_of_the_lecture():
    weights = attention_weights(np.array([[14.0, 12.0]]), np.array([[True, True]]))
    np.testing.assert_allclose(weights, [[0.8808, 0.1192]], atol=5e-5)


def test_mask_takes_the_whole_weight_away():
    logits = np.array([[1.0, 100.0], [0.0, 0.0]])
    weights = attention_weights(logits, np.array([[True, False], [True, True]]))
    np.testing.assert_array_equal(weights, [[1.0, 0.0], [0.5, 0.5]])


def test_head_by_hand():
    # q1.k1 * scale = ln 3, q1.k2 * scale = 0: weights 3/4 and 1/4.
    queries = np.array([[[[np.log(9.0), 0.0]]]])
    keys = np.array([[[[1.0, 0.0], [0.0, 1.0]]]])
    result = result_of(queries, keys, allowed=np.array([[True, True]]), scale=0.5)
    np.testing.assert_allclose(result.head(0, 0), [[0.75, 0.25]], atol=1e-6)
    np.testing.assert_allclose(result.layer(0)[0], result.head(0, 0))
    np.testing.assert_allclose(result.weights[0, 0], result.head(0, 0))


def test_arrays_are_read_only_and_shapes_are_checked():
    rng = np.random.default_rng(0)
    result = result_of(rng.normal(size=(1, 2, 3, 4)), rng.normal(size=(1, 2, 3, 4)))
    with pytest.raises(ValueError, match="read-only"):
        result.weights[0, 0, 0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        result.queries[0] = 1
    with pytest.raises(ValueError, match="do not fit"):
        result_of(rng.normal(size=(1, 2, 3, 4)), rng.normal(size=(1, 3, 3, 4)))
    with pytest.raises(ValueError, match="may look at no key"):
        result_of(rng.normal(size=(1, 1, 2, 4)), rng.normal(size=(1, 1, 2, 4)), allowed=np.zeros((2, 2), dtype=bool))


def test_all_weights_at_once_are_refused_when_huge(monkeypatch):
    rng = np.random.default_rng(0)
    result = result_of(rng.normal(size=(1, 2, 3, 4)), rng.normal(size=(1, 2, 3, 4)))
    monkeypatch.setattr("core.language.values.FULL_WEIGHTS_BYTES", 10)
    with pytest.raises(DeviceMemoryError, match=r"ask for one layer \(.layer\) or one head"):
        _ = result.weights


def test_proof_finds_what_is_wrong():
    allowed = np.array([[True, False], [True, True]])
    found = proof(np.array([[0.9, 0.2], [0.5, 0.5]]), allowed)
    assert found.row_sum_error == pytest.approx(0.1)
    assert found.masked_weight == pytest.approx(0.2)
    assert proof(np.array([[1.0]]), np.array([[True]])).masked_weight == 0.0


def test_word_spans_must_cover_all_tokens():
    with pytest.raises(ValueError, match="cover"):
        TokenSequence(("a", "b"), ("a", "b"), (0, 1), ("a",), ((0, 1),), (False, False))


def test_nearest_layers():
    assert nearest_layers(12) == (0, 2, 6, 11)
    assert nearest_layers(6) == (0, 1, 3, 5)
    assert nearest_layers(3) == (0, 1, 2)
    assert nearest_layers(1) == (0,)
    assert nearest_layers(24)[-1] == 23
