"""Genes from the UCSC Genome Browser's REST service, kept on disk once asked for."""

from __future__ import annotations

import hashlib
import json
import struct
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from core.disk_store import DiskStore
from core.errors import AnnotationError, GenomeOfflineError, InvalidLocusError
from core.genome.annotation import Gene, Track, Transcript
from core.genome.contigs import find_contig
from core.genome.gene_names import unknown_gene
from core.genome.interval import Interval
from core.genome.progress import OnProgress, check_of
from core.genome.range_file import RangeFile
from core.settings import settings

TRACK = "ncbiRefSeqCurated"
TILE_BP = 1_000_000
MAX_TILES = 8
FRESH_DAYS = 30
REST_SECONDS = 60  # after a failure, before old answers are asked for again
_GROUP = "ucsc"
_WHEN = struct.Struct("<d")  # seconds since 1970, in front of each kept answer
_INSTEAD = "give a file of genes (GTF or BED) on this disk"


class UcscGenes:
    """Genes of one assembly as UCSC has them (NCBI RefSeq, curated); `Genes` for a page.

    A window is asked for in pieces of 1 Mb, each kept on disk, so that panning asks little and a place seen before
    needs no network. After 30 days a piece is asked for again; while the service cannot be reached the old one serves,
    and `note` says so.

    Parameters
    ----------
    contigs : chromosome -> length in base pairs of the genome shown: the service refuses places behind an end.
    assembly : the service's name of it.
    url, cache_folder, max_cache_bytes : from the settings by default.
    timeout_seconds : longest silence of the service that is waited out.

    Attributes
    ----------
    note : what to say beside the genes, such as that they are old; "" where there is nothing.

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
        self.note = ""
        self._rest_until = 0.0
        bound = settings().genome_cache_bytes if max_cache_bytes is None else max_cache_bytes
        self._store = DiskStore(cache_folder or settings().cache_folder / "genome" / "remote", bound)

    @property
    def name(self) -> str:
        """What it is called on a page."""
        return f"RefSeq genes of {self._assembly} (UCSC)"

    def genes_in(self, interval: Interval, *, on_progress: OnProgress | None = None) -> tuple[Gene, ...]:
        """Genes that share a base with the interval, from left to right.

        Parameters
        ----------
        on_progress : called with 0 to 1 over the pieces that are asked for; may raise to stop.

        Raises
        ------
        InvalidLocusError
            No such chromosome, or wider than 7 Mb.
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
        tiles = range(start // TILE_BP, (end - 1) // TILE_BP + 1) if start < end else range(0)
        for number, tile in enumerate(tiles):
            for row in self._tile(contig, tile, check_of(on_progress, number / len(tiles))):
                rows[str(row["name"]), int(row["txStart"])] = row
        return Track(self.name, self._assembly, _genes(rows.values(), self._host)).genes_in(interval)

    def find(self, name: str, *, on_progress: OnProgress | None = None) -> Gene:
        """The gene of this symbol, in any case.

        Raises
        ------
        UnknownGeneError
            There is none; the message offers what the service found instead.
        AnnotationError, GenomeUnavailableError
            As `genes_in`.
        """
        wanted = name.strip()
        found = self.search(wanted, on_progress=on_progress)
        for gene in found:
            if gene.symbol.upper() == wanted.upper():
                return gene
        raise unknown_gene(wanted, f"among the {self.name}", tuple(dict.fromkeys(gene.symbol for gene in found))[:3])

    def search(self, text: str, limit: int = 20, *, on_progress: OnProgress | None = None) -> tuple[Gene, ...]:
        """Genes whose symbol begins with the text, at the places that the service finds for it.

        Parameters
        ----------
        on_progress : called with 0 to 1 over the places; may raise to stop.

        Raises
        ------
        AnnotationError, GenomeUnavailableError
            As `genes_in`.
        """
        wanted = text.strip()
        if not wanted or len(wanted) > 60:
            return ()
        answer = self._ask(
            f"search?search={quote(wanted, safe='')};genome={quote(self._assembly)}",
            check_of(on_progress, 0.0),
            self._matches,
        )
        places: list[Interval] = []
        for match in self._matches(answer):
            if not str(match.get("posName", "")).upper().startswith(wanted.upper()):
                continue
            try:
                place = Interval.parse(str(match.get("position", "")), contigs=self._contigs)
            except InvalidLocusError:  # a patch or an alternative that the genome shown does not have
                continue
            if place.width_bp < (MAX_TILES - 2) * TILE_BP and not any(place.overlaps(known) for known in places):
                places.append(place)
        found: dict[str, Gene] = {}
        for number, place in enumerate(places[:limit]):
            check_of(on_progress, number / len(places[:limit]))()
            for gene in self.genes_in(place):
                if gene.symbol.upper().startswith(wanted.upper()):
                    found.setdefault(gene.symbol, gene)
        return tuple(sorted(found.values(), key=lambda gene: (len(gene.symbol), gene.symbol)))[:limit]

    def _matches(self, answer: dict[str, Any]) -> list[dict[str, Any]]:
        """What the service found, over all of its tracks."""
        try:
            found = [match for group in answer.get("positionMatches") or () for match in group.get("matches") or ()]
        except (AttributeError, TypeError):
            found = [None]
        if not all(isinstance(match, dict) for match in found):
            raise AnnotationError(f"{self._host} gives places that cannot be read; try again later.")
        return found

    def _tile(self, contig: str, tile: int, check_cancelled: Callable[[], None]) -> list[dict[str, Any]]:
        start, end = tile * TILE_BP, min((tile + 1) * TILE_BP, self._contigs[contig])
        chrom = contig if contig.startswith("chr") else "chrM" if contig == "MT" else f"chr{contig}"
        # The service wants ";" between its arguments.
        answer = self._ask(
            f"getData/track?genome={quote(self._assembly)};track={TRACK};chrom={quote(chrom)};start={start};end={end}",
            check_cancelled,
            partial(self._check_tile, f"{chrom}:{start + 1:,}-{end:,}"),
        )
        return answer[TRACK]

    def _check_tile(self, place: str, answer: dict[str, Any]) -> None:
        rows = answer.get(TRACK)
        if not isinstance(rows, list) or "maxItemsLimit" in answer or not all(isinstance(row, dict) for row in rows):
            raise AnnotationError(f"{self._host} does not give all genes of {place}; try again later.")
        _genes(rows, self._host)

    def _ask(
        self,
        question: str,
        check_cancelled: Callable[[], None],
        check: Callable[[dict[str, Any]], object],
    ) -> dict[str, Any]:
        """The answer, from the disk while it is fresh; an old one where there is no network.

        `check` raises on an answer that is not to be kept.
        """
        url = f"{self._url}/{question}"
        key = hashlib.sha256(url.encode()).hexdigest()[:32]
        when, kept = self._kept(key)
        fresh = 0 <= time.time() - when < FRESH_DAYS * 86_400
        if kept is not None and (fresh or time.monotonic() < self._rest_until):
            return kept
        try:
            content = self._fetch(url, check_cancelled)
            answer = self._checked(content)
            check(answer)
        except GenomeOfflineError:
            if kept is None:
                raise
            self._rest_until = time.monotonic() + REST_SECONDS
            day = time.strftime("%Y-%m-%d", time.gmtime(when))
            self.note = f"{self._host} cannot be reached, so genes that it gave on {day} are shown."
            return kept
        self.note = ""
        self._store.put(_GROUP, key, _WHEN.pack(time.time()) + content)
        return answer

    def _kept(self, key: str) -> tuple[float, dict[str, Any] | None]:
        """(when it was asked for, answer) or (0, None)."""
        content = self._store.get(_GROUP, key)
        if content is None or len(content) < _WHEN.size:
            return 0.0, None
        try:
            return _WHEN.unpack_from(content)[0], json.loads(content[_WHEN.size :])
        except ValueError:
            return 0.0, None

    def _fetch(self, url: str, check_cancelled: Callable[[], None]) -> bytes:
        file = RangeFile(url, "the genes", timeout_seconds=self._timeout, instead=_INSTEAD)
        try:
            return file.read_whole(check_cancelled=check_cancelled)
        finally:
            file.close()

    def _checked(self, content: bytes) -> dict[str, Any]:
        try:
            answer = json.loads(content)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise GenomeOfflineError(
                f"Something other than the UCSC service answered at {self._host} (a sign-in page of this network, "
                f"perhaps); sign in and try again, or {_INSTEAD}."
            )
        if "error" in answer:
            raise AnnotationError(
                f"{self._host} refuses the question for genes; check the assembly {self._assembly!r}."
            )
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
    together: list[Transcript] = []
    reach = 0
    last = ("", "", "")
    for symbol, transcript in transcripts:
        place = transcript.interval
        if together and last == (symbol, place.chrom, place.strand) and place.start < reach:
            together.append(transcript)
            reach = max(reach, place.end)
            continue
        genes += _gene(last[0], together, reach)
        together, reach, last = [transcript], place.end, (symbol, place.chrom, place.strand)
    return (*genes, *_gene(last[0], together, reach))


def _gene(symbol: str, transcripts: list[Transcript], end: int) -> list[Gene]:
    """The gene of its transcripts, which are sorted by start; none of none."""
    if not transcripts:
        return []
    whole = replace(transcripts[0].interval, end=end)
    return [Gene(symbol, "", whole, "", tuple(transcripts))]


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
