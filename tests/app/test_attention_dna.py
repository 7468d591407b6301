"""The attention page for models of DNA, without a browser."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.enformer import EnformerEngine, load_model
from core.genome import Interval, open_genome
from core.settings import ROOT


@pytest.fixture
def page() -> Callable[..., AppTest]:
    """Opens the attention page on DNA by a link's parameters."""
    st.cache_resource.clear()

    def open_page(**params: str) -> AppTest:
        at = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60)
        at.switch_page("views/attention.py")
        for name, value in ({"reads": "dna"} | params).items():
            at.query_params[name] = value
        return at.run()

    return open_page


def payloads(at: AppTest) -> list[dict]:
    """What each component of the page was given."""
    return [json.loads(part.proto.json) for part in at.get("bidi_component") if part.proto.json]


def heatmap(at: AppTest) -> dict:
    return next(payload for payload in payloads(at) if "panels" in payload)


def browser(at: AppTest) -> dict | None:
    return next((payload for payload in payloads(at) if "rows" in payload and "contig_bp" in payload), None)


def said(at: AppTest) -> str:
    return " ".join(element.value for kind in (at.error, at.warning, at.info, at.caption) for element in kind)


def test_the_map_is_the_models_own_attention(page):
    at = page(layer="1", head="2", locus="SIMA41")
    assert not at.exception
    payload = heatmap(at)
    shown = np.frombuffer(b64decode(payload["panels"][0]["weights"]), "<f4").reshape(payload["shape"])
    first = int(payload["labels"]["keys"][0].replace(",", "")) - 1
    window = Interval("sim1", first, first + 384 * 128)
    engine = EnformerEngine(load_model("playground"))
    wanted = engine.attention(open_genome("playground").fetch(window), 1).head(0, 2)
    np.testing.assert_allclose(shown, wanted, atol=1e-5)
    assert "teaching weights" in payload["provenance"]
    assert browser(at) is None
    assert "Click a row" in said(at)


def test_a_kept_row_is_shown_along_the_genome(page):
    at = page(row="200", layer="1")
    assert not at.exception
    scene = browser(at)
    assert scene is not None
    assert [row["id"] for row in scene["rows"]] == ["attention", "genes"]
    assert heatmap(at)["locked"] == 200


def test_other_views_and_a_link_that_reopens_them(page):
    at = page(view="depths", measure="rollout")
    assert not at.exception
    assert len(heatmap(at)["panels"]) == 4
    at = page(view="heads")
    assert not at.exception
    assert at.query_params["view"] == "heads"
    assert at.query_params["reads"] == "dna"


@pytest.mark.parametrize(
    ("locus", "words"),
    [("NOGENE", "NOGENE"), ("sim9:100", "sim9"), ("485000", "485000"), ("sim1:900,000,000", "900,000,000")],
)
def test_a_place_that_is_none_is_said_and_kept(page, locus, words):
    at = page(locus=locus)
    assert not at.exception
    assert words in said(at)
    assert at.session_state["locus"] == locus


def test_text_is_as_it_was(page):
    at = page(reads="text", text="One day.")
    assert not at.exception
    assert heatmap(at)["sentence"] is True
    at.segmented_control(key="reads").set_value("dna").run()
    assert not at.exception
    assert heatmap(at)["sentence"] is False
    at.segmented_control(key="reads").set_value("text").run()
    assert at.text_area(key="text").value == "One day."
