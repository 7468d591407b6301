"""The heatmap's payload, by construction: what goes in comes out of what the browser gets."""

from __future__ import annotations

import json
from base64 import b64decode

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from components.canvas.payload import MAX_PAYLOAD_BYTES
from components.heatmap import (
    HeatmapLabels,
    HeatmapPanel,
    heatmap_description,
    heatmap_payload,
    token_gaps,
)
from components.heatmap.payload import text_identity
from components.style import HEATMAP_DARK, HEATMAP_LIGHT, MUTED_SHARE, heatmap_style

PAGE = """
import numpy as np
from components.heatmap import HeatmapLabels, HeatmapPanel, heatmap_payload, render_heatmap
panel = HeatmapPanel("Layer 0, head 0", np.eye(3, dtype="f4"), np.tril(np.ones((3, 3), bool)))
labels = HeatmapLabels(("<b>a</b>", "b", "c"), ("<b>a</b>", "b", "c"))
render_heatmap(heatmap_payload([panel], labels, title="T", provenance="P"), key="map")
"""


def causal(tokens: int, seed: int = 0, title: str = "Layer 0, head 0") -> HeatmapPanel:
    scores = np.random.default_rng(seed).random((tokens, tokens), dtype=np.float32)
    allowed = np.tril(np.ones((tokens, tokens), dtype=bool))
    scores = np.where(allowed, scores, 0)
    return HeatmapPanel(title, scores / scores.sum(axis=1, keepdims=True), allowed)


def numbered(queries: int, keys: int | None = None) -> HeatmapLabels:
    return HeatmapLabels(
        tuple(f"q{i}" for i in range(queries)), tuple(f"k{i}" for i in range(queries if keys is None else keys))
    )


def payload_of(panels, labels, **options):
    return heatmap_payload(panels, labels, title="Head", provenance="Toy · random weights 0", **options)


def weights_of(payload, panel=0):
    return np.frombuffer(b64decode(payload["panels"][panel]["weights"]), "<f4").reshape(payload["shape"])


def allowed_of(payload, panel=0):
    rows, columns = payload["shape"]
    packed = payload["panels"][panel]["allowed"]
    if packed is None:
        return np.ones((rows, columns), bool)
    bits = np.unpackbits(np.frombuffer(b64decode(packed), np.uint8))
    return bits[: rows * columns].reshape(rows, columns).astype(bool)


def place_of(payload, panel=0):
    return np.frombuffer(b64decode(payload["panels"][panel]["place"]), "<u2").reshape(payload["shape"])


@pytest.mark.parametrize(("queries", "keys"), [(1, 1), (3, 5), (11, 11), (7, 130)])
def test_weights_and_mask_arrive_unchanged(queries, keys):
    random = np.random.default_rng(1)
    panels = [
        HeatmapPanel(
            f"Head {i}", random.random((queries, keys), dtype=np.float32), random.random((queries, keys)) < 0.7
        )
        for i in range(3)
    ]
    payload = payload_of(panels, numbered(queries, keys))
    assert payload["shape"] == payload["tokens"] == [queries, keys]
    assert payload["pool"] == [1, 1]
    assert payload["note"] == ""
    for i, panel in enumerate(panels):
        np.testing.assert_array_equal(weights_of(payload, i).view(np.uint32), panel.weights.view(np.uint32))
        np.testing.assert_array_equal(allowed_of(payload, i), panel.allowed)


def test_a_panel_keeps_its_own_read_only_copy():
    weights = np.full((2, 2), 0.5, np.float32)
    panel = HeatmapPanel("", weights, np.ones((2, 2), bool))
    weights[0, 0] = 9
    assert panel.weights[0, 0] == 0.5
    with pytest.raises(ValueError, match="read-only"):
        panel.weights[0, 0] = 1


def test_without_a_mask_no_mask_is_sent():
    payload = payload_of([HeatmapPanel("", np.full((4, 4), 0.25), np.ones((4, 4)))], numbered(4))
    assert payload["panels"][0]["allowed"] is None


