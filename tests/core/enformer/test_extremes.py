"""The tracks that stand out in a window."""

from __future__ import annotations

import numpy as np
import pytest

from core.cards import Provenance
from core.enformer.extremes import extremes
from core.enformer.tracks import Track, TrackTable
from core.enformer.values import TrackSet
from core.errors import SelectionError
from core.genome import Interval

TRACKS = (
    Track(0, "a", "DNASE:K562", "DNASE", "", "K562", "mean"),
    Track(3, "b", "CAGE:K562", "CAGE", "", "K562", "sum"),
    Track(4, "c", "CAGE:liver", "CAGE", "", "liver", "sum"),
    Track(9, "d", "DNASE:liver", "DNASE", "", "liver", "mean"),
)
TABLE = TrackTable("human", (*TRACKS, Track(10, "e", "more")), "hg38", "")


def made(interval: Interval | None = None) -> TrackSet:
    values = np.array([[2, 0, 0.1, 1], [2, 9, 0.1, 1], [2, 0, 0.1, 1], [2, 0, 0.1, 30]], np.float32)
    return TrackSet(values, TRACKS, 128, Provenance("m", "1", "random"), interval, "human", "x")


def test_the_question_of_the_assignment():
    found = extremes(made(Interval("chr1", 1_000, 1_512)), TABLE)
    assert (found.highest_mean.track.index, found.highest_mean.value) == (9, 8.25)
    assert (found.lowest_mean.track.index, found.lowest_mean.value) == (4, pytest.approx(0.1))
    assert (found.highest_peak.track.index, found.highest_peak.value) == (9, 30)
    assert found.highest_peak.place == Interval("chr1", 1_384, 1_512)
    assert found.sentence == (
        "Among these 4 predicted tracks of the model's 5, over chr1:1,001-1,512. They are in 2 different units: "
        "compare within one assay."
    )


def test_of_what_is_seen_and_of_a_filter():
    whole = made(Interval("chr1", 1_000, 1_512))
    seen = extremes(whole, TABLE, seen=(1_000, 1_400))
    assert (seen.highest_mean.track.index, seen.highest_peak.track.index) == (3, 3)
    assert seen.highest_peak.place == Interval("chr1", 1_128, 1_256)
    assert seen.stretch == Interval("chr1", 1_000, 1_384)
    cage = extremes(whole, TABLE, assay="CAGE")
    assert (cage.compared, cage.units, cage.highest_mean.track.index, cage.lowest_mean.track.index) == (2, 1, 3, 4)
    assert "different units" not in cage.sentence
    liver = extremes(whole, TABLE, assay="DNASE", biosample="liver")
    assert liver.highest_mean == liver.lowest_mean
    complete = extremes(whole, TrackTable("human", TRACKS, "hg38", ""))
    assert complete.sentence.startswith("Among all 4 predicted tracks, over")


def test_what_cannot_be_answered():
    whole = made(Interval("chr1", 1_000, 1_512))
    with pytest.raises(SelectionError, match="No predicted track is of ATAC and K562; choose another filter"):
        extremes(whole, TABLE, assay="ATAC", biosample="K562")
    with pytest.raises(SelectionError, match="Nothing predicted is seen here"):
        extremes(whole, TABLE, seen=(5_000, 6_000))
    with pytest.raises(SelectionError, match="place of this prediction is not known"):
        extremes(made(), TABLE)
