"""What a person waits for, in headless Chromium: the first picture, a page, a change, another person."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from components.attention import attention_payload
from core.language import attention, load_model
from core.settings import ROOT
from tests.bench.report import Case, find_chromium
from tests.bench.texts import text_of

VIEWPORT = {"width": 1366, "height": 768}
FIGURE, CANVAS = "[data-testid=attention-heatmap]", "[data-testid=attention-heatmap] canvas.overlay"
PEOPLE = (("minilm", "MiniLM encoder"), ("storybook-gpt", "Storybook GPT"))
PEOPLE_TOKENS = 200
LIMIT_SECONDS = 60
SWITCHES = "no-sandbox disable-background-networking disable-component-update disable-sync no-first-run disable-gpu"
# Keeps the moment at which another picture was drawn, in seconds since 1970, in window.drawnAt.
WATCH = """
() => {
  const inside = (root) => root.querySelector("[data-testid=attention-heatmap]")
    ?? [...root.querySelectorAll("*")].map((e) => e.shadowRoot && inside(e.shadowRoot)).find(Boolean);
  const figure = inside(document);
  const seen = () => figure.querySelector("#description").textContent + figure.querySelector(".overlay").ariaLabel;
  const before = seen();
  window.drawnAt = null;
  window.drawings?.disconnect();
  window.drawings = new MutationObserver(() => {
    if (seen() !== before) window.drawnAt ??= (performance.timeOrigin + performance.now()) / 1000;
  });
  window.drawings.observe(figure, { attributeFilter: ["data-drawn"] });
}
"""


class App:
    """The app as `make run` starts it, with a home and caches of its own."""

    def __init__(self, folder: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "dashboard/server.py"]
            + ["--server.port", str(port), "--server.headless", "true"],
            cwd=ROOT,
            env=os.environ | {"HOME": folder, "ATTENDOME_CACHE": f"{folder}/cache", "HF_HOME": f"{folder}/hub"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def wait_until_healthy(self) -> None:
        while time.perf_counter() - self.started < LIMIT_SECONDS:
            if self._process.poll() is not None:
                raise RuntimeError(f"the app ended with {self._process.returncode}")
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                time.sleep(0.01)
        raise RuntimeError(f"the app did not start in {LIMIT_SECONDS} s")

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def running_app() -> Iterator[App]:
    """An app that is stopped afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        app = App(folder)
        try:
            yield app
        finally:
            app.stop()


@contextmanager
def open_browser() -> Iterator[Any]:
    """The system's Chromium, without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = [f"--{switch}" for switch in SWITCHES.split()]
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=arguments)
        yield browser
        browser.close()


@contextmanager
def new_page(browser: Any) -> Iterator[Any]:
    """A page of a person who was never here."""
    context = browser.new_context(viewport=VIEWPORT)
    context.set_default_timeout(1000 * LIMIT_SECONDS)
    yield context.new_page()
    context.close()


def wait_for_picture(page: Any, title: str = "Storybook GPT: layer 0, head 0") -> None:
    """Until the figure with this title is drawn."""
    page.locator(f'{FIGURE}[data-drawn] canvas.overlay[aria-label="{title}"]').wait_for()


def wait_until_idle(page: Any) -> None:
    """Until the page's script has ended, so that the next thing is measured alone."""
    page.locator('[data-testid=stApp][data-test-script-state="notRunning"]').wait_for()


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure_cold_start(runs: int) -> Iterator[Case]:
    """From a new process to the picture of the bundled default model; files are in the system's cache."""
    healthy, drawn = [], []
    with open_browser() as browser:
        for run in range(runs + 1):
            with running_app() as app, new_page(browser) as page:
                app.wait_until_healthy()
                answered = time.perf_counter() - app.started
                page.goto(f"{app.url}/attention", wait_until="commit")
                wait_for_picture(page)
                if run:  # the first one fills the caches
                    healthy.append(answered)
                    drawn.append(time.perf_counter() - app.started)
    yield Case("start", "cold start: the server answers", "s", tuple(healthy))
    yield Case("start", "cold start: the first picture is drawn", "s", tuple(drawn), 6)


