"""The attention page's views, switches and tools, without a browser."""

from __future__ import annotations

import json
import re
import sys
from base64 import b64decode
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from components.head_grid import read_head_grid
from core import runtime
from core.errors import TextTooLongError
from core.language import attention, load_model
from core.language.maps import MapOptions, attention_map
from core.settings import ROOT

TIRED = "The animal didn't cross the street because it was too tired."
WIDE = "The animal didn't cross the street because it was too wide."
IT = {"model": "minilm", "text": TIRED, "layer": "3", "head": "1"}


@pytest.fixture
def page() -> Callable[..., AppTest]:
    """Opens the attention page by a link's parameters."""
    st.cache_resource.clear()

    def open_page(**params: str) -> AppTest:
        at = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60)
        at.switch_page("views/attention.py")
        for name, value in params.items():
            at.query_params[name] = value
        return clean(at.run())

    return open_page


@pytest.fixture
def runs(monkeypatch) -> list[tuple]:
    """Every run of a model for its attention."""
    seen: list[tuple] = []

    def counted(*arguments: Any, **options: Any):
        seen.append(arguments[1:])
        return attention(*arguments, **options)

    monkeypatch.setattr(runtime, "attention", counted)
    return seen


def clean(at: AppTest) -> AppTest:
    assert not at.exception
    assert not at.error
    return at


def payloads(at: AppTest) -> list[Any]:
    """What each of our components was given, in order; JSON values, or bytes for the grid."""
    found = []
    for element in at.get("bidi_component"):
        proto = element.proto
        found.append(proto.bytes if proto.WhichOneof("data") == "bytes" else json.loads(proto.json))
    return found


def drawing(at: AppTest, test_id: str) -> dict:
    return next(p for p in payloads(at) if isinstance(p, dict) and p.get("test_id") == test_id)


def drawn(at: AppTest) -> np.ndarray:
    payload = payloads(at)[0]
    return np.frombuffer(b64decode(payload["panels"][0]["weights"]), "<f4").reshape(payload["shape"])


def texts(value: Any) -> str:
    """All strings of a payload, in one."""
    return json.dumps(value, ensure_ascii=False)


def test_switches_redraw_without_running_the_model(page, runs):
    at = page(**IT)
    assert len(runs) == 1
    result = attention(load_model("minilm"), TIRED)
    np.testing.assert_array_equal(drawn(at), result.head(3, 1))
    steps = [
        ("measure", "norm", MapOptions("norm")),
        ("measure", "rollout", MapOptions("rollout")),
        ("units", "words", MapOptions("rollout", True)),
        ("measure", "weight", MapOptions("weight", True)),
    ]
    for key, value, options in steps:
        at.segmented_control(key=key).set_value(value)
        clean(at.run())
        np.testing.assert_allclose(drawn(at), attention_map(result, 3, 1, options).weights, atol=1e-7)
    at.toggle(key="nosink").set_value(True)
    clean(at.run())
    hidden = attention_map(result, 3, 1, MapOptions("weight", True, True))
    np.testing.assert_allclose(drawn(at), hidden.weights, atol=1e-7)
    at.segmented_control(key="scale").set_value("log")
    clean(at.run())
    assert payloads(at)[0]["scale"] == "log"
    for over in ("heads-mean", "layers-max", "all-mean"):
        at.selectbox(key="over").set_value(over)
        clean(at.run())
    at.segmented_control(key="view").set_value("heads")
    clean(at.run())
    assert len(runs) == 1  # nothing of all this ran the model again
    assert at.query_params == {
        "model": "minilm", "text": TIRED, "view": "heads", "layer": "3", "head": "1", "over": "all-mean",
        "units": "words", "nosink": "1", "scale": "log",
    }  # fmt: skip


