"""Numbers of an effect: over the whole window, around the variant, and at transcription starts; always reference,
alternative and effect together, with their spread over the runs.

Of several runs each number is made of every run; the effect is their mean, the spread their population standard
deviation, and the interval reaches from the smallest to the largest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from core.effects.values import VariantEffect
from core.enformer.tracks import Track
from core.genome.gene import Gene
from core.genome.variant import Variant

LOCAL_BP = 501
HISTONE_BP = 2_001
TSS_NEIGHBOURS = 1  # bins on either side of the one that holds a transcription start: 447 to 449 of a centred one
PSEUDOCOUNT = 1.0
FOLD_PSEUDOCOUNT = 0.01
_HISTONE = re.compile(r"H(1|2A|2B|3|4)")

SENTENCES = {
    "sad": "SAD, mean: the alternative minus the reference, each the mean over all bins that are shown.",
    "sad_sum": "SAD, sum: the same with sums over all bins that are shown, as basenji adds them up.",
    "sar": "SAR: log2(1 + alternative) minus log2(1 + reference), each the mean over all bins that are shown.",
    "sar_sum": "SAR, sum: log2(1 + alternative) minus log2(1 + reference), each the sum over all bins that are shown.",
    "log2_fold": f"log2 fold: log2 of (alternative + {FOLD_PSEUDOCOUNT:g}) over (reference + {FOLD_PSEUDOCOUNT:g}), "
    "each the mean over all bins that are shown; the number added keeps tracks near 0 from giving huge folds.",
    "local": f"Local: alternative minus reference, each the mean over the bins that share a base with {LOCAL_BP} bp "
    f"around the variant ({HISTONE_BP:,} bp for histone marks, which are broad).",
    "local_log2_fold": "Local log2 fold: log2 of (1 + alternative) over (1 + reference), each the sum over those bins, "
    "as AlphaGenome scores variants.",
    "gene": "Gene: alternative minus reference, each the mean over the bin of the gene's transcription start and one "
    "bin on either side.",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Score:
    """One number of each track.

    Attributes
    ----------
    name : a key of `SENTENCES`. title : with the place it was taken at, for a table.
    ref, alt : (tracks,) float64: the two values that the effect compares, in the track's own unit.
    effect : (tracks,) float64, mean over the runs. spread : its standard deviation over the runs, 0 of a single one.
    low, high : the smallest and the largest over the runs.
    """

    name: str
    title: str
    ref: np.ndarray
    alt: np.ndarray
    effect: np.ndarray
    spread: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @property
    def sentence(self) -> str:
        """What it is."""
        return SENTENCES[self.name]

    @property
    def is_log(self) -> bool:
        """Whether the effect is a difference of logarithms (base 2), without unit."""
        return self.name in ("sar", "sar_sum", "log2_fold", "local_log2_fold")


def _minus(ref: np.ndarray, alt: np.ndarray) -> np.ndarray:
    return alt - ref


def _logs(pseudocount: float) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    # A linear head may go below 0, where there is no logarithm.
    return lambda ref, alt: np.log2(np.maximum(alt, 0) + pseudocount) - np.log2(np.maximum(ref, 0) + pseudocount)


def _score(
    name: str, title: str, ref: np.ndarray, alt: np.ndarray, compare: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> Score:
    """Of (runs, tracks) values."""
    found = compare(ref, alt)
    return Score(
        name, title, ref.mean(axis=0), alt.mean(axis=0), found.mean(axis=0), found.std(axis=0), found.min(axis=0),
        found.max(axis=0),
    )  # fmt: skip


def _sums(effect: VariantEffect, bins: slice = slice(None)) -> tuple[np.ndarray, np.ndarray]:
    return tuple(
        runs[:, bins].sum(axis=1, dtype=np.float64) for runs in (effect.ref_runs, effect.alt_runs)
    )  # (runs, tracks) each


def window_scores(effect: VariantEffect, *, pseudocount: float = FOLD_PSEUDOCOUNT) -> dict[str, Score]:
    """SAD as mean and as sum, SAR of both, and log2 fold, over all bins that are shown."""
    sums = _sums(effect)
    means = tuple(total / effect.bins for total in sums)
    whole = "whole window"
    return {
        "sad": _score("sad", f"{whole}, mean", *means, _minus),
        "sad_sum": _score("sad_sum", f"{whole}, sum", *sums, _minus),
        "sar": _score("sar", f"{whole}, mean", *means, _logs(PSEUDOCOUNT)),
        "sar_sum": _score("sar_sum", f"{whole}, sum", *sums, _logs(PSEUDOCOUNT)),
        "log2_fold": _score("log2_fold", f"{whole}, mean", *means, _logs(pseudocount)),
    }


def is_histone(track: Track) -> bool:
    """Whether it is the ChIP of a histone mark."""
    return track.assay == "CHIP" and _HISTONE.match(track.target) is not None


def local_bp(track: Track) -> int:
    """Width of the stretch around a variant that the local score of a track is taken over."""
    return HISTONE_BP if is_histone(track) else LOCAL_BP


def local_scores(effect: VariantEffect, variant: Variant | None = None) -> dict[str, Score]:
    """Around the variant, or another one; the stretch grows by the letters of its reference allele.

    Source: AlphaGenome's recommended scorers take 501 bp, and 2,001 bp for histone marks, around the variant.
    """
    place = (variant or effect.variant or effect.changes[0]).interval
    wide = np.array([is_histone(track) for track in effect.tracks])
    both = []
    for width in (LOCAL_BP, HISTONE_BP):
        half = width // 2
        bins = effect.bins_over(place.centre - half - (place.width_bp - 1) // 2, place.centre + half + 1
                                + place.width_bp // 2)  # fmt: skip
        both.append((bins.stop - bins.start, *_sums(effect, bins)))
    counts = np.where(wide, both[1][0], both[0][0])
    sums = tuple(np.where(wide, both[1][side], both[0][side]) for side in (1, 2))
    means = tuple(total / counts for total in sums)
    title = f"{LOCAL_BP} bp ({HISTONE_BP:,} bp of histone marks) around the variant"
    return {
        "local": _score("local", f"{title}, mean", *means, _minus),
        "local_log2_fold": _score("local_log2_fold", f"{title}, sum", *sums, _logs(PSEUDOCOUNT)),
    }


@dataclass(frozen=True, eq=False)
class GeneScore:
    """The effect at a gene's transcription start.

    Attributes
    ----------
    distance_bp : from the variant to the start: positive where the variant lies behind it, as the gene is read.
    bins : number of bins that the mean is taken over, 2 or 3.
    score : difference of the means. log2_fold : log2 of (1 + alternative) over (1 + reference), of the same means.
    """

    gene: Gene
    distance_bp: int
    bins: int
    score: Score
    log2_fold: Score


def tss_distance_bp(variant: Variant, gene: Gene) -> int:
    """From a gene's start to the variant, positive downstream as the gene is read; 0 where it covers the start."""
    place = variant.interval
    if place.contains(gene.tss):
        return 0
    ahead = place.start - gene.tss if place.start > gene.tss else place.end - 1 - gene.tss
    return -ahead if gene.interval.strand == "-" else ahead


def start_bins(effect: VariantEffect, tss: int) -> slice:
    """The bins that a gene's score is the mean over: that of its start, which is shown, and one on either side."""
    middle = (tss - effect.interval.start) // effect.bin_size_bp
    return slice(max(0, middle - TSS_NEIGHBOURS), min(effect.bins, middle + TSS_NEIGHBOURS + 1))


def gene_scores(effect: VariantEffect, genes: Iterable[Gene]) -> tuple[GeneScore, ...]:
    """Of every gene whose transcription start lies in the bins that are shown; the nearest to the variant first."""
    variant = effect.variant or effect.changes[0]
    found = []
    for gene in genes:
        if not effect.interval.contains(gene.tss):
            continue
        bins = start_bins(effect, gene.tss)
        count = bins.stop - bins.start
        means = tuple(total / count for total in _sums(effect, bins))
        title = f"{gene.symbol}, {count} bins at its start"
        found.append(
            GeneScore(
                gene, tss_distance_bp(variant, gene), count, _score("gene", title, *means, _minus),
                _score("local_log2_fold", title, *means, _logs(PSEUDOCOUNT)),
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda one: (abs(one.distance_bp), one.gene.symbol)))
