"""Positional features and relative keys."""

from __future__ import annotations

import pytest
import torch
from enformer_pytorch.modeling_enformer import get_positional_embed

from core.enformer.parts import parts_of
from core.enformer.positions import RelativeKeys, fits_tf_gamma, position_features, position_notes
from tests.core.enformer.engine_toys import small

CPU = torch.device("cpu")


@pytest.mark.parametrize("features", [6, 12, 192])
@pytest.mark.parametrize("bins", [1, 2, 5, 200, 897])
def test_features_equal_the_reference(bins, features):
    found = position_features(bins, features, tf_gamma=False, device=CPU)
    assert found.shape == (2 * bins - 1, features)
    wanted = get_positional_embed(bins, features, CPU, use_tf_gamma=False)
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-6)


def test_tensorflow_features_equal_the_reference():
    found = position_features(1536, 192, tf_gamma=True, device=CPU)
    torch.testing.assert_close(found, get_positional_embed(1536, 192, CPU, use_tf_gamma=True), rtol=0, atol=1e-6)
    computed = position_features(1536, 192, tf_gamma=False, device=CPU)
    gamma = slice(64, 96)
    assert torch.equal(found[:, :64], computed[:, :64])
    assert (found[:, gamma] - computed[:, gamma]).abs().max() > 1e-3


def test_features_by_hand():
    found = position_features(8, 6, tf_gamma=False, device=CPU)
    distances = torch.arange(-7, 8).float()
    torch.testing.assert_close(found[:, 0], 2 ** (-distances.abs() / 8))  # half-life 2 ** 3
    assert found[:, 1].tolist() == [0.0] * 7 + [1.0] + [0.0] * 7  # distances below 2 ** 1 - 1
    torch.testing.assert_close(found[:, 3], found[:, 0] * distances.sign())
    assert found[7, 3:].tolist() == [0, 0, 0]


def test_where_tensorflow_features_fit():
    assert fits_tf_gamma(1536, 192)
    assert not fits_tf_gamma(1536, 186)
    assert not fits_tf_gamma(1535, 192)
    with_them = parts_of(small(use_tf_gamma=True), CPU)  # 12 features: nothing to take from TensorFlow's table
    assert "positional features" in position_notes(with_them, 1536)[0]
    assert position_notes(parts_of(small(), CPU), 1536) == ()
    layer = with_them.layers[0]
    wanted = position_features(1536, 12, tf_gamma=False, device=CPU) @ layer.rel_key.T
    torch.testing.assert_close(RelativeKeys().get(layer, 1536)[1], wanted[:, 8:16])


def test_keys_are_kept_within_bounds():
    parts = parts_of(small(), CPU)
    one = (2 * 20 - 1) * 4 * 8 * 4  # distances, heads, key size, bytes
    keys = RelativeKeys(max_bytes=2 * one)
    first = keys.get(parts.layers[0], 20)
    assert first.shape == (4, 39, 8)
    assert keys.get(parts.layers[0], 20) is first
    keys.get(parts.layers[1], 20)
    assert keys.nbytes == 2 * one
    keys.get(parts.layers[2], 20)
    assert keys.nbytes == 2 * one
    assert keys.get(parts.layers[0], 20) is not first, "the one unused for longest went"
    assert keys.get(parts.layers[0], 21).shape == (4, 41, 8)


def test_keys_follow_their_weights():
    module = small()
    layer = parts_of(module, CPU).layers[0]
    keys = RelativeKeys()
    before = keys.get(layer, 5)
    with torch.no_grad():
        module.transformer[0][0].fn[1].to_rel_k.weight.mul_(2)
    torch.testing.assert_close(keys.get(layer, 5), 2 * before)
