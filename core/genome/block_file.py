"""A file on a web server read in blocks of 256 KB, each fetched once and kept on disk and in memory."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from core.disk_store import DiskStore
from core.errors import GenomeFileError
from core.genome.range_file import FileChangedError, FileVersion, RangeFile
from core.shelf import Shelf

BLOCK_BYTES = 256 * 1024
MEMORY_BLOCKS = 32


class BlockFile:
    """Bytes of a file on a web server; for several threads at once, of which one fetches and the others wait.

    Parameters
    ----------
    file : the file on its server.
    store : where blocks are kept on disk.
    """

    def __init__(self, file: RangeFile, store: DiskStore) -> None:
        self._file = file
        self._store = store
        self._blocks: Shelf[bytes] = Shelf(max_count=MEMORY_BLOCKS)

    def read(
        self, version: FileVersion, group: str, start: int, end: int, check_cancelled: Callable[[], None]
    ) -> bytes:
        """Bytes from `start` to `end` (not included) of this version, whose blocks are kept as `group`.

        Raises
        ------
        FileChangedError
            The server has another version.
        GenomeFileError, GenomeOfflineError
            As `RangeFile.read`.
        """
        first = start // BLOCK_BYTES
        numbers = range(first, (end - 1) // BLOCK_BYTES + 1)
        data = b"".join(self._block(version, group, number, check_cancelled) for number in numbers)
        return data[start - first * BLOCK_BYTES : end - first * BLOCK_BYTES]

    def _block(self, version: FileVersion, group: str, number: int, check_cancelled: Callable[[], None]) -> bytes:
        start = number * BLOCK_BYTES
        size = min(BLOCK_BYTES, version.size_bytes - start)

        def make() -> bytes:
            kept = self._store.get(group, f"{number:08d}")
            if kept is not None and len(kept) == size:
                return kept
            data, _ = self._file.read(start, size, version, check_cancelled=check_cancelled)
            self._store.put(group, f"{number:08d}", data)
            return data

        return self._blocks.get((group, number), make, on_wait=check_cancelled)


class RemoteBytes(io.RawIOBase):
    """A file on a web server as a Python file, for libraries that read one.

    A library that reads it may hide the error it meets: `failure` keeps the last one. `check_cancelled`, which may be
    set at any time, is called while bytes arrive and raises to stop.

    Raises
    ------
    GenomeFileError, GenomeOfflineError
        As `RangeFile.read`; GenomeFileError also when the file has changed since it was opened.
    """

    def __init__(
        self,
        file: RangeFile,
        store: DiskStore,
        group: str,
        name: str,
        check_cancelled: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__()
        self.check_cancelled = check_cancelled
        self._source = BlockFile(file, store)
        self._store = store
        self._group = group
        self._name = name
        self._at = 0
        self.failure: Exception | None = None
        self._version = self._known() or self._ask(file)
        self._blocks = hashlib.sha256(f"{group} {self._version}".encode()).hexdigest()[:16]

    def _known(self) -> FileVersion | None:
        kept = self._store.get(self._group, "version")
        if kept is not None:
            with suppress(ValueError, TypeError):
                return FileVersion(*json.loads(kept))
        return None

    def _ask(self, file: RangeFile) -> FileVersion:
        _, version = file.read(0, 1, check_cancelled=self.check_cancelled)
        self._store.put(self._group, "version", json.dumps(version).encode())
        return version

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._version.size_bytes}[whence]
        self._at = max(0, base + offset)
        return self._at

    def read(self, size: int = -1) -> bytes:
        end = self._version.size_bytes if size < 0 else min(self._at + size, self._version.size_bytes)
        if end <= self._at:
            return b""
        try:
            data = self._source.read(self._version, self._blocks, self._at, end, self.check_cancelled)
        except FileChangedError as error:
            self._store.remove(self._group, "version")
            self.failure = GenomeFileError(f"{self._name} has changed on its server since; open it again.")
            raise OSError(str(self.failure)) from error
        except Exception as error:
            self.failure = error
            raise OSError(str(error)) from error
        self._at = end
        return data

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
