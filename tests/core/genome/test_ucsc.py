"""Genes from a service that answers as UCSC's does, and from one that does not."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.errors import (
    AnnotationError,
    GenomeFileError,
    GenomeOfflineError,
    InvalidLocusError,
    JobCancelledError,
    UnknownGeneError,
)
from core.genome import Interval
from core.genome.locate import locate
from core.genome.range_file import MAX_WHOLE_BYTES, RangeFile
from core.genome.ucsc import FRESH_DAYS, REST_SECONDS, TRACK, UcscGenes
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
        search_path("One"): found(("chr1:101-500", "ONE (NM_1)")),
        search_path("zzz"): found(("chr1:101-500", "ONE mentions zzz")),
        search_path("on"): found(("chr1:101-500", "ONE (NM_1)")),
    }
    with RangeServer(files) as running:
        yield running


@pytest.fixture
def genes(server: RangeServer, tmp_path: Path) -> Callable[..., UcscGenes]:
    options = {"url": server.url(""), "cache_folder": tmp_path}
    return lambda timeout_seconds=10.0: UcscGenes(CONTIGS, timeout_seconds=timeout_seconds, **options)


def test_genes_of_a_window(server: RangeServer, genes: Callable[..., UcscGenes]) -> None:
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


def test_finding_a_gene(genes: Callable[..., UcscGenes]) -> None:
    assert genes().find("one").interval == Interval("chr1", 100, 500, "-")
    assert [gene.symbol for gene in genes().search("one")] == ["ONE", "ONETWO"]
    assert genes().search("") == ()
    with pytest.raises(UnknownGeneError, match=r"no gene 'zzz' among the RefSeq genes of hg38 .*; type another symbol"):
        genes().find("zzz")
    with pytest.raises(UnknownGeneError, match="type one such as ONE") as caught:
        genes().find("on")
    assert caught.value.nearest == ("ONE",)


def test_what_cannot_be_asked(genes: Callable[..., UcscGenes]) -> None:
    with pytest.raises(InvalidLocusError, match="no chromosome 'chr7'"):
        genes().genes_in(Interval("chr7", 0, 5))
    with pytest.raises(InvalidLocusError, match=r"too wide .* at most 7 Mb"):
        genes().genes_in(Interval("chr2", 0, 9_000_000))


@pytest.mark.parametrize(
    ("fault", "error", "sentence"),
    [
        ({"disappear": True}, GenomeOfflineError, "cannot be reached .* give a file of genes"),
        ({"status": 503}, GenomeOfflineError, r"cannot answer now \(status 503\)"),
        ({"status": 500}, GenomeOfflineError, r"cannot answer now \(status 500\)"),
        ({"status": 429}, GenomeOfflineError, r"cannot answer now \(status 429\)"),
        ({"status": 400}, GenomeFileError, "refuses to send the genes"),
        ({"status": 403}, GenomeFileError, r"refuses to send the genes \(status 403\)"),
        ({"status": 404}, GenomeFileError, r"does not have the genes \(status 404\)"),
        ({"redirect": tile_path(0, 1_000_000)}, GenomeFileError, "sends requests for the genes in circles; check"),
        ({"silent_after": 5}, GenomeOfflineError, "was silent for 0.5 s; try again later, or give a file of genes"),
        ({"extra_bytes": 10}, GenomeOfflineError, "Something other than the UCSC service"),
        ({"encoding": "br"}, GenomeOfflineError, "something else of the genes than it announces"),
        ({"encoding": "gzip", "truncate_after": 30}, GenomeOfflineError, "give a file of genes"),
        ({"announce_more": MAX_WHOLE_BYTES}, GenomeFileError, "sends too much for the genes"),
        ({"text": "9" * 9_000}, GenomeOfflineError, "Something other than the UCSC service"),
        ({"text": "[" * 100_000}, GenomeOfflineError, "Something other than the UCSC service"),
        ({"text": json.dumps({TRACK: [ONE]})[:-4]}, GenomeOfflineError, "Something other than the UCSC service"),
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
    server: RangeServer, genes: Callable[..., UcscGenes], fault: dict, error: type[Exception], sentence: str
) -> None:
    server.faults = Faults(**fault)
    with pytest.raises(error, match=sentence) as caught:
        genes(0.5 if "silent_after" in fault else 10.0).genes_in(Interval("chr1", 0, 500))
    assert str(caught.value).endswith(".")
    assert len(server.requests) <= (31 if "redirect" in fault else 2)  # as often as the fixture's pauses allow
    server.mend()
    assert genes().genes_in(Interval("chr1", 0, 500))[0].symbol == "ONE"  # nothing wrong was kept


@pytest.mark.parametrize(
    "fault",
    [
        {"disappear": True},
        {"status": 503},
        {"truncate_after": 20},
        {"redirect": tile_path(0, 1_000_000)},
        {"encoding": "gzip"},
        {"no_length": True},
    ],
    ids=str,
)
def test_a_fault_that_passes_is_not_noticed(server: RangeServer, genes: Callable[..., UcscGenes], fault: dict) -> None:
    server.faults = Faults(times=1, **fault)
    assert genes().genes_in(Interval("chr1", 0, 500))[0].symbol == "ONE"


def test_a_huge_answer(server: RangeServer, genes: Callable[..., UcscGenes]) -> None:
    server.faults = Faults(text=" " * (MAX_WHOLE_BYTES + 1), no_length=True)
    with pytest.raises(GenomeOfflineError, match="sends something else of the genes than it announces"):
        genes().genes_in(Interval("chr1", 0, 500))
    server.mend()
    rows = [{**ONE, "name": f"NM_{n}", "txEnd": 500 + n} for n in range(20_000)]
    server.files[tile_path(0, 1_000_000)] = json.dumps({TRACK: rows}).encode()
    (gene,) = genes().genes_in(Interval("chr1", 0, 500))
    assert len(gene.transcripts) == 20_000


def test_slow_but_sound_and_cancelled(server: RangeServer, genes: Callable[..., UcscGenes]) -> None:
    server.files[tile_path(0, 1_000_000)] += b" " * 200_000
    server.faults = Faults(chunk_delay=0.08)
    told: list[float] = []
    begin = time.monotonic()
    assert len(genes(0.8).genes_in(Interval("chr1", 0, 1_200_000), on_progress=told.append)) == 2
    assert time.monotonic() - begin > 0.8  # longer than the longest silence
    assert set(told) == {0.0, 0.5}
    assert told == sorted(told)

    def stop(fraction: float) -> None:
        told.append(fraction)
        if len(told) > 3:
            raise JobCancelledError("Stopped.")

    for call in (
        lambda: genes().genes_in(Interval("chr2", 0, 500), on_progress=stop),
        lambda: genes().find("one", on_progress=stop),
        lambda: genes().search("one", on_progress=stop),
        lambda: locate("one", Toy, genes(), on_progress=stop),
    ):
        with pytest.raises(JobCancelledError):
            call()


class Toy:
    name, contigs = "toy", CONTIGS


def test_a_gene_typed_into_the_box(genes: Callable[..., UcscGenes]) -> None:
    assert locate(" One ", Toy, genes(), width_bp=100).centre == 499
    with pytest.raises(UnknownGeneError, match="type one such as ONE"):
        locate("on", Toy, genes())


@pytest.mark.parametrize("matches", ['"x"', '["x"]', '[{"matches": ["x"]}]', '[{"matches": 5}]', "7"])
def test_a_malformed_search(server: RangeServer, genes: Callable[..., UcscGenes], matches: str) -> None:
    server.faults = Faults(only="search", text=f'{{"positionMatches": {matches}}}')
    with pytest.raises(AnnotationError, match=r"127\.0\.0\.1:\d+ gives places that cannot be read; try again later"):
        genes().find("one")
    server.mend()
    assert genes().find("one").symbol == "ONE"


def test_old_answers(server: RangeServer, genes: Callable[..., UcscGenes], monkeypatch: pytest.MonkeyPatch) -> None:
    place = Interval("chr1", 0, 500)
    ours = genes()
    assert ours.genes_in(place)[0].interval.end == 500
    server.files[tile_path(0, 1_000_000)] = json.dumps({TRACK: [ONE]}).encode()  # UCSC changes its mind
    server.requests.clear()
    now, later = time.time(), time.monotonic()
    monkeypatch.setattr("core.genome.ucsc.time.time", lambda: now + (FRESH_DAYS - 1) * 86_400)
    assert ours.genes_in(place)[0].interval.end == 500
    assert not server.requests
    assert ours.note == ""
    # Old, and no network: shown all the same, and said.
    monkeypatch.setattr("core.genome.ucsc.time.time", lambda: now + (FRESH_DAYS + 1) * 86_400)
    server.faults = Faults(disappear=True)
    assert ours.genes_in(place)[0].interval.end == 500
    day = time.strftime("%Y-%m-%d", time.gmtime(now))
    assert ours.note == f"127.0.0.1:{server.port} cannot be reached, so genes that it gave on {day} are shown."
    asked = len(server.requests)
    assert ours.genes_in(place)
    assert len(server.requests) == asked  # not asked again at once
    with pytest.raises(GenomeOfflineError):
        ours.genes_in(Interval("chr1", 1_100_000, 1_200_000))  # nothing old for this place
    # The network is back.
    server.mend()
    monkeypatch.setattr("core.genome.ucsc.time.monotonic", lambda: later + 2 * REST_SECONDS)
    assert ours.genes_in(place)[0].interval.end == 400
    assert (ours.note, len(server.requests)) == ("", 1)
    # A clock that was wrong: what comes from the future is old.
    monkeypatch.setattr("core.genome.ucsc.time.time", lambda: now)
    ours.genes_in(place)
    assert len(server.requests) == 2


def test_damaged_answers_on_the_disk(server: RangeServer, genes: Callable[..., UcscGenes], tmp_path: Path) -> None:
    place = Interval("chr1", 0, 500)
    expected = genes().genes_in(place)
    (kept,) = (path for path in tmp_path.rglob("*") if path.is_file())
    good = kept.read_bytes()
    for damage in (b"", good[:20], good[:-3], good.replace(b"ONE", b"TWO")):
        kept.write_bytes(damage)
        assert genes().genes_in(place) == expected
    assert len(server.requests) == 5
