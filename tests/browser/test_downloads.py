"""The files that a person takes away, of a text that tries to be a script."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.browser.attention_page import AttentionPage

TEXT = "See <script>alert(1)</script> & go."
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def opened(page, app_server):
    """The attention page on a text with a script, which must stay text."""
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    yield AttentionPage(page).open(app_server, model="minilm", text=TEXT, layer=1, head=2).wait()
    assert not dialogs
    assert (
        page.evaluate("[...document.scripts].filter((script) => script.textContent.includes('alert(1)')).length") == 0
    )


def saved(opened: AttentionPage, button: str) -> tuple[str, bytes]:
    with opened.page.expect_download() as download:
        opened.page.get_by_role("button", name=button, exact=True).click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def test_png_is_the_figure_at_twice_its_size(opened):
    name, content = saved(opened, "Download this figure as PNG")
    assert name == "attention-minilm-encoder-layer1-head2.png"
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))
    box = opened.canvas.bounding_box()
    assert width == pytest.approx(2 * box["width"], abs=100)
    assert height == pytest.approx(2 * box["height"], abs=100)
    assert len(content) > 10_000


def test_svg_holds_the_words_of_the_figure_as_text_and_no_script(opened, computed):
    name, content = saved(opened, "Download this figure as SVG")
    result = computed("minilm", TEXT)
    assert name == "attention-minilm-encoder-layer1-head2.svg"
    root = ET.fromstring(content)
    texts = [node.text for node in root.iter(f"{SVG}text")]
    assert "MiniLM encoder: layer 1, head 2" in texts
    assert root.find(f"{SVG}title").text == "MiniLM encoder: layer 1, head 2"
    assert any(text.startswith("Key: the token looked at") for text in texts)
    assert any(text.startswith("Query: the token that looks") for text in texts)
    assert result.provenance.sentence in " ".join(texts)
    assert {"<", "script", "alert", ">"} <= set(result.source.labels) <= set(texts)
    assert {node.tag.removeprefix(SVG) for node in root.iter()} <= {
        *("svg", "title", "desc", "defs", "linearGradient", "stop", "pattern", "path", "rect", "text", "line", "g"),
    }
    assert not [key for node in root.iter() for key in node.attrib if key.startswith("on") or "href" in key]


def test_csv_holds_every_weight(opened, computed):
    name, content = saved(opened, "CSV")
    weights = computed("minilm", TEXT).head(1, 2)
    table = pd.read_csv(io.BytesIO(content), keep_default_na=False)
    assert name == "attention-minilm-encoder-layer1-head2.csv"
    assert len(table) == weights.size
    np.testing.assert_array_equal(table["weight"].to_numpy(np.float32).reshape(weights.shape), weights)
    np.testing.assert_allclose(table.groupby("query")["weight"].sum(), 1, atol=1e-6)
    assert list(table["key_token"][: len(weights)]) == list(computed("minilm", TEXT).tokens)
