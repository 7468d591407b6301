"""What changes in a head's attention when a sentence changes, or when another model reads it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from core.errors import SelectionError
from core.language.difference import Head, MapChange, MapDifference, RowMove
from core.language.maps import PLAIN, MapOptions, all_layer_maps, attention_map, frame
from core.language.pairing import align_units, align_words
from core.language.values import AttentionResult, TokenSequence

__all__ = ["MapChange", "MapDifference", "RowMove", "align_units", "align_words", "changed_heads", "compare_maps"]


class _Side:
    """The units of one side (queries or keys) of two results."""

    def __init__(self, first: TokenSequence, second: TokenSequence, *, by_word: bool) -> None:
        self.sequences = (first, second)
        self.units = align_units(first, second, by_word=by_word)
        # Of each text, (unit, pieces): the tokens of each unit, -1 where there are fewer or none.
        self.pieces = tuple(_pieces([pair[text] for pair in self.units]) for text in (0, 1))

    @property
    def spelled(self) -> np.ndarray:
        """(unit,) bool: not a special token."""
        return np.array(
            [
                not any(span and sequence.special[span[0]] for sequence, span in zip(self.sequences, pair, strict=True))
                for pair in self.units
            ]
        )

    @property
    def labels(self) -> tuple[str, ...]:
        found = []
        words = [dict(zip(sequence.word_spans, sequence.words, strict=True)) for sequence in self.sequences]
        for pair in self.units:
            names = [
                word.get(span) or _bare(sequence.labels[span[0]])
                for word, sequence, span in zip(words, self.sequences, pair, strict=True)
                if span
            ]
            same = len({name.casefold() for name in names}) == 1
            found.append(names[-1] if same else " / ".join(names))
        return tuple(found)


def _bare(label: str) -> str:
    """A piece of a word without the tokenizer's marks, so that two tokenizers can agree."""
    return label.removeprefix("##").removeprefix("·") or label


def _pieces(spans: Sequence[tuple[int, int] | None]) -> np.ndarray:
    most = max(end - start for start, end in (span or (0, 1) for span in spans))
    found = np.full((len(spans), most), -1)
    for unit, span in enumerate(spans):
        if span:
            found[unit, : span[1] - span[0]] = range(*span)
    return found


def _summed(values: np.ndarray, pieces: np.ndarray, axis: int) -> np.ndarray:
    """Tokens along `axis` to units: the sum over the pieces of each, 0 for a unit that the text lacks."""
    found = np.take(values, np.maximum(pieces[:, 0], 0), axis=axis)
    along = np.moveaxis(found, axis, 0)  # a view
    along[pieces[:, 0] < 0] = 0
    for column in pieces.T[1:]:
        there = column >= 0
        along[there] += np.moveaxis(np.take(values, column[there], axis=axis), axis, 0)
    return found


class _Pairing:
    """Two results on common units."""

    def __init__(self, first: AttentionResult, second: AttentionResult, options: MapOptions) -> None:
        if (first.kind == "cross") != (second.kind == "cross"):
            raise SelectionError(
                "One of the two looks at a translation's source and the other at its own text; "
                "compare attention of one kind."
            )
        self.results = (first, second)
        self.queries = _Side(first.rows, second.rows, by_word=options.by_word)
        self.keys = self.queries
        if first.kind == "cross":
            self.keys = _Side(first.source, second.source, by_word=options.by_word)
        # Steps before the merging of words as in any map; the merging is over the common units.
        self.options = replace(options, by_word=False)
        self.frames = tuple(frame(result, self.options) for result in self.results)

    def on_units(self, text: int, weights: np.ndarray, rows: np.ndarray | slice = slice(None)) -> np.ndarray:
        """(..., query, key) over tokens of one text -> over common units: keys summed, queries averaged.

        A row with nothing to show takes no part in its unit's average. `rows` picks some units.
        """
        queries, keys = self.queries.pieces[text][rows], self.keys.pieces[text]
        summed = _summed(_summed(weights, queries, -2), keys, -1)
        if queries.shape[1] > 1:
            shown = self.frames[text].allowed.any(axis=1).astype(np.float32)
            summed /= np.maximum(_summed(shown, queries, -1), 1)[:, None]
        return summed

    def allowed(self, text: int) -> np.ndarray:
        """(query, key) bool over common units."""
        whole = _summed(self.frames[text].allowed, self.queries.pieces[text], -2)
        return _summed(whole, self.keys.pieces[text], -1)

    def counted(self) -> np.ndarray:
        """(query,) bool, see `MapDifference`; False where a text lacks the unit, as it then may look at nothing."""
        choice = [self.allowed(text).sum(axis=1) > 1 for text in (0, 1)]
        return choice[0] & choice[1] & self.queries.spelled


