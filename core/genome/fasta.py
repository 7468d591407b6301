"""A FASTA file on this disk, plain or compressed with bgzip, read at any place through its index (pyfaidx)."""

from __future__ import annotations

import errno
import gzip
import hashlib
import os
import shutil
import struct
import tempfile
import threading
import zlib
from bisect import bisect_right
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

from core.errors import GenomeFileError
from core.genome.interval import Interval
from core.genome.progress import OnProgress
from core.genome.reference import assembly_of, fetch_padded
from core.settings import settings

MAX_INDEXES = 64
_DISK_REFUSES = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})
_CHECKED_CONTIGS = 200
_HEAD_BYTES = 4096
_INDEX_AGAIN = "make its index again (samtools faidx), or fetch the file again"
# What pyfaidx and Biopython raise for files that are not as they should be, beside pyfaidx's own errors.
_READ_ERRORS = (
    OSError,
    ValueError,
    LookupError,
    AssertionError,
    EOFError,
    RuntimeError,
    TypeError,
    zlib.error,
    struct.error,
)


class LocalFasta:
    """A FASTA file on this disk; a `Reference`, for several threads at once.

    Its index is looked for beside it and made when missing or older than the file; whichever it is, it is kept in the
    cache folder, and nothing is ever written beside the file. Before use the index is compared with the file.

    Parameters
    ----------
    path : a plain FASTA, or one compressed with bgzip (.gz, .bgz).
    name : what it is called on a page; the file's name by default.
    assembly : "hg38" and the like; None takes it from the length of chromosome 1.
    index_folder : where indexes are kept; None is the cache folder of the settings.

    Raises
    ------
    GenomeFileError
        No such file, not readable, no FASTA, compressed by another tool, or damaged.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        name: str | None = None,
        assembly: str | None = None,
        index_folder: Path | None = None,
    ) -> None:
        self._path = Path(path).expanduser()
        self._name = name or self._path.name
        self._folder = index_folder or settings().cache_folder / "genome" / "indexes"
        self._state = _state(self._path)
        self._compressed = _check_kind(self._path)
        self._lock = threading.Lock()
        self._faidx = self._open()
        self._contigs = MappingProxyType({name: record.rlen for name, record in self._faidx.index.items()})
        self._assembly = assembly or assembly_of(self._contigs)

    @property
    def name(self) -> str:
        """What it is called on a page."""
        return self._name

    @property
    def assembly(self) -> str:
        """ "hg38" and the like, or "unknown"."""
        return self._assembly

    @property
    def contigs(self) -> Mapping[str, int]:
        """Chromosome -> length in base pairs."""
        return self._contigs

    @property
    def identity(self) -> str:
        """Changes with the file's place, size or time of change."""
        return hashlib.sha256(f"{self._path.resolve()}|{self._state}".encode()).hexdigest()[:16]

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._faidx.file.close()

    def __del__(self) -> None:
        with suppress(AttributeError, OSError):  # opening may have failed
            self._faidx.file.close()

    def fetch(self, interval: Interval, *, on_progress: OnProgress | None = None) -> str:
        """See `Reference.fetch`; a file on this disk is too fast to tell its progress.

        Raises
        ------
        InvalidLocusError
            No such chromosome, or wholly outside it.
        GenomeFileError
            The file has changed, has gone, or is damaged at this place.
        """
        if _state(self._path) != self._state:
            raise GenomeFileError(f"{self.name} has changed since it was opened; open it again.")
        return fetch_padded(interval, self._contigs, self.name, self._read)

    def _read(self, contig: str, start: int, end: int) -> str:
        from pyfaidx import FetchError

        try:
            with self._lock:
                try:
                    return self._faidx.fetch(contig, start + 1, end)
                except ValueError:  # pyfaidx 0.9.2 cannot begin where a bgzip block of 65,536 bytes ends
                    if not self._compressed or start == 0:
                        raise
                    return self._faidx.fetch(contig, start, end)[1:]
        except (*_READ_ERRORS, FetchError) as error:
            raise GenomeFileError(
                f"{self.name} cannot be read at {contig}:{start + 1:,}; fetch the file again."
            ) from error

    def _open(self) -> Any:
        """The opened file; a kept index that does not serve is made anew, once."""
        kept = self._folder / f"{self.identity}.fai", self._folder / f"{self.identity}.gzi"
        if kept[0].is_file() and (kept[1].is_file() or not self._compressed):
            with suppress(GenomeFileError):
                return self._load(*kept)
        try:
            return self._open_with_new_index(*kept)
        except OSError as error:
            raise GenomeFileError(
                f"The index of {self.name} cannot be kept in {self._folder} ({error.strerror or error}); make room or "
                "give write access there, or set ATTENDOME_CACHE to another folder."
            ) from error

    def _open_with_new_index(self, fai: Path, gzi: Path) -> Any:
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="draft-", dir=self._folder) as draft:
            drafts = Path(draft) / fai.name, Path(draft) / gzi.name
            faidx = None
            if self._copy_neighbours(*drafts):
                with suppress(GenomeFileError):
                    faidx = self._load(*drafts)
            if faidx is None:
                for path in drafts:
                    path.unlink(missing_ok=True)
                faidx = self._load(*drafts)
            for made, place in zip(drafts, (fai, gzi), strict=True):
                if made.is_file():
                    # pyfaidx takes an index older than its file for stale
                    os.utime(made, ns=(self._state[1], max(self._state[1], made.stat().st_mtime_ns)))
                    os.replace(made, place)
        self._tidy()
        return faidx

    def _copy_neighbours(self, fai: Path, gzi: Path) -> bool:
        """Copy the index beside the file; False when it is not complete, or older than the file."""
        pairs = [(self._path.with_name(self._path.name + ".fai"), fai)]
        if self._compressed:
            pairs.append((self._path.with_name(self._path.name + ".gzi"), gzi))
        try:
            if any(source.stat().st_mtime_ns < self._state[1] for source, _ in pairs):
                return False
            for source, draft in pairs:
                shutil.copyfile(source, draft)
        except OSError:
            return False
        return True

    def _load(self, fai: Path, gzi: Path) -> Any:
        """Open with these indexes, made where missing, and compare them with the file."""
        import pyfaidx

        faidx = pyfaidx.Faidx.__new__(pyfaidx.Faidx)  # so that its file can be closed when it does not come to be
        names = {"indexname": str(fai), "gzi_indexname": str(gzi)}
        try:
            faidx.__init__(str(self._path), as_raw=True, sequence_always_upper=True, **names)
            self._check_index(faidx)
            return faidx
        except (*_READ_ERRORS, pyfaidx.FastaIndexingError, pyfaidx.UnsupportedCompressionFormat) as error:
            if getattr(faidx, "file", None) is not None:
                faidx.file.close()
            if (disk := _disk_fault(error)) is not None:
                raise disk from error
            raise GenomeFileError(_why(error, self.name)) from error
        except GenomeFileError:
            faidx.file.close()
            raise

    def _check_index(self, faidx: Any) -> None:
        """Look whether contigs begin behind their header line and end where the index says."""
        if not faidx.index:
            raise GenomeFileError(f"{self.name} has no sequence; give a FASTA file with at least one.")
        entries = list(faidx.index.items())
        for name, record in entries[:_CHECKED_CONTIGS] + entries[-1:]:
            if record.rlen < 1 or record.lenc < 1 or record.lenb <= record.lenc - 1:
                raise GenomeFileError(f"{self.name} has no letters for {name}; {_INDEX_AGAIN}.")
            before = min(record.offset, _HEAD_BYTES)
            header = _bytes_at(faidx, record.offset - before, before).rstrip(b"\r\n").rpartition(b"\n")[2]
            last = record.offset + (record.rlen - 1) // record.lenc * record.lenb + (record.rlen - 1) % record.lenc
            tail = _bytes_at(faidx, last, 2)
            fits = before == _HEAD_BYTES or header.startswith(b">" + name.encode())
            if not fits or not tail[:1].isalpha() or (len(tail) == 2 and not tail[1:].isspace()):
                raise GenomeFileError(f"The index of {self.name} does not fit it at {name}; {_INDEX_AGAIN}.")

    def _tidy(self) -> None:
        """Keep the newest indexes."""
        with suppress(OSError):
            kept = sorted(self._folder.glob("*.[fg][az]i"), key=lambda path: path.stat().st_ctime_ns, reverse=True)
            for path in kept[MAX_INDEXES:]:
                path.unlink(missing_ok=True)


