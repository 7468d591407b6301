"""Light and dark, laptop and projector: everything is inside the window, and the figure follows the theme."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.attention_page import IT, AttentionPage

LAPTOP, PROJECTOR = {"width": 1366, "height": 768}, {"width": 1920, "height": 1080}
TOO_WIDE = """
() => [...document.querySelectorAll("html, body, .stApp, [data-testid=stMain], [data-testid=stSidebarContent]")]
  .filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.tagName + "." + e.className)
"""
COLOURS = """
() => {
  const figure = document.querySelector("[data-testid=attention-heatmap]")
    ?? [...document.querySelectorAll("*")].map((e) => e.shadowRoot?.querySelector("[data-testid=attention-heatmap]"))
      .find(Boolean);
  const canvas = figure.querySelector("canvas.base");
  const corner = [...canvas.getContext("2d").getImageData(canvas.width - 1, 0, 1, 1).data].slice(0, 3);
  return [getComputedStyle(document.querySelector(".stApp")).backgroundColor, `rgb(${corner.join(", ")})`];
}
"""


@pytest.mark.parametrize("size", [LAPTOP, PROJECTOR], ids=["laptop", "projector"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_cut_off(new_page, app_server, scheme, size):
    page = new_page(color_scheme=scheme, viewport=size)
    opened = AttentionPage(page).open(app_server, model="minilm", text=IT, layer=3, head=1).wait()
    for view, panels in (("One head", 1), ("Four depths", 4)):
        opened.choose(view)
        expect(opened.figure).to_have_attribute("data-panels", str(panels))
        assert page.evaluate(TOO_WIDE) == []
        around, canvas = opened.figure.bounding_box(), opened.canvas.bounding_box()
        assert canvas["x"] >= around["x"]
        assert canvas["x"] + canvas["width"] <= around["x"] + around["width"] + 1
        assert around["x"] + around["width"] <= size["width"]
        for name in ("PNG", "SVG"):
            button = page.get_by_role("button", name=f"Download this figure as {name}").bounding_box()
            assert button["x"] + button["width"] <= canvas["x"] + canvas["width"] + 1
    around_it, figure = page.evaluate(COLOURS)
    assert figure == around_it
    assert (sum(map(int, figure[4:-1].split(","))) < 3 * 128) == (scheme == "dark")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_home_fits_a_laptop(new_page, app_server, scheme):
    page = new_page(color_scheme=scheme)
    page.goto(app_server)
    expect(page.get_by_role("heading", name="Models")).to_be_visible()
    expect(page.get_by_test_id("stTable")).to_be_visible()
    assert page.evaluate(TOO_WIDE) == []


def test_the_tooltip_stays_in_the_window_over_a_figure_that_does_not(page, app_server):
    opened = AttentionPage(page).open(app_server, text="The cat sat on the mat and then it ran away. " * 18).wait()
    box = opened.canvas.bounding_box()
    assert box["y"] + box["height"] > LAPTOP["height"]
    page.mouse.move(box["x"] + 160, LAPTOP["height"] - 12)
    expect(opened.tooltip).to_be_visible()
    tooltip = opened.tooltip.bounding_box()
    assert tooltip["y"] + tooltip["height"] <= LAPTOP["height"]
