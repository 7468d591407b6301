"""Files of genes and regions: GTF and BED (3 to 12 columns), plain or compressed with gzip or bgzip."""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from collections.abc import Generator
from pathlib import Path

from core.disk_store import DiskStore
from core.errors import AnnotationError
from core.genome.annotation import Track
from core.genome.bed import read_bed_line
from core.genome.gene import Gene, Region
from core.genome.gene_columns import FORMAT, GeneColumns
from core.genome.gtf import read_gtf
from core.genome.progress import OnProgress
from core.settings import settings

MAX_CACHE_BYTES = 500_000_000
KEEP_FROM_BYTES = 5_000_000  # a smaller file is read in less than a second
_GROUP = "genes"
_LINES_BETWEEN = 10_000


def read_annotation(
    path: str | os.PathLike[str],
    *,
    assembly: str = "unknown",
    on_progress: OnProgress | None = None,
    cache_folder: Path | None = None,
) -> Track:
    """Read genes (GTF, BED12, or BED with a strand) or regions (BED with a colour, or without a strand).

    What was read of a large GTF file is kept in the cache folder, so that it is read once.

    Parameters
    ----------
    on_progress : called with 0 to 1 while lines are read; may raise to stop.
    cache_folder : of the settings by default.

    Raises
    ------
    AnnotationError
        No such file, neither GTF nor BED, or a line that cannot be read; the message says which.
    """
    path = Path(path).expanduser()
    if not looks_like_gtf(path):
        return _read_bed(path, assembly, on_progress)
    size, changed = state_of_file(path)
    store = DiskStore(cache_folder or settings().cache_folder / "genome" / "annotations", MAX_CACHE_BYTES)
    key = hashlib.sha256(f"{FORMAT}|{path.resolve()}|{size}|{changed}".encode()).hexdigest()[:32]
    content = store.get(_GROUP, key) if size >= KEEP_FROM_BYTES else None
    if content is not None:
        return Track(path.name, assembly, genes=GeneColumns.from_bytes(content))
    genes = read_gtf(path.name, lines_of(path, on_progress))
    if size >= KEEP_FROM_BYTES:
        store.put(_GROUP, key, genes.to_bytes())
    return Track(path.name, assembly, genes=genes)


def looks_like_gtf(path: Path) -> bool:
    """Whether the first line has the columns of GTF rather than those of BED.

    Raises
    ------
    AnnotationError
        No such file, not readable, nothing in it, or GFF3.
    """
    lines = lines_of(path, comments=True)
    try:
        for _, line in lines:
            if line.startswith("##gff-version") and line.split()[-1].startswith("3"):
                raise AnnotationError(f"{path.name} is a GFF3 file; convert it to GTF (gffread -T), or give its GTF.")
            if not line.startswith("#"):
                columns = line.split("\t")
                return len(columns) == 9 and not columns[1].isdigit()
    finally:
        lines.close()
    raise AnnotationError(f"{path.name} has no lines with genes or regions; give a GTF or BED file.")


def state_of_file(path: Path) -> tuple[int, int]:
    """Size in bytes and time of the last change in nanoseconds.

    Raises
    ------
    AnnotationError
        There is no such file.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise AnnotationError(f"There is no file {path.name}; check its place.") from error
    return found.st_size, found.st_mtime_ns


def lines_of(
    path: Path, on_progress: OnProgress | None = None, *, comments: bool = False
) -> Generator[tuple[int, str], None, None]:
    """(number from 1, line) without headers, and without comments unless they are wanted.

    Raises
    ------
    AnnotationError
        No such file, damaged, or no text.
    """
    size = max(1, state_of_file(path)[0])
    skipped = ("track", "browser") if comments else ("#", "track", "browser")
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            content = gzip.GzipFile(fileobj=raw) if packed else raw
            for number, data in enumerate(content, 1):
                if on_progress is not None and number % _LINES_BETWEEN == 0:
                    on_progress(min(raw.tell() / size, 1.0))
                line = data.decode("utf-8").rstrip("\r\n")
                if line.strip() and not line.startswith(skipped):
                    yield number, line
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise AnnotationError(
            f"{path.name} is damaged, no text, or may not be read; give a GTF or BED file, plain or gzip."
        ) from error


def _read_bed(path: Path, assembly: str, on_progress: OnProgress | None) -> Track:
    genes: list[Gene] = []
    regions: list[Region] = []
    for number, line in lines_of(path, on_progress):
        found = read_bed_line(f"Line {number} of {path.name}", line)
        genes.append(found) if isinstance(found, Gene) else regions.append(found)
    return Track(path.name, assembly, genes=tuple(_sorted(genes)), regions=tuple(_sorted(regions)))


def _sorted(items: list) -> list:
    """By chromosome in the order of the file, then by start."""
    order: dict[str, int] = {}
    for item in items:
        order.setdefault(item.interval.chrom, len(order))
    return sorted(items, key=lambda i: (order[i.interval.chrom], i.interval.start, i.interval.end))
