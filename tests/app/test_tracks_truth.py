"""Where the playground's truth may be laid over a prediction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.cards import Provenance
from core.enformer.values import TrackSet
from core.genome import Interval, open_genome
from core.teaching.playground.card import track_table
from core.teaching.playground.world import World, world
from dashboard.tracks.truth import is_playground, origin_of, truth_columns, truth_of
from tests.tracks_files import write_genome


def test_another_file_of_the_playgrounds_name_has_no_truth(tmp_path):
    mini = open_genome(write_genome(tmp_path / "playground.fa"))
    assert not is_playground("playground", mini)
    assert origin_of("playground", mini) == ""
    assert is_playground("playground", open_genome("playground"))
    assert not is_playground("mini", open_genome("playground"))


def test_only_the_playgrounds_tracks_have_a_truth():
    own = tuple(track_table())
    assert truth_columns(own[::-1]) == tuple(range(len(own)))[::-1]
    assert truth_columns([own[3], replace(own[4], description="CAGE:liver")]) is None
    assert truth_columns([]) is None


def test_the_truth_is_in_the_bins_of_the_prediction_and_found_once(monkeypatch):
    tracks = tuple(track_table())
    place = Interval("sim2", 100_007, 100_007 + 8 * 128)
    values = np.zeros((8, 12), np.float32)
    found = TrackSet(values, tracks, 128, Provenance("m", "r", "teaching"), place, "human", "0" * 64)
    expected = world().truth(place)
    np.testing.assert_array_equal(truth_of(found, (7, 2)), expected[:, [7, 2]])
    monkeypatch.setattr(World, "truth", lambda *_: pytest.fail("simulated again"))
    np.testing.assert_array_equal(truth_of(replace(found), (0,)), expected[:, :1])
    assert truth_of(replace(found, interval=None), (0,)) is None
    wide = Interval("sim2", 100_007, 100_007 + 8 * 64)
    assert truth_of(replace(found, bin_size_bp=64, interval=wide), (0,)) is None  # other bins than the grammar's
