"""A plain FASTA file on a web server, of which only the pieces that are looked at are fetched and kept."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from core.disk_store import DiskStore
from core.errors import GenomeFileError
from core.genome.block_file import BLOCK_BYTES, BlockFile
from core.genome.fai import FaiEntry, parse_fai
from core.genome.interval import Interval
from core.genome.progress import OnProgress, check_of
from core.genome.range_file import FileChangedError, FileVersion, RangeFile
from core.genome.reference import assembly_of, fetch_padded
from core.settings import settings

_HEAD_BYTES = 1024


@dataclass(frozen=True)
class _Opened:
    """One version of the file and its index."""

    version: FileVersion
    entries: Mapping[str, FaiEntry]
    contigs: Mapping[str, int]
    group: str


class RemoteFasta:
    """A plain FASTA file on a web server that answers HTTP Range; a `Reference`, for several threads at once.

    Blocks of 256 KB and the index are kept in the cache folder, so that a place looked at before needs no network.
    When the file changes on the server, everything is fetched anew.

    Parameters
    ----------
    url, index_url : addresses of the file and of its .fai; the index is looked for at `url`.fai by default.
    name : what it is called on a page; the file's name by default.
    assembly : "hg38" and the like; None takes it from the length of chromosome 1.
    cache_folder, max_cache_bytes : where and how much is kept, over all remote genomes; from the settings by default.
    timeout_seconds : longest silence of the server that is waited out.
    on_progress : called with 0 while the index is fetched; may raise to stop.

    Raises
    ------
    GenomeFileError
        The file or its index is not there, cannot be read in pieces, or is none.
    GenomeOfflineError
        The server cannot be reached, or does not keep to what it announces.
    """

    def __init__(
        self,
        url: str,
        index_url: str | None = None,
        *,
        name: str | None = None,
        assembly: str | None = None,
        cache_folder: Path | None = None,
        max_cache_bytes: int | None = None,
        timeout_seconds: float = 15.0,
        on_progress: OnProgress | None = None,
    ) -> None:
        self._url = url
        self._index_url = index_url or f"{url}.fai"
        self._name = name or urlsplit(url).path.rpartition("/")[2]
        if self._name.lower().endswith((".gz", ".bgz", ".2bit", ".zip")):
            raise GenomeFileError(
                f"{self._name} is compressed, and only a plain FASTA can be read from a server; give the address of a "
                "plain one, or download it and give its path."
            )
        self._store = DiskStore(
            cache_folder or settings().cache_folder / "genome" / "remote",
            settings().genome_cache_bytes if max_cache_bytes is None else max_cache_bytes,
        )
        self._record = _short(f"{url} {self._index_url}")
        self._file = RangeFile(url, self._name, timeout_seconds=timeout_seconds)
        self._index = RangeFile(self._index_url, f"the index of {self._name}", timeout_seconds=timeout_seconds)
        self._blocks = BlockFile(self._file, self._store)
        self._lock = threading.Lock()
        self._checked: set[tuple[str, str]] = set()
        try:
            self._opened = self._recorded() or self._open(check_of(on_progress))
        except BaseException:
            self.close()
            raise
        self._assembly = assembly

    @property
    def name(self) -> str:
        """What it is called on a page."""
        return self._name

    @property
    def assembly(self) -> str:
        """ "hg38" and the like, or "unknown"."""
        return self._assembly or assembly_of(self.contigs)

    @property
    def contigs(self) -> Mapping[str, int]:
        """Chromosome -> length in base pairs."""
        return self._opened.contigs

    @property
    def identity(self) -> str:
        """Changes with the address and the version on the server."""
        return self._opened.group

    def close(self) -> None:
        """End the connections; what is kept stays."""
        self._file.close()
        self._index.close()

    def fetch(self, interval: Interval, *, on_progress: OnProgress | None = None) -> str:
        """See `Reference.fetch`; `on_progress` is called with 0 while bytes arrive.

        Raises
        ------
        InvalidLocusError
            No such chromosome, or wholly outside it.
        GenomeFileError, GenomeOfflineError
            As of the class.
        """
        check_cancelled = check_of(on_progress)
        for _ in range(2):
            opened = self._opened
            read = partial(self._letters, opened, check_cancelled)
            try:
                return fetch_padded(interval, opened.contigs, self._name, read)
            except FileChangedError:
                self._open_again(opened, check_cancelled)
        raise GenomeFileError(f"{self._name} keeps changing on its server; try again later.")

    def _letters(self, opened: _Opened, check_cancelled: Callable[[], None], contig: str, start: int, end: int) -> str:
        entry = opened.entries[contig]
        self._check_header(opened, contig, entry, check_cancelled)
        data = self._bytes(opened, entry.byte_at(start), entry.byte_at(end - 1) + 1, check_cancelled)
        return data.translate(None, b"\r\n").decode("latin-1")

    def _check_header(self, opened: _Opened, contig: str, entry: FaiEntry, check_cancelled: Callable[[], None]) -> None:
        """Look once whether the sequence begins behind its header line."""
        if (opened.group, contig) in self._checked:
            return
        before = self._bytes(opened, max(0, entry.offset - _HEAD_BYTES), entry.offset, check_cancelled)
        header = before.rstrip(b"\r\n").rpartition(b"\n")[2]
        if not before.endswith(b"\n") or header[1:].split()[:1] != [contig.encode()] or header[:1] != b">":
            self._store.remove(self._record, "index")
            raise GenomeFileError(
                f"The index of {self._name} does not fit it at {contig}; check that both addresses are of one genome."
            )
        self._checked.add((opened.group, contig))

    def _bytes(self, opened: _Opened, start: int, end: int, check_cancelled: Callable[[], None]) -> bytes:
        return self._blocks.read(opened.version, opened.group, start, end, check_cancelled)

    def _open_again(self, seen: _Opened, check_cancelled: Callable[[], None]) -> None:
        """Fetch the index of the new version, unless another thread already has."""
        with self._lock:
            if self._opened is seen:
                self._opened = self._open(check_cancelled)

    def _open(self, check_cancelled: Callable[[], None]) -> _Opened:
        index = self._index.read_whole(check_cancelled=check_cancelled)
        head, version = self._file.read(0, BLOCK_BYTES, check_cancelled=check_cancelled)
        if head[:1] not in (b">", b";"):
            raise GenomeFileError(f"{self._name} is no plain FASTA file: it does not begin with >; check its address.")
        opened = self._made(version, index.decode("latin-1"))
        record = {"size_bytes": version.size_bytes, "tag": version.tag, "index": index.decode("latin-1")}
        self._store.put(self._record, "index", json.dumps(record).encode())
        self._store.put(opened.group, f"{0:08d}", head)
        return opened

    def _recorded(self) -> _Opened | None:
        """What an earlier session found, or None."""
        kept = self._store.get(self._record, "index")
        if kept is not None:
            with suppress(ValueError, KeyError, TypeError, GenomeFileError):
                record = json.loads(kept)
                return self._made(FileVersion(record["size_bytes"], record["tag"]), record["index"])
        return None

    def _made(self, version: FileVersion, index: str) -> _Opened:
        entries = parse_fai(index, self._name)
        if max(entry.end for entry in entries.values()) > version.size_bytes:
            raise GenomeFileError(
                f"The index of {self._name} is of a longer file; check that both addresses are of one genome."
            )
        contigs = MappingProxyType({name: entry.length_bp for name, entry in entries.items()})
        return _Opened(version, entries, contigs, _short(f"{self._url} {version} {_short(index)}"))


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
