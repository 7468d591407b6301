"""Candidate enhancers of a gene in a cell type by four scores side by side: contribution, mutagenesis, attention,
distance.

The question is the mean of the cell type's CAGE tracks over the bins of the gene's start. Contribution and mutagenesis
answer for that cell type; attention and distance are the same for every one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from core.attribution.labels import Known
from core.attribution.target import Target
from core.attribution.values import ContributionScores
from core.cards import Provenance
from core.enformer.attending import AttentionProfile
from core.enformer.candidates import Candidate, without_promoter
from core.enformer.enhancers import MAX_CANDIDATES, Score, attention_of, scores_of
from core.errors import SelectionError
from core.genome.gene import Gene
from core.genome.interval import Interval

Measure = Literal["sum", "mean", "signed"]
MEASURES: dict[Measure, str] = {
    "sum": "sum of |gradient × input|",
    "mean": "mean of |gradient × input|",
    "signed": "sum with signs",
}
MEASURE_ABOUT: dict[Measure, str] = {
    "sum": "The absolute contributions of the candidate's letters are added up, so that a wide candidate has more.",
    "mean": "The absolute contributions are averaged over bins of 128 bp, as in Avsec et al. 2021, and then over the "
    "bins that share a letter with the candidate.",
    "signed": "The contributions of the candidate's letters are added up with their signs: letters that hold the gene "
    "back count against the candidate.",
}
SCORES = (
    Score(
        "contribution",
        "Contribution",
        "Gradient × input of the gene's expression in this cell type, over the candidate's letters.",
        of_cell_type=True,
    ),
    Score(
        "mutagenesis",
        "Mutagenesis",
        "How much of the predicted expression is lost when the candidate's letters are shuffled (each pair of "
        "neighbours as often as before): the mean over the shuffles. What raises the expression when shuffled ranks "
        "last.",
        of_cell_type=True,
    ),
    Score(
        "attention",
        "Attention",
        "The share of the attention of the gene's start that goes to the bins of the candidate. The same for every "
        "cell type.",
    ),
    Score(
        "distance",
        "1 / distance",
        "Nearer is higher: one over the distance from the start to the candidate's middle, per kb. It knows neither "
        "the letters nor the cell type.",
    ),
)
SCORE_NAMES = tuple(score.name for score in SCORES)
TITLES = {score.name: score.title for score in SCORES}
SHUFFLES = 3
MOST_SHUFFLES = 20


@dataclass(frozen=True, eq=False)
class EnhancerScores:
    """Candidates of one gene in one cell type, from left to right, and the scores that are known.

    Attributes
    ----------
    tss : 0-based first transcribed base.
    target, target_value : what is explained, and its value as the window is.
    seen : where candidates were looked for.
    scores : name -> (candidates,) float64; NaN where a candidate's is not known yet. Names as of `SCORES`.
    distances_bp : (candidates,) float64.
    losses : (candidates, shuffles) float32, in the unit of the target's tracks: target as it is minus target with the
        candidate shuffled; NaN where not known yet. None before mutagenesis.
    known : labels of the candidates, or None where nothing is known.
    """

    gene: str
    tss: int
    cell_type: str
    target: Target
    target_value: float
    seen: Interval
    candidates: tuple[Candidate, ...]
    scores: Mapping[str, np.ndarray]
    distances_bp: np.ndarray
    provenance: Provenance
    losses: np.ndarray | None = None
    known: Known | None = None
    measure: Measure = "sum"
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        count = (len(self.candidates),)
        for values in (*self.scores.values(), self.distances_bp):
            if values.shape != count:
                raise ValueError(f"{values.shape} numbers for {count[0]} candidates")
            values.setflags(write=False)
        if self.losses is not None and (self.losses.ndim != 2 or self.losses.shape[:1] != count):
            raise ValueError(f"{self.losses.shape} losses for {count[0]} candidates")
        if self.known is not None and self.known.labels.shape != count:
            raise ValueError(f"{self.known.labels.shape} labels for {count[0]} candidates")
        if not set(self.scores) <= set(SCORE_NAMES):
            raise ValueError(f"scores {tuple(self.scores)}")

    def order(self, score: str) -> np.ndarray:
        """(candidates,) places, the largest score first; what has no score comes last."""
        values = self.scores[score]
        return np.argsort(np.where(np.isnan(values), np.inf, -values), kind="stable")

    @property
    def spread(self) -> np.ndarray | None:
        """(candidates,) float64: standard deviation of the loss between shuffles; None without two of them."""
        if self.losses is None or self.losses.shape[1] < 2:
            return None
        return self.losses.std(axis=1, dtype=np.float64)

    @property
    def relative(self) -> np.ndarray | None:
        """(candidates,) float64: mean loss over the target's value; None without mutagenesis or of a target of 0."""
        if self.losses is None or not self.target_value:
            return None
        return self.losses.mean(axis=1, dtype=np.float64) / self.target_value

    def complete(self) -> tuple[str, ...]:
        """Names of the scores that every candidate has, in the order of `SCORES`."""
        return tuple(name for name in SCORE_NAMES if name in self.scores and np.isfinite(self.scores[name]).all())