def _state(path: Path) -> tuple[int, int]:
    """Size in bytes and time of the last change in nanoseconds."""
    try:
        found = path.stat()
    except OSError as error:
        raise GenomeFileError(f"There is no FASTA file {path.name}; check its place.") from error
    return found.st_size, found.st_mtime_ns


def _check_kind(path: Path) -> bool:
    """Whether the file is compressed with bgzip; anything but that and a plain FASTA is refused."""
    name = path.name
    if not path.is_file():
        kind = "a folder" if path.is_dir() else "no file with a content of its own"
        raise GenomeFileError(f"{name} is {kind}; give a FASTA file.")
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
            zipped = head[:2] == b"\x1f\x8b"
            if zipped:
                file.seek(0)
                with gzip.open(file) as content:
                    start = content.read(_HEAD_BYTES)
            else:
                start = head
    except (OSError, EOFError, zlib.error) as error:
        why = getattr(error, "strerror", None) or "it is damaged"
        raise GenomeFileError(f"{name} cannot be read ({why}); give a FASTA file that you may read.") from error
    if zipped and head[12:14] != b"BC":
        raise GenomeFileError(
            f"{name} was compressed with gzip, which cannot be read from the middle; unpack it and compress it with "
            "bgzip: gunzip, then bgzip."
        )
    named = name.lower().endswith((".gz", ".bgz"))
    if zipped != named:
        kind = "compressed with bgzip" if zipped else "not compressed"
        raise GenomeFileError(
            f"{name} is {kind}, which its name does not say; rename it ({'add' if zipped else 'drop'} .gz)."
        )
    if start[:4] in (b"\x43\x27\x41\x1a", b"\x1a\x41\x27\x43"):
        raise GenomeFileError(f"{name} is a .2bit file; make a FASTA of it with twoBitToFa.")
    if not start.strip():
        raise GenomeFileError(f"{name} is empty; give a FASTA file.")
    if start.lstrip()[:1] not in (b">", b";") or not start.isascii() or b"\0" in start:
        raise GenomeFileError(
            f"{name} is no FASTA file: it does not begin with a line such as >chr1; give one that does."
        )
    return zipped


