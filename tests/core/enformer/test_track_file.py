"""The table of tracks: read, fetched once, checked, and done without when there is no network."""

from __future__ import annotations

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.enformer import track_file
from core.enformer.track_file import (
    COUNTS,
    CURATED,
    HUMAN_BLOCKS,
    HUMAN_FILE,
    curated_tracks,
    known_tracks,
    parse_tracks,
    track_table,
)
from core.errors import JobCancelledError, TrackTableError, TrackTableOfflineError
from core.settings import Settings
from tests.core.genome.range_server import Faults, RangeServer

HEADER = "index\tgenome\tidentifier\tfile\tclip\tscale\tsum_stat\tdescription\n"


@pytest.fixture(scope="module")
def published(test_data: Path) -> bytes:
    return (test_data / "enformer" / "targets_human.txt").read_bytes()


@pytest.fixture
def server(published: bytes):
    with RangeServer({HUMAN_FILE.name: published}) as server:
        yield server


def options(folder: Path, server: RangeServer | None = None) -> Settings:
    url = server.url(HUMAN_FILE.name) if server else f"http://127.0.0.1:9/{HUMAN_FILE.name}"
    return Settings(cache_folder=folder, targets_url=url)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def lines(*rows: str) -> bytes:
    return (HEADER + "".join(f"{row}\n" for row in rows)).encode()


def row(
    index: int, description: str = "DNASE:K562", clip: str = "32", scale: str = "2", statistic: str = "mean"
) -> str:
    return f"{index}\t0\tENCFF000AAA\tfile\t{clip}\t{scale}\t{statistic}\t{description}"


def test_the_pin_is_that_of_the_published_file(published: bytes) -> None:
    assert (len(published), hashlib.sha256(published).hexdigest()) == (HUMAN_FILE.size_bytes, HUMAN_FILE.oid)


def test_fetched_once_then_from_disk(tmp_path: Path, server: RangeServer) -> None:
    seen: list[float] = []
    table = track_table("human", options(tmp_path, server), on_progress=seen.append)
    assert (len(table), table.assembly, table[4828].biosample) == (
        5313,
        "hg38",
        "chronic myelogenous leukemia cell line:K562",
    )
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert names(tmp_path) == [HUMAN_FILE.name]
    assert len(server.requests) == 1
    assert track_table("human", options(tmp_path)) is table  # with no network, and not parsed again
    assert len(server.requests) == 1


@pytest.mark.parametrize("damage", [lambda d: d[:-1], lambda d: b"", lambda d: d.replace(b"K562", b"K563", 1)])
def test_a_damaged_copy_is_fetched_again(tmp_path: Path, server: RangeServer, published: bytes, damage) -> None:
    track_table("human", options(tmp_path, server))
    path = tmp_path / "enformer" / HUMAN_FILE.name
    path.write_bytes(damage(published))
    with pytest.raises(TrackTableOfflineError):
        track_table("human", options(tmp_path))
    assert known_tracks("human", 5313, options(tmp_path))[5000].identifier == ""
    track_table("human", options(tmp_path, server))
    assert path.read_bytes() == published
    assert len(server.requests) == 2


def test_offline_is_a_sentence_and_the_list_remains(tmp_path: Path) -> None:
    with pytest.raises(TrackTableOfflineError) as raised:
        track_table("human", options(tmp_path))
    assert str(raised.value) == (
        "The names of the 5,313 human tracks could not be fetched: 127.0.0.1:9 cannot be reached, is busy or breaks "
        f"off. Connect and try again; the {len(curated_tracks())} tracks of the bundled list can be used meanwhile."
    )
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Faults(disappear=True), TrackTableOfflineError),
        (Faults(status=503), TrackTableOfflineError),
        (Faults(truncate_after=100_000), TrackTableOfflineError),
        (Faults(status=404), TrackTableError),
        (Faults(status=403), TrackTableError),
        (Faults(text="<html>please sign in</html>"), TrackTableError),
        (Faults(announce_more=5), TrackTableError),
        (Faults(extra_bytes=5), TrackTableError),
    ],
    ids=str,
)
def test_nothing_half_fetched_stays(tmp_path: Path, server: RangeServer, fault: Faults, error: type) -> None:
    server.faults = fault
    with pytest.raises(TrackTableError, match=r"bundled list can be used") as raised:
        track_table("human", options(tmp_path, server))
    assert type(raised.value) is error
    assert "http" not in str(raised.value)
    assert names(tmp_path) == []
    server.mend()
    assert len(track_table("human", options(tmp_path, server))) == 5313


