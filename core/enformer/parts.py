"""The numbers of an Enformer, laid out for our own forward pass.

The tensors share the memory of the module's parameters where device and precision allow it; the module itself is never
called, set or moved, so its training flag, its dropout and its crop play no part.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import ModelFilesError

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from core.enformer.models import DnaModel

POSITION_CLASSES = 6  # exponential, central mask and gamma, each with and without the sign of the distance


@dataclass(frozen=True, eq=False)
class BatchNorm:
    """Batch normalisation by running statistics; each tensor is (channels,)."""

    mean: Tensor
    variance: Tensor
    weight: Tensor
    bias: Tensor
    eps: float


@dataclass(frozen=True, eq=False)
class Affine:
    """A linear layer or a convolution: weight (out, in) or (out, in, kernel), bias (out,) or None."""

    weight: Tensor
    bias: Tensor | None


@dataclass(frozen=True, eq=False)
class Stage:
    """What halves the sequence once.

    Attributes
    ----------
    norm : before `convolution`, with GELU; None in the stem.
    convolution : (out, in, 15) in the stem, (out, in, 5) in the tower.
    residual_norm, residual : batch norm, GELU and a (out, out) matrix, added to their own input.
    pool : (out, out) matrix that gives the logits by which two neighbours are weighed.
    """

    norm: BatchNorm | None
    convolution: Affine
    residual_norm: BatchNorm
    residual: Affine
    pool: Tensor


@dataclass(frozen=True, eq=False)
class Layer:
    """One transformer layer.

    Attributes
    ----------
    query, key : (heads * key_size, width); value : (width, width); rel_key : (heads * key_size, features).
    content_bias, position_bias : (heads, 1, key_size), added to the scaled query.
    scale : key_size ** -0.5, what the query is multiplied with *before* the biases are added.
    tf_gamma : the module asks for TensorFlow's gamma features.
    """

    norm: tuple[Tensor, Tensor, float]
    query: Tensor
    key: Tensor
    value: Tensor
    out: Affine
    rel_key: Tensor
    content_bias: Tensor
    position_bias: Tensor
    scale: float
    heads: int
    features: int
    tf_gamma: bool
    feed_norm: tuple[Tensor, Tensor, float]
    up: Affine
    down: Affine

    @property
    def key_size(self) -> int:
        return self.query.shape[0] // self.heads

    @property
    def value_size(self) -> int:
        return self.value.shape[0] // self.heads


@dataclass(frozen=True, eq=False)
class Parts:
    """All of an Enformer: stem, tower, transformer layers, the pointwise block before the heads, and the heads."""

    stem: Stage
    tower: tuple[Stage, ...]
    layers: tuple[Layer, ...]
    point_norm: BatchNorm
    pointwise: Affine
    heads: Mapping[str, Affine]
    device: torch.device

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Stem and tower: each halves the length."""
        return (self.stem, *self.tower)

    @property
    def bin_size_bp(self) -> int:
        return 2 ** len(self.stages)

    @property
    def width(self) -> int:
        """Channels between tower and transformer."""
        return self.stages[-1].pool.shape[0]


def module_of(model: DnaModel | nn.Module) -> nn.Module:
    """The module itself.

    Raises
    ------
    ModelFilesError
        It is neither a model of `load_model` nor a module.
    """
    from torch import nn

    module = model if isinstance(model, nn.Module) else getattr(model, "module", None)
    if isinstance(module, nn.Module):
        return module
    raise ModelFilesError(f"{str(model)[:60]!r} is no model; give what load_model gives: load_model('official').")


def parts_of(module: nn.Module, device: torch.device) -> Parts:
    """Read an `enformer_pytorch.Enformer`.

    Parameters
    ----------
    module : stays as it is, in train mode too.
    device : where the numbers go; float32 parameters that are there already are shared, not copied.

    Raises
    ------
    ModelFilesError
        The module is laid out in another way than enformer_pytorch 0.8 lays it out, or its width does not suit its
        positional features.
    """

    import torch

    def here(tensor: Tensor) -> Tensor:
        return tensor.detach().to(device=device, dtype=torch.float32)

    try:
        return _Reader(here).parts(module, device)
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise ModelFilesError(
            f"This {type(module).__name__} is not laid out as enformer_pytorch's Enformer ({error}); give an Enformer "
            "of enformer_pytorch, or a model from load_model."
        ) from error


