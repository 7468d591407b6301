"""One attention, shown in several ways, without running the model again.

The steps, always in this order: what a cell measures (weight, value-weighted norm, rollout); the
sink hidden and the rest of each row scaled up; sub-words merged into words; several heads or layers
summarised.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from core.errors import SelectionError
from core.language.rollout import is_whole, rollout, rollout_layers
from core.language.values import AttentionResult, TokenSequence

Measure = Literal["weight", "norm", "rollout"]
Pick = int | Literal["mean", "max"]
Spans = tuple[tuple[int, int], ...]

UNITS = {
    "weight": "attention weight",
    "norm": "length of the weighted value",
    "rollout": "attention rollout",
}


@dataclass(frozen=True)
class MapOptions:
    """How an attention is shown.

    Attributes
    ----------
    measure : "weight" (after softmax), "norm" (what the weight moves: Kobayashi et al. 2020) or
        "rollout" (all layers up to this one together: Abnar and Zuidema 2020).
    by_word : sub-words merged into words: summed over keys, averaged over queries (Clark et al. 2019).
    hide_sink : the tokens where heads rest are left out, and what is left of each row sums to 1.
    """

    measure: Measure = "weight"
    by_word: bool = False
    hide_sink: bool = False


PLAIN = MapOptions()


@dataclass(frozen=True, eq=False)
class Frame:
    """What all maps of a result have in common.

    Attributes
    ----------
    query_labels, key_labels : words or tokens for people.
    query_spans, key_spans : half-open token range of each.
    allowed : (query, key) bool, False where the mask or a hidden sink leaves nothing.
    unit : what a cell measures.
    scale_top : 1.0 where a row is a share of 1, None where the largest cell ends the scale.
    hidden : labels of the tokens that are left out.
    """

    query_labels: tuple[str, ...]
    key_labels: tuple[str, ...]
    query_spans: Spans
    key_spans: Spans
    allowed: np.ndarray
    unit: str
    scale_top: float | None
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class AttentionMap(Frame):
    """One picture of attention: a head, or a summary of several.

    Attributes
    ----------
    weights : (query, key) float32, 0 wherever `allowed` is False.
    notes : sentences about what was left out.
    """

    weights: np.ndarray = field(default_factory=lambda: np.empty((0, 0), dtype=np.float32))
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        shape = (len(self.query_labels), len(self.key_labels))
        if self.weights.shape != shape or self.allowed.shape != shape:
            raise ValueError(f"weights {self.weights.shape} and mask {self.allowed.shape} for labels {shape}")
        self.weights.setflags(write=False)
        self.allowed.setflags(write=False)

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self.weights.nbytes + self.allowed.nbytes

    @property
    def largest(self) -> float:
        """The largest weight that says something: a query with only one key to look at always gives it 1."""
        choosing = self.allowed.sum(axis=1) > 1
        return float(self.weights[choosing].max() if choosing.any() else self.weights.max())


def measures(result: AttentionResult) -> tuple[Measure, ...]:
    """What can be shown of a result: norms need values, rollout all rows of the same tokens and layers."""
    found: list[Measure] = ["weight"]
    if result.value_norms is not None:
        found.append("norm")
    if result.kind != "cross" and is_whole(result):
        found.append("rollout")
    return tuple(found)


def sink_columns(result: AttentionResult) -> np.ndarray:
    """(key,) bool: the keys where heads with nothing to say rest.

    The first token of a decoder (Xiao et al. 2024, "attention sinks"); the special tokens of an
    encoder such as [CLS] and [SEP] (Clark et al. 2019), or its first token where there is none.
    """
    special = np.array(result.source.special, dtype=bool)
    if result.kind in {"causal", "decoder"} or not special.any():
        special = np.arange(len(result.source)) == 0
    return special


def _spans(sequence: TokenSequence, by_word: bool) -> tuple[tuple[str, ...], Spans]:
    if by_word:
        return sequence.words, sequence.word_spans
    return sequence.labels, tuple((i, i + 1) for i in range(len(sequence)))


def _starts(spans: Spans) -> list[int]:
    return [start for start, _ in spans]


def _shown(result: AttentionResult, options: MapOptions) -> np.ndarray:
    """(query, key) bool over tokens: allowed by the mask and not hidden."""
    return result.allowed & ~sink_columns(result) if options.hide_sink else result.allowed


def _hidden_labels(result: AttentionResult, options: MapOptions) -> tuple[str, ...]:
    """Labels of the hidden tokens; of a word's first piece it is said that the rest of the word stays."""
    labels = []
    for token in np.flatnonzero(sink_columns(result)):
        label = result.source.labels[token].strip("·") or result.source.labels[token]
        word, span = next(
            (word, span)
            for word, span in zip(result.source.words, result.source.word_spans, strict=True)
            if span[0] <= token < span[1]
        )
        pieces = options.by_word and span[1] - span[0] > 1
        labels.append(f"“{label}”, a piece of “{word}”" if pieces else label)
    return tuple(labels)


