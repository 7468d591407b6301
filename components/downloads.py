"""Files that a person takes away: each carries where it came from."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from components.recipe import Recipe, python_recipe
from core.language.maps import PLAIN, MapOptions, Pick, attention_map
from core.language.values import AttentionResult

if TYPE_CHECKING:
    import pandas as pd

# All heads of GPT-2 at 512 tokens are 151 MB; what is larger is asked for in Python.
MAX_NPZ_BYTES = 256 * 1024**2


def attention_table(
    result: AttentionResult, layers: Sequence[Pick], head: Pick, options: MapOptions = PLAIN
) -> pd.DataFrame:
    """One row per (layer, query, key) of a head as it is shown, exact in float32.

    Columns: model, revision, weights_kind, attention_kind, heads_off, measure, layer, head, query,
    query_token, key, key_token, masked, weight. Positions are 0-based, of words where words are shown;
    tokens are the tokenizer's own; of cross-attention the query is the token that the row helps to
    write. "masked" also holds for a hidden sink.
    """
    import pandas as pd  # a third of a second, needed only when the button is pressed

    tables = []
    for layer in layers:
        shown = attention_map(result, layer, head, options)
        queries, keys = (places.ravel() for places in np.indices(shown.weights.shape))
        query_names, key_names = shown.query_labels, shown.key_labels
        if not options.by_word:
            query_names, key_names = result.rows.tokens, result.tokens
        columns = {
            "model": result.provenance.model,
            "revision": result.provenance.revision,
            "weights_kind": result.provenance.weights,
            "attention_kind": result.kind,
            "heads_off": " ".join(f"{a}.{b}" for a, b in result.without),
            "measure": shown.unit,
            "layer": result.number_of(layer),
            "head": head,
            "query": queries,
            "query_token": np.array(query_names, dtype=object)[queries],
            "key": keys,
            "key_token": np.array(key_names, dtype=object)[keys],
            "masked": ~shown.allowed.ravel(),
            "weight": shown.weights.ravel(),
        }
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)


def attention_csv(result: AttentionResult, layers: Sequence[Pick], head: Pick, options: MapOptions = PLAIN) -> bytes:
    """`attention_table` as UTF-8 CSV with nine significant digits, which give float32 back exactly."""
    buffer = io.StringIO()
    attention_table(result, layers, head, options).to_csv(buffer, index=False, float_format="%.9g")
    return buffer.getvalue().encode()


def npz_bytes(result: AttentionResult) -> int:
    """Bytes of all weights before they are compressed."""
    return 4 * result.layers * result.heads * result.allowed.size


def attention_npz(result: AttentionResult) -> bytes:
    """All heads as a compressed NPZ that loads without pickle.

    Arrays: weights (layers, heads, query, key) float32; allowed (query, key) bool; query_tokens (that
    look), row_tokens (of cross-attention what each row writes, else the same), key_tokens;
    layer_numbers (layers,), the model's own; value_norms (layers, heads, key) where they are known; provenance, one
    JSON string.
    """
    told = {
        "model": result.provenance.model,
        "revision": result.provenance.revision,
        "weights_kind": result.provenance.weights,
        "precision": result.provenance.precision,
        "attention_kind": result.kind,
        "heads_off": [list(head) for head in result.without],
        "text": result.text,
        "target_text": result.target_text,
    }
    known = {} if result.value_norms is None else {"value_norms": result.value_norms}
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        weights=np.stack([result.layer(layer) for layer in range(result.layers)]),
        layer_numbers=np.array(result.layer_numbers),
        allowed=result.allowed,
        query_tokens=np.array(result.query_tokens),
        row_tokens=np.array(result.rows.tokens),
        key_tokens=np.array(result.tokens),
        provenance=np.array(json.dumps(told)),
        **known,
    )
    return buffer.getvalue()


def file_stem(result: AttentionResult, layers: Sequence[Pick], head: Pick, options: MapOptions = PLAIN) -> str:
    """For example "attention-minilm-encoder-layer3-head1" or "norm-gpt-2-layer0-2-6-11-headmean-words"."""
    model = re.sub(r"[^a-z0-9]+", "-", result.provenance.model.lower()).strip("-")
    what = "attention" if options.measure == "weight" else options.measure
    ways = "-words" * options.by_word + "-nosink" * options.hide_sink + "-headsoff" * bool(result.without)
    numbers = "-".join(str(result.number_of(layer)) for layer in layers)
    return f"{what}-{model}-layer{numbers}-head{head}{ways}"


def render_csv(result: AttentionResult, layers: Sequence[Pick], head: Pick, options: MapOptions) -> None:
    """A button that makes the file when it is pressed."""
    numbers = ", ".join(str(result.number_of(layer)) for layer in layers)
    many = f"layer{'s' * (len(layers) > 1)} {numbers}"
    st.download_button(
        "CSV",
        data=lambda: attention_csv(result, layers, head, options),
        file_name=f"{file_stem(result, layers, head, options)}.csv",
        mime="text/csv",
        icon=":material/table:",
        help=f"Every number in this picture ({many}, head {head}), with its tokens and the model's name.",
        on_click="ignore",
    )


def render_npz(result: AttentionResult) -> None:
    """A button for all heads of all layers."""
    size = npz_bytes(result)
    whole = f"All {result.layers} × {result.heads} heads as NumPy arrays, {size / 1e6:,.0f} MB before compression."
    large = size > MAX_NPZ_BYTES
    st.download_button(
        "NPZ",
        data=b"" if large else lambda: attention_npz(result),
        file_name=f"{file_stem(result, ('all',), 'all')}.npz",
        mime="application/octet-stream",
        icon=":material/deployed_code:",
        help=f"{whole} That is too much for a browser: shorten the text, or run the Python." if large else whole,
        disabled=large,
        on_click="ignore",
    )


def render_table(label: str, table: Callable[[], pd.DataFrame], file_name: str, help: str) -> None:
    """A button that makes a CSV of a table when it is pressed."""
    st.download_button(
        label,
        data=lambda: table().to_csv(index=False, float_format="%.9g").encode(),
        file_name=f"{file_name}.csv",
        mime="text/csv",
        icon=":material/table:",
        help=help,
        on_click="ignore",
        key=f"csv_{file_name}",
    )


def render_recipe(recipe: Recipe) -> None:
    """The Python that makes this picture, to copy."""
    with st.popover("Python", icon=":material/code:", help="The Python that makes this picture"):
        st.caption("Save it as picture.py in this app's folder and run .venv/bin/python picture.py there.")
        st.code(python_recipe(recipe), language="python")
