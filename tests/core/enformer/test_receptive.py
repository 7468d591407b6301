"""Which bases reach which bins: by hand, and by changing each base of a window."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.enformer.parts import parts_of
from core.enformer.receptive import affected_bins, bases_of_bins, reaches, spans
from core.enformer.tower import tower
from tests.core.enformer.engine_toys import small

CPU = torch.device("cpu")


def parts_with(halvings: int):
    return parts_of(small(num_downsamples=halvings, dim=24, heads=1, depth=0, dim_divisible_by=2), CPU)


def test_enformers_own_geometry():
    parts = parts_with(7)
    assert reaches(parts) == (7, 2, 2, 2, 2, 2, 2)
    # 7 + 2 * 2 * (1 + 2 + 4 + 8 + 16 + 32) = 259 bases on either side of a bin's own 128
    assert bases_of_bins(parts, 448, 449) == (448 * 128 - 259, 449 * 128 + 259)
    first, stop = zip(
        *(affected_bins(parts, 128 * 448 + base, 128 * 448 + base + 1) for base in range(128)), strict=True
    )
    assert (min(first), max(stop)) == (445, 452)
    assert {b - a for a, b in zip(first, stop, strict=True)} == {5, 6}


@pytest.mark.parametrize("halvings", [3, 4, 5])
def test_changed_bins_are_the_affected_ones(halvings):
    parts = parts_with(halvings)
    size, bins = parts.bin_size_bp, 14
    random = np.random.default_rng(halvings)
    encoded = torch.from_numpy(np.eye(4, dtype=np.float32)[random.integers(0, 4, size * bins)])
    changed = encoded.repeat(size * bins, 1, 1)
    for base in range(size * bins):
        changed[base, base] = changed[base, base].roll(1)
    with torch.inference_mode():
        apart = (tower(parts, changed) - tower(parts, encoded[None])).abs().amax(dim=2).numpy()
    for base in range(size * bins):
        first, stop = affected_bins(parts, base, base + 1)
        first, stop = max(0, first), min(bins, stop)
        outside = np.r_[0:first, stop:bins]
        assert (apart[base, outside] < 1e-5).all(), "a bin changed that was not named"
        assert (apart[base, [first, stop - 1]] > 0).all(), "a bin was named that does not change"
        left, right = bases_of_bins(parts, first, stop)
        assert left <= base < right


def test_longer_changes_and_ranges_past_the_window():
    parts = parts_with(4)
    one, other = affected_bins(parts, 100, 101), affected_bins(parts, 180, 181)
    assert affected_bins(parts, 100, 181) == (one[0], other[1])
    assert affected_bins(parts, 0, 1)[0] < 0
    assert bases_of_bins(parts, 0, 1)[0] == -bases_of_bins(parts, 0, 1)[1] + 16
    moved = affected_bins(parts, 100 + 16 * 5, 101 + 16 * 5)
    assert moved == (one[0] + 5, one[1] + 5)


def test_spans_end_where_the_window_does():
    parts = parts_with(3)
    inner = spans(parts, 8 * 40, 10, 20)
    assert all((span.left, span.right) == (0, 0) for span in inner)
    assert (inner[0].start, inner[0].stop) == bases_of_bins(parts, 10, 20)
    whole = spans(parts, 8 * 40, 0, 40)
    assert [(span.start, span.positions, span.left, span.right) for span in whole] == [
        (0, 320, 7, 7),
        (0, 160, 2, 2),
        (0, 80, 2, 2),
    ]
    left = spans(parts, 8 * 40, 0, 5)
    assert [(span.left, span.right) for span in left] == [(7, 0), (2, 0), (2, 0)]
    same = spans(parts, 8 * 90, 30, 40)
    assert [span.positions for span in same] == [span.positions for span in inner]


@pytest.mark.parametrize(("length", "first", "stop"), [(320, 3, 3), (320, -1, 2), (320, 0, 41), (321, 0, 2)])
def test_bins_that_are_not_there(length, first, stop):
    with pytest.raises(ValueError, match=f"of a window of {length} bases"):
        spans(parts_with(3), length, first, stop)
