"""Measured signal: local and remote, against per-base reading, and on files that are none."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from core.errors import GenomeFileError, GenomeOfflineError, InvalidLocusError, SignalError
from core.genome import Interval
from core.genome.range_file import RangeFile
from core.genome.signal import BigWig
from tests.core.genome.range_server import Faults, RangeServer

NAME = "bigwig_chr9_4000000_6000000_K562_H3K27ac.bigwig"
PLACE = Interval("chr9", 4_500_000, 4_500_000 + 196_608)


@pytest.fixture(scope="module")
def folder(test_data: Path) -> Path:
    return test_data / "tracks" / "hg19_chr9"


@pytest.fixture
def server(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RangeServer]:
    defaults = dict(RangeFile.__init__.__kwdefaults__)
    monkeypatch.setattr(RangeFile.__init__, "__kwdefaults__", {**defaults, "pauses_seconds": (0.0,)})
    with RangeServer({"a.bw": (folder / NAME).read_bytes()}) as running:
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


def test_assemblies_of_the_real_files(folder: Path) -> None:
    for name, assembly in [(NAME, {"chr9": 141_213_431}), (NAME.replace("27ac", "4me3"), {"chr9": 138_394_717})]:
        signal = BigWig(folder / name)
        signal.check_assembly(assembly, "right")
        with pytest.raises(SignalError, match="another assembly"):
            signal.check_assembly({"chr9": 5}, "wrong")
        signal.close()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"disappear": True}, GenomeOfflineError),
        ({"truncate_after": 100}, GenomeOfflineError),
        ({"announce_more": 5}, GenomeOfflineError),
        ({"status": 503}, GenomeOfflineError),
        ({"status": 404}, GenomeFileError),
        ({"ignore_range": True}, GenomeFileError),
        ({"wrong_total": 9}, GenomeFileError),
    ],
    ids=str,
)
@pytest.mark.parametrize("after", [0, 1])
def test_faults_of_the_server(server: RangeServer, tmp_path: Path, fault: dict, error: type, after: int) -> None:
    server.faults = Faults(after=after, **fault)
    if fault == {"wrong_total": 9} and after == 0:
        return  # consistently longer: a file cut short, which pybigtools need not notice
    with pytest.raises(error) as caught:
        BigWig(server.url("a.bw"), cache_folder=tmp_path)
    assert str(caught.value).endswith(".")
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
