"""Predictions kept on disk: asked once, answered at once ever after.

8 bytes                       length of the JSON text, little-endian
JSON                          what the arrays are: every field of the `TrackSet` but them and `reused`, and the key
float32, little-endian        values, then the spread where there is one, row by row
"""

from __future__ import annotations

import hashlib
import json
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, is_dataclass, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from core.cards import Provenance
from core.disk_store import DiskStore
from core.enformer.averaging import Averaging
from core.enformer.tracks import Track, TrackTable
from core.enformer.values import TrackSet
from core.enformer.window import Tracks, listed
from core.errors import SelectionError, SequenceError
from core.genome.interval import Interval
from core.genome.sequence import sequence_of
from core.settings import Settings, settings

LAYOUT = 1  # of the entries; goes up when an older entry cannot be read
DEFAULTS = {"target_length": None, "head": "human", "interval": None, "averaging": Averaging(), "flanks": ("", "")}
FOLDER = Path(__file__).resolve().parent
CODE = (
    *("asked.py", "averaging.py", "calibrated.py", "engine.py", "methods.py", "parts.py", "positions.py"),
    *("precision.py", "predicting.py", "short_convolution.py"),
    *("receptive.py", "reuse.py", "stages.py", "stretches.py", "tiles.py", "tower.py", "transformer.py"),
    *("window.py", "../genome/sequence.py"),
)
_GROUP = "predictions"


@dataclass(frozen=True)
class ResultKey:
    """All that decides what a prediction is.

    Attributes
    ----------
    model : what the model and the code are, a JSON text; see `cached_prediction`.
    sequence : sha256 of the letters, in upper case.
    options : options of the prediction but the tracks, a JSON text.
    tracks : indices asked for, in their order, or None for all.
    """

    model: str
    sequence: str
    options: str
    tracks: tuple[int, ...] | None

    @property
    def name(self) -> str:
        """sha256 of the key, 64 hexadecimal digits."""
        return hashlib.sha256(as_json([LAYOUT, asdict(self)]).encode()).hexdigest()


class ResultStore:
    """Predictions on disk within a number of bytes, the longest unused thrown away first.

    For several threads and programs at once. Entries are written whole or not at all and checked whenever they are
    read; a damaged one counts as missing and is removed. A disk that cannot be written costs time, not results.

    Parameters
    ----------
    folder : its place, by default in the cache folder of the settings.
    max_bytes : bytes kept at most, by default from the settings.
    """

    def __init__(
        self, folder: Path | None = None, max_bytes: int | None = None, *, options: Settings | None = None
    ) -> None:
        options = options or settings()
        self._max_bytes = options.result_cache_bytes if max_bytes is None else max_bytes
        self._disk = DiskStore(folder or options.cache_folder / "enformer" / "results", self._max_bytes)

    def get(self, key: ResultKey) -> TrackSet | None:
        """The prediction of this key, exactly as it was put there, or None."""
        data = self._disk.get(_GROUP, key.name)
        if data is None:
            return None
        try:
            return _unpack(data, key)
        except (ValueError, TypeError, LookupError):  # whole, but written by another version of this code
            self._disk.remove(_GROUP, key.name)
            return None

    def put(self, key: ResultKey, result: TrackSet) -> None:
        """Keep a prediction, if it is not larger than the whole store."""
        if result.nbytes <= 0.8 * self._max_bytes:
            self._disk.put(_GROUP, key.name, _pack(result, key))


class Predictor(Protocol):
    """What is needed of an engine.

    `fingerprint` is all about it that changes an answer: weights, precision, device, positional features, provenance.
    An engine may have `tables`, head -> `TrackTable`: the names of today for what was kept yesterday, so what the
    fingerprint says of "tables" is left out.
    """

    @property
    def fingerprint(self) -> Mapping[str, Any]: ...

    def predict(self, sequence: Any, tracks: Any = None, **options: Any) -> TrackSet: ...


def cached_prediction(
    engine: Predictor,
    store: ResultStore,
    sequence: str | np.ndarray,
    *,
    tracks: Tracks = None,
    on_progress: Callable[[float], None] | None = None,
    **options: Any,
) -> TrackSet:
    """The engine's prediction, from disk if it was made before with the same weights, code and options.

    A choice of tracks is also cut out of a kept prediction of all tracks.

    Parameters
    ----------
    engine : an `EnformerEngine`.
    tracks, options : as in `EnformerEngine.predict`.

    Raises
    ------
    AttendomeError
        As `EnformerEngine.predict`.
    """
    tracks = tuple(tracks) if isinstance(tracks, Iterator) else tracks
    found = kept_prediction(engine, store, sequence, tracks=tracks, **options)
    if found is not None:
        if on_progress is not None:
            on_progress(1.0)
        return found
    progress = {} if on_progress is None else {"on_progress": on_progress}
    result = engine.predict(sequence, tracks=tracks, **options, **progress)
    if (key := _key(engine, sequence, tracks, options)) is not None:
        store.put(key, result)
    return result


