"""The attention page without a browser."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.language import attention, load_model
from core.settings import ROOT

FOX = "The quick brown fox jumps over the lazy dog."
TIRED = "The animal didn't cross the street because it was too tired."


@pytest.fixture
def page() -> Callable[..., AppTest]:
    """Opens the attention page by a link's parameters."""
    st.cache_resource.clear()

    def open_page(**params: str) -> AppTest:
        at = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60)
        at.switch_page("views/attention.py")
        for name, value in params.items():
            at.query_params[name] = value
        return at.run()

    return open_page


def picture(at: AppTest) -> dict:
    """The payload that the heatmap was given."""
    return json.loads(at.get("bidi_component")[0].proto.json)


def drawn(at: AppTest) -> np.ndarray:
    payload = picture(at)
    return np.frombuffer(b64decode(payload["panels"][0]["weights"]), "<f4").reshape(payload["shape"])


def clean(at: AppTest) -> AppTest:
    assert not at.exception
    return at


def test_first_sight(page):
    at = clean(page())
    assert at.text_area(key="text").value == FOX
    assert at.selectbox(key="model").value == "storybook-gpt"
    payload = picture(at)
    assert payload["labels"]["key_name"] == "Key: the token looked at"
    assert payload["labels"]["query_name"] == "Query: the token that looks"
    assert "teaching weights" in payload["provenance"]
    assert "".join(payload["labels"]["keys"]).replace("·", " ") == FOX
    np.testing.assert_array_equal(drawn(at), attention(load_model("storybook-gpt"), FOX).head(0, 0))
    assert any(c.value.startswith("Check: rows sum to 1") for c in at.caption)
    assert not at.error
    assert not at.warning


def test_a_link_reopens_the_page(page):
    at = clean(page(model="minilm", text=TIRED, layer="3", head="1", scale="largest"))
    np.testing.assert_array_equal(drawn(at), attention(load_model("minilm"), TIRED).head(3, 1))
    assert at.slider(key="layer").value == 3
    assert picture(at)["scale_max"] < 1
    assert at.query_params == {
        "model": "minilm", "text": TIRED, "layer": "3", "head": "1", "scale": "largest",
    }  # fmt: skip


def test_inputs_go_into_the_link_and_the_picture(page):
    at = page()
    at.slider(key="head").set_value(2)
    at.text_area(key="text").set_value("A small fox.")
    clean(at.run())
    np.testing.assert_array_equal(drawn(at), attention(load_model("storybook-gpt"), "A small fox.").head(0, 2))
    assert at.query_params["head"] == "2"
    assert at.query_params["text"] == "A small fox."
    assert "layer" not in at.query_params


def test_the_assignments_view(page):
    at = clean(page(view="depths"))
    titles = [panel["title"] for panel in picture(at)["panels"]]
    assert titles == [f"Layer {n}, head 0" for n in (0, 1, 3, 5)]


def test_another_model_keeps_text_and_brings_the_head_into_range(page):
    at = page(model="minilm", text=TIRED, head="11")
    at.selectbox(key="model").set_value("storybook-gpt")
    clean(at.run())
    assert at.text_area(key="text").value == TIRED
    assert [w.value for w in at.warning] == [
        "Storybook GPT has no head 11\\: its heads are 0 to 7\\. You see head 7\\."
    ]
    assert at.slider(key="head").value == 7


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"model": "foo"}, "This link asks for the model 'foo'"),
        ({"model": "../../etc/passwd"}, "which is not here"),
        ({"model": "<script>alert(1)</script>"}, "which is not here"),
        ({"view": "x"}, "This link asks for the view 'x'"),
        ({"layer": "-1"}, "give a whole number such as layer=0"),
        ({"layer": "6"}, "Storybook GPT has no layer 6: its layers are 0 to 5. You see layer 5."),
        ({"head": "9999"}, "Storybook GPT has no head 9999"),
    ],
)
def test_wrong_links_are_one_sentence_and_a_picture(page, params, sentence):
    at = clean(page(**params))
    (warning,) = at.warning
    assert sentence in warning.value.replace("\\", "")
    assert at.get("bidi_component")
    assert not at.error


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("", "There is no text here; type a sentence"), ("  \n ", "There are only spaces here; type a sentence")],
)
def test_nothing_typed(page, text, sentence):
    at = page()
    at.text_area(key="text").set_value(text)
    clean(at.run())
    (error,) = at.error
    assert sentence in error.value.replace("\\", "")
    assert not at.get("bidi_component")
    assert at.text_area(key="text").value == text


def test_too_long_text_can_be_cut(page):
    text = " ".join([FOX] * 60)
    at = page(text=text)
    (error,) = clean(at).error
    assert "Storybook GPT reads at most 256; cut it after" in error.value.replace("\\", "")
    assert at.text_area(key="text").value == text
    at.button[0].click()
    clean(at.run())
    assert not at.error
    kept = at.text_area(key="text").value
    assert text.startswith(kept)
    assert len(kept) > 200
    assert picture(at)["tokens"][0] > 200


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "👩‍🔬 שלום e\u0301\u0302", "a\x00b\x1b", "$x^2$ **b** :smile: [a](b)"]
)
@pytest.mark.parametrize("model", ["minilm", "storybook-gpt"])
def test_strange_text(page, model, text):
    at = clean(page(model=model, text=text))
    assert not at.error
    assert at.text_area(key="text").value == text
    assert drawn(at).shape == tuple(picture(at)["tokens"])


