"""The truth about places that were looked at before, kept on disk: 0.15 s each are a wait when several are seen."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

import numpy as np

from core.disk_store import DiskStore
from core.genome.interval import Interval
from core.settings import settings
from core.teaching.playground import files, grammar, occupancy, world
from core.teaching.playground.grammar import BIN_SIZE_BP, GRAMMAR_VERSION, TRACKS

MAX_BYTES = 64 * 1024**2
_GROUP = "truth"


@lru_cache(maxsize=64)  # 13 kB for each place
def kept_truth(interval: Interval) -> np.ndarray:
    """`World.truth` of the shipped genome and grammar, without edits: (bins, 12) float32, read-only.

    Raises
    ------
    InvalidLocusError
        As `World.truth`.
    """
    name = hashlib.sha256(f"{_code()} {interval.chrom} {interval.start} {interval.end}".encode()).hexdigest()
    store = DiskStore(settings().cache_folder / "playground" / "truth", MAX_BYTES)
    shape = (interval.width_bp // BIN_SIZE_BP, len(TRACKS))
    data = store.get(_GROUP, name)
    if data is not None and len(data) == 4 * shape[0] * shape[1]:
        return np.frombuffer(data, "<f4").reshape(shape)
    found = world.world().truth(interval)
    store.put(_GROUP, name, found.astype("<f4").tobytes())
    found.setflags(write=False)
    return found


@lru_cache(maxsize=1)
def _code() -> str:
    """Changes with the grammar, its code, and the genome."""
    digest = hashlib.sha256(f"{GRAMMAR_VERSION} {world.world().genome.identity}".encode())
    for module in (grammar, occupancy, world, files):
        digest.update(Path(module.__file__).read_bytes())
    return digest.hexdigest()
