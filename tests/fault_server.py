"""What the small servers of the tests share: they start and stop, stay quiet, and send bodies with faults.

`tests/hub_server.py` plays the model hub, `tests/core/genome/range_server.py` a public bucket of files.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CHUNK_BYTES = 16 * 1024


@dataclass
class BodyFaults:
    """What goes wrong with a body; the default is nothing.

    Attributes
    ----------
    announce_more : add to the Content-Length.
    no_length : send no Content-Length and close at the end.
    truncate_after : announce the whole body, send this many bytes of it, close.
    silent_after : send this many bytes of the body, then nothing until the server closes.
    extra_bytes : send this many bytes too many, with no Content-Length.
    chunk_delay : seconds between pieces of 16 kB.
    """

    announce_more: int = 0
    no_length: bool = False
    truncate_after: int | None = None
    silent_after: int | None = None
    extra_bytes: int = 0
    chunk_delay: float = 0.0


class QuietServer(ThreadingHTTPServer):
    """A server whose handlers find what they serve in `owner`."""

    owner: Any

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is what is being tested."""


class FaultServer:
    """Starts and stops a server in a thread; a context manager, for a subclass that sets `handler` and `port`."""

    handler: type[BaseHTTPRequestHandler]
    port: int = 0

    def __enter__(self) -> Any:
        self.closing = threading.Event()
        self._server = QuietServer(("127.0.0.1", self.port), self.handler)
        self._server.owner = self
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class FaultHandler(BaseHTTPRequestHandler):
    """Sends answers with their faults."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else every answer waits 40 ms between its headers and its body
    server: QuietServer

    def log_message(self, *_: object) -> None:
        """Stay quiet."""

    def hang_up(self) -> None:
        """Close the connection without an answer."""
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def send(
        self,
        status: int,
        body: bytes,
        headers: Mapping[str, str] | None = None,
        faults: BodyFaults | None = None,
        count: Callable[[int], None] = lambda sent: None,
    ) -> None:
        """Send an answer; `count` is told the bytes of each piece of the body before it goes out."""
        faults = faults or BodyFaults()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if faults.no_length or faults.extra_bytes:
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(len(body) + faults.announce_more))
        self.end_headers()
        if self.command != "HEAD":
            self._send_body(body + bytes(faults.extra_bytes), faults, count)

    def _send_body(self, body: bytes, faults: BodyFaults, count: Callable[[int], None]) -> None:
        stop = min((n for n in (faults.truncate_after, faults.silent_after) if n is not None), default=len(body))
        for at in range(0, min(stop, len(body)), CHUNK_BYTES):
            piece = body[at : min(at + CHUNK_BYTES, stop)]
            count(len(piece))  # before a client can know that it has everything
            self.wfile.write(piece)
            if faults.chunk_delay:
                time.sleep(faults.chunk_delay)
        if faults.silent_after is not None:
            self.server.owner.closing.wait(30)
        if stop < len(body) or faults.announce_more:
            self.close_connection = True
