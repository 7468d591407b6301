"""The head grid's payload, by construction: what goes in comes out of what the browser gets."""

from __future__ import annotations

import gc
import json
import math
import weakref

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from components.canvas.payload import MAX_PAYLOAD_BYTES
from components.head_grid import (
    GridHead,
    OpenedHead,
    _read_opened,
    head_grid_payload,
    opened_head,
    read_head_grid,
)
from components.head_grid.thumbnails import TOP_LEVEL, largest_of_blocks
from components.pooling import max_pool

PAGE = """
import numpy as np
from components.head_grid import GridHead, head_grid_payload, opened_head, render_head_grid
heads = [GridHead(0, i, f"Layer 0, head {i}", "", np.eye(3)) for i in range(2)]
payload = head_grid_payload(heads, np.ones((3, 3)), layers=1, heads_per_layer=2, title="<b>T</b>", provenance="P")
render_head_grid(payload, key="grid", on_open=lambda: opened_head("grid"))
"""


def causal(tokens: int, seed: int = 0) -> np.ndarray:
    scores = np.tril(np.random.default_rng(seed).random((tokens, tokens), dtype=np.float32) + 0.01)
    return scores / scores.sum(axis=1, keepdims=True)


def one(weights, layer=0, head=0, **options):
    return GridHead(layer, head, f"Layer {layer}, head {head}", "", weights, **options)


def payload_of(heads, allowed, *, layers=1, heads_per_layer=1, **options):
    return head_grid_payload(
        heads, allowed, layers=layers, heads_per_layer=heads_per_layer, title="All", provenance="Toy", **options
    )


def weights_of(payload, index=0):
    """Weights again, by the formula in the docstring of `levels_of`."""
    header, allowed, levels = read_head_grid(payload)
    head, level = header["heads"][index], levels[index].astype(float)
    if header["log"]:
        weights = np.where(level > 0, head["peak"] * 10 ** (-header["log"] * (TOP_LEVEL - level) / (TOP_LEVEL - 1)), 0)
    else:
        weights = level / TOP_LEVEL * head["peak"]
    return np.where(allowed, np.where(level > TOP_LEVEL, head["largest"], weights), 0)


@pytest.mark.parametrize(("queries", "keys"), [(1, 1), (3, 5), (11, 11), (7, 128)])
def test_weights_come_back_within_half_a_level(queries, keys):
    random = np.random.default_rng(1)
    allowed = random.random((queries, keys)) < 0.8
    allowed[0] = True
    maps = [random.random((queries, keys), dtype=np.float32) * top for top in (1, 0.01)]
    payload = payload_of([one(maps[i], head=i) for i in range(2)], allowed, heads_per_layer=2)
    header, mask, _ = read_head_grid(payload)
    assert header["shape"] == header["tokens"] == [queries, keys]
    assert header["note"] == ""
    np.testing.assert_array_equal(mask, allowed)
    for i, weights in enumerate(maps):
        shown = np.where(allowed, weights, 0)
        counted = np.where(allowed.sum(axis=1, keepdims=True) > 1, shown, 0)
        peak = counted.max() if (allowed.sum(axis=1) > 1).any() else shown.max()
        assert header["heads"][i]["peak"] == peak
        clipped = shown > peak
        np.testing.assert_allclose(weights_of(payload, i)[~clipped], shown[~clipped], atol=peak / TOP_LEVEL / 2 + 1e-9)


def test_log_levels_keep_four_decades():
    weights = np.array([[1, 0.1, 0.01, 0.001, 0.0001, 0.00001, 0]], np.float32)
    back = weights_of(payload_of([one(weights)], np.ones((1, 7)), log=True))[0]
    np.testing.assert_allclose(back[:5], weights[0, :5], rtol=0.02)
    assert list(back[5:]) == [0, 0]


