"""Genes from a service that answers as UCSC's does, and from one that does not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.errors import AnnotationError, GenomeFileError, GenomeOfflineError, InvalidLocusError, UnknownGeneError
from core.genome import Interval
from core.genome.range_file import RangeFile
from core.genome.ucsc import TRACK, UcscGenes
from tests.core.genome.range_server import Faults, RangeServer

CONTIGS = {"chr1": 1_500_000, "chr2": 50_000_000}


def row(name: str, symbol: str, strand: str, exons: list[tuple[int, int]], coding: tuple[int, int]) -> dict:
    starts, ends = ("".join(f"{place}," for place in side) for side in zip(*exons, strict=True))
    return {
        "name": name,
        "chrom": "chr1",
        "strand": strand,
        "txStart": exons[0][0],
        "txEnd": exons[-1][1],
        "cdsStart": coding[0],
        "cdsEnd": coding[1],
        "exonCount": len(exons),
        "exonStarts": starts,
        "exonEnds": ends,
        "name2": symbol,
    }


ONE = row("NM_1", "ONE", "-", [(100, 200), (300, 400)], (150, 350))
ONE_LONG = row("NM_2", "ONE", "-", [(100, 200), (300, 500)], (150, 350))
TWO = row("NR_3", "ONETWO", "+", [(999_900, 1_000_100)], (1_000_100, 1_000_100))


def tile_path(start: int, end: int, chrom: str = "chr1") -> str:
    return f"getData/track?genome=hg38;track={TRACK};chrom={chrom};start={start};end={end}"


def search_path(text: str) -> str:
    return f"search?search={text};genome=hg38"


def found(*matches: tuple[str, str]) -> bytes:
    listed = [{"position": position, "posName": name} for position, name in matches]
    return json.dumps({"genome": "hg38", "positionMatches": [{"name": "knownGene", "matches": listed}]}).encode()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[RangeServer]:
    defaults = dict(RangeFile.__init__.__kwdefaults__)
    monkeypatch.setattr(RangeFile.__init__, "__kwdefaults__", {**defaults, "pauses_seconds": (0.0,)})
    files = {
        tile_path(0, 1_000_000): json.dumps({TRACK: [ONE, ONE_LONG, TWO], "itemsReturned": 3}).encode(),
        tile_path(1_000_000, 1_500_000): json.dumps({TRACK: [TWO], "itemsReturned": 1}).encode(),
        search_path("one"): found(
            ("chr1:101-500", "ONE (NM_1)"), ("chr1_alt:5-9", "ONE"), ("chr1:999901-1000100", "ONETWO (x)"), ("?", "ONE")
        ),
        search_path("zzz"): found(("chr1:101-500", "ONE mentions zzz")),
        search_path("on"): found(("chr1:101-500", "ONE (NM_1)")),
    }
    with RangeServer(files) as running:
        yield running


@pytest.fixture
def genes(server: RangeServer, tmp_path: Path) -> Callable[[], UcscGenes]:
    return lambda: UcscGenes(CONTIGS, url=server.url(""), cache_folder=tmp_path)


def test_genes_of_a_window(server: RangeServer, genes: Callable[[], UcscGenes]) -> None:
    first, second = genes().genes_in(Interval("1", 0, 1_200_000))
    assert (first.symbol, first.interval, first.tss) == ("ONE", Interval("chr1", 100, 500, "-"), 499)
    assert [t.identifier for t in first.transcripts] == ["NM_1", "NM_2"]
    assert first.transcripts[0].exons == (Interval("chr1", 100, 200, "-"), Interval("chr1", 300, 400, "-"))
    assert first.transcripts[0].coding == Interval("chr1", 150, 350, "-")
    # Over the edge of two pieces, given by both, shown once; without a coding part.
    assert (second.symbol, len(second.transcripts), second.transcripts[0].coding) == ("ONETWO", 1, None)
    assert len(server.requests) == 2
    assert genes().genes_in(Interval("chr1", 400, 450)) == (first,)  # from the disk
    assert not genes().genes_in(Interval("chr1", 500, 600))
    assert not genes().genes_in(Interval("chr1", -50, 10))
    assert len(server.requests) == 2


def test_finding_a_gene(genes: Callable[[], UcscGenes]) -> None:
    assert genes().find("one").interval == Interval("chr1", 100, 500, "-")
    assert [gene.symbol for gene in genes().search("one")] == ["ONE", "ONETWO"]
    assert genes().search("") == ()
    with pytest.raises(UnknownGeneError, match=r"no gene 'zzz' among the RefSeq genes of hg38 .*; type another symbol"):
        genes().find("zzz")
    with pytest.raises(UnknownGeneError, match="type one such as ONE") as caught:
        genes().find("on")
    assert caught.value.nearest == ("ONE",)


def test_what_cannot_be_asked(genes: Callable[[], UcscGenes]) -> None:
    with pytest.raises(InvalidLocusError, match="no chromosome 'chr7'"):
        genes().genes_in(Interval("chr7", 0, 5))
    with pytest.raises(InvalidLocusError, match=r"too wide .* at most 7 Mb"):
        genes().genes_in(Interval("chr2", 0, 9_000_000))


@pytest.mark.parametrize(
    ("fault", "error", "sentence"),
    [
        ({"disappear": True}, GenomeOfflineError, "cannot be reached .* give a file of genes"),
        ({"status": 503}, GenomeOfflineError, r"cannot answer now \(status 503\)"),
        ({"status": 400}, GenomeFileError, "refuses to send the genes"),
        ({"truncate_after": 20}, GenomeOfflineError, "give a file of genes"),
        ({"announce_more": 5}, GenomeOfflineError, "give a file of genes"),
        ({"text": "<html>sign in</html>"}, GenomeOfflineError, "Something other than the UCSC service .*sign-in page"),
        ({"text": "[1, 2]"}, GenomeOfflineError, "Something other than the UCSC service"),
        ({"text": '{"error": "no such genome"}'}, AnnotationError, "refuses the question"),
        ({"text": "{}"}, AnnotationError, "does not give all genes of chr1:1-1,000,000"),
        ({"text": json.dumps({TRACK: [ONE], "maxItemsLimit": True})}, AnnotationError, "does not give all genes"),
        ({"text": json.dumps({TRACK: ["x"]})}, AnnotationError, "does not give all genes"),
        ({"text": json.dumps({TRACK: [{"name": "x", "txStart": 5}]})}, AnnotationError, "a gene that cannot be read"),
    ],
    ids=str,
)
def test_faults_of_the_service(
    server: RangeServer, genes: Callable[[], UcscGenes], fault: dict, error: type[Exception], sentence: str
) -> None:
    server.faults = Faults(**fault)
    with pytest.raises(error, match=sentence) as caught:
        genes().genes_in(Interval("chr1", 0, 500))
    assert str(caught.value).endswith(".")
