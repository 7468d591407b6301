"""How long work takes on this machine, remembered between starts: for an estimate before it begins."""

from __future__ import annotations

import json
import math
import os
import threading
import uuid
from contextlib import suppress
from pathlib import Path
from statistics import median

KEPT = 5
MAX_KINDS = 200


class Timings:
    """Seconds that each kind of work took, in one small file. A file that cannot be used costs estimates, nothing else.

    Parameters
    ----------
    path : the file; made with the first measurement.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._known = _read(path)

    def estimate(self, kind: str) -> float | None:
        """Seconds that this kind of work will take: the median of the latest few, None when it was never measured."""
        with self._lock:
            found = self._known.get(kind)
        return median(found) if found else None

    def record(self, kind: str, seconds: float) -> None:
        """Remember a measurement; the kinds that were measured longest ago are forgotten."""
        if not (seconds >= 0 and math.isfinite(seconds)):
            raise ValueError(f"{seconds} are no seconds")
        with self._lock:
            self._known[kind] = [*self._known.pop(kind, []), float(seconds)][-KEPT:]
            self._known = dict(list(self._known.items())[-MAX_KINDS:])
            draft = self._path.with_name(f"{self._path.name}.{uuid.uuid4().hex}.draft")
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                draft.write_text(json.dumps(self._known), encoding="utf-8")
                os.replace(draft, self._path)
            except OSError:
                with suppress(OSError):
                    draft.unlink()


def _read(path: Path) -> dict[str, list[float]]:
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        return {
            str(kind): [float(s) for s in seconds][-KEPT:]
            for kind, seconds in known.items()
            if all(isinstance(s, int | float) and s >= 0 and math.isfinite(s) for s in seconds)
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
