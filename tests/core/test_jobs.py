"""Jobs by construction: every order, resume and error below follows from events, never from time."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from core.errors import JobCancelledError, JobError, SettingsError, TextError
from core.jobs import DeviceQueue, JobManager, JobSpec, JobStatus, PieceContext, format_seconds
from core.jobs.status import estimate_seconds_left

PATIENCE = 10.0


class Clock:
    """Seconds that pass only when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Work:
    """Counts the pieces it computes; can hold one until told."""

    def __init__(self, hold: int | None = None) -> None:
        self.computed: Counter[int] = Counter()
        self.hold = hold
        self.reached = threading.Event()
        self.go = threading.Event()

    def __call__(self, index: int, context: PieceContext) -> dict[str, np.ndarray]:
        if index == self.hold:
            self.reached.set()
            assert self.go.wait(PATIENCE)
        context.progress(0.5, f"piece {index}")
        self.computed[index] += 1
        return {"value": np.full(100, index, dtype=np.float32)}


@pytest.fixture
def make_manager(tmp_path: Path) -> Iterator[Callable[..., JobManager]]:
    made = []

    def make(**options) -> JobManager:
        settings = {"max_disk_bytes": 10**9, "max_finished": 10, "queues": {"cpu": DeviceQueue("cpu")}} | options
        made.append(JobManager(tmp_path / "jobs", **settings))
        return made[-1]

    yield make
    for manager in made:
        manager.close()


def spec(run_piece: Callable, *, key: str = "k", pieces: int = 3, owner: str = "ann", **options) -> JobSpec:
    return JobSpec(key=key, title="Count", queue="cpu", pieces=pieces, run_piece=run_piece, owner=owner, **options)


def done(manager: JobManager, job_id: str) -> JobStatus:
    status = manager.wait(job_id, PATIENCE)
    assert status.state == "done", status
    return status


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def values(pieces) -> list[float]:
    return [float(piece["value"][0]) for piece in pieces]


def piece_files(tmp_path: Path, pattern: str = "piece_*.npz") -> list[Path]:
    return sorted((tmp_path / "jobs").rglob(pattern))


class Line:
    """Threads that ask a held queue for turns one after another, and the order in which they get them."""

    def __init__(self, queue: DeviceQueue) -> None:
        self.queue = queue
        self.order: list[str] = []
        self.threads: list[threading.Thread] = []

    def join(self, name: str, owner: str, *, interactive: bool = False) -> None:
        waits = threading.Event()

        def run() -> None:
            with self.queue.turn(owner=owner, interactive=interactive, on_wait=lambda position: waits.set()):
                self.order.append(name)

        self.threads.append(threading.Thread(target=run))
        self.threads[-1].start()
        assert waits.wait(PATIENCE)

    def served(self) -> list[str]:
        for thread in self.threads:
            thread.join(PATIENCE)
        return self.order


def test_turns_put_people_first_then_share_batch_by_owner():
    queue = DeviceQueue("cpu")
    line = Line(queue)
    with queue.turn(owner="holder", interactive=True):
        for name, owner in [("a1", "ann"), ("a2", "ann"), ("a3", "ann"), ("b1", "bob"), ("b2", "bob")]:
            line.join(name, owner)
        line.join("i1", "cat", interactive=True)
        line.join("i2", "dan", interactive=True)
        assert queue.holder() == "holder"
        assert queue.waiting() == ("cat", "dan", "ann", "bob", "ann", "bob", "ann")
        assert [queue.position(owner) for owner in ("holder", "cat", "bob", "eve")] == [0, 1, 4, None]
    assert line.served() == ["i1", "i2", "a1", "b1", "a2", "b2", "a3"]
    assert queue.holder() is None


def test_least_recently_served_owner_goes_first():
    queue = DeviceQueue("cpu")
    for owner in ("ann", "bob"):
        with queue.turn(owner=owner, interactive=False):
            pass
    assert queue.fair_order(["bob", "ann", "ann", "new"]) == [3, 1, 0, 2]


def test_on_wait_that_raises_withdraws_the_request():
    queue = DeviceQueue("cpu")
    positions = []

    class Rerun(BaseException):
        pass

    def on_wait(position: int) -> None:
        positions.append(position)
        if len(positions) == 2:
            raise Rerun

    with queue.turn(owner="holder", interactive=False):
        with pytest.raises(Rerun), queue.turn(owner="ann", interactive=True, on_wait=on_wait):
            pytest.fail("the device is held")
        assert queue.waiting() == ()
    assert positions == [1, 1]
    with queue.turn(owner="bob", interactive=False):
        assert queue.holder() == "bob"


