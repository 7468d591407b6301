"""A small server that plays the model hub, with faults that can be switched on; no test touches the real one.

It answers as the hub does: `/api/models/{repo}/revision/{revision}?blobs=true` lists files with sizes and object ids,
`/{repo}/resolve/{revision}/{file}` gives a small file and redirects a large one to `/cdn/...`; ETag, X-Repo-Commit,
X-Linked-Size, X-Linked-Etag and Range work.

    write_repo(folder, "openai-community/gpt2", gpt2_files())
    with HubServer(folder) as hub:
        settings = read_settings({"HF_ENDPOINT": hub.url, "HF_HOME": ..., "ATTENDOME_CACHE": ...})
        hub.faults.truncate_after = 1000

For a browser: `python -m tests.hub_server FOLDER [--port 8765] [--chunk-delay 0.05]` and HF_ENDPOINT=http://127.0.0.1:8765.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import random
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.fault_server import BodyFaults, FaultHandler, FaultServer

LARGE = (".safetensors", ".bin", ".spm", ".h5", ".onnx")


@dataclass
class Faults(BodyFaults):
    """What goes wrong, for requests whose path contains `only`; the default is nothing.

    Attributes
    ----------
    status : answer with this status and no file.
    disappear : close the connection without an answer.
    ignore_range : answer 200 with the whole file.
    wrong_range : answer 206, but from byte 0.
    wrong_content : send other bytes of the same length.
    listed_more : add to the sizes in the list of files.
    extra_names : further file names in the list.
    sha : the commit to claim in the list.
    text : answer with this text instead, as a sign-in page does.
    redirect : send a request for a file here instead.
    """

    only: str = ""
    status: int | None = None
    disappear: bool = False
    ignore_range: bool = False
    wrong_range: bool = False
    wrong_content: bool = False
    listed_more: int = 0
    extra_names: tuple[str, ...] = ()
    sha: str | None = None
    text: str | None = None
    redirect: str | None = None


@dataclass
class Request:
    """One request and what was sent for it."""

    method: str
    path: str
    range: str | None = None
    status: int = 0
    body_bytes: int = 0


class _Handler(FaultHandler):
    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        hub = self.server.owner
        path = unquote(urlsplit(self.path).path)
        self.request_log = Request(self.command, path, self.headers.get("Range"))
        hub.requests.append(self.request_log)
        self.faults = hub.faults if hub.faults.only in path else Faults()
        if self.faults.disappear:
            self.hang_up()
        elif self.faults.status:
            self._send(self.faults.status, b'{"error":"switched on"}')
        elif self.faults.text is not None:
            self._send(200, self.faults.text.encode(), {"Content-Type": "text/html"})
        elif found := re.fullmatch(r"/api/models/(.+?)(?:/revision/([^/]+))?", path):
            self._answer_list(found[1])
        elif found := re.fullmatch(r"/(cdn/)?(.+)/resolve/([^/]+)/(.+)", path):
            self._answer_file(found[2], found[4], cdn=bool(found[1]))
        else:
            self._send(404, b"")

    def _answer_list(self, repo: str) -> None:
        hub = self.server.owner
        if (hub.folder / repo).is_dir():
            body = json.dumps(hub.repo_list(repo)).encode()
            self._send(200, body, {"Content-Type": "application/json"})
        else:
            self._send(401, b'{"error":"Invalid username or password."}')  # as the hub does for what it does not have

    def _answer_file(self, repo: str, name: str, *, cdn: bool) -> None:
        hub = self.server.owner
        path = hub.folder / repo / name
        if ".." in name or not path.is_file():
            self._send(404, b"Entry not found", {"X-Error-Code": "EntryNotFound"})
            return
        content = path.read_bytes()
        headers = {"ETag": f'"{object_id(name, content)}"', "X-Repo-Commit": hub.commit(repo)}
        if self.faults.redirect:
            self._send(302, b"", {"Location": self.faults.redirect})
        elif name.endswith(LARGE) and not cdn:
            large = {"X-Linked-Size": str(len(content)), "X-Linked-Etag": headers["ETag"]}
            self._send(302, b"", {**headers, **large, "Location": f"{hub.url}/cdn{self.path}"})
        else:
            self._send_file(content, headers)

    def _send_file(self, content: bytes, headers: Mapping[str, str]) -> None:
        faults, total = self.faults, len(content)
        if faults.wrong_content:
            content = bytes(byte ^ 0x55 for byte in content)
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
        headers = {**headers, "Accept-Ranges": "bytes"}
        if not asked or faults.ignore_range:
            self._send(200, content, headers)
        elif int(asked[1]) >= total:
            self._send(416, b"", {**headers, "Content-Range": f"bytes */{total}"})
        else:
            start = 0 if faults.wrong_range else int(asked[1])
            self._send(206, content[start:], {**headers, "Content-Range": f"bytes {start}-{total - 1}/{total}"})

    def _send(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.request_log.status = status
        self.send(status, body, headers, self.faults if status in (200, 206) else None, self._count)

    def _count(self, sent: int) -> None:
        self.request_log.body_bytes += sent


@dataclass
class HubServer(FaultServer):
    """The server; a context manager. `folder` holds organisation/name/files and is read at each request."""

    folder: Path
    port: int = 0
    faults: Faults = field(default_factory=Faults)
    requests: list[Request] = field(default_factory=list)

    handler = _Handler

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def mend(self) -> None:
        """No faults any more, and the log of requests begins again."""
        self.faults = Faults()
        self.requests.clear()

    def sent_bytes(self, *, containing: str = "/cdn/") -> int:
        """Bytes of bodies sent for paths that contain the text."""
        return sum(request.body_bytes for request in self.requests if containing in request.path)

    def file_bytes(self) -> int:
        """Bytes of files sent, without lists and redirects."""
        return sum(r.body_bytes for r in self.requests if r.status in (200, 206) and "/api/" not in r.path)

    def fetched(self) -> set[str]:
        """Names of the files that were asked for."""
        return {r.path.rpartition("/")[2] for r in self.requests if "/api/" not in r.path}

    def commit(self, repo: str) -> str:
        """The commit of the repository: it changes with any file."""
        digest = hashlib.sha1(usedforsecurity=False)
        for name, content in self.files(repo).items():
            digest.update(name.encode() + content)
        return digest.hexdigest()

    def files(self, repo: str) -> dict[str, bytes]:
        root = self.folder / repo
        return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}

    def repo_list(self, repo: str) -> dict[str, Any]:
        """What the hub's list of a repository holds."""
        siblings: list[dict[str, Any]] = []
        for name, content in self.files(repo).items():
            size = len(content) + self.faults.listed_more
            entry: dict[str, Any] = {"rfilename": name, "size": size, "blobId": git_oid(content)}
            if name.endswith(LARGE):
                entry["lfs"] = {"sha256": object_id(name, content), "size": size, "pointerSize": 134}
            siblings.append(entry)
        siblings += [{"rfilename": n, "size": 3, "blobId": git_oid(b"abc")} for n in self.faults.extra_names]
        return {"id": repo, "modelId": repo, "sha": self.faults.sha or self.commit(repo), "siblings": siblings}


