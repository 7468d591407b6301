"""The seven chromatin states of the ENCODE segmentation, and their colours."""

from __future__ import annotations

from typing import NamedTuple

from core.genome.annotation import Colour, Region


class ChromatinState(NamedTuple):
    """A kind of chromatin: its code in files, its name, its colour (red, green, blue)."""

    code: str
    name: str
    colour: Colour


# Source: ENCODE Project Consortium 2012 (doi 10.1038/nature11247), the combined segmentation of ChromHMM and Segway.
CHROMATIN_STATES = (
    ChromatinState("TSS", "promoter with transcription start", (255, 0, 0)),
    ChromatinState("PF", "promoter flank", (255, 105, 105)),
    ChromatinState("E", "enhancer", (250, 202, 0)),
    ChromatinState("WE", "weak enhancer or open chromatin", (255, 252, 4)),
    ChromatinState("CTCF", "CTCF-bound", (10, 190, 254)),
    ChromatinState("T", "transcribed", (0, 176, 80)),
    ChromatinState("R", "repressed or quiet", (225, 225, 225)),
)


def state_of(region: Region) -> ChromatinState | None:
    """The state whose code the region is named after, or None: other segmentations have other names."""
    return next((state for state in CHROMATIN_STATES if state.code == region.name.strip().upper()), None)


def colour_of(region: Region) -> Colour | None:
    """The colour to draw a region in: its own as given, else that of its state, else None."""
    if region.colour is not None:
        return region.colour
    state = state_of(region)
    return state.colour if state else None
