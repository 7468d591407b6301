"""Pieces of a file on a web server, by HTTP Range; every answer is checked before its bytes are believed."""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from core.errors import GenomeFileError, GenomeOfflineError

READ_BYTES = 64 * 1024
MAX_WHOLE_BYTES = 32_000_000
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
_BUSY = frozenset({408, 425, 429})
INSTEAD = "use a genome file on this disk (ATTENDOME_GENOME=path of a FASTA)"


class FileVersion(NamedTuple):
    """What tells one version of a file on a server from another.

    Attributes
    ----------
    size_bytes : its size.
    tag : its ETag, else its time of change, else "".
    """

    size_bytes: int
    tag: str


class FileChangedError(Exception):
    """The server has another version of the file than before; a person sees what the caller makes of it."""


class _TryAgainError(Exception):
    """A fault that may pass; holds the sentence for when it does not."""


def _nothing() -> None:
    """Never cancelled."""


class RangeFile:
    """A file on a web server; for several threads at once.

    Parameters
    ----------
    url : its address.
    name : what it is called in sentences.
    timeout_seconds : longest silence of the server that is waited out.
    piece_seconds : longest time for one piece, however it trickles.
    pauses_seconds : waits before each further try after a fault that may pass.
    instead : what a person can do without the server, for the sentences.
    """

    def __init__(
        self,
        url: str,
        name: str,
        *,
        timeout_seconds: float = 15.0,
        piece_seconds: float = 60.0,
        pauses_seconds: tuple[float, ...] = (0.2, 1.0),
        instead: str = INSTEAD,
    ) -> None:
        import requests

        self.url = url
        self._name = name
        self._host = urlsplit(url).netloc.rpartition("@")[2]
        self._timeout = timeout_seconds
        self._piece_seconds = piece_seconds
        self._pauses = pauses_seconds
        self._instead = instead
        self._session = requests.Session()
        self._session.headers.update({"User-Agent": "attendome", "Accept-Encoding": "identity"})

    def close(self) -> None:
        """End the connections."""
        self._session.close()

    def read(
        self,
        start: int,
        size: int,
        known: FileVersion | None = None,
        *,
        check_cancelled: Callable[[], None] = _nothing,
    ) -> tuple[bytes, FileVersion]:
        """Bytes from `start` on, `size` of them or up to the end of the file, and the version they are of.

        Parameters
        ----------
        known : the version that the bytes must be of.
        check_cancelled : called before and while bytes arrive; raises to stop.

        Raises
        ------
        FileChangedError
            The server has another version than `known`.
        GenomeFileError
            The server does not have the file, refuses it, or cannot send pieces of it.
        GenomeOfflineError
            The server cannot be reached, is busy or too slow, or sends something else than it announces.
        """
        headers = {"Range": f"bytes={start}-{start + size - 1}"}

        def take(response: Any) -> tuple[bytes, FileVersion]:
            if response.status_code == 416 and known is not None:  # it was longer
                raise FileChangedError
            length, version = self._check_part(response, start, size)
            if known is not None and version != known:
                raise FileChangedError
            return self._body(response, length, check_cancelled), version

        return self._ask(headers, take, check_cancelled)

    def read_whole(self, *, check_cancelled: Callable[[], None] = _nothing) -> bytes:
        """All of a small file.

        Raises
        ------
        GenomeFileError
            The server does not have it, refuses it, or it is larger than `MAX_WHOLE_BYTES`.
        GenomeOfflineError
            As `read`.
        """

        def take(response: Any) -> bytes:
            self._check_status(response)
            announced = response.headers.get("Content-Length", "")
            length = int(announced) if announced.isdigit() else None
            if response.status_code != 200 or (length or 0) > MAX_WHOLE_BYTES:
                raise GenomeFileError(f"{self._host} sends too much for {self._name}; check its address.")
            data = self._body(response, length, check_cancelled)
            encoding = response.headers.get("Content-Encoding", "identity").lower()
            return data if encoding == "identity" else self._unpacked(data, encoding)

        return self._ask({}, take, check_cancelled)

    def _unpacked(self, data: bytes, encoding: str) -> bytes:
        """What a server compressed that was asked not to."""
        if encoding not in ("gzip", "x-gzip"):
            raise self._lie()
        unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            content = unpacking.decompress(data, MAX_WHOLE_BYTES)
        except zlib.error as error:
            raise self._lie() from error
        if not unpacking.eof:
            raise self._lie()
        return content

    def _ask(self, headers: dict[str, str], take: Callable[[Any], Any], check_cancelled: Callable[[], None]) -> Any:
        from requests import RequestException, Timeout, TooManyRedirects
        from urllib3.exceptions import HTTPError, ReadTimeoutError

        last: _TryAgainError | None = None
        for pause in (0.0, *self._pauses):
            end = time.monotonic() + pause
            while (left := end - time.monotonic()) > 0:
                check_cancelled()
                time.sleep(min(left, 0.1))
            check_cancelled()
            try:
                with self._session.get(self.url, headers=headers, stream=True, timeout=self._timeout) as response:
                    return take(response)
            except _TryAgainError as error:
                last = error
            except TooManyRedirects as error:
                raise GenomeFileError(
                    f"{self._host} sends requests for {self._name} in circles; check its address, or {self._instead}."
                ) from error
            except (Timeout, ReadTimeoutError) as error:
                raise GenomeOfflineError(
                    f"{self._host}, which has {self._name}, was silent for {self._timeout:g} s; try again later, or "
                    f"{self._instead}."
                ) from error
            except (RequestException, HTTPError, OSError) as error:
                last = _TryAgainError(
                    f"{self._host}, which has {self._name}, cannot be reached from this machine or breaks off; connect "
                    f"and try again, or {self._instead}."
                )
                last.__cause__ = error
        raise GenomeOfflineError(str(last)) from last

    def _check_part(self, response: Any, start: int, size: int) -> tuple[int, FileVersion]:
        """(bytes that the body must have, version)."""
        self._check_status(response)
        if response.status_code != 206:
            raise GenomeFileError(
                f"{self._host} sends {self._name} only as a whole (it ignores Range); use a server that sends pieces, "
                "or download the file and give its path."
            )
        part = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        total = int(part[3]) if part else 0
        end = min(start + size, total)
        if not part or (int(part[1]), int(part[2]) + 1) != (start, end) or "Content-Encoding" in response.headers:
            raise self._lie()
        announced = response.headers.get("Content-Length")
        if announced is not None and announced != str(end - start):
            raise self._lie()
        tag = response.headers.get("ETag") or response.headers.get("Last-Modified") or ""
        return end - start, FileVersion(total, tag)

    def _check_status(self, response: Any) -> None:
        status = response.status_code
        if status in (200, 206):
            return
        if status >= 500 or status in _BUSY:
            raise _TryAgainError(
                f"{self._host}, which has {self._name}, cannot answer now (status {status}); try again later, or "
                f"{self._instead}."
            )
        if status == 416:
            raise GenomeFileError(f"{self._name} on {self._host} is empty; check its address, or {self._instead}.")
        what = "does not have" if status in (404, 410) else "refuses to send"
        raise GenomeFileError(
            f"{self._host} {what} {self._name} (status {status}); check its address, or {self._instead}."
        )

    def _body(self, response: Any, length: int | None, check_cancelled: Callable[[], None]) -> bytes:
        """The body, of exactly `length` bytes where that is known."""
        limit = MAX_WHOLE_BYTES if length is None else length
        end = time.monotonic() + self._piece_seconds
        pieces: list[bytes] = []
        arrived = 0
        while data := response.raw.read1(READ_BYTES, decode_content=False):
            check_cancelled()
            pieces.append(data)
            arrived += len(data)
            if arrived > limit:
                raise self._lie()
            if time.monotonic() > end:
                raise GenomeOfflineError(
                    f"{self._host} needs more than {self._piece_seconds:g} s for a piece of {self._name}; try again "
                    f"later, or {self._instead}."
                )
        if length is not None and arrived != length:
            raise self._lie()
        return b"".join(pieces)

    def _lie(self) -> _TryAgainError:
        return _TryAgainError(
            f"{self._host} sends something else of {self._name} than it announces; try again, or {self._instead}."
        )
