"""What a person is told about a job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

JobState = Literal["queued", "running", "done", "failed", "cancelled"]


def format_seconds(seconds: float) -> str:
    """A duration as people say it: "less than 1 s", "3 s", "about 2 min", "about 5 h", "about 3 days"."""
    if (whole := round(max(0.0, seconds))) < 1:
        return "less than 1 s"
    if whole < 60:
        return f"{whole} s"
    if (minutes := round(whole / 60)) < 60:
        return f"about {minutes} min"
    if (hours := round(whole / 3600)) < 48:
        return f"about {hours} h"
    return f"about {round(whole / 86400)} days"


def estimate_seconds_left(*, work_done: float, work_left: float, seconds: float) -> float | None:
    """Seconds for `work_left` at the speed measured so far, None while nothing was measured.

    Parameters
    ----------
    work_done
        Work computed by this run in `seconds`; resumed pieces do not belong here.
    work_left
        Work still to do, same unit.
    seconds
        Wall time of this run, so that turns taken by others slow the estimate as they slow the job.
    """
    return seconds * work_left / work_done if work_done > 0 else None


@dataclass(frozen=True)
class JobStatus:
    """A job at one moment.

    `fraction` is 0..1 of all work, resumed pieces included. `position` is the number of jobs ahead on the queue
    (an interactive request that holds the device counts as one), 0 once the job runs. `seconds_elapsed` counts from
    the first piece. `seconds_left` is None until this run has measured its own speed. `stopping` is True between a
    cancel and the moment the running piece notices it.
    """

    id: str
    title: str
    state: JobState
    fraction: float
    pieces_done: int
    pieces: int
    position: int
    seconds_elapsed: float
    seconds_left: float | None
    message: str
    error: str
    stopping: bool = False

    @property
    def active(self) -> bool:
        """Whether the job can still change."""
        return self.state in ("queued", "running")

    @property
    def sentence(self) -> str:
        """The state in a few words, for a progress bar."""
        if self.state == "done":
            return f"Done in {format_seconds(self.seconds_elapsed)}"
        if self.state == "failed":
            return self.error
        if self.state == "cancelled":
            return "Stopped"
        if self.stopping:
            return "Stopping"
        if self.state == "queued":
            plural = "" if self.position == 1 else "s"
            return f"Waiting: {self.position} job{plural} ahead" if self.position else "Starting"
        if self.seconds_left is None:
            return "Working"
        if round(self.seconds_left) < 1:
            return "Almost done"
        return f"About {format_seconds(self.seconds_left).removeprefix('about ')} left"
