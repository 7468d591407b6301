"""The signed map between two sentences, and what it says in words."""

from __future__ import annotations

import io
from base64 import b64decode

import numpy as np
import pandas as pd
import pytest

from components.difference import both_payload, changes_sentence, difference_csv, difference_payload
from core.language import attention, load_model
from core.language.compare import compare_maps

TIRED = "The animal didn't cross the street because it was too tired."
WIDE = "The animal didn't cross the street because it was too wide."
NAMES = ("tired", "wide")


@pytest.fixture(scope="module")
def found():
    model = load_model("minilm")
    return compare_maps(attention(model, TIRED), attention(model, WIDE), (3, 1), (3, 1))


def test_the_map_is_second_minus_first_with_both_at_hand(found):
    payload = difference_payload(found, names=NAMES)
    (panel,) = payload["panels"]
    shape = payload["shape"]
    drawn = np.frombuffer(b64decode(panel["weights"]), "<f4").reshape(shape)
    before = np.frombuffer(b64decode(panel["before"]), "<f4").reshape(shape)
    it, animal = payload["labels"]["queries"].index("it"), payload["labels"]["keys"].index("animal")
    assert before[it, animal] == pytest.approx(0.68, abs=0.005)
    assert before[it, animal] + drawn[it, animal] == pytest.approx(0.28, abs=0.005)
    assert payload["scale"] == "signed"
    assert payload["title"] == "MiniLM encoder: change of layer 3, head 1"
    assert payload["scale_names"] == ["more in tired", "more in wide"]
    assert "tired / wide" in payload["labels"]["keys"]


def test_the_largest_changes_in_words(found):
    sentence = changes_sentence(found)
    assert sentence.startswith("Largest changes: ")
    assert "it → animal falls from 0.68 to 0.28" in sentence
    model = load_model("minilm")
    same = attention(model, TIRED)
    assert changes_sentence(compare_maps(same, same, (3, 1), (3, 1))) == "Nothing changes by a hundredth or more."


def test_both_maps_beside_each_other(found):
    payload = both_payload(found, names=NAMES)
    assert [panel["title"] for panel in payload["panels"]] == ["tired", "wide"]


def test_two_models_are_named():
    minilm, storybook = load_model("minilm"), load_model("storybook-gpt")
    found = compare_maps(attention(minilm, "A fox ran."), attention(storybook, "A fox ran."), (0, 1), (2, 3))
    payload = difference_payload(found, names=("MiniLM encoder", "Storybook GPT"))
    assert payload["title"] == "Storybook GPT (layer 2, head 3) minus MiniLM encoder (layer 0, head 1)"
    assert "Storybook GPT" in payload["provenance"]
    assert "MiniLM encoder" in payload["provenance"]


def test_csv_gives_both_maps_back(found):
    table = pd.read_csv(io.BytesIO(difference_csv(found)))
    np.testing.assert_array_equal(table["first"].to_numpy(np.float32), found.first.ravel())
    np.testing.assert_array_equal(table["difference"].to_numpy(np.float32), found.difference.ravel())
    assert set(table["second_head"]) == {3.1}
