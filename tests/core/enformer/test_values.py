"""`TrackSet`: shapes, reading, places."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.cards import Provenance
from core.enformer.tracks import Track
from core.enformer.values import TrackSet
from core.errors import SelectionError
from core.genome import Interval

TRACKS = (Track(4, "ENCFF000AAA", "DNASE:K562"), Track(1, "", "track 1"))


def track_set(**given: Any) -> TrackSet:
    fields = {
        "values": np.arange(6, dtype=np.float32).reshape(3, 2),
        "tracks": TRACKS,
        "bin_size_bp": 128,
        "provenance": Provenance("toy", "0", "random"),
        "interval": Interval("chr1", 1280, 1280 + 384),
        "head": "human",
        "sequence_digest": "0" * 64,
    }
    return TrackSet(**(fields | given))


def test_columns_by_track_and_by_index():
    found = track_set()
    assert (found.bins, len(found), found.nbytes) == (3, 2, 24)
    assert found.column(4).tolist() == found.column(TRACKS[0]).tolist() == [0, 2, 4]
    assert found.column(1).tolist() == [1, 3, 5]
    assert found.spread_of(1) is None
    with pytest.raises(SelectionError, match="Track 0 of the human head is not among the 2 predicted here"):
        found.column(0)


def test_spread():
    spread = np.full((3, 2), 0.5, np.float32)
    found = track_set(spread=spread, spread_kind="standard deviation over runs", runs=("forward", "reverse complement"))
    assert found.spread_of(TRACKS[1]).tolist() == [0.5] * 3
    assert found.nbytes == 48
    with pytest.raises(ValueError, match="read-only"):
        found.spread[0] = 1


def test_places_of_bins():
    found = track_set()
    assert found.bin_interval(2) == Interval("chr1", 1536, 1664)
    assert found.bin_interval(0).locus == "chr1:1,281-1,408"
    with pytest.raises(SelectionError, match="Bin 3 does not exist: there are bins 0 to 2"):
        found.bin_interval(3)
    with pytest.raises(SelectionError, match="not known"):
        track_set(interval=None).bin_interval(0)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"values": np.zeros((3, 2))}, "type float64"),
        ({"values": np.zeros(3, np.float32)}, "shape"),
        ({"values": np.zeros((3, 3), np.float32)}, "3 columns for 2 tracks"),
        ({"interval": Interval("chr1", 0, 383)}, "3 bins of 128 bp do not cover chr1:1-383"),
        ({"spread": np.zeros((3, 2), np.float32)}, "needs a kind"),
        ({"spread_kind": "range"}, "needs a kind"),
        ({"spread": np.zeros((2, 2), np.float32), "spread_kind": "range"}, "spread"),
        ({"runs": ()}, "at least one run"),
        ({"first_bin": -1}, "a place"),
    ],
)
def test_shapes_are_checked(given, message):
    with pytest.raises(ValueError, match=message):
        track_set(**given)
