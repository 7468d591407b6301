"""The multiply-adds that the rows are compared with, against what torch counts of enformer_pytorch and its autograd."""

from __future__ import annotations

import torch
from torch.utils.flop_counter import FlopCounterMode

from core.enformer.parts import Parts, parts_of
from core.genome import one_hot
from tests.bench.engine_limit import gemm_peak, gradient_macs, head_macs, prediction_macs, tower_macs, transformer_macs
from tests.core.enformer.engine_toys import letters, small

LENGTH, BINS = 16 * 24, 24


def positions(parts: Parts) -> int:
    """What the peer spends on keys of relative positions, which depend on no sequence."""
    return sum((2 * BINS - 1) * layer.rel_key.numel() for layer in parts.layers)


def distances(parts: Parts, products: int = 1) -> int:
    """What the peer multiplies with keys of 2 * bins - 1 distances, where each row has no more than bins."""
    return sum(products * layer.heads * BINS * (BINS - 1) * layer.key_size for layer in parts.layers)


def other_half(parts: Parts) -> int:
    """The peer weighs both of two neighbours in the pooling."""
    return sum((LENGTH >> (n + 1)) * stage.pool.numel() for n, stage in enumerate(parts.stages))


def counted(work) -> float:
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops() / 2


def test_forward():
    module = small()
    parts = parts_of(module, torch.device("cpu"))
    given = torch.from_numpy(one_hot(letters(LENGTH)))[None]
    with torch.no_grad():
        found = counted(lambda: module(given, head="human", target_length=-1))
    wanted = prediction_macs(parts, LENGTH, BINS, 7)
    mouse = head_macs(parts, BINS, 5) - head_macs(parts, BINS, 0)  # the peer computes every head
    assert found == wanted + other_half(parts) + positions(parts) + distances(parts) + mouse
    assert prediction_macs(parts, LENGTH, BINS, 7, tower_share=0.5) == wanted - tower_macs(parts, LENGTH) / 2


def test_gradient():
    module = small().requires_grad_(False)
    parts = parts_of(module, torch.device("cpu"))
    given = torch.from_numpy(one_hot(letters(LENGTH)))[None].requires_grad_()
    found = counted(lambda: module(given, head="human", target_length=-1).sum().backward())
    wanted = gradient_macs(parts, LENGTH, BINS, 7)
    # The peer multiplies with positions and distances it does not need, forward and back.
    assert found >= wanted + 2 * other_half(parts)
    assert found <= wanted + 2 * other_half(parts) + 3 * positions(parts) + 5 * distances(parts)


def test_the_last_layer_for_a_few_rows():
    parts = parts_of(small(depth=2), torch.device("cpu"))
    whole, some, one = (transformer_macs(parts, BINS, rows) for rows in (BINS, 4, 1))
    assert one < some < whole
    assert whole - some == (BINS - 4) * (some - one) / 3
    assert head_macs(parts, 8, 7) == 2 * head_macs(parts, 4, 7)


def test_peak_is_a_rate():
    assert gemm_peak(torch.device("cpu"), "float32") > 1e8
