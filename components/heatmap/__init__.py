"""The attention heatmap: one to many heads side by side, drawn on canvas by our own component.

`heatmap_payload` is pure and holds everything the browser draws; `render_heatmap` puts it on the page.
Weights cross as base64 of little-endian float32 inside JSON, so what a person reads in the tooltip is
the model's number, not a rounded one. (A dict that holds `bytes` would arrive as its Python repr.)
"""

from __future__ import annotations

import json
import math
import unicodedata
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal

import numpy as np
import streamlit as st

from components.pooling import max_pool
from components.style import heatmap_style

HERE = Path(__file__).parent
# One JavaScript module in four files: later files use the functions of earlier ones.
SCRIPTS = ("layout.js", "paint.js", "reading.js", "heatmap.js")
MAX_PAYLOAD_BYTES = 3_000_000
MAX_SIDE = 512
MAX_LABEL_CHARACTERS = 120
MAX_TITLE_CHARACTERS = 500


@dataclass(frozen=True, eq=False)
class HeatmapPanel:
    """One head's attention.

    Attributes
    ----------
    title : for example "Layer 3, head 1".
    weights : (query, key) float32, finite wherever `allowed`.
    allowed : (query, key) bool, False where the mask forbids attention.

    Raises
    ------
    ValueError
        The shapes differ or are not (query, key), or an allowed weight is not finite.
    """

    title: str
    weights: np.ndarray
    allowed: np.ndarray

    def __post_init__(self) -> None:
        weights = np.array(self.weights, dtype="<f4")
        allowed = np.array(self.allowed, dtype=bool)
        if weights.ndim != 2 or not weights.size:
            raise ValueError(f"Weights have shape {weights.shape}; a panel needs (query, key), each at least 1.")
        if weights.shape != allowed.shape:
            raise ValueError(f"Weights have shape {weights.shape}, allowed {allowed.shape}; they must be the same.")
        if not np.isfinite(weights[allowed]).all():
            raise ValueError("A weight that the mask allows is not finite.")
        weights.setflags(write=False)
        allowed.setflags(write=False)
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "allowed", allowed)


@dataclass(frozen=True)
class HeatmapLabels:
    """Tokens and axis names, shared by all panels; always drawn as text.

    Attributes
    ----------
    query_labels, key_labels : one display string a token, in order.
    query_name, key_name : "name: explanation"; where room is short only the name is drawn.
    """

    query_labels: tuple[str, ...]
    key_labels: tuple[str, ...]
    query_name: str = "Query: the token that looks"
    key_name: str = "Key: the token looked at"


def _check(panels: Sequence[HeatmapPanel], labels: HeatmapLabels) -> tuple[int, int]:
    """Number of queries and keys that panels and labels agree on."""
    if not panels:
        raise ValueError("A heatmap needs at least one panel.")
    shapes = {panel.weights.shape for panel in panels}
    if len(shapes) > 1:
        raise ValueError(f"Panels have different shapes {sorted(shapes)}; panels that share labels have one.")
    (queries, keys) = shapes.pop()
    if (len(labels.query_labels), len(labels.key_labels)) != (queries, keys):
        raise ValueError(
            f"There are {len(labels.query_labels)} query and {len(labels.key_labels)} key labels for "
            f"weights of {queries} queries and {keys} keys."
        )
    return queries, keys


def display_text(text: str, *, most: int = MAX_LABEL_CHARACTERS) -> str:
    """A token as one line of harmless text: what is invisible, or would reorder its neighbours, is spelled out.

    Joiners inside emoji and combining marks stay; controls, bidirectional controls, lone surrogates and
    noncharacters become visible; what is longer than `most` characters ends in an ellipsis.
    """
    shown = []
    for character in text[: most + 1]:
        code = ord(character)
        if character == "\n":
            shown.append("⏎")
        elif character == "\t":
            shown.append("⇥")
        elif unicodedata.category(character) in {"Cc", "Cs", "Cn", "Zl", "Zp"} or (
            unicodedata.bidirectional(character) in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
            or code in {0x200E, 0x200F, 0x061C}
        ):
            shown.append(f"U+{code:04X}")
        else:
            shown.append(character)
    if len(text) > most:
        shown[-1] = "…"
    line = "".join(shown)
    return line if line.strip() else "␣" * max(len(line), 1)


