"""The only place with colours, fonts and heights of figures.

Text and background colours follow the page's theme (Streamlit's `--st-...` CSS variables); what is
fixed here are the colours that carry data, and the sizes of figures. Both ramps were made in OKLCH
with lightness falling (rising) in equal steps, so that equal steps of weight look equal and order
survives every kind of colour blindness, a grey printer and a projector.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

# From "no weight", close to the page, to the full end of the scale.
SEQUENTIAL_LIGHT = (
    "#f0f7f9",
    "#c6e4ee",
    "#9cd1e5",
    "#74bcdb",
    "#50a5d1",
    "#2a8dc8",
    "#1374bb",
    "#065bac",
    "#124296",
    "#162d78",
    "#14195a",
)
SEQUENTIAL_DARK = (
    "#171b2a",
    "#1f2b4f",
    "#223c77",
    "#1e5297",
    "#136dab",
    "#0187bc",
    "#01a5bb",
    "#1ac2b7",
    "#6fd9a6",
    "#b9ea95",
    "#fcf593",
)

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
    mask_fill, mask_line : ground and stripes of the hatching that means "masked (not allowed)".
    """

    ramp: tuple[str, ...]
    mask_fill: str
    mask_line: str


HEATMAP_LIGHT = HeatmapColours(ramp=SEQUENTIAL_LIGHT, mask_fill="#e9e7e4", mask_line="#b9b5b0")
HEATMAP_DARK = HeatmapColours(ramp=SEQUENTIAL_DARK, mask_fill="#2d2b2a", mask_line="#5f5c58")


@dataclass(frozen=True)
class HeatmapSizes:
    """Sizes of a heatmap in CSS pixels.

    Attributes
    ----------
    cell_max : side of the largest cell.
    cell_readable : panels are laid side by side as long as their cells stay as large as this; labels of
        narrower columns stand upright.
    cell_comfortable : cells grow to this even where the figure then no longer fits the window's height.
    window_share : share of the window's height that a figure tries to fit in.
    height_max, grid_height_max : no figure of one row, of several rows of panels, is taller.
    width_min : the narrowest figure, if the page is that wide; titles and legend need it.
    grid_line_cell : cells of this side and above are drawn with a line between them.
    label_max, label_min : font sizes of token labels.
    label_thinned, thin_pitch : where not every label has room, their size and least distance.
    label_lengths : room for token labels, the smallest that holds the longest label (steps, so that the
        figure keeps its height when a label changes by a letter).
    """

    cell_max: float = 44
    cell_readable: float = 15
    cell_comfortable: float = 20
    window_share: float = 0.77
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


# Streamlit leaves 96 px above a page; a picture should be on a laptop's screen without scrolling.
PAGE_CSS = """
<style>
.stMainBlockContainer { padding-top: 4.25rem; padding-bottom: 3rem; max-width: 1500px; }
.stMainBlockContainer h1 { padding: 0 0 0.25rem; font-size: 1.6rem; }
[data-testid="stSidebarUserContent"] { padding-top: 0.5rem; }
[data-testid="stTable"] td, [data-testid="stTable"] td * { max-width: none; }
</style>
"""
