"""Predictions of a window as it is: tower and transformer of every run, each only where it is not known from before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.enformer.averaging import Mean, Run, averaging_notes
from core.enformer.values import SPREAD_KIND, TrackSet

if TYPE_CHECKING:
    import torch

    from core.enformer.asked import Asked
    from core.enformer.engine import EnformerEngine, OnProgress
    from core.enformer.meter import Meter
    from core.enformer.reuse import Known, Reading


@dataclass(frozen=True, eq=False)
class RunResult:
    """What one run gave.

    Attributes
    ----------
    values : (bins, tracks) float32, of the bins asked, in the order of the forward strand.
    computed : how many bins of its tower were computed.
    known : its tower, where it was asked for.
    """

    run: Run
    values: np.ndarray
    computed: int
    known: Known | None


def predict(engine: EnformerEngine, question: Asked, on_progress: OnProgress, notes: tuple[str, ...] = ()) -> TrackSet:
    """See `EnformerEngine.predict`."""
    from core.enformer.meter import Meter
    from core.enformer.positions import position_notes

    window = question.window
    mean, computed = Mean(), 0

    def keep(result: RunResult) -> None:
        nonlocal computed
        mean.add(result.values)
        computed += result.computed

    with engine.running(f"{len(window.letters):,} bp"):
        readings = readings_of(engine, question)
        meter = Meter(on_progress, engine, question, readings)
        run_window(engine, question, readings, meter, keep)
    spread = mean.spread
    meter.finish()
    first, stop = min(question.bins), max(question.bins) + 1
    deviation = engine.deviation(window.letters)
    notes = window.notes + notes + position_notes(engine.parts, window.bins)
    notes += () if deviation is None else (deviation.sentence,)
    return TrackSet(
        values=mean.mean,
        tracks=question.tracks,
        bin_size_bp=engine.bin_size_bp,
        provenance=engine.provenance,
        interval=window.interval_of(first, stop),
        head=question.head,
        sequence_digest=window.digest,
        first_bin=first,
        spread=spread,
        spread_kind="" if spread is None else SPREAD_KIND,
        runs=tuple(run.name for run in question.averaging.runs),
        notes=notes + averaging_notes(question.averaging, question.flanks),
        reused=1 - computed / (len(readings) * window.bins),
    )


def remaining_share(engine: EnformerEngine, question: Asked) -> float:
    """How much of a prediction's cost is left, 0 to 1: what is known of the window from before costs nothing."""
    from core.enformer.meter import Meter

    with engine.running(f"{len(question.window.letters):,} bp"):
        return Meter(None, engine, question, readings_of(engine, question)).share


def readings_of(engine: EnformerEngine, question: Asked) -> list[Reading]:
    """What each run reads of the window as it is.

    Raises
    ------
    DeviceMemoryError
        One run needs more memory than is free.
    """
    from core.enformer.memory import check_run

    check_run(engine.parts, len(question.window.letters), engine.title)
    return [engine.reuse.read(question.read(run)) for run in question.averaging.runs]


def run_window(
    engine: EnformerEngine,
    question: Asked,
    readings: Sequence[Reading],
    meter: Meter,
    keep: Callable[[RunResult], None],
    *,
    with_tower: bool = False,
) -> None:
    """Every run of the window as it is, in the order of `question.averaging.runs`.

    Parameters
    ----------
    with_tower : give the towers too.
    """
    import torch

    from core.enformer.memory import Pieces
    from core.enformer.reuse import Known

    runs, reuse = question.averaging.runs, engine.reuse

    def work(begin: int, end: int) -> list[RunResult]:
        group = range(begin, end)
        shown = {number: question.shown(runs[number]) for number in group}
        found = {number: reuse.output(readings[number], *shown[number]) for number in group}
        needed = [number for number in group if with_tower or found[number] is None]
        patches = reuse.patches(
            [readings[number] for number in needed], None, lambda share: meter.reference(begin, end, share)
        )
        towers = dict(zip(needed, patches, strict=True))
        if fresh := [number for number in group if found[number] is None]:
            rows = [towers[number].rows for number in fresh]
            states = rows[0][None] if len(rows) == 1 else torch.stack(rows)
            first, stop = min(shown[number][0] for number in fresh), max(shown[number][1] for number in fresh)
            states = through(engine, states, first, stop, lambda layer: meter.reference(begin, end, 1.0, layer))
            for place, number in enumerate(fresh):
                found[number] = states[place, shown[number][0] - first : shown[number][1] - first]
                reuse.keep_output(readings[number], *shown[number], found[number])
        results = []
        for number in group:
            values = values_of(engine, found[number][None], question, runs[number], [readings[number]])[0]
            patch = towers.get(number)
            known = Known.of(readings[number], patch.rows) if with_tower and patch else None
            results.append(RunResult(runs[number], values, patch.computed if patch else 0, known))
        return results

    def keep_each(results: list[RunResult]) -> None:
        for result in results:
            keep(result)

    size = engine.batch(len(question.window.letters), len(runs))
    Pieces(size, engine.device).each(len(runs), work, keep_each)


def through(
    engine: EnformerEngine, states: torch.Tensor, first: int, stop: int, on_layer: Callable[[int], None]
) -> torch.Tensor:
    """Tower (batch, bins, width) -> the bins `first` to `stop` behind the last layer, (batch, stop - first, width)."""
    return engine.transformer_states(states, on_layer, (first, stop))


def values_of(
    engine: EnformerEngine, states: torch.Tensor, question: Asked, run: Run, readings: Sequence[Reading]
) -> np.ndarray:
    """States behind the last layer, (batch, shown bins, width) -> (batch, bins, tracks) float32 of the bins asked.

    Raises
    ------
    ModelOutputError
        They are not finite; what was read tells in which layer that began.
    """
    import torch

    from core.enformer.faults import first_not_finite
    from core.enformer.transformer import track_values

    places = question.places(run)
    if places != list(range(states.shape[1])):
        states = states[:, torch.as_tensor(places, device=states.device)]
    values = track_values(engine.parts, states, question.head, question.columns).cpu().numpy()
    for one, reading in zip(values, readings, strict=True):
        engine.check_finite(one, lambda reading=reading: first_not_finite(engine, reading.codes, question.head))
    return values
