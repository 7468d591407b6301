"""Signal and regions that a person gives to a page: checked by content, kept for that person's session alone."""

from __future__ import annotations

import shutil
import tempfile
import uuid
import zlib
from contextlib import suppress
from pathlib import Path

from core.errors import AnnotationError, SignalError
from core.genome.interval import Interval
from core.genome.signals import FileSource
from core.uploads import safe_name

MAX_SIGNAL_BYTES = 20 * 1024**2
MAX_REGIONS_BYTES = 10 * 1024**2
MAX_UNPACKED_BYTES = 100 * 1024**2
MAX_REGIONS = 500_000
MAX_FILES = 8
ENDINGS = (".bw", ".bigwig", ".bed", ".bed.gz")
# Source: bigWig and bigBed of the UCSC Genome Browser: the first four bytes, of either byte order.
_BBI = {bytes.fromhex(text) for text in ("888ffc26", "26fc8f88", "8789f2eb", "ebf28987")}
_LINES_BETWEEN_CALLS = 10_000


class SessionTracks:
    """A temporary folder with a few files of signal and regions, removed by `close` or with the last reference."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="attendome-tracks-"))
        self._kept: dict[str, FileSource] = {}

    @property
    def sources(self) -> tuple[FileSource, ...]:
        """What is kept, in the order in which it came."""
        return tuple(self._kept.values())

    def keep(self, name: str, content: bytes) -> FileSource:
        """Check a bigWig or BED file by its content, and keep it; a file of the same name is replaced.

        Raises
        ------
        SignalError, AnnotationError
            It is neither, damaged, empty, too large, one file too many, or there is no room for it.
        """
        kept = safe_name(name)
        signal = content[:4] in _BBI
        error, most = (SignalError, MAX_SIGNAL_BYTES) if signal else (AnnotationError, MAX_REGIONS_BYTES)
        if not content:
            raise error(f"{kept} is empty; give a bigWig or BED file.")
        if len(content) > most:
            variable = "ATTENDOME_SIGNALS" if signal else "ATTENDOME_REGIONS"
            raise error(
                f"{kept} has {len(content) / 1e6:,.0f} MB, and a page takes {most / 1e6:.0f} MB of "
                f"{'bigWig' if signal else 'BED'}; give a smaller file, or name it in {variable} before you start the "
                "app."
            )
        if kept not in self._kept and len(self._kept) >= MAX_FILES:
            raise error(f"{MAX_FILES} files are kept already; take one away before you give {kept}.")
        place = self._folder / uuid.uuid4().hex / kept
        source = FileSource(
            f"upload:{place.parent.name[:12]}", f"{kept} (yours)", "signal" if signal else "regions", str(place)
        )
        try:
            place.parent.mkdir(parents=True)
            place.write_bytes(content)
            _check(source, content)
        except OSError as problem:
            shutil.rmtree(place.parent, ignore_errors=True)
            raise error(f"{kept} cannot be kept here ({problem.strerror}); make room on the disk.") from problem
        except (SignalError, AnnotationError):
            shutil.rmtree(place.parent, ignore_errors=True)
            raise
        self.remove(kept)
        self._kept[kept] = source
        return source

    def remove(self, name: str) -> None:
        """Forget the file of this name, if there is one."""
        if (source := self._kept.pop(name, None)) is not None:
            shutil.rmtree(Path(source.place).parent, ignore_errors=True)

    def close(self) -> None:
        """Remove the folder."""
        self._kept.clear()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __del__(self) -> None:
        with suppress(AttributeError, TypeError):  # at the end of the process modules may be gone
            self.close()


def _check(source: FileSource, content: bytes) -> None:
    if source.kind == "signal":
        signal = source.open_signal()
        try:
            for contig, length in signal.contigs.items():  # what is cut short opens, and cannot be read
                signal.means(Interval(contig, 0, length), 1)
        finally:
            signal.close()
        return
    name = source.name
    if content[:2] == b"\x1f\x8b":
        _check_unpacked(name, content)
    elif b"\0" in content[:4096]:
        raise AnnotationError(f"{name} is neither a bigWig nor a BED file; give one of the two.")
    calls = 0

    def count(fraction: float) -> None:
        nonlocal calls
        calls += 1
        if calls * _LINES_BETWEEN_CALLS > MAX_REGIONS:
            raise AnnotationError(
                f"{name} has more than {MAX_REGIONS:,} regions; give the part of it that you need, or name it in "
                "ATTENDOME_REGIONS before you start the app."
            )

    source.open_regions(on_progress=count)


def _check_unpacked(name: str, content: bytes) -> None:
    """A small file may unpack to one that fills the memory: count before it is read."""
    unpacked, left = 0, content
    try:
        while left:
            unpacker = zlib.decompressobj(wbits=31)
            while left and not unpacker.eof:
                unpacked += len(unpacker.decompress(left, 1 << 20))
                left = unpacker.unconsumed_tail
                if unpacked > MAX_UNPACKED_BYTES:
                    raise AnnotationError(
                        f"{name} unpacks to more than {MAX_UNPACKED_BYTES / 1e6:.0f} MB; give the part of it that you "
                        "need."
                    )
            left = unpacker.unused_data
    except zlib.error as error:
        raise AnnotationError(f"{name} is damaged; compress it again.") from error