def _strongest(
    panels: Sequence[HeatmapPanel], count: int, *, chosen: bool = False
) -> list[tuple[float, int, int, int]]:
    """The largest allowed weights, (weight, panel, query, key), largest first, earliest first among equals.

    With `chosen`, queries that may look at one key only are left out: there the mask chose, not the head.
    """
    found = []
    for index, panel in enumerate(panels):
        counted = panel.allowed
        if chosen:
            counted = counted & (counted.sum(axis=1, keepdims=True) > 1)
        scores = np.where(counted, panel.weights, -np.inf).ravel()
        few = min(count, scores.size)
        # A partition first: sorting a million cells to name three would cost 100 ms.
        cutoff = np.partition(scores, -few)[-few]
        ties = np.concatenate([np.flatnonzero(scores > cutoff), np.flatnonzero(scores == cutoff)[:few]])
        for cell in ties:
            if np.isfinite(scores[cell]):
                query, key = divmod(int(cell), panel.weights.shape[1])
                found.append((float(scores[cell]), index, query, key))
    return sorted(found, key=lambda item: (-item[0], *item[1:]))[:count]


def heatmap_description(panels: Sequence[HeatmapPanel], labels: HeatmapLabels) -> str:
    """The picture in two sentences, for those who do not see it.

    For example "Attention of 11 queries to 11 keys. Strongest: it → animal 0.71, ...". Queries that may
    look at one key only (the first row of a causal mask, always 1) are named only if there are no others.

    Raises
    ------
    ValueError
        Panels and labels do not fit together.
    """
    queries, keys = _check(panels, labels)
    size = f"{queries} {'query' if queries == 1 else 'queries'} to {keys} {'key' if keys == 1 else 'keys'}"
    heads = "Attention" if len(panels) == 1 else f"{len(panels)} panels, each the attention"
    masked = int(np.count_nonzero(~panels[0].allowed))
    same_mask = all(np.array_equal(panel.allowed, panels[0].allowed) for panel in panels)
    mask = f"; {masked} of {queries * keys} cells are masked" if masked and same_mask else ""
    parts = []
    for weight, panel, query, key in _strongest(panels, 3, chosen=True) or _strongest(panels, 3):
        where = f" ({display_text(panels[panel].title)})" if len(panels) > 1 and panels[panel].title else ""
        pair = f"{display_text(labels.query_labels[query])} → {display_text(labels.key_labels[key])}"
        parts.append(f"{pair} {weight:.2f}{where}")
    strongest = f" Strongest: {', '.join(parts)}." if parts else " Every cell is masked."
    return f"{heads} of {size}{mask}.{strongest}"


def _panel_payload(panel: HeatmapPanel, rows: int, columns: int) -> dict[str, str | None]:
    weights, allowed, place = panel.weights, panel.allowed, None
    if rows * columns > 1:
        weights, allowed, place = max_pool(panel.weights, panel.allowed, rows, columns)
    return {
        "title": display_text(panel.title) if panel.title else "",
        "weights": b64encode(np.ascontiguousarray(weights, dtype="<f4").tobytes()).decode(),
        "allowed": None if allowed.all() else b64encode(np.packbits(allowed).tobytes()).decode(),
        "place": None if place is None else b64encode(place.tobytes()).decode(),
    }


