"""Truth on disk: the same numbers, found again by another process, never another place's."""

from __future__ import annotations

import numpy as np
import pytest

from core.genome import Interval
from core.settings import settings
from core.teaching.playground import kept_truth as module
from core.teaching.playground.kept_truth import kept_truth
from core.teaching.playground.world import World, world

PLACE = Interval("sim1", 128 * 4000, 128 * 4064)


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("ATTENDOME_CACHE", str(tmp_path))
    settings.cache_clear()
    kept_truth.cache_clear()
    yield
    settings.cache_clear()
    kept_truth.cache_clear()


def test_the_same_numbers_from_disk_without_computing_them_again(monkeypatch):
    first = kept_truth(PLACE)
    np.testing.assert_array_equal(first, world().truth(PLACE))
    kept_truth.cache_clear()  # as another process

    def never(*_):
        raise AssertionError("computed again")

    monkeypatch.setattr(World, "truth", never)
    np.testing.assert_array_equal(kept_truth(PLACE), first)
    with pytest.raises(AssertionError):
        kept_truth(Interval("sim1", 128 * 4001, 128 * 4065))


def test_other_code_is_another_entry(monkeypatch):
    first = kept_truth(PLACE)
    kept_truth.cache_clear()
    monkeypatch.setattr(module, "_code", lambda: "changed")
    monkeypatch.setattr(World, "truth", lambda *_: first + 1)
    np.testing.assert_array_equal(kept_truth(PLACE), first + 1)


def test_a_damaged_entry_is_computed_again(tmp_path):
    first = kept_truth(PLACE)
    kept_truth.cache_clear()
    for path in (tmp_path / "playground").rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes()[:-7] + b"damaged")
    np.testing.assert_array_equal(kept_truth(PLACE), first)
