"""What the head grid draws, as one blob of bytes: quantised thumbnails behind a JSON header.

Bytes because a component's JSON costs a third more and is parsed; one blob because a dict that holds `bytes`
would arrive as its Python repr.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence, Sized
from typing import Any, Literal

import numpy as np

from components.canvas.payload import MAX_PAYLOAD_BYTES, digest, plain_file_name
from components.canvas.words import display_text, display_titles
from components.head_grid.thumbnails import LOG_DECADES, Thumbnails
from components.head_grid.values import SUMMARY_NAMES, GridHead, Summary
from components.style import head_grid_style

MAX_SIDE = 128
# For what of the header is not known before the heads have come: rows, columns and words; each head's line.
SPARE_BYTES = 8_000
BYTES_PER_HEAD = 420


def _lanes(places: Sequence[tuple[int | None, str | None]], numbers: Sequence[int], word: str) -> list[dict[str, Any]]:
    """Rows or columns in order: every layer or head, then the summaries that occur."""
    found = {summary for index, summary in places if index is None}
    lanes = [{"label": f"{word} {i}", "short": str(i), "extra": False} for i in numbers]
    return lanes + [
        {"label": name, "short": name, "extra": True} for summary, name in SUMMARY_NAMES.items() if summary in found
    ]


def _lane_of(index: int | None, summary: str | None, lanes: Sequence[dict[str, Any]]) -> int:
    if index is not None:
        return index
    return next(i for i, lane in enumerate(lanes) if lane["extra"] and lane["label"] == SUMMARY_NAMES[summary])


def _pair(line: dict[str, Any]) -> list[str]:
    return [" → ".join(line["pair"])] if len(line["pair"]) == 2 else []


def _description(lines: Sequence[dict[str, Any]], tokens: tuple[int, int], size: str, header: dict[str, Any]) -> str:
    """The picture in a few sentences, for those who do not see it."""
    heads = [line for line in lines if line["summary"] is None] or list(lines)
    parts = [f"Attention maps of {size}: {tokens[0]:,} queries to {tokens[1]:,} keys each."]
    summaries = sorted({SUMMARY_NAMES[line["summary"]].lower() for line in lines if line["summary"]})
    if summaries:
        parts.append(f"Further rows and columns: the {' and the '.join(summaries)} over heads or layers.")
    scored = [line for line in heads if line["score"] and line["value"] > -math.inf]
    if scored:
        best = sorted(scored, key=lambda line: -line["value"])[:3]
        first = [f"{line['name']} ({line['score']})" for line in best]
        parts.append(f"First by {header['score_name']}: {', '.join(first)}.")
    else:
        best = sorted(heads, key=lambda line: -line["peak"])[:3]
        strongest = [f"{line['name']} ({' '.join([*_pair(line), format(line['peak'], '.2f')])})" for line in best]
        parts.append(f"Largest {header['unit']}: {', '.join(strongest)}.")
    off = [line["name"] for line in heads if line["off"]]
    if off:
        parts.append(f"Switched off: {', '.join(off[:8])}{f' and {len(off) - 8} more' if len(off) > 8 else ''}.")
    return " ".join(parts)


def head_grid_payload(
    heads: Iterable[GridHead],
    allowed: np.ndarray,
    *,
    layers: int,
    heads_per_layer: int,
    layer_numbers: Sequence[int] = (),
    title: str,
    provenance: str,
    order: Literal["layer", "score"] = "layer",
    scale: Literal["shared", "own"] = "shared",
    log: bool = False,
    chosen: tuple[int | None, int | None] | tuple[int | None, int | None, Summary | None] | None = None,
    subtitle: str = "",
    unit: str = "attention weight",
    score_name: str = "score",
    file_name: str = "heads",
    query_labels: Sequence[str] = (),
    key_labels: Sequence[str] = (),
    count: int | None = None,
) -> bytes:
    """Everything the browser draws, in at most 3 MB.

    Parameters
    ----------
    heads : taken one at a time, so a generator never holds all maps at once.
    allowed : (query, key) bool, the mask that all heads share.
    layer_numbers : the model's own number of each layer; 0 and up by default.
    order : "layer" is the layer x head grid with summaries set apart; "score" one flow, best first.
    scale : one end of the colour scale for all heads (the largest weight), or each head's own largest.
    log : colours by the logarithm of the weight, over four decades.
    chosen : (layer, head) or (layer, head, summary) of the thumbnail that is outlined.
    score_name : what the scores are, before the number in the tooltip.
    query_labels, key_labels : tokens as shown, to name where a head's largest weight is; may be empty.
    count : how many heads will come; without it (and without a length) room is kept for every summary,
        and thumbnails may be coarser than they had to be.

    Returns
    -------
    bytes
        Little-endian uint32 length of the header; the header, JSON; the mask as bits (most significant
        first), padded to whole bytes and left out where nothing is masked; (head, row, column) uint8
        levels (see `levels_of`). Above 128 tokens on a side a cell is the largest weight of a block of
        `pool` tokens. "The largest weight" leaves out queries that may look at one key only.

    Raises
    ------
    ValueError
        A head does not fit the mask, the grid or the labels, comes twice, or there is no head at all.
    """
    allowed = np.asarray(allowed, dtype=bool)
    for names, size, what in zip((query_labels, key_labels), allowed.shape, ("query", "key"), strict=True):
        if names and len(names) != size:
            raise ValueError(f"There are {len(names)} {what} labels for a mask of {allowed.shape}.")
    if count is None:
        count = len(heads) if isinstance(heads, Sized) else (layers + 2) * (heads_per_layer + 2)
    header: dict[str, Any] = {
        **display_titles(title=title, subtitle=subtitle, provenance=provenance),
        **{"unit": display_text(unit), "score_name": display_text(score_name)},
        "file_name": plain_file_name(file_name, otherwise="heads"),
        "tokens": list(allowed.shape),
        **{"order": order, "scale": scale, "log": LOG_DECADES if log else 0},
        "style": head_grid_style(),
    }
    spent = len(json.dumps(header)) + SPARE_BYTES + MAX_SIDE**2 // 8
    room = max((MAX_PAYLOAD_BYTES - spent) / max(count, 1) - BYTES_PER_HEAD, 1)
    thumbnails = Thumbnails(allowed, (query_labels, key_labels), max(min(MAX_SIDE, math.isqrt(int(room))), 8), log=log)
    values: dict[tuple[int | None, int | None, str | None], float | None] = {}
    for head in heads:
        if head.place in values:
            raise ValueError(f"{head.name} comes twice.")
        if (head.layer or 0) >= layers or (head.head or 0) >= heads_per_layer:
            raise ValueError(f"{head.name} is outside the grid of {layers} layers x {heads_per_layer} heads.")
        values[head.place] = None if head.score is None or math.isnan(head.score) else float(head.score)
        thumbnails.take(head)
    if not values:
        raise ValueError("A grid needs at least one head.")

    lines, places = thumbnails.lines, list(values)
    rows = _lanes([(layer, summary) for layer, _, summary in places], layer_numbers or range(layers), "Layer")
    columns = _lanes([(head, summary) for _, head, summary in places], range(heads_per_layer), "Head")
    for line, (layer, head, summary) in zip(lines, places, strict=True):
        line["slot"] = [_lane_of(layer, summary, rows), _lane_of(head, summary, columns)]
        line["value"] = values[layer, head, summary] if values[layer, head, summary] is not None else -math.inf
    sequence = list(range(len(lines)))
    if order == "score":
        sequence.sort(key=lambda i: (-lines[i]["value"], lines[i]["summary"] is not None, lines[i]["slot"]))
    else:
        sequence.sort(key=lambda i: lines[i]["slot"])
    size = " × ".join(
        f"{n} {word}{'' if n == 1 else 's'}" for n, word in ((layers, "layer"), (heads_per_layer, "head"))
    )
    header["description"] = _description([lines[i] for i in sequence], allowed.shape, size, header)
    for line in lines:
        del line["value"]
    header |= {"heads": [lines[i] for i in sequence], "rows": rows, "columns": columns}
    header["top"] = max(line["peak"] for line in lines) or 1.0

    while True:
        blob = _pack(header, thumbnails, sequence, chosen)
        if len(blob) <= MAX_PAYLOAD_BYTES:
            return blob
        if max(thumbnails.pixels[0].shape) <= 8:
            raise ValueError(f"{len(lines)} heads do not fit in {MAX_PAYLOAD_BYTES:,} bytes.")
        thumbnails.fold(2)


def _pack(
    header: dict[str, Any], thumbnails: Thumbnails, sequence: Sequence[int], chosen: tuple[Any, ...] | None
) -> bytes:
    rows, columns = thumbnails.block
    shape = list(thumbnails.pixels[0].shape)
    pooled = rows * columns > 1
    mask = b"" if thumbnails.allowed.all() else np.packbits(thumbnails.mask()).tobytes()
    pixels = b"".join([thumbnails.pixels[i].tobytes() for i in sequence])
    header = header | {
        **{"shape": shape, "pool": [rows, columns], "mask_bytes": len(mask)},
        "note": f"Each point of a thumbnail is the largest of {rows} × {columns} cells" if pooled else "",
    }
    # Without the chosen head: another one draws only its outline.
    header["digest"] = digest(json.dumps(header).encode() + mask + pixels)
    header["chosen"] = None if chosen is None else [*chosen, None][:3]
    text = json.dumps(header, ensure_ascii=False).encode()
    return b"".join([len(text).to_bytes(4, "little"), text, mask, pixels])


def read_head_grid(payload: bytes) -> tuple[dict[str, Any], np.ndarray, np.ndarray]:
    """What the browser reads from a payload, for tests and downloads.

    Returns
    -------
    header : dict.
    allowed : (row, column) bool.
    levels : (head, row, column) uint8, heads in the order of the header.
    """
    start = 4 + int.from_bytes(payload[:4], "little")
    header = json.loads(payload[4:start])
    rows, columns = header["shape"]
    end = start + header["mask_bytes"]
    bits = np.unpackbits(np.frombuffer(payload[start:end], np.uint8))[: rows * columns]
    allowed = bits.reshape(rows, columns).astype(bool) if end > start else np.ones((rows, columns), bool)
    return header, allowed, np.frombuffer(payload[end:], np.uint8).reshape(-1, rows, columns)
