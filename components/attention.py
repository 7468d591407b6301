"""The attention page's picture: one head large, or one head at four depths, and what proves it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from components.downloads import file_stem
from components.heatmap import HeatmapLabels, HeatmapPanel, HeatmapState, heatmap_payload, heatmap_state, render_heatmap
from components.messages import plain
from core.language.maps import PLAIN, AttentionMap, MapOptions, Pick, attention_maps
from core.language.values import AttentionResult, nearest_layers, proof

KIND_SENTENCES = {
    "causal": "causal self-attention: each token looks at itself and to the left",
    "bidirectional": "self-attention: each token looks at the whole text",
    "encoder": "encoder self-attention: each source token looks at the whole source",
    "decoder": "decoder self-attention: each target token looks at itself and to the left",
    "cross": "cross-attention: to write each target token, the decoder looks at the source",
}
MEASURE_SENTENCES = {
    "weight": "",
    "norm": "cells are weight × length of the value that it moves",
    "rollout": "this layer and all below it together, all heads",
}
BINS_SENTENCE = "self-attention: each bin looks at all bins that the model reads"
QUERY_NAMES = {False: {}, True: {"query_name": "Query: the token being written"}}
# Below this share of the scale a map looks empty.
PALE = 0.3
HEATMAP = "attention_heatmap"
_CHOSEN = "_heatmap_chosen"


def shown_layers(result: AttentionResult, layer: Pick, view: str) -> tuple[Pick, ...]:
    """The layers on the page: the chosen one, or those nearest to the assignment's 0, 2, 6, 11."""
    return nearest_layers(result.layers) if view == "depths" else (layer,)


def head_words(layer: Pick, head: Pick, options: MapOptions = PLAIN) -> str:
    """For example "layer 3, head 1", "layer 3, mean over heads", "rollout up to layer 3"."""
    if options.measure == "rollout":
        return f"rollout up to layer {layer}" if isinstance(layer, int) else f"{layer} over layers of the rollout"
    if isinstance(layer, int):
        return f"layer {layer}, head {head}" if isinstance(head, int) else f"layer {layer}, {head} over heads"
    return f"{layer} over layers, head {head}" if isinstance(head, int) else f"{layer} over all heads and layers"


def largest_weight(maps: Sequence[AttentionMap]) -> float:
    """The largest weight of all maps that says something; above 0."""
    return max(shown.largest for shown in maps) or 1.0


def scale_end(maps: Sequence[AttentionMap], scale: str) -> float:
    """Where the colours end: 1 for shares of a row, else (and on demand) the largest weight."""
    top = maps[0].scale_top
    return top if top is not None and scale == "one" else largest_weight(maps)


def heads_words(off: Sequence[tuple[int, int]]) -> str:
    """For example "without L3 H1, L0 H6", or ""."""
    names = [f"L{layer} H{head}" for layer, head in off]
    more = f" and {len(names) - 4} more heads" if len(names) > 4 else ""
    return f"without {', '.join(names[:4])}{more}" if names else ""


def off_words(result: AttentionResult) -> str:
    """`heads_words` of the heads that were off in this run."""
    return heads_words(result.without)


def attention_payload(
    result: AttentionResult,
    layers: Sequence[Pick],
    head: Pick,
    options: MapOptions = PLAIN,
    *,
    maps: Sequence[AttentionMap] | None = None,
    scale: str = "one",
    window: Sequence[int] | None = None,
    locked: int | None = None,
) -> dict[str, Any]:
    """What the heatmap draws: keys on x, queries on y, the mask as a mask, one panel a layer.

    Parameters
    ----------
    maps : of these layers, where they are at hand already.
    scale : "one", "largest" or "log", as the page names them.
    """
    maps = attention_maps(result, layers, head, options) if maps is None else maps
    numbers = [result.number_of(layer) for layer in layers]
    words = [head_words(number, head, options) for number in numbers]
    first = maps[0]
    titles = [word[0].upper() + word[1:] for word in words] if len(layers) > 1 else [""]
    where = words[0]
    if len(layers) > 1:
        what = "rollout" if options.measure == "rollout" else head_words(0, head).removeprefix("layer 0, ")
        where = f"{what} at layers {', '.join(map(str, numbers))}"
    kind = BINS_SENTENCE if result.unit == "bin" else KIND_SENTENCES[result.kind]
    parts = (kind, MEASURE_SENTENCES[options.measure], off_words(result), *first.notes)
    return heatmap_payload(
        [HeatmapPanel(title, shown.weights, shown.allowed) for title, shown in zip(titles, maps, strict=True)],
        shown_labels(result, first),
        sentence=result.unit != "bin",
        title=f"{result.provenance.model}: {where}",
        subtitle="; ".join(filter(None, parts)).replace(".;", ";"),
        provenance=result.provenance.sentence,
        unit=first.unit,
        scale_max=scale_end(maps, scale),
        scale="log" if scale == "log" else "linear",
        mask_label="masked (not allowed)" if not options.hide_sink else "masked or hidden",
        window=window,
        locked=locked,
        file_name=file_stem(result, layers, head, options),
    )