class _Reader:
    """Reads modules; `here` brings a tensor to its place."""

    def __init__(self, here: Callable[[Tensor], Tensor]) -> None:
        self.here = here

    def parts(self, module: nn.Module, device: torch.device) -> Parts:
        # (rearrange, pointwise block, rearrange, dropout, GELU)
        norm, _, pointwise = module.final_pointwise[1]
        return Parts(
            stem=self.stage(module.stem, None),
            tower=tuple(self.stage(stage, stage[0]) for stage in module.conv_tower),
            layers=tuple(self.layer(layer) for layer in module.transformer),
            point_norm=self.batch_norm(norm),
            pointwise=self.matrix(pointwise),
            heads={name: self.head(name, head) for name, head in module._heads.items()},
            device=device,
        )

    def batch_norm(self, norm: nn.Module) -> BatchNorm:
        tensors = (norm.running_mean, norm.running_var, norm.weight, norm.bias)
        return BatchNorm(*(self.here(tensor) for tensor in tensors), eps=norm.eps)

    def affine(self, module: nn.Module) -> Affine:
        return Affine(self.here(module.weight), None if module.bias is None else self.here(module.bias))

    def matrix(self, convolution: nn.Module) -> Affine:
        """A convolution of width 1 as a matrix."""
        affine = self.affine(convolution)
        return Affine(affine.weight.flatten(1), affine.bias)

    def stage(self, stage: nn.Module, block: nn.Module | None) -> Stage:
        residual_norm, _, residual = stage[1].fn
        if stage[2].pool_size != 2:
            raise TypeError(f"it pools by {stage[2].pool_size}, not by 2")
        return Stage(
            norm=None if block is None else self.batch_norm(block[0]),
            convolution=self.affine(stage[0] if block is None else block[2]),
            residual_norm=self.batch_norm(residual_norm),
            residual=self.matrix(residual),
            pool=self.here(stage[2].to_attn_logits.weight).flatten(1),
        )

    def layer_norm(self, norm: nn.LayerNorm) -> tuple[Tensor, Tensor, float]:
        return self.here(norm.weight), self.here(norm.bias), norm.eps

    def layer(self, layer: nn.Module) -> Layer:
        norm, attention = layer[0].fn[0], layer[0].fn[1]
        feed_norm, up, down = layer[1].fn[0], layer[1].fn[1], layer[1].fn[4]
        features = attention.num_rel_pos_features
        if features % POSITION_CLASSES or not features:
            raise ModelFilesError(
                f"This Enformer has {features} positional features a head (width / heads), and they have to be a "
                f"multiple of {POSITION_CLASSES}; give a width and a number of heads such as 1536 and 8."
            )
        return Layer(
            norm=self.layer_norm(norm),
            query=self.here(attention.to_q.weight),
            key=self.here(attention.to_k.weight),
            value=self.here(attention.to_v.weight),
            out=self.affine(attention.to_out),
            rel_key=self.here(attention.to_rel_k.weight),
            content_bias=self.here(attention.rel_content_bias)[0],
            position_bias=self.here(attention.rel_pos_bias)[0],
            scale=attention.scale,
            heads=attention.heads,
            features=features,
            tf_gamma=bool(attention.use_tf_gamma),
            feed_norm=self.layer_norm(feed_norm),
            up=self.affine(up),
            down=self.affine(down),
        )

    def head(self, name: str, head: nn.Module) -> Affine:
        from torch import nn

        linear, activation = head
        if not isinstance(activation, nn.Softplus):
            raise TypeError(f"the {name} head ends with {type(activation).__name__}, not with Softplus")
        return self.affine(linear)


def weights_digest(module: nn.Module) -> str:
    """sha256 (hexadecimal) over names, shapes and float32 numbers of a module's state, each tensor once.

    What plays no part in a prediction does not count: second names of tensors, and how many batches were trained on.
    Takes about a second for the 251 million parameters of Enformer.
    """
    import torch

    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        if name.startswith("_trunk.") or name.endswith(".num_batches_tracked"):
            continue
        digest.update(f"{name} {tuple(tensor.shape)};".encode())
        digest.update(tensor.detach().to("cpu", torch.float32).contiguous().numpy().tobytes())
    return digest.hexdigest()


def version_of(tensor: Tensor) -> tuple[int, int]:
    """Changes when the numbers of a tensor are changed in place, as training does."""
    try:
        return tensor.data_ptr(), tensor._version
    except RuntimeError:  # a tensor made in inference mode counts no versions
        return tensor.data_ptr(), 0
