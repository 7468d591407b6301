"""TOMTOM through memelite: compiled once by numba, one call at a time.

The first call on a machine compiles for about a minute and a half; numba keeps the result beside memelite, or in the
app's cache folder where that place cannot be written. `warm_motifs` does it ahead of time; `make` calls `main` after it
has installed.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module, util
from pathlib import Path
from types import ModuleType

import numpy as np

from core.errors import AttendomeError, MotifDatabaseError
from core.settings import settings

OnProgress = Callable[[float], None] | None
LEAST_TARGETS = 25  # with fewer, the p-values depend on which ones they are
COMPILE_SECONDS = 90  # measured on one of two cores: 86 s
MAX_QUERY_BP = 60  # the working memory grows with the cube of the longest query
_ONE_AT_A_TIME = threading.Lock()  # numba's simplest thread pool ends the program when two threads use it at once
_REMEDY = "install the versions that this program was made with: pip install -r requirements.txt -c constraints.txt"


@dataclass(frozen=True, eq=False)
class Matches:
    """How each query fits each target.

    Attributes
    ----------
    p_values : (queries, targets) float64. offsets : (queries, targets) int, where the target begins, counted from the
        query's first letter. reverse : (queries, targets) bool, whether it is the target's other strand that fits.
    """

    p_values: np.ndarray
    offsets: np.ndarray
    reverse: np.ndarray


def _can_write(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _package() -> Path:
    """Folder of memelite, which is not imported for it: that takes two seconds."""
    found = util.find_spec("memelite")
    if found is None or found.origin is None:
        raise MotifDatabaseError(f"Motifs cannot be compared here, as memelite is not installed; {_REMEDY}")
    return Path(found.origin).parent


def _own_folder() -> Path:
    return settings().cache_folder / "numba"


@cache
def _memelite() -> ModuleType:
    """The module, with a place where numba can keep what it compiled."""
    beside = _package() / "__pycache__"
    try:
        import numba

        if not numba.config.CACHE_DIR and not _can_write(beside):
            numba.config.CACHE_DIR = str(_own_folder())
        return import_module("memelite.tomtom")  # by name: the package hides it behind a function
    except (ImportError, RuntimeError) as error:  # numba without a place to keep its work: RuntimeError
        raise MotifDatabaseError(
            f"Motifs cannot be compared here, as memelite and numba cannot be loaded ({error}); {_REMEDY}"
        ) from error


def motifs_ready() -> bool:
    """Whether TOMTOM was compiled on this machine before, so that the first comparison does not take a minute.

    Raises
    ------
    MotifDatabaseError
        memelite is not installed.
    """
    beside = _package() / "__pycache__"
    if chosen := os.environ.get("NUMBA_CACHE_DIR"):
        folders = list(Path(chosen).glob("*"))
    else:
        folders = [beside] if _can_write(beside) else list(_own_folder().glob("*"))
    return any(any(folder.glob("tomtom._tomtom-*.nbi")) for folder in folders)


def warm_motifs(on_progress: OnProgress = None) -> float:
    """Compile TOMTOM if that was not done on this machine; returns the seconds that it took.

    Parameters
    ----------
    on_progress : called twice a second with the share of `COMPILE_SECONDS` that has gone by, at most 0.99, then with 1.
        Where it raises, this gives up waiting; the compiling goes on by itself and its result is kept.

    Raises
    ------
    MotifDatabaseError
        memelite cannot be loaded or run.
    """
    begun = time.monotonic()
    failed: list[BaseException] = []

    def work() -> None:
        try:
            random = np.random.default_rng(0)
            compare([random.dirichlet(np.ones(4), 6)], [random.dirichlet(np.ones(4), 8) for _ in range(LEAST_TARGETS)])
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=work, name="tomtom-compile", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(0.5)
        if on_progress is not None and thread.is_alive():
            on_progress(min(0.99, (time.monotonic() - begun) / COMPILE_SECONDS))
    if failed:
        raise failed[0]
    if on_progress is not None:
        on_progress(1.0)
    return time.monotonic() - begun


def compare(queries: Sequence[np.ndarray], targets: Sequence[np.ndarray]) -> Matches:
    """TOMTOM of each query against each target on both strands.

    Parameters
    ----------
    queries, targets : matrices (length, 4), columns A, C, G, T, rows that sum to 1; at least one query of at most 60
        letters and 25 targets.

    Raises
    ------
    MotifDatabaseError
        memelite cannot be loaded.

    Source: Gupta et al. 2007; memelite 0.5.0 (complete scores, Euclidean distance).
    """
    if not queries or len(targets) < LEAST_TARGETS or max(map(len, queries)) > MAX_QUERY_BP:
        raise ValueError(f"{len(queries)} queries and {len(targets)} targets")
    module = _memelite()
    turned = [[np.ascontiguousarray(matrix.T, np.float64) for matrix in given] for given in (queries, targets)]
    with _ONE_AT_A_TIME:
        p_values, _, offsets, _, strands = module.tomtom(*turned)
    return Matches(np.clip(p_values, 0.0, 1.0), -offsets.astype(int), strands.astype(bool))


def main() -> None:
    """The command: compile, and say what happens; a failure is told, and the app works without it until it is asked."""
    try:
        if not motifs_ready():
            print(f"Compiling the motif comparison, about {COMPILE_SECONDS} s, once.", file=sys.stderr, flush=True)
        seconds = warm_motifs()
    except AttendomeError as error:
        sys.exit(str(error))
    print(f"The motif comparison is ready ({seconds:.0f} s).", file=sys.stderr)