def measure_warm(runs: int) -> Iterator[Case]:
    """In a server that runs: opening the page, going to it from Home, another head."""
    opened, visited, returned, changed = [], [], [], []
    with running_app() as app, open_browser() as browser:
        app.wait_until_healthy()
        for run in range(runs + 1):
            with new_page(browser) as page:
                first = _seconds(lambda: (page.goto(f"{app.url}/attention"), wait_for_picture(page)))
            with new_page(browser) as page:
                page.goto(app.url)
                page.get_by_test_id("stTable").wait_for()
                wait_until_idle(page)

                def visit(page: Any = page) -> None:
                    page.get_by_role("link", name="Attention", exact=True).click()
                    wait_for_picture(page)

                visits = [_seconds(visit)]
                wait_until_idle(page)
                page.get_by_role("link", name="Home", exact=True).click()
                page.get_by_test_id("stTable").wait_for()
                wait_until_idle(page)
                visits.append(_seconds(visit))
                wait_until_idle(page)
                heads = []
                for head in (1, 2, 3):
                    page.evaluate(WATCH)
                    start = time.time()
                    page.get_by_test_id("stSlider").filter(has_text="Head").locator("input").press("ArrowRight")
                    wait_for_picture(page, f"Storybook GPT: layer 0, head {head}")
                    heads.append(page.evaluate("window.drawnAt") - start)
                    wait_until_idle(page)
            if run:
                opened.append(first)
                visited.append(visits[0])
                returned.append(visits[1])
                changed += heads
    yield Case("warm", "warm server: a new visitor opens the attention page", "s", tuple(opened), 3)
    yield Case("warm", "warm: Home → Attention, first visit", "s", tuple(visited), 0.7)
    yield Case("warm", "warm: Home → Attention, later visit", "s", tuple(returned), 0.7)
    yield Case("warm", "warm: another head by the slider's key, until redrawn", "s", tuple(changed))


def measure_people(runs: int) -> Iterator[Case]:
    """Two people send a new text of about 200 tokens to two loaded models, alone and at the same moment."""
    models = [load_model(name) for name, _ in PEOPLE]
    alone: list[list[float]] = [[], []]
    shared: list[list[float]] = [[], []]
    waits: list[list[float]] = [[], []]
    with running_app() as app, open_browser() as browser, new_page(browser) as one, new_page(browser) as two:
        app.wait_until_healthy()
        pages = (one, two)
        for page, (name, title) in zip(pages, PEOPLE, strict=True):
            page.goto(f"{app.url}/attention?model={name}")
            wait_for_picture(page, f"{title}: layer 0, head 0")
            wait_until_idle(page)

        def ask(who: tuple[int, ...], seed: object) -> list[float]:
            """Seconds until each person has the right answer."""
            expected = []
            for i in who:
                text = text_of(models[i], PEOPLE_TOKENS, seed)
                expected.append(attention_payload(attention(models[i], text), [0], 0)["description"])
                pages[i].get_by_role("textbox", name="Your text").fill(text)
                pages[i].evaluate(WATCH)
            starts = []
            for i in who:
                starts.append(time.time())
                pages[i].keyboard.press("Control+Enter")
            seconds = []
            for i, start, words in zip(who, starts, expected, strict=True):
                pages[i].wait_for_function("window.drawnAt !== null")
                seconds.append(pages[i].evaluate("window.drawnAt") - start)
                found = pages[i].get_by_test_id("heatmap-description").text_content()
                if found != words:
                    raise RuntimeError(f"{PEOPLE[i][1]} shows {found!r} and not {words!r}")
                wait_until_idle(pages[i])
            return seconds

        ask((0, 1), "warm")
        for run in range(runs):
            single = [ask((i,), f"alone {run}")[0] for i in range(2)]
            together = ask((0, 1), f"together {run}")
            for i in range(2):
                alone[i].append(single[i])
                shared[i].append(together[i])
                waits[i].append((together[i] - single[i]) / single[1 - i])
    for i, (_, title) in enumerate(PEOPLE):
        yield Case("people", f"{title}, new text of {PEOPLE_TOKENS} tokens, alone", "s", tuple(alone[i]))
        yield Case("people", f"{title}, while the other asks too", "s", tuple(shared[i]))
        yield Case("people", f"{title}: its longer wait / the other's time alone", "x", tuple(waits[i]), 1)
