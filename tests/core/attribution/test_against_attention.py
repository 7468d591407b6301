"""Attention against contributions: correlations by hand, and with the distance taken out."""

from __future__ import annotations

import numpy as np
import pytest

from core.attribution.against_attention import against_attention, correlations
from core.attribution.target import Target
from core.attribution.values import ContributionScores
from core.cards import Provenance
from core.enformer.attending import AttentionProfile
from core.errors import SelectionError
from core.genome import Interval

TOLD = Provenance("toy", "0", "random")
BINS, SIZE = 40, 8
READ = Interval("chr1", 1_000, 1_000 + BINS * SIZE)
TARGET = Target((0,), (19, 20, 21), "toy")


def scored(by_bin: np.ndarray, *, letters: str = "", interval: Interval | None = READ) -> ContributionScores:
    letters = letters or "A" * (BINS * SIZE)
    values = np.zeros((len(letters), 4), np.float32)
    values[:, 0] = np.repeat(by_bin / SIZE, SIZE) * np.tile([1, -1], len(letters) // 2)
    return ContributionScores(values, "gradient_x_input", letters, 0, TARGET, 1.0, TOLD, interval)


def attended(by_bin: np.ndarray) -> AttentionProfile:
    weights = np.stack([by_bin, by_bin[::-1]])[:, None].astype(np.float32)
    return AttentionProfile(weights, weights / 2, (19, 20, 21), SIZE, READ, TOLD, "0" * 64)


def test_the_same_order_gives_one_and_the_opposite_minus_one():
    values = np.random.default_rng(0).permutation(BINS) + 1.0
    found = against_attention(scored(values), attended(values**2), layer=0, head=0)
    assert found.spearman == pytest.approx(1)
    np.testing.assert_allclose(found.contribution, values, rtol=1e-5)
    np.testing.assert_allclose(found.attention, values**2)
    assert found.counted.sum() == BINS - 3
    assert not found.counted[[19, 20, 21]].any()
    assert against_attention(scored(values), attended(1 / values), layer=0, head=0).spearman == pytest.approx(-1)


def test_what_distance_alone_explains_is_taken_out():
    random = np.random.default_rng(1)
    away = np.abs(np.arange(BINS) - 20)
    contribution, attention = (np.exp(-away / 8 + 0.2 * random.standard_normal(BINS)) for _ in range(2))
    found = against_attention(scored(contribution), attended(attention), layer=0, head=0)
    assert found.spearman > 0.8
    assert abs(found.partial) < 0.35
    assert min(found.of_distance) > 0.8
    own = np.exp(-away / 8) * np.where(random.random(BINS) < 0.3, 20, 1)
    shared = against_attention(scored(own), attended(own), layer=0, head=0)
    assert shared.partial == pytest.approx(1)
    assert "largely explains" in shared.sentence


def test_the_partial_correlation_is_that_of_residuals_of_ranks():
    random = np.random.default_rng(2)
    third = random.permutation(30) + 0.0
    first, second = random.permutation(30) + 0.7123 * third, random.permutation(30) + 1.0371 * third
    both, partial, _ = correlations(first, second, third)

    def ranks(values):
        return np.argsort(np.argsort(values)) + 1.0

    def residual(values):
        slope, middle = np.polyfit(ranks(third), ranks(values), 1)
        return ranks(values) - slope * ranks(third) - middle

    assert both == pytest.approx(np.corrcoef(ranks(first), ranks(second))[0, 1])
    assert partial == pytest.approx(np.corrcoef(residual(first), residual(second))[0, 1])


def test_ties_share_a_rank_and_what_does_not_vary_is_no_number():
    both, partial, _ = correlations(np.ones(9), np.arange(9.0), np.arange(9.0)[::-1])
    assert np.isnan(both)
    assert np.isnan(partial)
    tied, _, _ = correlations(np.array([1, 1, 2, 2.0]), np.array([3, 3, 5, 5.0]), np.array([1, 2, 3, 1.0]))
    assert tied == pytest.approx(1)
    flat = against_attention(scored(np.zeros(BINS)), attended(np.arange(BINS) + 1.0))
    assert "nothing can be said" in flat.sentence


def test_layers_and_heads_are_chosen_or_averaged():
    values = np.arange(BINS) + 1.0
    mean = against_attention(scored(values), attended(values))
    np.testing.assert_allclose(mean.attention, (BINS + 1) / 2)
    assert against_attention(scored(values), attended(values), layer=1).spearman == pytest.approx(-1)
    with pytest.raises(SelectionError, match="Layer 2"):
        against_attention(scored(values), attended(values), layer=2)


def test_bins_of_n_do_not_count_and_few_are_refused():
    values = np.arange(BINS) + 1.0
    some = "N" * (SIZE * 10) + "A" * (SIZE * 30)
    assert against_attention(scored(values, letters=some), attended(values), layer=0).counted.sum() == 27
    with pytest.raises(SelectionError, match="are left to compare"):
        against_attention(scored(values, letters="N" * (SIZE * 33) + "A" * (SIZE * 7)), attended(values))
    with pytest.raises(SelectionError, match="different windows"):
        against_attention(scored(values, interval=READ.shift(8)), attended(values))
