"""How far a prediction is, by what is known and what each part costs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from core.enformer.edits import Haplotype, edits_of, length_change_bp
from core.enformer.progress import head_cost, layer_costs, stage_costs
from core.enformer.receptive import affected_bins

if TYPE_CHECKING:
    from core.enformer.asked import Asked
    from core.enformer.engine import EnformerEngine, OnProgress
    from core.enformer.parts import Parts
    from core.enformer.reuse import Reading


def bins_to_compute(parts: Parts, haplotype: Haplotype, bins: int) -> int:
    """About how many bins of the tower an edit changes."""
    edits = edits_of(haplotype)
    moved = length_change_bp(haplotype)
    if moved % parts.bin_size_bp and edits:
        return bins - max(0, affected_bins(parts, edits[0].start, edits[0].start + 1)[0])
    touched = 0
    for edit in edits:
        first, stop = affected_bins(parts, edit.start, edit.start + max(1, len(edit.ref), len(edit.alt)))
        touched += stop - first
    return min(bins, touched + abs(moved) // parts.bin_size_bp)


class Meter:
    """Tells a caller how far a run over a window and its edits is: from 0 to 1, never backwards.

    Parameters
    ----------
    readings : what each run reads of the window as it is. What is known of them costs nothing.

    Attributes
    ----------
    share : of what the window as it is would cost if nothing of it were known, what is left to do; 0 to 1.
    """

    def __init__(
        self, on_progress: OnProgress, engine: EnformerEngine, question: Asked, readings: Sequence[Reading]
    ) -> None:
        parts, reuse, runs = engine.parts, engine.reuse, question.averaging.runs
        bins = question.window.bins
        self._on_progress = on_progress
        self._runs = len(runs)
        per_bin = sum(stage_costs(parts, len(question.window.letters))) / bins
        layers = [*layer_costs(parts, bins), head_cost(parts, len(question.bins), len(question.tracks))]
        self._layers = list(accumulate(layers))
        missing = [reuse.output(one, *question.shown(run)) is None for one, run in zip(readings, runs, strict=True)]
        self._outputs = [self._layers[-1] * new for new in missing]
        self._towers = [per_bin * reuse.lacking(reading) for reading in readings]
        changed = [bins_to_compute(parts, haplotype, bins) for haplotype in question.haplotypes]
        self._changed = [0.0, *accumulate(per_bin * count * self._runs for count in changed)]
        self._reference = sum(self._towers) + sum(self._outputs)
        self._total = self._reference + self._changed[-1] + len(changed) * self._runs * self._layers[-1] or 1.0
        self.share = self._reference / (self._runs * (per_bin * bins + self._layers[-1]))
        self._tower = self._transformer = 0.0
        self._furthest = -1.0
        self._tell(0.0)

    def _tell(self, done: float) -> None:
        share = min(1.0, done / self._total)
        if self._on_progress is not None and share > self._furthest:
            self._furthest = share
            self._on_progress(share)

    def reference(self, start: int, stop: int, tower: float, layer: int | None = None) -> None:
        """Of the runs `start` to `stop` of the window as it is: the share of the tower and the last layer done."""
        done = sum(self._towers[:start]) + sum(self._outputs[:start]) + tower * sum(self._towers[start:stop])
        if layer is not None:
            done += sum(self._outputs[start:stop]) * self._layers[layer] / self._layers[-1]
        self._tell(done)

    def tower(self, start: int, stop: int, run: int, share: float) -> None:
        """The share of the tower of the edits `start` to `stop` that is done in one run."""
        whole = self._changed[stop] - self._changed[start]
        self._tower = self._changed[start] + whole * (run + share) / self._runs
        self._tell(self._reference + self._tower + self._transformer)

    def layer(self, start: int, stop: int, run: int, layer: int) -> None:
        """The last layer that is done in one run of the edits `start` to `stop`."""
        done = start * self._runs + (stop - start) * (run + self._layers[layer] / self._layers[-1])
        self._transformer = done * self._layers[-1]
        self._tell(self._reference + self._tower + self._transformer)

    def finish(self) -> None:
        """All is done."""
        self._tell(self._total)
