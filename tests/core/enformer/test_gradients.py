"""Gradients of the input: against automatic differentiation of enformer_pytorch itself."""

from __future__ import annotations

import copy
import types

import numpy as np
import pytest
import torch

from core.enformer import EnformerEngine, backward, backward_layers
from core.enformer.gradient_target import GradientTarget
from core.enformer.gradients import InputGradients, gradient_bytes, gradient_costs, input_gradient, input_gradients
from core.enformer.hparams import Hyperparameters
from core.enformer.memory import amount
from core.enformer.progress import run_costs
from core.enformer.random_weights import random_module
from core.errors import DeviceMemoryError, ModelOutputError, SelectionError, SequenceError
from core.genome import one_hot
from tests.core.enformer.engine_toys import far, letters, small
from tests.core.enformer.small_models import GAMMA

FULL = "CUDA out of memory. Tried to allocate 2.00 GiB"
TARGETS = [
    GradientTarget((0, 3), (4, 5, 6)),
    GradientTarget((2,), (0,)),
    GradientTarget((6,), (32,)),
    GradientTarget(tuple(range(5)), tuple(range(33)), "mouse"),
    GradientTarget.difference((1, 2), (3,), (30, 2)),
    GradientTarget((4, 1), (7, 20), weights=(0.5, -2.0)),
]


def autograd(
    module: torch.nn.Module, inputs: np.ndarray, target: GradientTarget, dtype: torch.dtype = torch.float32
) -> tuple[np.ndarray, np.ndarray]:
    """(gradients, values) of enformer_pytorch on a copy in evaluation mode."""
    peer = copy.deepcopy(module).to(dtype).eval().requires_grad_(False)
    given = torch.tensor(inputs, dtype=dtype, requires_grad=True)
    output = peer(given, head=target.head, target_length=-1)
    chosen = output[:, list(target.bins)][..., list(target.tracks)].mean(dim=1)
    values = (chosen * torch.tensor(target.track_weights, dtype=dtype)).sum(dim=1)
    values.sum().backward()
    return given.grad.numpy(), values.detach().numpy()


