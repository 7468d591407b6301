"""A heatmap in words: how its tokens join into a sentence, and the text alternative."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from components.canvas.words import display_text
from components.heatmap.values import HeatmapLabels, HeatmapPanel, Window, checked, checked_window

# Punctuation of word-piece models: what stands close to the word before it, and what to the word after.
CLOSING = frozenset(".,;:!?%)]}»”…'’-‐‑–/")
OPENING = frozenset("([{«“¿¡'’-‐‑–/#$£€")


def _unspaced(character: str) -> bool:
    """Chinese and Japanese characters, which are written without spaces."""
    return 0x2E80 <= ord(character) <= 0x9FFF or 0xF900 <= ord(character) <= 0xFAFF


def _special(label: str) -> bool:
    """A mark of the tokenizer such as "</s>"."""
    return len(label) > 2 and label.startswith("<") and label.endswith(">")


def token_gaps(labels: Sequence[str], *, marked: bool = False) -> str:
    """One character a token: "1" where a space stands before it in the text, else "0".

    Byte-level labels say it themselves ("·" is a leading space). Word pieces do not: "##" continues a
    word, and punctuation stands as English writes it. A lone "·" is a space of its own. `marked`: the
    tokenizer is known to mark spaces, though these labels have none.
    """
    if marked or any(label.startswith("·") for label in labels):
        pairs = zip(("", *labels), labels, strict=False)
        spaced = (
            bool(before) and ((label.startswith("·") and label != "·") or _special(label) or _special(before))
            for before, label in pairs
        )
        return "".join("1" if space else "0" for space in spaced)
    gaps = []
    for i, label in enumerate(labels):
        before = labels[i - 1] if i else ""
        glued = (
            not before
            or not label
            or label.startswith("##")
            or label in CLOSING
            or before in OPENING
            or (_unspaced(label[0]) and _unspaced(before[-1]))
        )
        gaps.append("0" if glued else "1")
    return "".join(gaps)


def strongest(
    panels: Sequence[HeatmapPanel], count: int, *, chosen: bool = False, signed: bool = False
) -> list[tuple[float, int, int, int]]:
    """The largest allowed weights, (weight, panel, query, key), largest first, earliest first among equals.

    With `chosen`, queries that may look at one key only are left out: there the mask chose, not the head.
    With `signed`, the weights furthest from 0.
    """
    found = []
    for index, panel in enumerate(panels):
        counted = panel.allowed
        if chosen:
            counted = counted & (counted.sum(axis=1, keepdims=True) > 1)
        size = np.abs(panel.weights) if signed else panel.weights
        scores = np.where(counted, size, -np.inf).ravel()
        few = min(count, scores.size)
        # A partition first: sorting a million cells to name three would cost 100 ms.
        cutoff = np.partition(scores, -few)[-few]
        ties = np.concatenate([np.flatnonzero(scores > cutoff), np.flatnonzero(scores == cutoff)[:few]])
        for cell in ties:
            if np.isfinite(scores[cell]):
                query, key = divmod(int(cell), panel.weights.shape[1])
                found.append((float(scores[cell]), index, query, key))
    found.sort(key=lambda item: (-item[0], *item[1:]))
    return [(float(panels[panel].weights[query, key]), panel, query, key) for _, panel, query, key in found[:count]]


def signed_text(weight: float, digits: int = 2) -> str:
    """With a sign that is as wide as a plus: "−0.40", "+0.12", "0.00"."""
    text = f"{abs(weight):.{digits}f}"
    if not float(text):
        return text
    return ("−" if weight < 0 else "+") + text


def window_words(window: Window, queries: int, keys: int) -> str:
    """For example "queries 501–600, keys 501–600 of 1,024", counted from 1."""
    first_row, end_row, first_column, end_column = window
    rows, columns = (f"{first_row + 1:,}–{end_row:,}", f"{first_column + 1:,}–{end_column:,}")
    if queries == keys:
        return f"queries {rows}, keys {columns} of {queries:,}"
    return f"queries {rows} of {queries:,}, keys {columns} of {keys:,}"


def heatmap_description(
    panels: Sequence[HeatmapPanel],
    labels: HeatmapLabels,
    *,
    signed: bool = False,
    window: Sequence[int] | None = None,
    masked: str = "masked",
) -> str:
    """The picture in two sentences, for those who do not see it.

    For example "Attention of 11 queries to 11 keys. Strongest: it → animal 0.71, ..." or, of a change,
    "... Largest changes: it → animal −0.40, ...". Queries that may look at one key only (the first row
    of a causal mask, always 1) are named only if there are no others.

    Parameters
    ----------
    window : half-open token ranges of queries and keys that are shown, as in `HeatmapState.zoom`.
    masked : what is said of cells that are not allowed.

    Raises
    ------
    ValueError
        Panels and labels do not fit together, or the window is none.
    """
    queries, keys = checked(panels, labels)
    shown = checked_window(window, queries, keys)
    size = f"{queries} {'query' if queries == 1 else 'queries'} to {keys} {'key' if keys == 1 else 'keys'}"
    what = "change of attention" if signed else "attention"
    heads = what.capitalize() if len(panels) == 1 else f"{len(panels)} panels, each the {what}"
    closed = int(np.count_nonzero(~panels[0].allowed))
    same_mask = all(np.array_equal(panel.allowed, panels[0].allowed) for panel in panels)
    mask = f"; {closed} of {queries * keys} cells are {masked}" if closed and same_mask else ""
    first_query, first_key = (shown[0], shown[2]) if shown else (0, 0)
    cut = [panel.cut(shown) for panel in panels] if shown else panels
    parts = []
    for weight, panel, query, key in strongest(cut, 3, chosen=not signed, signed=signed) or strongest(cut, 3):
        where = f" ({display_text(panels[panel].title)})" if len(panels) > 1 and panels[panel].title else ""
        asks, asked = labels.query_labels[first_query + query], labels.key_labels[first_key + key]
        number = signed_text(weight) if signed else f"{weight:.2f}"
        parts.append(f"{display_text(asks)} → {display_text(asked)} {number}{where}")
    part = f" Shown: {window_words(shown, queries, keys)}." if shown else ""
    lead = "Largest changes" if signed else "Strongest"
    found = f" {lead}: {', '.join(parts)}." if parts else f" Every cell is {masked}."
    return f"{heads} of {size}{mask}.{part}{found}"
