"""Contributions kept on disk: gradients whole, mutagenesis chunk by chunk, so that what was computed is never lost."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np

from core.attribution.target import Target
from core.attribution.values import ContributionScores
from core.cards import Provenance
from core.disk_store import DiskStore
from core.enformer.packing import pack, unpack
from core.genome.interval import Interval
from core.genome.sequence import one_hot
from core.settings import Settings, settings

LAYOUT = 1  # of the entries on disk
STORE_BYTES = 1024**3
CHUNKS_IN_MEMORY = 8192  # a few hundred bytes each; a page that watches a run reads them every second
_WHOLE = "gradients"
_CHUNK = "mutagenesis"

Arrays = dict[str, np.ndarray]


class ContributionStore:
    """Contributions on disk within a number of bytes, the longest unused thrown away first; see `core.disk_store`.

    Threads may share one. A disk that cannot be written costs time, not results.

    Parameters
    ----------
    folder : by default in the cache folder of the settings.
    """

    def __init__(
        self, folder: Path | None = None, max_bytes: int = STORE_BYTES, *, options: Settings | None = None
    ) -> None:
        self._disk = DiskStore(folder or (options or settings()).cache_folder / "attribution", max_bytes)
        self._chunks: OrderedDict[str, Arrays] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str, target: Target) -> ContributionScores | None:
        """Scores of a gradient method as they were put there, or None.

        Parameters
        ----------
        target : what was asked today; its name is not part of the key.
        """
        data = self._disk.get(_WHOLE, key)
        if data is None:
            return None
        try:
            fields, arrays = unpack(data)
            if fields.pop("layout") != LAYOUT or fields.pop("key") != key:
                raise ValueError("an entry of another key or layout")
            place = fields.pop("interval")
            return ContributionScores(
                values=one_hot(fields["letters"]) * arrays["hypothetical"],
                hypothetical=arrays["hypothetical"],
                spread=arrays.get("spread"),
                target=target,
                provenance=Provenance(**fields.pop("provenance")),
                interval=None if place is None else Interval(**place),
                runs=tuple(fields.pop("runs")),
                notes=tuple(fields.pop("notes")),
                **fields,
            )
        except (ValueError, TypeError, LookupError):  # whole, but written by another version of this code
            self._disk.remove(_WHOLE, key)
            return None

    def put(self, key: str, scores: ContributionScores) -> None:
        """Keep scores of a gradient method."""
        plain = ("method", "letters", "start", "target_value", "convergence_error", "runs", "notes")
        fields = {name: getattr(scores, name) for name in plain}
        fields |= {
            "layout": LAYOUT,
            "key": key,
            "provenance": asdict(scores.provenance),
            "interval": None if scores.interval is None else asdict(scores.interval),
        }
        given = {"hypothetical": scores.hypothetical, "spread": scores.spread}
        arrays = {name: array for name, array in given.items() if array is not None}
        self._disk.put(_WHOLE, key, pack(fields, arrays))

    def chunk(self, key: str) -> Arrays | None:
        """What `Chunk.compute` gave for this key, or None."""
        with self._lock:
            if key in self._chunks:
                self._chunks.move_to_end(key)
                return self._chunks[key]
        data = self._disk.get(_CHUNK, key)
        if data is None:
            return None
        try:
            fields, arrays = unpack(data)
            if fields["layout"] != LAYOUT or fields["key"] != key:
                raise ValueError("an entry of another key or layout")
            found = {"effects": arrays["effects"], "value": np.array([fields["value"]], np.float64)}
        except (ValueError, TypeError, LookupError):
            self._disk.remove(_CHUNK, key)
            return None
        self._remember(key, found)
        return found

    def put_chunk(self, key: str, found: Mapping[str, np.ndarray]) -> None:
        """Keep what `Chunk.compute` gave."""
        fields = {"layout": LAYOUT, "key": key, "value": float(found["value"][0])}
        self._disk.put(_CHUNK, key, pack(fields, {"effects": found["effects"]}))
        self._remember(key, dict(found))

    def _remember(self, key: str, found: Arrays) -> None:
        with self._lock:
            self._chunks[key] = found
            self._chunks.move_to_end(key)
            while len(self._chunks) > CHUNKS_IN_MEMORY:
                self._chunks.popitem(last=False)
