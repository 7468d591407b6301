"""One file from the hub to the disk: resumed, checked before anything sees it, and stopped at once when asked.

huggingface_hub's own downloader is not used: with hf-xet installed it can neither be cancelled nor resumed, and from
1.18 on it begins every file again. The places and names on disk are its own, so that other tools share the files.

Every wait for the network happens on one helper thread, so that a cancel is heard within a tenth of a second even
when the hub has gone silent.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from core.errors import ModelFilesError, OfflineError

READ_BYTES = 256 * 1024
POLL_SECONDS = 0.1
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_BUSY = frozenset({408, 425, 429})


class HubFile(NamedTuple):
    """One file of a repository at one commit.

    Attributes
    ----------
    name : file name, relative to the repository.
    size_bytes : its size.
    oid : what the hub calls its content, and the cache its blob: the sha256 of a large file (64 hexadecimal digits),
        the git object id of a small one (40).
    """

    name: str
    size_bytes: int
    oid: str


class _CannotContinueError(Exception):
    """The partial file is not the beginning of what the hub sends; never leaves this module."""


def shown_endpoint(endpoint: str) -> str:
    """The address without a user name or password, as it may be shown to a person."""
    return endpoint.replace(urlsplit(endpoint).netloc, urlsplit(endpoint).netloc.rpartition("@")[2])


def file_size(path: Path) -> int:
    """Bytes of a file, 0 if there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _digest(file: HubFile) -> Any:
    """An empty digest that ends at `file.oid` after the file's bytes."""
    if len(file.oid) == 64:
        return hashlib.sha256()
    return hashlib.sha1(b"blob %d\0" % file.size_bytes, usedforsecurity=False)


def is_intact(path: Path, file: HubFile) -> bool:
    """Whether the content of `path` is that of the file on the hub; reads all of it, about 1 GB a second."""
    try:
        with path.open("rb") as content:
            return hashlib.file_digest(content, lambda: _digest(file)).hexdigest() == file.oid
    except OSError:
        return False


def _read_some(raw: Any) -> bytes:
    """Whatever has arrived, at most `READ_BYTES`: a slow line is written and counted while it trickles."""
    return raw.read1(READ_BYTES, decode_content=False)


def _close(future: Future) -> None:
    """Close an answer that arrived after nobody wanted it any more."""
    if not future.cancelled() and future.exception() is None and hasattr(future.result(), "close"):
        future.result().close()