def test_a_link_reopens_every_switch(page):
    at = page(**IT, measure="norm", units="words", nosink="1", scale="largest", over="heads-mean", row="7")
    payload = payloads(at)[0]
    assert payload["title"] == "MiniLM encoder: layer 3, mean over heads"
    assert payload["locked"] == 7
    assert payload["unit"].startswith("length of the weighted value, share without [CLS], [SEP]")
    expected = attention_map(attention(load_model("minilm"), TIRED), 3, "mean", MapOptions("norm", True, True))
    np.testing.assert_allclose(drawn(at), expected.weights, atol=1e-6)


def test_a_row_or_window_that_the_text_has_not_is_dropped(page):
    at = page(**IT, row="99", zoom="50-60-0-4")
    assert payloads(at)[0]["locked"] is None
    assert payloads(at)[0]["window"] is None
    assert "row" not in at.query_params
    at = page(**IT, row="3", zoom="2-9-0-4")
    assert payloads(at)[0]["window"] == [2, 9, 0, 4]
    at.text_area(key="text").set_value("Another text altogether.")
    clean(at.run())
    assert payloads(at)[0]["locked"] is None
    assert "zoom" not in at.query_params


def test_all_heads(page):
    at = page(**IT, view="heads", extra="mean")
    header, _, levels = read_head_grid(payloads(at)[0])
    assert len(header["heads"]) == 72 + 6 + 12 + 1
    assert levels.shape[0] == len(header["heads"])
    assert "rests on the first token" in texts(header)
    at.selectbox(key="order").set_value("previous_token")
    clean(at.run())
    header, _, _ = read_head_grid(payloads(at)[0])
    assert "ordered by: looks one token back" in header["title"]


def test_the_heads_that_link_it_to_animal(page):
    """What a newcomer is asked to find: the page opens with the right pair of words."""
    at = page(model="minilm", text=TIRED, tool="find")
    assert at.selectbox(key="asks").value == 8
    assert at.selectbox(key="asked").value == 2
    ranking = texts(drawing(at, "ranking"))
    assert "3 of 72 heads give “animal” the largest weight of “it”" in ranking
    named = list(dict.fromkeys(re.findall(r"Layer \d+, head \d+", ranking)))
    # By weight; layer 5, head 3 gives "animal" much, and [CLS] more.
    assert set(named[:4]) == {"Layer 3, head 1", "Layer 5, head 11", "Layer 0, head 6", "Layer 5, head 3"}


def test_heads_are_found_over_the_bundled_sentences_too(page):
    at = page(model="minilm", text=TIRED, tool="find", find="previous_token", over_what="set")
    ranking = texts(drawing(at, "ranking"))
    assert "Measured on 24 sentences" in ranking
    assert "Layer 0, head 2" in ranking


def test_without_heads_an_encoders_vectors_and_maps_are_compared(page, runs):
    at = page(**IT, tool="off", off="3.1-0.6", row="10")
    assert {m.label.replace("\\", "") for m in at.metric} == {"Sentence vector", "Vector of “it”"}
    assert all(0.9 < float(m.value) < 1 for m in at.metric)
    assert "How far each head's map moved" in texts(drawing(at, "map_change"))
    assert "without L0 H6, L3 H1" in payloads(at)[0]["subtitle"]
    at.segmented_control(key="shown").set_value("difference")
    clean(at.run())
    assert payloads(at)[0]["scale"] == "signed"
    at.pills(key="tool").set_value(None)
    clean(at.run())
    assert [w.value for w in at.warning] == ["Switched off: L0 H6, L3 H1."]
    at.button[0].click()
    clean(at.run())
    assert not at.warning
    assert "off" not in at.query_params


def test_without_heads_a_decoders_next_word_changes(page):
    at = page(tool="off", off="0.0", text="This morning I took my cat for a")
    bars = texts(drawing(at, "ablation"))
    assert "Next token after" in bars
    assert "with heads switched off" in bars
    assert any("loses most" in c.value and "gains most" in c.value for c in at.caption)


