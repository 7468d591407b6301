"""What a person does with a heatmap that is alone on its page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

APP = Path(__file__).parent / "apps" / "heatmap_app.py"


class HeatmapPage:
    """The heatmap of `apps/heatmap_app.py` in one browser page; cells and tokens are counted from 0."""

    def __init__(self, page: Any, url: str, query: str = "") -> None:
        page.goto(f"{url}/?{query}", wait_until="commit")
        self.page, self.figure = page, page.get_by_test_id("attention-heatmap")
        self.canvas, self.sentence = self.figure.locator("canvas.overlay"), page.get_by_test_id("strip-sentence")
        self.strip, self.words = page.get_by_test_id("attention-strip"), page.get_by_test_id("strip-words")
        self.tooltip = page.get_by_test_id("heatmap-tooltip")
        self.drawn()

    def drawn(self) -> None:
        expect(self.figure).to_have_attribute("data-drawn", re.compile(r"[1-9]"))

    def data(self, name: str) -> str:
        return self.figure.get_attribute(f"data-{name}")

    def has(self, name: str, value: object) -> None:
        expect(self.figure).to_have_attribute(f"data-{name}", str(value))

    def says(self, text: str) -> None:
        """What Python heard, for example "locked 3, zoom None"."""
        expect(self.page.get_by_test_id("stMarkdown").last).to_contain_text(text)

    def scrolled(self) -> float:
        return self.page.get_by_test_id("stMain").evaluate("main => main.scrollTop")

    def row_above_strip(self, row: int) -> float:
        """CSS pixels from the end of a row to the strip; below 0 where the strip covers it."""
        end = self.canvas.bounding_box()["y"] + self.place(row + 0.5, 0)["y"]
        return self.strip.bounding_box()["y"] - end

    def runs(self) -> int:
        return int(self.page.get_by_test_id("stMarkdown").last.text_content().rsplit(" ", 1)[1])

    def place(self, row: float, column: float, panel: int = 0) -> dict[str, float]:
        """Middle of a cell, from the canvas's corner."""
        cell = float(self.data("cell"))
        x, y = map(float, self.data("corners").split()[panel].split(","))
        return {"x": x + (column + 0.5) * cell, "y": y + (row + 0.5) * cell}

    def token(self, index: int, axis: str = "queries") -> dict[str, float]:
        """Middle of a token of the sentence as it is scrolled now, from its canvas's corner."""
        x, y = map(float, self.data(f"{axis}-places").split()[index].split(","))
        return {"x": x, "y": y - self.sentence.evaluate("canvas => canvas.parentElement.scrollTop")}

    def point(self, row: int, column: int) -> None:
        self.canvas.hover(position=self.place(row, column))

    def click(self, row: int, column: int) -> None:
        self.canvas.click(position=self.place(row, column))

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        self.canvas.scroll_into_view_if_needed()
        box = self.canvas.bounding_box()
        (a, b) = (self.place(*start), self.place(*end))
        self.page.mouse.move(box["x"] + a["x"], box["y"] + a["y"])
        self.page.mouse.down()
        self.page.mouse.move(box["x"] + b["x"], box["y"] + b["y"], steps=4)
        self.page.mouse.up()

    def saved(self, button: str) -> tuple[str, bytes]:
        with self.page.expect_download() as download:
            self.page.get_by_role("button", name=button, exact=True).click()
        return download.value.suggested_filename, Path(download.value.path()).read_bytes()
