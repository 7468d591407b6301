"""Which columns of a person's table are labels."""

from __future__ import annotations

import numpy as np
import pytest

from core.effects.files import Scored
from core.effects.job import Scoring
from core.effects.journal import Journal
from core.effects.labels import groups_of, judged, labels_of
from core.effects.records import Record
from core.enformer.tracks import Track
from core.errors import SelectionError
from core.genome import Variant
from tests.core.effects.test_job import finished, lines_of, listed


def records(*fields: dict[str, str]) -> list[Record]:
    return [Record(Variant("chr1", place + 1, "A", "C"), place, fields=own) for place, own in enumerate(fields)]


def test_labels_and_effects_by_their_names():
    found = labels_of(records({"Label": "causal", "Beta": "0.5"}, {"Label": "neutral", "Beta": "NA"},
                              {"Label": "?", "Beta": "x"}, {"Label": "1", "Beta": "-2"}))  # fmt: skip
    assert found.numbers.tolist() == [0, 1, 3]
    assert found.causal.tolist() == [True, False, True]
    np.testing.assert_array_equal(found.measured, [0.5, np.nan, -2])
    assert found.distances_bp is None
    assert found.unread == 2
    assert found.columns == (("causal", "label"), ("effect", "beta"))


def test_effects_alone():
    found = labels_of(records({"slope": "1e-3", "tss_distance": "-500"}, {"slope": "", "tss_distance": ""}))
    assert found.numbers.tolist() == [0]
    assert found.causal is None
    assert found.distances_bp.tolist() == [500]


def test_keys_of_info_and_flags():
    found = labels_of(records({"INFO": "CAUSAL;TRUTH=-0.5", "FILTER": "PASS"}, {"INFO": "TRUTH=0"}))
    assert found.causal.tolist() == [True, False]
    assert found.measured.tolist() == [-0.5, 0]


def test_a_table_without_labels_says_what_it_has():
    with pytest.raises(SelectionError, match="there are qual, info_x"):
        labels_of(records({"QUAL": "3", "INFO_X": "4"}))
    with pytest.raises(SelectionError, match="No column holds labels"):
        labels_of([])


def test_tracks_by_assay():
    tracks = (Track(3, "", "a", "DNASE", "", "liver"), Track(5, "", "b", "CHIP", "H3K27ac", "liver"))
    found = groups_of(tracks)
    assert found["DNASE"] == (0,)
    assert found["CHIP H3K27ac"] == found["CHIP"] == (1,)
    assert found["all tracks"] == (0, 1)


def test_strength_and_direction_are_those_of_the_scores(tmp_path):
    from tests.core.effects.toys import engine, genome

    scoring = Scoring(engine(), genome(), listed(lines_of(6)), (1, 3))
    kept: Journal = finished(scoring, tmp_path / "a")
    scored = Scored(scoring.listed, kept, scoring.columns, engine().input_bp)
    labels = labels_of(records(*({"causal": str(number % 2), "effect": str(number)} for number in range(6))))
    found = judged(scored, labels, "local_effect", (1,))
    values = np.stack([one["values"][:, scoring.plan.numbers.index("local_effect")] for one in kept.records()])
    np.testing.assert_allclose(found.strength, np.sqrt((values.astype(float) ** 2).sum(axis=1)))
    np.testing.assert_allclose(found.direction, values[:, 1])
    assert found.causal.tolist() == [False, True] * 3
    assert found.measured.tolist() == list(range(6))
