"""`AttentionResult`: what every picture of attention is made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

from core.cards import Provenance
from core.errors import DeviceMemoryError, SelectionError
from core.language.relative import RelativeTerms
from core.language.token_sequence import TokenSequence

AttentionKind = Literal["causal", "bidirectional", "encoder", "decoder", "cross"]
FULL_WEIGHTS_BYTES = 2 * 1024**3


def attention_weights(logits: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """Softmax over the last axis, exactly 0 wherever `allowed` is False.

    Parameters
    ----------
    logits : (..., query, key), already divided by sqrt(d_k).
    allowed : (query, key) bool.

    Source: Vaswani et al. 2017, eq. 1; masking by minus infinity, section 3.2.3.
    """
    weights = np.where(allowed, logits, -np.inf)
    weights -= weights.max(axis=-1, keepdims=True)
    np.exp(weights, out=weights)
    weights /= weights.sum(axis=-1, keepdims=True)
    return weights


@dataclass(frozen=True, eq=False)
class AttentionResult:
    """The attention of every head of a model on one input.

    The weights are kept as their queries and keys and computed a layer or a head at a time: GPT-2
    on 1,024 tokens has 604 MB of weights, but 75 MB of queries and keys. A result that comes from
    elsewhere, with weights alone, is made by `from_weights`.

    Attributes
    ----------
    kind : causal (a decoder reads only backwards), bidirectional (an encoder-only model), or for a
        translation model encoder, decoder or cross (target looks at source).
    source : tokens that are looked at (keys).
    target : tokens that look (queries); the same object as `source` unless kind is cross, or only some of
        them were asked for.
    allowed : (query, key) bool, False where the mask forbids attention.
    queries, keys : (layers, heads, query or key, head_size) float32; None for recorded weights.
    scales : (layers,) float32, what query · key is multiplied with, usually 1 / sqrt(head_size).
    provenance : model, revision, precision, kind of weights.
    notes : sentences about what was done to the text before the model saw it.
    value_norms : (layers, heads, key) float32, length of v_j W_O (Kobayashi et al. 2020); None if unknown.
    recorded : (layers, heads, query, key) float32 weights that stand in for queries and keys.
    without : (layer, head) of each head that was switched off in this run.
    written : for cross-attention the token that each row helps to write, one step after the one in
        `target` that it has read; None for other kinds.
    layer_numbers : the model's own number of each layer held here: a result may hold layers 0 and 10 alone,
        as its layers 0 and 1. By default 0, 1, 2, ...
    relative : what is added for the distance, where the model knows distances in this way.
    unit : what looks and is looked at: "token", or "bin" of DNA.
    """

    kind: AttentionKind
    source: TokenSequence
    target: TokenSequence
    allowed: np.ndarray
    queries: np.ndarray | None
    keys: np.ndarray | None
    scales: np.ndarray | None
    provenance: Provenance
    text: str = ""
    target_text: str | None = None
    notes: tuple[str, ...] = field(default=())
    value_norms: np.ndarray | None = None
    recorded: np.ndarray | None = None
    without: tuple[tuple[int, int], ...] = ()
    written: TokenSequence | None = None
    layer_numbers: tuple[int, ...] = ()
    relative: RelativeTerms | None = None
    unit: Literal["token", "bin"] = "token"

    def __post_init__(self) -> None:
        shape = (len(self.target), len(self.source))
        if self.recorded is not None:
            if self.queries is not None or self.recorded.ndim != 4 or self.recorded.shape[2:] != shape:
                raise ValueError(f"recorded weights {self.recorded.shape} do not fit {shape[0]} x {shape[1]} tokens")
        else:
            layers, heads, query_count, size = self.queries.shape
            if self.keys.shape != (layers, heads, len(self.source), size) or query_count != len(self.target):
                raise ValueError(
                    f"queries {self.queries.shape} and keys {self.keys.shape} do not fit "
                    f"{len(self.target)} and {len(self.source)} tokens"
                )
            if self.scales.shape != (layers,):
                raise ValueError(f"{self.scales.shape} scales for {layers} layers")
        if not self.layer_numbers:
            object.__setattr__(self, "layer_numbers", tuple(range(self.layers)))
        if len(self.layer_numbers) != self.layers or min(self.layer_numbers, default=0) < 0:
            raise ValueError(f"{self.layer_numbers} do not number {self.layers} layers")
        if self.written is not None and len(self.written) != shape[0]:
            raise ValueError(f"{len(self.written)} written tokens for {shape[0]} rows")
        if self.allowed.shape != shape or self.allowed.dtype != np.bool_:
            raise ValueError(f"allowed has shape {self.allowed.shape} and type {self.allowed.dtype}")
        if not self.allowed.any(axis=1).all():
            raise ValueError("a query may look at no key at all")
        if self.value_norms is not None and self.value_norms.shape != (self.layers, self.heads, len(self.source)):
            raise ValueError(f"{self.value_norms.shape} value norms for {len(self.source)} tokens looked at")
        for array in self._arrays:
            array.setflags(write=False)

    @classmethod
    def from_weights(
        cls,
        weights: np.ndarray,
        source: TokenSequence | Sequence[str],
        target: TokenSequence | Sequence[str] | None = None,
        *,
        kind: AttentionKind,
        provenance: Provenance,
        allowed: np.ndarray | None = None,
        text: str = "",
        notes: tuple[str, ...] = (),
        layer_numbers: tuple[int, ...] = (),
    ) -> AttentionResult:
        """Weights that were computed elsewhere, ready for every picture; labels may be plain strings.

        Parameters
        ----------
        weights : (layers, heads, query, key), rows sum to 1.
        allowed : (query, key) bool; by default everything, or for kind "causal" the lower triangle.

        Raises
        ------
        ValueError
            Shapes do not fit, a weight is not finite or negative, or rows do not sum to 1 within 1e-3.
        """
        weights = np.array(weights, dtype=np.float32)
        if weights.ndim != 4:
            raise ValueError(f"weights have the shape {weights.shape}, not (layers, heads, query, key)")
        source = source if isinstance(source, TokenSequence) else TokenSequence.of_labels(source)
        if target is None:
            target = source
        elif not isinstance(target, TokenSequence):
            target = TokenSequence.of_labels(target)
        if allowed is None:
            allowed = np.ones((len(target), len(source)), dtype=bool)
            allowed = np.tril(allowed) if kind in {"causal", "decoder"} else allowed
        if not np.isfinite(weights).all() or weights.min() < 0:
            raise ValueError("attention weights are finite and not negative")
        if np.abs(weights.sum(axis=-1) - 1).max() > 1e-3:
            raise ValueError("rows of attention weights sum to 1")
        more = {"text": text, "notes": notes, "layer_numbers": layer_numbers}
        return cls(kind, source, target, allowed, None, None, None, provenance, recorded=weights, **more)

    @property
    def _arrays(self) -> tuple[np.ndarray, ...]:
        given = [self.allowed, self.queries, self.keys, self.scales, self.value_norms, self.recorded]
        if self.relative is not None:
            given += self.relative.arrays
        return tuple(array for array in given if array is not None)

    @property
    def layers(self) -> int:
        return (self.queries if self.recorded is None else self.recorded).shape[0]

    @property
    def heads(self) -> int:
        return (self.queries if self.recorded is None else self.recorded).shape[1]

    @property
    def tokens(self) -> tuple[str, ...]:
        """Tokens that are looked at (keys), as the tokenizer spells them."""
        return self.source.tokens

    @property
    def rows(self) -> TokenSequence:
        """What a row stands for: the token that looks, or in cross-attention the token that it helps to write."""
        return self.target if self.written is None else self.written

    @property
    def words(self) -> tuple[str, ...]:
        return self.source.words

    @property
    def word_spans(self) -> tuple[tuple[int, int], ...]:
        return self.source.word_spans

    @property
    def query_tokens(self) -> tuple[str, ...]:
        """Tokens that look (queries); equal to `tokens` unless kind is cross."""
        return self.target.tokens

    @property
    def nbytes(self) -> int:
        """Bytes held, without the weights that `.weights` may add."""
        return sum(array.nbytes for array in self._arrays)

    def _check(self, what: str, given: int, count: int) -> None:
        if not 0 <= given < count:
            if what == "layer" and self.layer_numbers != tuple(range(count)):
                held = ", ".join(map(str, self.layer_numbers))
                raise SelectionError(
                    f"This result has no layer {given}: of {self.provenance.model} it holds {held} alone, as its "
                    f"layers 0 to {count - 1}."
                )
            raise SelectionError(
                f"{what.capitalize()} {given} does not exist: {self.provenance.model} has {what}s 0 to {count - 1}."
            )

    def check_layer(self, layer: int) -> None:
        """Raise SelectionError when the model has no such layer."""
        self._check("layer", layer, self.layers)

    def number_of(self, layer: int | str) -> int | str:
        """The model's own number of a layer held here; words such as "mean" stay as they are."""
        return layer if isinstance(layer, str) else self.layer_numbers[layer]

    def layer_logits(self, layer: int) -> np.ndarray:
        """(heads, query, key) float32: scaled query · key of one layer, before mask and softmax.

        Raises
        ------
        SelectionError
            The model has no such layer, or only its weights were recorded.
        """
        self._check("layer", layer, self.layers)
        if self.recorded is not None:
            raise SelectionError(
                f"Of {self.provenance.model} only the weights after softmax are known; use a model that runs here."
            )
        return self._logits(layer, slice(None))

    def _logits(self, layer: int, heads: int | slice) -> np.ndarray:
        queries, keys, scale = self.queries[layer, heads], self.keys[layer, heads], self.scales[layer]
        if self.relative is not None:
            return self.relative.logits(layer, heads, queries * scale, keys)
        return np.matmul(queries, keys.swapaxes(-1, -2)) * scale

    def layer(self, layer: int) -> np.ndarray:
        """(heads, query, key) float32 weights of one layer; each row sums to 1."""
        if self.recorded is not None:
            self._check("layer", layer, self.layers)
            return self.recorded[layer]
        return attention_weights(self.layer_logits(layer), self.allowed)

    def head(self, layer: int, head: int) -> np.ndarray:
        """(query, key) float32 weights of one head; each row sums to 1.

        Raises
        ------
        SelectionError
            The model has no such layer or head.
        """
        self._check("layer", layer, self.layers)
        self._check("head", head, self.heads)
        if self.recorded is not None:
            return self.recorded[layer, head]
        return attention_weights(self._logits(layer, head), self.allowed)

    @cached_property
    def weights(self) -> np.ndarray:
        """(layers, heads, query, key) float32, computed a layer at a time at first use.

        Raises
        ------
        DeviceMemoryError
            All heads together would take more than 2 GB; use `layer` or `head`.
        """
        shape = (self.layers, self.heads, len(self.target), len(self.source))
        needed = 4 * int(np.prod(shape))
        if needed > FULL_WEIGHTS_BYTES:
            raise DeviceMemoryError(
                f"All {self.layers} x {self.heads} heads together would take {needed / 1e9:.1f} GB; "
                "ask for one layer (.layer) or one head (.head) instead."
            )
        weights = np.empty(shape, dtype=np.float32)
        for layer in range(self.layers):
            weights[layer] = self.layer(layer)
        weights.setflags(write=False)
        return weights


@dataclass(frozen=True)
class Proof:
    """How far weights are from what the formula promises."""

    row_sum_error: float
    masked_weight: float


def proof(weights: np.ndarray, allowed: np.ndarray) -> Proof:
    """Largest deviation of a row sum from 1, and largest weight on a masked position.

    Parameters
    ----------
    weights : (..., query, key); allowed : (query, key) bool.
    """
    masked = weights[..., ~allowed]
    return Proof(
        row_sum_error=float(np.abs(weights.sum(axis=-1, dtype=np.float64) - 1).max()),
        masked_weight=float(masked.max()) if masked.size else 0.0,
    )


def nearest_layers(layers: int, wanted: tuple[int, ...] = (0, 2, 6, 11), of: int = 12) -> tuple[int, ...]:
    """The layers of a model of another depth that lie nearest to the assignment's 0, 2, 6, 11 of 12.

    The first and last layers map to the first and last; duplicates are dropped.

    >>> nearest_layers(12), nearest_layers(6)
    ((0, 2, 6, 11), (0, 1, 3, 5))
    """
    places = [int(layer * (layers - 1) / (of - 1) + 0.5) for layer in wanted]
    return tuple(dict.fromkeys(places))