def test_another_file_of_the_same_size_is_refused(tmp_path: Path, server: RangeServer, published: bytes) -> None:
    server.files[HUMAN_FILE.name] = published.replace(b"K562", b"K563", 1)
    with pytest.raises(TrackTableError, match="does not send the published table") as raised:
        track_table("human", options(tmp_path, server))
    assert type(raised.value) is TrackTableError
    assert names(tmp_path) == []


def test_cancelled_while_the_server_is_silent(tmp_path: Path, server: RangeServer) -> None:
    server.faults = Faults(silent_after=100_000)
    stop = threading.Event()

    def check() -> None:
        if stop.is_set():
            raise JobCancelledError("stopped")

    with pytest.raises(JobCancelledError):
        track_table("human", options(tmp_path, server), on_progress=lambda _: stop.set(), check_cancelled=check)
    assert names(tmp_path) == []
    server.closing.set()


def test_several_at_once(tmp_path: Path, server: RangeServer) -> None:
    with ThreadPoolExecutor(4) as pool:
        tables = list(pool.map(lambda _: track_table("human", options(tmp_path, server)), range(4)))
    assert {table.digest for table in tables} == {tables[0].digest}
    assert names(tmp_path) == [HUMAN_FILE.name]


def test_a_cache_that_cannot_be_written(tmp_path: Path, server: RangeServer) -> None:
    (tmp_path / "enformer").write_text("a file where the folder should be")
    assert len(track_table("human", options(tmp_path, server))) == 5313


