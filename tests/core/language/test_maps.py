"""Every way of showing an attention, against cases computed by hand and against the formulas of the papers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.cards import Provenance
from core.errors import SelectionError
from core.language import attention
from core.language.maps import (
    MapOptions,
    all_layer_maps,
    attention_map,
    frame,
    layer_maps,
    measures,
    merge_words,
    rollout,
    rollout_layers,
    sink_columns,
)
from core.language.values import AttentionResult, TokenSequence

PROVENANCE = Provenance("by hand", "", "random", "float32")
# Three tokens, "a" "b1" "b2", of which the last two are one word; two layers of two heads.
WORDS = TokenSequence(
    ("a", "b1", "b2"), ("a", "b1", "b2"), (0, 1, 2), ("a", "b"), ((0, 1), (1, 3)), (False, False, False)
)
WEIGHTS = np.array(
    [
        [[[1, 0, 0], [0.5, 0.5, 0], [0.2, 0.3, 0.5]], [[1, 0, 0], [0.9, 0.1, 0], [0.6, 0.4, 0]]],
        [[[1, 0, 0], [0, 1, 0], [0, 0, 1]], [[1, 0, 0], [1, 0, 0], [1, 0, 0]]],
    ],
    dtype=np.float32,
)
CLOSE = {"rtol": 0, "atol": 1e-6}


def by_hand(**changes: object) -> AttentionResult:
    given = {"kind": "causal", "provenance": PROVENANCE} | changes
    return AttentionResult.from_weights(WEIGHTS, WORDS, **given)


def shown(layer, head, result=None, **options):
    return attention_map(result or by_hand(), layer, head, MapOptions(**options))


def test_a_plain_map_is_the_head_itself():
    plain = shown(0, 1)
    np.testing.assert_array_equal(plain.weights, WEIGHTS[0, 1])
    assert plain.query_labels == ("a", "b1", "b2")
    assert plain.scale_top == 1
    assert not plain.notes


def test_words_sum_over_keys_and_average_over_queries():
    # Rows "b1" and "b2" of head (0, 0): on "a" 0.5 and 0.2, on "b" 0.5 and 0.8.
    np.testing.assert_allclose(shown(0, 0, by_word=True).weights, [[1, 0], [0.35, 0.65]], **CLOSE)


def test_a_hidden_sink_leaves_the_rest_of_each_row():
    # Without "a": row b1 has only b1; row b2 has 0.3 and 0.5 of 0.8; row a has nothing.
    hidden = shown(0, 0, hide_sink=True)
    np.testing.assert_allclose(hidden.weights, [[0, 0, 0], [0, 1, 0], [0, 0.375, 0.625]], **CLOSE)
    assert not hidden.allowed[0].any()
    assert not hidden.allowed[:, 0].any()
    # (0.5 + 0.2) / 2 of the rows that keep something.
    assert hidden.notes == ("a: hidden, 35% of this head's attention on average; the rest of each row is scaled "
                            "to sum to 1.",)  # fmt: skip


def test_a_row_that_was_all_sink_does_not_dilute_its_word():
    # Head (1, 1) looks only at "a": nothing is left, and nothing is divided by zero.
    assert not shown(1, 1, hide_sink=True).weights.any()
    merged = merge_words(np.array([[0, 0, 0], [0, 0.4, 0.6]], np.float32), np.array([[0, 0, 0], [0, 1, 1]], bool),
                         ((0, 2),), ((0, 1), (1, 3)))  # fmt: skip
    np.testing.assert_allclose(merged, [[0, 1]], **CLOSE)


def test_rollout_by_hand():
    # Layer 0: mean of heads [[1,0,0],[.7,.3,0],[.4,.35,.25]], half of it plus half the identity.
    first = np.array([[1, 0, 0], [0.35, 0.65, 0], [0.2, 0.175, 0.625]])
    np.testing.assert_allclose(rollout(by_hand(), 0), first, **CLOSE)
    # Layer 1: mean [[1,0,0],[.5,.5,0],[.5,0,.5]] -> A = [[1,0,0],[.25,.75,0],[.25,0,.75]], times the first.
    second = np.array([[1, 0, 0], [0.25, 0.75, 0], [0.25, 0, 0.75]]) @ first
    np.testing.assert_allclose(shown(1, 0, measure="rollout").weights, second, **CLOSE)
    np.testing.assert_allclose(shown(1, 1, measure="rollout").weights, second, **CLOSE)


def test_rollout_of_a_real_model_is_a_share(minilm):
    result = attention(minilm, "The animal didn't cross the street.")
    for flow in rollout_layers(result):
        np.testing.assert_allclose(flow.sum(axis=1), 1, **CLOSE)


def test_rollout_leaves_out_heads_that_are_off(storybook):
    off = [(0, head) for head in range(storybook.card.heads)]
    result = attention(storybook, "Once upon a time", without=off)
    np.testing.assert_array_equal(rollout(result, 0), np.eye(len(result.source), dtype=np.float32))


def test_summaries_over_heads_and_layers():
    np.testing.assert_allclose(shown(0, "mean").weights, WEIGHTS[0].mean(axis=0), **CLOSE)
    np.testing.assert_allclose(shown(0, "max").weights, WEIGHTS[0].max(axis=0), **CLOSE)
    np.testing.assert_allclose(shown("mean", 1).weights, WEIGHTS[:, 1].mean(axis=0), **CLOSE)
    np.testing.assert_allclose(shown("max", 0).weights, WEIGHTS[:, 0].max(axis=0), **CLOSE)
    np.testing.assert_allclose(shown("max", "mean").weights, WEIGHTS.mean(axis=1).max(axis=0), **CLOSE)
    np.testing.assert_array_equal(by_hand().weights, WEIGHTS)  # none of it wrote into the result


@pytest.mark.parametrize("measure", ["weight", "norm", "rollout"])
@pytest.mark.parametrize("by_word", [False, True])
@pytest.mark.parametrize("hide_sink", [False, True])
def test_every_combination_is_the_layer_map_of_its_head(minilm, measure, by_word, hide_sink):
    result = attention(minilm, "The animal didn't cross the street because it was too tired.")
    options = MapOptions(measure, by_word, hide_sink)
    common = frame(result, options)
    layers = list(all_layer_maps(result, options))
    assert len(layers) == 6
    for layer in (0, 3):
        maps = layer_maps(result, layer, options)
        np.testing.assert_allclose(layers[layer], maps, **CLOSE)
        one = attention_map(result, layer, 1, options)
        np.testing.assert_allclose(one.weights, maps[-1 if measure == "rollout" else 1], **CLOSE)
        assert one.weights.shape == (len(common.query_labels), len(common.key_labels))
        assert not one.weights[~one.allowed].any()
        if common.scale_top:
            np.testing.assert_allclose(one.weights[one.allowed.any(axis=1)].sum(axis=1), 1, **CLOSE)


@pytest.mark.parametrize("name", ["storybook", "minilm"])
def test_norms_are_those_of_what_a_head_adds(name, request):
    """Kobayashi et al. 2020: the norm of alpha_ij v_j W_O, computed here from the module's own matrices."""
    model = request.getfixturevalue(name)
    result = attention(model, "The fox and the dog.")
    layer, head = 2, 1
    weights = torch.tensor(result.head(layer, head))
    ids = torch.tensor([result.source.ids])
    with torch.inference_mode():
        if name == "storybook":
            block, body = model.module.transformer.h[layer], model.module.transformer
            state = body(input_ids=ids, output_hidden_states=True).hidden_states[layer][0]
            size = body.config.n_embd // body.config.n_head
            values = block.attn.c_attn(block.ln_1(state))[:, 2 * body.config.n_embd :]
            output = block.attn.c_proj.weight
        else:
            body = model.module.base_model
            state = body(input_ids=ids, output_hidden_states=True).hidden_states[layer][0]
            size = body.config.hidden_size // body.config.num_attention_heads
            values = body.encoder.layer[layer].attention.self.value(state)
            output = body.encoder.layer[layer].attention.output.dense.weight.T
        part = slice(head * size, (head + 1) * size)
        moved = values[:, part] @ output[part]  # (key, width)
        expected = (weights[:, :, None] * moved[None]).norm(dim=-1).numpy()
    found = attention_map(result, layer, head, MapOptions("norm"))
    np.testing.assert_allclose(found.weights, expected, rtol=1e-5, atol=1e-6)
    assert found.scale_top is None


