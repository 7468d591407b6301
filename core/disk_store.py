"""Small pieces kept on disk within a number of bytes, each checked whenever it is read.

folder/<group>/<name>     4 bytes of format, sha256 of the key and the content, the content
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
import uuid
from contextlib import suppress
from pathlib import Path

_FORMAT = b"ATP1"
_HEADER = len(_FORMAT) + 32
_COUNT_AGAIN = 256
_DRAFT_SECONDS = 3600


class DiskStore:
    """Pieces by key, the longest unused thrown away first; for several threads and programs at once.

    A damaged piece counts as missing and is removed. A disk that cannot be written costs speed, not results.

    Parameters
    ----------
    folder : its place; made when the first piece is kept.
    max_bytes : bytes kept at most, over all groups.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._bytes = 0
        self._bytes_until_count = 0
        self._until_count = 0

    def get(self, group: str, name: str) -> bytes | None:
        """The content, or None when it is not there or damaged."""
        path = self._folder / group / name
        try:
            data = path.read_bytes()
        except OSError:
            return None
        content = data[_HEADER:]
        if data[:_HEADER] != _FORMAT + _digest(group, name, content):
            with suppress(OSError):
                path.unlink()
            return None
        with suppress(OSError):
            os.utime(path)
        return content

    def put(self, group: str, name: str, content: bytes) -> None:
        """Keep the content, and make room for it."""
        path = self._folder / group / name
        draft = path.with_name(f"{uuid.uuid4().hex}.draft")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(_FORMAT + _digest(group, name, content) + content)
            os.replace(draft, path)
        except OSError:
            with suppress(OSError):
                draft.unlink()
            return
        with self._lock:
            self._bytes += _HEADER + len(content)
            self._bytes_until_count -= len(content)
            self._until_count -= 1
            if min(self._until_count, self._bytes_until_count) < 0 or self._bytes > self._max_bytes:
                self._trim()

    def remove(self, group: str, name: str) -> None:
        """Forget one piece."""
        with suppress(OSError):
            (self._folder / group / name).unlink()

    def _trim(self) -> None:
        """Count what is there; above the bound, remove the longest unused down to nine tenths of it."""
        found = []
        for path in self._folder.glob("*/*"):
            with suppress(OSError):
                state = path.stat()
                if path.suffix == ".draft":
                    if time.time() - state.st_mtime > _DRAFT_SECONDS:
                        path.unlink()
                else:
                    found.append((state.st_mtime_ns, state.st_size, path))
        self._until_count = _COUNT_AGAIN
        self._bytes_until_count = self._max_bytes // 20  # so that several programs do not run over the bound together
        self._bytes = sum(size for _, size, _ in found)
        if self._bytes <= self._max_bytes:
            return
        for _, size, path in sorted(found, key=lambda entry: entry[0]):
            if self._bytes <= 0.9 * self._max_bytes:
                break
            with suppress(OSError):
                path.unlink()
                self._bytes -= size


def _digest(group: str, name: str, content: bytes) -> bytes:
    return hashlib.sha256(f"{group}/{name}\0".encode() + content).digest()
