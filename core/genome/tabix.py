"""Genes and regions of a sorted, bgzip-compressed file with an index (tabix): only the places shown are read."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.errors import AnnotationError
from core.genome.annotation import Track
from core.genome.annotation_files import looks_like_gtf, read_annotation, state_of_file
from core.genome.bed import read_bed_line
from core.genome.contigs import find_contig
from core.genome.gene import Gene, Region
from core.genome.gtf import read_gtf
from core.genome.interval import Interval
from core.genome.progress import OnProgress, check_of
from core.genome.reference import MAX_FETCH_BP
from core.shelf import Shelf

INDEXES = (".tbi", ".csi")
_CHECKED_CONTIGS = 50
_AGAIN = "make it again: sort the file by chromosome and start, bgzip it, then tabix -p gff (or bed)"


class TabixAnnotation:
    """A GTF or BED file with an index beside it (.tbi or .csi); `Genes`, for several threads at once.

    The places shown are read from the file. Looking up a *name* needs all names: the file is read through once, and
    what was found of a large one is kept in the cache folder.

    Parameters
    ----------
    path : compressed with bgzip, sorted by chromosome and start.
    assembly : "hg38" and the like, or "unknown".
    cache_folder : of the settings by default.

    Raises
    ------
    AnnotationError
        No such file, no index that fits it, or neither GTF nor BED.

    Source: the tabix and CSI formats of htslib, read by pysam.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, assembly: str = "unknown", cache_folder: Path | None = None
    ) -> None:
        self._path = Path(path).expanduser()
        self._assembly = assembly
        self._cache_folder = cache_folder
        self._lock = threading.Lock()
        self._whole: Shelf[Track] = Shelf(max_count=1)
        self._state = state_of_file(self._path)
        self._is_gtf = looks_like_gtf(self._path)
        index = index_of(self._path)
        if index is None:
            raise AnnotationError(f"{self.name} has no index beside it that is as new as the file; {_AGAIN}.")
        self._file = self._open(index)
        try:
            self._check_index()
        except BaseException:
            self._file.close()
            raise

    @property
    def name(self) -> str:
        """The file's name."""
        return self._path.name

    @property
    def assembly(self) -> str:
        """ "hg38" and the like, or "unknown"."""
        return self._assembly

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._file.close()

    def __del__(self) -> None:
        with suppress(AttributeError):  # opening may have failed
            self._file.close()

    def genes_in(self, interval: Interval, *, on_progress: OnProgress | None = None) -> tuple[Gene, ...]:
        """Genes that share a base with the interval, from left to right, each with all of its transcripts and exons.

        Raises
        ------
        AnnotationError
            The file has changed, or is damaged at this place.
        """
        if not self._is_gtf:
            return self._bed(interval).genes_in(interval)
        found = Track(self.name, self._assembly, genes=self._gtf(interval))
        genes = found.genes_in(interval)
        if not genes:
            return ()
        if not found.genes.genes[:, 4].all():  # without a gene's own line its other parts may lie anywhere
            return self.whole(on_progress=on_progress).genes_in(interval)
        first, last = min(gene.interval.start for gene in genes), max(gene.interval.end for gene in genes)
        if first >= interval.start and last <= interval.end:
            return genes
        wider = Interval(interval.chrom, min(first, interval.start), max(last, interval.end))
        return Track(self.name, self._assembly, genes=self._gtf(wider)).genes_in(interval)

    def regions_in(self, interval: Interval, *, on_progress: OnProgress | None = None) -> tuple[Region, ...]:
        """Regions that share a base with the interval, from left to right; none of a GTF file.

        Raises
        ------
        AnnotationError
            As `genes_in`.
        """
        return () if self._is_gtf else self._bed(interval).regions_in(interval)

    def find(self, name: str, *, on_progress: OnProgress | None = None) -> Gene:
        """See `Track.find`; the first look-up of a name reads the file through."""
        return self.whole(on_progress=on_progress).find(name)

    def search(self, text: str, limit: int = 20, *, on_progress: OnProgress | None = None) -> tuple[Gene, ...]:
        """See `Track.search`; the first look-up of a name reads the file through."""
        return self.whole(on_progress=on_progress).search(text, limit)

    def whole(self, *, on_progress: OnProgress | None = None) -> Track:
        """All of the file, read through at the first call; others who call meanwhile wait for it.

        Parameters
        ----------
        on_progress : called with 0 to 1 while lines are read; may raise to stop.
        """
        options = {"assembly": self._assembly, "on_progress": on_progress, "cache_folder": self._cache_folder}
        return self._whole.get("whole", lambda: read_annotation(self._path, **options), on_wait=check_of(on_progress))

    def _gtf(self, interval: Interval) -> Any:
        return read_gtf(f"{self.name} at {interval.locus}", enumerate(self._lines(interval), 1))

    def _bed(self, interval: Interval) -> Track:
        place = f"of {self.name} at {interval.locus}"
        found = [read_bed_line(f"Line {n} {place}", line) for n, line in enumerate(self._lines(interval), 1)]
        genes = tuple(item for item in found if isinstance(item, Gene))
        return Track(self.name, self._assembly, genes, tuple(item for item in found if isinstance(item, Region)))

    def _lines(self, interval: Interval) -> list[str]:
        if state_of_file(self._path) != self._state:
            raise AnnotationError(f"{self.name} has changed since it was opened; open it again.")
        contig = find_contig(interval.chrom, self._file.contigs)
        start, end = max(0, interval.start), interval.end
        if contig is None or start >= end:
            return []
        if end - start > MAX_FETCH_BP:
            raise AnnotationError(f"{interval.locus} is too wide to look its genes up; give at most {MAX_FETCH_BP:,}.")
        try:
            with self._lock:
                return list(self._file.fetch(contig, start, end))
        except (OSError, ValueError, UnicodeDecodeError) as error:
            raise AnnotationError(
                f"{self.name} cannot be read at {interval.locus}: it or its index is damaged; {_AGAIN}."
            ) from error

    def _open(self, index: Path) -> Any:
        import pysam

        pysam.set_verbosity(0)  # htslib's own words go to the terminal; ours say what matters
        try:
            return pysam.TabixFile(str(self._path), index=str(index))
        except (OSError, ValueError) as error:
            raise AnnotationError(f"The index {index.name} cannot be read; {_AGAIN}.") from error

    def _check_index(self) -> None:
        """Look whether the index finds a line of each chromosome that it names."""
        try:
            contigs = list(self._file.contigs)
            for contig in contigs[:_CHECKED_CONTIGS]:
                line = next(self._file.fetch(contig), "")
                if line.split("\t", 1)[0] != contig:
                    raise ValueError(contig)
        except (OSError, ValueError, UnicodeDecodeError) as error:
            raise AnnotationError(f"The index of {self.name} does not fit it; {_AGAIN}.") from error


def index_of(path: Path) -> Path | None:
    """The index beside a file, when the file is compressed with bgzip and the index not older than it."""
    try:
        with path.open("rb") as file:
            head = file.read(14)
        changed = path.stat().st_mtime_ns
        for ending in INDEXES:
            index = path.with_name(path.name + ending)
            if index.is_file() and head[:2] == b"\x1f\x8b" and head[12:14] == b"BC" and _at(index) >= changed:
                return index
    except OSError:
        return None
    return None


def _at(path: Path) -> int:
    return path.stat().st_mtime_ns


def open_annotation(
    path: str | os.PathLike[str],
    *,
    assembly: str = "unknown",
    on_progress: OnProgress | None = None,
    cache_folder: Path | None = None,
) -> Track | TabixAnnotation:
    """Genes and regions of a file: by its index where it has one that fits, else all of it.

    Parameters, Raises
    ------------------
    As `read_annotation`.
    """
    path = Path(path).expanduser()
    if index_of(path) is not None:
        with suppress(AnnotationError):  # read as a whole, it is right without its index, or says what is wrong
            return TabixAnnotation(path, assembly=assembly, cache_folder=cache_folder)
    return read_annotation(path, assembly=assembly, on_progress=on_progress, cache_folder=cache_folder)
