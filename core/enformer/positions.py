"""Relative positional features of Enformer, and the keys made of them.

Neither depends on the sequence: `RelativeKeys` computes the keys once a layer and length.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict

import torch
from torch import Tensor

from core.enformer.parts import POSITION_CLASSES, Layer, Parts, version_of

TF_GAMMA_BINS = 1536
TF_GAMMA_FEATURES = 192
CACHE_BYTES = 256 * 1024**2


def fits_tf_gamma(bins: int, features: int) -> bool:
    """Whether TensorFlow's gamma features, which are known for one size alone, are those of this size."""
    return bins == TF_GAMMA_BINS and features == TF_GAMMA_FEATURES


def position_features(bins: int, features: int, *, tf_gamma: bool, device: torch.device) -> Tensor:
    """(2 * bins - 1, features) float32: a row for each distance key - query, from 1 - bins to bins - 1.

    A sixth of the features each: exponential decay, central mask, gamma; then the same times the sign of the distance.

    Parameters
    ----------
    tf_gamma : take the gamma features that TensorFlow computed; only for 1,536 bins and 192 features.

    Source: Avsec et al. 2021, Methods, "Relative positional encodings"; formulae, constants and order of arithmetic of
    enformer_pytorch. The gamma density cancels numbers near 30,000 in float32, so that its values hang on that order
    and differ from TensorFlow's, on which the official weights were trained, by far more than rounding.
    """
    size = features // POSITION_CLASSES
    distances = torch.arange(1 - bins, bins, device=device)
    away = distances.abs()[:, None]  # (2 * bins - 1, 1)
    half_lives = 2 ** torch.linspace(3.0, math.log(bins) / math.log(2.0), size, device=device)
    exponential = torch.exp(-math.log(2.0) / half_lives * away)
    widths = 2 ** torch.arange(1, size + 1, device=device).float() - 1
    central = (widths > away).float()
    if tf_gamma:
        from enformer_pytorch.modeling_enformer import TF_GAMMAS

        gamma = TF_GAMMAS.to(device=device, dtype=torch.float32)
    else:
        gamma = _gamma(away.float(), bins, size)
    unsigned = torch.cat((exponential, central, gamma), dim=-1)
    return torch.cat((unsigned, torch.sign(distances)[:, None] * unsigned), dim=-1)


def _gamma(away: Tensor, bins: int, size: int) -> Tensor:
    """(distances, size): gamma densities with means from bins / size to bins, each row divided by its largest."""
    means = torch.linspace(bins / size, bins, size, device=away.device)
    deviation = bins / (2 * size)
    shapes = (means / deviation) ** 2
    rates = means / deviation**2
    unnormalised = torch.xlogy(shapes - 1.0, away) - rates * away
    normaliser = torch.lgamma(shapes) - shapes * torch.log(rates)
    density = torch.exp(unnormalised - normaliser) + 1e-8
    return density / density.amax(dim=-1, keepdim=True)


def position_notes(parts: Parts, bins: int) -> tuple[str, ...]:
    """What a person should know of the positional features at this number of bins."""
    if all(fits_tf_gamma(bins, layer.features) for layer in parts.layers if layer.tf_gamma):
        return ()
    return (
        f"The model asks for TensorFlow's positional features, which are known for {TF_GAMMA_BINS:,} bins of "
        f"{TF_GAMMA_FEATURES} features alone; at {bins:,} they are computed anew and differ a little.",
    )


class RelativeKeys:
    """Keys of relative positions by layer and length, kept up to `max_bytes`; the one unused for longest goes first.

    Weights that were changed in place are noticed. Threads may share one.
    """

    def __init__(self, max_bytes: int = CACHE_BYTES) -> None:
        self._max_bytes = max_bytes
        self._kept: OrderedDict[tuple, Tensor] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        with self._lock:
            return sum(keys.nbytes for keys in self._kept.values())

    def get(self, layer: Layer, bins: int) -> Tensor:
        """(heads, 2 * bins - 1, key_size) float32: `to_rel_k` of the features, distances as `position_features`."""
        tf_gamma = layer.tf_gamma and fits_tf_gamma(bins, layer.features)
        name = (bins, tf_gamma, *version_of(layer.rel_key))
        with self._lock:
            if name in self._kept:
                self._kept.move_to_end(name)
                return self._kept[name]
        features = position_features(bins, layer.features, tf_gamma=tf_gamma, device=layer.rel_key.device)
        with torch.autocast(features.device.type, enabled=False):
            keys = features @ layer.rel_key.T  # (2 * bins - 1, heads * key_size)
        keys = keys.view(-1, layer.heads, layer.key_size).transpose(0, 1).contiguous()
        with self._lock:
            self._kept[name] = keys
            while sum(kept.nbytes for kept in self._kept.values()) > self._max_bytes:
                self._kept.popitem(last=False)
        return keys
