"""The one way to run long work: progress with an estimate, cancel, resume, and a fair queue a device.

`DeviceQueue` gives one device to one piece of work at a time; `JobManager` runs a `JobSpec` piece by piece on
such a queue, keeps its pieces on disk and answers with a `JobStatus`.
"""

from core.jobs.manager import JobManager
from core.jobs.spec import JobSpec, PieceContext
from core.jobs.status import JobState, JobStatus, format_seconds
from core.jobs.store import Piece, PieceStore
from core.jobs.turns import DeviceQueue

__all__ = [
    "DeviceQueue",
    "JobManager",
    "JobSpec",
    "JobState",
    "JobStatus",
    "Piece",
    "PieceContext",
    "PieceStore",
    "format_seconds",
]
