"""The head grid in a real browser: pointing, opening, keys, downloads, redrawing, both themes."""

from __future__ import annotations

import base64
import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.apps.head_grid_heads import ROLES, payload_of
from tests.components.test_head_grid import read_head_grid
from tests.script_app import script_app

SVG = "{http://www.w3.org/2000/svg}"
# Colours at the middle of the page's base canvas pixel (x, y), in CSS pixels of the figure.
PIXEL = """
(canvas, [x, y]) => {
  const scale = canvas.width / canvas.getBoundingClientRect().width;
  return Array.from(canvas.getContext("2d").getImageData(Math.floor(x * scale), Math.floor(y * scale), 1, 1).data);
}
"""


@pytest.fixture(scope="module")
def grid_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with script_app(Path(__file__).parent / "apps" / "head_grid.py", tmp_path_factory.mktemp("grid")) as url:
        yield url


class Grid:
    """The grid on its page."""

    def __init__(self, page, url: str, query: str = "") -> None:
        page.goto(f"{url}/?{query}", wait_until="commit")
        self.page, self.figure = page, page.get_by_test_id("head-grid")
        self.canvas, self.tooltip = self.figure.locator("canvas.overlay"), page.get_by_test_id("head-grid-tooltip")
        expect(self.figure).to_have_attribute("data-drawn", re.compile(r"[1-9]"))

    def data(self, name: str) -> str:
        return self.figure.get_attribute(f"data-{name}")

    def middle(self, index: int) -> dict[str, int]:
        """Of the head that is `index` in the header, in the figure."""
        return dict(zip("xy", map(int, self.data("middles").split()[index].split(",")), strict=True))

    def corner(self, index: int) -> tuple[float, float]:
        wide, high = map(float, self.data("thumb").split())
        middle = self.middle(index)
        return middle["x"] - wide / 2, middle["y"] - high / 2

    def saved(self, kind: str) -> tuple[str, bytes]:
        with self.page.expect_download() as download:
            self.page.get_by_role("button", name=f"Download all heads as {kind}", exact=True).click()
        return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def test_pointing_names_a_head_and_a_click_opens_it(page, grid_app):
    grid = Grid(page, grid_app, "off=1")
    header = read_head_grid(payload_of(off="1"))[0]
    assert grid.data("heads") == str(len(header["heads"])) == "8"
    head = header["heads"][6]
    grid.canvas.hover(position=grid.middle(6))
    expect(grid.tooltip).to_contain_text("Layer 1, head 2 (switched off)")
    expect(grid.tooltip).to_contain_text(ROLES[6 % 5])
    expect(grid.tooltip).to_contain_text(f"score {head['score']} · largest attention weight {head['peak']:.3g}")
    expect(grid.tooltip).to_contain_text(f"'{head['pair'][0]}' → '{head['pair'][1]}'")
    drawn, canvas = grid.data("drawn"), grid.canvas.element_handle()
    grid.canvas.click(position=grid.middle(6))
    expect(page.get_by_text("Opened: OpenedHead(layer=1, head=2, summary=None)")).to_be_visible()
    expect(grid.figure).to_have_attribute("data-chosen", "Layer 1, head 2")
    page.get_by_role("button", name="Again").click()
    expect(page.get_by_text("Turn 1.")).to_be_visible()
    assert grid.data("drawn") == drawn, "neither choosing nor a rerun may draw the thumbnails again"
    assert canvas.evaluate("(before, now) => before === now", grid.canvas.element_handle())