def test_holder_that_raises_gives_the_device_back():
    queue = DeviceQueue("cpu")
    with pytest.raises(ZeroDivisionError), queue.turn(owner="ann", interactive=False):
        raise ZeroDivisionError
    assert queue.holder() is None


def test_job_runs_every_piece_once_and_combines(make_manager):
    manager, work = make_manager(), Work()
    plain = manager.submit(spec(work, key="plain"))
    assert done(manager, plain).fraction == 1.0
    assert values(manager.result(plain)) == [0.0, 1.0, 2.0]
    assert not manager.result(plain)[0]["value"].flags.writeable
    summed = manager.submit(spec(work, key="sum", combine=lambda pieces: sum(values(pieces))))
    done(manager, summed)
    assert manager.result(summed) == 3.0
    assert work.computed == {0: 2, 1: 2, 2: 2}


def test_pieces_that_return_none_are_results_too(make_manager):
    manager, runs = make_manager(), Counter()
    job = spec(lambda index, context: runs.update([index]))
    first = manager.submit(job)
    done(manager, first)
    assert manager.result(first) == (None, None, None)
    again = make_manager()
    done(again, again.submit(job))
    assert runs == {0: 2, 1: 2, 2: 2}


def test_jobs_interleave_by_owner(make_manager):
    manager, order, work = make_manager(), [], Work(hold=0)

    def step(name: str) -> Callable:
        return lambda index, context: order.append(f"{name}{index}")

    gate = manager.submit(spec(work, key="gate", pieces=1, owner="gate"))
    assert work.reached.wait(PATIENCE)
    ann, ann2 = (manager.submit(spec(step(n), key=n, pieces=2, owner="ann")) for n in ("a", "A"))
    bob = manager.submit(spec(step("b"), key="b", pieces=2, owner="bob"))
    assert [manager.status(job).position for job in (gate, ann, bob, ann2)] == [0, 1, 2, 3]
    assert manager.status(bob).sentence == "Waiting: 2 jobs ahead"
    assert [status.id for status in manager.statuses("ann")] == [ann, ann2]
    work.go.set()
    for job in (ann, ann2, bob):
        done(manager, job)
    assert order == ["a0", "b0", "a1", "b1", "A0", "A1"]


def test_interactive_request_goes_before_the_next_piece(make_manager):
    manager, order, work = make_manager(), [], Work(hold=0)

    def run_piece(index: int, context: PieceContext) -> None:
        work(index, context)
        order.append(index)

    job = manager.submit(spec(run_piece))
    assert work.reached.wait(PATIENCE)
    line = Line(manager.queues["cpu"])
    line.order = order
    line.join("person", "bob", interactive=True)
    work.go.set()
    done(manager, job)
    assert line.served() == [0, "person", 1, 2]


def test_device_held_by_a_person_is_one_ahead(make_manager):
    manager, work = make_manager(), Work()
    queue = manager.queues["cpu"]
    with queue.turn(owner="bob", interactive=True):
        job = manager.submit(spec(work))
        until(lambda: manager.status(job).position == 1)
        assert manager.status(job).sentence == "Waiting: 1 job ahead"
        manager.cancel(job)
        assert manager.wait(job, PATIENCE).state == "cancelled"
    assert not work.computed


def test_cancel_in_the_middle_of_a_piece_then_resume(make_manager):
    manager, work = make_manager(), Work(hold=1)
    job = manager.submit(spec(work))
    assert work.reached.wait(PATIENCE)
    manager.cancel(job)
    assert (manager.status(job).state, manager.status(job).sentence) == ("running", "Stopping")
    work.go.set()
    status = manager.wait(job, PATIENCE)
    assert (status.state, status.sentence, status.pieces_done) == ("cancelled", "Stopped", 1)
    with pytest.raises(JobCancelledError):
        manager.result(job)
    again = manager.submit(spec(work))
    assert again != job
    done(manager, again)
    assert work.computed == {0: 1, 1: 1, 2: 1}


def test_cancel_of_a_waiting_job_is_immediate(make_manager):
    manager, work, other = make_manager(), Work(hold=0), Work()
    running = manager.submit(spec(work))
    assert work.reached.wait(PATIENCE)
    waiting = manager.submit(spec(other, key="other"))
    manager.cancel(waiting)
    assert manager.status(waiting).state == "cancelled"
    work.go.set()
    done(manager, running)
    manager.cancel(running)
    assert manager.status(running).state == "done"
    assert not other.computed


