"""Rows of a `Scene` that go letter by letter: contributions as a logo, effects of every letter, known motifs."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from components.browser.scene import Row, Scaling


@dataclass(frozen=True, kw_only=True, eq=False)
class LogoRow(Row):
    """What each letter adds: pooled to an area from far, bars nearer, letters as tall as their value where they have
    room; upside down below the middle line, as logomaker and dynseq draw them.

    The browser gets the values as float16 with a scale: within 0.05 % of themselves.

    Attributes
    ----------
    start_bp : of the first letter. letters : upper case, forward strand.
    values : (letters,) float32, signed, in `unit`; NaN where nothing was computed.
    scaling, group : one axis for all rows of a group; its own, of all letters; or "seen", of the letters in view once
        a movement has ended.
    """

    start_bp: int = 0
    letters: str = ""
    values: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    unit: str = ""
    scaling: Scaling = "own"
    group: str = ""

    def __post_init__(self) -> None:
        if self.values.shape != (len(self.letters),) or self.values.dtype != np.float32:
            raise ValueError(f"{self.values.shape} {self.values.dtype} for {len(self.letters)} letters")
        self.values.setflags(write=False)


@dataclass(frozen=True, kw_only=True, eq=False)
class MutationRow(Row):
    """What the target would change by with every other letter: four rows of cells, A, C, G, T from the top.

    Attributes
    ----------
    start_bp, letters : as of `LogoRow`.
    values : (letters, 4) float32, effect of each letter, 0 at the one that is there, NaN where not computed (yet).
    """

    start_bp: int = 0
    letters: str = ""
    values: np.ndarray = field(default_factory=lambda: np.zeros((0, 4), np.float32))
    unit: str = ""

    def __post_init__(self) -> None:
        if self.values.shape != (len(self.letters), 4) or self.values.dtype != np.float32:
            raise ValueError(f"{self.values.shape} {self.values.dtype} for {len(self.letters)} letters")
        self.values.setflags(write=False)


@dataclass(frozen=True, eq=False)
class MotifMark:
    """A known motif where it was found.

    Attributes
    ----------
    matrix : (end - start, 4) float32, height in bits of each letter A, C, G, T as read on the forward strand, left to
        right; drawn under the letters where there is room.
    strength : 0 to 1, how opaque the box is. colour : red, green, blue, or None for the row's own.
    about : for the tooltip. pick : what Python hears when it is clicked, or "".
    """

    name: str
    start: int
    end: int
    strand: str
    matrix: np.ndarray
    strength: float = 1.0
    colour: tuple[int, int, int] | None = None
    about: str = ""
    pick: str = ""

    def __post_init__(self) -> None:
        if self.matrix.shape != (self.end - self.start, 4) or self.matrix.dtype != np.float32:
            raise ValueError(f"{self.matrix.shape} {self.matrix.dtype} for {self.end - self.start} letters")
        self.matrix.setflags(write=False)


@dataclass(frozen=True, kw_only=True, eq=False)
class MotifRow(Row):
    """Named boxes of motifs, in as many lanes as they need; their matrices where letters have room."""

    motifs: tuple[MotifMark, ...] = ()
