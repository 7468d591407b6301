"""Transformer layers and head with what their backward needs, and that backward, written by hand.

A layer keeps what its matrices gave; its attention weights, 75 MB in Enformer, are computed again. No parameter gets a
gradient, none is changed.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from core.enformer.backward import GELU, steep_gelu, through_gelu
from core.enformer.parts import Layer, Parts

LOGIT_BYTES = {"cuda": 512 * 1024**2}  # of one piece of query rows
CPU_LOGIT_BYTES = 16 * 1024**2


@dataclass(frozen=True, eq=False)
class LayerTrace:
    """What a layer's backward needs; `rows` are the bins `first` to `stop` that it gave.

    Attributes
    ----------
    given : (batch, bins, width) that entered.
    queries, keys, values : (batch, heads, rows or bins, size); the queries are scaled.
    mixed : (batch, heads, rows, size), the values weighed by the attention.
    between : (batch, rows, width), after the attention and its residual.
    active : (batch, rows, hidden) of bool, where the feed-forward's ReLU let pass.
    """

    given: Tensor
    queries: Tensor
    keys: Tensor
    values: Tensor
    mixed: Tensor
    between: Tensor
    active: Tensor
    first: int
    stop: int


def _split(states: Tensor, heads: int) -> Tensor:
    """(batch, bins, heads * size) -> (batch, heads, bins, size)."""
    return states.unflatten(-1, (heads, -1)).transpose(1, 2)


def _joined(states: Tensor) -> Tensor:
    """(batch, heads, bins, size) -> (batch, bins, heads * size)."""
    return states.transpose(1, 2).flatten(2)


def _norm(states: Tensor, norm: tuple[Tensor, Tensor, float]) -> Tensor:
    weight, bias, eps = norm
    return F.layer_norm(states, weight.shape, weight, bias, eps)


def _through_norm(gradient: Tensor, states: Tensor, norm: tuple[Tensor, Tensor, float]) -> Tensor:
    """Gradient of a layer norm's output -> of its input."""
    weight, _, eps = norm
    variance, mean = torch.var_mean(states, dim=-1, keepdim=True, correction=0)
    steepness = torch.rsqrt(variance + eps)
    normalised = (states - mean) * steepness
    gradient = gradient * weight
    along = (gradient * normalised).mean(dim=-1, keepdim=True)
    return (gradient - gradient.mean(dim=-1, keepdim=True) - normalised * along) * steepness


