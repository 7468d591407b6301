"""What the playground's grammar says where the playground's tracks are predicted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.enformer.tracks import Track
from core.enformer.values import TrackSet
from core.genome.interval import Interval
from core.genome.reference import Reference
from core.teaching.playground.card import track_table
from core.teaching.playground.grammar import BIN_SIZE_BP
from core.teaching.playground.kept_truth import kept_truth
from core.teaching.playground.locus import origin_sentence
from core.teaching.playground.world import world

PLAYGROUND = "playground"


def is_playground(name: str, reference: Reference) -> bool:
    """Whether a genome is the one that the grammar knows, and not another of that name."""
    return name == PLAYGROUND and reference.identity == world().genome.identity


def origin_of(name: str, reference: Reference) -> str:
    """What every figure and file of a simulated genome says, for example "playground: simulated genome · grammar 1 ·
    seed 2026"; "" of any other genome."""
    return origin_sentence() if is_playground(name, reference) else ""


def truth_columns(tracks: Sequence[Track]) -> tuple[int, ...] | None:
    """The grammar's columns of these tracks; None where one of them is not the playground's."""
    own = {(track.identifier, track.description): track.index for track in track_table()}
    found = [own.get((track.identifier, track.description)) for track in tracks]
    columns = tuple(column for column in found if column is not None)
    return columns if found and len(columns) == len(found) else None


def truth_of(found: TrackSet, columns: tuple[int, ...]) -> np.ndarray | None:
    """(bins, columns) float32 in exactly the bins of the prediction; None where bins are not the grammar's."""
    if found.interval is None or found.bin_size_bp != BIN_SIZE_BP:
        return None
    return kept_truth(Interval(found.interval.chrom, found.interval.start, found.interval.end))[:, list(columns)]
