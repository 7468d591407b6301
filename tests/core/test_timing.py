"""Estimates from earlier runs."""

from __future__ import annotations

import pytest

from core.timing import KEPT, MAX_KINDS, Timings


def test_the_median_of_the_latest_runs_survives_a_restart(tmp_path):
    path = tmp_path / "cache" / "timings.json"
    timings = Timings(path)
    assert timings.estimate("model on cpu") is None
    for seconds in (90, 10, 11, 12, 40, 13):
        timings.record("model on cpu", seconds)
    assert KEPT == 5
    assert Timings(path).estimate("model on cpu") == 12  # of 10, 11, 12, 40, 13
    assert [found.name for found in path.parent.iterdir()] == ["timings.json"]


@pytest.mark.parametrize("text", ["", "[1]", '{"a": 3}', '{"a": ["x"]}', '{"a": [NaN]}', '{"a": [1'])
def test_a_damaged_file_counts_as_empty_and_is_replaced(tmp_path, text):
    path = tmp_path / "timings.json"
    path.write_text(text)
    timings = Timings(path)
    assert timings.estimate("a") is None
    timings.record("a", 2)
    assert Timings(path).estimate("a") == 2


def test_it_stays_small_and_a_folder_that_cannot_be_written_is_no_fault(tmp_path):
    (tmp_path / "file").write_text("")
    timings = Timings(tmp_path / "file" / "timings.json")
    for number in range(MAX_KINDS + 1):
        timings.record(str(number), number)
    assert timings.estimate("0") is None
    assert timings.estimate(str(MAX_KINDS)) == MAX_KINDS
    with pytest.raises(ValueError, match="seconds"):
        timings.record("a", float("nan"))
