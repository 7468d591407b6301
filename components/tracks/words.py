"""What is seen of predicted tracks, in words and in a table: for people who do not see it, and for the assignment."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from components.tracks.strip import Strip
from core.genome.annotation import Gene
from core.genome.interval import Interval

if TYPE_CHECKING:
    import pandas as pd


def track_summary(strip: Strip) -> pd.DataFrame:
    """`track_numbers` as a table."""
    import pandas as pd

    return pd.DataFrame(track_numbers(strip))


def track_numbers(strip: Strip) -> list[dict[str, Any]]:
    """Of each shown track over the bins that are seen: its mean, its peak, where that is and the nearest gene start.

    Nothing where nothing that is seen is predicted.
    """
    seen = list(strip.stretches())
    rows = []
    for track in strip.tracks if seen else ():
        parts = [strip.found[number].column(track)[bins] for number, bins in seen]
        values = np.concatenate(parts)
        number, peak = _peak(strip, seen, parts)
        place = strip.found[number].bin_interval(peak)
        rows.append(
            {
                "Track": track.label,
                "Mean": float(values.mean(dtype=np.float64)),
                "Peak": float(values.max()),
                **({"r with the truth": strip.agreement(track)} if strip.truth else {}),
                "Peak at": Interval(place.chrom, max(0, place.start), min(strip.grid.contig_bp, place.end)).locus,
                "Nearest gene start": _nearest(strip.genes, place.centre),
                "Unit": track.unit,
                **({"Experiment": track.url} if any(other.url for other in strip.tracks) else {}),
            }
        )
    return rows


def _peak(strip: Strip, seen: list[tuple[int, slice]], parts: list[np.ndarray]) -> tuple[int, int]:
    """(window, bin of it) of the highest value."""
    best = max(range(len(parts)), key=lambda place: parts[place].max())
    number, bins = seen[best]
    return number, bins.start + int(parts[best].argmax())


def _nearest(genes: tuple[Gene, ...] | None, position: int) -> str:
    if not genes:
        return ""
    gene = min(genes, key=lambda gene: abs(gene.tss - position))
    return f"{gene.symbol}, {abs(gene.tss - position):,} bp away"


def description(strip: Strip) -> str:
    """The picture as a few sentences, for a screen reader."""
    said = [f"{strip.title}; {strip.seen.locus} is seen. {strip.window_sentence} {strip.padding_sentence}".strip()]
    numbers = track_numbers(strip)
    if not numbers:
        said.append("Nothing that is seen is predicted yet.")
    for row in numbers:
        near = f", nearest gene start {row['Nearest gene start']}" if row["Nearest gene start"] else ""
        said.append(f"{row['Track']}: mean {row['Mean']:.3g}, peak {row['Peak']:.3g} at {row['Peak at']}{near}.")
    if shown := [track for track in strip.tracks if strip.truth and track.index not in strip.measured]:
        found = ", ".join(f"{track.label}: {strip.agreement_sentence(track)}" for track in shown)
        each = "each prediction" if len(shown) == len(strip.tracks) else "each of these predictions"
        said.append(f"The line over {each} is the truth, from the grammar. Pearson's r of the two: {found}.")
    if over := [track.label for track in strip.tracks if track.index in strip.measured]:
        said.append(f"The line over {', '.join(over)} is measured.")
    if strip.genes is None:
        said.append("No genes are loaded for this genome.")
    else:
        names = [gene.symbol for gene in strip.genes]
        listed = ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
        said.append(f"Genes: {listed}." if names else "No genes here.")
    spreads = [found for found in strip.found.values() if found.spread is not None]
    if spreads:
        said.append(f"Ribbons: {spreads[0].spread_kind} ({runs_words(spreads[0].runs)}).")
    if strip.plain:
        said.append(f"{strip.plain_words.capitalize()}: a single run of the model is shown meanwhile.")
    said.append(strip.provenance_sentence)
    return " ".join(said)


def runs_words(runs: Sequence[str]) -> str:
    """For example "14 runs: both strands, shifts of -3 to +3 bp"."""
    reverse = sum("reverse" in run for run in runs)
    strands = "both strands" if 0 < reverse < len(runs) else "the reverse strand" if reverse else "the forward strand"
    shifts = [int(found[1]) for run in runs if (found := re.search(r"([+-]\d+) bp", run))]
    moved = f", shifts of {min(shifts):+d} to {max(shifts):+d} bp" if shifts else ""
    return f"{len(runs)} run{'' if len(runs) == 1 else 's'}: {strands}{moved}"


def gene_sentence(gene: Gene) -> str:
    """For example "CD44, + strand (read to the right), chr11:35,138,882-35,232,402, protein coding"."""
    place = Interval(gene.interval.chrom, gene.interval.start, gene.interval.end)
    strand = {"+": ", + strand (read to the right)", "-": ", − strand (read to the left)"}.get(gene.interval.strand, "")
    biotype = f", {gene.biotype.replace('_', ' ')}" if gene.biotype else ""
    return f"{gene.symbol}{strand}, {place.locus}{biotype}"
