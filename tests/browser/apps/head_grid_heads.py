"""Made-up heads for the head grid's page."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from components.head_grid import GridHead, head_grid_payload

ROLES = ("looks at the token before", "looks at the first token (a sink)", "looks at itself", "spreads out evenly", "")
WORDS = (
    "[CLS]",
    "The",
    "animal",
    "didn",
    "'",
    "t",
    "cross",
    "the",
    "street",
    "because",
    "it",
    "was",
    "too",
    "tired",
    ".",
)


def made_up(tokens: int, seed: int, allowed: np.ndarray) -> np.ndarray:
    """A head of one of five kinds, (tokens, tokens) float32; rows sum to 1."""
    random = np.random.default_rng(seed)
    scores = random.normal(0, 1.5, (tokens, tokens)).astype(np.float32)
    kind, rows = seed % 5, np.arange(tokens)
    if kind == 0:
        scores[rows[1:], rows[:-1]] += random.uniform(3, 9)
    elif kind == 1:
        scores[:, 0] += random.uniform(4, 9)
    elif kind == 2:
        scores[rows, rows] += random.uniform(3, 9)
    scores = np.where(allowed, scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def spike(tokens: int) -> np.ndarray:
    """Next to nothing everywhere, and all of it in one cell."""
    weights = np.full((tokens, tokens), 1e-5, np.float32)
    weights[300, 300] = 1
    return weights


def made_up_heads(
    layers: int,
    heads: int,
    allowed: np.ndarray,
    *,
    extras: bool = False,
    off: frozenset[tuple[int, int]] = frozenset(),
    kind: str = "",
) -> Iterator[GridHead]:
    """All heads, one at a time; then, with `extras`, the mean over heads, over layers and over both."""
    tokens = len(allowed)
    over_layers = [np.zeros((tokens, tokens), np.float32) for _ in range(heads)]
    for layer in range(layers):
        over_heads = np.zeros((tokens, tokens), np.float32)
        for head in range(heads):
            seed = layer * heads + head
            weights = spike(tokens) if kind == "spike" else made_up(tokens, seed, allowed)
            over_heads += weights / heads
            over_layers[head] += weights / layers
            score = float(np.random.default_rng(seed).random())
            yield GridHead(
                *(layer, head, f"Layer {layer}, head {head}", ROLES[seed % 5], weights),
                score=score,
                score_text=f"{score:.2f}",
                off=(layer, head) in off,
            )
        if extras:
            yield GridHead(layer, None, f"Layer {layer}, mean over heads", "", over_heads, summary="mean")
    if extras:
        for head in range(heads):
            yield GridHead(None, head, f"Head {head}, mean over layers", "", over_layers[head], summary="mean")
        every = np.mean(over_layers, axis=0)
        yield GridHead(None, None, "Mean over all heads and layers", "", every, summary="mean")


def payload_of(**asked: str) -> bytes:
    """The payload for the address, for example tokens="100", order="score"."""
    layers, heads, tokens = (int(asked.get(name, at)) for name, at in (("layers", 2), ("heads", 4), ("tokens", 16)))
    allowed = np.ones((tokens, tokens), bool)
    if asked.get("mask") == "causal":
        allowed = np.tril(allowed)
    labels = [WORDS[i % len(WORDS)] for i in range(tokens)]
    off = frozenset({(1, 2)}) if asked.get("off") else frozenset()
    extras = asked.get("extras") == "mean"
    chosen = asked.get("chosen")
    return head_grid_payload(
        made_up_heads(layers, heads, allowed, extras=extras, off=off, kind=asked.get("kind", "")),
        allowed,
        layers=layers,
        heads_per_layer=heads,
        count=(layers + extras) * (heads + extras),
        order=asked.get("order", "layer"),
        scale=asked.get("scale", "shared"),
        log=bool(asked.get("log")),
        chosen=tuple(map(int, chosen.split(","))) if chosen else None,
        title=f"Made-up model: all {layers * heads} heads",
        subtitle="self-attention: each token looks at the whole text",
        provenance="Made-up attention · no model at all · float32 · random numbers",
        file_name="made-up-heads",
        query_labels=labels,
        key_labels=labels,
    )