def shown_labels(result: AttentionResult, shown: AttentionMap) -> HeatmapLabels:
    """What stands beside rows and columns."""
    if result.unit == "bin":
        return bin_labels(result)
    same = result.source is result.rows and shown.query_labels == shown.key_labels
    keys = shown.query_labels if same else shown.key_labels
    return HeatmapLabels(shown.query_labels, keys, **QUERY_NAMES[result.written is not None])


def bin_labels(result: AttentionResult) -> HeatmapLabels:
    """Bins of DNA by their first base: a whole locus has no room beside a row."""
    sides = [tuple(_first_base(label) for label in side.labels) for side in (result.rows, result.source)]
    queries, keys = sides[0], sides[0] if result.rows is result.source else sides[1]
    contig = result.source.labels[0].rpartition(":")[0]
    where = f", by its first base on {contig}" if contig else ""
    return HeatmapLabels(queries, keys, f"Query: the bin that looks{where}", f"Key: the bin looked at{where}")


def _first_base(label: str) -> str:
    """ "chr11:35,140,087-35,140,214" -> "35,140,087"."""
    return label.rpartition(":")[2].partition("-")[0]


def render_picture(
    result: AttentionResult,
    layers: Sequence[Pick],
    head: Pick,
    options: MapOptions,
    *,
    maps: Sequence[AttentionMap],
    scale: str,
) -> None:
    """The heatmap, redrawn in place when anything changes; the page's state keeps its row and window."""
    take_place(maps[0], shown_labels(result, maps[0]))
    state = st.session_state
    place = {"window": state.get("zoom"), "locked": state.get("row")}
    payload = attention_payload(result, layers, head, options, maps=maps, scale=scale, **place)
    render_heatmap(payload, key=HEATMAP, on_change=note_choice)
    if scale == "one" and payload["scale_max"] == 1 and largest_weight(maps) < PALE:
        st.caption(
            f"The weights are small here: at most {largest_weight(maps):.2f} where there is a choice. "
            "Choose Colours “To largest” to tell them apart."
        )


def render_translation(result: AttentionResult, *, own: bool) -> None:
    """What a translator wrote, when it wrote it itself."""
    if result.written is None or not own:
        return
    pairs = zip(result.written.labels, result.written.special, strict=True)
    written = "".join(label for label, special in pairs if not special).replace("·", " ").strip()
    if written:
        st.markdown(f"The model's translation: **{plain(written)}**")


def note_choice() -> None:
    """Remember that a person has just chosen a row or a window in the picture."""
    st.session_state[_CHOSEN] = True


def take_place(shown: AttentionMap, labels: HeatmapLabels) -> None:
    """Take over the row and window that were just chosen in the picture; drop what this text has not.

    Only a fresh choice counts: what the browser said before must not undo a link that was opened since.
    """
    state = st.session_state
    queries, keys = shown.weights.shape
    if state.pop(_CHOSEN, False):
        now = HeatmapState(state.get("row"), state.get("zoom"))
        chosen = heatmap_state(HEATMAP, labels, otherwise=now)
        state["row"], state["zoom"] = chosen.locked, chosen.zoom
    row, zoom = state.get("row"), state.get("zoom")
    state["row"] = row if row is not None and row < queries else None
    well = zoom is not None and zoom[0] < min(zoom[1], queries) and zoom[2] < min(zoom[3], keys)
    state["zoom"] = tuple(zoom) if well else None


def token_of_row(result: AttentionResult, options: MapOptions) -> int | None:
    """The token of the row that is kept, the last one of a word; None for a source text, which predicts nothing."""
    row = st.session_state.get("row")
    if row is None or result.kind == "encoder":
        return None
    spans = result.rows.word_spans if options.by_word else [(i, i + 1) for i in range(len(result.rows))]
    return spans[row][1] - 1 if row < len(spans) else None


def proof_sentence(result: AttentionResult, layers: Sequence[Pick], head: Pick) -> str:
    """For example "Check: rows sum to 1 within 1.2e-07; largest weight on a masked position 0."."""
    plain_layers = [layer for layer in layers if isinstance(layer, int)] or list(range(result.layers))
    heads = [head] if isinstance(head, int) else list(range(result.heads))
    found = [proof(result.head(n, h), result.allowed) for n in plain_layers for h in heads]
    off = max(p.row_sum_error for p in found)
    masked = max(p.masked_weight for p in found)
    mask = f"largest weight on a masked position {masked:.2g}" if not result.allowed.all() else "nothing is masked"
    sums = f"within {off:.1e}" if off else "exactly"
    many = f" of {len(found)} heads" if len(found) > 1 else ""
    return f"Check: rows{many} sum to 1 {sums}; {mask}."