def test_restart_computes_only_what_is_missing(make_manager, tmp_path):
    manager, work = make_manager(), Work(hold=2)
    job = manager.submit(spec(work))
    assert work.reached.wait(PATIENCE)
    manager.cancel(job)
    work.go.set()
    manager.wait(job, PATIENCE)
    assert len(piece_files(tmp_path)) == 2

    restarted, work = make_manager(), Work()
    job = restarted.submit(spec(work))
    done(restarted, job)
    assert work.computed == {2: 1}
    assert values(restarted.result(job)) == [0.0, 1.0, 2.0]

    complete, work = make_manager(), Work()
    job = complete.submit(spec(work))
    assert complete.status(job).state == "done"
    assert not work.computed


@pytest.mark.parametrize(
    ("pattern", "damage"),
    [
        ("piece_00001.npz", lambda path: path.write_bytes(path.read_bytes()[:-7])),
        ("piece_00001.npz", lambda path: path.write_bytes(path.read_bytes().replace(b"value", b"VALUE"))),
        ("piece_00001.npz", lambda path: path.unlink()),
        ("piece_00001.json", lambda path: path.write_text("{")),
        ("piece_00001.json", lambda path: path.write_text("[]")),
    ],
)
def test_damaged_piece_is_computed_again(make_manager, tmp_path, pattern, damage):
    manager, work = make_manager(), Work()
    job = manager.submit(spec(work))
    done(manager, job)
    damage(*piece_files(tmp_path, pattern))
    with pytest.raises(JobError, match="start the job again"):
        manager.result(job)
    again = manager.submit(spec(work))
    done(manager, again)
    assert work.computed == {0: 1, 1: 2, 2: 1}
    assert values(manager.result(again)) == [0.0, 1.0, 2.0]
    assert not piece_files(tmp_path, "*.tmp")


def test_same_key_joins_the_active_job(make_manager):
    manager, work = make_manager(), Work(hold=0)
    job = manager.submit(spec(work))
    assert work.reached.wait(PATIENCE)
    assert manager.submit(spec(work, owner="bob")) == job
    assert [status.id for status in manager.statuses("bob")] == [job]
    work.go.set()
    done(manager, job)
    assert set(work.computed.values()) == {1}


def test_who_leaves_a_job_stops_it_only_where_nobody_else_asked_for_it(make_manager):
    manager, work = make_manager(), Work(hold=0)
    job = manager.submit(spec(work, owner="ann"))
    manager.submit(spec(work, owner="bob"))
    assert work.reached.wait(PATIENCE)
    manager.leave(job, "ann")
    manager.leave(job, "carl")  # who never asked
    assert not manager.status(job).stopping
    assert not manager.statuses("ann")
    manager.leave(job, "bob")
    assert manager.status(job).stopping
    assert manager.submit(spec(work, owner="dora")) != job
    work.go.set()
    assert manager.wait(job, PATIENCE).state == "cancelled"
    with pytest.raises(JobError):
        manager.leave("nobody's", "ann")


def test_job_that_keeps_no_pieces_lives_in_memory(make_manager, tmp_path):
    manager, work = make_manager(), Work()
    job = manager.submit(spec(work, keep_pieces=False))
    done(manager, job)
    assert not piece_files(tmp_path)
    assert values(manager.result(job)) == [0.0, 1.0, 2.0]
    assert manager.submit(spec(work, keep_pieces=False)) == job


@pytest.mark.parametrize("options", [{"keep_pieces": False}, {"keep_pieces": True}, {"combine": lambda pieces: None}])
def test_work_that_leaves_no_value_is_done_again_when_asked_again(make_manager, options):
    manager, runs = make_manager(), Counter()
    job = spec(lambda index, context: runs.update([index]), pieces=1, **options)
    first = manager.submit(job)
    done(manager, first)
    again = manager.submit(job)
    assert again != first
    done(manager, again)
    assert runs == {0: 2}


def test_active_job_is_found_by_its_key(make_manager):
    manager, work = make_manager(), Work(hold=0)
    assert manager.active("k") is None
    job = manager.submit(spec(work))
    assert work.reached.wait(PATIENCE)
    assert manager.active("k") == job
    assert manager.active("other") is None
    manager.cancel(job)
    assert manager.active("k") == job  # it is still stopping
    again = manager.submit(spec(Work()))
    assert manager.active("k") == again
    work.go.set()
    done(manager, again)
    assert manager.active("k") is None


