"""All heads of a window at once: the same weights as the engine's own rows, in a fraction of the memory."""

from __future__ import annotations

import numpy as np
import pytest

from core.enformer import EnformerEngine
from core.enformer.whole_attention import whole_attention
from core.errors import SequenceError
from core.genome import Interval
from tests.core.enformer.engine_toys import letters, small


@pytest.mark.parametrize("bins", [1, 2, 11, 40])
def test_every_head_is_the_engines_own_attention(bins):
    engine = EnformerEngine(small())
    sequence = letters(16 * bins)
    found = whole_attention(engine, sequence, interval=Interval("chr1", 1600, 1600 + 16 * bins))
    wanted = engine.attention(sequence, range(3))
    assert (found.layers, found.heads, found.unit) == (3, 4, "bin")
    for layer in range(3):
        np.testing.assert_allclose(found.layer(layer), wanted.layer(layer), atol=2e-6)
        np.testing.assert_allclose(found.head(layer, 1), found.layer(layer)[1], atol=1e-6)
    assert found.source.labels[0] == "chr1:1,601-1,616"
    assert found.rows is found.source


def test_the_terms_of_distance_count():
    """Without them the weights are others: the test above would not pass by chance."""
    engine = EnformerEngine(small())
    found = whole_attention(engine, letters(16 * 11))
    content = found.queries[0] + found.relative.content_bias[0][:, None]
    logits = content @ found.keys[0].swapaxes(-1, -2)
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    assert np.abs(weights - found.layer(0)).max() > 0.01


def test_progress_memory_and_bad_input():
    engine = EnformerEngine(small())
    seen: list[float] = []
    found = whole_attention(engine, letters(16 * 40), on_progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert found.nbytes == sum(a.nbytes for a in (found.queries, found.keys, found.scales, found.allowed)) + sum(
        a.nbytes for a in found.relative.arrays
    )
    with pytest.raises(SequenceError):
        whole_attention(engine, "ACGT")

    def stop(done: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        whole_attention(engine, letters(16 * 40), on_progress=stop)
