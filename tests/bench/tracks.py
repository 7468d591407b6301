"""The tracks page in headless Chromium: until the first tracks are drawn, and a place that was seen before."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.settings import ROOT
from tests.bench.pages import App, new_page, open_browser, wait_until_idle
from tests.bench.report import Case
from tests.script_app import script_app

BROWSER = "[data-testid=genome-browser][data-settled]"
BOX = "Gene, locus or position"
FIRST, PLACES = "SIMB20", ("SIMA41", "SIMC8", "SIMD39", "SIMA10", "SIMB12")
AIM_OPEN, AIM_SEEN, AIM_MAP = 3.0, 0.5, 1.0
BINS_SCRIPT = ROOT / "tests" / "browser" / "apps" / "bins_app.py"


def _wait_for(page: Any, gene: str) -> None:
    """Until tracks around this gene are drawn: the browser's words name it, and a row tells its agreement."""
    browser = page.locator(BROWSER)
    browser.get_by_text(f"around {gene}").first.wait_for()
    browser.get_by_text("r = 0").first.wait_for()


def _open(page: Any, app: App, gene: str) -> float:
    start = time.perf_counter()
    page.goto(f"{app.url}/tracks?locus={gene}", wait_until="commit")
    _wait_for(page, gene)
    return time.perf_counter() - start


def _go(page: Any, gene: str) -> float:
    box = page.get_by_role("combobox", name=BOX)
    box.fill(gene)
    start = time.perf_counter()
    page.keyboard.press("Enter")
    _wait_for(page, gene)
    return time.perf_counter() - start


def measure_tracks(runs: int) -> Iterator[Case]:
    """A visitor on a warm server, at places nobody asked for before; a place seen before; the same after a restart."""
    opened, seen, restarted = [], [], []
    with tempfile.TemporaryDirectory() as folder, open_browser() as browser:
        for kind in ("first", "restarted"):
            app = App(folder)
            try:
                app.wait_until_healthy()
                with new_page(browser) as page:  # the warm-up is over once a page has answered
                    _open(page, app, FIRST)
                    time.sleep(3)
                for gene in PLACES[: max(3, runs)]:
                    with new_page(browser) as page:
                        if kind == "first":
                            opened.append(_open(page, app, gene))
                            wait_until_idle(page)
                            _go(page, FIRST)
                        else:
                            _open(page, app, FIRST)
                        wait_until_idle(page)
                        time.sleep(1)
                        (seen if kind == "first" else restarted).append(_go(page, gene))
            finally:
                app.stop()
    yield Case("tracks", "a new visitor opens a gene nobody asked for, playground: until its tracks are drawn", "s", tuple(opened), AIM_OPEN)  # fmt: skip  # noqa: E501
    yield Case("tracks", "a place seen before: from Enter until its tracks are drawn", "s", tuple(seen), AIM_SEEN)
    yield Case("tracks", "a place seen before the server was restarted", "s", tuple(restarted), AIM_SEEN)


def measure_bins(runs: int) -> Iterator[Case]:
    """Another head of 1,536 x 1,536 bins: from the click until it is painted, the weights made of queries and keys."""
    found, drawn = [], []
    with (
        tempfile.TemporaryDirectory() as folder,
        script_app(BINS_SCRIPT, Path(folder)) as url,
        open_browser() as browser,
        new_page(browser) as page,
    ):
        page.goto(url)
        figure = page.locator("[data-testid=attention-heatmap][data-drawn]")
        figure.wait_for()
        wait_until_idle(page)
        for run in range(1, runs + 2):
            start = time.perf_counter()
            page.get_by_role("button", name="Next head").click()
            figure.locator(f'canvas.overlay[aria-label*="head {run % 8}"]').wait_for()
            if run > 1:  # the first is a warm-up
                found.append(time.perf_counter() - start)
                drawn.append(page.evaluate(PAINTED))
            wait_until_idle(page)
    name = "attention of 1,536 x 1,536 bins: another head, from the click until it is painted"
    yield Case("bins", name, "s", tuple(found), AIM_MAP)
    yield Case(
        "bins", "attention of 1,536 x 1,536 bins: of this, reading and painting in the browser", "s", tuple(drawn)
    )


PAINTED = """
() => {
  const last = (name) => performance.getEntriesByName(`attendome-heatmap-${name}`).at(-1).startTime;
  return (last("drawn") - last("received")) / 1000;
}
"""
