"""The only place, with the ramps beside it, with colours, fonts and heights of figures.

Text and background colours follow the page's theme (Streamlit's `--st-...` CSS variables); what is
fixed here are the colours that carry data, and the sizes of figures.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from components.ramps import DIVERGING_DARK, DIVERGING_LIGHT, SEQUENTIAL_DARK, SEQUENTIAL_LIGHT

# Used where the page's own font (`--st-font`) is missing, and in exported pictures after it.
FONT_STACK = '"Source Sans 3", "Source Sans Pro", "Helvetica Neue", Arial, sans-serif'

# Second-rank text is this share of the text colour over the background: at least 4.5:1 on both themes.
MUTED_SHARE = 0.74


@dataclass(frozen=True)
class HeatmapColours:
    """Colours of a heatmap on a light or on a dark page.

    Attributes
    ----------
    ramp : colours from 0 to the end of the scale, equally spaced, "#rrggbb".
    diverging : colours of a signed scale, from the negative end over 0 to the positive one.
    mask_fill, mask_line : ground and stripes of the hatching that means "masked (not allowed)".
    """

    ramp: tuple[str, ...]
    diverging: tuple[str, ...]
    mask_fill: str
    mask_line: str


HEATMAP_LIGHT = HeatmapColours(SEQUENTIAL_LIGHT, DIVERGING_LIGHT, mask_fill="#e9e7e4", mask_line="#b9b5b0")
HEATMAP_DARK = HeatmapColours(SEQUENTIAL_DARK, DIVERGING_DARK, mask_fill="#2d2b2a", mask_line="#5f5c58")


@dataclass(frozen=True)
class HeatmapSizes:
    """Sizes of a heatmap in CSS pixels.

    Attributes
    ----------
    cell_max : side of the largest cell.
    cell_readable : panels are laid side by side as long as their cells stay as large as this; labels of
        narrower columns stand upright.
    cell_comfortable : cells grow to this even where the figure then no longer fits the window's height.
    window_share : share of the window's height that a figure, its sentence included, tries to fit in.
    height_max, grid_height_max : no figure of one row, of several rows of panels, is taller.
    width_min : the narrowest figure, if the page is that wide; titles and legend need it.
    grid_line_cell : cells of this side and above are drawn with a line between them.
    label_max, label_min : font sizes of token labels.
    label_thinned, thin_pitch : where not every label has room, their size and least distance.
    label_lengths : room for token labels, the smallest that holds the longest label (steps, so that the
        figure keeps its height when a label changes by a letter).
    strip_* : the sentence under the map: text and numbers over it, the height of a line's box, the room over
        the first line and over the others for arcs (few lines get more, by `strip_few` lines), between the
        two texts of cross-attention, the most that is seen without scrolling, the widest line, an edge's
        least and most thickness.
    strip_edges, strip_edge_least : most edges that are drawn, and from which share of the colour scale.
    """

    cell_max: float = 44
    cell_readable: float = 15
    cell_comfortable: float = 20
    window_share: float = 0.72
    height_max: float = 1030
    grid_height_max: float = 1500
    width_min: float = 560
    grid_line_cell: float = 8
    title: float = 17
    subtitle: float = 13.5
    panel_title: float = 13.5
    axis_title: float = 12.5
    legend: float = 12.5
    tick: float = 11.5
    provenance: float = 11.5
    label_max: float = 13
    label_min: float = 9
    label_thinned: float = 11
    thin_pitch: float = 16
    label_lengths: tuple[float, ...] = (24, 48, 72, 100)
    ramp_width: float = 200
    ramp_height: float = 11
    export_margin: float = 16

    strip_text: float = 15
    strip_number: float = 11
    strip_box: float = 23
    strip_head: float = 40
    strip_between: float = 17
    strip_between_few: float = 26
    strip_few: int = 3
    strip_texts_apart: float = 64
    strip_height_max: float = 200
    strip_width_max: float = 1100
    strip_edge_thin: float = 1.25
    strip_edge_thick: float = 5
    strip_edges: int = 4
    strip_edge_least: float = 0.02


@dataclass(frozen=True)
class HeatmapStyle:
    """All that the browser needs to know about the look of a heatmap."""

    light: HeatmapColours = HEATMAP_LIGHT
    dark: HeatmapColours = HEATMAP_DARK
    sizes: HeatmapSizes = field(default_factory=HeatmapSizes)
    font_stack: str = FONT_STACK
    muted_share: float = MUTED_SHARE


def heatmap_style() -> dict[str, Any]:
    """The style as JSON-ready values, for the `style` key of a heatmap's payload."""
    return asdict(HeatmapStyle())


# Small pictures of bars and tables (components/drawing) ------------------------------------------------


@dataclass(frozen=True)
class DrawingColours:
    """Colours of a drawing on a light or on a dark page.

    `first`, `second` and `third` are three of the page's categorical colours: 3:1 or more on the page, and apart
    under every kind of colour blindness; `second` is striped as well wherever colour alone tells two apart.
    """

    ramp: tuple[str, ...]
    diverging: tuple[str, ...]
    first: str
    second: str
    third: str