@pytest.mark.parametrize("target", TARGETS, ids=range(len(TARGETS)))
@pytest.mark.parametrize("depth", [0, 1, 3])
def test_equals_autograd(depth, target):
    module = small(depth, depth=depth)
    encoded = one_hot(letters(16 * 33, depth, unknown=0.05))[None]
    found = input_gradients(EnformerEngine(module), encoded, target)
    wanted, values = autograd(module, encoded, target)
    assert far(found.gradients, wanted) < 1e-5
    np.testing.assert_allclose(found.values, values, rtol=1e-5, atol=1e-6)
    exact, values = autograd(module, encoded, target, torch.float64)
    assert far(found.gradients, exact) < 5e-6
    np.testing.assert_allclose(found.values, values, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("piece", [2, 14, 64])
def test_borders_of_pieces_are_nowhere(monkeypatch, piece):
    module = small(5)
    encoded = one_hot(letters(16 * 33, 5, unknown=0.05))[None]
    target = GradientTarget((0, 2), (3, 17, 25))
    engine = EnformerEngine(module)
    whole = input_gradients(engine, encoded, target)
    monkeypatch.setattr(backward, "CPU_PIECE", piece)
    monkeypatch.setattr(backward_layers, "CPU_LOGIT_BYTES", 4 * 4 * 33 * 5)  # five rows at once
    found = input_gradients(engine, encoded, target)
    assert far(found.gradients, whole.gradients) < 3e-6
    assert far(found.gradients, autograd(module, encoded, target)[0]) < 1e-5


@pytest.mark.parametrize(
    "sizes", [{"num_downsamples": 3}, {"heads": 2, "attn_dim_key": 12, "dim": 36}, {"num_downsamples": 7, "dim": 96}]
)
def test_other_shapes(sizes):
    module = small(2, **sizes)
    engine = EnformerEngine(module)
    encoded = one_hot(letters(engine.bin_size_bp * 9, 2))[None]
    target = GradientTarget((0,), (1, 8))
    assert far(input_gradients(engine, encoded, target).gradients, autograd(module, encoded, target)[0]) < 1e-5


def test_positions_of_tensorflow():
    module = random_module(GAMMA.__class__(**(GAMMA.__dict__ | {"use_tf_gamma": True})), 1)
    encoded = one_hot(letters(8 * 1536, 3))[None]
    target = GradientTarget((0, 1), (767, 768, 769))
    found = input_gradients(EnformerEngine(module), encoded, target).gradients
    assert far(found, autograd(module, encoded, target)[0]) < 1e-5


def test_a_middle_sized_model():
    sizes = Hyperparameters(
        dim=384, depth=3, heads=8, output_heads=(("human", 50),), attn_dim_key=32, dim_divisible_by=64
    )
    module = random_module(sizes, 4)
    encoded = one_hot(letters(24_576, 4))[None]
    target = GradientTarget((4, 40), (95, 96, 97))
    found = input_gradients(EnformerEngine(module), encoded, target)
    assert far(found.gradients, autograd(module, encoded, target)[0]) < 1e-5


def test_a_window_that_is_mostly_padding():
    """As at the end of a chromosome: a gradient at N says what a letter there would do."""
    module = small(1)
    sequence = "N" * 300 + letters(16 * 33 - 300, 1, unknown=0)
    target = GradientTarget((0, 1), (18, 19))
    found = input_gradient(EnformerEngine(module), sequence, target)
    wanted = autograd(module, one_hot(sequence)[None], target)[0][0]
    assert far(found, wanted) < 1e-5
    assert np.abs(found[:300]).max() > 0.01 * np.abs(found).max()


def test_one_bin_without_a_transformer_sees_its_own_bases_alone():
    engine = EnformerEngine(small(0, depth=0))
    found = input_gradient(engine, letters(16 * 33, 0), GradientTarget((0,), (16,)))
    near = np.flatnonzero(np.abs(found).max(axis=1))
    assert 16 * 16 - 64 < near[0] < 16 * 16
    assert 17 * 16 < near[-1] + 1 < 17 * 16 + 64


def test_points_between_sequences_and_batches():
    module = small(3)
    engine = EnformerEngine(module)
    first, last = (one_hot(letters(16 * 20, seed)) for seed in (0, 1))
    inputs = np.stack([first + share * (last - first) for share in (0, 0.25, 0.5, 1)]).astype(np.float32)
    before = inputs.copy()
    target = TARGETS[0]
    found = input_gradients(engine, inputs, target)
    wanted, values = autograd(module, inputs, target)
    assert far(found.gradients, wanted) < 1e-5
    np.testing.assert_allclose(found.values, values, rtol=1e-5)
    np.testing.assert_array_equal(inputs, before)
    alone = [input_gradients(engine, inputs[place : place + 1], target).gradients[0] for place in range(4)]
    assert far(found.gradients, np.stack(alone)) < 3e-6
    # The fundamental theorem: the mean gradient along the way times the way is the difference of the ends.
    shares = (np.arange(200) + 0.5) / 200
    way = np.stack([first + share * (last - first) for share in shares]).astype(np.float32)
    total = (input_gradients(engine, way, target).gradients.mean(axis=0) * (last - first)).sum()
    assert total == pytest.approx(values[-1] - values[0], rel=5e-3)


def test_value_is_what_the_engine_predicts():
    engine = EnformerEngine(small(6))
    sequence = letters(16 * 33, 6)
    target = GradientTarget.difference((1, 2), (5,), (4, 9))
    shown = engine.predict(sequence, target_length=-1).values
    found = input_gradients(engine, one_hot(sequence)[None], target)
    wanted = shown[[4, 9]][:, [1, 2]].mean() - shown[[4, 9], 5].mean()
    assert found.values[0] == pytest.approx(wanted, rel=1e-4, abs=1e-6)
    assert found.gradients.dtype == np.float32
    assert not found.gradients.flags.writeable


def test_a_difference_is_the_difference_of_its_sides():
    engine = EnformerEngine(small())
    sequence = letters(16 * 20)
    first, second = (input_gradient(engine, sequence, GradientTarget(tracks, (5,))) for tracks in ((0, 1), (1, 4)))
    both = GradientTarget.difference((0, 1), (1, 4), (5,))
    assert dict(zip(both.tracks, both.weights, strict=True)) == {0: 0.5, 1: 0, 4: -0.5}
    assert far(input_gradient(engine, sequence, both), first - second) < 5e-6


def test_precision_of_the_engine_plays_no_part():
    module, sequence = small(), letters(160)
    exact, fast = (EnformerEngine(module, precision=one) for one in ("float32", "bfloat16"))
    fast.predict(sequence)  # leaves positional keys behind, made in inference mode
    found = [input_gradient(engine, sequence, GradientTarget((0,), (3,))) for engine in (exact, fast)]
    np.testing.assert_array_equal(*found)


def test_the_model_is_left_alone():
    module = small().train()
    for parameter in module.parameters():
        parameter.requires_grad_(True)
    before = copy.deepcopy(module.state_dict())
    input_gradient(EnformerEngine(module), letters(160), GradientTarget((0,), (3,)))
    assert module.training
    assert all(parameter.requires_grad and parameter.grad is None for parameter in module.parameters())
    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())


