"""Measured signal along a genome, from bigWig files on this disk or on a web server."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from core.disk_store import DiskStore
from core.errors import SignalError
from core.genome.block_file import RemoteBytes
from core.genome.contigs import find_contig, resolve_contig
from core.genome.interval import Interval
from core.genome.progress import OnProgress, check_of
from core.genome.range_file import RangeFile
from core.genome.reference import MAX_FETCH_BP
from core.settings import settings

_AGAIN = "fetch the file again, or give another bigWig"


class BigWig:
    """A bigWig file, local or remote (HTTP Range); for several threads at once.

    Parameters
    ----------
    path_or_url : the file, or an address that begins with https://.
    cache_folder, max_cache_bytes : where and how much of remote files is kept; from the settings by default.
    timeout_seconds : longest silence of a server that is waited out.
    on_progress : called with 0 while the beginning of a remote file arrives; may raise to stop.

    Raises
    ------
    SignalError
        No such file, no bigWig, or damaged.
    GenomeUnavailableError
        Its server cannot be reached, does not have it, or cannot send pieces of it.
    """

    def __init__(
        self,
        path_or_url: str | os.PathLike[str],
        *,
        cache_folder: Path | None = None,
        max_cache_bytes: int | None = None,
        timeout_seconds: float = 15.0,
        on_progress: OnProgress | None = None,
    ) -> None:
        self._lock = threading.Lock()
        self._closers: list[Any] = []
        self._remote: RemoteBytes | None = None
        url = str(path_or_url)
        if url.lower().startswith(("http://", "https://")):
            self._name = urlsplit(url).path.rpartition("/")[2]
            folder = cache_folder or settings().cache_folder / "genome" / "remote"
            bound = settings().genome_cache_bytes if max_cache_bytes is None else max_cache_bytes
            file = RangeFile(url, self._name, timeout_seconds=timeout_seconds, instead="use a bigWig on this disk")
            self._closers.append(file)
            group = hashlib.sha256(url.encode()).hexdigest()[:16]
            try:
                source = self._remote = RemoteBytes(
                    file, DiskStore(folder, bound), group, self._name, check_of(on_progress, 0.0)
                )
            except BaseException:
                self.close()
                raise
        else:
            path = Path(path_or_url).expanduser()
            self._name = path.name
            try:
                source = path.open("rb")
            except OSError as error:
                raise SignalError(f"{path.name} cannot be opened ({error.strerror}); check its place.") from error
        self._closers.append(source)
        try:
            self._reader = self._guard(_open_reader, source)
            if not self._reader.is_bigwig:
                raise SignalError(f"{self._name} is a bigBed file, not a bigWig; give a bigWig.")
            self._contigs = MappingProxyType(dict(self._reader.chroms()))
        except BaseException:
            self.close()
            raise

    @property
    def name(self) -> str:
        """The file's name."""
        return self._name

    @property
    def contigs(self) -> Mapping[str, int]:
        """Chromosome -> length in base pairs, of those that have signal."""
        return self._contigs

    def close(self) -> None:
        """Let go of the file."""
        for closer in self._closers:
            closer.close()

    def __del__(self) -> None:
        self.close()

    def check_assembly(self, contigs: Mapping[str, int], genome: str) -> None:
        """Check that the chromosomes are as long as those of a genome.

        Raises
        ------
        SignalError
            One has another length, or none is in common: the file is of another assembly.
        """
        common = [(name, find_contig(name, contigs)) for name in self._contigs]
        shared = [(ours, theirs) for ours, theirs in common if theirs is not None]
        if not shared:
            raise SignalError(f"{self._name} has no chromosome of {genome}; give a file of the same assembly.")
        for ours, theirs in shared:
            if self._contigs[ours] != contigs[theirs]:
                raise SignalError(
                    f"{self._name} is of another assembly than {genome}: its {ours} has {self._contigs[ours]:,} base "
                    f"pairs instead of {contigs[theirs]:,}; give a file of the same assembly."
                )

    def read(
        self, intervals: Sequence[Interval], bin_size_bp: int = 128, *, on_progress: OnProgress | None = None
    ) -> np.ndarray:
        """Mean signal of each bin.

        Parameters
        ----------
        intervals : of one width, a multiple of `bin_size_bp`; strands do not matter.
        on_progress : called with 0 to 1 over the intervals, and while bytes of a remote file arrive; may raise to stop.

        Returns
        -------
        (intervals, bins) float32, in the file's own unit. Positions without a value count as 0, as the file's maker
        leaves zeros out; bins that reach outside the chromosome are NaN: nothing was measured there.

        Raises
        ------
        InvalidLocusError
            No such chromosome.
        SignalError
            Widths that differ or are no multiple, or a damaged file.
        GenomeUnavailableError
            The server of a remote file fails.
        """
        widths = {interval.width_bp for interval in intervals}
        width = max(widths, default=bin_size_bp)
        if bin_size_bp < 1 or len(widths) > 1 or width % bin_size_bp or width > MAX_FETCH_BP:
            shown = ", ".join(f"{w:,}" for w in sorted(widths)[:3])
            raise SignalError(
                f"The places are {shown} bp wide, for bins of {bin_size_bp:,} bp; give places of one width, a multiple "
                f"of the bin and at most {MAX_FETCH_BP:,} bp."
            )
        means = np.empty((len(intervals), width // bin_size_bp), np.float32)
        for row, interval in enumerate(intervals):
            contig = resolve_contig(interval.chrom, self._contigs, self._name)
            tell = check_of(on_progress, row / len(intervals))
            tell()
            with self._lock:
                if self._remote is not None:
                    self._remote.check_cancelled = tell
                found = self._guard(
                    self._reader.values, contig, interval.start, interval.end, fillna=0.0, oob=float("nan")
                )
            means[row] = found.reshape(-1, bin_size_bp).mean(axis=1)
        check_of(on_progress, 1.0)()
        return means

    def means(
        self, interval: Interval, bins: int, *, exact: bool = True, on_progress: OnProgress | None = None
    ) -> np.ndarray:
        """Mean signal of equally wide bins of one interval, however wide it is.

        Parameters
        ----------
        bins : how many; the interval's width is a multiple of them.
        exact : from all of the file's values; else from its summaries, which are coarser near the edges of bins and
            need a small part of the file.
        on_progress : called with 0 while bytes of a remote file arrive; may raise to stop.

        Returns
        -------
        (bins,) float32, as `read` gives them.

        Raises
        ------
        InvalidLocusError, SignalError, GenomeUnavailableError
            As `read`.
        """
        contig = resolve_contig(interval.chrom, self._contigs, self._name)
        if bins < 1 or interval.width_bp % bins:
            raise SignalError(
                f"{interval.locus} cannot be cut into {bins:,} bins; give a number that divides its width."
            )
        bin_bp, length = interval.width_bp // bins, self._contigs[contig]
        means = np.full(bins, np.nan, np.float32)
        # Bins that reach over an end of the chromosome stay NaN.
        first = max(0, -(interval.start // bin_bp)) if interval.start < 0 else 0
        last = min(bins, (length - interval.start) // bin_bp)
        if first >= last:
            return means
        start, end = interval.start + first * bin_bp, interval.start + last * bin_bp
        with self._lock:
            if self._remote is not None:
                self._remote.check_cancelled = check_of(on_progress)
            means[first:last] = (
                self._guard(
                    self._reader.values, contig, start, end, bins=last - first, summary="sum", exact=exact, fillna=0.0
                )
                / bin_bp
            )
        return means

    def _guard(self, function: Any, *arguments: Any, **options: Any) -> Any:
        """Call pybigtools; say in one sentence what is wrong."""
        try:
            return function(*arguments, **options)
        except BaseException as error:
            if self._remote is not None and self._remote.failure is not None:
                failure, self._remote.failure = self._remote.failure, None
                raise failure from error
            # pybigtools panics on damaged data; that is no Exception, and its type cannot be imported.
            if isinstance(error, Exception) or type(error).__name__ == "PanicException":
                raise SignalError(f"{self._name} is no bigWig file, or is damaged; {_AGAIN}.") from error
            raise


def _open_reader(source: Any) -> Any:
    import pybigtools

    return pybigtools.open(source)
