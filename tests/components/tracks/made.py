"""Small predictions and genes, made by hand."""

from __future__ import annotations

import numpy as np

from components.tracks.view import View
from core.cards import Provenance
from core.enformer.tracks import Track
from core.enformer.values import SPREAD_KIND, TrackSet
from core.genome.annotation import Gene, Transcript
from core.genome.interval import Interval

DNASE = Track(3, "ENCFF000AAA", "DNASE:K562", "DNASE", "", "K562", "mean", 32, 2)
CAGE = Track(7, "CNhs12336", "CAGE:K562 <b>&", "CAGE", "", "K562 <b>&", "sum", 384, 1)
LIVER = Track(9, "ENCFF000BBB", "DNASE:HepG2", "DNASE", "", "HepG2", "mean", 32, 2)
TRACKS = (DNASE, CAGE, LIVER)
BINS = 6


def prediction(start: int = 1280, *, spread: bool = False) -> TrackSet:
    """Six bins of 128 bp; the values of track k are k, k + 1, ..."""
    values = np.arange(BINS, dtype=np.float32)[:, None] + np.arange(3, dtype=np.float32)
    return TrackSet(
        values, TRACKS, 128, Provenance("Toy <model>", "abc", "random", "float32", "toy1"),
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


ORIGIN = "playground: simulated genome · grammar 1 · seed 2026"


def simulated(start: int = 1280, **more: object) -> View:
    """As `view`, of a simulated genome: the truth of track 3 is twice its prediction, that of track 7 is level."""
    truth = np.stack([2 * np.arange(BINS), np.full(BINS, 5)], axis=1).astype(np.float32)
    return view(start, **{"origin": ORIGIN, "truth": truth} | more)


def view(start: int = 1280, *, spread: bool = False, genes: tuple[Gene, ...] | None = (), **more: object) -> View:
    """Ten bins read, six predicted, on a chromosome of 5,000 bp."""
    given = {
        "found": prediction(start, spread=spread), "columns": (3, 7), "contig_bp": 5000, "assembly": "toy1",
        "window": Interval("chr1", start - 256, start + 1024), "genes": genes,
        "place": Interval("chr1", start + 384, start + 385), "place_name": "",
    }  # fmt: skip
    return View(**given | more)
