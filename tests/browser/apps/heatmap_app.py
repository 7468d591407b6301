"""A heatmap alone, of made-up weights; the address says which: ?tokens=600&kind=causal&scale=log&row=7 ..."""

from __future__ import annotations

import numpy as np
import streamlit as st

from components.heatmap import (
    HeatmapLabels,
    HeatmapPanel,
    HeatmapState,
    heatmap_payload,
    heatmap_state,
    render_heatmap,
)

WORDS = ("The", "·animal", "·did", "n't", "·cross", "·the", "·street", "·because", "·it", "·was", "·too", "·tired", ".")
SPOKEN = ("the", "twenty", "##third", "of", "march", "nineteen", "eighty")
DIGITS = ("<pad>", "1", "9", "8", "0", "-", "0", "3", "-", "2", "3")


def made_up(queries: int, keys: int, seed: int, *, causal: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """(query, key) float32 weights, a few of them strong, rows that sum to 1; and the mask, bool."""
    allowed = np.tril(np.ones((queries, keys), bool)) if causal else np.ones((queries, keys), bool)
    random = np.random.default_rng(seed)
    scores = random.normal(size=(queries, keys)) + 6 * (random.random((queries, keys)) < 2 / keys)
    shares = np.exp(np.where(allowed, scores, -np.inf))
    return (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32), allowed


def labels_of(kind: str, tokens: int, other: bool = False) -> HeatmapLabels:
    """Tokens of a sentence said again and again, of another text, or of a translation."""
    if kind == "cross":
        return HeatmapLabels(DIGITS, SPOKEN, "Target: the token that looks", "Source: the token looked at")
    words = tuple(f"w{i}" if other else WORDS[i % len(WORDS)] for i in range(tokens))
    return HeatmapLabels(words, words)


def panels_of(kind: str, labels: HeatmapLabels, seed: int, count: int = 1) -> list[HeatmapPanel]:
    """One panel, or several; of a signed map a row and a column are all masked."""
    queries, keys = len(labels.query_labels), len(labels.key_labels)
    weights, allowed = made_up(queries, keys, seed, causal=kind == "causal")
    if count > 1:
        return [HeatmapPanel(f"Layer {n}, head 0", made_up(queries, keys, n)[0], allowed) for n in range(count)]
    if kind != "signed":
        return [HeatmapPanel("", weights, allowed)]
    after, _ = made_up(queries, keys, seed + 1)
    allowed[3], allowed[:, 5] = False, False
    return [HeatmapPanel("", after - weights, allowed, weights)]


def main() -> None:
    """The page. ?alone=1: the page takes no notice of what is chosen in the map."""
    asked = dict(st.query_params)
    if "wide" in asked:
        st.set_page_config(layout="wide")
    kind = asked.get("kind", "self")
    seed = int(asked.get("seed", 0)) + int(st.toggle("Another head"))
    labels = labels_of(kind, int(asked.get("tokens", 12)), st.toggle("Another text"))
    st.session_state.runs = st.session_state.get("runs", 0) + 1
    # As the attention page does it: the address first, then what was chosen last, whatever the text is.
    state = st.session_state.get("kept", HeatmapState(int(asked["row"]) if "row" in asked else None))
    if st.session_state.pop("fresh", False):
        state = heatmap_state("map", labels, otherwise=state)
    st.session_state.kept = state
    payload = heatmap_payload(
        panels_of(kind, labels, seed, int(asked.get("panels", 1))),
        labels,
        title=f"Made up, seed {seed}",
        subtitle="Weights of no model",
        provenance="Toy · random weights",
        scale=asked.get("scale", "signed" if kind == "signed" else "linear"),
        scale_max="largest" if kind == "signed" else None,
        scale_names=("more in the first sentence", "more in the second sentence"),
        mask_label="not in both sentences" if kind == "signed" else "masked (not allowed)",
        window=None if "alone" in asked else state.zoom,
        locked=None if "alone" in asked else state.locked,
        file_name="toy",
    )
    chosen = render_heatmap(payload, key="map", on_change=lambda: st.session_state.update(fresh=True))
    st.markdown(f"locked {chosen.locked}, zoom {chosen.zoom}, runs {st.session_state.runs}")


if __name__ == "__main__":
    main()