def test_progress_and_giving_up():
    engine, sequence = EnformerEngine(small()), letters(160)
    told: list[float] = []
    input_gradient(engine, sequence, TARGETS[1], on_progress=told.append)
    assert told[0] == 0
    assert told[-1] == 1
    assert told == sorted(told)
    assert len(told) > 2 * (4 + 3)

    class StoppedError(Exception):
        pass

    def stop(share: float) -> None:
        if share > 0.6:
            raise StoppedError

    with pytest.raises(StoppedError):
        input_gradient(engine, sequence, TARGETS[1], on_progress=stop)
    assert input_gradient(engine, sequence, TARGETS[1]).shape == (160, 4)


def test_keeps_less_where_less_is_free(monkeypatch):
    engine, encoded, target = EnformerEngine(small()), one_hot(letters(16 * 4000))[None], GradientTarget((0,), (9,))
    kept = []
    forward = backward.stage_forward
    monkeypatch.setattr(backward, "stage_forward", lambda *given: kept.append(given[2]) or forward(*given))
    wanted = input_gradients(engine, encoded, target).gradients
    full, least = (gradient_bytes(engine.parts, 64_000, 1, 1, lean=lean) for lean in (False, True))
    assert least < full
    monkeypatch.setattr("psutil.virtual_memory", lambda: types.SimpleNamespace(available=full - 1))
    found = input_gradients(engine, encoded, target).gradients
    assert kept == [False] * 4 + [True] * 4
    assert far(found, wanted) < 1e-6
    monkeypatch.setattr("psutil.virtual_memory", lambda: types.SimpleNamespace(available=least - 1))
    monkeypatch.setattr(backward, "stage_forward", lambda *_: pytest.fail("it ran"))
    with pytest.raises(DeviceMemoryError, match=rf"64,000 bp .* needs about {amount(least)} .* give a shorter"):
        input_gradients(engine, encoded, target)


def test_estimate_of_enformer():
    """4.2 GB were measured for the published sizes and 2.9 GB of the lean way, weights aside."""
    from core.enformer.parts import parts_of

    with torch.device("meta"):
        module = Hyperparameters(use_tf_gamma=False).build()
    parts = parts_of(module, torch.device("meta"))
    assert gradient_bytes(parts, 196_608, 3, 2) == pytest.approx(4.3e9, rel=0.03)
    assert gradient_bytes(parts, 196_608, 3, 2, lean=True) == pytest.approx(2.9e9, rel=0.03)
    assert 2 < gradient_costs(parts, 196_608, 2) / run_costs(parts, 196_608) < 2.3


