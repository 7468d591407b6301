"""The transformer of Enformer and what comes behind it: global, from bins to tracks.

Each bin looks at all others by content and by distance. The logits exist for a piece of the query rows at a time, on a
CPU of one head, so that they stay in the processor's cache; and of the relative ones only the distances that such a
piece can have.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from weakref import WeakKeyDictionary

import torch
import torch.nn.functional as F
from torch import Tensor

from core.enformer.memory import Pieces
from core.enformer.methods import Kind, current
from core.enformer.parts import Affine, Layer, Parts, version_of
from core.enformer.positions import RelativeKeys
from core.enformer.stages import normalised_gelu

LOGIT_BYTES = {"cuda": 512 * 1024**2}  # of one piece of query rows
OTHER_LOGIT_BYTES = 16 * 1024**2
LOWERED = ("query", "key", "value", "out", "up", "down")
_lowered: WeakKeyDictionary[Layer, tuple[tuple, Layer]] = WeakKeyDictionary()
_lock = threading.Lock()


def row_pieces(parts: Parts, batch: int, bins: int) -> Pieces:
    """How many query rows go at once: as many as the method says, if their logits keep within a bound."""
    method = current()
    bound = LOGIT_BYTES.get(parts.device.type, OTHER_LOGIT_BYTES)
    heads = method.heads or max((layer.heads for layer in parts.layers), default=1)
    return Pieces(max(1, min(bins, method.rows, bound // (4 * batch * heads * bins))), parts.device)


def lowered(layer: Layer, kind: Kind) -> Layer:
    """The layer with matrices in this type, made once; anew when they were changed in place."""
    if kind == "float32":
        return layer
    given = [getattr(layer, name) for name in LOWERED]
    tensors = [part.weight if isinstance(part, Affine) else part for part in given]
    version = (kind, *(version_of(tensor) for tensor in tensors))
    with _lock:
        kept = _lowered.get(layer)
    if kept is None or kept[0] != version:
        wanted = getattr(torch, kind)
        changes = {
            name: Affine(part.weight.to(wanted), None if part.bias is None else part.bias.to(wanted))
            if isinstance(part, Affine)
            else part.to(wanted)
            for name, part in zip(LOWERED, given, strict=True)
        }
        kept = (version, replace(layer, **changes))
        with _lock:
            _lowered[layer] = kept
    return kept[1]


def _split(states: Tensor, heads: int) -> Tensor:
    """(batch, bins, heads * size) -> (batch, heads, bins, size)."""
    return states.unflatten(-1, (heads, -1)).transpose(1, 2)


def _norm(states: Tensor, norm: tuple[Tensor, Tensor, float]) -> Tensor:
    weight, bias, eps = norm
    return F.layer_norm(states, weight.shape, weight, bias, eps)


def _linear(states: Tensor, affine: Affine) -> Tensor:
    return F.linear(states.to(affine.weight.dtype), affine.weight, affine.bias)


def attention_weights(
    layer: Layer, queries: Tensor, keys: Tensor, relative: Tensor, start: int, head: int = 0
) -> Tensor:
    """Weights of consecutive query rows; each row sums to 1. float32.

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
    own = slice(head, head + queries.shape[1])
    logits = (queries + layer.content_bias[own]).to(keys.dtype) @ keys.transpose(-1, -2)  # (batch, heads, rows, bins)
    shifted = _relative_logits(queries + layer.position_bias[own], relative, keys, start)
    return torch.softmax(logits.float().add_(shifted), dim=-1)


def _relative_logits(queries: Tensor, relative: Tensor, keys: Tensor, start: int) -> Tensor:
    """(batch, heads, rows, bins) of what distances give, a view in which rows overlap."""
    batch, heads, rows, _ = queries.shape
    bins = keys.shape[2]
    # Row r of these, bin i = start + r, sees the distances -i .. bins - 1 - i; all rows together see one stretch.
    seen = relative[:, bins - start - rows : 2 * bins - 1 - start]  # (heads, bins + rows - 1, key_size)
    by_distance = queries.to(keys.dtype) @ seen.to(keys.dtype).transpose(
        -1, -2
    )  # (batch, heads, rows, bins + rows - 1)
    by_distance = by_distance.contiguous()
    wide = bins + rows - 1
    # Column j of row r stands at rows - 1 - r + j: each row begins one place before the row above it.
    return by_distance.as_strided(
        (batch, heads, rows, bins),
        (heads * rows * wide, rows * wide, wide - 1, 1),
        by_distance.storage_offset() + rows - 1,
    )


