"""Average precision by hand, and against scikit-learn where it is installed."""

from __future__ import annotations

import numpy as np
import pytest

from core.enformer.precision_recall import PrecisionRecall, average_interval, precision_recall


def test_by_hand():
    """True, false, true, false, true: precisions 1, 2/3 and 3/5 at the three true ones."""
    curve = precision_recall(np.array([5, 4, 3, 2, 1.0]), np.array([1, 0, 1, 0, 1], bool))
    np.testing.assert_allclose(curve.precision, [1, 2 / 3, 3 / 5])
    assert curve.average == pytest.approx((1 + 2 / 3 + 3 / 5) / 3)
    assert curve.chance == pytest.approx(3 / 5)


def test_missed_ones_count_as_never_found():
    curve = precision_recall(np.array([2.0, 1.0]), np.array([True, False]), missed=3)
    assert curve.average == pytest.approx(1 / 4)
    assert curve.chance == pytest.approx(1 / 2 * 1 / 4)


def test_equal_scores_come_together_whatever_their_order():
    for is_true in ([1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0]):
        assert precision_recall(np.array([1.0, 1, 1, 0]), np.array(is_true, bool)).average == pytest.approx(1 / 3)


def test_perfect_worst_and_nothing():
    scores = np.arange(10.0)
    assert precision_recall(scores, scores >= 7).average == 1
    assert precision_recall(scores, scores == 0).average == pytest.approx(1 / 10)
    nothing = precision_recall(scores, np.zeros(10, bool))
    assert np.isnan(nothing.average)
    assert np.isnan(nothing.chance)
    assert np.isnan(precision_recall(np.zeros(0), np.zeros(0, bool)).average)


@pytest.mark.parametrize("levels", [3, 1000])
def test_as_scikit_learn(levels):
    metrics = pytest.importorskip("sklearn.metrics")
    generator = np.random.default_rng(levels)
    for _ in range(20):
        scores = generator.integers(0, levels, 60) / 7
        is_true = generator.random(60) < 0.3
        wanted = metrics.average_precision_score(is_true, scores)
        assert precision_recall(scores, is_true).average == pytest.approx(wanted)


def test_chance_is_what_shuffled_scores_give():
    generator = np.random.default_rng(0)
    is_true = np.arange(400) < 80
    found = [precision_recall(generator.random(400), is_true).average for _ in range(200)]
    assert np.mean(found) == pytest.approx(precision_recall(np.zeros(400), is_true).chance, abs=0.02)


def test_the_interval_holds_the_average_and_genes_stay_together():
    generator = np.random.default_rng(1)
    groups = np.repeat(np.arange(40), 8)
    is_true = generator.random(320) < 0.2
    scores = generator.random(320) + 0.4 * is_true
    missed = np.zeros(40, int)
    low, high = average_interval(scores, is_true, groups, missed)
    assert low < precision_recall(scores, is_true).average < high
    assert (low, high) == average_interval(scores, is_true, groups, missed)
    one = average_interval(scores, is_true, np.zeros(320, int), np.zeros(1, int))
    assert one[0] == one[1] == pytest.approx(precision_recall(scores, is_true).average)


def test_what_is_refused():
    with pytest.raises(ValueError, match="scores for"):
        precision_recall(np.zeros(3), np.zeros(2, bool))
    with pytest.raises(ValueError, match="not finite"):
        precision_recall(np.array([np.nan]), np.array([True]))
    with pytest.raises(ValueError, match="missed"):
        PrecisionRecall(np.ones(3), 2)
