"""The genome browser in headless Chromium, drawn without a GPU: time a frame, from message to picture, bytes sent."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from components.browser import scene_payload
from core.settings import ROOT
from tests.bench.pages import new_page, open_browser, wait_until_idle
from tests.bench.report import Case
from tests.browser.apps.browser_scene import made_up_scene
from tests.browser.apps.letters_scene import LENGTH, letter_scene
from tests.script_app import script_app

APPS = ROOT / "tests" / "browser" / "apps"
SCRIPT, LETTERS_SCRIPT = APPS / "browser_app.py", APPS / "letters_app.py"
LETTER_ROWS = 3
AIM_REDRAW = 0.05  # seconds
ROWS, BINS = 12, 896
AIM_FRAMES = 40  # a second
AIM_BYTES = 3_000_000
MOVES = 160
BROWSER = "[data-testid=genome-browser]"
# Counts the frames that were drawn, and keeps the time of each.
WATCH = """
browser => {
  window.frameTimes = [];
  window.frameWatch?.disconnect();
  window.frameWatch = new MutationObserver(() => window.frameTimes.push(performance.now()));
  window.frameWatch.observe(browser, { attributeFilter: ["data-frames"] });
}
"""
# Moves of the pressed mouse: to the right, back, to the left and back in 80 frames.
DRAG = """
async (overlay, [middle, y, far, moves]) => {
  for (let move = 1; move <= moves; move += 1) {
    await new Promise(requestAnimationFrame);
    const share = (move / 20) % 4;
    const clientX = middle + far * (share < 1 ? share : share < 3 ? 2 - share : share - 4);
    overlay.dispatchEvent(new PointerEvent("pointermove", {
      clientX, clientY: y, pointerId: 1, pointerType: "mouse", buttons: 1, isPrimary: true, bubbles: true,
    }));
  }
}
"""
# From the message's arrival in our code to the picture.
DRAWN = """
() => ["arrived", "drawn"].map((name) => performance.getEntriesByName(`attendome-browser-${name}`).at(-1)?.startTime)
"""

# From a click that zooms at once to the frame that shows it, in seconds, and how long the first bars and letters took.
STEPS = """
async (browser) => {
  const found = [];
  for (let step = 0; step < 22; step += 1) {
    const from = performance.now();
    const drawn = new Promise((done) => {
      const watch = new MutationObserver(() => { watch.disconnect(); done(performance.now()); });
      watch.observe(browser, { attributeFilter: ["data-frames"] });
    });
    browser.querySelector(step < 11 ? ".in" : ".out").click();
    found.push(((await drawn) - from) / 1000);
    await new Promise((done) => setTimeout(done, 350)); // at rest, all margins are painted
  }
  return found;
}
"""


def _open(page: Any, url: str, query: str = f"rows={ROWS}&windows=3&extras=0") -> tuple[Any, dict[str, float]]:
    """The browser on its page, and the box of its canvas."""
    page.goto(f"{url}/?{query}")
    browser = page.locator(f"{BROWSER}[data-settled]")
    browser.wait_for()
    wait_until_idle(page)
    return browser, browser.locator("canvas.overlay").bounding_box()


def _frames(page: Any) -> tuple[float, float]:
    """Mean and longest time from one frame drawn to the next, in seconds."""
    apart = [(b - a) / 1000 for a, b in pairwise(page.evaluate("window.frameTimes"))]
    return sum(apart) / len(apart), max(apart)


def drag(page: Any, browser: Any, box: dict[str, float]) -> tuple[float, float]:
    """Drag to and fro over more than three widths of the view; the mouse moves in each frame of the screen."""
    middle, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(middle, y)
    page.mouse.down()
    browser.evaluate(WATCH)
    browser.locator("canvas.overlay").evaluate(DRAG, [middle, y, box["width"] * 0.42, MOVES])
    found = _frames(page)
    page.mouse.up()
    return found


def zoom(page: Any, browser: Any, box: dict[str, float]) -> tuple[float, float]:
    """Turn the wheel in and out over the picture."""
    page.mouse.click(box["x"] + box["width"] * 0.4, box["y"] + box["height"] / 2)
    browser.evaluate(WATCH)
    for turn in range(60):
        page.mouse.wheel(0, -100 if turn % 20 < 10 else 100)
    return _frames(page)


def measure_browser(runs: int) -> Iterator[Case]:
    """12 rows of three adjoining windows of 896 bins, one window in view."""
    what = f"genome browser, {ROWS} rows × {BINS} bins"
    found: dict[str, list[float]] = {name: [] for name in ("drag", "drag pause", "zoom", "zoom pause", "drawn")}
    with tempfile.TemporaryDirectory() as folder, script_app(SCRIPT, Path(folder)) as url, open_browser() as chromium:
        for _ in range(runs):
            with new_page(chromium) as page:
                browser, box = _open(page, url)
                arrived, drawn = page.evaluate(DRAWN)
                found["drawn"].append((drawn - arrived) / 1000)
                for name, measured in (("drag", drag), ("zoom", zoom)):
                    each, pause = measured(page, browser, box)
                    found[name].append(each)
                    found[f"{name} pause"].append(pause)
    aim = f"{AIM_FRAMES} frames a second are {1000 / AIM_FRAMES:g} ms"
    for name, words in (("drag", "drag"), ("zoom", "wheel zoom")):
        yield Case("browser", f"{what}: {words}, from frame to frame ({aim})", "s", tuple(found[name]), 1 / AIM_FRAMES)
        yield Case("browser", f"{what}: {words}, longest time between two frames", "s", tuple(found[f"{name} pause"]))
    yield Case("browser", f"{what}: from the data's arrival to the picture", "s", tuple(found["drawn"]))
    size = len(json.dumps(scene_payload(made_up_scene(ROWS, windows=8, extras=False))))
    yield Case("browser", f"{what} in each of 8 windows: payload", "bytes", (size,), AIM_BYTES)


def measure_letters(runs: int) -> Iterator[Case]:
    """Three rows of contributions of 196,608 letters, effects of 400 letters, motifs, genes, letters and a track."""
    what = f"genome browser, {LETTER_ROWS} logos × {LENGTH:,} letters and 6 other rows"
    found: dict[str, list[float]] = {}

    def note(name: str, seconds: float) -> None:
        found.setdefault(name, []).append(seconds)

    with (
        tempfile.TemporaryDirectory() as folder,
        script_app(LETTERS_SCRIPT, Path(folder)) as url,
        open_browser() as chromium,
    ):
        for _ in range(runs):
            with new_page(chromium) as page:
                browser, box = _open(page, url, f"rows={LETTER_ROWS}")
                arrived, drawn = page.evaluate(DRAWN)
                note("drawn", (drawn - arrived) / 1000)
                page.emulate_media(reduced_motion="reduce")  # a step of the zoom is one frame
                steps = browser.evaluate(STEPS)
                note("step", sum(steps) / len(steps))
                note("slowest step", max(steps))
            for name, query in (("far", ""), ("bars", "&start=98000&end=98400"), ("letters", "&start=98230&end=98330")):
                with new_page(chromium) as page:
                    browser, box = _open(page, url, f"rows={LETTER_ROWS}{query}")
                    note(f"drag {name}", drag(page, browser, box)[0])
            with new_page(chromium) as page:
                note("zoom", zoom(page, *_open(page, url, f"rows={LETTER_ROWS}&start=98000&end=99000"))[0])
    yield Case("letters", f"{what}: from the data's arrival to the picture", "s", tuple(found["drawn"]))
    aim = "from the click to the frame"
    yield Case("letters", f"{what}: redraw at another zoom, {aim}", "s", tuple(found["step"]), AIM_REDRAW)
    yield Case("letters", f"{what}: redraw at another zoom, the slowest of 22", "s", tuple(found["slowest step"]))
    frames = f"{AIM_FRAMES} frames a second are {1000 / AIM_FRAMES:g} ms"
    for name, words in (
        ("drag far", "drag at 197 kb"),
        ("drag bars", "drag at 400 bp (bars)"),
        ("drag letters", "drag at 100 bp (letters)"),
        ("zoom", "wheel zoom about 1 kb"),
    ):
        yield Case(
            "letters", f"{what}: {words}, from frame to frame ({frames})", "s", tuple(found[name]), 1 / AIM_FRAMES
        )
    size = len(json.dumps(scene_payload(letter_scene(LETTER_ROWS))))
    yield Case("letters", f"{what}: payload", "bytes", (size,), AIM_BYTES)
