"""The attention page's picture: one head large, or one head at four depths, and what proves it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from components.downloads import file_stem
from components.heatmap import HeatmapLabels, HeatmapPanel, heatmap_payload, render_heatmap
from components.messages import plain
from core.cards import ModelCard
from core.language.values import AttentionResult, nearest_layers, proof

KIND_SENTENCES = {
    "causal": "causal self-attention: each token looks at itself and to the left",
    "bidirectional": "self-attention: each token looks at the whole text",
    "encoder": "encoder self-attention: each source token looks at the whole source",
    "decoder": "decoder self-attention: each target token looks at itself and to the left",
    "cross": "cross-attention: each target token looks at the source",
}


START_TOKEN = dict.fromkeys(
    ("cross", "decoder"),
    "- The first row is the start token, which the decoder reads before it has written anything; each row helps to "
    "choose the *next* token.\n",
)
# Below this share of the scale a map looks empty.
PALE = 0.3
GLOSSARY = (
    "Bits per character: how surprised the model is by a book it never read; lower is better. Previous-token head: "
    "looks one token back. Induction head: looks at what followed the same token earlier, and so can repeat it."
)


def shown_layers(result: AttentionResult, layer: int, view: str) -> tuple[int, ...]:
    """The layers on the page: the chosen one, or those nearest to the assignment's 0, 2, 6, 11."""
    return nearest_layers(result.layers) if view == "depths" else (layer,)


def largest_weight(result: AttentionResult, layers: Sequence[int], head: int) -> float:
    """The largest weight that says something: a query with only one key to look at always gives it 1."""
    choosing = result.allowed.sum(axis=1) > 1
    if not choosing.any():
        return 1.0
    return max(float(result.head(layer, head)[choosing].max()) for layer in layers)


def attention_payload(
    result: AttentionResult, layers: Sequence[int], head: int, *, scale_max: float | None = None
) -> dict[str, Any]:
    """What the heatmap draws: keys on x, queries on y, the mask as a mask, one panel a layer."""
    titles = [f"Layer {n}, head {head}" for n in layers] if len(layers) > 1 else [""]
    panels = [
        HeatmapPanel(title, result.head(n, head), result.allowed) for n, title in zip(layers, titles, strict=True)
    ]
    where = (
        f"head {head} at layers {', '.join(map(str, layers))}" if len(layers) > 1 else f"layer {layers[0]}, head {head}"
    )
    return heatmap_payload(
        panels,
        HeatmapLabels(result.target.labels, result.source.labels),
        title=f"{result.provenance.model}: {where}",
        subtitle=KIND_SENTENCES[result.kind],
        provenance=result.provenance.sentence,
        scale_max=scale_max,
        file_name=file_stem(result, layers, head),
    )


def render_picture(result: AttentionResult, layers: Sequence[int], head: int, scale: str) -> None:
    """The heatmap, redrawn in place when anything changes."""
    largest = largest_weight(result, layers, head)
    scale_max = largest if scale == "largest" else None
    payload = attention_payload(result, layers, head, scale_max=scale_max)
    render_heatmap(payload, key="attention_heatmap")
    if scale_max is None and largest < PALE:
        st.caption(
            f"The weights are small here: at most {largest:.2f} where there is a choice. "
            "Choose Colours “0 to largest” to tell them apart."
        )


def proof_sentence(result: AttentionResult, layers: Sequence[int], head: int) -> str:
    """For example "Check: rows sum to 1 within 1.2e-07; largest weight on a masked position 0."."""
    found = [proof(result.head(layer, head), result.allowed) for layer in layers]
    off = max(p.row_sum_error for p in found)
    masked = max(p.masked_weight for p in found)
    mask = f"largest weight on a masked position {masked:.2g}" if not result.allowed.all() else "nothing is masked"
    sums = f"within {off:.1e}" if off else "exactly"
    return f"Check: rows sum to 1 {sums}; {mask}."


def render_proof(result: AttentionResult, layers: Sequence[int], head: int) -> None:
    """The proof line."""
    st.caption(proof_sentence(result, layers, head))


def render_reading_help(result: AttentionResult, card: ModelCard) -> None:
    """How to read the picture, and what the model is."""
    reading, model = st.columns(2)
    with reading.expander("How to read this picture", icon=":material/help:"):
        st.markdown(
            "- **A row is one token that looks** (a query); its colours say how its attention is shared out "
            "over the tokens it looks at (keys). Each row sums to 1.\n"
            "- **Hatched cells are masked**: the model is not allowed to look there. That is not a weight of 0.\n"
            "- **Many rows love the first token.** A head with nothing to say rests there (an attention sink).\n"
            "- A “·” is a space that belongs to its token; a word may be cut into several tokens.\n"
            + START_TOKEN.get(result.kind, "")
            + "- Attention shows where information may flow from. It is not an explanation of the output "
            "(Jain and Wallace 2019; Wiegreffe and Pinter 2019)."
        )
    with model.expander(f"About {plain(card.title)}", icon=":material/info:"):
        st.markdown(plain(card.summary))
        st.caption(
            plain(
                f"{card.layers} layers × {card.heads} heads · reads up to {card.context:,} tokens · "
                f"{card.parameters / 1e6:.1f} M parameters · {card.weights} weights {card.revision} · "
                f"{card.source} · {card.licence}"
            )
        )
        if card.facts:
            st.table({"Measured": [what for what, _ in card.facts], "Value": [value for _, value in card.facts]})
            st.caption(GLOSSARY)
        if card.limits:
            st.markdown(f"**Limits.** {plain(card.limits)}")
