"""`Scene`: all that the genome browser shows, as values; positions are 0-based and half-open, in base pairs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

Height = Literal["small", "medium", "large"]
Scaling = Literal["own", "group", "seen"]
HEIGHTS: tuple[Height, ...] = ("small", "medium", "large")


@dataclass(frozen=True, eq=False)
class Piece:
    """Equally wide bins without a gap, of one row.

    Attributes
    ----------
    start_bp : of the first bin; may lie outside of the chromosome, where nothing is drawn.
    bin_bp : base pairs that a bin stands for; may be a fraction where a stretch was cut into so many.
    values : (bins,) float32 in the row's unit, never a logarithm; NaN where there is nothing.
    spread : (bins,) float32, drawn as a ribbon of values - spread to values + spread, or None.
    second : (bins,) float32 in the same unit, a line over the values (measured, or the truth), or None.
    """

    start_bp: int
    bin_bp: float
    values: np.ndarray
    spread: np.ndarray | None = None
    second: np.ndarray | None = None

    def __post_init__(self) -> None:
        if not self.bin_bp > 0:
            raise ValueError(f"bins of {self.bin_bp} bp")
        for array in (self.values, self.spread, self.second):
            if array is None:
                continue
            if array.shape != (len(self.values),) or array.dtype != np.float32:
                raise ValueError(f"{array.shape} {array.dtype} for {len(self.values)} bins of float32")
            array.setflags(write=False)

    @property
    def end_bp(self) -> float:
        """Where the last bin ends."""
        return self.start_bp + self.bin_bp * len(self.values)


@dataclass(frozen=True, kw_only=True, eq=False)
class Row:
    """One row of the browser.

    Attributes
    ----------
    id : letters, digits and ":._-", unique in a scene and the same for the same content in every scene.
    title : short; says what is seen. note : a few characters more at its right, for example "r = 0.97".
    about : sentences for the tooltip of the title: unit, source, rule.
    height : how tall, of three; what lanes need (genes) comes on top of it.
    movable : may be moved and taken away by the person.
    """

    id: str
    title: str
    note: str = ""
    about: str = ""
    height: Height = "medium"
    movable: bool = True


@dataclass(frozen=True, kw_only=True, eq=False)
class SignalRow(Row):
    """Heights of bins.

    Attributes
    ----------
    pieces : from left to right, not overlapping; they may meet, and gaps are drawn as "nothing here".
    unit : of the values, for axis and cursor.
    assay : decides the colour: "DNASE", "ATAC", "CHIP", "CAGE", else another.
    second_name : of the line over the values, "" where there is none; first_name : of the values beside it.
    log_possible : drawn as log10(1 + x) if `log`.
    scaling, group : one top for all rows of a group, or its own ("seen" is for `LogoRow` alone).
    signed : values of both signs around a middle line (a difference); `signs` names what is up and what is down.
    missing : what a stretch without values is, written over its hatching ("not measured" in a file's row).
    """

    pieces: tuple[Piece, ...] = ()
    unit: str = ""
    assay: str = ""
    second_name: str = ""
    first_name: str = "prediction"
    log_possible: bool = False
    log: bool = False
    scaling: Scaling = "own"
    group: str = ""
    signed: bool = False
    signs: tuple[str, str] = ("", "")
    missing: str = "not predicted"


@dataclass(frozen=True)
class GeneMark:
    """A gene as drawn.

    Attributes
    ----------
    exons, coding : (start, end) of blocks, joined over its transcripts; coding ones are drawn taller.
    strand : "+", "-" or ".".
    about : for the tooltip.
    """

    name: str
    start: int
    end: int
    strand: str
    exons: tuple[tuple[int, int], ...] = ()
    coding: tuple[tuple[int, int], ...] = ()
    about: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class GeneRow(Row):
    """Genes, in as many lanes as they need; a gene keeps its lane while the browser moves.

    `left_out` : how many are not drawn because there are too many here.
    """

    genes: tuple[GeneMark, ...] = ()
    left_out: int = 0


@dataclass(frozen=True)
class RegionMark:
    """A stretch as drawn.

    Attributes
    ----------
    colour : red, green, blue, or None for the row's own.
    strength : 0 to 1, how opaque it is.
    outlined : drawn with an outline (a chosen one, a true one).
    about : for the tooltip. pick : what Python hears when it is clicked, or "".
    """

    name: str
    start: int
    end: int
    colour: tuple[int, int, int] | None = None
    strength: float = 1.0
    outlined: bool = False
    about: str = ""
    pick: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class RegionRow(Row):
    """Stretches in one lane, with their names where there is room.

    `legend` : (name, colour) of what the colours mean, drawn at the right of the title.
    """

    regions: tuple[RegionMark, ...] = ()
    legend: tuple[tuple[str, tuple[int, int, int]], ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class AttentionRow(Row):
    """What some bins attend to: a strip of weights and arcs to the strongest.

    Attributes
    ----------
    weights : bins of the window that was read, values in 0 ... 1 as shares of the attention (they sum to 1).
    from_start, from_end : the bins that look.
    baseline : (bins,) float32 or None: what a uniform or distance-only look would give, drawn as a thin line.
    baseline_name : of that line.
    """

    weights: Piece
    from_start: int = 0
    from_end: int = 0
    baseline: np.ndarray | None = None
    baseline_name: str = "distance alone"


@dataclass(frozen=True, kw_only=True, eq=False)
class LetterRow(Row):
    """The letters; drawn where they have room. `letters` begins at `start_bp`; lower case is kept (repeats)."""

    start_bp: int = 0
    letters: str = ""


@dataclass(frozen=True)
class Window:
    """A predicted window: what the model read, and the middle that it predicts (`start` to `end`).

    `state` : "ready", "running" (being predicted) or "missing" (not asked for yet).
    """

    start: int
    end: int
    read_start: int
    read_end: int
    state: Literal["ready", "running", "missing"] = "ready"


@dataclass(frozen=True)
class Place:
    """What the browser shows. `move` counts the moves that Python asked for."""

    contig: str
    start: float
    end: float
    move: int = 0


@dataclass(frozen=True, eq=False)
class Scene:
    """The whole picture.

    Attributes
    ----------
    place : where Python wants the browser to look. The browser goes there when `contig` or `move` is another than
        before; else it stays where the person left it, whatever the rows hold.
    contig_bp : length of the chromosome. assembly : of the genome, "unknown" where the file does not tell.
    loaded : (start, end) that the rows know; outside it is drawn as "loading", and the browser tells Python its place.
    marks : (start, end, name) of what was asked for: lines across all rows.
    title, subtitle, provenance : plain text around the picture. description : the picture in words.
    reverse : drawn from right to left with complementary letters, as the reverse strand reads.

    Raises
    ------
    ValueError
        Two rows have one id, or a place is impossible.
    """

    place: Place
    contig_bp: int
    assembly: str
    loaded: tuple[int, int]
    rows: tuple[Row, ...]
    windows: tuple[Window, ...] = ()
    marks: tuple[tuple[int, int, str], ...] = ()
    title: str = ""
    subtitle: str = ""
    provenance: str = ""
    description: str = ""
    file_name: str = "browser"
    reverse: bool = False

    def __post_init__(self) -> None:
        ids = [row.id for row in self.rows]
        if len(set(ids)) != len(ids):
            raise ValueError(f"rows share an id: {ids}")
        place = self.place
        if not (math.isfinite(place.start) and math.isfinite(place.end) and place.start < place.end):
            raise ValueError(f"the place {place.start} to {place.end} is none")


@dataclass(frozen=True)
class RowChoice:
    """What a person set a row to in the browser; None where it is as Python said."""

    id: str
    height: Height | None = None
    log: bool | None = None
    scaling: Scaling | None = None


@dataclass(frozen=True)
class Pick:
    """What was clicked.

    `kind` : "bin" (a place in a signal or attention row), "gene" (`name`), "region" (`name` is the region's `pick`).
    `number` counts the clicks, so that the same place can be clicked twice.
    """

    kind: Literal["bin", "gene", "region"]
    row: str
    position: int
    name: str = ""
    number: int = 0
