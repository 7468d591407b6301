"""A small server of files that answers HTTP Range as a public bucket does, with faults that can be switched on."""

from __future__ import annotations

import hashlib
import re
import socket
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CHUNK_BYTES = 16 * 1024


@dataclass
class Faults:
    """What goes wrong for requests whose path contains `only`, from request number `after` on, for `times` of them.

    Attributes
    ----------
    status : answer with this status and no file.
    disappear : close the connection without an answer.
    ignore_range : answer 200 with the whole file.
    wrong_start : answer 206, but from byte 0.
    wrong_total : add to the total in Content-Range.
    growing_total : add this to it once more with every request, as a file that is being written does.
    no_content_range : answer 206 without it.
    announce_more : add to the Content-Length.
    truncate_after : announce the whole body, send this many bytes of it, close.
    silent_after : send this many bytes of the body, then nothing until the server closes.
    extra_bytes : send this many bytes too many, with no Content-Length.
    text : answer 200 with this text, as a sign-in page does.
    no_tag : send no ETag.
    chunk_delay : seconds between pieces of 16 kB.
    """

    only: str = ""
    after: int = 0
    times: int = 10**9
    status: int = 0
    disappear: bool = False
    ignore_range: bool = False
    wrong_start: bool = False
    wrong_total: int = 0
    growing_total: int = 0
    no_content_range: bool = False
    announce_more: int = 0
    truncate_after: int | None = None
    silent_after: int | None = None
    extra_bytes: int = 0
    text: str | None = None
    no_tag: bool = False
    chunk_delay: float = 0.0


@dataclass
class RangeServer:
    """The server; a context manager. `files` maps a name to its content and may be changed while it runs."""

    files: dict[str, bytes] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    sent_bytes: int = 0

    def __enter__(self) -> RangeServer:
        self.closing = threading.Event()
        self.lock = threading.Lock()
        self._server = _QuietServer(("127.0.0.1", 0), _Handler)
        self._server.owner = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/{name}"

    def mend(self) -> None:
        """No faults any more, and the log of requests begins again."""
        self.faults = Faults()
        self.requests.clear()
        self.sent_bytes = 0


class _QuietServer(ThreadingHTTPServer):
    owner: RangeServer

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is what is being tested."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else every answer waits 40 ms between its headers and its body
    server: _QuietServer

    def log_message(self, *_: object) -> None:
        """Stay quiet."""

    def do_GET(self) -> None:
        owner, name = self.server.owner, self.path.lstrip("/")
        with owner.lock:
            faults = owner.faults
            if faults.only in name:
                faults.after -= 1
                if faults.after >= 0 or faults.after < -faults.times:
                    faults = Faults()
            else:
                faults = Faults()
            owner.requests.append((name, self.headers.get("Range")))
        if faults.disappear or owner.closing.is_set():  # a kept connection outlives the server
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        elif faults.status:
            self._send(faults.status, b"", {}, Faults())
        elif faults.text is not None:
            self._send(200, faults.text.encode(), {"Content-Type": "text/html"}, faults)
        elif name not in owner.files:
            self._send(404, b"no such file", {}, Faults())
        else:
            self._send_file(owner.files[name], faults)

    def _send_file(self, content: bytes, faults: Faults) -> None:
        headers = {} if faults.no_tag else {"ETag": f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'}
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range") or "")
        if not asked or faults.ignore_range:
            self._send(200, content, headers, faults)
            return
        start, end = int(asked[1]), min(int(asked[2]) + 1, len(content))
        if start >= len(content):
            self._send(416, b"", {"Content-Range": f"bytes */{len(content)}"}, Faults())
            return
        if faults.wrong_start:
            start, end = 0, end - start
        if not faults.no_content_range:
            total = len(content) + faults.wrong_total + faults.growing_total * len(self.server.owner.requests)
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{total}"
        self._send(206, content[start:end], headers, faults)

    def _send(self, status: int, body: bytes, headers: dict[str, str], faults: Faults) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if faults.extra_bytes:
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(len(body) + faults.announce_more))
        self.end_headers()
        body += bytes(faults.extra_bytes)
        stop = min((n for n in (faults.truncate_after, faults.silent_after) if n is not None), default=len(body))
        for at in range(0, min(stop, len(body)), CHUNK_BYTES):
            piece = body[at : min(at + CHUNK_BYTES, stop)]
            with self.server.owner.lock:
                self.server.owner.sent_bytes += len(piece)
            self.wfile.write(piece)
            if faults.chunk_delay:
                time.sleep(faults.chunk_delay)
        if faults.silent_after is not None:
            self.server.owner.closing.wait(30)
        if stop < len(body) or faults.announce_more:
            self.close_connection = True
