"""Attention of DNA models: by hand, against the reference's blocks, labels and limits."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.cards import Provenance
from core.enformer import EnformerEngine
from core.enformer.memory import Pieces
from core.enformer.parts import parts_of
from core.enformer.positions import position_features
from core.enformer.transformer import attention_weights
from core.errors import DeviceMemoryError, SelectionError, SequenceError
from core.genome import Interval
from core.language import AttentionResult
from tests.core.enformer.engine_toys import far, letters, small

CPU = torch.device("cpu")


def states_before(engine: EnformerEngine, module, sequence: str, layer: int) -> torch.Tensor:
    """(1, bins, width): what enters a layer, by the reference's own modules."""
    states = torch.tensor(engine.tower(sequence))[None]
    with torch.inference_mode():
        return module.transformer[:layer](states)


def by_formula(module, layer: int, states: torch.Tensor) -> np.ndarray:
    """(heads, query, key) by the words of Transformer-XL: each pair of bins on its own."""
    norm, block = module.transformer[layer][0].fn[0], module.transformer[layer][0].fn[1]
    with torch.inference_mode():
        normalised = norm(states)[0]
        query, key = block.to_q(normalised).numpy(), block.to_k(normalised).numpy()
        relative = block.to_rel_k(position_features(len(query), 12, tf_gamma=False, device=CPU)).numpy()
    bins, size = len(query), query.shape[1] // block.heads
    weights = np.empty((block.heads, bins, bins))
    for head in range(block.heads):
        part = slice(head * size, (head + 1) * size)
        content, position = block.rel_content_bias[0, head, 0].numpy(), block.rel_pos_bias[0, head, 0].numpy()
        for i in range(bins):
            scaled = query[i, part] / np.sqrt(size)
            logits = [
                (scaled + content) @ key[j, part] + (scaled + position) @ relative[j - i + bins - 1, part]
                for j in range(bins)
            ]
            exponent = np.exp(np.array(logits) - max(logits))
            weights[head, i] = exponent / exponent.sum()
    return weights


def test_weights_are_the_formula():
    module = small()
    engine = EnformerEngine(module)
    sequence = letters(16 * 11)
    result = engine.attention(sequence, [0, 2])
    assert result.weights.shape == (2, 4, 11, 11)
    np.testing.assert_allclose(result.weights.sum(axis=-1), 1, atol=1e-5)
    for place, layer in enumerate((0, 2)):
        wanted = by_formula(module, layer, states_before(engine, module, sequence, layer))
        np.testing.assert_allclose(result.layer(place), wanted, atol=1e-5)
    assert result.weights.std() > 0.01, "nothing to see in even weights"


def test_weights_times_values_are_the_blocks_output():
    module = small()
    engine = EnformerEngine(module)
    sequence = letters(16 * 30)
    for layer in range(3):
        weights = engine.attention(sequence, layer).layer(0)
        norm, block = module.transformer[layer][0].fn[0], module.transformer[layer][0].fn[1]
        with torch.inference_mode():
            normalised = norm(states_before(engine, module, sequence, layer))
            values = block.to_v(normalised)[0].unflatten(-1, (4, -1)).transpose(0, 1)  # (heads, bins, 12)
            mixed = (torch.from_numpy(weights.copy()) @ values).transpose(0, 1).flatten(1)
            found, wanted = block.to_out(mixed), block(normalised)[0]
        assert far(found.numpy(), wanted.numpy()) < 1e-5


def test_hand_made_attention():
    """No content, and a relative key that grows with the distance for keys on the right: each bin looks right."""
    module = small(depth=1, heads=1, dim=12, attn_dim_key=4, output_heads=(("human", 2),))
    block = module.transformer[0][0].fn[1]
    with torch.no_grad():
        for part in (block.to_q.weight, block.to_k.weight, block.to_rel_k.weight, block.rel_content_bias):
            part.zero_()
        block.rel_pos_bias.zero_()[..., 0] = np.log(3.0)
        block.to_rel_k.weight[0, 8:10] = torch.tensor([0.0, 1.0])  # sign x mask of distances below 2 ** 2 - 1
    weights = EnformerEngine(module).attention(letters(16 * 6), 0).head(0, 0)
    for i in range(6):
        row = np.array([3.0 if 0 < j - i < 3 else 1 / 3 if -3 < j - i < 0 else 1.0 for j in range(6)])
        np.testing.assert_allclose(weights[i], row / row.sum(), atol=1e-6)


@pytest.mark.parametrize("rows", [1, 2, 5, 9])
def test_rows_in_pieces(rows):
    parts = parts_of(small(), CPU)
    layer, bins = parts.layers[1], 9
    generator = torch.Generator().manual_seed(1)
    queries, keys = (torch.randn(2, 4, bins, 8, generator=generator) for _ in range(2))
    relative = torch.randn(4, 2 * bins - 1, 8, generator=generator)
    whole = attention_weights(layer, queries, keys, relative, 0)
    pieces = [
        attention_weights(layer, queries[:, :, start : start + rows], keys, relative, start)
        for start in range(0, bins, rows)
    ]
    torch.testing.assert_close(torch.cat(pieces, dim=2), whole)