def test_pooling_keeps_a_single_spike_and_its_place():
    tokens = 1024
    weights = np.full((tokens, tokens), 1e-4, np.float32)
    weights[701, 333] = 0.875
    payload = payload_of([HeatmapPanel("", weights, np.ones_like(weights, bool))], numbered(tokens))
    assert payload["shape"] == [512, 512]
    assert payload["pool"] == [2, 2]
    assert "max of 2 × 2 cells" in payload["note"]
    pooled = weights_of(payload)
    assert pooled[350, 166] == np.float32(0.875)
    assert np.count_nonzero(pooled == np.float32(0.875)) == 1
    assert divmod(int(place_of(payload)[350, 166]), 2) == (701 - 700, 333 - 332)


def test_pooling_leaves_out_masked_cells_and_masks_blocks_that_are_all_masked():
    tokens = 1000
    allowed = np.tril(np.ones((tokens, tokens), bool))
    weights = np.where(allowed, np.float32(0.25), np.float32(0.99))
    payload = payload_of([HeatmapPanel("", weights, allowed)], numbered(tokens))
    assert set(np.unique(weights_of(payload))) == {np.float32(0), np.float32(0.25)}
    np.testing.assert_array_equal(allowed_of(payload), np.tril(np.ones((500, 500), bool)))


def test_sides_that_do_not_divide_evenly_lose_nothing():
    weights = np.zeros((3, 1025), np.float32)
    weights[2, 1024] = 0.5
    payload = payload_of([HeatmapPanel("", weights, np.ones_like(weights, bool))], numbered(3, 1025))
    assert payload["pool"] == [1, 3]
    assert payload["shape"] == [3, 342]
    assert weights_of(payload)[2, 341] == 0.5
    assert place_of(payload)[2, 341] == 1024 - 341 * 3


@pytest.mark.parametrize(("panels", "tokens"), [(1, 256), (4, 256), (1, 512), (4, 512), (1, 1024), (12, 1024)])
def test_payload_stays_below_three_megabytes(panels, tokens):
    labels = HeatmapLabels(("注意力" * 10,) * tokens, ("🧬" * 20,) * tokens) if panels == 1 else numbered(tokens)
    payload = payload_of([causal(tokens, seed) for seed in range(panels)], labels)
    assert len(json.dumps(payload)) <= MAX_PAYLOAD_BYTES
    if (panels, tokens) in {(1, 256), (4, 256), (1, 512)}:
        assert payload["pool"] == [1, 1]


def test_labels_that_alone_are_too_large_are_refused():
    tokens = 3000
    labels = HeatmapLabels(("🧬" * 120,) * tokens, ("🧬" * 120,) * tokens)
    panel = HeatmapPanel("", np.zeros((tokens, tokens), np.float32), np.ones((tokens, tokens), bool))
    with pytest.raises(ValueError, match="do not fit"):
        payload_of([panel], labels)


def test_colour_scale():
    panel = HeatmapPanel("", np.array([[0.25, 0.5], [0.125, 9]], np.float32), np.array([[1, 1], [1, 0]]))
    labels = numbered(2)
    assert (payload_of([panel], labels)["scale_max"], payload_of([panel], labels)["scale_clips"]) == (1, False)
    assert payload_of([panel], labels, scale_max="largest")["scale_max"] == 0.5
    fixed = payload_of([panel], labels, scale_max=0.3)
    assert (fixed["scale_max"], fixed["scale_clips"]) == (0.3, True)
    zeros = HeatmapPanel("", np.zeros((2, 2)), np.ones((2, 2)))
    assert payload_of([zeros], labels, scale_max="largest")["scale_max"] == 1
    for wrong in (0, -1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="colour scale"):
            payload_of([panel], labels, scale_max=wrong)


def test_equal_data_have_equal_digests_and_other_data_others():
    def digest(seed, title="Head"):
        return heatmap_payload([causal(5, seed)], numbered(5), title=title, provenance="P")["digest"]

    assert digest(0) == digest(0)
    assert len({digest(0), digest(1), digest(0, "Other")}) == 3