@dataclass(frozen=True)
class DrawingSizes:
    """Sizes of drawings in CSS pixels: text, then rows, gutters and columns of each kind of picture.

    `width_min` is the narrowest that title and legend are laid out for, where the page is that wide.
    """

    title: float = 17
    subtitle: float = 13.5
    legend: float = 12.5
    label: float = 13
    small: float = 11.5
    provenance: float = 11.5
    width_min: float = 520
    ramp_width: float = 160
    ramp_height: float = 11
    patch: float = 13
    stripe: float = 5
    export_margin: float = 16

    bars_width: float = 640
    bars_label: float = 106
    bars_number: float = 46
    bars_change: float = 56
    bar_row: float = 25
    bar: float = 15
    pair_row: float = 38
    pair_bar: float = 14

    lens_label: float = 94
    lens_head: float = 36
    lens_row: float = 29
    lens_column: float = 60
    lens_column_most: float = 128

    rank_width: float = 1020
    rank_label: float = 136
    rank_row: float = 38
    rank_narrow: float = 560
    rank_narrow_row: float = 64
    rank_bar: float = 14
    rank_share: float = 0.42

    change_label: float = 66
    change_head: float = 24
    change_row: float = 33
    change_column: float = 20
    change_digit: float = 7.4
    change_column_most: float = 66


DRAWING_SIZES = DrawingSizes()
DRAWING_LIGHT = DrawingColours(SEQUENTIAL_LIGHT, DIVERGING_LIGHT, first="#0B6B74", second="#C44E00", third="#6837A6")
DRAWING_DARK = DrawingColours(SEQUENTIAL_DARK, DIVERGING_DARK, first="#56B4E9", second="#E69F00", third="#6481F1")


def drawing_style() -> dict[str, Any]:
    """What the browser needs to know, JSON-ready, for the `style` key of a drawing's payload."""
    return {
        "light": asdict(DRAWING_LIGHT),
        "dark": asdict(DRAWING_DARK),
        "sizes": {name: size for name, size in asdict(DRAWING_SIZES).items() if "_" not in name}
        | {name: getattr(DRAWING_SIZES, name) for name in ("width_min", "ramp_width", "ramp_height", "export_margin")},
        "font_stack": FONT_STACK,
        "muted_share": MUTED_SHARE,
    }


# Layer x head grid of thumbnails (components/head_grid) -----------------------------------------------


@dataclass(frozen=True)
class HeadGridSizes:
    """Sizes of a head grid in CSS pixels.

    Attributes
    ----------
    thumb_max, thumb_min : longer side of the largest, of the smallest thumbnail.
    thumb_comfortable : thumbnails shrink to this, not further, to fit the window's height.
    flow_thumb : the side asked for where heads flow in the order of their scores.
    window_share : share of the window's height that the grid tries to fit in.
    gap, flow_gap : between thumbnails; caption : height of the line under a thumbnail of the flow.
    apart : between the heads and the summaries over them.
    off_veil : share of the page's colour over a thumbnail that is switched off.
    """

    thumb_max: float = 150
    thumb_min: float = 20
    thumb_comfortable: float = 70
    flow_thumb: float = 92
    window_share: float = 0.93
    gap: float = 5
    flow_gap: float = 12
    caption: float = 22
    apart: float = 16
    width_min: float = 560
    title: float = 17
    subtitle: float = 13.5
    legend: float = 12.5
    label: float = 12.5
    tick: float = 11.5
    provenance: float = 11.5
    ramp_width: float = 200
    ramp_height: float = 11
    off_veil: float = 0.62
    export_margin: float = 16


def head_grid_style() -> dict[str, Any]:
    """The style as JSON-ready values, for the `style` key of a head grid's header."""
    return asdict(HeatmapStyle()) | {"sizes": asdict(HeadGridSizes())}


# Predicted tracks over a genome (components/browser) --------------------------------------------------


@dataclass(frozen=True)
class TrackColours:
    """Colours of a figure of tracks on a light or on a dark page; `assays` are of the page's categorical colours."""

    text: str
    muted: str
    rule: str
    ground: str
    gene: str
    place: str
    other: str
    assays: dict[str, str]


_ASSAYS = ("DNASE", "ATAC", "CHIP", "CAGE")
TRACK_LIGHT = TrackColours(
    "#17212B", "#52606B", "#D3DBDF", "#FBFBFA", "#27425C", "#A03A00", "#52606B",
    dict(zip(_ASSAYS, ("#0B6B74", "#0D9A87", "#C44E00", "#6837A6"), strict=True)),
)  # fmt: skip
TRACK_DARK = TrackColours(
    "#E2E8ED", "#A3AFB8", "#2B3844", "#0C1218", "#C9D6E2", "#FFC24A", "#A3AFB8",
    dict(zip(_ASSAYS, ("#56B4E9", "#C3C9B4", "#E69F00", "#8DA2FF"), strict=True)),
)  # fmt: skip

# Streamlit leaves 96 px above a page; a picture should be on a laptop's screen without scrolling.
PAGE_CSS = """
<style>
.stMainBlockContainer { padding-top: 4.25rem; padding-bottom: 3rem; max-width: 1500px; }
.stMainBlockContainer h1 { padding: 0 0 0.25rem; font-size: 1.6rem; }
[data-testid="stSidebarUserContent"] { padding-top: 0.5rem; }
[data-testid="stSidebar"] [data-testid="stButtonGroup"] button { padding: 0.25rem 0.6rem; font-size: 0.875rem; }
[data-testid="stButtonGroup"] button[data-selected="true"] p { color: light-dark(#17212B, #E2E8ED); font-weight: 600; }
[data-testid="stTable"] td, [data-testid="stTable"] td * { max-width: none; }
.st-key-var_trust p { font-size: 0.875rem; line-height: 1.45; }
.st-key-var_status, .st-key-tracks_status, .st-key-ctb_status { min-height: 2.25rem; margin: -0.5rem 0 -0.75rem; }
</style>
"""
