"""Where the app keeps the scores of lists of variants: one folder a list, within a number of bytes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path


def used_bytes(folder: Path) -> int:
    """Bytes of the files in a folder."""
    total = 0
    with suppress(OSError):
        for entry in os.scandir(folder):
            with suppress(OSError):
                total += entry.stat().st_size
    return total


def prune(parent: Path, max_bytes: int, keep: Collection[str] = ()) -> None:
    """Delete the lists that were not used for longest until the rest fits; never those in `keep` or the latest one.

    Parameters
    ----------
    keep : names of folders.
    """
    found = []
    with suppress(OSError):
        for path in parent.iterdir():
            with suppress(OSError):
                if path.is_dir():
                    latest = max((path.stat().st_mtime_ns, *(one.stat().st_mtime_ns for one in path.iterdir())))
                    found.append((latest, used_bytes(path), path))
    found.sort(key=lambda entry: entry[0])
    excess = sum(size for _, size, _ in found) - max_bytes
    for _, size, path in found[:-1]:
        if excess <= 0:
            return
        if path.name not in keep:
            shutil.rmtree(path, ignore_errors=True)
            excess -= size