def _disk_fault(error: BaseException | None) -> OSError | None:
    """What the disk said when it refused to write, where that is behind the error: pyfaidx drops its number."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _DISK_REFUSES:
            return error
        error = error.__cause__ or error.__context__
    return None


def _bytes_at(faidx: Any, start: int, size: int) -> bytes:
    """Bytes of the uncompressed file."""
    if not hasattr(faidx, "gzi_index"):
        faidx.file.seek(start)
        return faidx.file.read(size)
    from Bio.bgzf import make_virtual_offset

    block = faidx.gzi_index[bisect_right([b.ustart for b in faidx.gzi_index], start) - 1]
    faidx.file.seek(make_virtual_offset(block.cstart, start - block.ustart))
    return faidx.file.read(size)


def _why(error: Exception, name: str) -> str:
    """What pyfaidx's complaint means."""
    text = str(error)
    if "not consistent" in text:
        return f"{name} has lines of different lengths within one sequence; wrap them evenly (seqkit seq -w 60)."
    if "Duplicate key" in text:
        return f"{name} has two sequences of one name ({text.partition(' key ')[2]}); give each a name of its own."
    if "EOF marker" in text:
        return f"{name} is cut short: the end mark of bgzip is missing; fetch the file again."
    return f"{name} cannot be read as FASTA; {_INDEX_AGAIN}."
