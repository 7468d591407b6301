"""Fetching the names of all tracks: a job, like other downloads."""

from __future__ import annotations

import threading

import pytest

from core.errors import TrackTableOfflineError
from core.jobs import DeviceQueue, JobManager
from core.settings import read_settings
from dashboard.tracks import names


@pytest.fixture
def manager(tmp_path):
    made = JobManager(
        tmp_path / "jobs", max_disk_bytes=10**6, max_finished=5, queues={"network": DeviceQueue("network")}
    )  # fmt: skip
    yield made
    made.close()


def test_it_tells_its_progress_and_can_be_stopped(manager, monkeypatch, tmp_path):
    reached, go = threading.Event(), threading.Event()

    def slow(head, options, *, on_progress, check_cancelled):
        on_progress(0.5)
        reached.set()
        assert go.wait(10)
        check_cancelled()

    monkeypatch.setattr(names, "track_table", slow)
    options = read_settings({"ATTENDOME_CACHE": str(tmp_path)})
    job = manager.submit(names.names_job(options, "ann"))
    assert reached.wait(10)
    assert manager.submit(names.names_job(options, "bob")) == job
    status = manager.status(job)
    assert (status.fraction, status.message) == (0.5, "Fetching the names")
    manager.cancel(job)
    go.set()
    assert manager.wait(job, 10).state == "cancelled"


def test_no_network_is_a_sentence(manager, tmp_path):
    options = read_settings({"ATTENDOME_CACHE": str(tmp_path), "ATTENDOME_TARGETS_URL": "http://127.0.0.1:9/t.txt"})
    job = manager.submit(names.names_job(options, "ann"))
    assert manager.wait(job, 60).state == "failed"
    with pytest.raises(TrackTableOfflineError):
        manager.result(job)