def contribution_of(
    per_base: np.ndarray,
    start: int,
    candidates: Sequence[Candidate],
    *,
    measure: Measure = "sum",
    bin_size_bp: int = 128,
) -> np.ndarray:
    """What the letters of each candidate contribute: (candidates,) float64.

    Parameters
    ----------
    per_base : (length,) contributions of the letters of a window. start : where its first letter lies.
    candidates : those that reach out of the window count with the letters inside.
    measure : "sum" of absolute values over the candidate's letters; "mean" over the bins, pooled over `bin_size_bp`
        letters from the window's left edge, that share a letter with it; or "signed", the sum without absolute values.

    Source: Avsec et al. 2021, Methods: the absolute value of gradient x input, averaged over bins of 128 bp.
    """
    length = len(per_base)
    values = np.asarray(per_base, np.float64)
    values = values if measure == "signed" else np.abs(values)
    found = np.zeros(len(candidates))
    if measure == "mean":
        pooled = values[: length // bin_size_bp * bin_size_bp].reshape(-1, bin_size_bp).mean(axis=1)
    for place, candidate in enumerate(candidates):
        first, stop = max(0, candidate.interval.start - start), min(length, candidate.interval.end - start)
        if first >= stop:
            continue
        if measure == "mean":
            found[place] = pooled[first // bin_size_bp : -(-stop // bin_size_bp)].mean()
        else:
            found[place] = values[first:stop].sum()
    return found


def attention_by_head(profile: AttentionProfile, candidates: Sequence[Candidate]) -> np.ndarray:
    """(candidates, layers, heads) float32: the share of the attention that goes to the bins of each candidate."""
    if profile.interval is None:
        raise ValueError("the place of the attention is not known")
    start, size = profile.interval.start, profile.bin_size_bp
    found = np.zeros((len(candidates), profile.layers, profile.heads), np.float32)
    for place, candidate in enumerate(candidates):
        first, stop = (candidate.interval.start - start) // size, -((start - candidate.interval.end) // size)
        found[place] = profile.weights[..., max(0, first) : max(0, stop)].sum(axis=-1)
    return found


def candidates_of(given: Iterable[Candidate], gene: Gene, seen: Interval) -> tuple[Candidate, ...]:
    """Those that lie inside of `seen` and not at the gene's own promoter, from left to right, each place once.

    Raises
    ------
    SelectionError
        More than `MAX_CANDIDATES`.
    """
    inside = {c.id: c for c in without_promoter(given, gene) if seen.contains(c.interval)}
    if len(inside) > MAX_CANDIDATES:
        raise SelectionError(
            f"{len(inside):,} candidates lie in {seen.locus}, at most {MAX_CANDIDATES} are ranked; give a file with "
            "fewer, or choose predicted peaks."
        )
    return tuple(sorted(inside.values(), key=lambda c: (c.interval.start, c.interval.end)))


def rank_by_contribution(
    gene: Gene,
    cell_type: str,
    target: Target,
    candidates: Sequence[Candidate],
    seen: Interval,
    *,
    provenance: Provenance,
    contributions: ContributionScores | None = None,
    measure: Measure = "sum",
    losses: np.ndarray | None = None,
    target_value: float | None = None,
    profile: AttentionProfile | None = None,
    layer: int | None = None,
    head: int | None = None,
    known: Known | None = None,
    notes: tuple[str, ...] = (),
) -> EnhancerScores:
    """Candidates of a gene with every score that is known; what is not given makes no column.

    Parameters
    ----------
    candidates : as `candidates_of` gives them. seen : where they were looked for.
    contributions : gradient x input of the target over the window, with its place.
    losses : (candidates, shuffles), see `EnhancerScores`; as `core.attribution.enhancer_asking` finds them.
    target_value : of the window as it is; that of the contributions where it is not given.
    profile : what the gene's start attends to. layer, head : whose attention counts; None is the mean over all.

    Raises
    ------
    SelectionError
        There is no such layer or head.
    """
    candidates = tuple(candidates)
    distances = np.array([abs(c.interval.centre - gene.tss) for c in candidates], dtype=np.float64)
    found: dict[str, np.ndarray] = {}
    if contributions is not None:
        if contributions.interval is None:
            raise ValueError("the place of the contributions is not known")
        start, target_value = contributions.interval.start, contributions.target_value
        found["contribution"] = contribution_of(contributions.per_base, start, candidates, measure=measure)
    if losses is not None:
        found["mutagenesis"] = losses.mean(axis=1, dtype=np.float64)
    if profile is not None:
        profile.row(layer, head)  # refuses what there is not
        found["attention"] = attention_of(attention_by_head(profile, candidates), layer, head)
    nothing = np.zeros(len(candidates))
    found["distance"] = scores_of(nothing, distances, nothing)["distance"]
    return EnhancerScores(
        gene=gene.symbol,
        tss=gene.tss,
        cell_type=cell_type,
        target=target,
        target_value=float("nan") if target_value is None else target_value,
        seen=seen,
        candidates=candidates,
        scores={name: found[name] for name in SCORE_NAMES if name in found},
        distances_bp=distances,
        provenance=provenance,
        losses=losses,
        known=known,
        measure=measure,
        notes=notes,
    )
