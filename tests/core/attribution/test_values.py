"""What scores and targets hold, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest

from core.attribution import ContributionScores, Target
from core.attribution.target import check_bins, first_bin
from core.cards import Provenance
from core.errors import SelectionError
from core.genome import Interval, one_hot
from tests.core.attribution.toys import exact

GIVEN = {"target": Target((0,), (1,)), "target_value": 1.0, "provenance": Provenance("toy", "1", "local")}


def test_a_target_in_words_and_numbers():
    assert Target((3,), (7,)).name == "mean of track 3 over bin 7"
    apart = Target((4, 1), (5, 6, 8), against=(2,))
    assert apart.name == "mean of tracks 4, 1 minus mean of track 2 over 3 bins (5 to 8)"
    assert apart.all_tracks == (4, 1, 2)
    values = np.arange(9.0).reshape(3, 3)  # bins x (4, 1, 2)
    assert apart.value(values) == pytest.approx((3 + 4) / 2 - 5)
    plain = apart.gradient_target(100)
    assert plain.bins == (105, 106, 108)
    assert dict(zip(plain.tracks, plain.weights, strict=True)) == {4: 0.5, 1: 0.5, 2: -1}
    for wrong in ({"tracks": ()}, {"bins": ()}, {"tracks": (1, 1)}, {"bins": (-1,)}, {"against": (0,)}):
        with pytest.raises(SelectionError):
            Target(**{"tracks": (0,), "bins": (1,)} | wrong)


def test_bins_are_those_that_are_shown():
    engine = exact()[1]
    assert first_bin(engine, 16 * 33) == 12
    assert first_bin(engine, 16 * 8) == 0
    check_bins(engine, 16 * 33, Target((0,), (9,)))
    with pytest.raises(SelectionError, match="0 to 9"):
        check_bins(engine, 16 * 33, Target((0,), (10,)))


def test_forms_of_the_values():
    weights = np.array([[1, 2, 3, 6], [4, 0, 0, 0]], np.float32)
    gradient = ContributionScores(one_hot("CN") * weights, "gradient_x_input", "CN", 0, hypothetical=weights, **GIVEN)
    assert gradient.per_base.tolist() == [2, 0]
    np.testing.assert_allclose(gradient.mean_subtracted[0], [-2, -1, 0, 3])
    effects = np.array([[-4, 0, -2, -2], [0, 0, 0, 0]], np.float32)
    changed = ContributionScores(effects, "saturation_mutagenesis", "CN", 5, **GIVEN)
    assert changed.per_base.tolist() == [2, 0]
    assert changed.is_mutagenesis
    assert len(changed) == 2
    assert not gradient.values.flags.writeable
    for wrong in (
        {"values": effects[:1]},
        {"values": effects.astype(float)},
        {"method": "deeplift"},
        {"interval": Interval("chr1", 0, 3)},
        {"spread": np.zeros(3, np.float32)},
    ):
        given = {"values": effects.copy(), "method": "saturation_mutagenesis", "letters": "CN", "start": 0}
        with pytest.raises(ValueError):
            ContributionScores(**given | GIVEN | wrong)
