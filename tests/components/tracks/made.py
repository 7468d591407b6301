"""Small predictions and genes, made by hand."""

from __future__ import annotations

import numpy as np

from components.tracks.strip import Strip
from core.cards import Provenance
from core.enformer.tiling import WindowGrid
from core.enformer.tracks import Track
from core.enformer.values import SPREAD_KIND, TrackSet
from core.genome.annotation import Gene, Transcript
from core.genome.interval import Interval

DNASE = Track(3, "ENCFF000AAA", "DNASE:K562", "DNASE", "", "K562", "mean", 32, 2)
CAGE = Track(7, "CNhs12336", "CAGE:K562 <b>&", "CAGE", "", "K562 <b>&", "sum", 384, 1)
LIVER = Track(9, "ENCFF000BBB", "DNASE:HepG2", "DNASE", "", "HepG2", "mean", 32, 2)
TRACKS = (DNASE, CAGE, LIVER)
BINS = 6
TOLD = Provenance("Toy <model>", "abc", "random", "float32", "toy1")
ORIGIN = "playground: simulated genome · grammar 1 · seed 2026"


def prediction(start: int = 1280, *, spread: bool = False, more: float = 0) -> TrackSet:
    """Six bins of 128 bp; the values of track k are k + `more`, k + 1 + `more`, ..."""
    values = np.arange(BINS, dtype=np.float32)[:, None] + np.arange(3, dtype=np.float32) + np.float32(more)
    return TrackSet(
        values, TRACKS, 128, TOLD,
        Interval("chr1", start, start + BINS * 128), "human", "0" * 64, 2,
        np.full_like(values, 0.5) if spread else None,
        SPREAD_KIND if spread else "", ("forward", "reverse complement") if spread else ("forward",),
    )  # fmt: skip


def gene(symbol: str, start: int, end: int, strand: str = "+", *exons: tuple[int, int]) -> Gene:
    """A gene of one transcript; the first exon codes from its middle on."""
    place = Interval("chr1", start, end, strand)
    blocks = tuple(Interval("chr1", a, b, strand) for a, b in exons or ((start, end),))
    coding = Interval("chr1", (blocks[0].start + blocks[0].end) // 2, end, strand)
    return Gene(symbol, "", place, "protein_coding", (Transcript("", "", place, blocks, coding),))


def grid(start: int = 1280, contig_bp: int = 5000) -> WindowGrid:
    """Ten bins read, six predicted."""
    anchor = Interval("chr1", start - 256, start + 1024)
    return WindowGrid.around(anchor, bin_size_bp=128, own_bins=BINS, contig_bp=contig_bp)


def strip(start: int = 1280, *numbers: int, spread: bool = False, **more: object) -> Strip:
    """Tracks 3 and 7 in window 0 or in these, on a chromosome of 5,000 bp; all of the windows is seen."""
    made = grid(start)
    numbers = numbers or (0,)
    found = {n: prediction(made.seen(n).start, spread=spread, more=10 * n) for n in numbers}
    given = {
        "grid": made, "found": found, "tracks": (DNASE, CAGE), "bin_size_bp": 128, "provenance": TOLD,
        "view": (max(0, made.seen(min(numbers)).start), min(5000, made.seen(max(numbers)).end)),
        "assembly": "toy1", "genes": (), "place": Interval("chr1", start + 384, start + 385), "place_name": "",
    }  # fmt: skip
    return Strip(**given | more)


def simulated(start: int = 1280, **more: object) -> Strip:
    """As `strip`, of a simulated genome: the truth of track 3 is twice its prediction, that of track 7 is level."""
    truth = np.stack([2 * np.arange(BINS), np.full(BINS, 5)], axis=1).astype(np.float32)
    return strip(start, **{"origin": ORIGIN, "truth": {0: truth}} | more)
