"""Runs jobs piece by piece on device queues, one worker thread a queue."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.errors import AttendomeError, JobCancelledError, JobError
from core.jobs.record import ON_DISK, Job, Lane
from core.jobs.spec import JobSpec, PieceContext, key_digest
from core.jobs.status import JobState, JobStatus
from core.jobs.store import Piece, PieceStore
from core.jobs.turns import DeviceQueue

log = logging.getLogger(__name__)
APOLOGY = "Sorry, something went wrong inside this job. The details are in the server's log."


class JobManager:
    """Runs jobs in the background, shares devices fairly, resumes from pieces on disk.

    Each piece takes one batch turn of its queue, so an interactive request gets in before the next piece and jobs
    of different owners interleave. Methods may be called from any thread; jobs never touch the page.

    Parameters
    ----------
    folder
        Where pieces are kept; a new manager on the same folder resumes what an earlier process left.
    max_disk_bytes
        Beyond this the least recently used jobs that are not active are deleted from disk; the latest one stays.
    max_finished
        Ended jobs remembered, with their values.
    queues
        The devices, by name.
    clock
        Seconds, monotonic.

    Raises
    ------
    SettingsError
        The folder cannot be made or written.
    """

    def __init__(
        self,
        folder: Path,
        *,
        max_disk_bytes: int,
        max_finished: int,
        queues: Mapping[str, DeviceQueue],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.queues = dict(queues)
        self._store = PieceStore(folder, max_bytes=max_disk_bytes)
        self._max_finished = max(1, max_finished)
        self._clock = clock
        self._changed = threading.Condition()
        self._jobs: dict[str, Job] = {}
        self._lanes = {name: Lane(queue) for name, queue in self.queues.items()}
        self._closed = False
        self._store.prune(keep=())

    def submit(self, spec: JobSpec) -> str:
        """Queue a job, or join the active one with the same key, and return its id.

        Pieces already on disk are checked here, in the caller's thread; if none is missing the job is done on
        return.

        Raises
        ------
        JobError
            The queue is not known, or the manager is closed.
        """
        with self._changed:
            if spec.queue not in self._lanes:
                raise JobError(f"There is no queue {spec.queue!r}; the queues are {', '.join(self._lanes)}.")
            if self._closed:
                raise JobError("Attendome is closing, so nothing new can start.")
            digest = spec.digest
            for job in self._jobs.values():
                if job.digest == digest and job.joinable:
                    job.owners.add(spec.owner)
                    return job.id
            job = Job(spec, digest, {spec.owner})
            self._jobs[job.id] = job
        with self._ending_on_error(job):
            stored = {index for index in range(spec.pieces) if self._store.holds(digest, index)}
            with self._changed:
                job.resume(stored)
                if job.missing and not job.ended.is_set():
                    self._enqueue(job)
            if not job.missing and not job.ended.is_set():
                self._finish(job)
        return job.id

    def status(self, job_id: str) -> JobStatus:
        """The job at this moment.

        Raises
        ------
        JobError
            No such job, or it ended too long ago.
        """
        with self._changed:
            return self._status(self._job(job_id))

    def statuses(self, owner: str | None = None) -> list[JobStatus]:
        """All jobs that are remembered, or those that `owner` submitted or joined: ended ones first."""
        with self._changed:
            return [self._status(job) for job in self._jobs.values() if owner is None or owner in job.owners]

    def active(self, key: str) -> str | None:
        """Id of the job with this key that can still change, whoever submitted it; the latest, None without one."""
        digest = key_digest(key)
        with self._changed:
            found = [job.id for job in self._jobs.values() if job.digest == digest and not job.ended.is_set()]
        return found[-1] if found else None

    def cancel(self, job_id: str) -> None:
        """Stop a job, for everyone who joined it: at once if it waits, else when its piece next reports progress.

        Its pieces stay on disk, so submitting it again resumes. A job that ended is left as it is.

        Raises
        ------
        JobError
            No such job, or it ended too long ago.
        """
        with self._changed:
            job = self._job(job_id)
            job.cancelled.set()
            waits = job is not self._lanes[job.spec.queue].current
        if waits:
            self._end(job, "cancelled")

    def leave(self, job_id: str, owner: str) -> None:
        """Take an owner off a job, and cancel it if nobody else asked for it; see `cancel`.

        Raises
        ------
        JobError
            No such job, or it ended too long ago.
        """
        with self._changed:
            job = self._job(job_id)
            job.owners.discard(owner)
            if job.owners:
                return
            job.cancelled.set()  # before the lock is given back, so that nobody joins it now
        self.cancel(job_id)

    def wait(self, job_id: str, timeout: float | None = None) -> JobStatus:
        """Wait until the job ends, at most `timeout` seconds, and return its status.

        Raises
        ------
        JobError
            No such job, or it ended too long ago.
        """
        with self._changed:
            job = self._job(job_id)
        job.ended.wait(timeout)
        with self._changed:
            return self._status(job)

    def result(self, job_id: str) -> Any:
        """The value of a job that is done: what `combine` returned, else the tuple of pieces (read-only arrays).

        Raises
        ------
        JobError
            No such job, not done yet, failed by a fault of ours, or its pieces are gone from disk.
        JobCancelledError
            It was stopped.
        AttendomeError
            Whatever the job raised.
        """
        with self._changed:
            job = self._job(job_id)
            if not job.ended.is_set():
                raise JobError(f"{job.spec.title} is not done yet.")
            if job.state == "cancelled":
                raise JobCancelledError(f"{job.spec.title} was stopped.")
            if job.error is not None:
                raise job.error.with_traceback(None)
            if job.value is not ON_DISK:
                return job.value
        self._store.touch(job.digest)
        return self._pieces(job)

    def close(self, timeout: float = 5.0) -> None:
        """Cancel everything, take nothing new, and wait up to `timeout` seconds for each running piece to stop."""
        with self._changed:
            self._closed = True
            active = [job.id for job in self._jobs.values() if not job.ended.is_set()]
            workers = [lane.worker for lane in self._lanes.values() if lane.worker]
            for job_id in active:
                self.cancel(job_id)
            self._changed.notify_all()
        for worker in workers:
            worker.join(timeout)

    def _job(self, job_id: str) -> Job:
        if job_id not in self._jobs:
            raise JobError("This job is no longer known; start it again.")
        return self._jobs[job_id]

    def _enqueue(self, job: Job) -> None:
        lane = self._lanes[job.spec.queue]
        lane.jobs.append(job)
        if lane.worker is None:
            lane.worker = threading.Thread(target=self._work, args=(lane,), name=f"jobs-{lane.queue.name}", daemon=True)
            lane.worker.start()
        self._changed.notify_all()

    def _work(self, lane: Lane) -> None:
        while True:
            with self._changed:
                lane.current, lane.turns_ahead = None, 0
                self._changed.wait_for(lambda: lane.jobs or self._closed)
                if not lane.jobs:
                    return
                job = lane.current = lane.in_order()[0]
            with self._ending_on_error(job):
                self._run_piece(lane, job)
                if not job.missing:
                    self._finish(job)

    def _run_piece(self, lane: Lane, job: Job) -> None:
        context = PieceContext(job.cancelled)
        index = job.missing[0]

        def on_wait(ahead: int) -> None:
            lane.turns_ahead = ahead
            context.check_cancelled()

        with lane.queue.turn(owner=job.spec.owner, interactive=False, on_wait=on_wait):
            context.check_cancelled()
            with self._changed:
                lane.turns_ahead = 0
                job.begin_piece(index, context, self._clock())
            piece = job.spec.run_piece(index, context)
        if piece is not None:
            self._store.write(job.digest, index, piece)
        with self._changed:
            job.end_piece(index, stored=piece is not None)
            self._prune()

    def _finish(self, job: Job) -> None:
        spec = job.spec
        value: Any = ON_DISK
        if spec.combine is not None:
            value = spec.combine(self._pieces(job))
        elif not spec.keep_pieces or len(job.stored) < spec.pieces:
            value = self._pieces(job)
        if spec.keep_pieces:
            self._store.touch(job.digest)
        else:
            self._store.remove(job.digest)
        self._end(job, "done", value=value)

    def _pieces(self, job: Job) -> tuple[Piece | None, ...]:
        return tuple(
            self._store.read(job.digest, index) if index in job.stored else None for index in range(job.spec.pieces)
        )

    @contextmanager
    def _ending_on_error(self, job: Job) -> Iterator[None]:
        try:
            yield
        except JobCancelledError:
            self._end(job, "cancelled")
        except AttendomeError as error:
            # A traceback would keep every array of its frames alive as long as the job is remembered.
            error.__cause__ = error.__context__ = None
            self._end(job, "failed", error=error.with_traceback(None))
        except BaseException as error:
            log.exception("The job %r failed", job.spec.title)
            self._end(job, "failed", error=JobError(APOLOGY))
            if isinstance(error, KeyboardInterrupt):
                raise

    def _end(self, job: Job, state: JobState, *, error: AttendomeError | None = None, value: Any = ON_DISK) -> None:
        with self._changed:
            if job.ended.is_set():
                return
            job.state, job.error, job.value = state, error, value
            job.ended_at = self._clock()
            lane = self._lanes[job.spec.queue]
            if job in lane.jobs:
                lane.jobs.remove(job)
            # Its functions may hold a model or large arrays.
            job.spec = replace(job.spec, run_piece=_ended, combine=None)
            job.ended.set()
            self._forget_old(job)
            self._prune()
            self._changed.notify_all()

    def _forget_old(self, latest: Job) -> None:
        active = [job for job in self._jobs.values() if not job.ended.is_set()]
        ended = [job for job in self._jobs.values() if job.ended.is_set() and job is not latest] + [latest]
        self._jobs = {job.id: job for job in ended[-self._max_finished :] + active}

    def _prune(self) -> None:
        self._store.prune(keep={job.digest for job in self._jobs.values() if not job.ended.is_set()})

    def _status(self, job: Job) -> JobStatus:
        return job.snapshot(now=self._clock(), position=self._lanes[job.spec.queue].position(job))


def _ended(index: int, context: PieceContext) -> None:
    raise JobError("This job has ended.")