def test_batches_shrink_when_memory_runs_out(monkeypatch):
    engine = EnformerEngine(small())
    inputs = np.stack([one_hot(letters(160, seed)) for seed in range(5)])
    wanted = input_gradients(engine, inputs, TARGETS[1])
    sizes: list[int] = []
    forward = backward.stage_forward

    def tight(stage, given, lean):
        if given.shape[1] == 4:
            sizes.append(len(given))
        if len(given) > 2:
            raise torch.OutOfMemoryError(FULL)
        return forward(stage, given, lean)

    monkeypatch.setattr(backward, "stage_forward", tight)
    found = input_gradients(engine, inputs, TARGETS[1])
    assert sizes == [5, 2, 2, 1]
    assert far(found.gradients, wanted.gradients) < 3e-6


def test_reported_when_nothing_fits(monkeypatch):
    engine = EnformerEngine(small())

    def never(*_):
        raise torch.OutOfMemoryError(FULL)

    monkeypatch.setattr(backward_layers, "layer_backward", never)
    with pytest.raises(DeviceMemoryError, match="Gradients of 160 bp through Enformer need more memory"):
        input_gradient(engine, letters(160), TARGETS[1])


def test_not_finite():
    module = small()
    with torch.no_grad():
        module.conv_tower[0][1].fn[2].weight[0, 0] = float("inf")
    with pytest.raises(ModelOutputError, match="gradient that is not finite"):
        input_gradient(EnformerEngine(module), letters(160), TARGETS[1])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"tracks": ()}, "No track is chosen"),
        ({"bins": ()}, "No bin is chosen"),
        ({"tracks": (1, 1)}, "track is named twice"),
        ({"bins": (-1,)}, "Bin -1 does not exist"),
        ({"tracks": ("K562",)}, "whole numbers from 0"),
        ({"weights": (1.0,)}, "1 weights are given for 2 tracks"),
        ({"weights": (1.0, float("nan"))}, "give others"),
        ({"weights": (0.0, 0.0)}, "all 0"),
    ],
)
def test_targets_that_are_refused(given, said):
    with pytest.raises(SelectionError, match=said):
        GradientTarget(**({"tracks": (0, 1), "bins": (0,)} | given))


def test_a_difference_of_the_same_tracks_is_refused():
    with pytest.raises(SelectionError, match="the same tracks, so it is 0"):
        GradientTarget.difference((0, 1), (1, 0), (3,))


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (GradientTarget((7,), (0,)), "Track 7 does not exist: the human head has tracks 0 to 6"),
        (GradientTarget((0,), (10,)), "Bin 10 does not exist: 160 bp have bins 0 to 9"),
        (GradientTarget((0,), (0,), "rat"), "no head 'rat'; it has human and mouse"),
    ],
)
def test_targets_that_the_model_has_not(target, said):
    with pytest.raises(SelectionError, match=said):
        input_gradient(EnformerEngine(small()), letters(160), target)


@pytest.mark.parametrize(
    "inputs",
    [
        np.zeros((160, 4), np.float32),
        np.zeros((0, 160, 4), np.float32),
        np.zeros((1, 161, 4), np.float32),
        np.zeros((1, 160, 4), np.int64),
        np.full((1, 160, 4), np.nan, np.float32),
        [[0.0]],
    ],
)
def test_inputs_that_are_refused(inputs):
    with pytest.raises(SequenceError, match="The inputs"):
        input_gradients(EnformerEngine(small()), inputs, GradientTarget((0,), (0,)))


def test_shapes_of_a_result_are_checked():
    with pytest.raises(ValueError, match="gradients"):
        InputGradients(np.zeros((1, 8, 3), np.float32), np.zeros(1))
    with pytest.raises(ValueError, match="float64"):
        InputGradients(np.zeros((1, 8, 4), np.float64), np.zeros(1))
