"""BertViz's model view of the numbers that the head grid's bench draws: same browser, same clock, same memory."""

from __future__ import annotations

import importlib
import importlib.metadata
import re
import sys
import tempfile
import time
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import psutil

from core.settings import ROOT
from tests.bench import grid
from tests.bench.pages import new_page, open_browser
from tests.bench.report import Case
from tests.browser.apps.head_grid_heads import WORDS, made_up
from tests.script_app import script_app

PEERS = ROOT / "build" / "bench-peers"
D3, JQUERY = "mpld3/js/d3.v5.min.js", "xstatic/pkg/jquery/data/jquery.min.js"
TOKENS = (30, 100)
MOST_RUNS = 2
LIMIT_SECONDS = 180
FREE_BYTES = 6_000_000_000
# The two functions of require.js that BertViz's page calls, and a note of when its picture was two frames old.
REQUIRE = """
const paths = {};
const globals = { jquery: "jQuery", d3: "d3" };
const load = (name) => new Promise((resolve, reject) => {
  const script = document.createElement("script");
  script.src = `${paths[name]}.js`;
  script.onload = resolve;
  script.onerror = () => reject(new Error(`${script.src} did not load`));
  document.head.append(script);
});
window.requirejs = (names, work) => Promise.all(names.map(load)).then(() => {
  work(...names.map((name) => window[globals[name]]));
  requestAnimationFrame(() => requestAnimationFrame(() => { window.seenAt = performance.now(); }));
}).catch((error) => { window.problem = String(error); });
window.require = window.requirejs;
window.require.config = (options) => Object.assign(paths, options.paths);
"""
DONE = "window.seenAt !== undefined || window.problem !== undefined"
# Our grid's clock starts when its message is there, so this one starts when the whole file is.
FOUND = """
() => [
  window.problem,
  (window.seenAt - performance.getEntriesByType("navigation")[0].responseEnd) / 1000,
  document.querySelectorAll("#vis line").length,
]
"""


class _Shown:
    """What BertViz uses of IPython.display.HTML and Javascript."""

    def __init__(self, data: str) -> None:
        self.data = data


def bertviz_page(tokens: int) -> str:
    """The HTML that `model_view` returns for the heads that the grid's bench draws."""
    import torch

    display = types.ModuleType("IPython.display")
    display.HTML = display.Javascript = _Shown
    display.display = print
    stand_ins = {"IPython": types.ModuleType("IPython"), "IPython.display": display}
    allowed = np.tril(np.ones((tokens, tokens), bool))
    weights = np.stack([made_up(tokens, seed, allowed) for seed in range(grid.LAYERS * grid.HEADS)])
    layers = torch.from_numpy(weights).reshape(grid.LAYERS, 1, grid.HEADS, tokens, tokens)
    labels = [WORDS[i % len(WORDS)] for i in range(tokens)]
    with patch.dict(sys.modules, stand_ins), patch.object(sys, "path", [str(PEERS), *sys.path]):
        view = importlib.import_module("bertviz.model_view").model_view
        return view(list(layers), labels, html_action="return").data


def _serve(route: Any) -> None:
    """In place of the CDN, which a machine without a network cannot reach."""
    name = route.request.url.rsplit("/", 1)[-1]
    if name == "require.min.js":
        route.fulfill(body=REQUIRE, content_type="text/javascript")
    elif name in {"d3.min.js", "jquery.min.js"}:
        route.fulfill(path=PEERS / (D3 if name.startswith("d3") else JQUERY), content_type="text/javascript")
    else:
        route.abort()


def _visit(file: Path, lines: int) -> tuple[float, float]:
    """(seconds until seen, resident bytes of the renderer) in a browser of its own."""
    with open_browser() as browser, new_page(browser) as page:
        page.set_default_timeout(1000 * LIMIT_SECONDS)
        page.route(re.compile("^https?:"), _serve)
        page.goto(file.as_uri(), wait_until="commit")
        page.wait_for_function(DONE)
        problem, seconds, found = page.evaluate(FOUND)
        if problem or found != lines:
            raise RuntimeError(f"BertViz drew {found} of {lines} lines: {problem}")
        time.sleep(grid.SETTLE_SECONDS)
        return seconds, grid.renderer_bytes(browser)


def _missing() -> str:
    """Why there is nothing to compare with, or ""."""
    if not all((PEERS / name).exists() for name in ("bertviz/model_view.py", D3, JQUERY)):
        return "it is not installed; `make bench` installs it where there is a network"
    free = psutil.virtual_memory().available
    return f"it takes up to 4 GB and {free / 1e9:.1f} GB are free" if free < FREE_BYTES else ""


def _version(file: str) -> str:
    return re.search(r"v(\d+\.\d+\.\d+)", (PEERS / file).read_text(encoding="utf-8")[:200])[1]


def measure_bertviz(runs: int) -> Iterator[Case]:
    """Theirs at 30 and 100 tokens; ours at 100 in turns with it. Each takes long, so there are few runs."""
    from playwright.sync_api import Error

    if reason := _missing():
        print(f"BertViz is left out: {reason}.")
        return
    found = next(iter(importlib.metadata.distributions(name="bertviz", path=[str(PEERS)])))
    served = f"d3 {_version(D3)}, jQuery {_version(JQUERY)} for 2.0.0, stand-ins for require.js and IPython.display"
    heads = grid.LAYERS * grid.HEADS
    with tempfile.TemporaryDirectory() as folder, script_app(grid.SCRIPT, Path(folder)) as url:
        grid._visit(url, TOKENS[-1])  # makes the payload, which stays in the app's cache
        for tokens in TOKENS:
            file = Path(folder) / f"{tokens}.html"
            file.write_text(bertviz_page(tokens), encoding="utf-8")
            ours, theirs = [], []
            try:
                for _ in range(min(runs, MOST_RUNS)):
                    theirs.append(_visit(file, heads * tokens**2))
                    if tokens == TOKENS[-1]:
                        ours.append(grid._visit(url, tokens))
            except Error as error:
                print(f"BertViz is left out at {tokens} tokens: {error.message.splitlines()[0]}")
                continue
            seconds, memory = zip(*theirs, strict=True)
            what = f"BertViz {found.version} model_view, {heads} heads, {tokens} tokens"
            yield Case("peer", f"{what}: from the last byte of its page to two frames later", "s", seconds)
            yield Case("peer", f"{what}: renderer process, resident", "MB", tuple(n / 1e6 for n in memory))
            yield Case("peer", f"{what}: HTML ({served})", "bytes", (file.stat().st_size,))
            if ours:
                faster = tuple(look.seen / its for look, its in zip(ours, seconds, strict=True))
                smaller = tuple(look.bytes / its for look, its in zip(ours, memory, strict=True))
                yield Case("peer", f"our grid / BertViz, {heads} heads, {tokens} tokens: time", "x", faster)
                yield Case("peer", f"our grid / BertViz, {heads} heads, {tokens} tokens: memory", "x", smaller)
