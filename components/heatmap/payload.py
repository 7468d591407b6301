"""`heatmap_payload`: everything the browser draws, as JSON-ready values.

Weights cross as base64 of little-endian float32 inside JSON, so what a person reads in the tooltip is
the model's number, not a rounded one. (A dict that holds `bytes` would arrive as its Python repr.)
"""

from __future__ import annotations

import json
import math
from base64 import b64encode
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Literal, get_args

import numpy as np

from components.canvas.payload import LOG_FLOOR, MAX_PAYLOAD_BYTES, digest, plain_file_name
from components.canvas.words import display_text, display_titles
from components.heatmap.values import HeatmapLabels, HeatmapPanel, checked, checked_window
from components.heatmap.words import heatmap_description, strongest, token_gaps, window_words
from components.pooling import max_pool
from components.style import heatmap_style

Scale = Literal["linear", "log", "signed"]

MAX_SIDE = 512
MASKED = "masked (not allowed)"


def text_identity(labels: HeatmapLabels) -> str:
    """Equal for equal tokens: a locked row or a zoom belongs to one text."""
    both = json.dumps([labels.query_labels, labels.key_labels])
    return blake2b(both.encode(), digest_size=8).hexdigest()


def _packed(array: np.ndarray) -> str:
    return b64encode(np.ascontiguousarray(array, dtype="<f4").tobytes()).decode()


def _bits(allowed: np.ndarray) -> str | None:
    return None if allowed.all() else b64encode(np.packbits(allowed).tobytes()).decode()


def _panel_payload(panel: HeatmapPanel, rows: int, columns: int, *, signed: bool) -> dict[str, str | None]:
    weights, allowed, place, before = panel.weights, panel.allowed, None, panel.before
    if rows * columns > 1:
        _, allowed, place = max_pool(np.abs(weights) if signed else weights, panel.allowed, rows, columns)
        within = np.divmod(place.astype(np.intp), columns)
        spot = (
            np.arange(place.shape[0])[:, None] * rows + within[0],
            np.arange(place.shape[1])[None, :] * columns + within[1],
        )
        weights = np.where(allowed, weights[spot], 0)
        before = None if before is None else np.where(allowed, before[spot], 0)
    return {
        "title": display_text(panel.title) if panel.title else "",
        "weights": _packed(weights),
        "allowed": _bits(allowed),
        "place": None if place is None else b64encode(place.tobytes()).decode(),
        "before": None if before is None else _packed(before),
    }


def _row_payload(panels: Sequence[HeatmapPanel], row: int) -> dict[str, Any]:
    """One query's exact weights over all keys, of each panel."""
    return {
        "row": row,
        "panels": [
            {
                "weights": _packed(panel.weights[row]),
                "allowed": _bits(panel.allowed[row]),
                "before": None if panel.before is None else _packed(panel.before[row]),
            }
            for panel in panels
        ],
    }


