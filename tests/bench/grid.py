"""The head grid of 144 heads in headless Chromium: until it is seen, the renderer's memory, bytes sent."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.settings import ROOT
from tests.bench.pages import new_page, open_browser, wait_until_idle
from tests.bench.report import Case
from tests.browser.apps.head_grid_heads import payload_of
from tests.script_app import script_app

SCRIPT = ROOT / "tests" / "browser" / "apps" / "head_grid.py"
LAYERS = HEADS = 12
AIM_BYTES = 3_000_000
# Tokens -> most seconds from the message's arrival to the picture, most MB of renderer memory.
AIMS: dict[int, tuple[float, float | None]] = {100: (0.5, 400), 512: (3, None)}
SETTLE_SECONDS = 1
# Remembers when the large message arrived, before anyone read it, and when the drawn grid had been two frames old.
WATCH = """
  const Native = window.WebSocket;
  window.WebSocket = class extends Native {
    constructor(...options) {
      super(...options);
      this.addEventListener("message", ({ data }) => {
        if ((data.byteLength ?? data.size ?? data.length) > 500_000) window.messageAt = performance.now();
      });
    }
  };
  const mark = performance.mark.bind(performance);
  performance.mark = (name, ...options) => {
    if (name === "attendome-head-grid-drawn") {
      requestAnimationFrame(() => requestAnimationFrame(() => { window.seenAt = performance.now(); }));
    }
    return mark(name, ...options);
  };
"""
TIMES = """
() => {
  const [begin, end] = ["arrived", "drawn"].map((name) =>
    performance.getEntriesByName(`attendome-head-grid-${name}`).at(-1).startTime);
  return [(window.seenAt - window.messageAt) / 1000, (end - begin) / 1000];
}
"""


@dataclass(frozen=True)
class Look:
    """What one visit found: seconds, seconds in our own code, and resident bytes of the renderer process."""

    seen: float
    drawn: float
    empty_bytes: float
    bytes: float


def renderer_bytes(browser: Any) -> float:
    """Resident set of the largest renderer process, the libraries it shares with others included."""
    import psutil

    session = browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    return max(psutil.Process(found["id"]).memory_info().rss for found in processes if found["type"] == "renderer")


def _visit(url: str, tokens: int) -> Look:
    """Open the page without a grid, in a browser of its own; then let the grid's data come."""
    with open_browser() as browser, new_page(browser) as page:
        page.add_init_script(WATCH)
        page.goto(f"{url}/?grid=none&layers={LAYERS}&heads={HEADS}&tokens={tokens}&mask=causal")
        page.get_by_text("Turn 0.").wait_for()
        wait_until_idle(page)
        time.sleep(SETTLE_SECONDS)
        empty = renderer_bytes(browser)
        page.get_by_role("button", name="Again").click()
        page.wait_for_function("window.seenAt !== undefined")
        seen, drawn = page.evaluate(TIMES)
        wait_until_idle(page)
        time.sleep(SETTLE_SECONDS)
        return Look(seen, drawn, empty, renderer_bytes(browser))


def measure_grid(runs: int) -> Iterator[Case]:
    """144 heads of made-up causal attention, thumbnails as the page would get them."""
    with tempfile.TemporaryDirectory() as folder, script_app(SCRIPT, Path(folder)) as url:
        for tokens, (seconds, megabytes) in AIMS.items():
            _visit(url, tokens)  # makes the payload, which stays in the app's cache
            looks = [_visit(url, tokens) for _ in range(runs)]
            what = f"all {LAYERS * HEADS} heads, {tokens} tokens"
            seen, drawn = tuple(look.seen for look in looks), tuple(look.drawn for look in looks)
            memory = tuple(look.bytes / 1e6 for look in looks)
            empty = tuple(look.empty_bytes / 1e6 for look in looks)
            yield Case("grid", f"{what}: from the message to two frames later", "s", seen, seconds)
            yield Case("grid", f"{what}: of this, reading and drawing", "s", drawn)
            yield Case("grid", f"{what}: renderer process, resident", "MB", memory, megabytes)
            yield Case("grid", f"{what}: renderer of the page before the grid came", "MB", empty)
            payload = payload_of(layers=str(LAYERS), heads=str(HEADS), tokens=str(tokens), mask="causal")
            yield Case("grid", f"{what}: payload", "bytes", (len(payload),), AIM_BYTES)
