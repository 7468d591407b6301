"""Fixtures shared by all tests: no network, throw-away caches, test data, the running app and a browser."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).resolve().parent.parent
IN_CI = os.environ.get("CI", "").lower() == "true"
VIEWPORT = {"width": 1366, "height": 768}
BROWSER_TIMEOUT = 60_000  # milliseconds: a busy machine is slow, not wrong
# Console errors that are not ours: patterns of the whole "text (address)"; each with its reason.
KNOWN_CONSOLE_ERRORS: tuple[str, ...] = (
    # Opened at /attention, Streamlit's browser side looks for its server under that path first, then at the root.
    r"Failed to load resource: the server responded with a status of 404 \(Not Found\) "
    r"\(http://127\.0\.0\.1:\d+/[a-z-]+/_stcore/(health|host-config)\)",
)

# Before anything imports core or huggingface_hub, which read the environment once: no test touches a
# person's own caches, and the hub is an address that refuses at once.
_scratch = Path(tempfile.mkdtemp(prefix="attendome-tests-"))
for _name in [name for name in os.environ if name.startswith(("ATTENDOME_", "HF_", "STREAMLIT_"))]:
    if _name != "ATTENDOME_TEST_DATA":
        del os.environ[_name]
os.environ |= {
    "ATTENDOME_CACHE": str(_scratch / "cache"),
    "ATTENDOME_DEVICE": "cpu",
    "HF_HOME": str(_scratch / "hub"),
    "HF_ENDPOINT": "http://127.0.0.1:9",
    "ATTENDOME_HG38_URL": "http://127.0.0.1:9/hg38.fa",
    "ATTENDOME_UCSC_URL": "http://127.0.0.1:9",
    "ATTENDOME_TARGETS_URL": "http://127.0.0.1:9/targets_human.txt",
    "MPLBACKEND": "agg",
    "TOKENIZERS_PARALLELISM": "false",
}

_failed = pytest.StashKey[bool]()
_apps = pytest.StashKey[list["RunningApp"]]()


def pytest_unconfigure() -> None:
    shutil.rmtree(_scratch, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests/browser/ and run it last: Playwright's loop stays "running" in the thread it started in."""
    for item in items:
        if ROOT / "tests" / "browser" in item.path.parents:
            item.add_marker("browser")
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("gpu"):
        import torch

        if not torch.cuda.is_available():
            pytest.skip("needs CUDA")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.failed:
        item.stash[_failed] = True
        for app in item.config.stash.get(_apps, []):
            report.sections.append((f"log of the app at {app.url}", app.log_tail()))
    return report


def absent(what: str) -> None:
    """Skip on a person's machine; fail in CI, where everything has to be there."""
    if IN_CI:
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real inputs: ATTENDOME_TEST_DATA, or shared/data beside the repository."""
    folder = Path(os.environ.get("ATTENDOME_TEST_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        absent(f"no test data at {folder}; set ATTENDOME_TEST_DATA")
    return folder


class RunningApp:
    """The dashboard in a process of its own, with its own home, caches and port."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.log = folder / "app.log"
        places = {"HOME": folder, "ATTENDOME_CACHE": folder / "cache", "HF_HOME": folder / "hub"}
        command = [sys.executable, "-m", "streamlit", "run", "dashboard/server.py"]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, "--server.port", str(port), "--server.headless", "true"],
                cwd=ROOT,
                env=os.environ | {name: str(place) for name, place in places.items()} | environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def log_tail(self, lines: int = 60) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def wait_until_ready(self, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        self.stop()
        pytest.fail(f"the app at {self.url} did not start in {seconds:g} s; its log:\n{self.log_tail()}")

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@pytest.fixture(scope="session")
def launch_app(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., RunningApp]]:
    """Start further apps with other settings: `launch_app(ATTENDOME_DEVICE="cpu").url`."""
    apps = pytestconfig.stash[_apps] = []

    def launch(**environment: str) -> RunningApp:
        apps.append(RunningApp(tmp_path_factory.mktemp("app"), environment))
        apps[-1].wait_until_ready()
        return apps[-1]

    yield launch
    for app in apps:
        app.stop()


@pytest.fixture(scope="session")
def app_server(launch_app: Callable[..., RunningApp]) -> str:
    """The base URL of one app that all browser tests share."""
    return launch_app().url


@pytest.fixture(scope="session")
def chromium_path() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    absent("no Chromium found; on Debian: apt-get install chromium")
    raise AssertionError


@pytest.fixture(scope="session")
def browser(chromium_path: str) -> Iterator[Any]:
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=BROWSER_TIMEOUT)
    switches = "no-sandbox disable-background-networking disable-component-update disable-sync no-first-run disable-gpu"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=chromium_path, args=[f"--{switch}" for switch in switches.split()]
        )
        yield chromium
        chromium.close()


@pytest.fixture
def new_page(browser: Any, request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """`new_page()` is a fresh page of another person; `new_page(color_scheme="dark")` sets its context up.

    Script errors, console errors and requests that leave this machine fail the test. What a failed test saw is
    kept in build/browser/<test>.png, a further person's in <test>-2.png.
    """
    pages: list[Any] = []
    problems: list[str] = []

    def on_console(message: Any) -> None:
        text = f"{message.text} ({message.location.get('url', '')})"
        if message.type == "error" and not any(re.fullmatch(known, text) for known in KNOWN_CONSOLE_ERRORS):
            problems.append(f"console: {text}")

    def on_address(sent: Any) -> None:
        url = urlsplit(sent.url)
        if url.scheme not in {"data", "blob"} and url.hostname not in {"127.0.0.1", "localhost"}:
            problems.append(f"left this machine: {sent.url}")

    def make(**options: Any) -> Any:
        context = browser.new_context(**{"viewport": VIEWPORT, **options})
        context.set_default_timeout(BROWSER_TIMEOUT)
        context.on("weberror", lambda error: problems.append(f"script: {error.error}"))
        context.on("console", on_console)
        context.on("request", on_address)
        pages.append(context.new_page())
        pages[-1].on("websocket", on_address)
        return pages[-1]

    yield make
    for number, page in enumerate(pages, 1):
        if request.node.stash.get(_failed, False) or problems:
            name = request.node.name.replace("/", "-") + (f"-{number}" if number > 1 else "")
            picture = ROOT / "build" / "browser" / f"{name}.png"
            picture.parent.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=picture)
        page.context.close()
    assert not problems, "\n".join(problems)


@pytest.fixture
def page(new_page: Callable[..., Any]) -> Any:
    """A fresh page; see `new_page`."""
    return new_page()