def test_sinks(minilm, storybook):
    encoder = attention(minilm, "A fox.")
    assert [encoder.tokens[i] for i in np.flatnonzero(sink_columns(encoder))] == ["[CLS]", "[SEP]"]
    assert np.flatnonzero(sink_columns(attention(storybook, "A fox runs."))).tolist() == [0]
    assert np.flatnonzero(sink_columns(by_hand(kind="bidirectional"))).tolist() == [0]


def test_what_is_not_there_is_refused():
    cross = AttentionResult.from_weights(
        np.full((1, 1, 2, 3), 1 / 3), ("a", "b", "c"), ("x", "y"), kind="cross", provenance=PROVENANCE
    )
    assert measures(cross) == ("weight",)
    with pytest.raises(SelectionError, match="Rollout needs the same tokens on both sides"):
        attention_map(cross, 0, 0, MapOptions("rollout"))
    with pytest.raises(SelectionError, match="values of by hand are not known"):
        shown(0, 0, measure="norm")
    with pytest.raises(SelectionError, match="Layer 2 does not exist: by hand has layers 0 to 1"):
        shown(2, 0)
    with pytest.raises(SelectionError, match="Head median does not exist"):
        shown(0, "median")
    with pytest.raises(SelectionError, match="only the weights after softmax"):
        by_hand().layer_logits(0)


def test_recorded_weights_are_checked():
    with pytest.raises(ValueError, match="sum to 1"):
        AttentionResult.from_weights(WEIGHTS * 2, WORDS, kind="causal", provenance=PROVENANCE)
    with pytest.raises(ValueError, match="do not fit"):
        AttentionResult.from_weights(WEIGHTS, ("a", "b"), kind="causal", provenance=PROVENANCE)
    with pytest.raises(ValueError, match="finite"):
        AttentionResult.from_weights(np.full((1, 1, 1, 1), np.nan), ("a",), kind="causal", provenance=PROVENANCE)
