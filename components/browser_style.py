"""Colours and sizes of the genome browser's rows, beside those of all figures in `style.py`.

Text, ground and muted colours follow the page's theme; colours of assays are those of every figure of tracks.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from components.ramps import DIVERGING_DARK, DIVERGING_LIGHT
from components.style import FONT_STACK, MUTED_SHARE, TRACK_DARK, TRACK_LIGHT


@dataclass(frozen=True)
class BrowserColours:
    """Colours on a light or on a dark page.

    Attributes
    ----------
    assays : by name of the assay; `other` for the rest.
    second : the line over the values (measured, or the truth).
    up, down : the two signs of a difference: apart under every kind of colour blindness.
    gene : of genes; place : lines at what was asked for; rule : axes; hatch_fill, hatch_line : "not predicted".
    attention : strip and arcs; looking : the bins that look; baseline : what distance alone would give.
    region : stretches without a colour of their own.
    letters : by base; the usual ones, each 3:1 or more on the page.
    motif : boxes of motifs without a colour of their own.
    diverging : of cells of both signs, from the negative end over 0, close to the page, to the positive one; the ends
        are of the colours `down` and `up`.
    """

    assays: dict[str, str]
    other: str
    second: str
    up: str
    down: str
    gene: str
    place: str
    rule: str
    hatch_fill: str
    hatch_line: str
    attention: str
    looking: str
    baseline: str
    region: str
    letters: dict[str, str]
    motif: str
    diverging: tuple[str, ...]


BROWSER_LIGHT = BrowserColours(
    assays=TRACK_LIGHT.assays, other=TRACK_LIGHT.other, second="#17212B", up="#B8430A", down="#1C66BB",
    gene=TRACK_LIGHT.gene, place=TRACK_LIGHT.place, rule=TRACK_LIGHT.rule, hatch_fill="#F0F1F1",
    hatch_line="#C9CED2", attention="#8A2F7B", looking="#A03A00", baseline="#52606B", region="#5B7083",
    letters={"A": "#1B8A3A", "C": "#1D5FD1", "G": "#B36B00", "T": "#D02A2A", "N": "#7B858E"},
    motif="#6837A6", diverging=DIVERGING_LIGHT[::-1],
)  # fmt: skip
BROWSER_DARK = BrowserColours(
    assays=TRACK_DARK.assays, other=TRACK_DARK.other, second="#FFFFFF", up="#F0935A", down="#62AEF2",
    gene=TRACK_DARK.gene, place=TRACK_DARK.place, rule=TRACK_DARK.rule, hatch_fill="#161E26",
    hatch_line="#36434F", attention="#E58AD3", looking="#FFC24A", baseline="#A3AFB8", region="#8FA3B5",
    letters={"A": "#4CC26C", "C": "#6FA8FF", "G": "#F2B035", "T": "#FF7A70", "N": "#8D98A1"},
    motif="#B79BF0", diverging=DIVERGING_DARK[::-1],
)  # fmt: skip


@dataclass(frozen=True)
class BrowserSizes:
    """Sizes in CSS pixels.

    Attributes
    ----------
    gutter : left of the rows, for axes; `right` : margin at the other side.
    head : strip over a row with title, unit, legend and note; gap : under a row.
    signal_*, attention_*, region_* : bodies of rows that are small, medium or large.
    lane : of genes; lanes_* : the most lanes at each height.
    letters_* : bodies of the row of letters; letter_wide : from this many pixels a base, letters are drawn; from
        block_wide, coloured blocks; logo_wide : letters of logos, which are tall where they matter.
    logo_*, mutation_* : bodies of the rows of contributions and of effects of every letter.
    motif_box : height of a motif's box; motif_matrix : of the matrix under it, where letters have room; motif_gap :
        under each lane; motif_lanes_* : the most lanes at each height.
    hatch : from stripe to stripe.
    """

    gutter: float = 60
    right: float = 16
    head: float = 19
    gap: float = 9
    title: float = 12.5
    small: float = 11.5
    tick: float = 10.5
    signal_small: float = 30
    signal_medium: float = 56
    signal_large: float = 112
    attention_small: float = 52
    attention_medium: float = 84
    attention_large: float = 150
    region_small: float = 12
    region_medium: float = 18
    region_large: float = 28
    lane: float = 25
    lanes_small: float = 3
    lanes_medium: float = 6
    lanes_large: float = 12
    letters_small: float = 16
    letters_medium: float = 20
    letters_large: float = 30
    letter_wide: float = 7
    logo_wide: float = 3.8
    block_wide: float = 1.2
    logo_small: float = 40
    logo_medium: float = 78
    logo_large: float = 150
    mutation_small: float = 36
    mutation_medium: float = 56
    mutation_large: float = 92
    motif_box: float = 15
    motif_matrix: float = 30
    motif_gap: float = 4
    motif_lanes_small: float = 2
    motif_lanes_medium: float = 4
    motif_lanes_large: float = 8
    hatch: float = 6
    export_margin: float = 16


def browser_style() -> dict[str, Any]:
    """What the browser needs to know, JSON-ready, for the `style` key of a scene's payload."""
    return {
        "light": asdict(BROWSER_LIGHT),
        "dark": asdict(BROWSER_DARK),
        "sizes": asdict(BrowserSizes()),
        "font_stack": FONT_STACK,
        "muted_share": MUTED_SHARE,
    }