def test_heads_that_a_model_has_not_are_not_off(page):
    at = page(model="storybook-gpt", tool="off", off="5.7-11.11")
    assert at.multiselect(key="off").value == ["5.7"]
    assert at.query_params["off"] == "5.7"


def test_next_word_and_lens(page):
    at = page(tool="next", text="This morning I took my cat for a", row="3")
    assert "Next token after “·took”" in texts(drawing(at, "next_token"))
    assert "Logit lens of Storybook GPT" in texts(drawing(at, "lens"))


def test_an_encoder_without_words_says_so_and_offers_one_that_has(page):
    at = page(model="minilm", text=TIRED, tool="next")
    assert "predicts no words" in at.info[0].value
    at.button[0].click()
    clean(at.run())
    assert at.selectbox(key="model").value == "storybook-gpt"
    assert drawing(at, "next_token")


def test_two_sentences(page):
    at = page(**IT, view="compare")
    assert at.text_area(key="text2").value == WIDE  # a known partner is offered
    assert any("it → animal falls from 0\\.68 to 0\\.28" in m.value for m in at.markdown)
    signed = payloads(at)[0]
    assert signed["scale"] == "signed"
    assert "tired / wide" in signed["labels"]["keys"]
    assert "Which heads changed" in texts(drawing(at, "changed_heads"))
    at.text_area(key="text2").set_value("")
    clean(at.run())
    assert "Type the other sentence" in at.info[0].value


def test_two_models(page):
    at = page(model="storybook-gpt", text=TIRED, view="compare", **{"with": "model"}, model2="minilm", layer2="3")
    assert payloads(at)[0]["title"] == "MiniLM encoder (layer 3, head 0) minus Storybook GPT (layer 0, head 0)"
    assert at.query_params["layer2"] == "3"


def test_a_second_sentence_that_is_too_long_can_be_cut(page):
    at = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60)
    at.switch_page("views/attention.py")
    at.query_params["view"] = "compare"
    at.query_params["text2"] = "fox " * 400
    at.run()
    assert not at.exception
    assert "reads at most 256; cut it after" in at.error[0].value.replace("\\", "")
    next(b for b in at.button if b.label == "Cut it there").click()
    clean(at.run())
    assert payloads(at)


def test_cross_attention_of_the_date_reader(page):
    at = page(model="date-reader", text="the twenty-third of April nineteen ninety-nine", layer="1", head="2")
    payload = payloads(at)[0]
    assert payload["labels"]["keys"][-1] == "</s>"
    # A row is the character being written; the last one writes the end.
    assert "".join(payload["labels"]["queries"]) == "1999-04-23</s>"
    assert payload["labels"]["query_name"] == "Query: the token being written"
    assert any(m.value == "The model's translation: **1999\\-04\\-23**" for m in at.markdown)
    assert at.segmented_control(key="measure").options == ["Weights", "Norms"]
    at.segmented_control(key="kind").set_value("encoder")
    clean(at.run())
    assert payloads(at)[0]["labels"]["one_text"]
    for tool in ("find", "off", "next"):
        at.pills(key="tool").set_value(tool)
        clean(at.run())


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"off": "a.b"}, "give layer.head, such as off=3.1-0.6"),
        ({"zoom": "1-2"}, "give whole numbers such as zoom=0-1-2-3"),
        ({"measure": "x"}, "This link asks for the measure 'x'"),
        ({"nosink": "yes"}, "This link asks for the nosink 'yes'"),
        ({"tool": "<b>"}, "This link asks for the tool '<b>'"),
    ],
)
def test_wrong_links_are_one_sentence_and_a_picture(page, params, sentence):
    at = page(**params)
    (warning,) = at.warning
    assert sentence in warning.value.replace("\\", "")
    assert payloads(at)


def test_the_set_of_sentences_suits_the_model(page):
    """An English sentence would not fit Date Reader, and the person's own text must not be replaced by a part of it."""
    text = "the twenty-third of April nineteen ninety-nine"
    at = page(model="date-reader", text=text, tool="find", find="first_token", over_what="set")
    assert "Measured on 4 sentences" in texts(drawing(at, "ranking"))
    assert at.text_area(key="text").value == text
    assert not [b for b in at.button if b.label == "Cut it there"]


