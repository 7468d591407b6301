"""1,536 x 1,536 bins with made-up queries and keys, one head after the other."""

import numpy as np
import streamlit as st

from components.attention import attention_payload
from components.heatmap import render_heatmap
from core.cards import Provenance
from core.language.maps import attention_maps
from core.language.relative import RelativeTerms
from core.language.values import AttentionResult, TokenSequence

BINS, HEADS, SIZE = 1536, 8, 64


@st.cache_resource
def result() -> AttentionResult:
    draw = np.random.default_rng(1)

    def normal(*shape: int) -> np.ndarray:
        return draw.normal(size=shape).astype(np.float32)

    labels = TokenSequence.of_labels([f"chr1:{128 * i + 1:,}-{128 * i + 128:,}" for i in range(BINS)])
    relative = RelativeTerms((normal(HEADS, 2 * BINS - 1, SIZE),), normal(1, HEADS, SIZE), normal(1, HEADS, SIZE))
    return AttentionResult(
        "bidirectional", labels, labels, np.ones((BINS, BINS), bool), normal(1, HEADS, BINS, SIZE) / SIZE,
        normal(1, HEADS, BINS, SIZE), np.ones(1, np.float32), Provenance("made up", "1", "random", "float32"),
        relative=relative, unit="bin",
    )  # fmt: skip


head = st.session_state.setdefault("head", 0)
st.button("Next head", on_click=lambda: st.session_state.update(head=(head + 1) % HEADS))
maps = attention_maps(result(), (0,), head)
render_heatmap(attention_payload(result(), (0,), head, maps=maps, scale="largest"), key="map")
