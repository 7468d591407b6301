"""What a person does on the attention page: open it, type, press keys, point at a cell."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, urlencode

from playwright.sync_api import expect

IT = "The animal didn't cross the street because it was too tired."


def link(base: str, **params: object) -> str:
    """The address of the page in a state; spaces as %20."""
    return f"{base}/attention?{urlencode(params, quote_via=quote)}"


class AttentionPage:
    """The attention page in one browser page."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.figure = page.get_by_test_id("attention-heatmap").first  # a comparison has two more, folded
        self.canvas = self.figure.locator("canvas.overlay")
        self.tooltip = page.get_by_test_id("heatmap-tooltip")
        self.text = page.get_by_role("textbox", name="Your text")
        self.alerts = page.get_by_test_id("stAlert")

    def open(self, base: str, **params: object) -> AttentionPage:
        """Go there; does not wait for the picture."""
        self.page.goto(link(base, **params) if params else f"{base}/attention", wait_until="commit")
        return self

    def wait(self, title: str | None = None) -> AttentionPage:
        """Until the picture is drawn, and is the one with this title."""
        expect(self.figure).to_have_attribute("data-drawn", re.compile(r"[1-9]\d*"))
        if title is not None:
            expect(self.canvas).to_have_attribute("aria-label", title)
        return self

    @property
    def title(self) -> str:
        return self.canvas.get_attribute("aria-label")

    @property
    def description(self) -> str:
        return self.page.get_by_test_id("heatmap-description").text_content()

    def data(self, name: str) -> int:
        """A number that the figure tells tests: panels, queries, keys, drawn."""
        return int(float(self.figure.get_attribute(f"data-{name}")))

    def type(self, text: str) -> None:
        """Write the text and send it, as with Ctrl+Enter."""
        self.text.fill(text)
        self.text.press("Control+Enter")

    def choose(self, option: str) -> None:
        """Press an option of a segmented control by its label."""
        self.page.get_by_role("radio", name=option).click()

    def is_chosen(self, option: str) -> None:
        expect(self.page.get_by_role("radio", name=option)).to_be_checked()

    def slider(self, name: str) -> Any:
        """The keyboard's end of a slider."""
        return self.page.get_by_test_id("stSlider").filter(has_text=name).locator("input")

    def point_at(self, query: int, key: int) -> str:
        """Move the mouse onto a cell of a figure of one panel; what the tooltip says, in one line.

        Nothing outside the figure knows where its cells are: point at any cell, read which one it is, and
        go on from there.
        """
        self.canvas.scroll_into_view_if_needed()
        box = self.canvas.bounding_box()
        cell = float(self.figure.get_attribute("data-cell"))
        for part in (0.5, 0.6, 0.4, 0.7, 0.3, 0.8):
            x, y = box["x"] + part * min(box["width"], 560), box["y"] + part * box["height"]
            self.page.mouse.move(x, y)
            if self.tooltip.is_visible():
                break
        at_query, at_key = re.search(r"query (\d+) of \d+, key (\d+) of", self.tooltip.text_content()).groups()
        self.page.mouse.move(x + (key - int(at_key) + 1) * cell, y + (query - int(at_query) + 1) * cell)
        expect(self.tooltip).to_contain_text(re.compile(rf"query {query + 1} of \d+, key {key + 1} of"))
        return " ".join(self.tooltip.text_content().split())