def test_a_tool_that_fails_leaves_the_picture(page, monkeypatch):
    def fails(*_: Any, **__: Any) -> None:
        raise TextTooLongError("a bundled sentence is too long", kept_text="a bundled", tokens=9, limit=2)

    monkeypatch.setattr("dashboard.explorer.find.head_scores", fails)
    at = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60)
    at.switch_page("views/attention.py")
    at.query_params.update({"tool": "find", "find": "self", "over_what": "set"})
    at.run()
    assert at.error[0].value == "a bundled sentence is too long"
    assert payloads(at)
    assert not [b for b in at.button if b.label == "Cut it there"]


def test_rows_and_switches_do_not_run_an_encoder_without_heads_again(page, monkeypatch):
    module = sys.modules["core.language.ablate"]
    seen: list[str] = []
    for name in ("attention", "states"):
        real = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *a, real=real, name=name, **k: (seen.append(name), real(*a, **k))[1])
    at = page(**IT, tool="off", off="3.1")
    count = len(seen)
    assert count
    at.session_state["row"] = 4
    clean(at.run())
    at.segmented_control(key="units").set_value("words")
    clean(at.run())
    assert len(seen) == count


def test_lens_of_a_part_is_numbered_from_the_whole(page):
    at = page(tool="next", text=" ".join(["fox"] * 40), place="30")
    lens = texts(drawing(at, "lens"))
    assert '"31"' in lens
    assert '"30"' not in lens


@pytest.mark.parametrize("key", ["layer2", "head2"])
def test_a_head_that_the_other_model_has_not(page, key):
    at = page(model="storybook-gpt", view="compare", **{"with": "model", key: "77"})
    what = key.rstrip("2")
    said = at.warning[0].value.replace("\\", "")
    assert said.startswith(f"MiniLM encoder has no {what} 77: its {what}s are 0 to ")


def test_a_translator_beside_an_encoder(page):
    text = "the twenty-third of April nineteen ninety-nine"
    at = page(model="minilm", text=text, view="compare", **{"with": "model"}, model2="date-reader")
    assert payloads(at)[0]["title"].startswith("Date Reader (layer 0, head 0) minus MiniLM encoder")
    at.selectbox(key="model").set_value("date-reader")
    clean(at.run())
    assert payloads(at)[0]["scale"] == "signed"


@pytest.fixture
def masked_model(tmp_path, monkeypatch) -> str:
    """A small random BERT with a masked-word head, as a folder of the person who runs the app."""
    from core import settings
    from core.settings import read_settings
    from tests.core.language import folders

    folder = folders.bert(tmp_path / "bert")
    options = read_settings({"ATTENDOME_MODELS": f"mine={folder}", "ATTENDOME_DEVICE": "cpu"})
    for module in (runtime, settings):
        monkeypatch.setattr(module, "settings", lambda: options)
    return "mine"


def test_a_masked_word_is_guessed_with_and_without_heads(page, masked_model):
    at = page(model=masked_model, text="The quick brown [MASK] jumps.", tool="next")
    assert "The hidden word" in texts(drawing(at, "next_token"))
    lens = texts(drawing(at, "lens"))
    assert "is the token that came next" not in lens
    at.pills(key="tool").set_value("off")
    at.run()
    at.multiselect(key="off").set_value(["0.1", "1.2"])
    clean(at.run())
    assert "Word at “[MASK]”" in texts(drawing(at, "ablation"))
    at.text_area(key="text").set_value("The quick brown fox jumps.")
    clean(at.run())
    assert {m.label.replace("\\", "") for m in at.metric} > {"Sentence vector"}
    assert any("ype [MASK]" in c.value.replace("\\", "") for c in at.caption)
