"""Chromatin states called from predicted marks, by a written rule, under the seven names of the ENCODE segmentation.

A mark is "there" in a bin where its track reaches a cut. The first state of `RULE` whose marks are there names the bin.
The cuts belong to the tracks and never to what is looked at, so a bin keeps its state while one pans.

Source: ChromHMM (Ernst & Kellis 2012, doi 10.1038/nmeth.1906) for states as combinations of marks that are there or
not; the seven classes of the combined segmentation and the marks they stand for from ENCODE Project Consortium 2012
(doi 10.1038/nature11247) and Hoffman et al. 2013 (doi 10.1093/nar/gks1284). ChromHMM learns its combinations and takes
its cuts from a Poisson background of read counts; the rule here is fixed, and predicted coverage has no such
background, so its cuts are chosen as `StateRule.source` says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np

from core.enformer.tracks import Track, TrackTable
from core.enformer.values import TrackSet
from core.genome.annotation import Region
from core.genome.chromatin import CHROMATIN_STATES, ChromatinState
from core.genome.interval import Interval

MARKS = ("H3K4me3", "H3K27ac", "H3K4me1", "DNase", "CTCF", "H3K36me3", "H3K27me3")
# State and alternatives: one of the groups of marks has to be there as a whole. The first state that fits is taken.
RULE: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...] = (
    ("TSS", (("H3K4me3", "DNase"),)),
    ("PF", (("H3K4me3",),)),
    ("E", (("H3K27ac", "DNase"), ("H3K27ac", "H3K4me1"))),
    ("CTCF", (("CTCF",),)),
    ("R", (("H3K27me3",),)),
    ("WE", (("H3K4me1",), ("DNase",))),
    ("T", (("H3K36me3",),)),
    ("R", ((),)),
)
CODES = tuple(state.code for state in CHROMATIN_STATES)
UNKNOWN = -1
# Half the height that the grammar gives to a typical (median) planted element, or gene body, on sim1 and sim2.
PLAYGROUND_CUTS = {
    "H3K4me3": 2.4,
    "H3K27ac": 2.2,
    "H3K4me1": 0.95,
    "DNase": 3.2,
    "CTCF": 10.5,
    "H3K36me3": 2.9,
    "H3K27me3": 2.3,
}
# Of any other model: a mark is there in the highest bins of the window around the place that was asked for, about as
# many as such marks cover of a gene-rich stretch, and at most where it is three times its median there.
TOP_SHARES = {
    "H3K4me3": 0.03,
    "H3K27ac": 0.05,
    "H3K4me1": 0.10,
    "DNase": 0.03,
    "CTCF": 0.02,
    "H3K36me3": 0.20,
    "H3K27me3": 0.10,
}
LEAST_FOLD = 3.0
SHARED_SAMPLES = ("both cell types",)
_TARGETS = {mark.casefold(): mark for mark in MARKS}


@dataclass(frozen=True)
class StateRule:
    """What calls the states of one biosample.

    Attributes
    ----------
    marks : the track that stands for each mark; marks without a track are missing.
    cuts : the value from which on each of these marks is there, in its track's unit.
    source : where the cuts come from, as a sentence.

    Raises
    ------
    ValueError
        Marks and cuts differ, or there are none.
    """

    biosample: str
    marks: tuple[tuple[str, Track], ...]
    cuts: tuple[tuple[str, float], ...]
    source: str

    def __post_init__(self) -> None:
        if [name for name, _ in self.marks] != [name for name, _ in self.cuts] or not self.marks:
            raise ValueError(f"cuts of {self.cuts} for the marks {self.marks}")

    @property
    def missing(self) -> tuple[str, ...]:
        """Marks that this biosample has no track of."""
        return tuple(mark for mark in MARKS if mark not in dict(self.marks))

    @property
    def uncallable(self) -> tuple[str, ...]:
        """States that no combination of the marks at hand gives."""
        cuts = dict(self.cuts)
        ways = np.array(list(product((False, True), repeat=len(cuts))), bool)
        columns = {
            mark: np.where(ways[:, n], cut, np.nextafter(cut, -np.inf)) for n, (mark, cut) in enumerate(cuts.items())
        }
        met = set(states_of(self, columns).tolist())
        return tuple(code for number, code in enumerate(CODES) if number not in met)

    @property
    def missing_sentence(self) -> str:
        """What is not there and what follows; "" where all marks are there."""
        if not self.missing:
            return ""
        many = len(self.missing) > 1
        said = f"{self.biosample} has no predicted track of {_listed(self.missing, 'or')}, so "
        if self.uncallable:
            said += f"{_listed(self.uncallable, 'and')} cannot be called, and "
        return said + (
            "bins are left empty (not known) where another mark of the same group is there; what hangs on "
            f"{'one of these' if many else 'it'} alone is not looked for."
        )

    @property
    def sentences(self) -> tuple[str, ...]:
        """The whole rule in words, from the first state to the last, then the cuts and where they come from."""
        steps = []
        for code, groups in RULE:
            when = " or ".join(" and ".join(group) for group in groups if group) or "none of these"
            steps.append(f"{code}: {when}")
        cuts = ", ".join(f"{mark} ≥ {cut:.3g} ({dict(self.marks)[mark].label})" for mark, cut in self.cuts)
        first = f"The first that fits, in this order: {'; '.join(steps)}."
        return tuple(
            filter(None, (first, f"A mark is there from its cut on: {cuts}.", self.source, self.missing_sentence))
        )


def _listed(words: Sequence[str], last: str) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def mark_of(track: Track) -> str | None:
    """The mark that a track measures, or None; ATAC stands for open chromatin as DNase does."""
    if track.assay in ("DNASE", "ATAC"):
        return "DNase"
    return _TARGETS.get(track.target.casefold()) if track.assay == "CHIP" else None


def marks_of(table: TrackTable, biosample: str) -> dict[str, Track]:
    """Mark -> its track in a biosample, in the order of `MARKS`.

    Of several tracks the first; DNase before ATAC; a track of all biosamples together where there is no own one.
    """
    own: dict[str, Track] = {}
    for wanted in ((biosample,), SHARED_SAMPLES):
        tracks = [track for track in table if track.biosample in wanted]
        for track in sorted(tracks, key=lambda track: (track.assay == "ATAC", track.index)):
            if (mark := mark_of(track)) is not None:
                own.setdefault(mark, track)
    return {mark: own[mark] for mark in MARKS if mark in own}


def state_biosamples(table: TrackTable) -> tuple[str, ...]:
    """Biosamples of which at least two of the marks are predicted, those with the most first, then by name."""
    counts: dict[str, set[str]] = {}
    for track in table:
        if (mark := mark_of(track)) is not None and track.biosample and track.biosample not in SHARED_SAMPLES:
            counts.setdefault(track.biosample, set()).add(mark)
    enough = [sample for sample, marks in counts.items() if len(marks) > 1]
    return tuple(sorted(enough, key=lambda sample: (-len(counts[sample]), sample.casefold(), sample)))


def rule_for(table: TrackTable, biosample: str, anchor: TrackSet) -> StateRule | None:
    """The rule of a biosample; None where it has none of the marks.

    Parameters
    ----------
    anchor : the prediction of the window around the place that was asked for. Cuts of other models than the
        playground's are taken from it, and from nothing else, so that they stay while one pans, and come back with a
        link to the same place.
    """
    marks = marks_of(table, biosample)
    if not marks:
        return None
    if all(track.identifier.startswith("PG") and "simulated" in track.description for track in marks.values()):
        cuts = {mark: PLAYGROUND_CUTS[mark] for mark in marks}
        source = (
            "The cuts are the same everywhere: half of what the grammar gives to a typical planted element or "
            "gene body on sim1 and sim2."
        )
    else:
        cuts = {mark: _cut(anchor.column(track), TOP_SHARES[mark]) for mark, track in marks.items()}
        where = anchor.interval.locus if anchor.interval is not None else "the first window"
        shares = ", ".join(f"{mark} {100 * TOP_SHARES[mark]:.0f} %" for mark in marks)
        source = (
            f"The cuts are taken from the window around the place that was asked for ({where}) and stay while you pan: "
            f"its highest bins ({shares}), but at least {LEAST_FOLD:g} times the track's median there."
        )
    return StateRule(biosample, tuple(marks.items()), tuple(cuts.items()), source)


def _cut(values: np.ndarray, share: float) -> float:
    known = values[np.isfinite(values)].astype(np.float64)
    return max(float(np.quantile(known, 1 - share)), LEAST_FOLD * float(np.median(known)))


def call_states(rule: StateRule, found: TrackSet) -> np.ndarray:
    """(bins,) int8: place of each bin's state in `CHROMATIN_STATES`, or `UNKNOWN`; see `states_of`.

    Raises
    ------
    SelectionError
        A track of the rule was not predicted here.
    """
    return states_of(rule, {mark: found.column(track) for mark, track in rule.marks})


def states_of(rule: StateRule, columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """(bins,) int8 from the tracks of a rule's marks, (bins,) each.

    A bin is `UNKNOWN` where the mark that would decide has no number in it, or where this biosample lacks it and the
    other marks of its group are there. A group of marks that this biosample lacks altogether is left out of the rule.
    """
    cuts = dict(rule.cuts)
    bins = len(next(iter(columns.values())))
    there, away = {}, {}
    for mark in MARKS:
        values = columns.get(mark) if mark in cuts else None
        known = np.zeros(bins, bool) if values is None else np.isfinite(values)
        over = known if values is None else known & (np.where(known, values, 0) >= cuts[mark])
        there[mark], away[mark] = over, known & ~over
    codes = np.full(bins, UNKNOWN, np.int8)
    open_bins = np.ones(bins, bool)
    for code, groups in RULE:
        yes, no = np.zeros(bins, bool), np.ones(bins, bool)
        for group in groups:
            if group and not any(mark in cuts for mark in group):
                continue
            yes |= np.logical_and.reduce([there[mark] for mark in group], axis=0) if group else True
            no &= np.logical_or.reduce([away[mark] for mark in group], axis=0) if group else False
        codes[open_bins & yes] = CODES.index(code)
        open_bins &= no  # what is neither fulfilled nor excluded stays unknown
    return codes


@dataclass(frozen=True)
class StateRun:
    """Neighbouring bins of one state; `state` is None where it is not known."""

    first: int
    stop: int
    state: ChromatinState | None


def state_runs(codes: np.ndarray) -> tuple[StateRun, ...]:
    """Neighbouring bins of one state together, from left to right."""
    if not len(codes):
        return ()
    edges = [0, *(np.flatnonzero(np.diff(codes)) + 1), len(codes)]
    return tuple(
        StateRun(int(first), int(stop), CHROMATIN_STATES[codes[first]] if codes[first] != UNKNOWN else None)
        for first, stop in pairwise(edges)
    )


def state_regions(codes: np.ndarray, chrom: str, start: int, bin_bp: int, contig_bp: int) -> tuple[Region, ...]:
    """Called states as regions in their colours, cut at the ends of the chromosome; what is not known is left out."""
    made = []
    for run in state_runs(codes):
        low, high = max(0, start + run.first * bin_bp), min(contig_bp, start + run.stop * bin_bp)
        if run.state is not None and low < high:
            made.append(Region(Interval(chrom, low, high), run.state.code, None, run.state.colour))
    return tuple(made)