def compare_maps(
    first: AttentionResult,
    second: AttentionResult,
    first_head: Head,
    second_head: Head,
    options: MapOptions = PLAIN,
) -> MapDifference:
    """One head on two sentences, or two models on one sentence, unit by unit.

    The texts' words are paired by `core.language.pairing.align_words`. Words that the two
    tokenizers cut differently are merged (summed over keys, averaged over queries), all words with
    ``options.by_word``. Where a decoder is compared with an encoder, only looks that both masks
    allow are compared.

    Parameters
    ----------
    first_head, second_head : (layer, head); either may be "mean" or "max" as in `attention_map`.

    Raises
    ------
    SelectionError
        No such layer, head or measure, or cross-attention against another kind.

    Source: merging of words, Clark et al. 2019, section 4.1.
    """
    pairing = _Pairing(first, second, options)
    maps = [
        attention_map(result, *head, pairing.options) for result, head in ((first, first_head), (second, second_head))
    ]
    sides = [pairing.on_units(text, one.weights).astype(np.float32) for text, one in enumerate(maps)]
    allowed = pairing.allowed(0) & pairing.allowed(1)
    return MapDifference(
        query_labels=pairing.queries.labels,
        key_labels=pairing.keys.labels,
        query_units=pairing.queries.units,
        key_units=pairing.keys.units,
        first=sides[0],
        second=sides[1],
        difference=np.where(allowed, sides[1] - sides[0], np.float32(0)),
        allowed=allowed,
        counted=pairing.counted(),
        unit=maps[0].unit if maps[0].unit == maps[1].unit else f"{maps[0].unit} / {maps[1].unit}",
        first_head=(first.number_of(first_head[0]), first_head[1]),
        second_head=(second.number_of(second_head[0]), second_head[1]),
        first_provenance=first.provenance,
        second_provenance=second.provenance,
    )


def changed_heads(
    first: AttentionResult,
    second: AttentionResult,
    options: MapOptions = PLAIN,
    *,
    on_progress: Callable[[float], None] | None = None,
) -> np.ndarray:
    """How much each head of one model changes between two sentences.

    144 heads take 0.1 s at 100 tokens and about 10 s at 1,024, most of it for the weights themselves.

    Parameters
    ----------
    on_progress : called after each layer with the share that is done.

    Returns
    -------
    (layers, heads) float64, 0 (the same) to 1 (no weight in common): the mean, over the words that
    both texts have, of the total variation 1/2 sum_k |p(k) - q(k)| between their two rows. Weight on
    a word that one text lacks counts as moved. Rows are first scaled to sum to 1. Special tokens and
    rows that may look at one token only do not count; NaN when no row is left. Rollout, which has no
    heads, gives the same number for each.

    Raises
    ------
    SelectionError
        The two come from different models, whose heads have nothing to do with each other.
    """
    models = [(r.provenance.model, r.provenance.revision, r.kind, r.layers, r.heads) for r in (first, second)]
    if models[0] != models[1]:
        raise SelectionError(
            f"Heads can be compared one by one within a model only, and these are {first.provenance.model} and "
            f"{second.provenance.model}; compare one head of each instead."
        )
    pairing = _Pairing(first, second, options)
    rows = pairing.counted()
    found = np.full((first.layers, first.heads), np.nan)
    if not rows.any():
        return found
    layers = zip(all_layer_maps(first, pairing.options), all_layer_maps(second, pairing.options), strict=True)
    for layer, pair in enumerate(layers):
        for head, maps in enumerate(zip(*pair, strict=True)):  # one head at a time stays in the processor's cache
            sides = [pairing.on_units(text, weights, rows) for text, weights in enumerate(maps)]
            for side in sides:
                side /= np.maximum(side.sum(axis=-1, keepdims=True), np.finfo(np.float32).tiny)
            variation = 0.5 * np.abs(sides[1] - sides[0]).sum(axis=-1).mean()
            found[layer, head if len(pair[0]) > 1 else slice(None)] = variation
        if on_progress is not None:
            on_progress((layer + 1) / first.layers)
    return found
