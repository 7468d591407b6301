"""A small server of files that answers HTTP Range as a public bucket does, with faults that can be switched on."""

from __future__ import annotations

import gzip
import hashlib
import re
import threading
from dataclasses import dataclass, field

from tests.fault_server import BodyFaults, FaultHandler, FaultServer


@dataclass
class Faults(BodyFaults):
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
    text : answer 200 with this text, as a sign-in page does.
    redirect : answer 302 and this name of a file.
    encoding : compress the body with gzip and call the Content-Encoding this.
    no_tag : send no ETag.
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
    text: str | None = None
    redirect: str | None = None
    encoding: str | None = None
    no_tag: bool = False


class _Handler(FaultHandler):
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
            self.hang_up()
        elif faults.status:
            self.send(faults.status, b"")
        elif faults.redirect is not None:
            self.send(302, b"", {"Location": f"/{faults.redirect}"})
        elif faults.text is not None:
            self._send(200, faults.text.encode(), {"Content-Type": "text/html"}, faults)
        elif name not in owner.files:
            self.send(404, b"no such file")
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
            self.send(416, b"", {"Content-Range": f"bytes */{len(content)}"})
            return
        if faults.wrong_start:
            start, end = 0, end - start
        if not faults.no_content_range:
            total = len(content) + faults.wrong_total + faults.growing_total * len(self.server.owner.requests)
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{total}"
        self._send(206, content[start:end], headers, faults)

    def _send(self, status: int, body: bytes, headers: dict[str, str], faults: Faults) -> None:
        if faults.encoding is not None:
            body, headers = gzip.compress(body), {**headers, "Content-Encoding": faults.encoding}
        self.send(status, body, headers, faults, self.server.owner.count)


@dataclass
class RangeServer(FaultServer):
    """The server; a context manager. `files` maps a name to its content and may be changed while it runs."""

    files: dict[str, bytes] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    sent_bytes: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    handler = _Handler

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.port}/{name}"

    def count(self, sent: int) -> None:
        """Bytes of a body that go out."""
        with self.lock:
            self.sent_bytes += sent

    def mend(self) -> None:
        """No faults any more, and the log of requests begins again."""
        self.faults = Faults()
        self.requests.clear()
        self.sent_bytes = 0
