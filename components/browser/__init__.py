"""The genome browser: rows along a chromosome that a person drags, zooms and reads, drawn on a canvas.

`Scene` is all that it shows; `render_browser` puts it on the page and says what a person did there; `browser_state`
says it before the scene is made. The person's place stays where it is whatever the scene holds, until the scene asks
for another one (`Place.move`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from components.browser.letter_rows import LogoRow, MotifMark, MotifRow, MutationRow
from components.browser.payload import ROW_ID, scene_payload
from components.browser.scene import (
    HEIGHTS,
    AttentionRow,
    GeneMark,
    GeneRow,
    LetterRow,
    Pick,
    Piece,
    Place,
    RegionMark,
    RegionRow,
    Row,
    RowChoice,
    Scene,
    SignalRow,
    Window,
)
from components.canvas import component

__all__ = [
    "AttentionRow",
    "BrowserState",
    "GeneMark",
    "GeneRow",
    "LetterRow",
    "LogoRow",
    "MotifMark",
    "MotifRow",
    "MutationRow",
    "Pick",
    "Piece",
    "Place",
    "RegionMark",
    "RegionRow",
    "Row",
    "RowChoice",
    "Scene",
    "SignalRow",
    "Window",
    "browser_state",
    "render_browser",
    "scene_payload",
]

HERE = Path(__file__).parent
SCRIPTS = (
    # What rows look like, then the engine.
    *("decode.js", "svgpen.js", "marks.js", "signal_row.js", "gene_row.js", "region_row.js", "attention_row.js"),
    *("letter_row.js", "letter_values.js", "glyphs.js", "logo_row.js", "mutation_row.js", "motif_row.js"),
    *("mirror.js", "painters.js"),
    *("motion.js", "telling.js", "rowlist.js", "frame.js", "tiles.js", "ruler.js", "overview.js", "cursor.js"),
    *("menu.js", "heads.js", "pointer.js", "keys.js", "saving.js", "painting.js", "reader.js", "browser.js"),
)
MAX_ROWS = 200
MAX_NAME_CHARACTERS = 300
MAX_BP = 10**11
MAX_COUNT = 2**53

_MOUNT = component("attendome_browser", HERE, html="browser.html", css="browser.css", scripts=SCRIPTS)


@dataclass(frozen=True)
class BrowserState:
    """What the browser said last; None where it said nothing.

    Attributes
    ----------
    place : what a person looks at; `place.move` is the one of the scene it was said in, so a place with a smaller
        one than the page's is older than what the page asked for.
    rows : in the order that the person made; a row that is missing was taken away. A field that the person did not
        set since the picture came to the page is None: keep what was known of it.
    pick : what was clicked last; `number` rises with every click.
    """

    place: Place | None = None
    rows: tuple[RowChoice, ...] | None = None
    pick: Pick | None = None


def _whole(value: Any, most: int = MAX_BP) -> bool:
    return type(value) is int and 0 <= value <= most


def _number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and 0 <= value <= MAX_BP


def _read_place(value: Any, contig: str | None) -> Place | None:
    if not isinstance(value, Mapping):
        return None
    name, start, end, move = (value.get(key) for key in ("contig", "start", "end", "move"))
    if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME_CHARACTERS or contig not in (None, name):
        return None
    if not (_number(start) and _number(end) and start < end and _whole(move, MAX_COUNT)):
        return None
    return Place(name, start, end, move)


def _read_choice(value: Any) -> RowChoice | None:
    if not isinstance(value, Mapping):
        return None
    row, height, log, scaling = (value.get(key) for key in ("id", "height", "log", "scaling"))
    if not isinstance(row, str) or not ROW_ID.fullmatch(row):
        return None
    if (
        height not in (*HEIGHTS, None)
        or type(log) not in (bool, type(None))
        or scaling not in ("own", "group", "seen", None)
    ):
        return None
    return RowChoice(row, height, log, scaling)


def _read_rows(value: Any, rows: Collection[str] | None) -> tuple[RowChoice, ...] | None:
    if not isinstance(value, list) or len(value) > MAX_ROWS:
        return None
    found = [_read_choice(one) for one in value]
    choices = [one for one in found if one is not None]
    ids = [one.id for one in choices]
    if len(choices) != len(found) or len(set(ids)) != len(ids):
        return None
    return tuple(one for one in choices if rows is None or one.id in rows)


def _read_pick(value: Any, rows: Collection[str] | None) -> Pick | None:
    if not isinstance(value, Mapping):
        return None
    kind, row, position, name, number = (value.get(key) for key in ("kind", "row", "position", "name", "number"))
    if kind not in ("bin", "gene", "region") or not isinstance(row, str) or not ROW_ID.fullmatch(row):
        return None
    if not (_whole(position) and isinstance(name, str) and len(name) <= MAX_NAME_CHARACTERS):
        return None
    if not _whole(number, MAX_COUNT) or (rows is not None and row not in rows):
        return None
    return Pick(kind, row, position, name, number)


def _read(values: Any, contig: str | None, rows: Collection[str] | None) -> BrowserState:
    """What a browser sent may be anything: a value that is not of its form counts as not said."""
    said = values if isinstance(values, Mapping) else {}
    return BrowserState(
        _read_place(said.get("place"), contig), _read_rows(said.get("rows"), rows), _read_pick(said.get("pick"), rows)
    )


def browser_state(key: str, *, contig: str | None = None, rows: Collection[str] | None = None) -> BrowserState:
    """What a person did in the browser of this key, for the scene that is about to be made.

    Parameters
    ----------
    contig : the only chromosome that a place may be on; None takes any name.
    rows : ids that there are; choices and clicks of others are left out. None takes all.

    Returns
    -------
    BrowserState
        Checked for its form; a place may still lie beyond the chromosome's end.
    """
    return _read(st.session_state.get(key), contig, rows)


def render_browser(scene: Scene, *, key: str, on_change: Callable[[], None] | None = None) -> BrowserState:
    """Put a scene on the page.

    Parameters
    ----------
    key : identity of the browser; under the same key the place stays, and only rows that changed are drawn again.
    on_change : called before the rerun that a new place, a choice for rows or a click starts.

    Returns
    -------
    BrowserState
        What the person did, for this chromosome and these rows.

    Raises
    ------
    ValueError
        The scene is too large for the browser; see `scene_payload`.
    """
    changed = on_change or (lambda: None)
    values = _MOUNT(
        key=key,
        data=scene_payload(scene),
        on_place_change=changed,
        on_rows_change=changed,
        on_pick_change=changed,
    )
    return _read(values, scene.place.contig, {row.id for row in scene.rows})
