"""Colour ramps of figures.

Made in OKLCH with lightness falling (rising) in equal steps, so that equal steps of weight look equal and order
survives every kind of colour blindness, a grey printer and a projector.
"""

from __future__ import annotations

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

# A change: from "less" (orange) over none, close to the page, to "more" (blue). OKLCH too; both arms have the
# same lightness, so that equal changes look equally large.
DIVERGING_LIGHT = (
    "#713700",
    "#a05104",
    "#cb7229",
    "#e09d70",
    "#eccab3",
    "#f4f7f9",
    "#bbd3f1",
    "#80aeea",
    "#498adc",
    "#1c66bb",
    "#01468b",
)
DIVERGING_DARK = (
    "#ffc6a0",
    "#eb9456",
    "#b7713f",
    "#825231",
    "#503421",
    "#1a1b1d",
    "#203e52",
    "#2d6385",
    "#3889bc",
    "#4eb1f1",
    "#a3d8ff",
)
