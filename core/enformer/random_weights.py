"""Enformers with random numbers: for tests, benchmarks, and to try a page before a trained model is there.

`enformer_pytorch` begins with projections of zeros and untouched batch norms, so that a fresh model would hide most
mistakes of an engine. Here no tensor is constant, and the scales are such that values keep their size through all
layers: what comes out is neither constant nor saturated.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from core.enformer.hparams import Hyperparameters, set_tf_gamma
from core.enformer.state import fill, state_of
from core.enformer.tracks import Track, TrackTable

if TYPE_CHECKING:
    import torch
    from enformer_pytorch import Enformer

OFFICIAL_SIZES = Hyperparameters(use_tf_gamma=True)
UNTRAINED_SIZES = Hyperparameters(
    dim=96,
    depth=2,
    heads=2,
    output_heads=(("human", 12),),
    target_length=192,
    attn_dim_key=24,
    dim_divisible_by=8,
    input_bp=32_768,
)
_GELU_SQUARE = 0.43  # mean of GELU(x) squared for a standard normal x


def random_module(sizes: Hyperparameters, seed: int = 0) -> Enformer:
    """An Enformer of these sizes whose numbers follow from the seed alone.

    Returns
    -------
    Enformer
        float32, on the CPU, in evaluation mode, parameters frozen; the random state of torch is left alone.
    """
    module = sizes.build()
    state = {name: _numbers(name, tensor, seed + number) for number, (name, tensor) in enumerate(_ordered(module))}
    fill(module, state)
    set_tf_gamma(module, sizes.use_tf_gamma)
    return module


def _ordered(module: Enformer) -> list[tuple[str, torch.Tensor]]:
    return sorted(state_of(module).items())


def _numbers(name: str, like: torch.Tensor, seed: int) -> torch.Tensor:
    import torch

    if name.endswith("num_batches_tracked"):
        return torch.ones((), dtype=torch.int64)
    generator = torch.Generator().manual_seed(1_000_003 * (seed + 1))
    middle, spread = _middle_and_spread(name, tuple(like.shape))
    half = math.sqrt(3) * spread  # uniform: four times as fast as a normal distribution, and as good here
    values = torch.empty(like.shape).uniform_(-half, half, generator=generator).add_(middle)
    if like.ndim > 1:  # what all inputs have in common, as the mean of GELUs, would drown what differs from bin to bin
        values -= 0.9 * values.mean(dim=tuple(range(1, like.ndim)), keepdim=True)
    if name.endswith("to_attn_logits.weight"):
        values += 2 * torch.eye(like.shape[0])[:, :, None, None]
    return values


def _middle_and_spread(name: str, shape: tuple[int, ...]) -> tuple[float, float]:
    """Mean and standard deviation of a tensor's numbers."""
    inputs = math.prod(shape[1:])
    if name.endswith("running_mean"):
        return 0.0, 0.2
    if name.endswith("running_var"):
        return 1.2, 0.2
    if name.endswith(("rel_content_bias", "rel_pos_bias")):
        return 0.0, 0.2
    if len(shape) == 1 and name.endswith("weight"):  # of a batch or layer norm
        return (0.8 if name.startswith("final") else 1.0), 0.1
    if len(shape) == 1:
        return (-1.0, 0.5) if name.startswith("_heads") else (0.0, 0.1)
    if name == "stem.0.weight":  # one of four letters is 1
        return 0.0, math.sqrt(4 / inputs)
    if name.endswith("to_attn_logits.weight"):
        return 0.0, 0.3 / math.sqrt(inputs)
    if name.endswith(("to_q.weight", "to_k.weight")):
        return 0.0, 1.6 / math.sqrt(inputs)
    if name.endswith(("to_v.weight", "to_rel_k.weight")):
        return 0.0, 1 / math.sqrt(inputs)
    if name.endswith("to_out.weight"):
        return 0.0, 0.5 / math.sqrt(inputs)
    if name.startswith("transformer"):  # feed-forward: the second follows a ReLU
        return 0.0, (0.7 if ".fn.4." in name else 1.0) * math.sqrt(1 / inputs)
    if name.startswith(("stem.1", "conv_tower")) and ".fn." in name:  # added to its own input
        return 0.0, 0.5 / math.sqrt(_GELU_SQUARE * inputs)
    return 0.0, 1 / math.sqrt(_GELU_SQUARE * inputs)


def untrained_tracks() -> TrackTable:
    """Names that promise nothing."""
    count = dict(UNTRAINED_SIZES.output_heads)["human"]
    tracks = tuple(Track(index, "", f"untrained track {index + 1}") for index in range(count))
    return TrackTable("human", tracks, None, "random weights: the values mean nothing")


SEEDED = {"random": OFFICIAL_SIZES, "untrained": UNTRAINED_SIZES}
