"""The published table of Enformer's tracks: read, checked, and fetched once.

The human table comes from the repository of Enformer's data (see `Settings.targets_url`) and only its published
content is believed. The list in assets/enformer names the best known tracks without a network. No digest of the mouse
table is known here, so it is never fetched: a person may put it into the cache folder.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import lru_cache
from itertools import repeat
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from core.enformer.tracks import ASSEMBLIES, Track, TrackTable, unnamed_tracks
from core.errors import ModelFilesError, OfflineError, TrackTableError, TrackTableOfflineError
from core.hub.transfer import HubFile, Transfer
from core.settings import ASSETS, Settings, settings

# Computed from the file of calico/basenji, manuscripts/cross2020/targets_human.txt (Apache-2.0).
HUMAN_FILE = HubFile("targets_human.txt", 800_919, "d90233175a9fec389e5ac04cc4aac8cfc08c4aa86217e2e5c10221de78023580")
MOUSE_NAME = "targets_mouse.txt"
COUNTS = {"human": 5313, "mouse": 1643}
CURATED = ASSETS / "enformer" / "tracks.tsv"
MAX_BYTES = 16_000_000
_COLUMNS = ("index", "identifier", "clip", "scale", "sum_stat", "description")
_ASSAYS = ("DNASE", "ATAC", "CHIP", "CAGE")
_STATISTICS = {"mean": "mean", "avg": "mean", "sum": "sum"}


class _Block(NamedTuple):
    """Neighbouring tracks of one kind."""

    count: int
    assay: str
    statistic: str
    clip: float
    scale: float


# In which order the human tracks come, so that a unit is known even where a name is not.
HUMAN_BLOCKS = (
    _Block(674, "DNASE", "mean", 32.0, 2.0),
    _Block(10, "ATAC", "sum", 64.0, 1.0),
    _Block(3832, "CHIP", "mean", 32.0, 2.0),
    _Block(159, "CHIP", "sum", 64.0, 1.0),
    _Block(638, "CAGE", "sum", 384.0, 1.0),
)


def track_table(
    head: str = "human",
    options: Settings | None = None,
    *,
    on_progress: Callable[[float], None] = lambda fraction: None,
    check_cancelled: Callable[[], None] = lambda: None,
) -> TrackTable:
    """The names of all tracks of a head, fetched at first use (0.8 MB) and then read from the cache folder.

    Parameters
    ----------
    head : "human" (5,313 tracks) or "mouse" (1,643, from a file that a person put there).
    on_progress : given the part that has arrived, 0 to 1.
    check_cancelled : called at least every 0.1 s of a download; raises to stop.

    Raises
    ------
    TrackTableOfflineError
        The table is not here yet and its server cannot be reached.
    TrackTableError
        Something else was sent, the mouse table is not there or is none, or there is no such head.
    """
    options = options or settings()
    folder = options.cache_folder / "enformer"
    if head == "mouse":
        return _mouse(folder)
    if head != "human":
        raise TrackTableError(f"There is no table of tracks for the head {head!r}; give human or mouse.")
    data = _kept(folder)
    if data is None:
        data = _fetch(options.targets_url, on_progress, check_cancelled)
        _keep(folder, data)
    return _parsed(data, "human", "calico/basenji, targets_human.txt")


def curated_tracks() -> TrackTable:
    """The best known human tracks, bundled: needs no network."""
    return _parsed(CURATED.read_bytes(), "human", "bundled list of well-known tracks", False)


def known_tracks(head: str, count: int, options: Settings | None = None) -> TrackTable:
    """A table with exactly `count` tracks and the best names that are on this machine: never uses the network.

    With 5,313 human tracks and no table fetched yet, the bundled list has the names, and assay and unit of the others
    are known by their place. Outputs of any other number have no names.

    Parameters
    ----------
    count : outputs of the head.
    """
    if count != COUNTS.get(head):
        return unnamed_tracks(count, head)
    folder = (options or settings()).cache_folder / "enformer"
    if head == "mouse":
        with suppress(TrackTableError):
            return _mouse(folder)
        return unnamed_tracks(count, head, assembly=ASSEMBLIES[head])
    data = _kept(folder)
    return _by_place() if data is None else _parsed(data, "human", "calico/basenji, targets_human.txt")


def parse_tracks(data: bytes, head: str, source: str, *, complete: bool = True) -> TrackTable:
    """Read a table of tracks: tab-separated, a line of column names first, lines that begin with # left out.

    Needs the columns index, identifier, clip, scale, sum_stat and description. The indices of the mouse table go on
    where the human ones end; here every head begins at 0.

    Parameters
    ----------
    complete : whether every line has to have the index after the one before.

    Raises
    ------
    TrackTableError
        It is no such table; the message names the line.
    """
    lines = _lines(data)
    _, header = next(lines, (0, []))
    places = {name: place for place, name in enumerate(header)}
    if missing := [name for name in _COLUMNS if name not in places]:
        raise TrackTableError(
            f"The table of tracks has no column {missing[0]!r}; its first line has to name {', '.join(_COLUMNS)}, "
            "separated by tabs."
        )
    tracks: list[Track] = []
    first = 0
    for number, fields in lines:
        if len(fields) != len(header):
            raise TrackTableError(
                f"Line {number} of the table of tracks has {len(fields)} columns instead of {len(header)}; fetch it "
                "again, or correct that line."
            )
        row = {name: fields[places[name]].strip() for name in _COLUMNS}
        index = _whole(row["index"], number)
        if not tracks and complete:
            first = index
        before = tracks[-1].index if tracks else -1
        if index - first <= before or (complete and index - first != before + 1):
            raise TrackTableError(
                f"Line {number} of the table of tracks has the index {index} out of order; fetch it again, or correct "
                "that line."
            )
        tracks.append(_track(index - first, row, number))
    if not tracks:
        raise TrackTableError("The table of tracks has no line below its column names; fetch it again.")
    return TrackTable(head, tuple(tracks), ASSEMBLIES.get(head), source)


def _lines(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """(line number, fields) of each line that is none of a comment."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TrackTableError("The table of tracks is no text file; give a tab-separated one.") from error
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if line.strip() and not line.startswith("#"):
            yield number, line.split("\t")