def _labels_payload(labels: HeatmapLabels) -> dict[str, Any]:
    one = labels.query_labels is labels.key_labels
    marked = any(label.startswith("·") for label in (*labels.query_labels, *labels.key_labels))
    return {
        "queries": [display_text(label) for label in labels.query_labels],
        "keys": [display_text(label) for label in labels.key_labels],
        "query_name": display_text(labels.query_name),
        "key_name": display_text(labels.key_name),
        "query_gaps": token_gaps(labels.query_labels, marked=marked),
        "key_gaps": token_gaps(labels.key_labels, marked=marked),
        "one_text": one,
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
    scale: Scale = "linear",
    scale_names: tuple[str, str] = ("less", "more"),
    mask_label: str = MASKED,
    window: Sequence[int] | None = None,
    locked: int | None = None,
    sentence: bool = True,
    file_name: str = "attention",
) -> dict[str, Any]:
    """Everything the browser draws, as JSON-ready values of at most 3 MB.

    Parameters
    ----------
    panels : heads of one shape; they share labels and one colour scale.
    provenance : the sentence of the result's `Provenance`, printed in the figure.
    unit : what a weight is, beside the colour bar.
    scale_max : end of the colour scale: None for 1, "largest" for the largest allowed weight (of a
        signed scale: the furthest from 0), or a number. Larger weights get the last colour and the colour
        bar says so.
    scale : colours from 0 to the end; from a ten-thousandth of it, by powers of ten; or on both sides of 0.
    scale_names : what the two ends of a signed scale mean.
    mask_label : what hatched cells mean.
    window : half-open token ranges (first query, end, first key, end) to show, clipped to the map; None for
        all. Up to 512 tokens a side are then exact, whatever the size of the map.
    locked : query whose row is kept; its exact weights over all keys travel along. One that this text does
        not have is left out.
    sentence : the labels read as a text, which is written under the map; else a row is told in words alone.
    file_name : of downloaded pictures, without ending.

    Returns
    -------
    dict
        `shape` counts cells: above 512 tokens on a side (or where panels together would be larger than
        3 MB) a cell is the largest weight of a block of `pool` tokens, and `note` says so in the
        picture. `offset` is the token of the first cell of each side. In each panel `weights` is base64
        of float32, `allowed` of bits, most significant first (None where nothing is masked), `place` of
        uint16, the winner inside each block, `before` of float32 or None.

    Raises
    ------
    ValueError
        Panels and labels do not fit together, the scale is unknown or not above 0, the window is none, or
        there are more panels and labels than 3 MB can hold.
    """
    queries, keys = checked(panels, labels)
    if scale not in get_args(Scale):
        raise ValueError(f"The scale is {scale!r}; choose one of {', '.join(get_args(Scale))}.")
    signed = scale == "signed"
    shown = checked_window(window, queries, keys)
    largest = max((abs(weight) for weight, *_ in strongest(panels, 1, signed=signed)), default=0.0)
    top = 1.0 if scale_max is None else (largest or 1.0) if scale_max == "largest" else float(scale_max)
    if not (math.isfinite(top) and top > 0):
        raise ValueError(f"The colour scale ends at {top}; it starts at 0, so it must end above 0.")
    if locked is not None and not 0 <= locked < queries:
        locked = None
    masked = mask_label.split(" (")[0]
    first_row, end_row, first_column, end_column = shown or (0, queries, 0, keys)
    payload: dict[str, Any] = {
        **display_titles(title=title, subtitle=subtitle, provenance=provenance),
        "unit": display_text(unit),
        "scale": scale,
        "scale_max": top,
        "scale_floor": top * LOG_FLOOR if scale == "log" else 0.0,
        "scale_clips": largest > top,
        "scale_names": [display_text(name) for name in scale_names],
        "mask_label": display_text(mask_label),
        "file_name": plain_file_name(file_name, otherwise="attention"),
        "tokens": [queries, keys],
        "window": None if shown is None else list(shown),
        "offset": [first_row, first_column],
        "text": text_identity(labels),
        "labels": _labels_payload(labels),
        "description": heatmap_description(panels, labels, signed=signed, window=shown, masked=masked),
        "style": heatmap_style(),
        "sentence": sentence,
        "locked": locked,
    }
    cut = [panel.cut(shown) for panel in panels] if shown else panels
    tall, wide = end_row - first_row, end_column - first_column
    parts = 1 + any(panel.before is not None for panel in panels)
    side = MAX_SIDE
    while True:
        rows, columns = math.ceil(tall / side), math.ceil(wide / side)
        shape = [math.ceil(tall / rows), math.ceil(wide / columns)]
        pooled = rows * columns > 1
        notes = [f"Showing {window_words(shown, queries, keys)}"] if shown else []
        if pooled:
            all_tokens = "" if shown else f" ({queries:,} × {keys:,} {'tokens' if sentence else 'bins'})"
            notes.append(f"Each cell is the max of {rows} × {columns} cells{all_tokens}")
        payload |= {"shape": shape, "pool": [rows, columns], "note": " · ".join(notes), "panels": []}
        # 4/3 for base64; 4.2 bytes a cell (weight, mask bit), 2 more for the place in a pooled one.
        cells = len(panels) * shape[0] * shape[1]
        bytes_a_cell = 4 * parts + (2.2 if pooled else 0.2)
        row_bytes = 6 * parts * keys * len(panels) if locked is not None else 0
        spent = len(json.dumps(payload)) + row_bytes + cells * bytes_a_cell * 4 / 3 + 300 * len(panels)
        if spent <= MAX_PAYLOAD_BYTES:
            break
        if side <= 16:
            raise ValueError(f"{len(panels)} panels with these labels do not fit in {MAX_PAYLOAD_BYTES:,} bytes.")
        side = int(side * 0.9)
    payload["panels"] = [_panel_payload(panel, rows, columns, signed=signed) for panel in cut]
    drawn = {name: value for name, value in payload.items() if name != "locked"}
    payload["digest"] = digest(json.dumps(drawn).encode())
    payload["locked_row"] = None if locked is None else _row_payload(panels, locked)
    return payload
