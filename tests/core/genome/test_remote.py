"""A remote FASTA against a server that is sound, slow, truncating, lying, changing or gone."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from core.errors import (
    GenomeFileError,
    GenomeOfflineError,
    InvalidLocusError,
    JobCancelledError,
    SettingsError,
    UnknownGenomeError,
)
from core.genome import Interval, Reference, open_genome
from core.genome.range_file import RangeFile
from core.genome.remote import BLOCK_BYTES, RemoteFasta
from core.settings import Settings, read_settings
from tests.core.genome.range_server import Faults, RangeServer

WIDTH = 50
LETTERS = {
    "chr1": "".join(random.Random(1).choices("ACGTacgtN", k=700_003)),
    "chr2": "".join(random.Random(2).choices("ACGT", k=600_000)),
}


def fasta_and_index(letters: dict[str, str]) -> tuple[bytes, bytes]:
    """The two files, the index written by hand."""
    fasta, index = b"", b""
    for name, sequence in letters.items():
        fasta += f">{name}\n".encode()
        index += f"{name}\t{len(sequence)}\t{len(fasta)}\t{WIDTH}\t{WIDTH + 1}\n".encode()
        fasta += b"".join(sequence[i : i + WIDTH].encode() + b"\n" for i in range(0, len(sequence), WIDTH))
    return fasta, index


@pytest.fixture(scope="module")
def content() -> tuple[bytes, bytes]:
    return fasta_and_index(LETTERS)


@pytest.fixture
def server(content: tuple[bytes, bytes]) -> Iterator[RangeServer]:
    with RangeServer({"toy.fa": content[0], "toy.fa.fai": content[1]}) as running:
        yield running


@pytest.fixture
def open_remote(server: RangeServer, tmp_path: Path) -> Iterator[Callable[..., RemoteFasta]]:
    opened = []

    def make(name: str = "toy.fa", **options: Any) -> RemoteFasta:
        options = {"cache_folder": tmp_path / "cache", "timeout_seconds": 10.0, **options}
        opened.append(RemoteFasta(server.url(name), **options))
        return opened[-1]

    yield make
    for genome in opened:
        genome.close()


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    import inspect

    defaults = dict(RangeFile.__init__.__kwdefaults__)
    assert "pauses_seconds" in inspect.signature(RangeFile).parameters
    monkeypatch.setattr(RangeFile.__init__, "__kwdefaults__", {**defaults, "pauses_seconds": (0.0, 0.0)})


def test_letters_over_blocks_and_lines(open_remote: Callable[..., RemoteFasta]) -> None:
    genome = open_remote()
    assert isinstance(genome, Reference)
    assert dict(genome.contigs) == {"chr1": 700_003, "chr2": 600_000}
    assert genome.name == "toy.fa"
    draw = random.Random(3)
    edges = [b * BLOCK_BYTES * WIDTH // (WIDTH + 1) for b in (1, 2)]
    places = [(name, draw.randrange(-20, len(LETTERS[name]))) for name in LETTERS for _ in range(40)]
    places += [("chr1", edge + by) for edge in edges for by in range(-8, 8)]
    for name, start in places:
        interval = Interval(name, start, start + draw.choice([1, 2, 49, 50, 51, 30_000]))
        if interval.end <= 0:
            continue
        inside = LETTERS[name][max(0, start) : interval.end].upper()
        assert genome.fetch(interval) == ("N" * -min(0, start) + inside).ljust(interval.width_bp, "N")
    assert genome.fetch(Interval("2", 0, 600_000)) == LETTERS["chr2"]
    with pytest.raises(InvalidLocusError, match="lies outside chr2"):
        genome.fetch(Interval("chr2", 600_000, 600_001))
    with pytest.raises(InvalidLocusError, match=r"no chromosome 'chr3' in toy\.fa"):
        genome.fetch(Interval("chr3", 0, 1))


def test_only_what_is_looked_at_is_fetched(server: RangeServer, open_remote: Callable[..., RemoteFasta]) -> None:
    genome = open_remote()
    genome.fetch(Interval("chr1", 0, 1_000))
    assert server.requests == [("toy.fa.fai", None), ("toy.fa", f"bytes=0-{BLOCK_BYTES - 1}")]
    server.mend()
    genome.fetch(Interval("chr1", 300_000, 310_000))
    assert server.requests == [("toy.fa", f"bytes={BLOCK_BYTES}-{2 * BLOCK_BYTES - 1}")]
    assert server.sent_bytes == BLOCK_BYTES
    genome.fetch(Interval("chr1", 300_000, 310_000))
    assert len(server.requests) == 1


def test_a_later_session_needs_no_network(server: RangeServer, open_remote: Callable[..., RemoteFasta]) -> None:
    first = open_remote()
    place = Interval("chr1", 300_000, 320_000)
    letters = first.fetch(place)
    server.requests.clear()
    server.faults = Faults(disappear=True)
    second = open_remote()
    assert second.fetch(place) == letters
    assert second.identity == first.identity
    assert not server.requests
    with pytest.raises(GenomeOfflineError, match="cannot be reached from this machine"):
        second.fetch(Interval("chr2", 0, 10))
    server.mend()
    assert second.fetch(Interval("chr2", 0, 10)) == LETTERS["chr2"][:10]


def test_a_damaged_piece_is_fetched_again(
    server: RangeServer, open_remote: Callable[..., RemoteFasta], tmp_path: Path
) -> None:
    place = Interval("chr1", 0, 500_000)
    letters = open_remote().fetch(place)
    pieces = [path for path in (tmp_path / "cache").glob("*/*") if path.is_file()]
    assert len(pieces) == 3  # the index and two blocks
    for damage in (lambda d: b"", lambda d: d[:-5], lambda d: d[:500] + b"X" + d[501:], lambda d: d + b"A"):
        for path in pieces:
            path.write_bytes(damage(path.read_bytes()))
        assert open_remote().fetch(place) == letters
    # A sound block under the name of another is no sound block.
    blocks = sorted(path for path in pieces if path.name != "index")
    blocks[1].write_bytes(blocks[0].read_bytes())
    server.requests.clear()
    assert open_remote().fetch(place) == letters
    assert len(server.requests) == 1


def test_the_disk_cache_is_bounded(
    server: RangeServer, open_remote: Callable[..., RemoteFasta], tmp_path: Path
) -> None:
    bound = 3 * BLOCK_BYTES
    genome = open_remote(max_cache_bytes=bound)
    for start in range(0, 700_000, 200_000):
        genome.fetch(Interval("chr1", start, start + 10))
    genome.fetch(Interval("chr2", 599_000, 599_010))
    kept = sum(path.stat().st_size for path in (tmp_path / "cache").rglob("*") if path.is_file())
    assert BLOCK_BYTES < kept <= bound
    assert genome.fetch(Interval("chr1", 0, 700_003)) == LETTERS["chr1"].upper()


def test_a_cache_that_cannot_be_written_costs_speed_only(
    open_remote: Callable[..., RemoteFasta], tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("a file where the folder should be")
    genome = open_remote(cache_folder=tmp_path / "taken" / "cache")
    assert genome.fetch(Interval("chr1", 5, 10)) == LETTERS["chr1"][5:10].upper()


PASSING = [
    {"disappear": True},
    {"truncate_after": 1000},
    {"truncate_after": 0},
    {"announce_more": 7},
    {"wrong_total": 5},
    {"wrong_start": True},
    {"no_content_range": True},
    {"extra_bytes": 3},
    {"status": 503},
    {"status": 429},
]


def name_of(fault: dict[str, Any]) -> str:
    return "-".join(f"{name}-{value}" for name, value in fault.items())


@pytest.mark.parametrize("fault", PASSING, ids=name_of)
def test_a_fault_that_passes_is_not_noticed(
    server: RangeServer, open_remote: Callable[..., RemoteFasta], fault: dict[str, Any]
) -> None:
    genome = open_remote()
    server.faults = Faults(only="toy.fa", times=1, **fault)
    assert genome.fetch(Interval("chr1", 300_000, 300_010)) == LETTERS["chr1"][300_000:300_010].upper()


@pytest.mark.parametrize(
    ("fault", "error", "sentence"),
    [
        ({"disappear": True}, GenomeOfflineError, "cannot be reached from this machine or breaks off; connect"),
        ({"truncate_after": 1000}, GenomeOfflineError, "breaks off|something else"),
        ({"announce_more": 7}, GenomeOfflineError, "something else of toy.fa than it announces"),
        ({"wrong_start": True}, GenomeOfflineError, "something else of toy.fa than it announces"),
        ({"no_content_range": True}, GenomeOfflineError, "something else of toy.fa"),
        ({"extra_bytes": 3}, GenomeOfflineError, "something else of toy.fa"),
        ({"status": 503}, GenomeOfflineError, r"cannot answer now \(status 503\)"),
        ({"silent_after": 1000}, GenomeOfflineError, "was silent for 0.3 s"),
        ({"silent_after": 0}, GenomeOfflineError, "was silent for 0.3 s"),
        ({"ignore_range": True}, GenomeFileError, r"only as a whole \(it ignores Range\)"),
        ({"text": "<html>sign in</html>"}, GenomeFileError, "only as a whole"),
        ({"status": 404}, GenomeFileError, r"does not have toy.fa \(status 404\)"),
        ({"status": 403}, GenomeFileError, r"refuses to send toy.fa \(status 403\)"),
        ({"status": 416}, GenomeFileError, "is empty; check its address, or use a genome file"),
        ({"status": 500}, GenomeOfflineError, r"cannot answer now \(status 500\)"),
        ({"encoding": "gzip"}, GenomeOfflineError, "something else of toy.fa than it announces"),
        ({"redirect": "toy.fa"}, GenomeFileError, "sends requests for toy.fa in circles; check its address"),
        ({"redirect": "none.fa"}, GenomeFileError, r"does not have toy.fa \(status 404\)"),
        ({"growing_total": 5}, GenomeFileError, "keeps changing"),
    ],
    ids=lambda value: name_of(value) if isinstance(value, dict) else None,
)
def test_a_lasting_fault_is_one_sentence(
    server: RangeServer,
    open_remote: Callable[..., RemoteFasta],
    fault: dict[str, Any],
    error: type[Exception],
    sentence: str,
) -> None:
    open_remote()  # so that a busy machine has time to open
    genome = open_remote(timeout_seconds=0.3 if "silent_after" in fault else 10.0)
    server.faults = Faults(only="toy.fa", **fault)
    server.sent_bytes = 0
    with pytest.raises(error, match=sentence) as caught:
        genome.fetch(Interval("chr1", 300_000, 300_010))
    assert str(caught.value).endswith(".")
    assert server.sent_bytes < 5 * BLOCK_BYTES + len(server.files["toy.fa"]) * ("ignore_range" in fault)
    server.mend()
    assert genome.fetch(Interval("chr1", 300_000, 300_010)) == LETTERS["chr1"][300_000:300_010].upper()


@pytest.mark.parametrize("fault", [{"disappear": True}, {"ignore_range": True}, {"status": 500}, {"truncate_after": 9}])
@pytest.mark.parametrize("only", ["toy.fa", ".fai"])
def test_faults_while_opening_leave_nothing_behind(
    server: RangeServer, open_remote: Callable[..., RemoteFasta], tmp_path: Path, fault: dict[str, Any], only: str
) -> None:
    server.faults = Faults(only=only, **fault)
    if fault == {"ignore_range": True} and only == ".fai":
        open_remote()  # the index is asked for as a whole anyway
        return
    with pytest.raises((GenomeOfflineError, GenomeFileError)):
        open_remote()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    server.mend()
    assert open_remote().fetch(Interval("chr1", 0, 3)) == LETTERS["chr1"][:3].upper()


def test_disappearing_for_good(content: tuple[bytes, bytes], tmp_path: Path) -> None:
    with RangeServer({"toy.fa": content[0], "toy.fa.fai": content[1]}) as server:
        genome = RemoteFasta(server.url("toy.fa"), cache_folder=tmp_path)
        genome.fetch(Interval("chr1", 0, 10))
    with pytest.raises(GenomeOfflineError, match=r"cannot be reached .* or use a genome file on this disk"):
        genome.fetch(Interval("chr2", 0, 10))
    assert genome.fetch(Interval("chr1", 20, 30)) == LETTERS["chr1"][20:30].upper()
    genome.close()
    with pytest.raises(GenomeOfflineError, match=r"127\.0\.0\.1:9, which has the index of toy.fa, cannot be reached"):
        RemoteFasta("http://127.0.0.1:9/toy.fa", cache_folder=tmp_path / "other")


def test_another_version_on_the_server(server: RangeServer, open_remote: Callable[..., RemoteFasta]) -> None:
    genome = open_remote()
    genome.fetch(Interval("chr1", 0, 10))
    before = genome.identity
    changed = {"chr1": LETTERS["chr2"], "chr5": LETTERS["chr1"]}
    server.files["toy.fa"], server.files["toy.fa.fai"] = fasta_and_index(changed)
    assert genome.fetch(Interval("chr1", 400_000, 400_100)) == LETTERS["chr2"][400_000:400_100]
    assert genome.fetch(Interval("chr1", 0, 10)) == LETTERS["chr2"][:10]  # no old block is used
    assert set(genome.contigs) == {"chr1", "chr5"}
    assert genome.identity != before
    with pytest.raises(InvalidLocusError, match="no chromosome 'chr2'"):
        genome.fetch(Interval("chr2", 0, 10))


def test_a_shorter_version_on_the_server(
    server: RangeServer, open_remote: Callable[..., RemoteFasta], tmp_path: Path
) -> None:
    genome = open_remote()
    server.files["toy.fa"], server.files["toy.fa.fai"] = fasta_and_index({"chr1": "ACGT", "chr2": "GATTACA"})
    assert genome.fetch(Interval("chr2", 0, 7)) == "GATTACA"
    server.files["toy.fa"] = b""
    with pytest.raises(GenomeFileError, match=r"toy\.fa on 127.* is empty; check its address"):
        open_remote(cache_folder=tmp_path / "other")


def test_progress_and_stopping(server: RangeServer, open_remote: Callable[..., RemoteFasta], tmp_path: Path) -> None:
    told: list[float] = []
    genome = open_remote(on_progress=told.append)
    assert set(told) == {0.0}
    told.clear()
    place = Interval("chr1", 300_000, 300_010)
    assert genome.fetch(place, on_progress=told.append) == LETTERS["chr1"][300_000:300_010].upper()
    assert told

    def stop(fraction: float) -> None:
        raise JobCancelledError("Stopped.")

    with pytest.raises(JobCancelledError):
        genome.fetch(Interval("chr2", 300_000, 300_010), on_progress=stop)
    with pytest.raises(JobCancelledError):
        open_remote(cache_folder=tmp_path / "other", on_progress=stop)
    assert not (tmp_path / "other").exists()


def test_a_redirect_and_a_compressed_index(
    server: RangeServer, open_remote: Callable[..., RemoteFasta], tmp_path: Path
) -> None:
    server.faults = Faults(only="toy.fa.fai", encoding="gzip")  # though it was asked not to
    assert open_remote().fetch(Interval("chr2", 0, 10)) == LETTERS["chr2"][:10]
    server.faults = Faults(only="toy.fa.fai", encoding="br")
    with pytest.raises(GenomeOfflineError, match=r"something else of the index of toy\.fa than it announces"):
        open_remote(cache_folder=tmp_path / "other")
    server.files["moved.fa.fai"] = server.files["toy.fa.fai"]
    server.faults = Faults(only="moved.fa", after=1, redirect="toy.fa")  # the index is asked for first
    assert open_remote("moved.fa").fetch(Interval("chr2", 0, 10)) == LETTERS["chr2"][:10]


def test_an_index_of_another_file(server: RangeServer, open_remote: Callable[..., RemoteFasta]) -> None:
    index = server.files["toy.fa.fai"]
    for text, sentence in [
        (b"", "index of toy.fa is empty"),
        (b"<html>sign in</html>", "is damaged or is no .fai file"),
        (b"chr1\t5\n", "is damaged"),
        (b"chr1\t5\t6\t0\t1\n", "is damaged"),
        (b"chr1\t-5\t6\t50\t51\n", "is damaged"),
        (index + index, "is damaged"),
        (index.replace(b"600000", b"900000"), "is of a longer file"),
    ]:
        server.files["toy.fa.fai"] = text
        with pytest.raises(GenomeFileError, match=sentence):
            open_remote()
    for text in (index.replace(b"chr2", b"chr3"), index.replace(b"chr2\t600000\t", b"chr2\t500000\t1")):
        server.files["toy.fa.fai"] = text
        name = "chr3" if b"chr3" in text else "chr2"
        with pytest.raises(GenomeFileError, match=f"does not fit it at {name}|longer file"):
            open_remote().fetch(Interval(name, 0, 10))
    server.files["toy.fa.fai"] = index
    assert open_remote().fetch(Interval("chr2", 0, 10)) == LETTERS["chr2"][:10]


def test_no_plain_fasta(server: RangeServer, open_remote: Callable[..., RemoteFasta]) -> None:
    for name in ("a.fa.gz", "a.2bit", "a.fa.bgz"):
        with pytest.raises(GenomeFileError, match="is compressed, and only a plain FASTA can be read from a server"):
            open_remote(name)
    server.files["b.fa"], server.files["b.fa.fai"] = b"\x1f\x8b" * 50, b"chr1\t50\t6\t50\t51\n"
    with pytest.raises(GenomeFileError, match="is no plain FASTA file"):
        open_remote("b.fa")


def test_a_file_without_a_tag(server: RangeServer, open_remote: Callable[..., RemoteFasta]) -> None:
    server.faults = Faults(no_tag=True)
    assert open_remote().fetch(Interval("chr2", 0, 10)) == LETTERS["chr2"][:10]


def test_slow_but_sound(server: RangeServer, open_remote: Callable[..., RemoteFasta]) -> None:
    genome = open_remote(timeout_seconds=0.8)
    server.faults = Faults(chunk_delay=0.08)  # a block takes 1.3 s, longer than the longest silence
    assert genome.fetch(Interval("chr1", 300_000, 300_010)) == LETTERS["chr1"][300_000:300_010].upper()


def test_too_slow_and_cancelled(server: RangeServer, tmp_path: Path) -> None:
    server.faults = Faults(chunk_delay=0.05)
    file = RangeFile(server.url("toy.fa"), "toy.fa", piece_seconds=0.2)
    with pytest.raises(GenomeOfflineError, match=r"needs more than 0\.2 s for a piece of toy.fa"):
        file.read(0, BLOCK_BYTES)
    asked = 0

    def cancel() -> None:
        nonlocal asked
        asked += 1
        if asked > 3:
            raise JobCancelledError("Stopped.")

    with pytest.raises(JobCancelledError):
        file.read(0, BLOCK_BYTES, check_cancelled=cancel)
    server.mend()
    assert file.read(3, 5)[0] == server.files["toy.fa"][3:8]
    file.close()


def test_several_threads_at_once(server: RangeServer, open_remote: Callable[..., RemoteFasta]) -> None:
    genome = open_remote()
    server.requests.clear()
    place = Interval("chr1", 300_000, 320_000)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(genome.fetch, [place] * 16)) == {LETTERS["chr1"][300_000:320_000].upper()}
        assert len(server.requests) == 1  # one fetches, the others wait for it

        def look(seed: int) -> bool:
            start = random.Random(seed).randrange(0, 590_000)
            return genome.fetch(Interval("chr2", start, start + 900)) == LETTERS["chr2"][start : start + 900]

        assert all(pool.map(look, range(100)))
    assert len(server.requests) <= 6
    server.files["toy.fa"], server.files["toy.fa.fai"] = fasta_and_index({"chr1": LETTERS["chr2"]})
    fresh = Interval("chr1", 550_000, 550_100)
    with ThreadPoolExecutor(4) as pool:
        results = set(pool.map(genome.fetch, [fresh.shift(0)] * 4))
    assert results <= {LETTERS["chr2"][550_000:550_100], LETTERS["chr1"][550_000:550_100].upper()}


def test_opening_by_name(server: RangeServer, content: tuple[bytes, bytes], tmp_path: Path) -> None:
    options = read_settings({"ATTENDOME_CACHE": str(tmp_path / "cache"), "ATTENDOME_HG38_URL": server.url("toy.fa")})
    assert options.hg38_index_url == server.url("toy.fa.fai")
    for wanted in (None, "hg38", "GRCh38"):
        genome = open_genome(wanted, options=options)
        assert (genome.name, genome.assembly) == ("hg38", "hg38")
        assert genome.fetch(Interval("chr2", 0, 5)) == LETTERS["chr2"][:5]
        genome.close()
    genome = open_genome(server.url("toy.fa"), options=options, assembly="toy1")
    assert (genome.name, genome.assembly) == ("toy.fa", "toy1")
    genome.close()
    (tmp_path / "local.fa").write_bytes(content[0])
    genome = open_genome(tmp_path / "local.fa", options=options)
    assert genome.fetch(Interval("chr2", 0, 5)) == LETTERS["chr2"][:5]
    assert (tmp_path / "cache" / "genome" / "indexes").is_dir()
    genome.close()
    with pytest.raises(UnknownGenomeError, match="'hg91' is neither a known genome nor a file; give hg38"):
        open_genome("hg91", options=options)


def test_settings() -> None:
    default = Settings()
    assert default.hg38_url.startswith("https://")
    assert default.hg38_index_url == f"{default.hg38_url}.fai"
    found = read_settings(
        {
            "ATTENDOME_GENOME": "/data/mine.fa",
            "ATTENDOME_HG38_URL": "https://example.org/hg38.fa",
            "ATTENDOME_HG38_INDEX_URL": "https://example.org/other.fai",
            "ATTENDOME_GENOME_CACHE_MB": "50",
        }
    )
    assert (found.genome, found.hg38_url) == ("/data/mine.fa", "https://example.org/hg38.fa")
    assert (found.hg38_index_url, found.genome_cache_bytes) == ("https://example.org/other.fai", 50_000_000)
    for name, value in [
        ("ATTENDOME_HG38_URL", "hg38.fa"),
        ("ATTENDOME_HG38_INDEX_URL", "ftp://example.org/a"),
        ("ATTENDOME_UCSC_URL", "ucsc.edu"),
        ("ATTENDOME_GENOME_CACHE_MB", "0"),
    ]:
        with pytest.raises(SettingsError, match=f"^{name} is '.*; give "):
            read_settings({name: value})


def test_the_real_megabase_over_the_network(
    test_data: Path, server: RangeServer, open_remote: Callable[..., RemoteFasta], tmp_path: Path
) -> None:
    packed = test_data / "genome" / "hg38_chr1_1mb.fa.gz"
    server.files["real.fa"] = gzip.decompress(packed.read_bytes())
    server.files["real.fa.fai"] = packed.with_name(packed.name + ".fai").read_bytes()
    genome = open_remote("real.fa", assembly="hg38")
    local = open_genome(packed, options=Settings(cache_folder=tmp_path / "local"))
    window = Interval("chr1", 10_000, 206_608)
    server.mend()
    letters = genome.fetch(window)
    assert len(letters) == 196_608
    assert "N" not in letters
    assert letters == local.fetch(window)
    assert server.sent_bytes <= BLOCK_BYTES
    overhang = Interval("1", 900_000, 1_096_608)
    assert genome.fetch(overhang) == local.fetch(overhang)
    assert genome.fetch(overhang).endswith("N" * 96_608)
    local.close()