def test_the_only_key_a_query_may_look_at_does_not_set_the_scale():
    weights = np.array([[1, 0, 0], [0.75, 0.25, 0], [0.5, 0.25, 0.25]], np.float32)
    payload = payload_of([one(weights)], np.tril(np.ones((3, 3))), query_labels="abc", key_labels="xyz")
    header, _, levels = read_head_grid(payload)
    assert (header["top"], header["heads"][0]["peak"], header["heads"][0]["largest"]) == (0.75, 0.75, 1)
    assert (header["heads"][0]["at"], header["heads"][0]["pair"]) == ([1, 0], ["b", "x"])
    assert levels[0, 0, 0] == 255
    np.testing.assert_allclose(weights_of(payload), weights, atol=0.002)


def test_a_spike_survives_pooling_and_keeps_its_exact_value_and_place():
    weights = np.full((1024, 1000), 1e-4, np.float32)
    weights[701, 333] = 0.87654321
    header, allowed, levels = read_head_grid(payload_of([one(weights)], np.ones_like(weights, bool)))
    assert (header["pool"], header["shape"]) == ([8, 8], [128, 125])
    assert "8 × 8" in header["note"]
    assert header["heads"][0]["peak"] == float(np.float32(0.87654321))
    assert header["heads"][0]["at"] == [701, 333]
    assert np.argwhere(levels[0] == TOP_LEVEL).tolist() == [[701 // 8, 333 // 8]]
    assert allowed.all()


@pytest.mark.parametrize(("shape", "block"), [((8, 8), (2, 4)), ((5, 7), (2, 3)), ((3, 3), (1, 1)), ((4, 1), (3, 1))])
def test_blocks_are_those_of_max_pool(shape, block):
    random = np.random.default_rng(3)
    weights, allowed = random.random(shape, dtype=np.float32), random.random(shape) < 0.6
    expected, seen, _ = max_pool(weights, allowed, *block)
    np.testing.assert_array_equal(largest_of_blocks(np.where(allowed, weights, np.float32(0)), *block), expected)
    np.testing.assert_array_equal(largest_of_blocks(allowed.astype(np.uint8), *block), seen)


@pytest.mark.parametrize(("layers", "heads", "tokens"), [(12, 12, 512), (24, 16, 300), (6, 12, 1024), (2, 4, 3)])
def test_payload_stays_below_three_megabytes(layers, heads, tokens):
    weights = causal(tokens)
    everything = (
        GridHead(layer, head, "Layer 10, head 10", "looks at the token before", weights, summary=summary)
        for layer in [*range(layers), None]
        for head in [*range(heads), None]
        for summary in ([None] if layer is not None and head is not None else ["mean"])
    )
    options = {"layers": layers, "heads_per_layer": heads, "count": (layers + 1) * (heads + 1)}
    payload = payload_of(everything, weights > 0, key_labels=["注意力"] * tokens, **options)
    header, allowed, levels = read_head_grid(payload)
    assert len(payload) <= MAX_PAYLOAD_BYTES
    assert len(levels) == (layers + 1) * (heads + 1)
    assert allowed.shape == levels.shape[1:]
    if (layers, tokens) == (12, 512):
        assert header["shape"] == [128, 128]


def test_more_heads_than_said_are_folded_to_fit():
    weights = causal(128)
    heads = [one(weights, head=i) for i in range(200)]
    payload = payload_of(iter(heads), weights > 0, heads_per_layer=200, count=1)
    header, allowed, _ = read_head_grid(payload)
    assert len(payload) <= MAX_PAYLOAD_BYTES
    assert (header["pool"], header["shape"]) == ([2, 2], [64, 64])
    np.testing.assert_array_equal(allowed, max_pool(weights, weights > 0, 2, 2)[1])


def test_heads_are_taken_one_at_a_time():
    alive = []

    def heads():
        for i in range(6):
            gc.collect()
            assert sum(reference() is not None for reference in alive) <= 1
            head = one(causal(20, i), head=i)
            alive.append(weakref.ref(head))
            yield head
            del head

    payload_of(heads(), np.tril(np.ones((20, 20))), heads_per_layer=6)
    assert len(alive) == 6


def test_grid_order_and_summaries():
    eye = np.eye(2)
    heads = [
        GridHead(None, None, "Mean over all", "", eye, summary="mean"),
        GridHead(None, 1, "Head 1, mean over layers", "", eye, summary="mean"),
        GridHead(0, None, "Layer 0, largest", "", eye, summary="max"),
        GridHead(0, None, "Layer 0, mean", "", eye, summary="mean"),
        *[one(eye, layer, head) for layer in (1, 0) for head in (1, 0)],
    ]
    header, _, _ = read_head_grid(payload_of(heads, np.ones((2, 2)), layers=2, heads_per_layer=2))
    assert [row["label"] for row in header["rows"]] == ["Layer 0", "Layer 1", "Mean"]
    assert [column["label"] for column in header["columns"]] == ["Head 0", "Head 1", "Mean", "Max"]
    assert [column["extra"] for column in header["columns"]] == [False, False, True, True]
    assert {head["short"]: tuple(head["slot"]) for head in header["heads"]} == {
        **{"L0 H0": (0, 0), "L0 H1": (0, 1), "L1 H0": (1, 0), "L1 H1": (1, 1)},
        **{"L0 mean": (0, 2), "L0 max": (0, 3), "H1 mean": (2, 1), "mean": (2, 2)},
    }
    assert "the max and the mean over heads or layers" in header["description"]


def test_score_order_is_best_first_and_pixels_follow():
    scores = {(0, 0): 0.25, (0, 1): None, (1, 0): 0.75, (1, 1): math.nan}
    heads = [
        one(
            np.diag([1, 0.1 * (2 * layer + head)]), layer, head, score=score, score_text="" if not score else f"{score}"
        )
        for (layer, head), score in scores.items()
    ]
    payload = payload_of(
        heads, np.ones((2, 2)), layers=2, heads_per_layer=2, order="score", score_name="previous token", chosen=(0, 1)
    )
    header, _, levels = read_head_grid(payload)
    assert [head["short"] for head in header["heads"]] == ["L1 H0", "L0 H0", "L0 H1", "L1 H1"]
    np.testing.assert_allclose(levels[:, 1, 1] / TOP_LEVEL, [0.2, 0, 0.1, 0.3], atol=0.002)
    assert "First by previous token: Layer 1, head 0 (0.75), Layer 0, head 0 (0.25)." in header["description"]
    assert header["chosen"] == [0, 1, None]


def test_the_digest_changes_with_everything_but_the_chosen_head():
    def digest(weights=0.5, **options):
        heads = [one(np.full((2, 2), weights))]
        return read_head_grid(payload_of(heads, np.ones((2, 2)), **options))[0]["digest"]

    assert digest() == digest() == digest(chosen=(0, 0)) == digest(chosen=(0, None, "mean"))
    assert len({digest(), digest(0.25), digest(log=True), digest(scale="own"), digest(subtitle="s")}) == 5


def test_description_without_scores_names_the_largest_and_what_is_off():
    labels = ("it", "animal")
    heads = [one(np.array([[0, 0.5], [0.1, 0]])), one(np.array([[0.25, 0], [0, 0]]), head=1, off=True)]
    payload = payload_of(heads, np.ones((2, 2)), heads_per_layer=2, query_labels=labels, key_labels=labels)
    assert read_head_grid(payload)[0]["description"] == (
        "Attention maps of 1 layer × 2 heads: 2 queries to 2 keys each. Largest attention weight: "
        "Layer 0, head 0 (it → animal 0.50), Layer 0, head 1 (it → it 0.25). Switched off: Layer 0, head 1."
    )


def test_nothing_but_zeros_and_nothing_allowed():
    for allowed in (np.ones((2, 2)), np.zeros((2, 2))):
        header, _, levels = read_head_grid(payload_of([one(np.zeros((2, 2)))], allowed))
        assert (header["top"], header["heads"][0]["peak"], levels.max()) == (1, 0, 0)


def test_words_are_harmless_text():
    head = GridHead(0, 0, "a\nb", "\u202ex", np.eye(2))
    labels = ["<b>", "\ud800"]
    payload = payload_of([head], np.ones((2, 2)), query_labels=labels, key_labels=labels, file_name="../a b")
    header = read_head_grid(payload)[0]
    assert (header["heads"][0]["name"], header["heads"][0]["role"]) == ("a⏎b", "U+202Ex")
    assert header["heads"][0]["pair"] == ["<b>", "<b>"]
    assert header["file_name"] == "a-b"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weights": np.zeros(3)}, "query, key"),
        ({"layer": -1}, "from 0"),
        ({"layer": None}, "summary"),
        ({"summary": "mean"}, "summary"),
        ({"layer": None, "summary": "median"}, "median"),
    ],
)
def test_wrong_heads_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        GridHead(**{"layer": 0, "head": 0, "name": "", "role": "", "weights": np.eye(2)} | options)