def _rows_at_once(queries: Tensor, bins: int) -> int:
    batch, heads, rows, _ = queries.shape
    bound = LOGIT_BYTES.get(queries.device.type, CPU_LOGIT_BYTES)
    return max(1, min(rows, bound // (4 * batch * heads * bins)))


def _by_distance(wide: Tensor, bins: int) -> Tensor:
    """View of (batch, heads, rows, bins + rows - 1), a column a distance, as (batch, heads, rows, bins), one a key.

    Row r begins one place before the row above it: column j stands at rows - 1 - r + j.
    """
    batch, heads, rows, width = wide.shape
    strides = (heads * rows * width, rows * width, width - 1, 1)
    return wide.as_strided((batch, heads, rows, bins), strides, wide.storage_offset() + rows - 1)


def _weights(layer: Layer, queries: Tensor, keys: Tensor, seen: Tensor) -> Tensor:
    """(batch, heads, rows, bins), rows sum to 1. `seen`: keys of the distances that these rows have."""
    wide = ((queries + layer.position_bias) @ seen.transpose(-1, -2)).contiguous()
    logits = (queries + layer.content_bias) @ keys.transpose(-1, -2)
    return torch.softmax(logits.add_(_by_distance(wide, keys.shape[2])), dim=-1)


def _seen(relative: Tensor, bins: int, start: int, stop: int) -> Tensor:
    """Of all distances' keys (heads, 2 * bins - 1, size), those from the query rows `start` to `stop` to any bin."""
    return relative[:, bins - stop : 2 * bins - 1 - start]


def layer_forward(layer: Layer, given: Tensor, relative: Tensor, first: int, stop: int) -> tuple[Tensor, LayerTrace]:
    """One layer, for the query bins `first` to `stop`: (batch, bins, width) -> (batch, rows, width), and its trace.

    Parameters
    ----------
    relative : (heads, 2 * bins - 1, key_size), as `RelativeKeys.get` gives them.
    """
    normalised = _norm(given, layer.norm)
    queries = _split(F.linear(normalised[:, first:stop], layer.query), layer.heads) * layer.scale
    keys = _split(F.linear(normalised, layer.key), layer.heads).contiguous()
    values = _split(F.linear(normalised, layer.value), layer.heads).contiguous()
    bins = given.shape[1]
    mixed = values.new_empty(*queries.shape[:3], layer.value_size)
    step = _rows_at_once(queries, bins)
    for start in range(0, stop - first, step):
        end = min(stop - first, start + step)
        seen = _seen(relative, bins, first + start, first + end)
        mixed[:, :, start:end] = _weights(layer, queries[:, :, start:end], keys, seen) @ values
    between = given[:, first:stop] + F.linear(_joined(mixed), layer.out.weight, layer.out.bias)
    hidden = F.relu(F.linear(_norm(between, layer.feed_norm), layer.up.weight, layer.up.bias), inplace=True)
    states = between + F.linear(hidden, layer.down.weight, layer.down.bias)
    return states, LayerTrace(given, queries, keys, values, mixed, between, hidden > 0, first, stop)


def layer_backward(layer: Layer, trace: LayerTrace, relative: Tensor, gradient: Tensor) -> Tensor:
    """Gradient of a layer's rows (batch, rows, width) -> of its input (batch, bins, width)."""
    hidden = (gradient @ layer.down.weight) * trace.active
    between = gradient + _through_norm(hidden @ layer.up.weight, trace.between, layer.feed_norm)
    mixed = _split(between @ layer.out.weight, layer.heads)
    queries, keys, values = _through_attention(layer, trace, relative, mixed)
    normalised = _joined(keys) @ layer.key
    normalised += _joined(values) @ layer.value
    rows = slice(trace.first, trace.stop)
    normalised[:, rows] += (_joined(queries) * layer.scale) @ layer.query
    states = _through_norm(normalised, trace.given, layer.norm)
    states[:, rows] += between
    return states


def _through_attention(
    layer: Layer, trace: LayerTrace, relative: Tensor, gradient: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradient of the mixed values (batch, heads, rows, size) -> of scaled queries, keys and values."""
    bins, rows = trace.keys.shape[2], trace.queries.shape[2]
    queries, keys, values = (torch.zeros_like(one) for one in (trace.queries, trace.keys, trace.values))
    step = _rows_at_once(trace.queries, bins)
    for start in range(0, rows, step):
        piece = slice(start, min(rows, start + step))
        seen = _seen(relative, bins, trace.first + piece.start, trace.first + piece.stop)
        asked, given = gradient[:, :, piece], trace.queries[:, :, piece]
        weights = _weights(layer, given, trace.keys, seen)
        values += weights.transpose(-1, -2) @ asked
        # Of a softmax: each weight times how far its own gradient lies above the row's mean, weighed by the weights.
        mean = (asked * trace.mixed[:, :, piece]).sum(dim=-1, keepdim=True)
        logits = (asked @ trace.values.transpose(-1, -2)).sub_(mean).mul_(weights)
        wide = logits.new_zeros(*logits.shape[:3], bins + logits.shape[2] - 1)
        _by_distance(wide, bins).copy_(logits)
        queries[:, :, piece] = logits @ trace.keys + wide @ seen
        keys += logits.transpose(-1, -2) @ (given + layer.content_bias)
    return queries, keys, values


def head_gradient(
    parts: Parts, states: Tensor, head: str, tracks: Tensor, track_weights: Tensor, bin_weights: Tensor
) -> tuple[Tensor, Tensor]:
    """Weighed sum over bins and tracks, and its gradient.

    Parameters
    ----------
    states : (batch, rows, width) after the last layer.
    tracks : (tracks,) rows of the head's matrix; track_weights (tracks,), bin_weights (rows,): what each counts.

    Returns
    -------
    (batch,) float64, and the gradient (batch, rows, width) float32 of the states.
    """
    columns = states.transpose(1, 2)  # (batch, width, rows)
    weight = parts.pointwise.weight / GELU
    hidden = F.linear(steep_gelu(columns, parts.point_norm).transpose(1, 2), weight, parts.pointwise.bias).mul_(GELU)
    affine = parts.heads[head]
    matrix = affine.weight[tracks]
    outputs = F.linear(F.silu(hidden), matrix / GELU, None if affine.bias is None else affine.bias[tracks])
    share = bin_weights[:, None] * track_weights
    values = (F.softplus(outputs).double() * share).sum(dim=(1, 2))
    back = (torch.sigmoid(outputs) * share) @ matrix
    back = torch.ops.aten.silu_backward(back, hidden) @ parts.pointwise.weight
    return values, through_gelu(back.transpose(1, 2), columns, parts.point_norm).transpose(1, 2)
