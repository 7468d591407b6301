"""Pieces of results on disk: written whole or not at all, checked on every read, bounded in size."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

import numpy as np

from core.errors import JobError, SettingsError

Piece = Mapping[str, np.ndarray]
_DIGEST = re.compile(r"[0-9a-f]{64}")


def _write_whole(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".tmp", delete=False) as file:
        try:
            write(file)
            file.close()
            os.replace(file.name, path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def _folder_bytes(folder: Path) -> int:
    return sum(entry.stat().st_size for entry in os.scandir(folder) if entry.is_file(follow_symlinks=False))


class PieceStore:
    """One folder a job, named by the SHA-256 of its key; in it `piece_00000.npz` and its SHA-256 as JSON.

    Parameters
    ----------
    folder
        Created if missing. Subfolders with other names are left alone.
    max_bytes
        Bound for `prune`, in bytes.

    Raises
    ------
    SettingsError
        The folder cannot be made or written.
    """

    def __init__(self, folder: Path, *, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            found = [path for path in folder.iterdir() if _DIGEST.fullmatch(path.name) and path.is_dir()]
            if not os.access(folder, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        except OSError as error:
            raise SettingsError(
                f"Results cannot be kept in {folder} ({error.strerror or error}); set ATTENDOME_CACHE to a folder "
                "that Attendome can write to, for example ATTENDOME_CACHE=~/attendome, and start it again."
            ) from error
        sizes = []
        for path in found:
            with suppress(FileNotFoundError):  # another process on this folder deleted it
                sizes.append((path.stat().st_mtime_ns, path.name, _folder_bytes(path)))
        self._bytes = {name: size for _, name, size in sorted(sizes)}

    def holds(self, digest: str, index: int) -> bool:
        """Whether piece `index` is there and is what was written."""
        arrays, checksum = self._paths(digest, index)
        try:
            with arrays.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == self._expected(checksum)
        except OSError:
            return False

    def write(self, digest: str, index: int, piece: Piece) -> None:
        """Store one piece.

        Raises
        ------
        JobError
            The disk refuses, for example because it is full.
        ValueError
            An array holds Python objects.
        """
        arrays, checksum = self._paths(digest, index)
        try:
            arrays.parent.mkdir(exist_ok=True)
            _write_whole(arrays, lambda file: np.savez(file, allow_pickle=False, **piece))
            with arrays.open("rb") as file:
                record = {"sha256": hashlib.file_digest(file, "sha256").hexdigest()}
            _write_whole(checksum, lambda file: file.write(json.dumps(record).encode()))
            added = arrays.stat().st_size + checksum.stat().st_size
        except OSError as error:
            raise JobError(
                f"A result could not be saved in the cache folder: {error.strerror}. "
                "Free some disk space or set ATTENDOME_CACHE to another folder, then start again."
            ) from error
        self.touch(digest, added)

    def read(self, digest: str, index: int) -> dict[str, np.ndarray]:
        """Read one piece; its arrays are read-only.

        Raises
        ------
        JobError
            The piece is missing or is not what was written.
        """
        arrays, checksum = self._paths(digest, index)
        try:
            content = arrays.read_bytes()
            if hashlib.sha256(content).hexdigest() != self._expected(checksum):
                raise OSError("checksum differs")
        except OSError as error:
            raise JobError("The stored result is no longer complete on this machine; start the job again.") from error
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            piece = {name: archive[name] for name in archive.files}
        for array in piece.values():
            array.setflags(write=False)
        return piece

    def touch(self, digest: str, added_bytes: int = 0) -> None:
        """Note that this job was used now and grew by `added_bytes`."""
        with self._lock:
            self._bytes[digest] = self._bytes.pop(digest, 0) + added_bytes
        now = time.time_ns()
        with suppress(OSError):
            os.utime(self._folder / digest, ns=(now, now))

    def remove(self, digest: str) -> None:
        """Delete everything stored for one job."""
        with self._lock:
            self._bytes.pop(digest, None)
        shutil.rmtree(self._folder / digest, ignore_errors=True)

    def prune(self, keep: Collection[str]) -> None:
        """Delete least recently used jobs until the rest fits in `max_bytes`.

        Never deletes those in `keep`, nor the one that was used last (a result that fills the bound alone stays
        readable until the next one).
        """
        with self._lock:
            excess = sum(self._bytes.values()) - self._max_bytes
            candidates = [(digest, size) for digest, size in list(self._bytes.items())[:-1] if digest not in keep]
        for digest, size in candidates:
            if excess <= 0:
                return
            self.remove(digest)
            excess -= size

    def _paths(self, digest: str, index: int) -> tuple[Path, Path]:
        stem = self._folder / digest / f"piece_{index:05d}"
        return stem.with_suffix(".npz"), stem.with_suffix(".json")

    @staticmethod
    def _expected(checksum: Path) -> str | None:
        try:
            return json.loads(checksum.read_bytes())["sha256"]
        except (ValueError, KeyError, TypeError):
            return None