def git_oid(content: bytes) -> str:
    """The object id that git gives to a file."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def object_id(name: str, content: bytes) -> str:
    """What the hub calls the content: its sha256 for a large file, its git object id for a small one."""
    return hashlib.sha256(content).hexdigest() if name.endswith(LARGE) else git_oid(content)


def safetensors_bytes(payload_bytes: int, seed: int = 0) -> bytes:
    """A valid safetensors file with one tensor of random bytes."""
    entry = {"dtype": "U8", "shape": [payload_bytes], "data_offsets": [0, payload_bytes]}
    header = json.dumps({"w": entry}).encode()
    return len(header).to_bytes(8, "little") + header + random.Random(seed).randbytes(payload_bytes)


def gpt2_files(payload_bytes: int = 200_000, *, safetensors: bool = True) -> dict[str, bytes]:
    """Files named as in a GPT-2 repository, with random content, among them some that must never be fetched."""
    files = {
        "config.json": b'{"model_type": "gpt2"}',
        "generation_config.json": b"{}",
        "tokenizer.json": random.Random(1).randbytes(5_000),
        "vocab.json": b'{"a": 0}',
        "merges.txt": b"#version: 0.2\n",
        "pytorch_model.bin": random.Random(2).randbytes(payload_bytes),
        "modeling_gpt2.py": b"raise SystemExit('this must never run')\n",
        "training_args.bin": b"pickle",
        "README.md": b"# GPT-2\n",
        "onnx/decoder_model.onnx": b"onnx",
    }
    return {**files, "model.safetensors": safetensors_bytes(payload_bytes)} if safetensors else files


def write_repo(folder: Path, repo: str, files: Mapping[str, bytes]) -> None:
    """Put the files of one repository where the server finds them."""
    for name, content in files.items():
        path = folder / repo / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def main() -> None:
    """Serve a folder until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--chunk-delay", type=float, default=0.0)
    options = parser.parse_args()
    with HubServer(options.folder, options.port, Faults(chunk_delay=options.chunk_delay)) as hub:
        print(hub.url, flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
