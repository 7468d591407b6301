"""What the page begins with."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components.tracks import controls
from core.enformer.models import DnaModel
from core.enformer.tiling import WindowGrid
from core.enformer.tracks import Track
from core.genome.contigs import resolve_contig
from core.settings import Settings, settings
from core.sources import ModelSource
from dashboard.tracks.truth import is_playground, truth_columns
from dashboard.tracks.where import Ground, Spot


def first_genome(labels: dict[str, str]) -> str:
    """The genome that the page begins with: what the settings ask for, else the one that needs no network."""
    return "playground" if "playground" in labels and settings().genome == Settings().genome else next(iter(labels))


def first_ready(sources: Sequence[ModelSource]) -> str:
    """The model that the page begins with: the first that can be loaded now."""
    return next((source.name for source in sources if source.ready), sources[0].name)


def truth_asked(ground: Ground | None, tracks: Sequence[Track]) -> tuple[int, ...]:
    """The grammar's columns of the shown tracks, where they are known and the truth is asked for."""
    if ground is None or not is_playground(ground.name, ground.reference):
        return ()
    columns = truth_columns(tracks)
    measured = bool(st.session_state.get("measured"))
    return columns if columns and controls.choose_truth(measured=measured) else ()


def grid_around(spot: Spot, model: DnaModel, ground: Ground) -> WindowGrid:
    """The model's windows along the chromosome, one of them around the place."""
    contigs = ground.reference.contigs
    length = contigs[resolve_contig(spot.window.chrom, contigs, ground.reference.name)]
    return WindowGrid.around(
        spot.window, bin_size_bp=model.bin_size_bp, own_bins=model.target_bins, contig_bp=length
    )  # fmt: skip
