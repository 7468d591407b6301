"""Files of measured signal (bigWig) and of regions (BED) that may be laid on a genome, and their bins."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import numpy as np

from core.errors import AnnotationError, SignalError
from core.genome.annotation import Region, Track
from core.genome.annotation_files import looks_like_gtf, read_annotation
from core.genome.contigs import find_contig
from core.genome.interval import Interval
from core.genome.progress import OnProgress
from core.genome.reference import Reference
from core.genome.signal import BigWig
from core.settings import Settings, is_web_address, settings

MAX_REGIONS_BYTES = 100_000_000
BLOCK_BINS = 512
# A wider block is read from the file's own summaries: its values alone would be many megabytes of a remote file.
EXACT_BP = 4_000_000
MOST_BINS = 1_536  # over the visible range; about one bin a pixel
# Source: UCSC's cytoBand table; the greys of its ideograms, as its browser draws them.
STAINS = {
    "gneg": (235, 235, 235),
    "gpos25": (200, 200, 200),
    "gpos50": (150, 150, 150),
    "gpos75": (110, 110, 110),
    "gpos100": (60, 60, 60),
    "acen": (190, 90, 90),
    "gvar": (170, 180, 200),
    "stalk": (120, 140, 170),
}


@dataclass(frozen=True)
class FileSource:
    """A file that may be laid on a genome; nothing is opened until it is asked for.

    Attributes
    ----------
    id : letters, digits and ":._-", such as "signal:h3k27ac"; the same for the same file.
    title : what a person reads.
    kind : "signal" (bigWig) or "regions" (BED).
    place : a path, or for signal an address that begins with https://.
    """

    id: str
    title: str
    kind: Literal["signal", "regions"]
    place: str

    @property
    def remote(self) -> bool:
        """Whether it comes from a server."""
        return is_web_address(self.place)

    @property
    def name(self) -> str:
        """The file's name, without its folder or server."""
        return urlsplit(self.place).path.rpartition("/")[2] if self.remote else Path(self.place).name

    @property
    def version(self) -> str:
        """Changes when the file on this disk does; for keys of caches."""
        if self.remote:
            return self.place
        try:
            found = Path(self.place).stat()
        except OSError:
            return f"{self.place} missing"
        return f"{self.place} {found.st_size} {found.st_mtime_ns}"

    def open_signal(self, *, on_progress: OnProgress | None = None) -> BigWig:
        """The bigWig file; see `BigWig` for what it raises."""
        return BigWig(self.place, on_progress=on_progress)

    def open_regions(self, *, on_progress: OnProgress | None = None) -> Track:
        """The regions; see `read_regions` for what it raises."""
        return read_regions(self.place, on_progress=on_progress)


def file_sources(options: Settings | None = None) -> tuple[FileSource, ...]:
    """The files of the settings: ATTENDOME_SIGNALS, then ATTENDOME_REGIONS."""
    chosen = options or settings()
    signals = [FileSource(f"signal:{name}", name, "signal", place) for name, place in chosen.signal_files]
    regions = [FileSource(f"regions:{name}", name, "regions", str(place)) for name, place in chosen.region_files]
    return (*signals, *regions)


def read_regions(path: str | Path, *, on_progress: OnProgress | None = None) -> Track:
    """Regions of a BED file, or the bands of a cytoBand table (UCSC), in their own colours.

    Lines with a strand and no colour, which `read_annotation` takes for genes, are regions here too.

    Raises
    ------
    AnnotationError
        No such file, too large, no BED, or a line that cannot be read; the message says which.
    """
    path = Path(path).expanduser()
    if path.is_file() and path.stat().st_size > MAX_REGIONS_BYTES:
        raise AnnotationError(
            f"{path.name} has {path.stat().st_size / 1e6:,.0f} MB, and regions are read up to "
            f"{MAX_REGIONS_BYTES / 1e6:.0f} MB; give the part of it that you need."
        )
    if path.is_file() and looks_like_gtf(path):
        raise AnnotationError(f"{path.name} is a GTF file of genes; give regions as BED, or name it in "
                              "ATTENDOME_ANNOTATIONS.")  # fmt: skip
    found = read_annotation(path, on_progress=on_progress)
    stains = _stains(path) if found.regions and not any(region.colour for region in found.regions) else {}
    regions = [
        Region(r.interval, r.name, r.score, stains.get((r.interval.chrom, r.interval.start))) if stains else r
        for r in found.regions
    ]
    regions += [Region(gene.interval, gene.symbol) for gene in found.genes]
    regions.sort(key=lambda region: (region.interval.chrom, region.interval.start, region.interval.end))
    if not regions:
        raise AnnotationError(f"{path.name} has no regions; give a BED file.")
    return Track(path.name, found.assembly, regions=tuple(regions))


