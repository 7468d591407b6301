"""Which stretches drive a gene? Candidates around its start, scored by attention, by distance and by activity.

The idea and its first picture: Avsec et al. 2021, figure 2. Attention is one number for all cell types: it comes
from the letters before the model knows which track is asked for. So it also appears times the predicted activity of
the cell type, beside the same with the distance in its place (the activity-by-contact model, Fulco et al. 2019, with
1 / distance for the contact).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from core.enformer.attending import AttentionProfile
from core.enformer.candidates import Candidate, activity_tracks, mean_of, without_promoter
from core.enformer.tracks import Track
from core.enformer.values import TrackSet
from core.errors import SelectionError
from core.genome.gene import Gene
from core.genome.interval import Interval

MAX_CANDIDATES = 200


@dataclass(frozen=True)
class Score:
    """A column of a ranking.

    Attributes
    ----------
    title : short, for a heading. about : a sentence that says how it is computed.
    of_cell_type : whether it differs between cell types.
    """

    name: str
    title: str
    about: str
    of_cell_type: bool = False


SCORES = (
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
    Score(
        "attention_activity",
        "Attention × activity",
        "Attention times the predicted activity of the candidate in this cell type.",
        of_cell_type=True,
    ),
    Score(
        "activity_distance",
        "Activity / distance",
        "Predicted activity of the candidate over its distance in kb: the activity-by-contact model of Fulco et al. "
        "2019 with 1 / distance for the contact, before it is divided by the sum over the gene's candidates.",
        of_cell_type=True,
    ),
)
SCORE_NAMES = tuple(score.name for score in SCORES)


@dataclass(frozen=True)
class KnownLink:
    """What is known to drive a gene in a cell type: a stretch, and its share of the expression, 0 to 1."""

    interval: Interval
    share: float
    is_true: bool


@dataclass(frozen=True, eq=False)
class Ranking:
    """Candidates of one gene in one cell type, from left to right, and their scores.

    Attributes
    ----------
    tss : 0-based first transcribed base.
    seen : where candidates were looked for.
    scores : name -> (candidates,) float64.
    distances_bp, activity : (candidates,); activity is in the unit of the tracks.
    attention, expected : (candidates, layers, heads) float32; expected is what their distance alone would give.
    is_true : (candidates,) bool, or None where nothing is known.
    missed : true ones in `seen` that are no candidate.
    active_in : tracks that the activity comes from.
    """

    gene: str
    tss: int
    cell_type: str
    seen: Interval
    candidates: tuple[Candidate, ...]
    scores: Mapping[str, np.ndarray]
    distances_bp: np.ndarray
    activity: np.ndarray
    attention: np.ndarray
    expected: np.ndarray
    is_true: np.ndarray | None = None
    missed: int = 0
    active_in: tuple[Track, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        count = (len(self.candidates),)
        for values in (*self.scores.values(), self.distances_bp, self.activity):
            if values.shape != count:
                raise ValueError(f"{values.shape} numbers for {count} candidates")
        for values in (self.attention, self.expected):
            if values.ndim != 3 or values.shape[:1] != count:
                raise ValueError(f"{values.shape} is not ({count[0]} candidates, layers, heads)")
        if self.is_true is not None and self.is_true.shape != count:
            raise ValueError(f"{self.is_true.shape} truths for {count} candidates")

    def order(self, score: str) -> np.ndarray:
        """(candidates,) places, the largest score first."""
        return np.argsort(-self.scores[score], kind="stable")


def _with_truth(
    candidates: tuple[Candidate, ...], known: Iterable[KnownLink], seen: Interval
) -> tuple[tuple[Candidate, ...], np.ndarray, int]:
    """(candidates with their shares, (candidates,) bool, how many true ones have none).

    Each known stretch belongs to the candidate that shares most bases with it.
    """
    shares, is_true, missed = np.zeros(len(candidates)), np.zeros(len(candidates), dtype=bool), 0
    for link in known:
        if link.interval.start < seen.start or link.interval.end > seen.end:
            continue
        shared = [
            min(link.interval.end, c.interval.end) - max(link.interval.start, c.interval.start) for c in candidates
        ]
        best = int(np.argmax(shared)) if shared else -1
        if best < 0 or shared[best] <= 0:
            missed += link.is_true
            continue
        shares[best] += link.share
        is_true[best] |= link.is_true
    told = tuple(replace(c, share=float(share)) for c, share in zip(candidates, shares, strict=True))
    return told, is_true, missed


def rank(
    found: TrackSet,
    profile: AttentionProfile,
    gene: Gene,
    cell_type: str,
    candidates: Iterable[Candidate],
    *,
    layer: int | None = None,
    head: int | None = None,
    known: Iterable[KnownLink] | None = None,
) -> Ranking:
    """Score candidates of a gene.

    Parameters
    ----------
    found : predicted tracks around the gene.
    profile : what the gene's start attends to, in the same window.
    candidates : those that lie outside of `found` or at the gene's own promoter are left out.
    layer, head : whose attention counts; None is the mean over all.
    known : true stretches of this gene in this cell type, or None where they are not known.

    Raises
    ------
    SelectionError
        Nothing is known of this cell type, there is no such layer or head, or too many candidates.
    """
    seen, read = found.interval, profile.interval
    if seen is None or read is None or not read.contains(seen):
        raise ValueError("prediction and attention are of different windows")
    opened, marked = activity_tracks(found.tracks, cell_type)
    if not opened:
        raise SelectionError(f"There is no predicted DNase or ATAC of {cell_type!r} here; choose another cell type.")
    inside = tuple(c for c in without_promoter(candidates, gene) if seen.contains(c.interval))
    if len(inside) > MAX_CANDIDATES:
        raise SelectionError(
            f"{len(inside):,} candidates lie in {seen.locus}, at most {MAX_CANDIDATES} are ranked; give a file with "
            "fewer, or choose predicted peaks."
        )
    is_true, missed = None, 0
    if known is not None:
        inside, is_true, missed = _with_truth(inside, known, seen)
    profile.row(layer, head)  # refuses what there is not
    open_signal = mean_of(found, opened)
    mark_signal = mean_of(found, marked) if marked else None
    activity = np.zeros(len(inside))
    shape = (len(inside), profile.layers, profile.heads)
    by_head, expected = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    for place, candidate in enumerate(inside):
        here = _bins_of(candidate.interval, read.start, profile.bin_size_bp)
        by_head[place], expected[place] = profile.weights[..., here].sum(-1), profile.expected[..., here].sum(-1)
        shown = _bins_of(candidate.interval, seen.start, found.bin_size_bp)
        opening = open_signal[shown].mean()
        activity[place] = opening if mark_signal is None else np.sqrt(opening * mark_signal[shown].mean())
    distances = np.array([abs(c.interval.centre - gene.tss) for c in inside], dtype=np.float64)
    return Ranking(
        gene=gene.symbol,
        tss=gene.tss,
        cell_type=cell_type,
        seen=seen,
        candidates=inside,
        scores=scores_of(attention_of(by_head, layer, head), distances, activity),
        distances_bp=distances,
        activity=activity,
        attention=by_head,
        expected=expected,
        is_true=is_true,
        missed=missed,
        active_in=opened + marked,
    )


def attention_of(by_head: np.ndarray, layer: int | None, head: int | None) -> np.ndarray:
    """(candidates, layers, heads) -> (candidates,): of a layer and a head, None being the mean over them."""
    layers = slice(None) if layer is None else slice(layer, layer + 1)
    heads = slice(None) if head is None else slice(head, head + 1)
    return by_head[:, layers, heads].mean(axis=(1, 2), dtype=np.float64)


def scores_of(attention: np.ndarray, distances_bp: np.ndarray, activity: np.ndarray) -> dict[str, np.ndarray]:
    """Every score of `SCORES`, (candidates,) float64 each, from what they are made of."""
    attention, activity = np.asarray(attention, dtype=np.float64), np.asarray(activity, dtype=np.float64)
    near = 1000.0 / np.maximum(np.asarray(distances_bp, dtype=np.float64), 1.0)
    return {
        "attention": attention,
        "distance": near,
        "attention_activity": attention * activity,
        "activity_distance": activity * near,
    }


def _bins_of(place: Interval, start: int, size: int) -> slice:
    """Bins that share a base with a place; `start` is where bin 0 begins."""
    return slice((place.start - start) // size, -((start - place.end) // size))