def test_keys_walk_over_heads_and_summaries_and_enter_opens(page, grid_app):
    grid = Grid(page, grid_app, "extras=mean&mask=causal")
    spoken = page.get_by_test_id("head-grid-live")
    expect(spoken).to_have_attribute("aria-live", "polite")
    page.keyboard.press("Tab")  # so that focus counts as coming from the keyboard
    grid.canvas.focus()
    expect(spoken).to_contain_text(f"Layer 0, head 0. {ROLES[0]}. score ")
    for key, name in (
        *(
            ("ArrowRight", "Layer 0, head 1"),
            ("ArrowDown", "Layer 1, head 1"),
            ("ArrowDown", "Head 1, mean over layers"),
        ),
        *(("ArrowDown", "Head 1, mean over layers"), ("End", "Mean over all heads and layers")),
        *(("PageUp", "Layer 0, mean over heads"), ("Home", "Layer 0, head 0"), ("ArrowLeft", "Layer 0, head 0")),
        *(("Control+End", "Mean over all heads and layers"), ("ArrowUp", "Layer 1, mean over heads")),
    ):
        grid.canvas.press(key)
        expect(spoken).to_contain_text(name)
    grid.canvas.press("Enter")
    expect(page.get_by_text("Opened: OpenedHead(layer=1, head=None, summary='mean')")).to_be_visible()
    grid.canvas.press("Home")
    grid.canvas.press("Space")
    expect(page.get_by_text("Opened: OpenedHead(layer=1, head=0, summary=None)")).to_be_visible()
    grid.canvas.press("Escape")
    expect(grid.tooltip).to_be_hidden()
    expect(spoken).to_be_empty()
    drawn, canvas = int(grid.data("drawn")), grid.canvas.element_handle()
    page.get_by_text("By score", exact=True).click()
    expect(grid.figure).to_have_attribute("data-order", "score")
    assert int(grid.data("drawn")) == drawn + 1
    assert canvas.evaluate("(before, now) => before === now", grid.canvas.element_handle())
    expect(grid.figure).to_have_attribute("data-chosen", "Layer 1, head 0")


def test_downloads_are_whole_pictures(page, grid_app):
    query = {"order": "score", "extras": "mean", "off": "1", "mask": "causal", "tokens": "5"}
    grid = Grid(page, grid_app, "&".join(f"{key}={value}" for key, value in query.items()))
    header, allowed, levels = read_head_grid(payload_of(**query))
    box = grid.canvas.bounding_box()
    name, content = grid.saved("PNG")
    assert name == "made-up-heads.png"
    picture = Image.open(io.BytesIO(content))
    assert picture.size == pytest.approx((2 * box["width"] + 64, 2 * box["height"] + 64), abs=2)
    name, content = grid.saved("SVG")
    assert name == "made-up-heads.svg"
    root = ET.fromstring(content)
    texts = [node.text for node in root.iter(f"{SVG}text")]
    assert {header["title"], header["provenance"], "attention weight", "masked (not allowed)", "switched off"} <= set(
        texts
    )
    captions = [f"{head['short']} · {head['score']}" if head["score"] else head["short"] for head in header["heads"]]
    assert [text for text in texts if text in captions] == captions
    images = list(root.iter(f"{SVG}image"))
    assert len(images) == len(levels) == 15
    for image, level in zip(images, levels, strict=True):
        kind, _, code = image.get("href").partition(",")
        assert kind == "data:image/png;base64"
        pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(code))).convert("RGB"))
        assert pixels.shape == (5, 5, 3)
        assert (pixels[~allowed] == pixels[0, 4]).all()
        darkest = np.where(allowed, pixels.sum(axis=2), 999).argmin()
        assert level.ravel()[darkest] >= 254
    assert not [key for node in root.iter() for key in node.attrib if key.startswith("on")]


@pytest.mark.parametrize(("scheme", "pixels"), [("light", 1), ("dark", 2)])
def test_a_single_spike_is_seen_in_both_themes(new_page, grid_app, scheme, pixels):
    grid = Grid(
        new_page(color_scheme=scheme, device_scale_factor=pixels),
        grid_app,
        "layers=12&heads=12&tokens=512&extras=mean&kind=spike",
    )
    base = grid.figure.locator("canvas.base")
    wide, _ = map(float, grid.data("thumb").split())
    x, y = grid.corner(0)
    at = 300 / 512 * wide
    neighbourhood = [base.evaluate(PIXEL, [x + at + i, y + at + j]) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    plain = base.evaluate(PIXEL, [x + 5, y + wide - 5])
    ends = [[20, 25, 90], [252, 245, 147]]
    assert ends[scheme == "dark"] in [pixel[:3] for pixel in neighbourhood]
    assert (sum(plain[:3]) > 600) == (scheme == "light")
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert grid.page.evaluate(overflow) <= 0
    assert grid.figure.evaluate("figure => figure.scrollWidth - figure.clientWidth") <= 0


def test_numbers_of_a_narrow_colour_bar_do_not_touch(new_page, grid_app):
    grid = Grid(new_page(viewport={"width": 500, "height": 900}), grid_app, "scale=own")
    root = ET.fromstring(grid.saved("SVG")[1])
    bar = [node for node in root.iter(f"{SVG}text") if node.text.endswith(" %")]
    assert bar[-1].text == "100 %"
    places = [float(node.get("x")) for node in bar]
    assert all(after - before > 40 for before, after in pairwise(places))
