"""What a job is: pieces that can each be computed, stored and resumed by themselves."""

from __future__ import annotations

import hashlib
import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import JobCancelledError, JobError
from core.jobs.store import Piece


def key_digest(key: str) -> str:
    """SHA-256 of a job's key, 64 hexadecimal digits."""
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()


class PieceContext:
    """How a running piece reports and learns that it was cancelled. Cheap, usable from any thread.

    `latest` is the fraction done (0..1) and the message last reported, `already` the part of that fraction which an
    earlier run left.
    """

    def __init__(self, cancelled: threading.Event) -> None:
        self._cancelled = cancelled
        self.latest: tuple[float, str] = (0.0, "")
        self.already = 0.0

    def progress(self, fraction: float, message: str = "") -> None:
        """Report how much of this piece is done (0..1; clipped) and, if given, what is going on.

        Raises
        ------
        JobCancelledError
            The job was cancelled.
        """
        done = min(max(0.0, float(fraction)), 1.0)
        self.already = min(self.already, done)
        self.latest = (done, message or self.latest[1])
        self.check_cancelled()

    def resumed(self, fraction: float, message: str = "") -> None:
        """Report that an earlier run left this much of the piece (0..1; clipped): done, but not at this run's speed.

        Progress that later falls below it means that this was lost and is computed again.

        Raises
        ------
        JobCancelledError
            The job was cancelled.
        """
        self.already = 1.0
        self.progress(fraction, message)

    def check_cancelled(self) -> None:
        """Raise `JobCancelledError` if the job was cancelled."""
        if self._cancelled.is_set():
            raise JobCancelledError("This job was stopped.")


@dataclass(frozen=True, kw_only=True)
class JobSpec:
    """A long computation cut into pieces.

    Parameters
    ----------
    key
        Stable text that identifies the computation and everything its result depends on, the cut into pieces
        included. Only its SHA-256 reaches the disk.
    title
        What a person reads.
    queue
        Name of the `DeviceQueue` whose turns the pieces take.
    pieces
        How many pieces, 1 or more.
    run_piece
        Computes piece `index` (0-based). Arrays are stored and resumed; a piece that returns None is run again on
        resume. Object arrays are refused.
    owner
        Who shares turns fairly with other owners.
    combine
        Turns the pieces, in order, into the job's value, outside the device's turn. Without it the value is the
        tuple of pieces.
    piece_weights
        Relative cost of each piece, (pieces,), above 0; equal when None.
    keep_pieces
        False deletes the stored pieces once the job is done; its value then lives in memory only.

    Raises
    ------
    JobError
        A field cannot be used.
    """

    key: str
    title: str
    queue: str
    pieces: int
    run_piece: Callable[[int, PieceContext], Piece | None]
    owner: str = ""
    combine: Callable[[Sequence[Piece | None]], Any] | None = None
    piece_weights: Sequence[float] | None = None
    keep_pieces: bool = True

    def __post_init__(self) -> None:
        if not self.key:
            raise JobError("A job needs a key that identifies what it computes.")
        if self.pieces < 1:
            raise JobError(f"The job {self.title!r} has {self.pieces} pieces; it needs at least one.")
        if len(self.weights) != self.pieces or not all(w > 0 and math.isfinite(w) for w in self.weights):
            raise JobError(f"The job {self.title!r} needs one weight above 0 for each of its {self.pieces} pieces.")

    @property
    def weights(self) -> tuple[float, ...]:
        """Relative cost of each piece, (pieces,)."""
        return (1.0,) * self.pieces if self.piece_weights is None else tuple(map(float, self.piece_weights))

    @property
    def digest(self) -> str:
        """SHA-256 of the key, 64 hexadecimal digits."""
        return key_digest(self.key)
