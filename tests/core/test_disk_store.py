"""Pieces on disk: bounded, checked, and never in the way."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from core.disk_store import DiskStore


def kept_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_there_and_back(tmp_path: Path) -> None:
    store = DiskStore(tmp_path / "new", 10_000)
    assert store.get("a", "1") is None
    for content in (b"", b"ACGT", bytes(range(256))):
        store.put("a", "1", content)
        assert store.get("a", "1") == content
        assert DiskStore(tmp_path / "new", 10_000).get("a", "1") == content
    store.remove("a", "1")
    store.remove("a", "1")
    assert store.get("a", "1") is None


def test_the_longest_unused_goes_first(tmp_path: Path) -> None:
    store = DiskStore(tmp_path, 1_000)
    for number in range(4):
        store.put("a", str(number), bytes(200))
        os.utime(tmp_path / "a" / str(number), (number + 1, number + 1))
    assert store.get("a", "0") is not None  # used just now
    store.put("b", "new", bytes(200))
    assert kept_bytes(tmp_path) <= 1_000
    assert store.get("a", "1") is None
    assert store.get("a", "0") is not None
    assert store.get("b", "new") is not None


def test_what_other_programs_wrote_counts(tmp_path: Path) -> None:
    DiskStore(tmp_path, 10**9).put("a", "1", bytes(5_000))
    DiskStore(tmp_path, 1_000).put("a", "2", bytes(100))
    assert kept_bytes(tmp_path) <= 1_000


def test_a_larger_piece_than_all_is_let_go(tmp_path: Path) -> None:
    store = DiskStore(tmp_path, 100)
    store.put("a", "1", bytes(5_000))
    assert kept_bytes(tmp_path) == 0


def test_damage_counts_as_missing(tmp_path: Path) -> None:
    store = DiskStore(tmp_path, 10_000)
    path = tmp_path / "a" / "1"
    for damage in (
        lambda d: b"",
        lambda d: d[:-1],
        lambda d: d + b"x",
        lambda d: b"X" + d[1:],
        lambda d: d[:-1] + b"x",
    ):
        store.put("a", "1", b"ACGT")
        path.write_bytes(damage(path.read_bytes()))
        assert store.get("a", "1") is None
        assert not path.exists()
    store.put("a", "1", b"ACGT")
    path.rename(tmp_path / "a" / "2")
    assert store.get("a", "2") is None  # sound, but of another name


def test_old_drafts_are_swept(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for name, age in (("old.draft", 7_200), ("new.draft", 0)):
        (tmp_path / "a" / name).write_bytes(bytes(50))
        os.utime(tmp_path / "a" / name, (time.time() - age,) * 2)
    DiskStore(tmp_path, 10_000).put("a", "1", b"A")
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["1", "new.draft"]


def test_many_threads(tmp_path: Path) -> None:
    store = DiskStore(tmp_path, 3_000)

    def work(number: int) -> bool:
        store.put("a", str(number % 7), bytes([number % 7]) * 300)
        return store.get("a", str(number % 7)) in (None, bytes([number % 7]) * 300)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(300)))
    assert kept_bytes(tmp_path) <= 3_000


def test_large_pieces_of_several_programs_stay_within_the_bound(tmp_path: Path) -> None:
    stores = [DiskStore(tmp_path, 1_000_000) for _ in range(3)]  # each knows of the others' pieces by counting alone
    for number in range(30):
        for who, store in enumerate(stores):
            store.put("a", f"{who}-{number}", bytes(60_000))
            assert kept_bytes(tmp_path) <= 1_060_000