def test_a_model_to_download_shows_its_size_first(page):
    at = clean(page(model="gpt2"))
    assert [b.label for b in at.button] == ["Download (551 MB)"]
    assert not at.get("bidi_component")


def test_no_network_is_one_sentence(page):
    at = page(model="gpt2")
    at.button[0].click()
    at.run()
    for _ in range(200):
        if at.error:
            break
        at.run()
    assert not at.exception
    assert "cannot be reached from this machine" in at.error[0].value


def test_broken_files_are_one_sentence(page, monkeypatch, tmp_path):
    import shutil

    from core.language import registry

    folder = shutil.copytree(registry.STORYBOOK_FOLDER, tmp_path / "storybook")
    (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:-10])
    monkeypatch.setattr(registry, "STORYBOOK_FOLDER", folder)
    at = clean(page(text=TIRED))
    (error,) = at.error
    assert "cut short" in error.value
    assert at.text_area(key="text").value == TIRED


def test_too_little_memory_is_one_sentence(page, monkeypatch):
    class Small:
        available = 1000

    monkeypatch.setattr("psutil.virtual_memory", lambda: Small)
    at = clean(page())
    (error,) = at.error
    assert "close other programs or choose a smaller model" in error.value


def test_a_bug_is_an_apology_not_a_traceback(page, monkeypatch):
    monkeypatch.setattr("core.runtime.attention_result", lambda *a, **k: 1 / 0)
    at = clean(page())
    assert "our fault" in at.error[0].value
    assert "ZeroDivision" not in str(at.error[0].value)


def test_more_characters_than_the_app_takes(page):
    at = clean(page(text="a" * 20_001))
    (error,) = at.error
    assert "has 20,001 characters and at most 20,000 are taken" in error.value.replace("\\", "")


def test_a_link_to_a_broken_model_does_not_hold_the_page(page, monkeypatch, tmp_path):
    from core.language import registry

    monkeypatch.setattr(registry, "STORYBOOK_FOLDER", tmp_path)
    at = clean(page(text="hello", head="3"))
    assert at.error
    at.selectbox(key="model").set_value("minilm")
    at.text_area(key="text").set_value("other words")
    clean(at.run())
    assert not at.error
    assert picture(at)["title"] == "MiniLM encoder: layer 0, head 3"
    assert at.text_area(key="text").value == "other words"


def test_an_address_of_a_moment_ago_does_not_undo_an_input(page):
    at = page(layer="1")
    at.slider(key="layer").set_value(2)
    clean(at.run())
    at.query_params["layer"] = "1"  # the browser has not taken "2" over yet
    at.slider(key="layer").set_value(3)
    clean(at.run())
    assert at.slider(key="layer").value == 3
    assert at.query_params["layer"] == "3"


def test_a_new_link_in_the_same_session_counts(page):
    at = page(layer="1")
    at.query_params["layer"] = "4"
    clean(at.run())
    assert at.slider(key="layer").value == 4


def test_a_model_without_tokenizer_takes_numbers(page, monkeypatch, test_data):
    from core import runtime, settings
    from core.settings import read_settings

    folder = test_data / "language" / "gpt_nano_sort"
    options = read_settings({"ATTENDOME_MODELS": f"sort={folder}", "ATTENDOME_DEVICE": "cpu"})
    for module in (runtime, settings):
        monkeypatch.setattr(module, "settings", lambda: options)
    at = page(model="sort", text="ABC")
    assert "type numbers such as 0 2 1" in clean(at).error[0].value
    at.text_area(key="text").set_value("[2, 0, 1]")
    clean(at.run())
    assert picture(at)["labels"]["keys"] == ["2", "0", "1"]


@pytest.fixture
def downloaded_gpt2(tmp_path, monkeypatch):
    """A small random GPT-2 in the hub's cache, as if it had been downloaded; gives its weights file."""
    from core import runtime, settings
    from core.files import sha256_of
    from core.settings import read_settings
    from tests.core.language import folders

    repo = tmp_path / "hub" / "models--openai-community--gpt2"
    snapshot = repo / "snapshots" / ("a" * 40)
    for folder in (snapshot, repo / "blobs", repo / "refs"):
        folder.mkdir(parents=True)
    (repo / "refs" / "main").write_text("a" * 40)
    for file in folders.gpt2(tmp_path / "made").iterdir():
        blob = repo / "blobs" / sha256_of(file)
        file.rename(blob)
        (snapshot / file.name).symlink_to(blob)
    options = read_settings({"HF_HOME": str(tmp_path), "HF_ENDPOINT": "http://127.0.0.1:9", "ATTENDOME_DEVICE": "cpu"})
    for module in (runtime, settings):
        monkeypatch.setattr(module, "settings", lambda: options)
    return snapshot / "model.safetensors"


def test_a_downloaded_model_is_read_without_a_network(page, downloaded_gpt2):
    at = clean(page(model="gpt2", text=TIRED))
    assert not at.error
    assert picture(at)["provenance"] == f"GPT-2 small · official weights {'a' * 12} · float32"


def test_a_damaged_download_is_not_believed_and_can_be_fetched_again(page, downloaded_gpt2):
    data = bytearray(downloaded_gpt2.read_bytes())
    data[-3] ^= 1
    downloaded_gpt2.resolve().write_bytes(data)
    at = clean(page(model="gpt2", text=TIRED))
    assert "is damaged on this machine" in at.error[0].value
    (button,) = at.button
    assert button.label == "Remove and download again"
    button.click()
    clean(at.run())
    assert not downloaded_gpt2.exists()
    assert [b.label for b in at.button] == ["Download (551 MB)"]
    assert at.session_state["text"] == TIRED