class Transfer:
    """A connection to the hub; a context manager.

    Parameters
    ----------
    endpoint : address of the hub, for the sentences.
    check_cancelled : called at least every 0.1 s; raises to stop.
    timeout_seconds : longest silence of the hub that is waited out.
    kept : whether a failure's sentence says that what has arrived is kept.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        check_cancelled: Callable[[], None] = lambda: None,
        timeout_seconds: float = 15.0,
        kept: bool = True,
    ) -> None:
        import requests

        self._hub = shown_endpoint(endpoint)
        self._check_cancelled = check_cancelled
        self._timeout = timeout_seconds
        self._kept = " — what has arrived is kept" if kept else ""
        self._session = requests.Session()
        self._session.headers.update({"User-Agent": "attendome", "Accept-Encoding": "identity"})
        self._pool = ThreadPoolExecutor(1, "hub")
        self._abandoned = False

    def __enter__(self) -> Transfer:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.submit(self._session.close)
        self._pool.shutdown(wait=not self._abandoned)

    def json(self, url: str) -> Any:
        """The hub's answer to a question, decoded.

        Raises
        ------
        OfflineError
            The hub cannot be reached, is busy, or something else answers in its place.
        ModelFilesError
            The hub refuses or does not have what was asked for.
        """
        response = self._get(url, {}, stream=False)
        self._check_status(response, "this model")
        try:
            return response.json()
        except (ValueError, RecursionError) as error:
            raise self._offline(
                f"Something other than a model hub answered at {self._hub} (a sign-in page of this network, perhaps); "
                "use a bundled model, or sign in and press Download again"
            ) from error

    def fetch(self, url: str, file: HubFile, blob: Path, on_bytes: Callable[[int], None]) -> None:
        """Download one file into `blob`, continuing `blob`.incomplete where an earlier download stopped.

        `on_bytes` is given how much of this file is on disk; the number falls only when the hub cannot continue a
        partial file, or when the partial file turns out to be of something else, and the file begins again.

        Raises
        ------
        OfflineError
            The network failed; the partial file is kept.
        ModelFilesError
            What the hub sends is not the file it listed; nothing of what it sent is kept.
        """
        partial = blob.with_name(blob.name + ".incomplete")
        if file_size(partial) > file.size_bytes:
            partial.unlink()
        try:
            self._complete(url, file, partial, on_bytes)
        except _CannotContinueError:
            partial.unlink(missing_ok=True)
            self._complete(url, file, partial, on_bytes)
        finally:
            if not file_size(partial):
                partial.unlink(missing_ok=True)
        os.replace(partial, blob)

    def _complete(self, url: str, file: HubFile, partial: Path, on_bytes: Callable[[int], None]) -> None:
        """Make `partial` the whole file and check it."""
        with partial.open("ab+") as out:
            digest = self._digest_of(out, file)
            resumed = out.tell()
            if resumed < file.size_bytes:
                digest = self._append(url, file, out, digest, on_bytes)
        if digest.hexdigest() != file.oid:
            partial.unlink()
            if resumed:
                raise _CannotContinueError
            raise ModelFilesError(
                f"The {file.name} that {self._hub} sent is not the published file (its checksum differs), so it was "
                "thrown away; press Download again, and use a bundled model if it happens twice."
            )

    def _digest_of(self, out: Any, file: HubFile) -> Any:
        digest = _digest(file)
        out.seek(0)
        while block := out.read(4 * READ_BYTES):
            self._check_cancelled()
            digest.update(block)
        return digest

    def _append(self, url: str, file: HubFile, out: Any, digest: Any, on_bytes: Callable[[int], None]) -> Any:
        """Write the rest of the file; returns the digest of all of it."""
        at = out.tell()
        response = self._get(url, {"Range": f"bytes={at}-"} if at else {}, stream=True)
        try:
            if self._starts_at(response, file, at) == 0 and at:
                out.truncate(0)
                at, digest = 0, _digest(file)
            on_bytes(at)
            while data := self._wait(_read_some, response.raw):
                at += len(data)
                if at > file.size_bytes:
                    out.truncate(0)
                    raise self._wrong_size(file, f"more than {file.size_bytes}")
                out.write(data)
                digest.update(data)
                on_bytes(at)
        finally:
            self._pool.submit(response.close)  # after the read that may still be waiting there
        if at < file.size_bytes:
            raise self._unreachable()
        return digest

    def _starts_at(self, response: Any, file: HubFile, asked: int) -> int:
        """The byte at which the answer begins: `asked`, or 0 when the server ignores ranges."""
        if response.status_code == 416 and asked:
            raise _CannotContinueError
        self._check_status(response, file.name)
        if response.status_code == 206:
            part = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
            if not part or int(part[1]) != asked or part[2] not in ("*", str(file.size_bytes)):
                raise _CannotContinueError if asked else self._wrong_size(file, "a part")
            return asked
        length = response.headers.get("Content-Length")
        if length is not None and length != str(file.size_bytes):
            raise self._wrong_size(file, length)
        return 0

    def _get(self, url: str, headers: dict[str, str], *, stream: bool) -> Any:
        return self._wait(
            lambda: self._session.get(url, headers=headers, stream=stream, timeout=(self._timeout, self._timeout))
        )

    def _wait(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run on the helper thread; meanwhile keep asking whether to stop."""
        from requests import RequestException
        from urllib3.exceptions import HTTPError

        self._check_cancelled()
        future = self._pool.submit(function, *arguments)
        try:
            while not wait([future], timeout=POLL_SECONDS).done:
                self._check_cancelled()
        except BaseException:
            self._abandoned = True
            future.add_done_callback(_close)
            raise
        try:
            return future.result()
        except (RequestException, HTTPError, OSError) as error:
            raise self._unreachable() from error

    def _check_status(self, response: Any, what: str) -> None:
        status = response.status_code
        if status in (200, 206):
            return
        if status >= 500 or status in _BUSY:
            raise self._offline(
                f"The model hub ({self._hub}) cannot answer now (status {status}); use a bundled model, or press "
                "Download again later"
            )
        if status == 404:
            raise ModelFilesError(f"The model hub ({self._hub}) does not have {what}; use a bundled model.")
        raise ModelFilesError(
            f"The model hub ({self._hub}) refuses to send {what} (status {status}), which is public on "
            "huggingface.co; check HF_ENDPOINT, or use a bundled model."
        )

    def _unreachable(self) -> OfflineError:
        return self._offline(
            f"The model hub ({self._hub}) cannot be reached from this machine; use a bundled model, or connect and "
            "press Download again"
        )

    def _offline(self, sentence: str) -> OfflineError:
        return OfflineError(f"{sentence}{self._kept}.")

    def _wrong_size(self, file: HubFile, sent: str) -> ModelFilesError:
        return ModelFilesError(
            f"The hub lists {file.name} with {file.size_bytes} bytes, but {self._hub} sends {sent}; "
            "press Download again, and use a bundled model if it happens twice."
        )
