"""One thumbnail's value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

Summary = Literal["mean", "max"]
SUMMARY_NAMES = {"mean": "Mean", "max": "Max"}


@dataclass(frozen=True, eq=False)
class GridHead:
    """One thumbnail: a head, or a summary over heads, over layers, or over both.

    Attributes
    ----------
    layer, head : place in the result, from 0. `head` None: over the heads of a layer; `layer` None: over the layers.
    name : for example "Layer 3, head 1".
    role : what it does in plain words, may be empty.
    weights : (query, key) float32, at least 0 and finite wherever the mask allows.
    score : what `order="score"` sorts by, largest first; heads without one come last.
    score_text : the score as it is written under the thumbnail, for example "0.68".
    off : the head is switched off and gets crossed out.
    summary : "mean" or "max" where `layer` or `head` is None, else None.
    number : the model's own number of the layer, where it is another than `layer`.

    Raises
    ------
    ValueError
        The shape is not (query, key), a number is below 0, or `summary` does not fit `layer` and `head`.
    """

    layer: int | None
    head: int | None
    name: str
    role: str
    weights: np.ndarray
    score: float | None = None
    score_text: str = ""
    off: bool = False
    summary: Summary | None = None
    number: int | None = None

    def __post_init__(self) -> None:
        weights = np.array(self.weights, dtype="<f4")
        if weights.ndim != 2 or not weights.size:
            raise ValueError(f"Weights have shape {weights.shape}; a head needs (query, key), each at least 1.")
        if any(index is not None and index < 0 for index in (self.layer, self.head)):
            raise ValueError(f"Layer {self.layer}, head {self.head}: both count from 0.")
        if (self.summary is None) == (self.layer is None or self.head is None):
            raise ValueError(
                f"Layer {self.layer}, head {self.head} with summary {self.summary!r}: a head has both numbers and "
                'no summary; a summary ("mean" or "max") has at least one None.'
            )
        if self.summary not in (None, *SUMMARY_NAMES):
            raise ValueError(f'Summary {self.summary!r} is unknown; it is "mean", "max" or None.')
        weights.setflags(write=False)
        object.__setattr__(self, "weights", weights)

    @property
    def place(self) -> tuple[int | None, int | None, str | None]:
        """Layer, head and summary."""
        return self.layer, self.head, self.summary

    @property
    def short_name(self) -> str:
        """For example "L3 H1", "L3 mean", "H1 max", "mean"."""
        layer = None if self.layer is None else f"L{self.layer if self.number is None else self.number}"
        head = None if self.head is None else f"H{self.head}"
        return " ".join(filter(None, (layer, head, self.summary)))