def _stains(path: Path) -> dict[tuple[str, int], tuple[int, int, int]]:
    """(chromosome, start) -> colour of a cytoBand table; empty of any other file."""
    from core.genome.annotation_files import lines_of

    found = {}
    for _, line in lines_of(path):
        columns = line.split("\t")
        if len(columns) != 5 or columns[4] not in STAINS:
            return {}
        found[columns[0], int(columns[1])] = STAINS[columns[4]]
    return found


def check_regions(track: Track, reference: Reference) -> None:
    """Check that the regions can be of this genome.

    Raises
    ------
    AnnotationError
        It has none of their chromosomes, or one reaches behind the end of its chromosome: another assembly.
    """
    ends: dict[str, int] = {}
    for region in track.regions:
        ends[region.interval.chrom] = max(ends.get(region.interval.chrom, 0), region.interval.end)
    shared = {chrom: find_contig(chrom, reference.contigs) for chrom in ends}
    if not any(shared.values()):
        raise AnnotationError(f"{track.name} has no chromosome of {reference.name}; give a file of the same assembly.")
    for chrom, contig in shared.items():
        if contig is not None and ends[chrom] > reference.contigs[contig]:
            raise AnnotationError(
                f"{track.name} is of another assembly than {reference.name}: it reaches to {chrom}:{ends[chrom]:,}, "
                f"and {contig} has {reference.contigs[contig]:,} base pairs; give a file of the same assembly."
            )


def bin_size_for(width_bp: float, most_bins: int = MOST_BINS) -> int:
    """The smallest power of two, in base pairs, with which a range has at most so many bins."""
    return 1 << max(0, math.ceil(math.log2(max(1.0, width_bp / most_bins))))


@dataclass(frozen=True)
class Block:
    """Equally wide bins of a chromosome that are read, kept and forgotten together.

    Attributes
    ----------
    start : of the first bin; the block may overhang its chromosome on either side.
    """

    contig: str
    start: int
    bin_bp: int
    bins: int = BLOCK_BINS

    @property
    def interval(self) -> Interval:
        """What it covers."""
        return Interval(self.contig, self.start, self.start + self.bin_bp * self.bins)

    @property
    def exact(self) -> bool:
        """Whether it is read from all values, and not from summaries."""
        return self.bin_bp * self.bins <= EXACT_BP

    def read(self, signal: BigWig, *, on_progress: OnProgress | None = None) -> np.ndarray:
        """(bins,) float32 means, NaN outside the chromosome; see `BigWig.means`.

        A chromosome that the file does not have is NaN as a whole: nothing was measured there.
        """
        if find_contig(self.contig, signal.contigs) is None:
            return np.full(self.bins, np.nan, np.float32)
        return signal.means(self.interval, self.bins, exact=self.exact, on_progress=on_progress)


def blocks_of(contig: str, start: int, end: int, bin_bp: int, contig_bp: int) -> tuple[Block, ...]:
    """The blocks that a range touches, on the chromosome, from left to right.

    They lie where every reader puts them, so that what was read once serves when panning.
    """
    width = bin_bp * BLOCK_BINS
    first, last = max(0, min(start, contig_bp)) // width, -(-min(end, contig_bp) // width)
    return tuple(Block(contig, number * width, bin_bp) for number in range(first, last))


def pearson(first: np.ndarray, second: np.ndarray) -> float | None:
    """Pearson's r over the places where both are known (finite), in float64.

    None where fewer than three are known in both, or one of the two is level there.

    Raises
    ------
    ValueError
        They are of different shapes.
    """
    if first.shape != second.shape:
        raise ValueError(f"{first.shape} and {second.shape} cannot be compared")
    x, y = first.astype(np.float64).ravel(), second.astype(np.float64).ravel()
    both = np.isfinite(x) & np.isfinite(y)
    x, y = x[both], y[both]
    if len(x) < 3 or x.min() == x.max() or y.min() == y.max():
        return None
    x, y = x - x.mean(), y - y.mean()
    scale = math.sqrt(float(x @ x)) * math.sqrt(float(y @ y))
    return max(-1.0, min(1.0, float(x @ y) / scale)) if scale > 0 else None


def named_file(source_id: str, options: Settings | None = None) -> FileSource:
    """The file of the settings with this id, such as "signal:h3k27ac".

    Raises
    ------
    SignalError
        It is not listed; the message says what is.
    """
    listed = {source.id: source for source in file_sources(options)}
    if source_id not in listed:
        raise SignalError(
            f"There is no file {str(source_id)[:60]!r} here; give one of {', '.join(listed) or 'none'}, or add it to "
            "ATTENDOME_SIGNALS or ATTENDOME_REGIONS."
        )
    return listed[source_id]