@pytest.mark.parametrize("bins", [[0], [12, 11, 3, 4, 5], range(2, 9), 7])
def test_chosen_rows(bins):
    engine = EnformerEngine(small())
    sequence = letters(16 * 13)
    whole = engine.attention(sequence, [2, 1])
    some = engine.attention(sequence, [2, 1], bins)
    rows = [bins] if isinstance(bins, int) else list(bins)
    np.testing.assert_allclose(some.weights, whole.weights[:, :, rows], atol=1e-6)
    assert some.query_tokens == tuple(f"bin {row}" for row in rows)
    assert some.tokens == tuple(f"bin {number}" for number in range(13))
    assert whole.target is whole.source
    assert whole.kind == "bidirectional"


def test_layers_keep_their_numbers():
    engine = EnformerEngine(small())
    result = engine.attention(letters(160), [2, 0, 2])
    assert (result.layers, result.layer_numbers) == (2, (2, 0))
    np.testing.assert_allclose(result.layer(1), engine.attention(letters(160), 0).layer(0), atol=1e-7)
    with pytest.raises(SelectionError, match="of Enformer it holds 2, 0 alone, as its layers 0 to 1"):
        result.layer(2)


def test_places_of_bins():
    engine = EnformerEngine(small(num_downsamples=7))
    place = Interval("chr11", 35_140_085, 35_140_085 + 128 * 4, "-")
    result = engine.attention(letters(512), 0, [0, 3], interval=place)
    assert result.tokens[0] == "chr11:35,140,086-35,140,213"
    assert result.query_tokens == ("chr11:35,140,086-35,140,213", "chr11:35,140,470-35,140,597")
    assert len(result.tokens) == 4


@pytest.mark.parametrize(
    ("layers", "bins", "message"),
    [
        ([3], None, "Layer 3 does not exist; give one from 0 to 2"),
        (-1, None, "Layer -1 does not exist"),
        ([], None, "No layer is chosen"),
        (["a"], None, "Layers are whole numbers from 0 to 2"),
        (0, [10], "Bin 10 does not exist; give one from 0 to 9"),
        (0, [], "No bin is chosen"),
    ],
)
def test_what_is_refused(layers, bins, message):
    with pytest.raises(SelectionError, match=message):
        EnformerEngine(small()).attention(letters(160), layers, bins)


def test_a_model_without_layers():
    with pytest.raises(SelectionError, match="The model has no layers"):
        EnformerEngine(small(depth=0)).attention(letters(160), 0)


def test_windows_that_are_refused():
    engine = EnformerEngine(small())
    with pytest.raises(SequenceError, match="give 144 or 160"):
        engine.attention(letters(150), 0)
    with pytest.raises(SequenceError, match="no known base"):
        engine.attention("N" * 160, 0)


def test_too_many_weights_are_refused_with_their_size(monkeypatch):
    engine = EnformerEngine(small())
    monkeypatch.setattr("core.language.values.FULL_WEIGHTS_BYTES", 3_000_000)
    with pytest.raises(DeviceMemoryError, match=r"3 layers of 4 heads with 300 x 300 bins take 4 MB and at most 3 MB"):
        engine.attention(letters(4800), range(3))
    assert engine.attention(letters(4800), range(3), range(100)).weights.shape == (3, 4, 100, 300)


def test_rows_that_do_not_fit_are_taken_in_smaller_pieces(monkeypatch):
    engine = EnformerEngine(small())
    wanted = engine.attention(letters(16 * 20), [1, 2])
    asked: list[int] = []

    def tight(layer, queries, *rest):
        asked.append(queries.shape[2])
        if queries.shape[2] > 6:
            raise RuntimeError("[enforce fail] DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes")
        return attention_weights(layer, queries, *rest)

    monkeypatch.setattr("core.enformer.transformer.attention_weights", tight)
    found = engine.attention(letters(16 * 20), [1, 2])
    np.testing.assert_allclose(found.weights, wanted.weights, atol=1e-6)
    assert asked[:3] == [20, 10, 5]
    assert max(asked[3:]) == 5, "once it was short of memory it stays careful"


def test_pieces_give_up_at_one():
    def never(start: int, stop: int) -> None:
        raise MemoryError

    with pytest.raises(MemoryError):
        Pieces(8, CPU).each(8, never)

    def broken(start: int, stop: int) -> None:
        raise RuntimeError("shapes differ")

    with pytest.raises(RuntimeError, match="shapes differ"):
        Pieces(8, CPU).each(8, broken)


def test_numbers_of_layers_are_checked():
    made = {"kind": "bidirectional", "provenance": Provenance("toy", "0", "random")}
    even = np.full((2, 1, 3, 3), 1 / 3)
    assert AttentionResult.from_weights(even, "abc", **made).layer_numbers == (0, 1)
    assert AttentionResult.from_weights(even, "abc", layer_numbers=(4, 9), notes=("n",), **made).notes == ("n",)
    with pytest.raises(ValueError, match="do not number 2 layers"):
        AttentionResult.from_weights(even, "abc", layer_numbers=(4,), **made)
    with pytest.raises(ValueError, match="not \\(layers, heads, query, key\\)"):
        AttentionResult.from_weights(even[0], "abc", **made)