def attention(
    layer: Layer, states: Tensor, relative: Tensor, pieces: Pieces, shown: tuple[int, int] | None = None
) -> Tensor:
    """One attention block without its residual: normalised states (batch, bins, width) -> the same shape.

    Parameters
    ----------
    relative : as `RelativeKeys.get` gives them.
    pieces : how many query rows at once; shrinks when memory runs out.
    shown : first and stop of the bins that look at all others and come out; None for all.
    """
    method = current()
    states = states.to(layer.query.dtype)
    first, stop = shown or (0, states.shape[1])
    queries = _split(F.linear(states[:, first:stop], layer.query), layer.heads) * layer.scale
    keys = _split(F.linear(states, layer.key), layer.heads)
    values = _split(F.linear(states, layer.value), layer.heads)
    batch, heads, _, size = values.shape
    together = method.heads or heads
    mixed = values.new_empty(batch, stop - first, heads, size)

    def rows(start: int, end: int) -> None:
        for head in range(0, heads, together):
            own = slice(head, head + together)
            given = queries[:, own, start:end], keys[:, own], relative[own], first + start
            if method.fused:
                found = _fused(layer, *given, values[:, own], own)
            else:
                found = attention_weights(layer, *given, head).to(values.dtype) @ values[:, own]
            mixed[:, start:end, own] = found.transpose(1, 2)

    pieces.each(stop - first, rows)
    return _linear(mixed.flatten(2), layer.out)


def _fused(
    layer: Layer, queries: Tensor, keys: Tensor, relative: Tensor, start: int, values: Tensor, own: slice
) -> Tensor:
    """(batch, heads, rows, value_size) by one call of torch's attention."""
    shifted = _relative_logits(queries + layer.position_bias[own], relative, keys, start)
    asked = (queries + layer.content_bias[own]).to(keys.dtype)
    return F.scaled_dot_product_attention(asked, keys, values, attn_mask=shifted, scale=1.0)


def rows_of_weights(
    layer: Layer, states: Tensor, relative: Tensor, bins: Sequence[int], pieces: Pieces, found: Tensor
) -> None:
    """Weights of chosen query bins alone, consecutive ones computed together.

    Parameters
    ----------
    states : (1, bins, width) that enter the layer.
    found : (heads, rows, bins) float32 on the CPU, filled.
    """
    layer = lowered(layer, current().layers)
    normalised = _norm(states, layer.norm).to(layer.key.dtype)
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


def layer_output(
    layer: Layer, states: Tensor, relative: Tensor, pieces: Pieces, shown: tuple[int, int] | None = None
) -> Tensor:
    """One layer, attention and feed-forward with their residuals: (batch, bins, width) float32 -> the same.

    Parameters
    ----------
    shown : first and stop of the bins that come out; None for all.
    """
    layer = lowered(layer, current().layers)
    mixed = attention(layer, _norm(states, layer.norm), relative, pieces, shown)
    if shown is not None:
        states = states[:, shown[0] : shown[1]]
    states = states + mixed
    hidden = F.relu(_linear(_norm(states, layer.feed_norm), layer.up))  # (batch, bins, 2 * width)
    return states + _linear(hidden, layer.down)


def transformer(
    parts: Parts,
    states: Tensor,
    relative: RelativeKeys,
    pieces: Pieces,
    on_layer: Callable[[int], None] = lambda layer: None,
    shown: tuple[int, int] | None = None,
) -> Tensor:
    """All layers: states of bins (batch, bins, width) -> the same shape, float32.

    Parameters
    ----------
    on_layer : called with the number of each layer that is done.
    shown : first and stop of the bins that come out; the last layer is computed for them alone. None for all.
    """
    states, last = states.float(), len(parts.layers) - 1
    bins = states.shape[1]
    for number, layer in enumerate(parts.layers):
        own = shown if number == last else None
        states = layer_output(layer, states, relative.get(layer, bins), pieces, own)
        on_layer(number)
    return states if shown is None or last >= 0 else states[:, shown[0] : shown[1]]


def track_values(parts: Parts, states: Tensor, head: str, tracks: Sequence[int] | None) -> Tensor:
    """Pointwise block and head: cropped states (batch, bins, width) -> (batch, bins, tracks) float32, never negative.

    Parameters
    ----------
    tracks : rows of the head's matrix to compute, None for all.

    All of it is float32 in every precision: it is 1 % of the arithmetic and would round each track to 3 digits.
    """
    affine = parts.heads[head]
    rows = slice(None) if tracks is None else torch.as_tensor(list(tracks), device=parts.device)
    with torch.autocast(parts.device.type, enabled=False):
        hidden = _linear(normalised_gelu(parts.point_norm, states.float()), parts.pointwise)  # (batch, bins, 2 * width)
        hidden = hidden * torch.sigmoid(1.702 * hidden)
        return F.softplus(F.linear(hidden, affine.weight[rows], affine.bias[rows]))
