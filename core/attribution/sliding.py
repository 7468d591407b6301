"""Candidates that need no file: windows of 2 kb side by side, and stretches whose predicted state is an enhancer."""

from __future__ import annotations

from core.enformer.candidates import Candidate
from core.enformer.states import call_states, rule_for, state_runs
from core.enformer.tracks import TrackTable
from core.enformer.values import TrackSet
from core.errors import SelectionError
from core.genome.interval import Interval

SLIDING_BINS = 16  # 2,048 bp of Enformer's bins of 128 bp
STEP_BINS = 8
ENHANCER_STATES = ("E", "WE")
SLIDING_RULE = (
    f"Windows of {SLIDING_BINS} bins (2 kb), one every {STEP_BINS} bins, so that every place lies in two of them."
)
STATES_RULE = "Neighbouring bins whose predicted state is enhancer (E) or weak enhancer (WE) are one candidate."


def sliding_candidates(
    seen: Interval, bin_size_bp: int, *, bins: int = SLIDING_BINS, step: int = STEP_BINS
) -> tuple[Candidate, ...]:
    """Equally wide windows over a stretch, from left to right; what is left at the right end is in none.

    Parameters
    ----------
    seen : begins at the left edge of a bin.
    bins, step : width of a window and the way to the next, in bins.

    Raises
    ------
    SelectionError
        The stretch is shorter than one window.
    """
    width, way = bins * bin_size_bp, step * bin_size_bp
    if seen.width_bp < width:
        raise SelectionError(
            f"Windows of {width:,} bp do not fit into {seen.width_bp:,} bp; choose other candidates or a model that "
            "shows more."
        )
    starts = range(seen.start, seen.end - width + 1, way)
    places = (Interval(seen.chrom, start, start + width) for start in starts)
    return tuple(Candidate(place, f"window at {place.centre + 1:,}") for place in places)


def state_candidates(found: TrackSet, table: TrackTable, cell_type: str) -> tuple[Candidate, ...]:
    """Stretches whose predicted chromatin state is an enhancer, of a cell type.

    Parameters
    ----------
    found : the prediction around the gene, which also gives the cuts where they are not fixed; see
        `core.enformer.states.rule_for`.

    Raises
    ------
    SelectionError
        The place is not known, or no enhancer can be called of this cell type.
    """
    rule = rule_for(table, cell_type, found) if found.interval is not None else None
    if rule is None or set(ENHANCER_STATES) <= set(rule.uncallable):
        raise SelectionError(f"No enhancer state can be called of {cell_type!r}; choose other candidates.")
    size, chrom, start = found.bin_size_bp, found.interval.chrom, found.interval.start
    runs: list[tuple[int, int, str]] = []
    for run in state_runs(call_states(rule, found)):
        code = None if run.state is None else run.state.code
        if code not in ENHANCER_STATES:
            continue
        if runs and runs[-1][1] == run.first:  # E beside WE
            runs[-1] = (runs[-1][0], run.stop, ENHANCER_STATES[0])
        else:
            runs.append((run.first, run.stop, code))
    made = []
    for first, stop, code in runs:
        place = Interval(chrom, start + first * size, start + stop * size)
        made.append(Candidate(place, f"{code} at {place.centre + 1:,}"))
    return tuple(made)
