"""Figures of a labelled table, against definitions written out, scipy, and tables whose answer is known by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from core.effects.evaluation import (
    Labelled,
    auroc,
    average_precision,
    bootstrap,
    distance_groups,
    evaluate,
    roc,
    sign_accuracy,
    spearman,
    strongest,
)
from core.errors import SelectionError


def test_auroc_is_the_share_of_pairs_in_order():
    generator = np.random.default_rng(1)
    scores, true = generator.integers(0, 6, 40).astype(float), generator.random(40) < 0.4
    pairs = list(itertools.product(scores[true], scores[~true]))
    wanted = np.mean([(a > b) + 0.5 * (a == b) for a, b in pairs])
    assert auroc(scores, true) == pytest.approx(wanted, abs=1e-12)
    assert roc(scores, true).area == pytest.approx(wanted, abs=1e-12)
    assert auroc(-scores, true) == pytest.approx(1 - wanted, abs=1e-12)


def test_the_curve_begins_and_ends_in_its_corners():
    curve = roc(np.array([3.0, 2, 2, 1]), np.array([True, True, False, False]))
    assert curve.false_positive.tolist() == [0, 0, 0.5, 1]
    assert curve.true_positive.tolist() == [0, 0.5, 1, 1]
    with pytest.raises(ValueError, match="both labels"):
        roc(np.ones(3), np.ones(3, bool))


def test_without_both_labels_there_is_no_number():
    assert np.isnan(auroc(np.ones(3), np.ones(3, bool)))
    assert np.isnan(average_precision(np.ones(3), np.zeros(3, bool)))
    assert np.isnan(spearman(np.ones(4), np.arange(4.0)))
    assert np.isnan(sign_accuracy(np.zeros(0), np.zeros(0)))


def test_spearman_is_scipys():
    generator = np.random.default_rng(2)
    left, right = generator.integers(0, 9, 50), generator.normal(size=50)
    assert spearman(left, right) == pytest.approx(stats.spearmanr(left, right).statistic, abs=1e-12)


def test_a_sign_of_nothing_is_wrong():
    assert sign_accuracy(np.array([1.0, -1, 0, 2]), np.array([3.0, -1, 5, -2])) == 0.5


def test_the_strongest_fifth_by_hand():
    assert strongest(np.array([0.1, -9, 3, 2, 1, 0.5, 4, 0, 0, 0])).tolist() == [1, 6]
    assert strongest(np.array([0.5])).tolist() == [0]
    assert len(strongest(np.zeros(0))) == 0


def test_the_interval_of_a_mean_is_about_two_standard_errors():
    values = np.random.default_rng(3).normal(10, 2, 400)
    low, high = bootstrap(lambda drawn: float(values[drawn].mean()), [np.arange(400)], resamples=800)
    assert low < values.mean() < high
    assert (high - low) == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.15)
    assert bootstrap(lambda drawn: float(values[drawn].mean()), [np.arange(400)], resamples=800) == (low, high)


def test_each_label_is_drawn_as_often_as_it_is():
    strata = np.arange(5), np.arange(5, 100)
    seen = []
    bootstrap(lambda drawn: seen.append((drawn < 5).sum()) or 0.0, strata, resamples=20)
    assert seen == [5] * 20
    assert np.isnan(bootstrap(lambda drawn: 1.0, [np.zeros(0, int)])).all()


def table(count: int = 200, noise: float = 0.0, seed: int = 4) -> Labelled:
    generator = np.random.default_rng(seed)
    causal = np.arange(count) % 2 == 0
    measured = np.where(causal, generator.normal(0, 2, count), 0.0)
    predicted = measured + noise * generator.normal(size=count)
    return Labelled(
        strength=np.abs(predicted),
        direction=predicted,
        causal=causal,
        measured=measured,
        distances_bp=np.where(np.arange(count) < 100, 500.0, 30_000.0),
    )


def test_a_perfect_prediction_and_one_that_knows_nothing():
    perfect = evaluate(table(), resamples=50)
    names = ("AUROC", "average precision", "Spearman", "sign accuracy", "sign accuracy, strongest fifth")
    assert [perfect.measure(name).value for name in names] == pytest.approx([1.0] * 5)
    assert perfect.measure("AUROC", "under 1 kb").variants == 100
    assert perfect.roc.area == 1
    assert perfect.precision_recall.average == pytest.approx(1)
    noisy = table(noise=1e6)
    blind = evaluate(noisy, resamples=100)
    found = blind.measure("AUROC")
    assert found.low < 0.5 < found.high
    found = blind.measure("Spearman")
    assert found.low < 0 < found.high
    assert blind.measure("Spearman").variants == 100  # the causal ones alone
    assert set(blind.table().group) == {"all", "under 1 kb", "20 kb or more"}


def test_only_what_the_labels_allow():
    whole = table()
    effects = evaluate(Labelled(whole.strength, whole.direction, measured=whole.measured), resamples=10)
    assert effects.roc is None
    assert {one.name for one in effects.measures} == {
        "Spearman",
        "sign accuracy",
        "sign accuracy, strongest fifth",
    }
    assert effects.measure("Spearman").variants == 100  # those that were measured as 0 have no direction
    labels = evaluate(Labelled(whole.strength, whole.direction, causal=whole.causal), resamples=10)
    assert {one.name for one in labels.measures} == {"AUROC", "average precision"}
    with pytest.raises(SelectionError, match="neither labels"):
        evaluate(Labelled(whole.strength, whole.direction))
    with pytest.raises(SelectionError, match="There is no figure"):
        labels.measure("Spearman")


def test_few_variants_give_no_number():
    few = table(12)
    found = evaluate(few, resamples=10)
    assert np.isnan(found.measure("AUROC").value)
    assert "too few" in found.measure("AUROC").line
    one_sided = evaluate(Labelled(few.strength, few.direction, causal=np.ones(12, bool)), resamples=10)
    assert one_sided.roc is None
    assert np.isnan(one_sided.measure("AUROC").value)


def test_bad_numbers_are_refused():
    with pytest.raises(ValueError, match="not finite"):
        Labelled(np.array([np.nan]), np.zeros(1))
    with pytest.raises(ValueError, match="numbers for 2"):
        Labelled(np.zeros(2), np.zeros(3))


def test_ranges_of_distance():
    assert [words for words, _, _ in distance_groups()] == ["under 1 kb", "1 to 5 kb", "5 to 20 kb", "20 kb or more"]