def kept_prediction(
    engine: Predictor, store: ResultStore, sequence: str | np.ndarray, *, tracks: Tracks = None, **options: Any
) -> TrackSet | None:
    """What `cached_prediction` would find on disk, or None; nothing is predicted."""
    tracks = tuple(tracks) if isinstance(tracks, Iterator) else tracks
    key = _key(engine, sequence, tracks, options)
    if key is None:
        return None
    found = store.get(key)
    if found is None and key.tracks is not None:
        found = _cut(store.get(replace(key, tracks=None)), key.tracks)
    if found is None:
        return None
    found = _named(found, getattr(engine, "tables", {}).get(found.head))
    strangers = {track for track in listed(tracks) if isinstance(track, Track)} - set(found.tracks)
    return None if strangers else found  # a track of another table: the engine says so


def _key(engine: Predictor, sequence: str | np.ndarray, tracks: Tracks, options: Mapping[str, Any]) -> ResultKey | None:
    """None for what the engine will refuse."""
    known = {name: value for name, value in engine.fingerprint.items() if name != "tables"}  # names change no number
    model = {"engine": known, "code": code_digest(FOLDER), "torch": version("torch")}
    try:
        wanted = [operator.index(track.index if isinstance(track, Track) else track) for track in listed(tracks)]
        letters = sequence_of(sequence) if isinstance(sequence, np.ndarray) else sequence.upper()
        filled = DEFAULTS | options
        if not filled["averaging"].reach_bp:
            filled["flanks"] = DEFAULTS["flanks"]  # read by shifted runs alone
        return ResultKey(
            model=as_json(model),
            sequence=hashlib.sha256(letters.encode()).hexdigest(),
            options=as_json(filled),
            tracks=None if tracks is None else tuple(dict.fromkeys(wanted)),
        )
    except (TypeError, AttributeError, ValueError, SequenceError, SelectionError):
        return None


@cache
def code_digest(folder: Path) -> str:
    """12 hexadecimal digits that change with the code that turns letters into tracks."""
    digest = hashlib.sha256()
    for name in CODE:
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()[:12]


def as_json(value: Any) -> str:
    """A text that two values share only if they are the same; for plain values and frozen dataclasses.

    Raises
    ------
    TypeError
        Something whose text could change from run to run.
    """

    def plain(value: Any) -> Any:
        if is_dataclass(value) and not isinstance(value, type):
            return {"": type(value).__name__, **{name: getattr(value, name) for name in value.__dataclass_fields__}}
        if isinstance(value, np.integer | np.floating):
            return value.item()
        if isinstance(value, Mapping):
            return dict(value)
        if isinstance(value, frozenset | set):
            return sorted(value)
        raise TypeError(f"a {type(value).__name__} cannot be part of a key")

    return json.dumps(value, sort_keys=True, default=plain, allow_nan=False)


def _named(result: TrackSet, table: TrackTable | None) -> TrackSet:
    """With the names that the tracks have in this table."""
    if table is None:
        return result
    tracks = tuple(table.get(track.index, track) for track in result.tracks)
    return result if tracks == result.tracks else replace(result, tracks=tracks)


def _cut(full: TrackSet | None, indices: tuple[int, ...]) -> TrackSet | None:
    """The columns of these tracks; None where one is missing."""
    if full is None or not indices:
        return None
    places = {track.index: place for place, track in enumerate(full.tracks)}
    if not all(index in places for index in indices):
        return None
    columns = [places[index] for index in indices]
    return replace(
        full,
        values=np.ascontiguousarray(full.values[:, columns]),
        spread=None if full.spread is None else np.ascontiguousarray(full.spread[:, columns]),
        tracks=tuple(full.tracks[column] for column in columns),
    )


def _pack(result: TrackSet, key: ResultKey) -> bytes:
    left_out = ("values", "spread", "reused")
    fields = {name: getattr(result, name) for name in result.__dataclass_fields__ if name not in left_out}
    fields |= {
        "tracks": [list(asdict(track).values()) for track in result.tracks],
        "provenance": asdict(result.provenance),
        "interval": None if result.interval is None else asdict(result.interval),
    }
    arrays = [array for array in (result.values, result.spread) if array is not None]
    head = {"key": asdict(key), "shape": result.values.shape, "arrays": len(arrays), "fields": fields}
    text = json.dumps(head, allow_nan=False).encode()
    pieces = [len(text).to_bytes(8, "little"), text]
    return b"".join([*pieces, *(np.ascontiguousarray(array, "<f4").tobytes() for array in arrays)])


def _unpack(data: bytes, key: ResultKey) -> TrackSet:
    start = 8 + int.from_bytes(data[:8], "little")
    head = json.loads(data[8:start])
    if head["key"] != json.loads(json.dumps(asdict(key))):
        raise ValueError("an entry of another key")
    bins, tracks = head["shape"]
    arrays = np.frombuffer(data, "<f4", offset=start).reshape(head["arrays"], bins, tracks).astype("f4", copy=False)
    fields = head["fields"]
    interval = fields["interval"]
    return TrackSet(
        **fields
        | {
            "values": arrays[0],
            "spread": arrays[1] if len(arrays) > 1 else None,
            "tracks": tuple(Track(*track) for track in fields["tracks"]),
            "provenance": Provenance(**fields["provenance"]),
            "interval": None if interval is None else Interval(**interval),
            "runs": tuple(fields["runs"]),
            "notes": tuple(fields["notes"]),
        }
    )
