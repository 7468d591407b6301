"""The model against the simulated measurements of a chromosome that it was not trained on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.enformer import EnformerEngine
from core.genome import Interval
from core.genome.signal import BigWig
from core.teaching.playground.files import playground_signal
from core.teaching.playground.grammar import BIN_SIZE_BP, CELL_TYPES, TRACKS
from core.teaching.playground.world import World

HELD_OUT = "sim4"
OTHERS = ("sim1", "sim2", "sim3")
CAGE = [TRACKS.index(f"CAGE:{cell}") for cell in CELL_TYPES]
NEAR_BINS = 1  # bins on either side of a place that count as the place
_FARTHEST_BINS = 150


@dataclass(frozen=True)
class Bar:
    """One line of the table.

    Attributes
    ----------
    what : in words.
    value : as measured; not a number where nothing could be measured, which misses any bar.
    least, most : the bar, None where there is none.
    """

    what: str
    value: float
    least: float | None = None
    most: float | None = None

    @property
    def wanted(self) -> str:
        """The bar in words, or ""."""
        if self.most is not None:
            return f"at most {self.most:g}"
        return "" if self.least is None else f"at least {self.least:g}"

    @property
    def met(self) -> bool:
        """Whether the bar is reached, or there is none."""
        return (self.least is None or self.value >= self.least) and (self.most is None or self.value <= self.most)

    @property
    def line(self) -> str:
        """The line as printed."""
        verdict = "" if not self.wanted else "met" if self.met else "MISSED"
        return f"{self.what:<82} {self.value:7.3f}  {self.wanted:<14} {verdict}".rstrip()


def pearson(left: np.ndarray, right: np.ndarray) -> float:
    """Pearson correlation of two vectors; not a number where one of them does not vary."""
    if len(left) < 2 or np.ptp(left) == 0 or np.ptp(right) == 0:
        return float("nan")
    return float(np.corrcoef(left, right)[0, 1])


def window_starts(length: int, window_bp: int, shown_bp: int) -> Iterator[int]:
    """Starts of windows whose middles of `shown_bp` tile a chromosome; the first and last ones overhang it."""
    for start in range(0, length, shown_bp):
        yield start - (window_bp - shown_bp) // 2


def predicted_chromosome(engine: EnformerEngine, shared: World, chrom: str, window_bp: int) -> np.ndarray:
    """(bins, 12) predictions along a whole chromosome."""
    length = shared.genome.contigs[chrom]
    rows = [
        engine.predict(shared.genome.fetch(Interval(chrom, start, start + window_bp))).values
        for start in window_starts(length, window_bp, engine.own_bins * BIN_SIZE_BP)
    ]
    return np.concatenate(rows)[: length // BIN_SIZE_BP]


def measured_chromosome(shared: World, chrom: str) -> np.ndarray:
    """(bins, 12) simulated measurements."""
    whole = Interval(chrom, 0, shared.genome.contigs[chrom] // BIN_SIZE_BP * BIN_SIZE_BP)
    columns = []
    for name in TRACKS:
        signal = BigWig(playground_signal(name))
        columns.append(signal.read([whole], BIN_SIZE_BP)[0])
        signal.close()
    return np.stack(columns, axis=1)


def _start_distance(shared: World, chrom: str, bins: int) -> np.ndarray:
    """(bins,) distance in bins to the nearest transcription start, positive along the gene, from 0 = far before it."""
    middles = np.arange(bins) * BIN_SIZE_BP + BIN_SIZE_BP // 2
    genes = shared.genes[chrom]
    gaps = middles[:, None] - np.array([gene.tss for gene in genes])[None]
    nearest = np.abs(gaps).argmin(axis=1)
    direction = np.array([1 if gene.strand == "+" else -1 for gene in genes])[nearest]
    signed = gaps[np.arange(bins), nearest] * direction / BIN_SIZE_BP
    return np.clip(np.round(signed), -_FARTHEST_BINS, _FARTHEST_BINS).astype(int) + _FARTHEST_BINS


def distance_baseline(shared: World) -> np.ndarray:
    """(bins, 12) of the held-out chromosome: the mean measurement of the others at this distance from a start."""
    rows = 2 * _FARTHEST_BINS + 1
    total, count = np.zeros((rows, len(TRACKS))), np.zeros(rows)
    for chrom in OTHERS:
        signal = measured_chromosome(shared, chrom)
        at = _start_distance(shared, chrom, len(signal))
        np.add.at(total, at, signal)
        np.add.at(count, at, 1)
    means = total / np.maximum(count, 1)[:, None]
    return means[_start_distance(shared, HELD_OUT, shared.genome.contigs[HELD_OUT] // BIN_SIZE_BP)]


def _at_starts(rows: np.ndarray, shared: World) -> np.ndarray:
    """(genes, cell types): log10(1 + CAGE), summed over the bins around each transcription start."""
    places = [gene.tss // BIN_SIZE_BP for gene in shared.genes[HELD_OUT]]
    near = [rows[place - NEAR_BINS : place + NEAR_BINS + 1, CAGE].sum(axis=0) for place in places]
    return np.log10(1 + np.array(near))


def track_bars(engine: EnformerEngine, shared: World, window_bp: int) -> tuple[list[Bar], pd.DataFrame]:
    """Correlations along the held-out chromosome, and a row of them for each track.

    All are with the simulated measurement, which has noise. The ceiling is what the truth without noise reaches: no
    model can be expected to do better.
    """
    model = predicted_chromosome(engine, shared, HELD_OUT, window_bp)
    signal = measured_chromosome(shared, HELD_OUT)
    truth = shared.truth(Interval(HELD_OUT, 0, len(model) * BIN_SIZE_BP))
    base = distance_baseline(shared)
    rows = [
        (
            name,
            *(pearson(given[:, i], signal[:, i]) for given in (model, truth, base)),
            pearson(model[:, i], truth[:, i]),
        )
        for i, name in enumerate(TRACKS)
    ]
    table = pd.DataFrame(rows, columns=["track", "model", "ceiling", "distance_only", "model_to_truth"])
    apart = {
        "model": model[:, CAGE[0]] - model[:, CAGE[1]],
        "signal": signal[:, CAGE[0]] - signal[:, CAGE[1]],
        "truth": truth[:, CAGE[0]] - truth[:, CAGE[1]],
        "base": base[:, CAGE[0]] - base[:, CAGE[1]],
    }
    starts = {"model": _at_starts(model, shared), "signal": _at_starts(signal, shared)}
    starts["truth"] = _at_starts(truth, shared)
    told = {name: values[:, 0] - values[:, 1] for name, values in starts.items()}
    genes = len(shared.genes[HELD_OUT])
    worst = "not a number" if table.model.isna().any() else table.track[int(table.model.argmin())]
    bars = [
        Bar("Pearson over bins, mean of the tracks", float(table.model.mean(skipna=False)), least=0.85),
        Bar("  the simulator's own (ceiling)", float(table.ceiling.mean())),
        Bar("  distance to the nearest start alone", float(table.distance_only.mean())),
        Bar(f"  the worst track: {worst}", float(table.model.min(skipna=False)), least=0.7),
        Bar("  the worse of the two CAGE tracks", float(table.model[CAGE].min(skipna=False)), least=0.75),
        Bar(
            "Pearson over bins, difference of the two CAGE tracks", pearson(apart["model"], apart["signal"]), least=0.7
        ),
        Bar("  the simulator's own (ceiling)", pearson(apart["truth"], apart["signal"])),
        Bar("  distance to the nearest start alone", pearson(apart["base"], apart["signal"])),
        Bar(
            f"Pearson over {genes} genes x 2 cell types, log CAGE at the start",
            pearson(starts["model"].ravel(), starts["signal"].ravel()),
        ),
        Bar("  the simulator's own (ceiling)", pearson(starts["truth"].ravel(), starts["signal"].ravel())),
        Bar(f"Pearson over {genes} genes, difference of log CAGE", pearson(told["model"], told["signal"])),
        Bar("  the simulator's own (ceiling)", pearson(told["truth"], told["signal"])),
    ]
    return bars, table
