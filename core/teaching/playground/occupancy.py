"""Where factors sit on a sequence: the first step of the grammar."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.teaching.playground.motifs import Motif, motifs

CELL_BP = 16
SITE_OCCUPANCY = 0.5
_BITS_PER_UNIT = 1.0
_CODES = np.full(256, 4, dtype=np.uint8)
for _number, _letter in enumerate("ACGT"):
    _CODES[ord(_letter)] = _CODES[ord(_letter.lower())] = _number


@dataclass(frozen=True)
class Site:
    """A bound site, 0-based half-open on the sequence that was read."""

    motif: str
    start: int
    end: int
    strand: str
    score: float
    occupancy: float


def encode(sequence: str) -> np.ndarray:
    """(length,) uint8: A C G T as 0 to 3, everything else 4."""
    return _CODES[np.frombuffer(sequence.encode("latin-1", "replace"), dtype=np.uint8)]


def scores(codes: np.ndarray, motif: Motif, *, reverse: bool) -> np.ndarray:
    """(length - motif + 1,) float32 bits of a site beginning at each base; a window with N has a very low one."""
    weights = motif.log_odds[::-1, ::-1] if reverse else motif.log_odds
    table = np.concatenate([weights, np.full((len(weights), 1), -50.0, dtype=np.float32)], axis=1)
    count = max(0, len(codes) - len(weights) + 1)
    total = np.zeros(count, dtype=np.float32)
    for offset, row in enumerate(table):
        total += row[codes[offset : offset + count]]
    return total


def occupancy(bits: np.ndarray, threshold: float) -> np.ndarray:
    """Share of time that a factor sits on a site, 0 to 1: logistic in the score, one half at the threshold.

    Source: the two-state binding isotherm that is usual for matrices, e.g. Granek & Clarke 2005 (GOMER).
    """
    return 1 / (1 + np.exp2(np.clip((threshold - bits) / _BITS_PER_UNIT, -60, 60)))


def cell_occupancy(codes: np.ndarray, places: np.ndarray | None = None, length: int | None = None) -> np.ndarray:
    """(cells of 16 bp, motifs) float32: occupancies of all sites whose middle lies in a cell, both strands, summed.

    `places` (bases,) says where on a reference of `length` each base counts, for an edited sequence.
    """
    length = len(codes) if length is None else length
    cells = np.zeros((-(-length // CELL_BP), len(motifs())), dtype=np.float32)
    for column, motif in enumerate(motifs()):
        for reverse in (False, True):
            bits = scores(codes, motif, reverse=reverse)
            near = np.flatnonzero(bits > motif.threshold - 8)
            middle = near + len(motif) // 2
            if places is not None:
                middle = places[middle]
            np.add.at(cells[:, column], middle // CELL_BP, occupancy(bits[near], motif.threshold))
    return cells


def sites(codes: np.ndarray, *, least: float = SITE_OCCUPANCY) -> tuple[Site, ...]:
    """All sites with at least this occupancy, in order along the sequence."""
    found = []
    for motif in motifs():
        for reverse, strand in ((False, "+"), (True, "-")):
            bits = scores(codes, motif, reverse=reverse)
            held = occupancy(bits, motif.threshold)
            found += [
                Site(motif.name, int(at), int(at) + len(motif), strand, float(bits[at]), float(held[at]))
                for at in np.flatnonzero(held >= least)
            ]
    return tuple(sorted(found, key=lambda site: (site.start, site.end, site.motif, site.strand)))