def heatmap_payload(
    panels: Sequence[HeatmapPanel],
    labels: HeatmapLabels,
    *,
    title: str,
    provenance: str,
    subtitle: str = "",
    unit: str = "attention weight",
    scale_max: float | Literal["largest"] | None = None,
    file_name: str = "attention",
) -> dict[str, Any]:
    """Everything the browser draws, as JSON-ready values of at most 3 MB.

    Parameters
    ----------
    panels : heads of one shape; they share labels and one colour scale.
    provenance : the sentence of the result's `Provenance`, printed in the figure.
    unit : what a weight is, beside the colour bar.
    scale_max : end of the colour scale: None for 1, "largest" for the largest allowed weight, or a number.
        Larger weights get the last colour and the colour bar says so.
    file_name : of downloaded pictures, without ending.

    Returns
    -------
    dict
        `shape` counts cells: above 512 tokens on a side (or where panels together would be larger than
        3 MB) a cell is the largest weight of a block of `pool` tokens, and `note` says so in the
        picture. In each panel `weights` is base64 of float32, `allowed` of bits, most significant
        first (None where nothing is masked), `place` of uint16, the winner inside each block.

    Raises
    ------
    ValueError
        Panels and labels do not fit together, the scale is not above 0, or there are more panels and
        labels than 3 MB can hold.
    """
    queries, keys = _check(panels, labels)
    largest = max((weight for weight, *_ in _strongest(panels, 1)), default=0.0)
    top = 1.0 if scale_max is None else (largest or 1.0) if scale_max == "largest" else float(scale_max)
    if not (math.isfinite(top) and top > 0):
        raise ValueError(f"The colour scale ends at {top}; it starts at 0, so it must end above 0.")
    words = {"title": title, "subtitle": subtitle, "provenance": provenance}
    payload: dict[str, Any] = {
        **{name: display_text(text, most=MAX_TITLE_CHARACTERS) if text else "" for name, text in words.items()},
        "unit": display_text(unit),
        "scale_max": top,
        "scale_clips": largest > top,
        "file_name": "".join(c if c.isalnum() or c in "-_." else "-" for c in file_name).strip("-.") or "attention",
        "tokens": [queries, keys],
        "labels": {
            "queries": [display_text(label) for label in labels.query_labels],
            "keys": [display_text(label) for label in labels.key_labels],
            "query_name": display_text(labels.query_name),
            "key_name": display_text(labels.key_name),
        },
        "description": heatmap_description(panels, labels),
        "style": heatmap_style(),
    }
    side = MAX_SIDE
    while True:
        rows, columns = math.ceil(queries / side), math.ceil(keys / side)
        shape = [math.ceil(queries / rows), math.ceil(keys / columns)]
        pooled = rows * columns > 1
        note = f"Each cell is the max of {rows} × {columns} cells ({queries:,} × {keys:,} tokens)" if pooled else ""
        payload |= {"shape": shape, "pool": [rows, columns], "note": note, "panels": []}
        # 4/3 for base64; 6.2 bytes a pooled cell (weight, place, mask bit), 4.2 otherwise.
        cells = len(panels) * shape[0] * shape[1]
        spent = len(json.dumps(payload)) + cells * (6.2 if pooled else 4.2) * 4 / 3 + 300 * len(panels)
        if spent <= MAX_PAYLOAD_BYTES:
            break
        if side <= 16:
            raise ValueError(f"{len(panels)} panels with these labels do not fit in {MAX_PAYLOAD_BYTES:,} bytes.")
        side = int(side * 0.9)
    payload["panels"] = [_panel_payload(panel, rows, columns) for panel in panels]
    # The browser compares digests, so a rerun of the page that changes nothing here draws nothing.
    payload["digest"] = blake2b(json.dumps(payload).encode(), digest_size=12).hexdigest()
    return payload


_MOUNT = st.components.v2.component(
    "attendome_heatmap",
    html=(HERE / "heatmap.html").read_text(encoding="utf-8"),
    css=(HERE / "heatmap.css").read_text(encoding="utf-8"),
    js="\n".join((HERE / name).read_text(encoding="utf-8") for name in SCRIPTS),
)


def render_heatmap(payload: dict[str, Any], *, key: str, height: int | None = None) -> None:
    """Put a payload of `heatmap_payload` on the page.

    Parameters
    ----------
    key : identity of the figure; under the same key new data are drawn into the same canvas.
    height : most CSS pixels the figure may be high; None fits it to the window.
    """
    _MOUNT(key=key, data={**payload, "height": height})