def _track(index: int, row: dict[str, str], number: int) -> Track:
    description = row["description"]
    assay, colon, rest = description.partition(":")
    if assay not in _ASSAYS or not colon:
        assay, rest = "", description
    target = ""
    if assay == "CHIP":
        target, _, rest = rest.partition(":")
        target = "" if target == "." else target  # how the table writes "not known"
    if row["sum_stat"] not in _STATISTICS:
        raise TrackTableError(
            f"Line {number} of the table of tracks has the sum_stat {row['sum_stat']!r}; mean and sum are known."
        )
    return Track(
        index=index,
        identifier=row["identifier"],
        description=description,
        assay=assay,
        target=target,
        biosample=rest,
        statistic=_STATISTICS[row["sum_stat"]],
        clip=_positive(row["clip"], "clip", number),
        scale=_positive(row["scale"], "scale", number),
    )


def _whole(text: str, number: int) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise TrackTableError(f"Line {number} of the table of tracks has the index {text[:20]!r}; a whole number fits.")
    return int(text)


def _positive(text: str, column: str, number: int) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise TrackTableError(
            f"Line {number} of the table of tracks has the {column} {text[:20]!r}; a number above 0, or nothing, fits."
        )
    return value


@lru_cache(maxsize=8)
def _parsed(data: bytes, head: str, source: str, complete: bool = True) -> TrackTable:
    return parse_tracks(data, head, source, complete=complete)


@lru_cache(maxsize=1)
def _by_place() -> TrackTable:
    """The human tracks with the names of the bundled list."""
    named = {track.index: track for track in curated_tracks()}
    blocks = [block for block in HUMAN_BLOCKS for block in repeat(block, block.count)]
    tracks = (
        named.get(index)
        or Track(index, "", f"{b.assay} track {index}", b.assay, statistic=b.statistic, clip=b.clip, scale=b.scale)
        for index, b in enumerate(blocks)
    )
    return TrackTable("human", tuple(tracks), ASSEMBLIES["human"], "bundled list of well-known tracks")


def _kept(folder: Path) -> bytes | None:
    """The human table as it was kept; None when it is not there or not as published."""
    try:
        data = (folder / HUMAN_FILE.name).read_bytes()
    except OSError:
        return None
    return data if hashlib.sha256(data).hexdigest() == HUMAN_FILE.oid else None


def _keep(folder: Path, data: bytes) -> None:
    """Put the human table into the cache folder at once; a disk that cannot be written costs the next download."""
    draft = folder / f"{uuid.uuid4().hex}.draft"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(data)
        os.replace(draft, folder / HUMAN_FILE.name)
    except OSError:
        with suppress(OSError):
            draft.unlink()


def _mouse(folder: Path) -> TrackTable:
    path, count = folder / MOUSE_NAME, COUNTS["mouse"]
    try:
        too_long = path.stat().st_size > MAX_BYTES
        data = b"" if too_long else path.read_bytes()
    except OSError as error:
        raise TrackTableError(
            f"The names of the {count:,} mouse tracks are not here, so they are shown by number; put {MOUSE_NAME} of "
            "calico/basenji (manuscripts/cross2020) into the folder enformer of ATTENDOME_CACHE to have them."
        ) from error
    if too_long:
        raise TrackTableError(f"{MOUSE_NAME} in the cache folder is far too long for a table of {count:,} tracks.")
    table = _parsed(data, "mouse", f"{MOUSE_NAME} of this machine, sha256 {hashlib.sha256(data).hexdigest()[:12]}")
    if len(table) != count:
        raise TrackTableError(
            f"{MOUSE_NAME} in the cache folder has {len(table):,} tracks, but the mouse head has {count:,}; put the "
            "file of calico/basenji (manuscripts/cross2020) there."
        )
    return table


def _fetch(url: str, on_progress: Callable[[float], None], check_cancelled: Callable[[], None]) -> bytes:
    host = urlsplit(url).netloc.rpartition("@")[2]
    instead = f"the {len(curated_tracks())} tracks of the bundled list can be used meanwhile."
    try:
        with (
            tempfile.TemporaryDirectory(prefix="attendome-") as scratch,
            Transfer(host, check_cancelled=check_cancelled, kept=False) as transfer,
        ):
            path = Path(scratch) / HUMAN_FILE.name
            transfer.fetch(url, HUMAN_FILE, path, lambda here: on_progress(here / HUMAN_FILE.size_bytes))
            return path.read_bytes()
    except OfflineError as error:
        raise TrackTableOfflineError(
            f"The names of the {COUNTS['human']:,} human tracks could not be fetched: {host} cannot be reached, is "
            f"busy or breaks off. Connect and try again; {instead}"
        ) from error
    except ModelFilesError as error:
        raise TrackTableError(
            f"{host} does not send the published table of the {COUNTS['human']:,} human tracks, so nothing was kept; "
            f"check ATTENDOME_TARGETS_URL. Until then {instead}"
        ) from error
    except OSError as error:
        raise TrackTableError(
            f"The table of tracks could not be written to this machine's disk ({error.strerror or 'no reason given'}); "
            f"make room and try again. Until then {instead}"
        ) from error
