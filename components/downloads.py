"""Files that a person takes away: each carries where it came from."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core.language.values import AttentionResult

if TYPE_CHECKING:
    import pandas as pd


def attention_table(result: AttentionResult, layers: Sequence[int], head: int) -> pd.DataFrame:
    """One row per (layer, query, key) of a head, weights exact in float32.

    Columns: model, revision, weights_kind, attention_kind, layer, head, query, query_token, key,
    key_token, masked, weight. Positions are 0-based; tokens are the tokenizer's own.
    """
    import pandas as pd  # a third of a second, needed only when the button is pressed

    shape = result.allowed.shape
    queries, keys = (places.ravel() for places in np.indices(shape))
    query_tokens, key_tokens = np.array(result.query_tokens), np.array(result.tokens)
    tables = [
        pd.DataFrame(
            {
                "model": result.provenance.model,
                "revision": result.provenance.revision,
                "weights_kind": result.provenance.weights,
                "attention_kind": result.kind,
                "layer": layer,
                "head": head,
                "query": queries,
                "query_token": query_tokens[queries],
                "key": keys,
                "key_token": key_tokens[keys],
                "masked": ~result.allowed.ravel(),
                "weight": result.head(layer, head).ravel(),
            }
        )
        for layer in layers
    ]
    return pd.concat(tables, ignore_index=True)


def attention_csv(result: AttentionResult, layers: Sequence[int], head: int) -> bytes:
    """`attention_table` as UTF-8 CSV with nine significant digits, which give float32 back exactly."""
    buffer = io.StringIO()
    attention_table(result, layers, head).to_csv(buffer, index=False, float_format="%.9g")
    return buffer.getvalue().encode()


def file_stem(result: AttentionResult, layers: Sequence[int], head: int) -> str:
    """For example "attention-minilm-encoder-layer3-head1" or "attention-gpt-2-layer0-2-6-11-head0"."""
    model = re.sub(r"[^a-z0-9]+", "-", result.provenance.model.lower()).strip("-")
    return f"attention-{model}-layer{'-'.join(map(str, layers))}-head{head}"


def render_csv(result: AttentionResult, layers: Sequence[int], head: int) -> None:
    """A button that makes the file when it is pressed."""
    many = f"layers {', '.join(map(str, layers))}" if len(layers) > 1 else f"layer {layers[0]}"
    st.download_button(
        "CSV",
        data=lambda: attention_csv(result, layers, head),
        file_name=f"{file_stem(result, layers, head)}.csv",
        mime="text/csv",
        icon=":material/table:",
        help=f"Every weight in this picture ({many}, head {head}), with its tokens and the model's name.",
        on_click="ignore",
    )