def test_a_full_disk_is_a_sentence(tmp_path: Path, server: RangeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(track_file.tempfile, "TemporaryDirectory", full)
    with pytest.raises(TrackTableError, match=r"\(No space left on device\); make room"):
        track_table("human", options(tmp_path, server))


def test_the_bundled_list_is_the_published_table(published: bytes) -> None:
    full, curated = parse_tracks(published, "human", ""), curated_tracks()
    assert 40 <= len(curated) <= 120
    assert [full[track.index] for track in curated] == list(curated)
    for target in ("CTCF", "H3K4me3", "H3K27me3", "H3K36me3"):
        for cells in ("K562", "GM12878", "HepG2"):
            assert curated.select(target=target, biosample=cells)
    for organ in ("brain", "heart", "liver"):
        assert any(track.biosample.startswith(f"{organ}, adult") for track in curated.select(assay="CAGE"))
    assert (CURATED.parent / "README.md").read_text(encoding="utf-8").count("targets_human.txt") == 1


def test_known_tracks_never_use_the_network(tmp_path: Path, server: RangeServer, published: bytes) -> None:
    offline = known_tracks("human", 5313, options(tmp_path, server))
    full = parse_tracks(published, "human", "")
    assert [(t.assay, t.statistic, t.clip, t.scale, t.unit) for t in offline] == [
        (t.assay, t.statistic, t.clip, t.scale, t.unit) for t in full
    ]
    assert offline[4828] == full[4828]
    assert (offline[17].label, offline[17].identifier) == ("DNase (17)", "")
    assert offline.sets() == full.sets()
    assert sum(block.count for block in HUMAN_BLOCKS) == COUNTS["human"]
    assert server.requests == []
    track_table("human", options(tmp_path, server))
    assert known_tracks("human", 5313, options(tmp_path)).digest == full.digest


@pytest.mark.parametrize(("head", "count"), [("human", 10), ("human", 5312), ("mouse", 1643), ("fly", 5313)])
def test_other_heads_have_numbers_only(tmp_path: Path, head: str, count: int) -> None:
    table = known_tracks(head, count, options(tmp_path))
    assert (len(table), table.head, table[count - 1].description) == (count, head, f"track {count - 1}")


def test_the_mouse_table_is_never_fetched_but_read_where_it_is_put(tmp_path: Path, server: RangeServer) -> None:
    with pytest.raises(TrackTableError, match=r"shown by number; put targets_mouse\.txt of calico/basenji"):
        track_table("mouse", options(tmp_path, server))
    path = tmp_path / "enformer" / "targets_mouse.txt"
    path.parent.mkdir()
    path.write_bytes(lines(*(row(5313 + i, f"DNASE:C57BL/6 {i}") for i in range(1643))))
    table = track_table("mouse", options(tmp_path, server))
    assert (len(table), table.assembly, table[0].biosample, table[1642].index) == (1643, "mm10", "C57BL/6 0", 1642)
    assert "sha256" in table.source
    assert known_tracks("mouse", 1643, options(tmp_path)).digest == table.digest
    assert known_tracks("mouse", 12, options(tmp_path))[0].assay == ""
    path.write_bytes(lines(row(0), row(1)))
    with pytest.raises(TrackTableError, match=r"has 2 tracks, but the mouse head has 1,643"):
        track_table("mouse", options(tmp_path, server))
    assert known_tracks("mouse", 1643, options(tmp_path))[0].description == "track 0"
    with path.open("wb") as file:
        file.truncate(track_file.MAX_BYTES + 1)
    with pytest.raises(TrackTableError, match="far too long"):
        track_table("mouse", options(tmp_path, server))
    assert server.requests == []


def test_no_such_head(tmp_path: Path) -> None:
    with pytest.raises(TrackTableError, match="'fly'; give human or mouse"):
        track_table("fly", options(tmp_path))


def test_the_layout_is_read_by_column_name() -> None:
    shuffled = b"description\tclip\tindex\tidentifier\tsum_stat\tscale\nCAGE:liver, \t384\t0\tCNhs1\tsum\t1\n"
    track = parse_tracks(shuffled, "human", "")[0]
    assert (track.assay, track.biosample, track.statistic, track.clip) == ("CAGE", "liver,", "sum", 384)
    windows = parse_tracks(b"\xef\xbb\xbf" + lines(row(0), row(1)).replace(b"\n", b"\r\n"), "human", "")
    assert [track.description for track in windows] == ["DNASE:K562"] * 2
    odd = parse_tracks(
        lines(row(0, "RNA:liver", "", "", "avg"), row(1, "CHIP:.:a: b"), row(2, "CHIP:CTCF:a:b")), "h", ""
    )
    assert [(t.assay, t.target, t.biosample) for t in odd] == [
        ("", "", "RNA:liver"),
        ("CHIP", "", "a: b"),
        ("CHIP", "CTCF", "a:b"),
    ]
    assert (odd[0].clip, odd[0].scale, odd[0].unit) == (None, None, "mean coverage per base")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "has no column 'index'"),
        (HEADER.encode(), "has no line below its column names"),
        (b"\xff\xfe\x00", "is no text file"),
        (b"\x89PNG\r\n", "is no text file|has no column"),
        (b"<html>\n<body>", "has no column 'index'"),
        (HEADER.replace("sum_stat", "stat").encode() + row(0).encode(), "has no column 'sum_stat'"),
        (lines(row(0), "1\t0\tENCFF"), "Line 3 of the table of tracks has 3 columns instead of 8"),
        (lines(row(0), row(2)), "Line 3 of the table of tracks has the index 2 out of order"),
        (lines(row(0), row(0)), "Line 3 of the table of tracks has the index 0 out of order"),
        (lines(row(5), row(4)), "has the index 4 out of order"),
        (lines(row(0).replace("0", "-1", 1)), "the index '-1'; a whole number"),
        (lines(row(0).replace("0", "²", 1)), "the index '²'; a whole number"),
        (lines(row(0, clip="high")), "the clip 'high'; a number above 0"),
        (lines(row(0, scale="nan")), "the scale 'nan'; a number above 0"),
        (lines(row(0, scale="0")), "the scale '0'; a number above 0"),
        (lines(row(0, statistic="sum_sqrt")), "the sum_stat 'sum_sqrt'; mean and sum are known"),
    ],
)
def test_no_such_table(data: bytes, sentence: str) -> None:
    with pytest.raises(TrackTableError, match=sentence):
        parse_tracks(data, "human", "")