def unusable_folders(tmp_path: Path) -> list[Path]:
    (tmp_path / "file").write_text("a file where a folder should be")
    return [tmp_path / "file", tmp_path / "file" / "jobs", Path("/proc/nope/jobs"), Path("/dev/null/jobs")]


def test_folder_that_cannot_be_used_is_told_in_a_sentence(tmp_path, monkeypatch):
    def manager(folder: Path) -> JobManager:
        return JobManager(folder, max_disk_bytes=1, max_finished=1, queues={})

    for folder in unusable_folders(tmp_path):
        with pytest.raises(SettingsError, match=f"kept in {folder} .*; set ATTENDOME_CACHE to a folder"):
            manager(folder)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(SettingsError, match="Permission denied"):
        manager(tmp_path / "read-only")


def test_disk_is_bounded_least_recently_used_first(make_manager, tmp_path):
    manager, specs = make_manager(), {key: spec(Work(), key=key) for key in "abc"}
    jobs = {key: manager.submit(specs[key]) for key in specs}
    for job in jobs.values():
        done(manager, job)
    one_job = sum(path.stat().st_size for path in piece_files(tmp_path, "piece_*")) // 3
    manager.result(jobs["a"])
    (tmp_path / "jobs" / "notes").mkdir()
    make_manager(max_disk_bytes=2 * one_job + one_job // 2)
    left = {path.name for path in (tmp_path / "jobs").iterdir()}
    assert left == {specs["a"].digest, specs["c"].digest, "notes"}


def test_pieces_of_a_running_job_are_never_deleted(make_manager):
    manager = make_manager(max_disk_bytes=1, queues={name: DeviceQueue(name) for name in ("cpu", "network")})
    work, quick = Work(hold=2), Work()
    running = manager.submit(spec(work))
    assert work.reached.wait(PATIENCE)
    for key in ("first", "second"):
        done(manager, manager.submit(JobSpec(key=key, title=key, queue="network", pieces=1, run_piece=quick)))
    work.go.set()
    done(manager, running)
    assert values(manager.result(running)) == [0.0, 1.0, 2.0]
    done(manager, manager.submit(JobSpec(key="first", title="first", queue="network", pieces=1, run_piece=quick)))
    assert quick.computed == {0: 3}


def test_full_disk_is_told_in_a_sentence(make_manager, monkeypatch, tmp_path):
    def full(*args, **kwargs) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("core.jobs.store.np.savez", full)
    manager = make_manager()
    status = manager.wait(manager.submit(spec(Work())), PATIENCE)
    assert status.state == "failed"
    assert "No space left" in status.error
    assert not piece_files(tmp_path, "*.*")


def test_ended_jobs_are_forgotten_oldest_first(make_manager):
    manager = make_manager(max_finished=2)
    jobs = [manager.submit(spec(Work(), key=str(n))) for n in range(3)]
    done(manager, jobs[-1])
    assert [status.id for status in manager.statuses()] == jobs[1:]
    with pytest.raises(JobError, match="no longer known"):
        manager.status(jobs[0])


def test_own_errors_are_shown_others_are_logged(make_manager, caplog):
    manager = make_manager()

    def ours(index: int, context: PieceContext) -> None:
        raise TextError("The text is empty; type a sentence.")

    def theirs(index: int, context: PieceContext) -> None:
        raise RuntimeError("secret detail")

    shown = manager.submit(spec(ours, key="ours"))
    status = manager.wait(shown, PATIENCE)
    assert (status.state, status.sentence) == ("failed", "The text is empty; type a sentence.")
    with pytest.raises(TextError):
        manager.result(shown)
    assert not caplog.records
    hidden = manager.submit(spec(theirs, key="theirs"))
    status = manager.wait(hidden, PATIENCE)
    assert status.state == "failed"
    assert status.error.startswith("Sorry")
    assert "secret" not in status.error
    assert "secret detail" in caplog.text
    with pytest.raises(JobError, match="Sorry"):
        manager.result(hidden)
    done(manager, manager.submit(spec(Work(), key="ours")))


def test_object_arrays_are_refused(make_manager, tmp_path):
    manager = make_manager()
    job = manager.submit(spec(lambda index, context: {"value": np.array([object()])}))
    assert manager.wait(job, PATIENCE).state == "failed"
    assert not piece_files(tmp_path, "*.*")


def test_estimate_ignores_resumed_pieces(make_manager):
    first, work = make_manager(), Work(hold=2)
    job = first.submit(spec(work, pieces=4, piece_weights=[10, 10, 2, 2]))
    assert work.reached.wait(PATIENCE)
    first.cancel(job)
    work.go.set()
    first.wait(job, PATIENCE)

    clock = Clock()
    manager = make_manager(clock=clock)
    reports, told = threading.Event(), threading.Event()

    def run_piece(index: int, context: PieceContext) -> None:
        if index == 2:
            told.wait(PATIENCE)
            clock.now = 5.0
            context.progress(0.5, "half")
            reports.set()
            work.go.wait(PATIENCE)

    work.go.clear()
    job = manager.submit(spec(run_piece, pieces=4, piece_weights=[10, 10, 2, 2]))
    until(lambda: manager.status(job).state == "running")
    status = manager.status(job)
    assert status.seconds_left is None
    assert status.sentence == "Working"
    assert status.fraction == pytest.approx(20 / 24)
    told.set()
    assert reports.wait(PATIENCE)
    status = manager.status(job)
    work.go.set()
    assert status.seconds_left == pytest.approx(15.0)
    assert status.fraction == pytest.approx(21 / 24)
    assert (status.sentence, status.message, status.pieces_done) == ("About 15 s left", "half", 2)
    assert done(manager, job).sentence == "Done in 5 s"
    assert estimate_seconds_left(work_done=0.0, work_left=1.0, seconds=9.0) is None


def test_estimate_ignores_what_an_earlier_run_left_of_the_piece(make_manager):
    clock, step, told = Clock(), threading.Semaphore(0), threading.Semaphore(0)
    manager = make_manager(clock=clock)

    def run_piece(index: int, context: PieceContext) -> None:
        if index == 0:
            for report, fraction in [(context.resumed, 0.9), (context.progress, 0.91), (context.progress, 0.2)]:
                report(fraction)
                told.release()
                assert step.acquire(timeout=PATIENCE)

    job = manager.submit(spec(run_piece, pieces=2, piece_weights=[100, 1]))
    seen = []
    for seconds in (4.0, 10.0, 12.0):
        assert told.acquire(timeout=PATIENCE)
        clock.now += seconds
        status = manager.status(job)
        seen.append((round(status.fraction * 101, 6), status.seconds_left))
        step.release()
    # 90 resumed; then 1 in 14 s, 10 left; then the part on disk turned out to be useless
    assert seen == [(90.0, None), (91.0, pytest.approx(14.0 * 10)), (20.0, None)]
    done(manager, job)


def test_estimate_of_the_next_piece_ignores_what_was_left_of_the_one_before(make_manager):
    clock, reached, go = Clock(), threading.Event(), threading.Event()
    manager = make_manager(clock=clock)

    def run_piece(index: int, context: PieceContext) -> None:
        if index == 0:
            context.resumed(0.75)
            clock.now = 1.0
        else:
            reached.set()
            assert go.wait(PATIENCE)

    job = manager.submit(spec(run_piece, pieces=2))
    assert reached.wait(PATIENCE)
    status = manager.status(job)
    go.set()
    assert (status.fraction, status.seconds_left) == (0.5, pytest.approx(4.0))
    assert done(manager, job).fraction == 1.0


def test_progress_is_clipped_to_0_and_1():
    context = PieceContext(threading.Event())
    for given, kept in [(-1, 0.0), (0.25, 0.25), (7, 1.0), (float("nan"), 0.0)]:
        context.progress(given)
        assert context.latest == (kept, "")


@pytest.mark.parametrize("wrong", [{"key": ""}, {"pieces": 0}, {"piece_weights": [1]}, {"piece_weights": [1, 0, 1]}])
def test_unusable_specs_are_refused(wrong):
    with pytest.raises(JobError):
        spec(Work(), **wrong)


def test_unknown_queue_and_closed_manager_are_refused(make_manager):
    manager = make_manager(queues={"cuda:0": DeviceQueue("cuda:0")})
    with pytest.raises(JobError, match="cuda:0"):
        manager.submit(spec(Work()))
    manager = make_manager()
    work = Work(hold=0)
    job = manager.submit(spec(work))
    assert work.reached.wait(PATIENCE)
    work.go.set()
    manager.close()
    assert not manager.status(job).active
    with pytest.raises(JobError, match="closing"):
        manager.submit(spec(Work()))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "less than 1 s"),
        (3.4, "3 s"),
        (59.7, "about 1 min"),
        (130, "about 2 min"),
        (3599, "about 1 h"),
        (5 * 3600, "about 5 h"),
        (3 * 86400, "about 3 days"),
    ],
)
def test_durations_are_said_as_people_say_them(seconds, text):
    assert format_seconds(seconds) == text
