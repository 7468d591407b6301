"""Enformers of random sizes and lengths against enformer_pytorch's own forward."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch

from core.enformer import EnformerEngine
from core.enformer.averaging import Averaging
from core.genome import one_hot, reverse_complement
from tests.core.enformer.engine_toys import letters, reference, small


def sizes_of(random: np.random.Generator) -> dict[str, Any]:
    """Any sizes that enformer_pytorch can build."""
    heads = int(random.integers(1, 7))
    width = 12 * heads * int(random.integers(1, 5))
    return {
        "dim": width,
        "depth": int(random.integers(0, 4)),
        "heads": heads,
        "output_heads": (("human", int(random.integers(2, 9))), ("mouse", int(random.integers(2, 9)))),
        "target_length": int(random.choice([-1, 1, 2, 7, 50])),
        "attn_dim_key": int(random.integers(1, 33)),
        "num_downsamples": int(random.integers(3, 8)),
        "dim_divisible_by": int(random.choice([d for d in range(1, width // 2 + 1) if width % d == 0])),
    }


@pytest.mark.parametrize("seed", range(10))
def test_random_models_equal_the_reference(seed: int) -> None:
    random = np.random.default_rng(seed)
    sizes = sizes_of(random)
    module = small(seed=seed, **sizes)
    engine = EnformerEngine(module)
    size = engine.bin_size_bp
    for bins in (1, int(random.integers(2, 40)), int(random.integers(2, 100))):
        case = (sizes, bins)
        window, head = letters(size * (bins + 2), seed=seed + bins), str(random.choice(["human", "mouse"]))
        sequence, flanks = window[size:-size], (window[:size], window[-size:])
        wanted = reference(module, sequence, head)
        range_ = np.ptp(wanted)
        everything = engine.predict(sequence, head=head, target_length=-1).values
        assert everything.shape == wanted.shape, case
        assert np.abs(everything - wanted).max() < 1e-5 * range_, case

        count, shift = int(random.integers(1, bins + 1)), int(random.integers(1, size // 2 + 1))
        averaging = Averaging(reverse_complement=True, shifts=(shift, -shift))
        found = engine.predict(sequence, None, count, head, averaging=averaging, flanks=flanks)
        runs = []
        for by in (0, shift, -shift):
            moved = window[size + by : len(window) - size + by]
            runs += [reference(module, moved, head), reference(module, reverse_complement(moved), head)[::-1]]
        shown = slice((bins - count + 1) // 2, (bins - count + 1) // 2 + count)
        assert np.abs(found.values - np.mean(runs, axis=0)[shown]).max() < 1e-5 * range_, case
        assert np.abs(found.spread - np.std(runs, axis=0)[shown]).max() < 1e-5 * range_, case

        if sizes["depth"]:
            layers = sorted({int(layer) for layer in random.integers(0, sizes["depth"], 2)}, reverse=True)
            rows = sorted({int(row) for row in random.integers(0, bins, 4)})
            found = engine.attention(sequence, layers, rows)
            wanted = _attention(module, sequence)
            for place, layer in enumerate(found.layer_numbers):
                np.testing.assert_allclose(found.layer(place), wanted[layer][:, rows], atol=1e-5, err_msg=str(case))


def _attention(module: torch.nn.Module, sequence: str) -> list[np.ndarray]:
    """(heads, bins, bins) of each layer, from enformer_pytorch's own forward."""
    peer, found = copy.deepcopy(module).eval(), []
    for layer in peer.transformer:
        layer[0].fn[1].attn_dropout.register_forward_hook(lambda _, __, weights: found.append(weights[0].numpy()))
    with torch.inference_mode():
        peer(torch.from_numpy(one_hot(sequence)), head="human", target_length=-1)
    return found
