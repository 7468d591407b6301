"""Tower in tiles: any architecture, length, range, tile, batch and form of convolution, against enformer_pytorch."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.enformer.methods import EXACT, using
from core.enformer.parts import parts_of
from core.enformer.receptive import spans
from core.enformer.short_convolution import KERNEL, OUTPUTS, matrices, short_convolution, short_taps
from core.enformer.stages import made_ready, ready
from core.enformer.tiles import tower_bins, tower_of_bases
from core.enformer.tower import tower
from core.genome import one_hot
from tests.core.enformer.engine_toys import letters, small

CPU = torch.device("cpu")
QUIET = settings(
    max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@cache
def model(width: int, halvings: int, divisor: int) -> torch.nn.Module:
    return small(seed=width, dim=width, heads=1, depth=0, num_downsamples=halvings, dim_divisible_by=divisor)


def peer(module: torch.nn.Module, encoded: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode():
        return module.conv_tower(module.stem(encoded.transpose(1, 2))).transpose(1, 2)


def batch_of(count: int, length: int) -> torch.Tensor:
    return torch.from_numpy(np.stack([one_hot(letters(length, seed=seed)) for seed in range(count)]))


def apart(found: torch.Tensor, wanted: torch.Tensor, whole: torch.Tensor) -> float:
    assert found.shape == wanted.shape
    return float((found - wanted).abs().max() / (whole.max() - whole.min()))


@QUIET
@given(
    width=st.sampled_from([12, 24, 60, 96]),
    halvings=st.integers(3, 7),
    bins=st.integers(1, 40),
    ends=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    tile=st.sampled_from([1, 2, 7, 64, 129, 4096]),
    batch=st.integers(1, 3),
    convolution=st.sampled_from(["taps", "library", "short"]),
)
@example(width=96, halvings=7, bins=1, ends=(0.0, 0.0), tile=1, batch=1, convolution="short")
@example(width=96, halvings=3, bins=40, ends=(0.0, 1.0), tile=1, batch=2, convolution="taps")
def test_any_bins_equal_the_peer(width, halvings, bins, ends, tile, batch, convolution):
    module = model(width, halvings, 2 if width < 96 else 12)
    parts = parts_of(module, CPU)
    encoded = batch_of(batch, bins * parts.bin_size_bp)
    first = min(bins - 1, int(min(ends) * bins))
    stop = max(first + 1, int(max(ends) * bins))
    wanted = peer(module, encoded)
    shares: list[float] = []
    with (
        torch.inference_mode(),
        using(replace(EXACT, tile=tile, convolution=convolution)),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr("core.enformer.tiles.LEAST", 1)
        found = tower_bins(parts, encoded, first, stop, shares.append)
        whole = tower(parts, encoded)
    assert apart(found, wanted[:, first:stop], wanted) < 5e-6
    assert apart(whole, wanted, wanted) < 5e-6
    assert apart(found, whole[:, first:stop], whole) < (5e-6 if convolution == "short" else 2e-6)
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)


def test_half_of_the_window_does_not_need_the_rest():
    module = model(48, 5, 4)
    parts = parts_of(module, CPU)
    encoded = batch_of(1, 32 * 30)
    plan = spans(parts, 32 * 30, 12, 15)
    outside = encoded.clone()
    outside[:, : plan[0].start] = float("nan")
    outside[:, plan[0].stop :] = float("nan")
    with torch.inference_mode():
        found = tower_bins(parts, outside, 12, 15)
        pieces = torch.cat([encoded[:, plan[0].start : plan[0].stop]] * 2)
        together = tower_of_bases(parts, pieces, plan)
    assert apart(found, peer(module, encoded)[:, 12:15], peer(module, encoded)) < 2e-6
    assert torch.allclose(together[1], found[0], atol=1e-5)
    with pytest.raises(ValueError, match="bases where the plan reads"):
        tower_of_bases(parts, pieces[:, 1:], plan)


def test_edges_are_zeros_behind_the_activation():
    """A window in the middle of a longer one gives other bins at its edges than the longer one does."""
    module = model(48, 4, 4)
    parts = parts_of(module, CPU)
    encoded = batch_of(1, 16 * 30)
    with torch.inference_mode():
        whole, short = tower(parts, encoded), tower(parts, encoded[:, 16 * 5 : 16 * 25])
    difference = (whole[:, 5:25] - short).abs().amax(dim=2)[0]
    assert (difference[[0, 1, -2, -1]] > 1e-3).all()
    assert (difference[4:-4] < 1e-5).all()


def test_memory_is_bounded_by_the_tile():
    """Sixteen times the length does not take sixteen times the room: what is allocated at once stays."""
    parts = parts_of(model(96, 4, 12), CPU)

    def peak(bins: int, tile: int) -> int:
        encoded = batch_of(1, 16 * bins)
        with torch.inference_mode(), using(replace(EXACT, tile=tile)):
            tower(parts, encoded)
            with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as seen:
                tower(parts, encoded)
        held = highest = 0
        for event in seen.profiler.kineto_results.events():
            if event.name() == "[memory]":
                held += event.nbytes()
                highest = max(highest, held)
        return highest

    small_window, large_window = peak(64, 256), peak(1024, 256)
    output = 4 * 96 * (1024 - 64)
    assert large_window - output < 2 * small_window
    assert peak(1024, 16 * 1024) > 4 * large_window, "nothing was measured"


def test_numbers_changed_in_place_are_noticed():
    module = small(dim=96, depth=0, heads=2)
    parts = parts_of(module, CPU)
    encoded = batch_of(1, 16 * 12)
    with torch.inference_mode():
        before = tower(parts, encoded)
    assert ready(parts.stages[1], EXACT) is ready(parts.stages[1], EXACT)
    with torch.no_grad():
        module.conv_tower[0][2].to_attn_logits.weight.mul_(0.5)
    with torch.inference_mode():
        after = tower(parts, encoded)
    assert apart(after, before, before) > 1e-3
    assert apart(after, peer(module, encoded), before) < 2e-6


def test_half_precision_tower():
    module = model(96, 4, 12)
    parts = parts_of(module, CPU)
    encoded = batch_of(2, 16 * 60)
    for convolution in ("taps", "library"):
        with torch.inference_mode(), using(replace(EXACT, tower="float16", convolution=convolution)):
            found = tower(parts, encoded)
        wanted = peer(module, encoded)
        assert found.dtype == torch.float32
        assert 1e-5 < apart(found, wanted, wanted) < 1e-2


def test_watchers_see_every_stage():
    parts = parts_of(model(48, 4, 4), CPU)
    encoded = batch_of(1, 16 * 9)
    seen: dict[int, int] = {}
    plan = spans(parts, 16 * 9, 0, 9)

    def watch(stage: int, rows: torch.Tensor) -> None:
        seen[stage] = seen.get(stage, 0) + rows.shape[1]

    with torch.inference_mode(), using(replace(EXACT, tile=16)):
        tower_of_bases(parts, encoded, plan, watch=watch)
    assert seen == {0: 72, 1: 36, 2: 18, 3: 9}


def test_short_convolution_is_a_convolution():
    to_outputs, of_kernel, of_rows = matrices()
    random = np.random.default_rng(0)
    kernel, rows = random.standard_normal(KERNEL), random.standard_normal(OUTPUTS + KERNEL - 1)
    wanted = np.correlate(rows, kernel)
    np.testing.assert_allclose(to_outputs @ ((of_kernel @ kernel) * (of_rows @ rows)), wanted, atol=1e-12)
    taps, given, bias = (torch.randn(size, dtype=torch.float64) for size in ((5, 6, 3), (2, 4 * 3 + 4, 6), (3,)))
    found = short_convolution(given, short_taps(taps), bias)  # (4, 2 * 3, 3)
    wanted = torch.nn.functional.conv1d(given.transpose(1, 2), taps.permute(2, 1, 0), bias).transpose(1, 2)
    torch.testing.assert_close(found.transpose(0, 1).reshape(2, 12, 3), wanted)
    assert len(matrices()[0][0]) == 8, "eight products for four outputs"


def test_kernels_that_are_small_are_laid_side_by_side():
    stage = parts_of(model(96, 4, 12), CPU).stages[0]
    own = made_ready(stage, replace(EXACT, convolution="short"))
    assert own.convolution == "taps"
    assert own.taps.shape == (1, 60, 48)
