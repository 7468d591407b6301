"""Choosing and fetching models."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from components.models import download_key, download_spec, model_label
from components.readiness import device_sentence, models_table
from core.errors import UnknownModelError
from core.jobs import DeviceQueue, JobManager, PieceContext
from core.language.registry import ModelSource, minilm, named_source, sources
from core.settings import Settings, read_settings
from tests.hub_server import HubServer, gpt2_files, write_repo

PATIENCE = 10.0
REPO = "openai-community/gpt2"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubServer]:
    write_repo(tmp_path / "repos", REPO, gpt2_files())
    with HubServer(tmp_path / "repos") as server:
        yield server


@pytest.fixture
def options(hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return read_settings(
        {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home"), "ATTENDOME_CACHE": str(tmp_path / "cache")}
    )


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[JobManager]:
    manager = JobManager(
        tmp_path / "jobs", max_disk_bytes=10**6, max_finished=10, queues={"network": DeviceQueue("network")}
    )
    yield manager
    manager.close()


def page(manager, options) -> None:
    import streamlit as st

    from components.models import render_broken_download, render_download
    from core import hub
    from core.errors import ModelFilesError
    from core.language.registry import named_source

    source = named_source("gpt2", options)
    if not source.ready:
        render_download(source, manager, options, "me")
        st.stop()
    try:
        hub.verify_snapshot(source.wanted, options)
    except ModelFilesError as error:
        st.error(str(error))
        render_broken_download(source, options)
        st.stop()
    st.success("picture")


def open_page(manager: JobManager, options: Settings) -> AppTest:
    """The page of somebody who has just come."""
    app = AppTest.from_function(page, args=(manager, options), default_timeout=20).run()
    assert not app.exception
    return app


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception
    return app


def fetched(app: AppTest, manager: JobManager, label: str) -> AppTest:
    """Press a download's button and wait for the end of the download."""
    press(app, label)
    for status in manager.statuses():
        assert manager.wait(status.id, PATIENCE).state == "done"
    return app.run()


def test_labels_say_the_size_of_what_must_be_fetched():
    options = read_settings()
    assert model_label(minilm()) == "MiniLM encoder"
    label = model_label(named_source("gpt2", options))
    assert label.startswith("GPT-2 small (")
    assert label.endswith(" MB)")


def test_a_download_is_a_job_on_the_network_queue():
    spec = download_spec(named_source("gpt2", read_settings()), read_settings(), "me")
    assert (spec.queue, spec.pieces, spec.title) == ("network", 1, "Download GPT-2 small")


def test_only_models_of_the_list_can_be_fetched():
    evil = ModelSource("evil/repo", "Evil", "available", "official", Path, "", "", "", "")
    with pytest.raises(UnknownModelError):
        download_spec(evil, read_settings(), "me")


def test_readiness():
    table = models_table(sources(read_settings()))
    states = dict(zip(table["Model"], table["State"], strict=True))
    assert states["MiniLM encoder"] == "ready (bundled)"
    assert states["GPT\\-2 small"].startswith("to download, ")
    assert device_sentence("cpu", cores=2, free_bytes=int(3e9)) == (
        "Models run on the CPU (2 cores); 3.0 GB of memory are free."
    )