@pytest.mark.parametrize(
    ("heads", "options", "message"),
    [
        ([], {}, "at least one"),
        ([one(np.eye(3))], {}, "shape"),
        ([one(np.eye(2)), one(np.eye(2))], {}, "twice"),
        ([one(np.eye(2), layer=1)], {}, "outside"),
        ([one(np.eye(2), head=1)], {}, "outside"),
        ([one(-np.eye(2))], {}, "below 0"),
        ([one(np.full((2, 2), np.nan))], {}, "not finite"),
        ([one(np.eye(2))], {"query_labels": "a"}, "query labels"),
        ([one(np.eye(2))], {"key_labels": "abc"}, "key labels"),
    ],
)
def test_what_does_not_fit_is_refused(heads, options, message):
    with pytest.raises(ValueError, match=message):
        payload_of(heads, np.ones((2, 2)), **options)


@pytest.mark.parametrize(
    ("value", "opened"),
    [
        ({"layer": 3, "head": 1, "summary": None}, OpenedHead(3, 1)),
        ({"layer": None, "head": 1, "summary": "max"}, OpenedHead(None, 1, "max")),
        ({"layer": None, "head": None, "summary": "mean"}, OpenedHead(None, None, "mean")),
        ({"layer": 3, "head": 1, "summary": "mean"}, None),
        ({"layer": None, "head": 1}, None),
        ({"layer": True, "head": 1}, None),
        ({"layer": -1, "head": 1}, None),
        ({"layer": "3", "head": 1}, None),
        ({"layer": 3, "head": 1, "summary": ["mean"]}, None),
        ([3, 1], None),
        (None, None),
    ],
)
def test_only_a_head_can_be_opened(value, opened):
    assert _read_opened(value) == opened


def test_page_sends_the_payload_as_bytes():
    page = AppTest.from_string(PAGE, default_timeout=30).run()
    assert not page.exception
    proto = page.get("bidi_component")[0].proto
    assert proto.WhichOneof("data") == "bytes"
    header, allowed, levels = read_head_grid(proto.bytes)
    assert header["title"] == "<b>T</b>"
    assert allowed.all()
    np.testing.assert_array_equal(levels, np.stack([np.eye(3, dtype=np.uint8) * TOP_LEVEL] * 2))


def test_without_a_grid_nothing_was_opened():
    assert opened_head("no such grid") is None


def test_style_is_json():
    header = read_head_grid(payload_of([one(np.eye(2))], np.ones((2, 2))))[0]
    assert {"light", "dark", "sizes", "font_stack", "muted_share"} == set(header["style"])
    assert json.loads(json.dumps(header)) == header
