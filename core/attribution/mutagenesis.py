"""Contributions from true changes of letters: each other letter in each place, predicted again by exact reuse."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.attribution.asked import PLAIN, AskedTarget, OnProgress, part_of
from core.attribution.target import Target
from core.attribution.values import ContributionScores
from core.enformer.averaging import Averaging
from core.enformer.edits import Edit, Flank
from core.errors import SelectionError
from core.genome.interval import Interval
from core.genome.sequence import BASES

if TYPE_CHECKING:
    from core.enformer.engine import EnformerEngine


def saturation_mutagenesis(
    engine: EnformerEngine,
    sequence: str | np.ndarray,
    target: Target,
    start: int,
    end: int,
    *,
    interval: Interval | None = None,
    averaging: Averaging = PLAIN,
    flanks: Flank = ("", ""),
    on_progress: OnProgress = None,
) -> ContributionScores:
    """Effect on the target of each other letter in each place of a stretch: target with it - target as it is.

    Of the tower only what a change reaches is computed again. An exact engine (precision "float32") is wanted: effects
    of single letters are small.

    Parameters
    ----------
    start, end : the stretch, 0-based half-open in the window.
    sequence, interval, averaging, flanks, on_progress : as for `EnformerEngine.predict`; averaged are the effects of
        each run.

    Returns
    -------
    `values` (end - start, 4) float32, columns A, C, G, T: 0 at the letter that is there, and 0 throughout where none is
    known (N): the model reads zeros there, so that there is no letter to compare with.

    Raises
    ------
    SelectionError, SequenceError, DeviceMemoryError, ModelOutputError
        As `EnformerEngine.iter_edits`; also of a stretch that does not lie in the window.
    """
    asked = AskedTarget.of(engine, sequence, target, interval=interval, averaging=averaging, flanks=flanks)
    start, end = asked.stretch(start, end)
    return _scores(asked, range(start, end), start, end, on_progress)


def mutagenesis_at(
    engine: EnformerEngine,
    sequence: str | np.ndarray,
    target: Target,
    positions: Iterable[int],
    *,
    interval: Interval | None = None,
    averaging: Averaging = PLAIN,
    flanks: Flank = ("", ""),
    on_progress: OnProgress = None,
) -> ContributionScores:
    """As `saturation_mutagenesis`, of some places alone: what `agreement` compares a gradient with.

    Returns
    -------
    Scores from the first to the last place given; `values` are NaN at the places between.

    Raises
    ------
    SelectionError, SequenceError, DeviceMemoryError, ModelOutputError
        As `saturation_mutagenesis`; also of no place at all.
    """
    asked = AskedTarget.of(engine, sequence, target, interval=interval, averaging=averaging, flanks=flanks)
    places = sorted(set(positions))
    if not places:
        raise SelectionError("No place is chosen; give at least one, from 0 in the window.")
    start, end = asked.stretch(places[0], places[-1] + 1)
    return _scores(asked, places, start, end, on_progress)


def substitutions(letters: str, places: Iterable[int]) -> list[Edit]:
    """Each other letter in each of these places of a window, in the order of A, C, G, T; none where no letter is known.

    Parameters
    ----------
    letters : of the window, upper case.
    """
    known = ((place, letters[place]) for place in places if letters[place] in BASES)
    return [Edit(place, there, other) for place, there in known for other in BASES if other != there]


def changes(asked: AskedTarget, edits: Sequence[Edit], on_progress: OnProgress = None) -> tuple[np.ndarray, np.ndarray]:
    """Target after each edit minus target as it is, of each run.

    Parameters
    ----------
    edits : each by itself, as long as what they replace.

    Returns
    -------
    (runs, edits) float64, and (runs,) float64: the target of what each run reads as it is.

    Raises
    ------
    SelectionError, SequenceError, DeviceMemoryError, ModelOutputError
        As `EnformerEngine.iter_edits`.
    """
    engine, target, runs = asked.engine, asked.target, asked.runs
    found, values = np.zeros((len(runs), len(edits))), np.empty(len(runs))
    for number, run in enumerate(runs):
        own = [asked.edit_in(edit, run) for edit in edits]
        made = engine.iter_edits(
            asked.asked.read(run),
            [edit for edit in own if edit is not None],
            tracks=target.all_tracks,
            bins=asked.bins(run),
            head=target.head,
            on_progress=part_of(on_progress, number / len(runs), 1 / len(runs)),
        )
        values[number] = target.value(made.reference)
        read = [place for place, edit in enumerate(own) if edit is not None]
        for place, (_, predicted) in zip(read, made, strict=True):
            found[number, place] = target.value(predicted) - values[number]
    if on_progress is not None:
        on_progress(1.0)
    return found, values


def _scores(
    asked: AskedTarget, places: Iterable[int], start: int, end: int, on_progress: OnProgress
) -> ContributionScores:
    places = list(places)
    edits = substitutions(asked.letters, places)
    found, values = changes(asked, edits, on_progress)
    tables = effect_tables(edits, found, places, start, end)
    return scores_of(asked, tables, float(values.mean()), start)


def effect_tables(edits: Sequence[Edit], found: np.ndarray, places: Iterable[int], start: int, end: int) -> np.ndarray:
    """(runs, end - start, 4) float32 of substitutions and their effects (runs, edits); NaN where nothing was asked."""
    tables = np.full((len(found), end - start, 4), np.nan, np.float32)
    tables[:, [place - start for place in places]] = 0
    rows = [edit.start - start for edit in edits]
    tables[:, rows, [BASES.index(edit.alt) for edit in edits]] = found
    return tables


def scores_of(asked: AskedTarget, tables: np.ndarray, target_value: float, start: int) -> ContributionScores:
    """Effects of each run, (runs, length, 4) float32 from `start` on, as scores."""
    end = start + tables.shape[1]
    return ContributionScores(
        values=tables.mean(axis=0, dtype=np.float64).astype(np.float32),
        method="saturation_mutagenesis",
        letters=asked.letters[start:end],
        start=start,
        target=asked.target,
        target_value=target_value,
        provenance=asked.engine.provenance,
        interval=asked.place(start, end),
        spread=None if len(tables) == 1 else tables.mean(axis=2).std(axis=0).astype(np.float32),
        runs=asked.names,
        notes=asked.notes(start, end),
    )