def frame(result: AttentionResult, options: MapOptions = PLAIN) -> Frame:
    """Labels, mask and unit of every map of `result` under `options`.

    Raises
    ------
    SelectionError
        The result has no such measure.
    """
    if options.measure not in measures(result):
        if options.measure == "rollout":
            next(rollout_layers(result))
        raise SelectionError(f"The values of {result.provenance.model} are not known here; choose Weights or Rollout.")
    query_labels, query_spans = _spans(result.rows, options.by_word)
    key_labels, key_spans = _spans(result.source, options.by_word)
    shown = _shown(result, options)
    merged = np.logical_or.reduceat(shown, _starts(key_spans), axis=1)
    merged = np.logical_or.reduceat(merged, _starts(query_spans), axis=0)
    hidden = _hidden_labels(result, options) if options.hide_sink else ()
    share = options.measure != "norm" or options.hide_sink
    unit = UNITS[options.measure]
    return Frame(
        query_labels,
        key_labels,
        query_spans,
        key_spans,
        merged,
        f"{unit}, share without {', '.join(dict.fromkeys(hidden))}" if options.hide_sink else unit,
        1.0 if share else None,
        hidden,
    )


def merge_words(weights: np.ndarray, shown: np.ndarray, query_spans: Spans, key_spans: Spans) -> np.ndarray:
    """(..., query, key) over tokens to (..., query, key) over words: summed over keys, averaged over queries.

    Norms of pieces are summed too; the norm of what the pieces move together is at most that.

    Parameters
    ----------
    shown : (query, key) bool; a row with nothing to show takes no part in its word's average.

    Source: Clark et al. 2019, section 4.1.
    """
    summed = np.add.reduceat(weights, _starts(key_spans), axis=-1)
    summed = np.add.reduceat(summed, _starts(query_spans), axis=-2)
    rows = np.add.reduceat(shown.any(axis=1).astype(np.float32), _starts(query_spans))
    return summed / np.maximum(rows, 1)[:, None]


