"""The explorer's pictures of an attention that no language model made: bins of DNA, or recorded GPT-2."""

from __future__ import annotations

import numpy as np
import pytest

from components.all_heads import GridWords, grid_payload
from components.attention import attention_payload, proof_sentence
from components.downloads import attention_csv, attention_npz
from components.head_grid import read_head_grid
from core.cards import Provenance
from core.language.compare import compare_maps
from core.language.maps import MapOptions, attention_map, measures
from core.language.scores import pair_scores, result_scores
from core.language.values import AttentionResult


@pytest.fixture(scope="module")
def bins() -> AttentionResult:
    """Two layers of three heads over 40 bins of 128 bp; head (1, 2) looks five bins to the right."""
    rng = np.random.default_rng(5)
    weights = rng.random((2, 3, 40, 40)).astype(np.float32)
    weights[1, 2] += 30 * np.eye(40, k=5, dtype=np.float32)
    weights /= weights.sum(axis=-1, keepdims=True)
    labels = [f"chr1:{1_000_001 + 128 * i:,}" for i in range(40)]
    return AttentionResult.from_weights(
        weights, labels, kind="bidirectional", provenance=Provenance("toy Enformer", "1", "random", "float32")
    )


def test_bins_of_dna_have_every_picture(bins):
    payload = attention_payload(bins, (1,), 2, MapOptions("rollout"), window=(3, 9, 0, 20), locked=4)
    assert payload["labels"]["keys"][5] == "chr1:1,000,641"
    assert payload["window"] == [3, 9, 0, 20]
    header, _, levels = read_head_grid(grid_payload(bins, words=GridWords(), extra="max"))
    assert levels.shape[0] == 6 + 2 + 3 + 1
    assert header["provenance"].startswith("toy Enformer")
    assert measures(bins) == ("weight", "rollout")
    scores = result_scores(bins)
    assert scores.loc[5, "mean_distance"] < scores.loc[0, "mean_distance"]
    assert pair_scores(bins, (0, 1), (5, 6)).set_index(["layer", "head"]).loc[(1, 2), "is_largest"]
    found = compare_maps(bins, bins, (1, 1), (1, 2))
    assert found.largest(1)[0].second > 0.5
    assert proof_sentence(bins, (1,), 2).startswith("Check: rows sum to 1")
    assert len(attention_csv(bins, (1,), 2)) > 1000
    assert attention_npz(bins)[:2] == b"PK"


def test_recorded_gpt2_has_every_picture(test_data):
    with np.load(test_data / "language" / "gpt2_recorded.npz") as file:
        weights, ids = file["attn_0"], file["ids_0"]
    result = AttentionResult.from_weights(
        weights, [str(i) for i in ids], kind="causal", provenance=Provenance("GPT-2 small", "", "official", "float32")
    )
    np.testing.assert_allclose(attention_map(result, 5, 1).weights, weights[5, 1], atol=1e-6)
    header, _, _ = read_head_grid(grid_payload(result, words=GridWords()))
    assert len(header["heads"]) == 144
    # GPT-2 rests on its first token; by chance it would get a mean of 1 / i.
    scores = result_scores(result)
    assert (scores["first_token"] > scores["chance_first_token"]).mean() > 0.6
