"""Model files are checked before anything reads them: present, whole, and of a safe format."""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path
from typing import Any

from core.errors import ModelFilesError

MAX_JSON_BYTES = 16_000_000  # settings and cards take a few thousand
_REMEDY = "fetch or install the model again, or choose another."


def read_json(path: Path, title: str) -> dict[str, Any]:
    """Parse a JSON object.

    Raises
    ------
    ModelFilesError
        The file is missing, larger than `MAX_JSON_BYTES`, or no JSON object.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_JSON_BYTES + 1)
        if len(content) > MAX_JSON_BYTES:
            raise ValueError("too large")
        value = json.loads(content.decode("utf-8"))
    except FileNotFoundError as error:
        raise ModelFilesError(f"{title} has no {path.name} in its folder; {_REMEDY}") from error
    except (OSError, ValueError, RecursionError) as error:
        raise ModelFilesError(f"{path.name} of {title} cannot be read; {_REMEDY}") from error
    if not isinstance(value, dict):
        raise ModelFilesError(f"{path.name} of {title} is no JSON object; {_REMEDY}")
    return value


def weights_file(folder: Path, title: str) -> Path:
    """The weights of a folder: safetensors first, else a PyTorch file that is read with weights_only.

    Raises
    ------
    ModelFilesError
        There is neither.
    """
    for name in ("model.safetensors", "pytorch_model.bin"):
        if (folder / name).is_file():
            return folder / name
    raise ModelFilesError(f"{title} has no model.safetensors in its folder; {_REMEDY}")


def sha256_of(path: Path) -> str:
    """Hexadecimal sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_weights(path: Path, expected_sha256: str | None, title: str, *, hash_all: bool = True) -> str:
    """Check that a weights file is whole; returns the first 12 digits of its sha256, or "".

    Parameters
    ----------
    expected_sha256 : the only digest accepted, where one is known.
    hash_all : False skips the digest of files whose download was already checked.

    Raises
    ------
    ModelFilesError
        Another digest, or a safetensors header that does not fit the file's size.
    """
    if path.suffix == ".safetensors":
        check_safetensors_size(path, title)
    if expected_sha256 is None and not hash_all:
        return ""
    digest = sha256_of(path)
    if expected_sha256 is not None and digest != expected_sha256:
        raise ModelFilesError(
            f"{path.name} of {title} is not the expected file (sha256 {digest[:12]}… instead of "
            f"{expected_sha256[:12]}…), so it was not loaded; {_REMEDY}"
        )
    return digest[:12]


def check_safetensors_size(path: Path, title: str) -> None:
    """Check that a safetensors file is as long as its own header says.

    Raises
    ------
    ModelFilesError
        It is shorter or longer, or has no such header.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else size
        if length > min(size, 100_000_000):
            raise ModelFilesError(f"{path.name} of {title} is no safetensors file; {_REMEDY}")
        try:
            header = json.loads(file.read(length))
            end = max(int(entry["data_offsets"][1]) for name, entry in header.items() if name != "__metadata__")
        except (ValueError, TypeError, AttributeError, LookupError, OverflowError, RecursionError) as error:
            raise ModelFilesError(f"{path.name} of {title} has a damaged header; {_REMEDY}") from error
    expected = 8 + length + end
    if size != expected:
        raise ModelFilesError(
            f"{path.name} of {title} is cut short or too long: {size:,} bytes instead of {expected:,}; {_REMEDY}"
        )
