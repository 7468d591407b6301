"""Writing bigWig files."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from core.errors import SignalError


def bigwig_bytes(
    contigs: Mapping[str, int], chrom: str, starts: np.ndarray, ends: np.ndarray, values: np.ndarray
) -> bytes:
    """A bigWig file of one chromosome's bins; bins without a value (NaN) are left out.

    Parameters
    ----------
    contigs : chromosome -> length in base pairs; at least this one.
    starts, ends : (bins,) whole numbers, 0-based and half-open, from left to right, not overlapping.
    values : (bins,) float32, stored exactly.

    Raises
    ------
    SignalError
        Bins overlap, lie outside the chromosome, or none has a value.
    """
    import pybigtools

    kept = np.isfinite(values)
    starts, ends, values = (np.asarray(array)[kept] for array in (starts, ends, values))
    if not len(values):
        raise SignalError("There is no value to write into a bigWig file.")
    if (starts >= ends).any() or (ends[:-1] > starts[1:]).any() or starts[0] < 0 or ends[-1] > contigs[chrom]:
        raise SignalError(f"Bins of {chrom} overlap or lie outside it; give them from left to right.")
    with tempfile.TemporaryDirectory(prefix="attendome-bigwig-") as folder:
        path = Path(folder) / "made.bw"
        writer = pybigtools.open(str(path), "w")
        lines = zip(starts.tolist(), ends.tolist(), values.tolist(), strict=True)
        writer.write(dict(contigs), ((chrom, start, end, value) for start, end, value in lines))
        return path.read_bytes()
