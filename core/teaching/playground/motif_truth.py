"""Which motif instances of the playground truly matter for a target, and how many of them were named rightly."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from core.attribution.motif_library import jaspar
from core.attribution.target import Target
from core.genome import Interval
from core.teaching.playground.files import playground_sites
from core.teaching.playground.grammar import (
    BIN_SIZE_BP,
    GenePlan,
    Grammar,
    bin_means,
    cell_tracks,
    elements,
    expression,
    readable_share,
)
from core.teaching.playground.motifs import motifs
from core.teaching.playground.occupancy import CELL_BP, cell_occupancy, encode
from core.teaching.playground.world import REACHES_AROUND, world

if TYPE_CHECKING:
    import pandas as pd

    from core.attribution.seqlets import Seqlet
    from core.attribution.values import ContributionScores

STRONG_SHARE = 0.1
RULE = (
    f"By the grammar: an instance is strong when the target changes by at least {STRONG_SHARE:.0%} without it. A "
    "seqlet is named rightly when its best motif is of the family of a site that it shares half its letters with."
)
_NEAR = 12  # sites of the file that are looked at for one of the same motif


@dataclass(frozen=True)
class Instance:
    """A planted or chance site of a factor that is at least half occupied.

    Attributes
    ----------
    motif, matrix_id : as in the grammar. families : of the factor in JASPAR.
    interval : where, with its strand. Sites of one motif that share half their letters are one instance.
    places : start of each site, and its occupancy, 0 to 1.
    """

    motif: str
    matrix_id: str
    families: tuple[str, ...]
    interval: Interval
    places: tuple[tuple[int, float], ...]


@cache
def _sites() -> dict[str, tuple[Instance, ...]]:
    factors = {motif.name: motif.matrix_id for motif in motifs()}
    families = {name: jaspar().find(matrix_id).families for name, matrix_id in factors.items()}
    found: dict[str, list[Instance]] = {}
    for line in gzip.decompress(playground_sites().read_bytes()).decode("ascii").splitlines():
        chrom, start, end, name, score, strand = line.split("\t")
        site = Instance(
            name,
            factors[name],
            families[name],
            Interval(chrom, int(start), int(end), strand),
            ((int(start), float(score) / 1000),),
        )
        before = found.setdefault(chrom, [])
        near = range(max(0, len(before) - _NEAR), len(before))
        same = [place for place in near if _same(before[place], site)]
        if not same:
            before.append(site)
            continue
        joined = before[same[0]]
        wider = replace(joined.interval, end=max(joined.interval.end, site.interval.end))
        before[same[0]] = replace(joined, interval=wider, places=joined.places + site.places)
    return {chrom: tuple(instances) for chrom, instances in found.items()}


def _same(one: Instance, other: Instance) -> bool:
    return one.motif == other.motif and 2 * _shared(one.interval, other.interval) >= other.interval.width_bp


def _shared(one: Interval, other: Interval) -> int:
    return min(one.end, other.end) - max(one.start, other.start)


def instances_in(place: Interval) -> tuple[Instance, ...]:
    """The instances that lie wholly in a place, along the chromosome.

    Raises
    ------
    GenomeFileError, MotifDatabaseError
        The playground's files, or the families of its factors, cannot be had.
    """
    return tuple(one for one in _sites().get(place.chrom, ()) if place.contains(one.interval))


@lru_cache(maxsize=2)
def _read(chrom: str, start: int, end: int) -> tuple[np.ndarray, np.ndarray]:
    codes = encode(world().genome.fetch(Interval(chrom, start, end)))
    return cell_occupancy(codes), readable_share(codes, -(-len(codes) // CELL_BP))


def effects_of(instances: Iterable[Instance], bins: Interval, target: Target) -> np.ndarray:
    """What each instance gives to a target by the grammar: (instances,) float64, as a share of the target.

    It is the target minus the target without the instance's occupancy, divided by the target; negative where the
    instance holds it down.

    Parameters
    ----------
    bins : from the first to the last bin of the target, which are one after another, on the genome.
    target : its tracks are the playground's twelve.
    """
    grammar = Grammar()
    around = int(REACHES_AROUND * max(grammar.reach_bp, grammar.silencer_reach_bp)) // BIN_SIZE_BP * BIN_SIZE_BP
    length = world().genome.contigs[bins.chrom]
    start = max(bins.start - around, bins.start % BIN_SIZE_BP)
    end = min(bins.end + around, length)
    occupied, readable = _read(bins.chrom, start, end)
    plans = tuple(
        GenePlan(g.symbol, g.strand, g.tss - start, g.tes - start, tuple((a - start, b - start) for a, b in g.exons))
        for g in world().genes[bins.chrom]
        if g.body[0] < end and g.body[1] > start
    )
    shown = slice((bins.start - start) // BIN_SIZE_BP, (bins.end - start) // BIN_SIZE_BP)

    def value(cells: np.ndarray) -> float:
        found = elements(cells, grammar)
        tracks = cell_tracks(found, expression(found, plans, grammar), plans, readable)
        return float(target.value(bin_means(tracks)[shown][:, list(target.all_tracks)]))

    whole = value(occupied)
    columns = {motif.name: column for column, motif in enumerate(motifs())}
    shares = []
    for instance in instances:
        without = occupied.copy()
        for at, share in instance.places:
            cell = (at - start + len(motifs()[columns[instance.motif]]) // 2) // CELL_BP
            if 0 <= cell < len(without):
                without[cell, columns[instance.motif]] = max(0.0, without[cell, columns[instance.motif]] - share)
        shares.append((whole - value(without)) / whole if whole else 0.0)
    return np.array(shares, np.float64)


@dataclass(frozen=True, eq=False)
class NamedInstances:
    """What was named, against the grammar.

    Attributes
    ----------
    instances : those of the stretch that was scored. shares : (instances,) what each gives, see `effects_of`.
    found : (instances,) bool, whether a seqlet on it was named rightly. touched : (instances,) bool, whether a seqlet
        lies on it, whatever its name.
    named : seqlets with a name. right : those that were named rightly, on a strong instance or not.
    """

    instances: tuple[Instance, ...]
    shares: np.ndarray
    found: np.ndarray
    touched: np.ndarray
    named: int
    right: int

    def __post_init__(self) -> None:
        for values in (self.shares, self.found, self.touched):
            if values.shape != (len(self.instances),):
                raise ValueError(f"{values.shape} numbers for {len(self.instances)} instances")
            values.setflags(write=False)

    @property
    def strong(self) -> np.ndarray:
        """(instances,) bool: those that change the target by at least `STRONG_SHARE`."""
        return np.abs(self.shares) >= STRONG_SHARE

    @property
    def precision(self) -> float:
        """Share of the named seqlets that lie on a site of that family; not a number without any."""
        return self.right / self.named if self.named else float("nan")

    @property
    def recall(self) -> float:
        """Share of the strong instances with a rightly named seqlet; not a number without any."""
        return float(self.found[self.strong].mean()) if self.strong.any() else float("nan")

    @property
    def sentence(self) -> str:
        """For example "12 of 14 strong instances were named rightly (recall 0.86); ..."."""
        strong = int(self.strong.sum())
        recall = f" (recall {self.recall:.2f})" if strong else ""
        precision = f" (precision {self.precision:.2f})" if self.named else ""
        return (
            f"{int(self.found[self.strong].sum())} of {strong} strong instances were named rightly{recall}; "
            f"{self.right} of {self.named} named seqlets lie on a site of that family{precision}."
        )


def judge(
    matches: pd.DataFrame, instances: Iterable[Instance], shares: np.ndarray, seqlets: Iterable[Interval] = ()
) -> NamedInstances:
    """Compare what `match_motifs` named with the instances.

    Parameters
    ----------
    matches : of scores with an interval; only each seqlet's best motif counts.
    instances : of the stretch that was scored. shares : (instances,), see `effects_of`.
    seqlets : every seqlet, those without a name too, on the genome; by default those with one.
    """
    instances = tuple(instances)
    best = matches[matches["rank"] == 1]
    families = {motif.matrix_id: set(motif.families) for motif in jaspar().motifs}
    named = [
        (
            Interval(row.chrom, int(row.position) - 1, int(row.position) - 1 + row.end - row.start),
            families[row.matrix_id],
        )
        for row in best.itertuples()
    ]
    found, right = np.zeros(len(instances), bool), 0
    for place, family in named:
        on = [number for number, one in enumerate(instances) if _on(place, one) and family & set(one.families)]
        found[on] = True
        right += bool(on)
    every = [place for place, _ in named] + list(seqlets)
    touched = np.array([any(_on(place, one) for place in every) for one in instances], dtype=bool)
    return NamedInstances(instances, np.asarray(shares, np.float64).copy(), found, touched, len(named), right)


def judge_scores(
    scores: ContributionScores, found: Sequence[Seqlet], matches: pd.DataFrame, bins: Interval
) -> NamedInstances:
    """Seqlets and matches of scores with an interval on the playground, against all instances of that stretch.

    Parameters
    ----------
    bins : as of `effects_of`.
    """
    place = scores.interval
    inside = Interval(place.chrom, max(place.start, 0), min(place.end, world().genome.contigs[place.chrom]))
    instances = instances_in(inside)
    by = place.start - scores.start
    spots = [Interval(place.chrom, by + seqlet.start, by + seqlet.end) for seqlet in found]
    return judge(matches, instances, effects_of(instances, bins, scores.target), spots)


def _on(place: Interval, instance: Instance) -> bool:
    """Whether they share at least half the letters of the shorter one."""
    if place.chrom != instance.interval.chrom:
        return False
    return 2 * _shared(place, instance.interval) >= min(place.width_bp, instance.interval.width_bp)
