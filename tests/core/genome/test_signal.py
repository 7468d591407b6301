"""Measured signal: local and remote, against per-base reading, and on files that are none."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from core.errors import GenomeFileError, GenomeOfflineError, InvalidLocusError, JobCancelledError, SignalError
from core.genome import Interval
from core.genome.range_file import RangeFile
from core.genome.signal import BigWig
from tests.core.genome.range_server import Faults, RangeServer

NAME = "bigwig_chr9_4000000_6000000_K562_H3K27ac.bigwig"
LARGE = "bigwig_chr9_4000000_6000000_K562_H3K4me3.bigwig"  # two blocks
HG19, HG38 = {"chr9": 141_213_431}, {"chr9": 138_394_717}
PLACE = Interval("chr9", 4_500_000, 4_500_000 + 196_608)


@pytest.fixture(scope="module")
def folder(test_data: Path) -> Path:
    return test_data / "tracks" / "hg19_chr9"


@pytest.fixture
def server(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RangeServer]:
    defaults = dict(RangeFile.__init__.__kwdefaults__)
    monkeypatch.setattr(RangeFile.__init__, "__kwdefaults__", {**defaults, "pauses_seconds": (0.0,)})
    files = {"a.bw": (folder / NAME).read_bytes(), "large.bw": (folder / LARGE).read_bytes()}
    with RangeServer(files=files) as running:
        yield running


def test_a_toy_file_by_hand(tmp_path: Path) -> None:
    import pybigtools

    path = tmp_path / "toy.bw"
    writer = pybigtools.open(str(path), "w")
    writer.write({"chr1": 20}, iter([("chr1", 2, 6, 3.0), ("chr1", 18, 20, 8.0)]))
    signal = BigWig(path)
    assert dict(signal.contigs) == {"chr1": 20}
    # Bases 2-5 hold 3, bases 18 and 19 hold 8, all others nothing, which counts as 0.
    found = signal.read([Interval("1", 0, 20)], 4)
    assert found.dtype == np.float32
    assert found.tolist() == [[1.5, 1.5, 0, 0, 4]]
    two = signal.read([Interval("chr1", -4, 8), Interval("chr1", 12, 24)], 4)
    assert np.array_equal(two, [[np.nan, 1.5, 1.5], [0, 4, np.nan]], equal_nan=True)
    assert signal.read([], 4).shape == (0, 1)
    with pytest.raises(InvalidLocusError, match=r"no chromosome 'chr2' in toy\.bw"):
        signal.read([Interval("chr2", 0, 4)], 4)
    for intervals, size in [
        ([Interval("chr1", 0, 10)], 4),
        ([Interval("chr1", 0, 4), Interval("chr1", 0, 8)], 4),
        ([Interval("chr1", 0, 4)], 0),
    ]:
        with pytest.raises(SignalError, match="give places of one width, a multiple of the bin"):
            signal.read(intervals, size)
    signal.check_assembly({"chr1": 20, "chr2": 5}, "toy")
    with pytest.raises(SignalError, match="another assembly than toy: its chr1 has 20 base pairs instead of 21"):
        signal.check_assembly({"1": 21}, "toy")
    with pytest.raises(SignalError, match="has no chromosome of toy"):
        signal.check_assembly({"chrZ": 5}, "toy")
    signal.close()


def test_the_real_file_local_and_remote(folder: Path, server: RangeServer, tmp_path: Path) -> None:
    import pybigtools

    local = BigWig(folder / NAME)
    found = local.read([PLACE, PLACE.shift(128)])
    assert found.shape == (2, 1_536)
    assert np.array_equal(found[0, 1:], found[1, :-1])
    with (folder / NAME).open("rb") as file:
        base = pybigtools.open(file).values("chr9", PLACE.start, PLACE.end, fillna=0)
    assert found[0, 7] == np.float32(base[7 * 128 : 8 * 128].mean())
    assert found.max() > 5
    remote = BigWig(server.url("a.bw"), cache_folder=tmp_path)
    assert np.array_equal(remote.read([PLACE, PLACE.shift(128)]), found)
    assert server.sent_bytes <= 1 + len(server.files["a.bw"])
    with ThreadPoolExecutor(4) as pool:
        assert all(np.array_equal(rows, found[:1]) for rows in pool.map(remote.read, [[PLACE]] * 8))
    remote.close()
    server.faults = Faults(disappear=True)
    again = BigWig(server.url("a.bw"), cache_folder=tmp_path)  # from the disk cache
    assert np.array_equal(again.read([PLACE]), found[:1])
    again.close()
    del local
    gc.collect()


@pytest.mark.parametrize(
    ("name", "right", "wrong", "sentence"),
    [
        (NAME, HG19, HG38, "has 141,213,431 base pairs instead of 138,394,717"),
        (NAME.replace("27ac", "27me3"), HG19, HG38, "has 141,213,431 base pairs instead of 138,394,717"),
        (NAME.replace("H3K27ac", "RNA"), HG19, HG38, "has 141,213,431 base pairs instead of 138,394,717"),
        (LARGE, HG38, HG19, "has 138,394,717 base pairs instead of 141,213,431"),
        ("bigwig_chr9_4000000_6000000.bw", HG38, HG19, "has 138,394,717 base pairs instead of 141,213,431"),
    ],
)
def test_the_real_files_and_their_assemblies(
    folder: Path, server: RangeServer, tmp_path: Path, name: str, right: dict, wrong: dict, sentence: str
) -> None:
    server.files[name] = (folder / name).read_bytes()
    local, remote = BigWig(folder / name), BigWig(server.url(name), cache_folder=tmp_path)
    found = local.read([PLACE])
    assert np.isfinite(found).all()
    assert found.max() > 0
    assert np.array_equal(remote.read([PLACE]), found)
    for signal in (local, remote):
        signal.check_assembly(right, "mine")
        with pytest.raises(SignalError, match=f"is of another assembly than yours: its chr9 {sentence}; give a file"):
            signal.check_assembly(wrong, "yours")
        signal.close()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"disappear": True}, GenomeOfflineError),
        ({"truncate_after": 100}, GenomeOfflineError),
        ({"announce_more": 5}, GenomeOfflineError),
        ({"extra_bytes": 3}, GenomeOfflineError),
        ({"no_content_range": True}, GenomeOfflineError),
        ({"encoding": "gzip"}, GenomeOfflineError),
        ({"silent_after": 0}, GenomeOfflineError),
        ({"status": 500}, GenomeOfflineError),
        ({"status": 503}, GenomeOfflineError),
        ({"status": 404}, GenomeFileError),
        ({"status": 403}, GenomeFileError),
        ({"redirect": "a.bw"}, GenomeFileError),
        ({"ignore_range": True}, GenomeFileError),
        ({"text": "<html>sign in</html>"}, GenomeFileError),
        ({"wrong_total": 9, "after": 1}, GenomeFileError),
        ({"growing_total": 9}, GenomeFileError),
    ],
    ids=str,
)
@pytest.mark.parametrize("opened", [False, True], ids=["opening", "reading"])
def test_faults_of_the_server(server: RangeServer, tmp_path: Path, fault: dict, error: type, opened: bool) -> None:
    """While it is opened (its first byte, then its beginning) and while it is read."""
    late = Interval("chr9", 5_500_000, 5_500_000 + 196_608)
    server.files["a.bw"] = server.files["large.bw"]
    signal = None
    timeout = 0.4 if "silent_after" in fault else 10.0
    if opened:
        BigWig(server.url("a.bw"), cache_folder=tmp_path).close()  # so that a busy machine has time to open
        signal = BigWig(server.url("a.bw"), cache_folder=tmp_path, timeout_seconds=timeout)
        fault = {**fault, "after": 0}
    server.faults = Faults(**fault)
    with pytest.raises(error) as caught:
        signal.read([late]) if signal else BigWig(server.url("a.bw"), cache_folder=tmp_path, timeout_seconds=timeout)
    assert str(caught.value).endswith(".")
    if signal:
        signal.close()
    server.mend()
    signal = BigWig(server.url("a.bw"), cache_folder=tmp_path)
    assert signal.read([PLACE]).shape == (1, 1_536)
    signal.close()


def test_no_bigwig(folder: Path, tmp_path: Path) -> None:
    content = (folder / NAME).read_bytes()
    with pytest.raises(SignalError, match=r"none\.bw cannot be opened \(No such file or directory\)"):
        BigWig(tmp_path / "none.bw")
    for name, data in [("empty.bw", b""), ("text.bw", b"chr1\t0\t5\n" * 50), ("half.bw", content[:1000])]:
        (tmp_path / name).write_bytes(data)
        with pytest.raises(SignalError, match=f"{name} is no bigWig file, or is damaged; fetch the file again"):
            BigWig(tmp_path / name).read([PLACE])
    damaged = bytearray(content)
    damaged[5_000:60_000] = bytes(55_000)
    (tmp_path / "damaged.bw").write_bytes(damaged)
    with pytest.raises(SignalError, match=r"damaged\.bw is no bigWig file, or is damaged"):
        BigWig(tmp_path / "damaged.bw").read([Interval("chr9", 4_000_000, 4_000_000 + 128 * 5_000)])
    gc.collect()


def test_slow_but_sound_and_cancelled(server: RangeServer, tmp_path: Path) -> None:
    places = [PLACE.shift(300_000 * n) for n in range(-1, 4)]
    server.faults = Faults(chunk_delay=0.08)  # a block takes 1.3 s, longer than the longest silence
    told: list[float] = []
    signal = BigWig(server.url("large.bw"), cache_folder=tmp_path, timeout_seconds=0.8, on_progress=told.append)
    assert len(told) > 5  # while its beginning arrived
    assert set(told) == {0.0}
    told.clear()
    assert signal.read(places, on_progress=told.append).shape == (5, 1_536)
    assert told == sorted(told)
    assert set(told) >= {0.0, 0.2, 0.4, 0.6, 0.8, 1.0}
    signal.close()

    def stop(fraction: float) -> None:
        if len(told) > 3:
            raise JobCancelledError("Stopped.")
        told.append(fraction)

    told.clear()
    with pytest.raises(JobCancelledError):
        BigWig(server.url("a.bw"), cache_folder=tmp_path, on_progress=stop)
    signal = BigWig(server.url("a.bw"), cache_folder=tmp_path)
    told.clear()
    with pytest.raises(JobCancelledError):
        signal.read(places, on_progress=stop)
    assert len(told) == 4
    assert signal.read(places).shape == (5, 1_536)  # and it goes on
    signal.close()


def test_a_redirect_and_damaged_blocks(server: RangeServer, tmp_path: Path) -> None:
    server.faults = Faults(only="moved", redirect="large.bw")
    signal = BigWig(server.url("moved.bw"), cache_folder=tmp_path)
    expected = signal.read([PLACE])
    signal.close()
    server.mend()
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(kept) == 3  # the version and two blocks
    for damage in (lambda d: b"", lambda d: d[:-5], lambda d: d[:90] + b"X" + d[91:]):
        for path in kept:
            path.write_bytes(damage(path.read_bytes()))
        server.files["moved.bw"] = server.files["large.bw"]
        signal = BigWig(server.url("moved.bw"), cache_folder=tmp_path)
        assert np.array_equal(signal.read([PLACE]), expected)
        signal.close()


def test_changed_on_the_server(server: RangeServer, tmp_path: Path) -> None:
    signal = BigWig(server.url("large.bw"), cache_folder=tmp_path)
    server.files["large.bw"] = server.files["a.bw"]
    with pytest.raises(GenomeFileError, match=r"large\.bw has changed on its server since; open it again"):
        signal.read([PLACE.shift(1_000_000)])
    signal.close()
    signal = BigWig(server.url("large.bw"), cache_folder=tmp_path)
    signal.check_assembly(HG19, "hg19")
    signal.close()


def test_other_bytes_than_asked_for(server: RangeServer, tmp_path: Path) -> None:
    signal = BigWig(server.url("large.bw"), cache_folder=tmp_path)
    server.faults = Faults(wrong_start=True)
    with pytest.raises(GenomeOfflineError, match=r"sends something else of large\.bw than it announces"):
        signal.read([PLACE.shift(1_000_000)])
    signal.close()


def test_cut_short_on_the_server(server: RangeServer, tmp_path: Path) -> None:
    server.files["half.bw"] = server.files["large.bw"][:300_000]
    with pytest.raises(SignalError, match=r"half\.bw is no bigWig file, or is damaged; fetch the file again"):
        BigWig(server.url("half.bw"), cache_folder=tmp_path).read([PLACE.shift(1_000_000)])
    gc.collect()