def test_progress_names_the_model_and_tells_what_was_there(hub: HubServer, options: Settings):
    source = named_source("gpt2", options)
    spec = download_spec(source, options, "me")
    told: list[tuple[float, str, float]] = []

    class Context(PieceContext):
        def check_cancelled(self) -> None:
            super().check_cancelled()
            told.append((*self.latest, self.already))

    spec.run_piece(0, Context(threading.Event()))
    assert told[-1] == (1.0, "GPT-2 small: 205 kB of 205 kB", 0.0)

    (snapshot,) = options.hub_folder.glob("models--*/snapshots/*")
    weights = (snapshot / "model.safetensors").resolve()
    content = weights.read_bytes()
    weights.with_name(weights.name + ".incomplete").write_bytes(content[: len(content) // 2])
    weights.unlink()
    told.clear()
    spec.run_piece(0, Context(threading.Event()))
    here = 1 - (len(content) - len(content) // 2) / 205_000
    first = next(each for each in told if each[1])
    assert first == (pytest.approx(here, abs=0.01), "GPT-2 small: 105 kB of 205 kB", first[0])
    assert {already for done, message, already in told if message} == {first[0]}


def hold(manager: JobManager, options: Settings) -> tuple[str, Callable[[], None]]:
    """Somebody's download that waits until told."""
    reached, go = threading.Event(), threading.Event()
    spec = download_spec(named_source("gpt2", options), options, "somebody")

    def fetch(piece: int, context: PieceContext) -> None:
        context.progress(0.25, "GPT-2 small: 138 MB of 551 MB")
        reached.set()
        assert go.wait(PATIENCE)
        spec.run_piece(piece, context)

    job = manager.submit(replace(spec, run_piece=fetch))
    assert reached.wait(PATIENCE)
    return job, go.set


def test_a_download_that_runs_is_shown_to_whoever_comes(manager: JobManager, options: Settings):
    assert labels(open_page(manager, options)) == ["Download (551 MB)"]
    job, go_on = hold(manager, options)
    assert manager.active(download_key(named_source("gpt2", options), options)) == job
    mine, theirs = open_page(manager, options), open_page(manager, options)
    for app in (mine, theirs):
        assert labels(app) == ["Cancel"]
        assert app.progress[0].text.startswith(r"GPT\-2 small\: 138 MB of 551 MB · ")
    press(mine, "Cancel")
    assert mine.progress[0].text == "Stopping"
    go_on()
    assert manager.wait(job, PATIENCE).state == "cancelled"
    for app in (mine, theirs):
        app.run()
        assert labels(app) == ["Download (551 MB)"]
        assert app.caption[-1].value == "Download GPT\\-2 small\\: Stopped"
    assert labels(open_page(manager, options)) == ["Download (551 MB)"]


def test_the_page_goes_on_once_the_download_has_ended(manager: JobManager, options: Settings):
    job, go_on = hold(manager, options)
    app = open_page(manager, options)
    go_on()
    assert manager.wait(job, PATIENCE).state == "done"
    assert [each.value for each in app.run().success] == ["picture"]


def test_what_was_downloaded_and_deleted_can_be_downloaded_again(manager: JobManager, options: Settings):
    app = fetched(open_page(manager, options), manager, "Download (551 MB)")
    assert [each.value for each in app.success] == ["picture"]
    shutil.rmtree(options.hub_folder)
    app.run()
    assert labels(app) == ["Download (551 MB)"]
    assert "Done" not in app.caption[-1].value
    assert [each.value for each in fetched(app, manager, "Download (551 MB)").success] == ["picture"]


def test_a_damaged_download_is_removed_and_fetched_again(manager: JobManager, options: Settings):
    app = fetched(open_page(manager, options), manager, "Download (551 MB)")
    (weights,) = options.hub_folder.glob("models--*/snapshots/*/model.safetensors")
    content = weights.read_bytes()
    weights.resolve().write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    app.run()
    assert app.error[0].value.startswith("model.safetensors of GPT-2 small is damaged on this machine")
    assert labels(app) == ["Remove and download again"]
    press(app, "Remove and download again")
    assert not app.error
    assert labels(app) == ["Download (551 MB)"]
    assert [each.value for each in fetched(app, manager, "Download (551 MB)").success] == ["picture"]


def broken_page(source, options) -> None:
    from components.models import render_broken_download

    render_broken_download(source, options)


def test_only_a_downloaded_model_can_be_removed(options: Settings):
    assert not AppTest.from_function(broken_page, args=(minilm(), options)).run().button