def test_description_names_the_three_strongest():
    weights = np.array([[0.1, 0.2, 0.7], [0.05, 0.9, 0.05], [0.6, 0.25, 0.15]], np.float32)
    panel = HeatmapPanel("Layer 3, head 1", weights, np.ones((3, 3), bool))
    words = ("it", "was", "animal")
    assert heatmap_description([panel], HeatmapLabels(words, words)) == (
        "Attention of 3 queries to 3 keys. Strongest: was → was 0.90, it → animal 0.70, animal → it 0.60."
    )


def test_description_of_several_panels_says_which():
    allowed = np.tril(np.ones((2, 2), bool))
    panels = [
        HeatmapPanel("Layer 0", np.array([[1, 0], [0.25, 0.75]]), allowed),
        HeatmapPanel("Layer 2", np.array([[1, 0], [0.875, 0.125]]), allowed),
    ]
    text = heatmap_description(panels, HeatmapLabels(("a", "b"), ("a", "b")))
    assert text.startswith("2 panels, each the attention of 2 queries to 2 keys; 1 of 4 cells are masked.")
    # The first row may look at one key only: its weight of 1 says nothing about the head.
    assert "Strongest: b → a 0.88 (Layer 2), b → b 0.75 (Layer 0), b → a 0.25 (Layer 0)." in text


def test_description_of_one_token_and_of_nothing_allowed():
    one = HeatmapPanel("", np.ones((1, 1)), np.ones((1, 1)))
    labels = HeatmapLabels(("a",), ("a",))
    assert heatmap_description([one], labels) == "Attention of 1 query to 1 key. Strongest: a → a 1.00."
    none = HeatmapPanel("", np.full((1, 1), np.nan), np.zeros((1, 1)))
    assert "Every cell is masked." in heatmap_description([none], labels)
    assert payload_of([none], labels)["scale_max"] == 1


def test_mismatched_shapes_are_refused():
    with pytest.raises(ValueError, match="must be the same"):
        HeatmapPanel("", np.zeros((2, 3)), np.ones((3, 2)))
    for shape in [(3,), (2, 3, 3), (0, 4)]:
        with pytest.raises(ValueError, match="query, key"):
            HeatmapPanel("", np.zeros(shape), np.ones(shape))
    with pytest.raises(ValueError, match="not finite"):
        HeatmapPanel("", np.full((2, 2), np.nan), np.tril(np.ones((2, 2))))
    with pytest.raises(ValueError, match="different shapes"):
        payload_of([causal(3), causal(4)], numbered(3))
    with pytest.raises(ValueError, match="at least one"):
        payload_of([], numbered(3))


@pytest.mark.parametrize("labels", [numbered(4, 5), numbered(5, 4), numbered(4, 6)])
def test_wrong_number_of_labels_is_refused(labels):
    panel = HeatmapPanel("", np.zeros((5, 5)), np.ones((5, 5)))
    with pytest.raises(ValueError, match="labels"):
        payload_of([panel], labels)
    with pytest.raises(ValueError, match="labels"):
        heatmap_description([panel], labels)


def test_file_names_are_plain():
    assert payload_of([causal(2)], numbered(2), file_name="../a b/ß.x")["file_name"] == "a-b-ß.x"
    assert payload_of([causal(2)], numbered(2), file_name="...")["file_name"] == "attention"


def test_page_sends_the_payload_as_json():
    page = AppTest.from_string(PAGE, default_timeout=30).run()
    assert not page.exception
    data = json.loads(page.get("bidi_component")[0].proto.json)
    np.testing.assert_array_equal(weights_of(data), np.eye(3, dtype=np.float32))
    assert data["labels"]["queries"][0] == "<b>a</b>"
    assert data["height"] is None


def luminance(colour) -> float:
    if isinstance(colour, str):
        colour = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in colour)]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def lightness(colour) -> float:
    return 116 * np.cbrt(luminance(colour)) - 16


def contrast(one, other) -> float:
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("colours", "sign"), [(HEATMAP_LIGHT, -1), (HEATMAP_DARK, 1)])
def test_ramp_is_ordered_by_lightness_in_even_steps(colours, sign):
    steps = sign * np.diff([lightness(colour) for colour in colours.ramp])
    assert steps.min() > 0
    assert steps.max() < 1.5 * steps.mean()
    assert steps.min() > 0.5 * steps.mean()


