"""What the manager remembers of a job, and the line of jobs on one device. Read and changed under its lock only."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field
from typing import Any

from core.errors import AttendomeError
from core.jobs.spec import JobSpec, PieceContext
from core.jobs.status import JobState, JobStatus, estimate_seconds_left
from core.jobs.turns import DeviceQueue

ON_DISK = object()


@dataclass(eq=False)
class Job:
    """One submitted job. `missing` and `stored` are piece numbers; work is in units of the piece weights."""

    spec: JobSpec
    digest: str
    owners: set[str]
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    state: JobState = "queued"
    missing: list[int] = field(default_factory=list)
    stored: set[int] = field(default_factory=set)
    work_total: float = 0.0
    work_resumed: float = 0.0
    work_done: float = 0.0
    piece_work: float = 0.0
    context: PieceContext | None = None
    message: str = ""
    started: float | None = None
    ended_at: float | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    error: AttendomeError | None = None
    value: Any = ON_DISK

    @property
    def joinable(self) -> bool:
        """Whether a second request for the same key can share this job."""
        if self.ended.is_set():
            return self.state == "done" and self._holds_something
        return not self.cancelled.is_set()

    @property
    def _holds_something(self) -> bool:
        """Whether memory has a value to share: a download or the like leaves None, and its trace may be deleted."""
        if isinstance(self.value, tuple):
            return any(piece is not None for piece in self.value)
        return self.value is not None and self.value is not ON_DISK

    def resume(self, stored: set[int]) -> None:
        """Count the pieces found on disk as done before this run."""
        weights = self.spec.weights
        self.stored = stored
        self.missing = [index for index in range(self.spec.pieces) if index not in stored]
        self.work_total = sum(weights)
        self.work_resumed = sum(weights[index] for index in stored)

    def begin_piece(self, index: int, context: PieceContext, now: float) -> None:
        """Note that piece `index` starts now."""
        self.state, self.context, self.piece_work = "running", context, self.spec.weights[index]
        if self.started is None:
            self.started = now

    def end_piece(self, index: int, *, stored: bool) -> None:
        """Note that piece `index` was computed."""
        resumed = 0.0
        if self.context is not None:
            resumed, self.message = self.context.already * self.piece_work, self.context.latest[1]
        self.work_resumed += resumed
        self.work_done += self.piece_work - resumed
        self.context, self.piece_work = None, 0.0
        self.missing.remove(index)
        if stored:
            self.stored.add(index)

    def snapshot(self, *, now: float, position: int) -> JobStatus:
        """The job at the time `now`."""
        reported, message = self.context.latest if self.context else (0.0, "")
        already = min(self.context.already, reported) if self.context else 0.0
        work_done = self.work_done + (reported - already) * self.piece_work
        work_left = max(0.0, self.work_total - self.work_resumed - already * self.piece_work - work_done)
        until = now if self.ended_at is None else self.ended_at
        seconds = 0.0 if self.started is None else max(0.0, until - self.started)
        fraction = 1.0 - work_left / self.work_total if self.work_total else 0.0
        running = self.state == "running"
        left = estimate_seconds_left(work_done=work_done, work_left=work_left, seconds=seconds) if running else None
        return JobStatus(
            id=self.id,
            title=self.spec.title,
            state=self.state,
            fraction=1.0 if self.state == "done" else fraction,
            pieces_done=self.spec.pieces - len(self.missing) if self.work_total else 0,
            pieces=self.spec.pieces,
            position=position,
            seconds_elapsed=seconds,
            seconds_left=left,
            message=message or self.message,
            error="" if self.error is None else str(self.error),
            stopping=running and self.cancelled.is_set(),
        )


@dataclass(eq=False)
class Lane:
    """The active jobs of one device, the one that has or awaits its turn, and the thread that runs them."""

    queue: DeviceQueue
    jobs: list[Job] = field(default_factory=list)
    current: Job | None = None
    turns_ahead: int = 0
    worker: threading.Thread | None = None

    def in_order(self) -> list[Job]:
        """The current job, then the others in the order of their next pieces."""
        fair = [self.jobs[index] for index in self.queue.fair_order([job.spec.owner for job in self.jobs])]
        return sorted(fair, key=lambda job: job is not self.current)

    def position(self, job: Job) -> int:
        """How many jobs or interactive requests go before this one's first piece; 0 once it runs or ended."""
        if job.state != "queued" or not self.jobs:
            return 0
        order = self.in_order()
        return self.turns_ahead + (order.index(job) if job in order else len(order))
