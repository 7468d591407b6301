"""The transformer of Enformer and what comes behind it: global, from bins to tracks.

Each bin looks at all others by content and by distance. The logits exist for a piece of the query rows at a time, and
of the relative ones only the distances that such a piece can have.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from core.enformer.memory import Pieces
from core.enformer.parts import Affine, Layer, Parts
from core.enformer.positions import RelativeKeys
from core.enformer.tower import normalised_gelu

LOGIT_BYTES = {"cuda": 512 * 1024**2}  # of one piece of query rows
CPU_LOGIT_BYTES = 16 * 1024**2


def row_pieces(parts: Parts, batch: int, bins: int) -> Pieces:
    """How many query rows go at once: as many as keep the logits of a layer within a bound that suits the device."""
    bound = LOGIT_BYTES.get(parts.device.type, CPU_LOGIT_BYTES)
    heads = max((layer.heads for layer in parts.layers), default=1)
    return Pieces(max(1, min(bins, bound // (4 * batch * heads * bins))), parts.device)


def _split(states: Tensor, heads: int) -> Tensor:
    """(batch, bins, heads * size) -> (batch, heads, bins, size)."""
    return states.unflatten(-1, (heads, -1)).transpose(1, 2)


def _norm(states: Tensor, norm: tuple[Tensor, Tensor, float]) -> Tensor:
    weight, bias, eps = norm
    return F.layer_norm(states, weight.shape, weight, bias, eps)


def _linear(states: Tensor, affine: Affine) -> Tensor:
    return F.linear(states, affine.weight, affine.bias)


def attention_weights(layer: Layer, queries: Tensor, keys: Tensor, relative: Tensor, start: int) -> Tensor:
    """Weights of consecutive query rows; each row sums to 1.

    Parameters
    ----------
    queries : (batch, heads, rows, key_size), scaled, of the bins `start` and after.
    keys : (batch, heads, bins, key_size).
    relative : (heads, 2 * bins - 1, key_size), keys of the distances key - query from 1 - bins to bins - 1.

    Returns
    -------
    (batch, heads, rows, bins) float32.

    Source: Dai et al. 2019 (Transformer-XL), section 3.3; Avsec et al. 2021, Methods.
    """
    batch, heads, rows, _ = queries.shape
    bins = keys.shape[2]
    logits = (queries + layer.content_bias) @ keys.transpose(-1, -2)  # (batch, heads, rows, bins)
    # Row r of these, bin i = start + r, sees the distances -i .. bins - 1 - i; all rows together see one stretch.
    seen = relative[:, bins - start - rows : 2 * bins - 1 - start]  # (heads, bins + rows - 1, key_size)
    by_distance = (queries + layer.position_bias) @ seen.transpose(-1, -2)  # (batch, heads, rows, bins + rows - 1)
    by_distance = by_distance.contiguous()
    wide = bins + rows - 1
    # Column j of row r stands at rows - 1 - r + j: each row begins one place before the row above it.
    shifted = by_distance.as_strided(
        (batch, heads, rows, bins),
        (heads * rows * wide, rows * wide, wide - 1, 1),
        by_distance.storage_offset() + rows - 1,
    )
    return torch.softmax(logits.float().add_(shifted), dim=-1)


def attention(
    layer: Layer,
    states: Tensor,
    relative: Tensor,
    pieces: Pieces,
) -> Tensor:
    """One attention block without its residual: normalised states (batch, bins, width) -> the same shape.

    Parameters
    ----------
    relative : as `RelativeKeys.get` gives them.
    pieces : how many query rows at once; shrinks when memory runs out.
    """
    queries = _split(F.linear(states, layer.query), layer.heads) * layer.scale
    keys = _split(F.linear(states, layer.key), layer.heads)
    values = _split(F.linear(states, layer.value), layer.heads)
    batch, heads, bins, size = values.shape
    mixed = values.new_empty(batch, bins, heads, size)

    def rows(start: int, stop: int) -> None:
        weights = attention_weights(layer, queries[:, :, start:stop], keys, relative, start)
        mixed[:, start:stop] = (weights.to(values.dtype) @ values).transpose(1, 2)

    pieces.each(bins, rows)
    return _linear(mixed.flatten(2), layer.out)


def rows_of_weights(
    layer: Layer, states: Tensor, relative: Tensor, bins: Sequence[int], pieces: Pieces, found: Tensor
) -> None:
    """Weights of chosen query bins alone, consecutive ones computed together.

    Parameters
    ----------
    states : (1, bins, width) that enter the layer.
    found : (heads, rows, bins) float32 on the CPU, filled.
    """
    normalised = _norm(states, layer.norm)
    keys = _split(F.linear(normalised, layer.key), layer.heads)
    for place, first, count in _stretches(bins):
        queries = _split(F.linear(normalised[:, first : first + count], layer.query), layer.heads) * layer.scale

        def rows(start: int, stop: int, queries: Tensor = queries, first: int = first, place: int = place) -> None:
            weights = attention_weights(layer, queries[:, :, start:stop], keys, relative, first + start)
            found[:, place + start : place + stop] = weights[0]

        pieces.each(count, rows)


def _stretches(bins: Sequence[int]) -> list[tuple[int, int, int]]:
    """(place, first, count) of each run of consecutive numbers."""
    found: list[tuple[int, int, int]] = []
    for place, number in enumerate(bins):
        if found and number == found[-1][1] + found[-1][2]:
            found[-1] = (found[-1][0], found[-1][1], found[-1][2] + 1)
        else:
            found.append((place, number, 1))
    return found


def layer_output(layer: Layer, states: Tensor, relative: Tensor, pieces: Pieces) -> Tensor:
    """One layer, attention and feed-forward with their residuals: (batch, bins, width) float32 -> the same."""
    states = states + attention(layer, _norm(states, layer.norm), relative, pieces)
    hidden = F.relu(_linear(_norm(states, layer.feed_norm), layer.up))  # (batch, bins, 2 * width)
    return states + _linear(hidden, layer.down)


def transformer(
    parts: Parts,
    states: Tensor,
    relative: RelativeKeys,
    pieces: Pieces,
    on_layer: Callable[[int], None] = lambda layer: None,
) -> Tensor:
    """All layers: states of bins (batch, bins, width) -> the same shape, float32.

    Parameters
    ----------
    on_layer : called with the number of each layer that is done.
    """
    states = states.float()
    for number, layer in enumerate(parts.layers):
        states = layer_output(layer, states, relative.get(layer, states.shape[1]), pieces)
        on_layer(number)
    return states


def track_values(parts: Parts, states: Tensor, head: str, tracks: Sequence[int] | None) -> Tensor:
    """Pointwise block and head: cropped states (batch, bins, width) -> (batch, bins, tracks) float32, never negative.

    Parameters
    ----------
    tracks : rows of the head's matrix to compute, None for all.

    The head runs in float32 in every precision: it is 1 % of the arithmetic and would round each track to 3 digits.
    """
    hidden = normalised_gelu(states.transpose(1, 2), parts.point_norm).transpose(1, 2)
    hidden = _linear(hidden, parts.pointwise)  # (batch, bins, 2 * width)
    affine = parts.heads[head]
    rows = slice(None) if tracks is None else torch.as_tensor(list(tracks), device=parts.device)
    with torch.autocast(parts.device.type, enabled=False):
        hidden = hidden.float()
        hidden = hidden * torch.sigmoid(1.702 * hidden)
        return F.softplus(F.linear(hidden, affine.weight[rows], affine.bias[rows]))
