"""What a figure of tracks shows, in words and in a table: for people who do not see it, and for the assignment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from components.tracks.view import View
from core.genome.annotation import Gene
from core.genome.interval import Interval

if TYPE_CHECKING:
    import pandas as pd


def track_summary(view: View) -> pd.DataFrame:
    """One row a shown track: its mean, its peak, where that is and the nearest gene start."""
    import pandas as pd

    rows = []
    for track in view.tracks:
        values = view.found.column(track)[view.on_chromosome]
        peak = int(values.argmax())
        place = view.found.bin_interval(peak + view.on_chromosome.start)
        rows.append(
            {
                "Track": track.label,
                "Mean": float(values.mean(dtype=np.float64)),
                "Peak": float(values[peak]),
                **({} if view.truth is None else {"r with the truth": view.agreement(track)}),
                "Peak at": Interval(place.chrom, max(0, place.start), min(view.contig_bp, place.end)).locus,
                "Nearest gene start": _nearest(view.genes, place.centre),
                "Unit": track.unit,
                **({"Experiment": track.url} if any(other.url for other in view.tracks) else {}),
            }
        )
    return pd.DataFrame(rows)


def _nearest(genes: tuple[Gene, ...] | None, position: int) -> str:
    if not genes:
        return ""
    gene = min(genes, key=lambda gene: abs(gene.tss - position))
    return f"{gene.symbol}, {abs(gene.tss - position):,} bp away"


def description(view: View) -> str:
    """The figure as a few sentences, for a screen reader."""
    said = [f"{view.title}. {view.window_sentence} {view.padding_sentence}".strip()]
    summary = track_summary(view)
    for _, row in summary.iterrows():
        near = f", nearest gene start {row['Nearest gene start']}" if row["Nearest gene start"] else ""
        said.append(f"{row['Track']}: mean {row['Mean']:.3g}, peak {row['Peak']:.3g} at {row['Peak at']}{near}.")
    if view.truth is not None:
        found = ", ".join(f"{track.label}: {view.agreement_sentence(track)}" for track in view.tracks)
        said.append(f"The line over each prediction is the truth, from the grammar. Pearson's r of the two: {found}.")
    if view.genes is None:
        said.append("No genes are loaded for this genome.")
    else:
        names = [gene.symbol for gene in view.genes]
        listed = ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
        said.append(f"Genes: {listed}." if names else "No genes here.")
    if view.found.spread is not None:
        said.append(f"Ribbons: {view.found.spread_kind} ({', '.join(view.found.runs)}).")
    said.append(view.provenance_sentence)
    return " ".join(said)
