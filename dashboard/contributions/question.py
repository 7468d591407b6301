"""From the page's inputs to its question, and the question in words at the top."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from components.messages import plain
from core.attribution.values import ContributionScores
from core.enformer.averaging import Averaging
from core.genome.contigs import resolve_contig
from dashboard.contributions.aim import Aim, bins_of, sides_of
from dashboard.tracks.where import Ground, Spot

if TYPE_CHECKING:
    from core.enformer.engine import EnformerEngine
    from core.enformer.models import DnaModel
    from core.enformer.tracks import Track


def aim_of(
    engine: EnformerEngine, model: DnaModel, ground: Ground, genome: str, locus: str, spot: Spot, head: str,
    averaging: Averaging, tracks: Sequence[Track], less: Sequence[Track], also: Sequence[Track],
) -> Aim:  # fmt: skip
    """All that the inputs say, as one value.

    Raises
    ------
    InvalidLocusError, SelectionError
        As `bins_of` and `Target`.
    """
    bins = bins_of(spot, model)
    contigs = ground.reference.contigs
    contig_bp = contigs[resolve_contig(spot.window.chrom, contigs, ground.reference.name)]
    return Aim(
        engine=engine,
        model=model,
        ground=ground,
        genome=genome,
        locus=locus,
        spot=spot,
        window=bins.window,
        shown=bins.shown,
        place=bins.place,
        start=spot.place.start if spot.place_name else None,
        head=head,
        averaging=averaging,
        sides=sides_of(tracks, less, also, bins, spot, head, contig_bp),
        contig_bp=contig_bp,
    )


def render_sentence(aim: Aim) -> None:
    """The number that is explained, in words; its value comes when it is known."""
    name = aim.side.target.name
    st.markdown(f"**{plain(name[:1].upper() + name[1:])}**")


def value_words(aim: Aim, scores: ContributionScores | None) -> str:
    """For example "The model says 12.3 (coverage summed over the bin)."; "" while it is not known."""
    if scores is None:
        return ""
    averaged = f", mean of {len(scores.runs)} runs" if len(scores.runs) > 1 else ""
    return f"The model says {scores.target_value:.4g} ({aim.side.unit}{averaged})."
