"""The sums behind every head score: what each weight counts, and over how many rows.

Every score but the entropy is a weighted sum of a head's weights, so each is one row of "places"
(query x key), and all heads of a layer are scored in one matrix product. The same sum over a head
that looks evenly at everything it may look at is the score's chance. What the scores mean is
written in `core.language.scores`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from core.language.values import AttentionResult, TokenSequence

SCORE_NAMES = (
    "previous_token",
    "next_token",
    "self",
    "first_token",
    "last_token",
    "induction",
    "same_word",
    "entropy",
    "mean_distance",
)
ENTROPY, INDUCTION = SCORE_NAMES.index("entropy"), SCORE_NAMES.index("induction")
# Above this many weights in a head, heads are taken one at a time: a layer of 12 would need 200 MB.
_LARGE_HEAD = 256 * 256


class Tally(NamedTuple):
    """Scores of one or several results, and over how many rows each is a mean.

    Attributes
    ----------
    scores : (score, layers, heads) float64, 0 where `rows` is 0.
    chance : (score,) float64.
    rows : (score,) int64.
    """

    scores: np.ndarray
    chance: np.ndarray
    rows: np.ndarray


def word_numbers(sequence: TokenSequence) -> tuple[np.ndarray, np.ndarray]:
    """Of each token, the place of its word and a number that is the same for the same word (-1 for marks)."""
    kinds: dict[str, int] = {}
    place = np.empty(len(sequence), dtype=np.int64)
    kind = np.full(len(sequence), -1, dtype=np.int64)
    for number, (word, (start, end)) in enumerate(zip(sequence.words, sequence.word_spans, strict=True)):
        place[start:end] = number
        if any(c.isalnum() for c in word) and not sequence.special[start]:
            kind[start:end] = kinds.setdefault(word.casefold(), len(kinds))
    return place, kind


def _after_earlier(sequence: TokenSequence) -> np.ndarray:
    """(query, key) bool: the key followed an earlier occurrence of the query's token, and lies before the query."""
    # By their spelling: labels that came without a tokenizer have no ids of their own.
    _, kind = np.unique(np.array(sequence.tokens), return_inverse=True)
    same = np.tril(kind[:, None] == kind[None, :], k=-2)  # k = -1 would make the token its own follower
    return np.pad(same[:, :-1], ((0, 0), (1, 0)))


def counted_rows(result: AttentionResult) -> np.ndarray:
    """(query,) bool: rows that a score is a mean over."""
    return ~np.array(result.rows.special, dtype=bool) & (result.allowed.sum(axis=1) > 1)


def _places(result: AttentionResult, repeats: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """(score, query, key) float32, what each weight counts in each score; (score,) rows that count.

    `repeats` (query, key) bool stands in for the places of the induction score.
    """
    queries, keys = result.allowed.shape
    counted = counted_rows(result)
    places = np.zeros((len(SCORE_NAMES), queries, keys), dtype=np.float32)
    counts = np.zeros((len(SCORE_NAMES), queries), dtype=bool)
    counts[ENTROPY] = counted

    def put(name: str, what: np.ndarray, rows: np.ndarray) -> None:
        number = SCORE_NAMES.index(name)
        counts[number] = counted & rows
        np.multiply(what, counts[number][:, None], out=places[number], casting="unsafe")

    whole = np.ones(queries, dtype=bool)
    put("first_token", np.arange(keys) == 0, whole)
    if not np.triu(~result.allowed, k=1).any():
        put("last_token", np.arange(keys) == keys - 1, whole)
    if result.kind != "cross":
        row = np.arange(queries)
        put("previous_token", np.eye(queries, k=-1, dtype=bool), row > 0)
        put("next_token", np.eye(queries, k=1, dtype=bool), row < queries - 1)
        put("self", np.eye(queries, dtype=bool), whole)
        put("mean_distance", np.abs(row[:, None] - row[None, :]), whole)
        place, kind = word_numbers(result.source)
        same = (kind[:, None] == kind[None, :]) & (kind >= 0) & (place[:, None] != place[None, :]) & result.allowed
        put("same_word", same, same.any(axis=1))
        followed = (_after_earlier(result.source) if repeats is None else repeats) & result.allowed
        put("induction", followed, followed.any(axis=1))
    return places, counts.sum(axis=1)


def _batches(result: AttentionResult) -> Iterator[tuple[int, slice, np.ndarray]]:
    """(layer, heads, their weights), as many heads at a time as memory should hold."""
    for layer in range(result.layers):
        if result.allowed.size <= _LARGE_HEAD:
            yield layer, slice(None), result.layer(layer)
        else:
            for head in range(result.heads):
                yield layer, slice(head, head + 1), result.head(layer, head)[None]


def tally(result: AttentionResult, repeats: np.ndarray | None = None) -> Tally:
    """All scores of every head of `result`; `repeats` as in `_places`."""
    places, rows = _places(result, repeats)
    divisor = np.maximum(rows, 1)
    flat = places.reshape(len(SCORE_NAMES), -1).T
    counted = counted_rows(result)
    reach = result.allowed.sum(axis=1)
    even = (result.allowed / reach[:, None]).astype(np.float32)
    chance = (even.reshape(1, -1) @ flat)[0].astype(np.float64) / divisor
    chance[ENTROPY] = np.log2(reach[counted]).sum() / divisor[ENTROPY]
    scores = np.empty((len(SCORE_NAMES), result.layers, result.heads))
    smallest = np.finfo(np.float32).tiny
    for layer, heads, weights in _batches(result):
        scores[:, layer, heads] = (weights.reshape(len(weights), -1) @ flat).T / divisor[:, None]
        looking = weights[:, counted]
        bits = np.log(np.maximum(looking, smallest))
        bits *= looking
        scores[ENTROPY, layer, heads] = np.abs(bits.sum(axis=(1, 2))) / (np.log(2) * divisor[ENTROPY])
    return Tally(scores, chance, rows)


def mean_tally(tallies: Sequence[Tally]) -> Tally:
    """Mean over texts, each weighted by its rows."""
    rows = sum(one.rows for one in tallies)
    divisor = np.maximum(rows, 1)
    scores = sum(one.scores * one.rows[:, None, None] for one in tallies) / divisor[:, None, None]
    return Tally(scores, sum(one.chance * one.rows for one in tallies) / divisor, rows)
