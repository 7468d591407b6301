"""What every payload needs beside its words: limits, names of files, and its identity."""

from __future__ import annotations

from hashlib import blake2b

MAX_PAYLOAD_BYTES = 3_000_000
# Where log colours begin, as a share of their top; smaller weights take the first colour.
LOG_FLOOR = 1e-4


def plain_file_name(name: str, *, otherwise: str) -> str:
    """A name without ending that every file system takes: letters, digits, "-", "_" and "." alone."""
    return "".join(c if c.isalnum() or c in "-_." else "-" for c in name).strip("-.") or otherwise


def digest(payload: bytes) -> str:
    """The browser compares digests, so a rerun of the page that changes nothing in a figure draws nothing."""
    return blake2b(payload, digest_size=12).hexdigest()
