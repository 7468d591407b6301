"""What the head grid is made from."""

from __future__ import annotations

import numpy as np
import pytest

from components.all_heads import GridWords, grid_heads, grid_payload
from core.language.maps import MapOptions, layer_maps, rollout
from tests.core.language.test_values import result_of

NO_WORDS = GridWords()


def result():
    rng = np.random.default_rng(0)
    allowed = np.tril(np.ones((4, 4), dtype=bool))
    return result_of(rng.normal(size=(2, 3, 4, 5)), rng.normal(size=(2, 3, 4, 5)), allowed=allowed)


def test_every_head_comes_once_with_its_map_and_role():
    heads = list(grid_heads(result(), words=GridWords({(1, 2): "looks one token back"})))
    assert [(h.layer, h.head) for h in heads] == [(layer, head) for layer in (0, 1) for head in (0, 1, 2)]
    np.testing.assert_array_equal(heads[5].weights, result().head(1, 2))
    assert heads[5].name == "Layer 1, head 2"
    assert heads[5].role == "looks one token back"


@pytest.mark.parametrize("extra", ["mean", "max"])
def test_summaries_over_heads_over_layers_and_over_all(extra):
    found = {h.place: h.weights for h in grid_heads(result(), words=NO_WORDS, extra=extra)}
    weights = result().weights
    summary = getattr(np, extra)
    assert len(found) == 6 + 2 + 3 + 1
    np.testing.assert_allclose(found[1, None, extra], summary(weights[1], axis=0), atol=1e-6)
    np.testing.assert_allclose(found[None, 2, extra], summary(weights[:, 2], axis=0), atol=1e-6)
    np.testing.assert_allclose(found[None, None, extra], summary(weights, axis=(0, 1)), atol=1e-6)


def test_rollout_has_one_picture_a_layer():
    heads = list(grid_heads(result(), MapOptions("rollout"), words=NO_WORDS))
    assert [h.name for h in heads] == ["Rollout up to layer 0", "Rollout up to layer 1"]
    np.testing.assert_array_equal(heads[1].weights, rollout(result(), 1))
    grid_payload(result(), MapOptions("rollout"), words=NO_WORDS, extra="mean")


def test_the_grid_shows_what_the_large_picture_shows():
    options = MapOptions("weight", hide_sink=True)
    heads = list(grid_heads(result(), options, words=NO_WORDS))
    np.testing.assert_array_equal(heads[4].weights, layer_maps(result(), 1, options)[1])


def test_a_score_orders_the_grid():
    words = GridWords({}, {(0, 1): (0.5, "0.50"), (1, 0): (0.9, "0.90")}, "looks one token back")
    payload = grid_payload(result(), words=words, extra="mean", chosen=(1, 0))
    assert isinstance(payload, bytes)
    assert b"ordered by: looks one token back" in payload
    assert b"over heads" not in payload  # summaries have no score
