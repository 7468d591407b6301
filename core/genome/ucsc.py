"""Genes from the UCSC Genome Browser's REST service, kept on disk once asked for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from core.errors import AnnotationError, GenomeOfflineError, InvalidLocusError, UnknownGeneError
from core.genome.annotation import Gene, Track, Transcript
from core.genome.contigs import find_contig
from core.genome.disk_store import DiskStore
from core.genome.interval import Interval
from core.genome.range_file import RangeFile
from core.settings import settings

TRACK = "ncbiRefSeqCurated"
TILE_BP = 1_000_000
MAX_TILES = 8
_GROUP = "ucsc"


class UcscGenes:
    """Genes of one assembly as UCSC has them (NCBI RefSeq, curated); `Genes` for a page.

    A window is asked for in pieces of 1 Mb, each kept on disk, so that panning asks little and a place seen before
    needs no network.

    Parameters
    ----------
    contigs : chromosome -> length in base pairs of the genome shown: the service refuses places behind an end.
    assembly : the service's name of it.
    url, cache_folder, max_cache_bytes : from the settings by default.
    timeout_seconds : longest silence of the service that is waited out.

    Source: the service's own description of getData/track and search, and the genePred format (0-based, half-open).
    """

    def __init__(
        self,
        contigs: Mapping[str, int],
        assembly: str = "hg38",
        *,
        url: str | None = None,
        cache_folder: Path | None = None,
        max_cache_bytes: int | None = None,
        timeout_seconds: float = 15.0,
    ) -> None:
        self._contigs = contigs
        self._assembly = assembly
        self._url = (url or settings().ucsc_url).rstrip("/")
        self._host = urlsplit(self._url).netloc
        self._timeout = timeout_seconds
        bound = settings().genome_cache_bytes if max_cache_bytes is None else max_cache_bytes
        self._store = DiskStore(cache_folder or settings().cache_folder / "genome" / "remote", bound)

    @property
    def name(self) -> str:
        """What it is called on a page."""
        return f"RefSeq genes of {self._assembly} (UCSC)"

    def genes_in(self, interval: Interval) -> tuple[Gene, ...]:
        """Genes that share a base with the interval, from left to right.

        Raises
        ------
        InvalidLocusError
            No such chromosome, or wider than 8 Mb.
        AnnotationError, GenomeUnavailableError
            The service refuses, cannot be reached, or answers something else.
        """
        contig = find_contig(interval.chrom, self._contigs)
        if contig is None:
            raise InvalidLocusError(f"There is no chromosome {interval.chrom!r} here; type one of this genome.")
        start, end = max(0, interval.start), min(self._contigs[contig], interval.end)
        if end - start > (MAX_TILES - 1) * TILE_BP:
            raise InvalidLocusError(
                f"{interval.locus} is too wide to look its genes up at UCSC; give at most {MAX_TILES - 1:,} Mb."
            )
        rows: dict[tuple[str, int], dict[str, Any]] = {}
        for tile in range(start // TILE_BP, (end - 1) // TILE_BP + 1) if start < end else ():
            for row in self._tile(contig, tile):
                rows[str(row["name"]), int(row["txStart"])] = row
        return Track(self.name, self._assembly, _genes(rows.values(), self._host)).genes_in(interval)

    def find(self, name: str) -> Gene:
        """The gene of this symbol, in any case.

        Raises
        ------
        UnknownGeneError
            There is none; the message offers what the service found instead.
        AnnotationError, GenomeUnavailableError
            As `genes_in`.
        """
        wanted = name.strip()
        found = self.search(wanted)
        for gene in found:
            if gene.symbol.upper() == wanted.upper():
                return gene
        near = tuple(dict.fromkeys(gene.symbol for gene in found))[:3]
        hint = f"type one such as {', '.join(near)}" if near else "type another symbol, or a place such as chr11:35.1M"
        raise UnknownGeneError(f"There is no gene {wanted[:40]!r} among the {self.name}; {hint}.", nearest=near)

    def search(self, text: str, limit: int = 20) -> tuple[Gene, ...]:
        """Genes whose symbol begins with the text, at the places that the service finds for it.

        Raises
        ------
        AnnotationError, GenomeUnavailableError
            As `genes_in`.
        """
        wanted = text.strip()
        if not wanted or len(wanted) > 60:
            return ()
        answer = self._ask(f"search?search={quote(wanted, safe='')};genome={quote(self._assembly)}")
        places: list[Interval] = []
        for group in answer.get("positionMatches") or ():
            for match in group.get("matches") or ():
                title = str(match.get("posName", "")).upper()
                if not title.startswith(wanted.upper()):
                    continue
                try:
                    place = Interval.parse(str(match.get("position", "")), contigs=self._contigs)
                except InvalidLocusError:  # a patch or an alternative that the genome shown does not have
                    continue
                if place.width_bp < (MAX_TILES - 2) * TILE_BP and not any(place.overlaps(known) for known in places):
                    places.append(place)
        found: dict[str, Gene] = {}
        for place in places[:limit]:
            for gene in self.genes_in(place):
                if gene.symbol.upper().startswith(wanted.upper()):
                    found.setdefault(gene.symbol, gene)
        return tuple(sorted(found.values(), key=lambda gene: (len(gene.symbol), gene.symbol)))[:limit]

    def _tile(self, contig: str, tile: int) -> list[dict[str, Any]]:
        start, end = tile * TILE_BP, min((tile + 1) * TILE_BP, self._contigs[contig])
        chrom = contig if contig.startswith("chr") else "chrM" if contig == "MT" else f"chr{contig}"
        # The service wants ";" between its arguments.
        answer = self._ask(
            f"getData/track?genome={quote(self._assembly)};track={TRACK};chrom={quote(chrom)};start={start};end={end}"
        )
        rows = answer.get(TRACK)
        if not isinstance(rows, list) or "maxItemsLimit" in answer or not all(isinstance(row, dict) for row in rows):
            raise AnnotationError(
                f"{self._host} does not give all genes of {chrom}:{start + 1:,}-{end:,}; try again later."
            )
        return rows

    def _ask(self, question: str) -> dict[str, Any]:
        url = f"{self._url}/{question}"
        key = hashlib.sha256(url.encode()).hexdigest()[:32]
        kept = self._store.get(_GROUP, key)
        content = kept
        if content is None:
            file = RangeFile(
                url,
                "the genes",
                timeout_seconds=self._timeout,
                instead="give a file of genes (GTF or BED) on this disk",
            )
            try:
                content = file.read_whole()
            finally:
                file.close()
        try:
            answer = json.loads(content)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise GenomeOfflineError(
                f"Something other than the UCSC service answered at {self._host} (a sign-in page of this network, "
                "perhaps); sign in and try again, or give a file of genes (GTF or BED) on this disk."
            )
        if "error" in answer:
            raise AnnotationError(
                f"{self._host} refuses the question for genes; check the assembly {self._assembly!r}."
            )
        if kept is None:
            self._store.put(_GROUP, key, content)
        return answer


def _genes(rows: Any, host: str) -> tuple[Gene, ...]:
    """Genes of genePred rows: transcripts of one symbol on one chromosome and strand that overlap are one gene."""
    try:
        transcripts = sorted(
            ((str(row.get("name2") or row["name"]), _transcript(row)) for row in rows),
            key=lambda pair: (pair[0], pair[1].interval.chrom, pair[1].interval.strand, pair[1].interval.start),
        )
    except (KeyError, ValueError, TypeError, AttributeError, InvalidLocusError) as error:
        raise AnnotationError(f"{host} gives a gene that cannot be read; try again later.") from error
    genes: list[Gene] = []
    for symbol, transcript in transcripts:
        last = genes[-1] if genes else None
        one = last is not None and last.symbol == symbol and last.interval.strand == transcript.interval.strand
        if last is not None and one and last.interval.overlaps(transcript.interval):
            end = max(last.interval.end, transcript.interval.end)
            whole = Interval(last.interval.chrom, last.interval.start, end, last.interval.strand)
            genes[-1] = Gene(symbol, "", whole, "", (*last.transcripts, transcript))
        else:
            genes.append(Gene(symbol, "", transcript.interval, "", (transcript,)))
    return tuple(genes)


def _transcript(row: dict[str, Any]) -> Transcript:
    chrom, strand = str(row["chrom"]), str(row["strand"])
    starts = [int(text) for text in str(row["exonStarts"]).strip(",").split(",")]
    ends = [int(text) for text in str(row["exonEnds"]).strip(",").split(",")]
    exons = tuple(Interval(chrom, start, end, strand) for start, end in zip(starts, ends, strict=True))
    coding = int(row["cdsStart"]), int(row["cdsEnd"])
    name = str(row["name"])
    return Transcript(
        name,
        name,
        Interval(chrom, int(row["txStart"]), int(row["txEnd"]), strand),
        exons,
        Interval(chrom, *coding, strand) if coding[0] < coding[1] else None,
    )
