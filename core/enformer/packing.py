"""Arrays and what they are in one piece of bytes, without pickle.

8 bytes      length of the JSON text, little-endian
JSON         {"fields": plain values, "arrays": [[name, shape], ...]}
float32      the arrays one after another, little-endian
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np


def pack(fields: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """Bytes that `unpack` reads.

    Parameters
    ----------
    fields : what JSON holds; tuples come back as lists.
    arrays : name -> array; kept as float32.
    """
    told = {"fields": dict(fields), "arrays": [[name, list(array.shape)] for name, array in arrays.items()]}
    text = json.dumps(told).encode()
    return b"".join(
        [len(text).to_bytes(8, "little"), text, *(np.ascontiguousarray(a, "<f4").tobytes() for a in arrays.values())]
    )


def unpack(data: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """(fields, name -> float32 array, read-only).

    Raises
    ------
    ValueError, LookupError, TypeError
        These are no such bytes.
    """
    start = 8 + int.from_bytes(data[:8], "little")
    told = json.loads(data[8:start])
    arrays = {}
    for name, shape in told["arrays"]:
        count = prod(shape)
        arrays[name] = np.frombuffer(data, "<f4", count, start).reshape(shape).astype("f4", copy=False)
        start += 4 * count
    if start != len(data):
        raise ValueError("arrays and bytes do not fit")
    return told["fields"], arrays
