"""Lines of a text file, plain, gzip or bgzip, whatever its name: one at a time, also of a file that was cut short."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from core.errors import VariantFileError

CHUNK = 1 << 18
MAX_LINE = 16 * 1024**2
_STEP = 64
_GZIP = b"\x1f\x8b"
_UNREADABLE = (
    (b"PK\x03\x04", "is an Excel or zip file; save the table as text (CSV or tab-separated), or unpack it"),
    (b"\xd0\xcf\x11\xe0", "is an old Excel file; save the table as text (CSV or tab-separated)"),
    (b"BCF\x02", "is a BCF file; turn it into a VCF with: bcftools view -Oz -o out.vcf.gz in.bcf"),
    (b"BAM\x01", "is a BAM file, which holds reads and no variants; give a VCF"),
    (b"%PDF", "is a PDF; give a VCF or a table as text"),
    (b"BZh", "is packed with bzip2; unpack it, or pack it with gzip or bgzip"),
    (b"\xfd7zXZ", "is packed with xz; unpack it, or pack it with gzip or bgzip"),
    (b"\x28\xb5\x2f\xfd", "is packed with zstd; unpack it, or pack it with gzip or bgzip"),
)


class Lines:
    """(number from 1, text without its end) of each line of a file; text is None where a line is longer than 16 MB.

    Holds a line and a piece of the file at a time.

    Parameters
    ----------
    source : a path, or a file that was opened for bytes.
    name : what it is called in sentences; by default the name of the file.

    Attributes
    ----------
    problem : after reading, how the file was cut short or damaged, a sentence; else "".

    Raises
    ------
    VariantFileError
        While reading: it is not there, or is no text.
    """

    def __init__(self, source: Path | str | BinaryIO, name: str = "") -> None:
        self._source = source
        self.name = name or (Path(source).name if isinstance(source, str | Path) else "The file")
        self.problem = ""
        self.bytes_read = 0

    def __iter__(self) -> Iterator[tuple[int, str | None]]:
        with self._opened() as file:
            yield from self._lines(self._text(file))

    @contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        if not isinstance(self._source, str | Path):
            yield self._source
            return
        with ExitStack() as stack:
            try:
                file = stack.enter_context(Path(self._source).open("rb"))
            except (OSError, ValueError) as error:
                why = getattr(error, "strerror", None) or "no such file"
                raise VariantFileError(f"{self.name} cannot be opened ({why}); check its path.") from error
            yield file

    def _read(self, file: BinaryIO) -> bytes:
        try:
            data = file.read(CHUNK)
        except OSError as error:
            raise VariantFileError(f"{self.name} cannot be read ({error.strerror}); give it again.") from error
        self.bytes_read += len(data)
        return data

    def _text(self, file: BinaryIO) -> Iterator[bytes]:
        """Pieces of the unpacked text, looked at before the first is given."""
        data = self._read(file)
        pieces = self._unpacked(file, data) if data[:2] == _GZIP else self._plain(file, data)
        first = True
        for piece in pieces:
            if first:
                self._check(piece)
                piece, first = piece.removeprefix(b"\xef\xbb\xbf"), False
            yield piece

    def _check(self, piece: bytes) -> None:
        for magic, words in _UNREADABLE:
            if piece.startswith(magic):
                raise VariantFileError(f"{self.name} {words}.")
        if piece[:2] in (b"\xff\xfe", b"\xfe\xff") or piece[1:2] == b"\0":
            raise VariantFileError(f"{self.name} is text in UTF-16; save it as UTF-8 (or plain ASCII).")
        if b"\0" in piece:
            raise VariantFileError(f"{self.name} holds bytes that are no text; give a VCF or a table as text.")

    def _plain(self, file: BinaryIO, data: bytes) -> Iterator[bytes]:
        while data:
            yield data
            data = self._read(file)

    def _unpacked(self, file: BinaryIO, data: bytes) -> Iterator[bytes]:
        """Of gzip, also of several pieces one after another, which bgzip is."""
        blocked = data[3:4] == b"\x04" and data[12:14] == b"BC"
        unpack, size = zlib.decompressobj(31), 0
        while True:
            before = unpack.copy()
            try:
                piece = unpack.decompress(data, CHUNK)
            except zlib.error:
                yield from _until_damaged(before, data)
                self.problem = f"{self.name} is damaged inside its compression; what came before was read."
                return
            size += len(piece)
            if piece:
                yield piece
            data = unpack.unused_data if unpack.eof else unpack.unconsumed_tail
            if unpack.eof:
                data = data or self._read(file)
                if not data.lstrip(b"\0"):
                    if blocked and size:  # the last block of bgzip is an empty one
                        self.problem = f"{self.name} ends without bgzip's end mark: it was cut short; give all of it."
                    return
                unpack, size = zlib.decompressobj(31), 0
            elif not data and not piece:
                data = self._read(file)
                if not data:
                    self.problem = (
                        f"{self.name} was cut short: its compression ends too early; what came before was read."
                    )
                    return

    def _lines(self, pieces: Iterator[bytes]) -> Iterator[tuple[int, str | None]]:
        number, rest, skipping, end = 0, b"", False, b""
        for piece in pieces:
            if not end:
                end = b"\r" if b"\r" in piece and b"\n" not in piece else b"\n"
            *whole, rest_of_piece = piece.split(end)
            for text in whole:
                number += 1
                long = skipping or len(rest) + len(text) > MAX_LINE
                yield number, None if long else _decoded(rest + text)
                rest, skipping = b"", False
            if skipping or len(rest) + len(rest_of_piece) > MAX_LINE:
                rest, skipping = b"", True
            else:
                rest += rest_of_piece
        if rest and not self.problem:
            yield number + 1, _decoded(rest)
        elif skipping:
            yield number + 1, None
        elif rest:
            self.problem += f" Line {number + 1:,} is not complete."


def _until_damaged(unpack: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    """What can be unpacked before the damage, to within a few bytes."""
    with suppress(zlib.error):
        for start in range(0, len(data), _STEP):
            yield unpack.decompress(data[start : start + _STEP])


def _decoded(line: bytes) -> str:
    return line.removesuffix(b"\r").decode("utf-8", errors="replace")
