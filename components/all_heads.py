"""All heads of a result as thumbnails: what the head grid is made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from components.attention import BINS_SENTENCE, KIND_SENTENCES, MEASURE_SENTENCES, off_words
from components.downloads import file_stem
from components.head_grid import GridHead, head_grid_payload
from core.language.maps import PLAIN, MapOptions, all_layer_maps, frame
from core.language.values import AttentionResult

Place = tuple[int, int]


@dataclass(frozen=True)
class GridWords:
    """What is said about heads: their roles, and a score to order them by."""

    roles: Mapping[Place, str] = field(default_factory=dict)
    scores: Mapping[Place, tuple[float, str]] = field(default_factory=dict)
    by: str = ""


def grid_heads(
    result: AttentionResult, options: MapOptions = PLAIN, *, words: GridWords, extra: str = "none"
) -> Iterator[GridHead]:
    """Every head in turn, with summaries when `extra` is "mean" or "max"; one layer's maps exist at a time."""
    off = set(result.without)
    rollout = options.measure == "rollout"
    over_layers: np.ndarray | None = None
    combine = np.maximum if extra == "max" else np.add
    parts = 1 if extra == "max" else result.layers
    for layer, maps in enumerate(all_layer_maps(result, options)):
        number = result.layer_numbers[layer]
        for head, weights in enumerate(maps):
            score, text = words.scores.get((layer, head), (None, ""))
            name = f"Rollout up to layer {number}" if rollout else f"Layer {number}, head {head}"
            role = "" if rollout else words.roles.get((layer, head), "")
            yield GridHead(layer, head, name, role, weights, score, text, (layer, head) in off, number=number)
        if extra == "none":
            continue
        over_layers = maps.copy() if over_layers is None else combine(over_layers, maps)
        if not rollout:
            over = getattr(maps, extra)(axis=0)
            name = f"Layer {number}, {extra} over heads"
            yield GridHead(layer, None, name, "", over, summary=extra, number=number)
    if extra == "none" or over_layers is None:
        return
    over_layers = over_layers / np.float32(parts)
    for head, weights in enumerate(over_layers):
        name = f"Rollout, {extra} over layers" if rollout else f"Head {head}, {extra} over layers"
        yield GridHead(None, head, name, "", weights, summary=extra)
    if not rollout:
        whole = getattr(over_layers, extra)(axis=0)
        yield GridHead(None, None, f"All heads, {extra}", "", whole, summary=extra)


def grid_payload(
    result: AttentionResult,
    options: MapOptions = PLAIN,
    *,
    words: GridWords,
    extra: str = "none",
    shades: str = "own",
    log: bool = False,
    chosen: Place | None = None,
) -> bytes:
    """The payload of the head grid; ordered by the words' score where they have one."""
    common = frame(result, options)
    columns = 1 if options.measure == "rollout" else result.heads
    by_score = bool(words.scores) and options.measure != "rollout"
    extra = "none" if by_score else extra
    summaries = 0 if extra == "none" else columns if columns == 1 else result.layers + columns + 1
    kind = BINS_SENTENCE if result.unit == "bin" else KIND_SENTENCES[result.kind]
    parts = [kind, MEASURE_SENTENCES[options.measure], off_words(result)]
    if common.hidden:
        parts.append(f"{' and '.join(dict.fromkeys(common.hidden))} hidden, the rest of each row scaled to 1")
    order = f", ordered by: {words.by}" if by_score else ""
    return head_grid_payload(
        grid_heads(result, options, words=words, extra=extra),
        common.allowed,
        layers=result.layers,
        layer_numbers=result.layer_numbers,
        heads_per_layer=columns,
        title=f"{result.provenance.model}: all heads{order}",
        subtitle="; ".join(filter(None, parts)),
        provenance=result.provenance.sentence,
        order="score" if by_score else "layer",
        scale="own" if shades == "own" else "shared",
        log=log,
        chosen=chosen,
        unit=common.unit,
        file_name=file_stem(result, ("all",), "all", options),
        query_labels=common.query_labels,
        key_labels=common.key_labels,
        score_name=words.by or "score",
        count=result.layers * columns + summaries,
    )
