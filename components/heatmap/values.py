"""What a heatmap is made of: panels of weights, the labels they share, and what a person chose in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Window = tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class HeatmapPanel:
    """One head's attention, or the change of it.

    Attributes
    ----------
    title : for example "Layer 3, head 1".
    weights : (query, key) float32, finite wherever `allowed`; a change (after - before) may be below 0.
    allowed : (query, key) bool, False where the mask forbids attention.
    before : (query, key) float32, what the change started from, or None; the tooltip then says before,
        after and change.

    Raises
    ------
    ValueError
        The shapes differ or are not (query, key), or an allowed weight is not finite.
    """

    title: str
    weights: np.ndarray
    allowed: np.ndarray
    before: np.ndarray | None = None

    def __post_init__(self) -> None:
        weights = np.array(self.weights, dtype="<f4")
        allowed = np.array(self.allowed, dtype=bool)
        before = None if self.before is None else np.array(self.before, dtype="<f4")
        if weights.ndim != 2 or not weights.size:
            raise ValueError(f"Weights have shape {weights.shape}; a panel needs (query, key), each at least 1.")
        if weights.shape != allowed.shape:
            raise ValueError(f"Weights have shape {weights.shape}, allowed {allowed.shape}; they must be the same.")
        if before is not None and weights.shape != before.shape:
            raise ValueError(f"Weights have shape {weights.shape}, before {before.shape}; they must be the same.")
        for array in (weights, before):
            if array is not None and not np.isfinite(array[allowed]).all():
                raise ValueError("A weight that the mask allows is not finite.")
        for name, array in (("weights", weights), ("allowed", allowed), ("before", before)):
            if array is not None:
                array.setflags(write=False)
            object.__setattr__(self, name, array)

    def cut(self, window: Window) -> HeatmapPanel:
        """The part of it inside a window of tokens."""
        place = np.s_[window[0] : window[1], window[2] : window[3]]
        before = None if self.before is None else self.before[place]
        return HeatmapPanel(self.title, self.weights[place], self.allowed[place], before)


@dataclass(frozen=True)
class HeatmapLabels:
    """Tokens and axis names, shared by all panels; always drawn as text.

    Attributes
    ----------
    query_labels, key_labels : one display string a token, in order. One and the same tuple where a text
        looks at itself; two tuples (cross-attention, two sentences) are shown as two texts.
    query_name, key_name : "name: explanation"; where room is short only the name is drawn.
    """

    query_labels: tuple[str, ...]
    key_labels: tuple[str, ...]
    query_name: str = "Query: the token that looks"
    key_name: str = "Key: the token looked at"


@dataclass(frozen=True)
class HeatmapState:
    """What a person chose in a heatmap.

    Attributes
    ----------
    locked : index of the query whose row is kept, or None.
    zoom : (first query, end, first key, end), half-open token ranges, or None for the whole map.
    """

    locked: int | None = None
    zoom: Window | None = None


def checked(panels: Sequence[HeatmapPanel], labels: HeatmapLabels) -> tuple[int, int]:
    """Number of queries and keys that panels and labels agree on.

    Raises
    ------
    ValueError
        There are no panels, their shapes differ, or the labels are not as many.
    """
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


def checked_window(window: Sequence[int] | None, queries: int, keys: int) -> Window | None:
    """A window that lies in the map: ends are clipped; the whole map, or nothing of it, is None.

    Raises
    ------
    ValueError
        It is not four whole numbers, or an end is not after its start.
    """
    if window is None:
        return None
    parts = tuple(window)
    if len(parts) != 4 or any(isinstance(part, bool) or not isinstance(part, int | np.integer) for part in parts):
        raise ValueError(f"The window is {window!r}; give (first query, end, first key, end) as whole numbers.")
    first_row, end_row, first_column, end_column = map(int, parts)
    if end_row <= first_row or end_column <= first_column:
        raise ValueError(
            f"The window is queries {first_row} to {end_row} and keys {first_column} to {end_column}; "
            "each end must be larger than its start."
        )
    clipped = (max(first_row, 0), min(end_row, queries), max(first_column, 0), min(end_column, keys))
    empty = clipped[0] >= clipped[1] or clipped[2] >= clipped[3]
    return None if empty or clipped == (0, queries, 0, keys) else clipped
