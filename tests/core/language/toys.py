"""Small texts and attention results whose answers are known by hand."""

from __future__ import annotations

import numpy as np

from core.cards import Provenance
from core.language.text import split_words
from core.language.values import AttentionResult, TokenSequence

TOY = Provenance("toy", "0", "random")


def sequence(*words: str, special: tuple[str, ...] = ("[CLS]", "[SEP]")) -> TokenSequence:
    """Words as tokens; "jump|s" is one word of two tokens; the special ones are told by their names."""
    tokens: list[str] = []
    spans = []
    for word in words:
        pieces = word.split("|")
        spans.append((len(tokens), len(tokens) + len(pieces)))
        tokens += pieces
    ids = {token: number for number, token in enumerate(dict.fromkeys(tokens))}
    return TokenSequence(
        tuple(tokens),
        tuple(tokens),
        tuple(ids[token] for token in tokens),
        tuple(word.replace("|", "") for word in words),
        tuple(spans),
        tuple(token in special for token in tokens),
    )


def text_sequence(text: str, *, special: tuple[str, ...] = ()) -> TokenSequence:
    """Each word of `text` one token, between the first and the last of `special`."""
    words = [text[start:end] for start, end in split_words(text)]
    return sequence(*special[:1], *words, *special[1:], special=special)


def result(
    weights: np.ndarray | list,
    source: TokenSequence,
    target: TokenSequence | None = None,
    *,
    kind: str = "bidirectional",
    provenance: Provenance = TOY,
) -> AttentionResult:
    """`weights` (query, key), (heads, query, key) or (layers, heads, query, key)."""
    weights = np.asarray(weights, dtype=np.float32)
    weights = weights.reshape((1,) * (4 - weights.ndim) + weights.shape)
    return AttentionResult.from_weights(weights, source, target, kind=kind, provenance=provenance)


def random_weights(layers: int, heads: int, queries: int, keys: int, *, causal: bool, seed: int = 0) -> np.ndarray:
    """(layers, heads, query, key) whose rows sum to 1."""
    weights = np.random.default_rng(seed).gamma(0.3, size=(layers, heads, queries, keys)) + 1e-6
    if causal:
        weights *= np.tril(np.ones((queries, keys)))
    return weights / weights.sum(axis=-1, keepdims=True)
