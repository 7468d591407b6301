"""A gradient method against mutagenesis."""

from __future__ import annotations

import numpy as np
import pytest

from core.attribution import Target, agreement, gradient_x_input, mutagenesis_at, sample_positions
from core.attribution.values import ContributionScores
from core.cards import Provenance
from core.errors import SelectionError
from core.genome import one_hot
from tests.core.attribution.toys import exact
from tests.core.enformer.engine_toys import letters

LETTERS = "ACGTACGTNACG"
TARGET = Target((0,), (1,), "what is explained")
GIVEN = {"target": TARGET, "target_value": 1.0, "provenance": Provenance("toy", "1", "local")}


def gradients(per_base, start: int = 0) -> ContributionScores:
    weights = np.repeat(np.array(per_base, np.float32)[:, None], 4, axis=1)
    return ContributionScores(
        one_hot(LETTERS) * weights, "gradient_x_input", LETTERS, start, hypothetical=weights, **GIVEN
    )


def mutagenesis(per_base, skip: tuple[int, ...] = (), start: int = 0) -> ContributionScores:
    """Scores whose `per_base` are these: losing the letter has minus 4/3 of it, whatever comes."""
    values = -4 / 3 * np.array(per_base, np.float32)[:, None] * (1 - one_hot(LETTERS))
    values[LETTERS.index("N")] = 0
    values[list(skip)] = np.nan
    return ContributionScores(values.astype(np.float32), "saturation_mutagenesis", LETTERS, start, **GIVEN)


def test_by_hand():
    true = np.array([4, -3, 2, 1, 0, -1, 0.5, 0.1, 9, 0.2, -0.3, 0.4])
    found = agreement(gradients(true), mutagenesis(true, skip=(3,)))
    assert found.positions == (0, 1, 2, 4, 5, 6, 7, 9, 10, 11)  # not the N, not what was not made
    assert found.pearson == pytest.approx(1)
    assert found.sign_share == found.strong_sign_share == 1
    assert not found.disagrees
    assert "Pearson 1.00" in found.sentence
    wrong = true * np.where(np.arange(12) % 2, 1, -1)
    apart = agreement(gradients(wrong), mutagenesis(true, skip=(3,)))
    kept = [place for place in apart.positions if true[place]]
    assert apart.sign_share == pytest.approx(np.mean([place % 2 for place in kept]))
    assert apart.strong_sign_share == 0.5  # of the two strongest, one
    assert apart.pearson == pytest.approx(np.corrcoef(wrong[list(apart.positions)], true[list(apart.positions)])[0, 1])
    assert apart.disagrees
    assert "trust mutagenesis" in apart.sentence
    flat = agreement(gradients(np.zeros(12)), mutagenesis(true))
    assert np.isnan(flat.pearson)
    assert flat.disagrees
    assert "cannot be compared" in flat.sentence


def test_what_cannot_be_compared():
    true = np.arange(12.0)
    other = ContributionScores(
        mutagenesis(true).values, "saturation_mutagenesis", LETTERS, 0, **GIVEN | {"target": Target((1,), (1,))}
    )
    for pair in (
        (gradients(true), gradients(true)),
        (mutagenesis(true), mutagenesis(true)),
        (gradients(true), other),
        (gradients(true), mutagenesis(true, start=3)),
        (gradients(true, start=5), mutagenesis(true)),
        (gradients(true), mutagenesis(true, skip=range(6))),
    ):
        with pytest.raises(SelectionError):
            agreement(*pair)


def test_the_sample_holds_the_largest_and_others():
    size = np.array([0, 9, 1, 8, 2, 7, 3, 6, 5, 4, 0, 0])
    found = sample_positions(gradients(size), 0, 12, 6, seed=1)
    assert {1, 3, 5} <= set(found)
    assert len(found) == 6
    assert 8 not in found  # N
    assert found == sample_positions(gradients(size), 0, 12, 6, seed=1)
    assert sample_positions(gradients(size, start=100), 102, 105) == (102, 103, 104)
    for stretch in ((0, 13), (5, 5), (8, 9)):
        with pytest.raises(SelectionError):
            sample_positions(gradients(size), *stretch)


def test_of_a_small_model():
    """Corrected by its mean, a gradient is what a small change of a letter does: nearer to the truth here."""
    engine, sequence = exact(4)[1], letters(16 * 33, 7)
    target = Target((0, 2), (3, 4, 5))
    found = gradient_x_input(engine, sequence, target)
    places = sample_positions(found, 200, 330, 32)
    told = agreement(found, mutagenesis_at(engine, sequence, target, places))
    assert told.positions == places
    assert told.pearson > 0.5
    assert told.corrected_pearson > 0.8
