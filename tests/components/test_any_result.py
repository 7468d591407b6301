"""The explorer's pictures of an attention that no language model made: bins of DNA, or recorded GPT-2."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

from components.all_heads import GridWords, grid_payload
from components.attention import attention_payload, proof_sentence
from components.downloads import attention_csv, attention_npz, file_stem
from components.head_grid import read_head_grid
from core.cards import Provenance
from core.enformer import EnformerEngine
from core.errors import SelectionError
from core.genome import Interval
from core.language.compare import compare_maps
from core.language.maps import MapOptions, attention_map, measures
from core.language.scores import pair_scores, result_scores
from core.language.values import AttentionResult
from tests.core.enformer.engine_toys import small


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


def test_layers_keep_the_models_own_numbers():
    """Layers 10 and 3 of a small Enformer alone, and some rows: every label says so."""
    sequence = "ACGTTGCA" * 6 * 16
    engine = EnformerEngine(small(depth=11))
    place = Interval("chr1", 1_000, 1_000 + len(sequence))
    some = engine.attention(sequence, [10, 3], [7, 8], interval=place)
    assert some.layer_numbers == (10, 3)
    assert measures(some) == ("weight",)
    with pytest.raises(SelectionError, match="all rows of every layer from 0 on, and only some are held"):
        attention_map(some, 0, 0, MapOptions("rollout"))
    with pytest.raises(SelectionError, match="all rows of every layer"):
        attention_map(engine.attention(sequence, [1]), 0, 0, MapOptions("rollout"))

    one = attention_payload(some, (0,), 2)
    assert "layer 10, head 2" in one["title"]
    assert one["labels"]["queries"] == ["1,113", "1,129"]
    both = attention_payload(some, (0, 1), 2)
    assert both["title"].endswith("head 2 at layers 10, 3")
    assert [panel["title"] for panel in both["panels"]] == ["Layer 10, head 2", "Layer 3, head 2"]

    header, _, _ = read_head_grid(grid_payload(some, words=GridWords(), extra="mean"))
    assert [row["label"] for row in header["rows"]] == ["Layer 10", "Layer 3", "Mean"]
    first = header["heads"][0]
    assert (first["name"], first["short"]) == ("Layer 10, head 0", "L10 H0")
    assert {(head["layer"], head["name"][:8]) for head in header["heads"] if head["layer"] is not None} == {
        (0, "Layer 10"),
        (1, "Layer 3,"),
    }

    table = pd.read_csv(io.BytesIO(attention_csv(some, (1,), 2)))
    assert set(table["layer"]) == {3}
    assert set(table["query_token"]) == {"chr1:1,113-1,128", "chr1:1,129-1,144"}
    assert file_stem(some, (0, 1), 2).endswith("-layer10-3-head2")
    with np.load(io.BytesIO(attention_npz(some)), allow_pickle=False) as file:
        assert file["layer_numbers"].tolist() == [10, 3]
    assert compare_maps(some, some, (0, 1), ("mean", 2)).first_head == (10, 1)


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