def hide_columns(weights: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """(..., query, key) with what is not `shown` set to 0 and each row that keeps anything scaled to sum to 1."""
    kept = np.where(shown, weights, np.float32(0))
    left = kept.sum(axis=-1, keepdims=True)
    return np.divide(kept, left, out=np.zeros_like(kept), where=left > 0)


def _measured(result: AttentionResult, layer: int, options: MapOptions) -> np.ndarray:
    """(heads, query, key) over tokens; rollout is the same for all heads and given once."""
    if options.measure == "rollout":
        return rollout(result, layer)[None]
    weights = result.layer(layer)
    return weights * result.value_norms[layer][:, None, :] if options.measure == "norm" else weights


def _finished(result: AttentionResult, measured: np.ndarray, options: MapOptions, frame: Frame) -> np.ndarray:
    shown = _shown(result, options)
    if options.hide_sink:
        measured = hide_columns(measured, shown)
    if options.by_word:
        measured = merge_words(measured, shown, frame.query_spans, frame.key_spans)
    return measured


def layer_maps(result: AttentionResult, layer: int, options: MapOptions = PLAIN) -> np.ndarray:
    """(heads, query, key) float32 of one layer under `options`; (1, query, key) for rollout.

    Raises
    ------
    SelectionError
        The model has no such layer, or the result no such measure.
    """
    common = frame(result, options)
    return _finished(result, _measured(result, layer, options), options, common)


def all_layer_maps(result: AttentionResult, options: MapOptions = PLAIN) -> Iterator[np.ndarray]:
    """`layer_maps` of each layer in turn; rollout is multiplied up once."""
    common = frame(result, options)
    if options.measure == "rollout":
        for flow in rollout_layers(result):
            yield _finished(result, flow[None], options, common)
    else:
        for layer in range(result.layers):
            yield _finished(result, _measured(result, layer, options), options, common)


def _check_pick(result: AttentionResult, what: str, pick: Pick, count: int) -> None:
    if pick not in {"mean", "max"} and not (isinstance(pick, int) and 0 <= pick < count):
        raise SelectionError(
            f"{what.capitalize()} {pick} does not exist: {result.provenance.model} has {what}s 0 to {count - 1}, "
            "“mean” and “max”."
        )


def _over_heads(maps: np.ndarray, head: Pick) -> np.ndarray:
    if len(maps) == 1:
        return maps[0]
    return maps[head] if isinstance(head, int) else getattr(maps, head)(axis=0)


def _over_layers(result: AttentionResult, how: str, head: Pick, options: MapOptions) -> np.ndarray:
    weights = None
    for maps in all_layer_maps(result, options):
        one = _over_heads(maps, head)
        if weights is None:
            weights = one.copy()
        elif how == "max":
            np.maximum(weights, one, out=weights)
        else:
            weights += one
    return weights / np.float32(result.layers) if how == "mean" else weights


def attention_maps(
    result: AttentionResult, layers: Sequence[Pick], head: Pick, options: MapOptions = PLAIN
) -> tuple[AttentionMap, ...]:
    """One map a layer: a head, or the mean or max over the heads of a layer, over layers, or over both.

    Parameters
    ----------
    layers, head : numbers, "mean" or "max". Rollout already holds all heads of a layer, so `head` is
        then not used; however many layers are asked for, it is multiplied up once.

    Raises
    ------
    SelectionError
        The model has no such layer or head, or the result no such measure.
    """
    common = frame(result, options)
    for layer in layers:
        _check_pick(result, "layer", layer, result.layers)
    _check_pick(result, "head", head, result.heads)
    found: dict[Pick, np.ndarray] = {}
    numbers = {layer for layer in layers if isinstance(layer, int)}
    if options.measure == "rollout" and numbers:
        flows = zip(range(max(numbers) + 1), all_layer_maps(result, options), strict=False)
        found = {layer: flow[0] for layer, flow in flows if layer in numbers}
    for layer in set(layers) - set(found):
        if not isinstance(layer, int):
            found[layer] = _over_layers(result, layer, head, options)
        elif options.measure != "rollout" and isinstance(head, int):  # the other heads of the layer are not needed
            weights = result.head(layer, head)
            if options.measure == "norm":
                weights = weights * result.value_norms[layer, head]
            found[layer] = _finished(result, weights, options, common)
        else:
            found[layer] = _over_heads(layer_maps(result, layer, options), head)
    return tuple(
        AttentionMap(
            **vars(common),
            weights=np.ascontiguousarray(found[layer], dtype=np.float32),
            notes=_hidden_note(result, layer, head, options, common),
        )
        for layer in layers
    )


def attention_map(result: AttentionResult, layer: Pick, head: Pick, options: MapOptions = PLAIN) -> AttentionMap:
    """One map; see `attention_maps`."""
    return attention_maps(result, (layer,), head, options)[0]


def _hidden_note(
    result: AttentionResult, layer: Pick, head: Pick, options: MapOptions, common: Frame
) -> tuple[str, ...]:
    """How much of a head's attention the hidden tokens hold: hiding 95 % of it magnifies the rest 20 times."""
    if not options.hide_sink:
        return ()
    names = " and ".join(dict.fromkeys(common.hidden))
    if not (isinstance(layer, int) and isinstance(head, int)) or options.measure != "weight":
        scaled = "before the maximum is taken" if "max" in (layer, head) else "to sum to 1"
        return (f"{names}: hidden; what is left of each head's row is scaled {scaled}.",)
    weights = result.head(layer, head)
    rows = _shown(result, options).any(axis=1)
    if not rows.any():
        return (f"{names}: hidden, and there is nothing else to look at.",)
    share = float(weights[rows][:, sink_columns(result)].sum(axis=1).mean())
    held = f"{names}: hidden, {share:.0%} of this head's attention on average"
    return (f"{held}; the rest of each row is scaled to sum to 1.",)
