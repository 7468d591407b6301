"""Windows side by side: they abut, cover, and stay where they are."""

from __future__ import annotations

import numpy as np
import pytest

from core.enformer.tiling import WindowGrid
from core.errors import InvalidLocusError, SequenceError
from core.genome.interval import Interval


def grid(start: int = 40_000, contig_bp: int = 200_000) -> WindowGrid:
    """256 bins read, 192 predicted."""
    anchor = Interval("chr1", start, start + 256 * 128)
    return WindowGrid.around(anchor, bin_size_bp=128, own_bins=192, contig_bp=contig_bp)


def test_window_0_is_the_one_that_was_asked_for_and_the_others_abut():
    made = grid()
    assert made.window(0) == made.anchor
    assert made.seen(0) == Interval("chr1", 40_000 + 32 * 128, 40_000 + 224 * 128)
    for number in range(-5, 5):
        assert made.seen(number).end == made.seen(number + 1).start
        assert made.window(number).contains(made.seen(number))
        assert made.window(number).width_bp == made.anchor.width_bp


def test_a_stretch_is_covered_by_no_more_windows_than_it_needs():
    rng = np.random.default_rng(0)
    for _ in range(300):
        made = grid(int(rng.integers(-20_000, 180_000)))
        start = float(rng.uniform(-10_000, 190_000))
        end = start + float(rng.uniform(1, 120_000))
        found = made.covering(start, end)
        low, high = max(0.0, start), min(200_000.0, end)
        overlapping = [n for n in range(-30, 31) if made.seen(n).start < high and made.seen(n).end > low]
        assert list(found) == (overlapping if low < high else [])


def test_nothing_outside_the_chromosome_is_predicted():
    made = grid()
    assert not made.covering(-5000, 0)
    assert not made.covering(200_000, 300_000)
    every = made.covering(-1e9, 1e9)
    assert made.seen(every[0]).start <= 0 < made.seen(every[0]).end
    assert made.seen(every[-1]).start < 200_000 <= made.seen(every[-1]).end
    assert made.shown(every[0]).start == 0
    assert made.shown(every[-1]).end == 200_000
    with pytest.raises(InvalidLocusError):
        made.shown(every[0] - 2)


def test_the_nearest_come_first_and_there_are_never_too_many():
    made = grid()
    middle = (made.seen(0).start + made.seen(0).end) / 2
    assert made.nearest(middle - 40_000, middle + 40_000) == (0, -1, 1, -2, 2)
    assert len(grid(1_000_000, 250_000_000).nearest(0, 250_000_000)) == 8
    assert made.nearest(middle - 40_000, middle + 40_000, most=2) == (0, -1)
    assert made.nearest(500_000, 600_000) == ()


def test_what_a_model_cannot_read_is_refused():
    with pytest.raises(SequenceError, match="no whole number of bins"):
        WindowGrid.around(Interval("chr1", 0, 1000), bin_size_bp=128, own_bins=4, contig_bp=5000)
    with pytest.raises(SequenceError, match="cannot be predicted"):
        WindowGrid(Interval("chr1", 0, 1280), 640, 768, 5000)
