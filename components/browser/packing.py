"""Arrays and words on their way to the browser: base64 text, counted and digested."""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import blake2b
from typing import Any

import numpy as np

from components.canvas.words import MAX_TITLE_CHARACTERS, display_text

MAX_ABOUT_CHARACTERS = 900
# Half-precision numbers are scaled, by a power of two, so that the largest is at least this and less than twice it.
HALF_TOP = 2.0**14
CODE_OF = np.full(256, 4, np.uint8)
for _code, _pair in enumerate((b"Aa", b"Cc", b"Gg", b"Tt")):
    CODE_OF[list(_pair)] = _code


class Packing:
    """Counts characters while it packs, so that the whole needs no second look.

    `digest()` of the bytes seen since the last one.
    """

    def __init__(self) -> None:
        self.characters = 0
        self._seen = blake2b(digest_size=12)

    def _text(self, raw: memoryview | bytes) -> str:
        self._seen.update(raw)
        text = b64encode(raw).decode()
        self.characters += len(text)
        return text

    def floats(self, array: np.ndarray | None) -> str | None:
        """Base64 of little-endian float32."""
        if array is None:
            self._seen.update(b"-")
            return None
        return self._text(np.ascontiguousarray(array, dtype="<f4").data.cast("B"))

    def halves(self, array: np.ndarray) -> tuple[str, float]:
        """(base64 of little-endian float16, scale): a number is scale * float16, NaN stays NaN.

        Half the bytes of float32. What is lost: each number is within 1/2048 (0.05 %) of itself; those 2**29 times
        smaller than the largest lose more, down to 0 from 2**39 times smaller.

        Raises
        ------
        ValueError
            A number is infinite.
        """
        top = float(np.nanmax(np.abs(array), initial=0.0)) if array.size else 0.0
        if not np.isfinite(top):
            raise ValueError("a value is infinite")
        scale = float(2.0 ** (np.floor(np.log2(top)) - np.log2(HALF_TOP))) if top else 1.0
        raw = np.ascontiguousarray(array / np.float64(scale), dtype="<f2")
        return self._text(raw.tobytes()), scale

    def bases(self, letters: str) -> tuple[str, list[list[int]]]:
        """(base64 of two bits a letter, runs of what is none of A, C, G, T as [start, end]); four letters a byte,
        the first in the lowest bits."""
        codes = CODE_OF[np.frombuffer(letters.encode("ascii"), np.uint8)]
        unknown = runs_of(codes == 4)
        first, second, third, fourth = np.pad(codes & 3, (0, -len(codes) % 4)).reshape(-1, 4).T
        return self._text((first | second << 2 | third << 4 | fourth << 6).tobytes()), unknown

    def words(self, value: Any) -> None:
        """Count and digest a JSON value."""
        text = json.dumps(value, allow_nan=False)
        self.characters += len(text)
        self._seen.update(text.encode())

    def digest(self) -> str:
        """Of all since the last time."""
        found = self._seen.hexdigest()
        self._seen = blake2b(digest_size=12)
        return found


def runs_of(there: np.ndarray) -> list[list[int]]:
    """[start, end] of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], there, [False])).astype(np.int8)))
    return edges.reshape(-1, 2).tolist()


def harmless(text: str, most: int = MAX_TITLE_CHARACTERS) -> str:
    """One harmless line; what is empty stays empty. (Most titles are plain, which is quickly seen.)"""
    if len(text) <= most and text.isascii() and text.isprintable():
        return text
    return display_text(text, most=most)
