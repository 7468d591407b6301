"""Alignment scores, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from core.cards import Provenance
from core.language.alignment import AlignmentScores, GoldAlignment, alignment_scores
from core.language.tokenization import ids_sequence
from core.language.values import AttentionResult


def cross(weights: np.ndarray, kind: str = "cross") -> AttentionResult:
    """A result whose weights are `weights` (layers, heads, query, key), by queries that are log-weights."""
    layers, _, queries, keys = weights.shape
    logs = np.log(np.maximum(weights, 1e-9)).astype(np.float32)
    return AttentionResult(
        kind=kind,
        source=ids_sequence(tuple(range(keys))),
        target=ids_sequence(tuple(range(queries))),
        allowed=np.ones((queries, keys), dtype=bool),
        queries=logs,
        keys=np.broadcast_to(np.eye(keys, dtype=np.float32), (layers, weights.shape[1], keys, keys)).copy(),
        scales=np.ones(layers, dtype=np.float32),
        provenance=Provenance("Toy", "0", "random"),
    )


def looks(*places: int, keys: int = 3) -> np.ndarray:
    """(query, key): 0.8 of each row on the given place."""
    rows = np.full((len(places), keys), 0.2 / (keys - 1))
    rows[np.arange(len(places)), places] = 0.8
    return rows


def sets(*tokens: set[int]) -> tuple[frozenset[int], ...]:
    return tuple(map(frozenset, tokens))


def test_by_hand():
    """Four target tokens, the third without source; the fourth's second link is only possible."""
    gold = GoldAlignment(right=sets({0}, {2}, set(), {1, 2}), sure=sets({0}, {2}, set(), {1}))
    result = cross(np.stack([[looks(0, 2, 0, 1), looks(0, 0, 0, 2)], [looks(1, 1, 1, 0), looks(2, 2, 2, 2)]]))
    scores = alignment_scores([(result, gold)])
    np.testing.assert_allclose(scores.right, [[1, 2 / 3], [0, 2 / 3]])
    # |A| = 3 links, |S| = 3; head (0, 1): one link sure, two possible: 1 - (1 + 2) / 6.
    np.testing.assert_allclose(scores.error, [[0, 0.5], [1, 1 - (1 + 2) / 6]])
    assert scores.scored == 3
    assert scores.chance == pytest.approx((1 / 3 + 1 / 3 + 2 / 3) / 3)
    assert scores.best == (0, 0)


def test_results_are_counted_by_token_not_by_sentence():
    short = (cross(looks(0)[None, None]), GoldAlignment(sets({0})))
    long = (cross(looks(1, 1, 1, keys=2)[None, None]), GoldAlignment(sets({0}, {0}, {0})))
    scores = alignment_scores(iter([short, long]))
    assert scores.right == pytest.approx(0.25)
    assert scores.error == pytest.approx(1 - 2 * 1 / (4 + 4))
    assert scores.chance == pytest.approx((1 / 3 + 3 / 2) / 4)


def test_the_row_before_the_token_counts():
    """Row 0 has read the start token and predicts the first; rows beyond the gold predict the end."""
    gold = GoldAlignment(sets({2}, {1}))
    assert alignment_scores([(cross(looks(2, 1, 0)[None, None]), gold)]).right == 1
    assert alignment_scores([(cross(looks(0, 2, 1)[None, None]), gold)]).right == 0


def test_several_sure_links_of_one_token():
    """A picks one of two sure links: 1 - (1 + 1) / (1 + 2)."""
    scores = alignment_scores([(cross(looks(1)[None, None]), GoldAlignment(sets({1, 2})))])
    assert scores.right == 1
    assert scores.error == pytest.approx(1 / 3)


def test_what_does_not_fit_is_refused():
    result = cross(looks(0, 1)[None, None])
    with pytest.raises(ValueError, match="no target token has a known source"):
        alignment_scores([(result, GoldAlignment(sets(set(), set())))])
    with pytest.raises(ValueError, match="3 gold sets for 2 rows"):
        alignment_scores([(result, GoldAlignment(sets({0}, {0}, {0})))])
    with pytest.raises(ValueError, match="source token 3 does not exist: there are 3"):
        alignment_scores([(result, GoldAlignment(sets({3})))])
    with pytest.raises(ValueError, match="this is bidirectional attention"):
        alignment_scores([(cross(looks(0, 1, 2)[None, None], "bidirectional"), GoldAlignment(sets({0})))])
    with pytest.raises(ValueError, match="sure link is not among"):
        GoldAlignment(sets({0}), sets({1}))
    with pytest.raises(ValueError, match="2 sets of sure links for 1"):
        GoldAlignment(sets({0}), sets({0}, {0}))
    with pytest.raises(ValueError, match=r"must be \(layers, heads\)"):
        AlignmentScores(np.zeros(2), np.zeros(2), 0.5, 1)
    with pytest.raises(ValueError, match="read-only"):
        alignment_scores([(result, GoldAlignment(sets({0})))]).right[0, 0] = 1
