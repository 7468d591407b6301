"""Predictions of edited windows: the tower only where an edit reaches, the transformer in batches, lazily.

The window as it is goes first. Then edits are taken a few at a time: what their tower lacks is computed together, and
each is spliced into the known tower and sent through the transformer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import numpy as np

from core.enformer.averaging import Mean, averaging_notes
from core.enformer.edits import EditPredictions, Haplotype, flank_notes
from core.enformer.predicting import RunResult, readings_of, run_window, through, values_of
from core.errors import DeviceMemoryError

if TYPE_CHECKING:
    from core.enformer.asked import Asked
    from core.enformer.engine import EnformerEngine, OnProgress
    from core.enformer.reuse import Patch, Reading

RESULT_BYTES = 2_000_000_000
AHEAD = 16  # edits whose tower is computed together
ROOM = {"cuda": 8 * 1024**3}  # of the transformer's states of a batch
CPU_ROOM = 64 * 1024**2  # a CPU is no faster with more sequences at once


def predict_edits(engine: EnformerEngine, question: Asked, on_progress: OnProgress) -> EditPredictions:
    """See `EnformerEngine.predict_edits`."""
    from core.enformer.memory import amount
    from core.enformer.positions import position_notes

    count, shape = len(question.haplotypes), (len(question.bins), len(question.tracks))
    needed = 4 * (1 + count) * shape[0] * shape[1]
    if needed > RESULT_BYTES:
        raise DeviceMemoryError(
            f"{count:,} edits with {shape[0]:,} bins of {shape[1]:,} tracks take {amount(needed)} and at most "
            f"{amount(RESULT_BYTES)} are given at once; choose tracks or bins, or take them one by one (iter_edits)."
        )
    run = EditRun(engine, question, on_progress)
    alternatives = np.empty((count, *shape), np.float32)
    for place, (_, values) in enumerate(run):
        alternatives[place] = values
    window = question.window
    notes = window.notes + position_notes(engine.parts, window.bins)
    notes += flank_notes(question.haplotypes, question.flanks[1])
    return EditPredictions(
        reference=run.reference.copy(),
        alternatives=alternatives,
        edits=question.haplotypes,
        tracks=question.tracks,
        bins=question.bins,
        bin_size_bp=engine.bin_size_bp,
        head=question.head,
        sequence_digest=window.digest,
        interval=window.interval,
        provenance=engine.provenance,
        reused=run.reused,
        reference_reused=run.reference_reused,
        runs=tuple(one.name for one in question.averaging.runs),
        notes=notes + averaging_notes(question.averaging, question.flanks),
    )


class EditRun:
    """Predictions of edits in the order asked, computed a batch at a time as they are taken; see `iter_edits`.

    An edit after which the model reads the same letters is given the reference's own values. What was computed stays
    when `on_progress` raises to give up or the machine fails; taking the next edit then goes on from there.

    Attributes
    ----------
    reference : (bins, tracks) float32 of the window as it is.
    tracks, bins : what the columns and rows are.
    reference_reused : share of the window's tower that was known.
    """

    def __init__(self, engine: EnformerEngine, question: Asked, on_progress: OnProgress) -> None:
        from core.enformer.memory import Pieces, free_bytes
        from core.enformer.meter import Meter

        self.tracks, self.bins = question.tracks, question.bins
        self._engine, self._asked = engine, question
        room = min(free_bytes(engine.device) // 2, ROOM.get(engine.device.type, CPU_ROOM))
        self._pieces = Pieces(max(1, room // _batch_bytes(engine, question.window.bins)), engine.device)
        self._waiting: deque[tuple[tuple[Reading, ...], tuple[Patch, ...]]] = deque()
        self._ready: deque[np.ndarray] = deque()
        self._needed = self._computed = self._given = 0
        self._plain: list[RunResult] = []
        with self._running():
            readings = readings_of(engine, question)
            self._meter = Meter(on_progress, engine, question, readings)
            run_window(engine, question, readings, self._meter, self._plain.append, with_tower=True)
        mean = Mean()
        for plain in self._plain:
            mean.add(plain.values)
        self.reference = _read_only(mean.mean)
        computed = sum(plain.computed for plain in self._plain)
        self.reference_reused = 1 - computed / (len(readings) * question.window.bins)

    @property
    def reused(self) -> float:
        """Share of the tower of the edits begun so far that was known and not computed."""
        return 1 - self._computed / self._needed if self._needed else 1.0

    def __iter__(self) -> Iterator[tuple[Haplotype, np.ndarray]]:
        return self

    def __next__(self) -> tuple[Haplotype, np.ndarray]:
        """The next edit and (bins, tracks) float32, read-only."""
        haplotypes = self._asked.haplotypes
        if self._given == len(haplotypes):
            self._meter.finish()
            raise StopIteration
        if not self._ready:
            with self._running():
                if not self._waiting:
                    self._tower()
                self._transformer()
        self._given += 1
        return haplotypes[self._given - 1], self._ready.popleft()

    def _running(self) -> AbstractContextManager[None]:
        return self._engine.running(f"{len(self._asked.window.letters):,} bp")

    def _tower(self) -> None:
        """The tower of the edits that come next, as far as it is not known."""
        ahead = max(AHEAD, self._pieces.size)
        group = self._asked.haplotypes[self._given : self._given + ahead]
        place = self._given, self._given + len(group)
        readings, patches = [], []
        for number, plain in enumerate(self._plain):
            letters = [self._asked.read(plain.run, haplotype) for haplotype in group]
            own = [self._engine.reuse.read(one, plain.known) for one in letters]
            readings.append(own)
            patches.append(
                self._engine.reuse.patches(
                    own, plain.known, lambda share, number=number: self._meter.tower(*place, number, share)
                )
            )
        self._needed += len(group) * len(self._plain) * self._asked.window.bins
        self._computed += sum(patch.computed for own in patches for patch in own)
        self._waiting.extend(zip(zip(*readings, strict=True), zip(*patches, strict=True), strict=True))

    def _transformer(self) -> None:
        """As many of the edits that wait as go through the transformer together."""
        count = min(self._pieces.size, len(self._waiting))
        begin = self._given
        waiting = [self._waiting[place] for place in range(count)]

        def work(start: int, stop: int) -> list[np.ndarray]:
            means = [Mean() for _ in range(start, stop)]
            for number, plain in enumerate(self._plain):
                readings = [waiting[place][0][number] for place in range(start, stop)]
                patches = [waiting[place][1][number] for place in range(start, stop)]

                def on_layer(layer: int, number: int = number) -> None:
                    self._meter.layer(begin + start, begin + stop, number, layer)

                for mean, values in zip(means, self._run(plain, readings, patches, on_layer), strict=True):
                    mean.add(values)
            return [_read_only(mean.mean) for mean in means]

        def keep(found: list[np.ndarray]) -> None:
            for values in found:
                self._ready.append(values)
                self._waiting.popleft()

        self._pieces.each(count, work, keep)

    def _run(
        self, plain: RunResult, readings: list[Reading], patches: list[Patch], on_layer: Callable[[int], None]
    ) -> list[np.ndarray]:
        """Predictions (bins, tracks) of some edits by one run; windows that read the same are computed once."""
        import torch

        digests = [reading.digest for reading in readings]
        own = plain.known.reading.digest
        pairs = zip(digests, readings, patches, strict=True)
        fresh = {digest: (reading, patch) for digest, reading, patch in pairs if digest != own}
        found = {own: plain.values}
        if fresh:
            states = torch.stack([patch.onto(plain.known) for _, patch in fresh.values()])
            states = through(self._engine, states, *self._asked.shown(plain.run), on_layer)
            read = [reading for reading, _ in fresh.values()]
            values = values_of(self._engine, states, self._asked, plain.run, read)
            found |= dict(zip(fresh, values, strict=True))
        return [found[digest] for digest in digests]


def _read_only(values: np.ndarray) -> np.ndarray:
    values.setflags(write=False)
    return values


def _batch_bytes(engine: EnformerEngine, bins: int) -> int:
    """What one edit more in a batch needs in the transformer: about twelve times its states."""
    return 4 * 12 * bins * engine.parts.width