@pytest.mark.parametrize(
    ("text", "background", "colours"), [("#31333f", "#ffffff", HEATMAP_LIGHT), ("#fafafa", "#0e1117", HEATMAP_DARK)]
)
def test_second_rank_text_and_hatching_can_be_seen(text, background, colours):
    channels = [[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in (text, background)]
    muted = [t * MUTED_SHARE + b * (1 - MUTED_SHARE) for t, b in zip(*channels, strict=True)]
    assert contrast(muted, background) >= 4.5
    assert contrast(colours.mask_line, colours.mask_fill) >= 1.5


def test_style_is_json():
    assert json.loads(json.dumps(heatmap_style()))["light"]["ramp"][0] == HEATMAP_LIGHT.ramp[0]


def test_a_window_is_exact_and_says_where_it_is():
    tokens = 1024
    weights = np.random.default_rng(0).random((tokens, tokens), dtype=np.float32)
    panel = HeatmapPanel("", weights, np.ones_like(weights, bool))
    payload = payload_of([panel], numbered(tokens), window=(500, 600, 512, 1500), scale_max="largest")
    assert payload["window"] == [500, 600, 512, 1024]
    assert (payload["offset"], payload["shape"], payload["pool"]) == ([500, 512], [100, 512], [1, 1])
    assert payload["tokens"] == [tokens, tokens]
    assert payload["note"] == "Showing queries 501–600, keys 513–1,024 of 1,024"
    np.testing.assert_array_equal(weights_of(payload), weights[500:600, 512:])
    assert payload["scale_max"] == weights.max(), "the colours keep their meaning in every part"
    assert "Shown: queries 501–600, keys 513–1,024 of 1,024." in payload["description"]
    row, column = divmod(int(weights[500:600, 512:].argmax()), 512)
    assert f"Strongest: q{500 + row} → k{512 + column} " in payload["description"]
    assert len(payload["labels"]["queries"]) == tokens, "the sentence stays whole"


def test_a_large_window_is_pooled_from_its_own_corner():
    tokens = 2000
    weights = np.zeros((tokens, tokens), np.float32)
    weights[101, 1998] = 0.5
    payload = payload_of(
        [HeatmapPanel("", weights, np.ones_like(weights, bool))], numbered(tokens), window=(100, 110, 900, 2000)
    )
    assert payload["pool"] == [1, 3]
    assert payload["note"].endswith(" · Each cell is the max of 1 × 3 cells")
    assert weights_of(payload)[1, 366] == 0.5
    assert place_of(payload)[1, 366] == 1998 - 900 - 366 * 3


@pytest.mark.parametrize(
    ("window", "shown"),
    [
        (None, None),
        ((0, 5, 0, 7), None),
        ((-3, 99, -3, 99), None),
        ((1, 99, 2, 4), [1, 5, 2, 4]),
        ([np.int64(1), 2, 0, 7], [1, 2, 0, 7]),
        ((5, 9, 0, 2), None),
    ],
)
def test_windows_are_clipped_to_the_map(window, shown):
    panel = HeatmapPanel("", np.zeros((5, 7)), np.ones((5, 7)))
    assert payload_of([panel], numbered(5, 7), window=window)["window"] == shown


@pytest.mark.parametrize(
    "window", [(1, 2, 3), (1, 1, 0, 2), (0, 2, 4, 3), ("0", 1, 0, 1), (0.0, 1, 0, 1), (True, 2, 0, 1)]
)
def test_windows_that_are_none_are_refused(window):
    with pytest.raises(ValueError, match="window"):
        payload_of([causal(5)], numbered(5), window=window)


def test_the_locked_row_travels_exactly_and_draws_nothing_new():
    tokens = 1024
    panels = [causal(tokens, seed) for seed in (0, 1)]
    plain, locked = (payload_of(panels, numbered(tokens), locked=row) for row in (None, 700))
    assert plain["locked_row"] is None
    assert (locked["locked"], locked["locked_row"]["row"]) == (700, 700)
    assert locked["digest"] == plain["digest"]
    for panel, sent in zip(panels, locked["locked_row"]["panels"], strict=True):
        np.testing.assert_array_equal(np.frombuffer(b64decode(sent["weights"]), "<f4"), panel.weights[700])
        bits = np.unpackbits(np.frombuffer(b64decode(sent["allowed"]), np.uint8))[:tokens]
        np.testing.assert_array_equal(bits, panel.allowed[700])
    assert payload_of(panels, numbered(tokens), locked=tokens)["locked"] is None
    assert len(json.dumps(locked)) <= MAX_PAYLOAD_BYTES


def test_log_and_signed_scales():
    change = HeatmapPanel("", np.array([[0.25, -0.5], [0.125, 9]], np.float32), np.array([[1, 1], [1, 0]]))
    signed = payload_of([change], numbered(2), scale="signed", scale_max="largest", scale_names=("fewer", "more"))
    assert (signed["scale"], signed["scale_max"], signed["scale_names"]) == ("signed", 0.5, ["fewer", "more"])
    assert not signed["scale_clips"]
    assert payload_of([change], numbered(2), scale="signed", scale_max=0.4)["scale_clips"]
    log = payload_of([causal(3)], numbered(3), scale="log", scale_max=0.5)
    assert (log["scale"], log["scale_floor"]) == ("log", pytest.approx(0.5e-4))
    assert payload_of([causal(3)], numbered(3))["scale"] == "linear"
    with pytest.raises(ValueError, match="linear, log, signed"):
        payload_of([causal(3)], numbered(3), scale="square")


def test_a_pooled_change_keeps_the_furthest_from_zero_and_what_it_was():
    tokens = 1024
    before = np.full((tokens, tokens), 0.25, np.float32)
    weights = np.full((tokens, tokens), 0.125, np.float32)
    before[701, 333], weights[701, 333] = 0.75, -0.5
    panel = HeatmapPanel("", weights, np.ones_like(weights, bool), before)
    payload = payload_of([panel], numbered(tokens), scale="signed")
    at = tuple(n // rows for n, rows in zip((701, 333), payload["pool"], strict=True))
    was = np.frombuffer(b64decode(payload["panels"][0]["before"]), "<f4").reshape(payload["shape"])
    assert (weights_of(payload)[at], was[at]) == (-0.5, 0.75)
    assert len(json.dumps(payload)) <= MAX_PAYLOAD_BYTES
    whole = payload_of([HeatmapPanel("", weights[:512, :512], np.ones((512, 512)), before[:512, :512])], numbered(512))
    assert whole["pool"] == [1, 1]
    assert len(json.dumps(whole)) <= MAX_PAYLOAD_BYTES


def test_before_has_to_fit():
    ones = np.ones((2, 2))
    with pytest.raises(ValueError, match="before"):
        HeatmapPanel("", ones, ones, np.ones((2, 3)))
    with pytest.raises(ValueError, match="not finite"):
        HeatmapPanel("", ones, ones, np.full((2, 2), np.inf))
    assert payload_of([HeatmapPanel("", ones, ones)], numbered(2))["panels"][0]["before"] is None


def test_description_of_a_change():
    change = np.array([[0.125, -0.5, 0.0], [0.25, 0.0, 0.0], [np.nan, np.nan, np.nan]], np.float32)
    allowed = np.array([[1, 1, 1], [1, 1, 1], [0, 0, 0]], bool)
    words = ("it", "animal", "street")
    payload = payload_of(
        [HeatmapPanel("", change, allowed)],
        HeatmapLabels(words, words),
        scale="signed",
        mask_label="not in both sentences",
    )
    assert payload["description"] == (
        "Change of attention of 3 queries to 3 keys; 3 of 9 cells are not in both sentences. "
        "Largest changes: it → animal −0.50, animal → it +0.25, it → it +0.12."
    )
    assert payload["mask_label"] == "not in both sentences"


@pytest.mark.parametrize(
    ("labels", "gaps"),
    [
        (("The", "·animal", "·did", "n't", "·", "⟨e2⟩", ".", "⏎", "Yes"), "011000000"),
        (("[CLS]", "un", "##believ", "##able", "(", "didn", "'", "t", ")", "!", "[SEP]"), "01001000001"),
        (("日", "本", "語", "is"), "0001"),
        (("·ni", "ne", "·", "j", "um", "ps", "</s>"), "0000001"),
        (("it", "was"), "01"),
        (("·a", "·b"), "01"),
        (("",), "0"),
    ],
)
def test_tokens_join_as_the_text_is_read(labels, gaps):
    assert token_gaps(labels) == gaps


def test_a_translation_has_the_spaces_of_its_tokenizer():
    labels = HeatmapLabels(("<s>", "1", "9", "-", "</s>"), ("·the", "·ni", "ne"))
    panel = HeatmapPanel("", np.ones((5, 3)), np.ones((5, 3)))
    found = payload_of([panel], labels)["labels"]
    assert (found["query_gaps"], found["key_gaps"]) == ("01001", "010")


def test_one_text_or_two():
    same, other = ("a", "b"), ("a", "b", "c")
    panel = HeatmapPanel("", np.ones((2, 2)), np.ones((2, 2)))
    assert payload_of([panel], HeatmapLabels(same, same))["labels"]["one_text"]
    cross = HeatmapPanel("", np.ones((2, 3)), np.ones((2, 3)))
    assert not payload_of([cross], HeatmapLabels(same, other))["labels"]["one_text"]


def test_what_a_person_chose_belongs_to_its_text():
    labels, other = numbered(9), numbered(8)
    text = text_identity(labels)
    assert text == payload_of([causal(9)], labels)["text"] != text_identity(other)
    at = AppTest.from_function(_state_page, default_timeout=30)
    at.session_state["sent"] = {"locked": {"value": 3, "text": text}, "zoom": {"value": [1, 3, 0, 9], "text": text}}
    assert at.run().markdown[0].value == "3 (1, 3, 0, 9) None None 5 (0, 2, 0, 2)"
    for locked, zoom in [(-1, [1, 2]), ("3", "x"), (True, [0, 1, 2, -1]), ({}, [0, 1, 2, "3"]), (3.5, {"a": 1})]:
        at.session_state["sent"] = {"locked": {"value": locked, "text": text}, "zoom": {"value": zoom, "text": text}}
        assert at.run().markdown[0].value.startswith("None None ")
    at.session_state["sent"] = {"locked": {"value": None, "text": text}, "zoom": [1, 2, 3, 4]}
    assert at.run().markdown[0].value == "None None None None 5 (0, 2, 0, 2)"


def _state_page():
    import streamlit as st

    from components.heatmap import HeatmapState, heatmap_state
    from tests.components.test_heatmap import numbered

    chosen, none = heatmap_state("sent", numbered(9)), heatmap_state("sent", numbered(8))
    link = heatmap_state("sent", numbered(8), otherwise=HeatmapState(5, (0, 2, 0, 2)))
    st.markdown(f"{chosen.locked} {chosen.zoom} {none.locked} {none.zoom} {link.locked} {link.zoom}")


@pytest.mark.parametrize(("colours", "page"), [(HEATMAP_LIGHT, "#fbfbfa"), (HEATMAP_DARK, "#0c1218")])
def test_signed_colours_are_even_on_both_sides_of_the_page(colours, page):
    values = np.array([lightness(colour) for colour in colours.diverging])
    middle = len(values) // 2
    assert abs(values[middle] - lightness(page)) < 8
    arms = values[middle::-1], values[middle:]
    np.testing.assert_allclose(*arms, atol=1)
    steps = np.abs(np.diff(arms[0]))
    assert steps.min() > 0.8 * steps.mean()
    assert steps.max() < 1.2 * steps.mean()
    # The two sides differ in blue against red, which every kind of colour blindness but the rarest keeps apart.
    for less, more in zip(colours.diverging[:middle], colours.diverging[:middle:-1], strict=True):
        red_less, blue_less, red_more, blue_more = (int(c[i : i + 2], 16) for c in (less, more) for i in (1, 5))
        assert red_less > blue_less
        assert blue_more > red_more
