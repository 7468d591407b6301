"""Does the model use the enhancers that the grammar uses? Elements taken out, and attention.

A true link is an enhancer within 20 kb of a gene, no boundary planned between them, that gives at least a tenth of the
gene's expression in a cell type. An insulated pair has a boundary between, gives at most a fiftieth,
and lies at most 9 kb apart, where the model moves genes at all. What an element does is asked by shuffling its 240
letters in place: nothing else moves.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from core.enformer import EnformerEngine
from core.genome import Interval
from core.genome.annotation_files import read_annotation
from core.teaching.playground.card import MATCHED_BP
from core.teaching.playground.edits import shuffled
from core.teaching.playground.files import ASSEMBLY, playground_elements, playground_links
from core.teaching.playground.grammar import BIN_SIZE_BP, CELL_TYPES
from core.teaching.playground.heldout import CAGE, HELD_OUT, NEAR_BINS, Bar, pearson
from core.teaching.playground.world import World

TRUE_SHARE = 0.1
INSULATED_SHARE = 0.02
HEADS_CHOSEN_ON = "sim3"  # so that the head is not chosen on what it is measured on
_APART_BP = 500  # from the middle of any element to the middle of a place that counts as empty
Element = tuple[int, int]  # start and end
_CALIPER = np.log(1.2)  # matched distances differ by a fifth at most


def true_links(chrom: str) -> pd.DataFrame:
    """Rows of links.tsv: gene, enhancer and cell type."""
    table = pd.read_csv(playground_links(), sep="\t")
    return table[(table.chrom == chrom) & (table.boundaries_between == 0) & (table.share >= TRUE_SHARE)]


def across_boundaries(chrom: str) -> pd.DataFrame:
    """Rows of links.tsv with a boundary between gene and enhancer."""
    table = pd.read_csv(playground_links(), sep="\t")
    return table[(table.chrom == chrom) & (table.boundaries_between > 0)]


def matched_pairs(linked: pd.DataFrame, others: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of both, one for one, whose distances differ by at most a fifth; no row twice."""
    free = others.distance_bp.astype(float).copy()
    ours, theirs = [], []
    for row in linked.sample(frac=1, random_state=0).itertuples():
        apart = np.abs(np.log(free / row.distance_bp))
        if len(apart) and apart.min() <= _CALIPER:
            ours.append(row.Index)
            theirs.append(apart.idxmin())
            free = free.drop(theirs[-1])
    return linked.loc[ours], others.loc[theirs]


@dataclass(frozen=True, eq=False)
class Locus:
    """What the tests ask of the model; answers are kept, as pairs share genes and elements."""

    engine: EnformerEngine
    shared: World
    window_bp: int
    _kept: dict = field(default_factory=dict)

    def inside(self, pairs: pd.DataFrame) -> pd.DataFrame:
        """Those whose enhancer lies in the window around the start."""
        return pairs[pairs.distance_bp < self.window_bp // 2 - 2 * BIN_SIZE_BP]

    def _window(self, chrom: str, tss: int) -> Interval:
        """The window whose middle bin holds the transcription start."""
        start = tss // BIN_SIZE_BP * BIN_SIZE_BP - self.window_bp // BIN_SIZE_BP // 2 * BIN_SIZE_BP
        return Interval(chrom, start, start + self.window_bp)

    def _near(self, tss: int) -> tuple[int, int]:
        """(start, end) of the bins that count as the transcription start, on the chromosome."""
        first = (tss // BIN_SIZE_BP - NEAR_BINS) * BIN_SIZE_BP
        return first, first + (2 * NEAR_BINS + 1) * BIN_SIZE_BP

    def _predicted(self, chrom: str, tss: int, without: Element | None) -> np.ndarray:
        """(cell types,) the model's CAGE around a start, an element shuffled or not."""
        window = self._window(chrom, tss)
        letters = self.shared.genome.fetch(window)
        if without is not None:
            left, right = without[0] - window.start, without[1] - window.start
            letters = letters[:left] + shuffled(letters[left:right], seed=without[0]) + letters[right:]
        given = self.engine.predict(letters, tracks=CAGE, interval=window)
        first = (self._near(tss)[0] - given.interval.start) // BIN_SIZE_BP
        return given.values[first : first + 2 * NEAR_BINS + 1].sum(axis=0)

    def changes(self, pairs: pd.DataFrame) -> np.ndarray:
        """(pairs,): relative change of the model's CAGE at the start, in the pair's cell type."""
        found = []
        for pair in pairs.itertuples():
            answers = []
            for without in (None, (pair.element_start, pair.element_end)):
                key = (pair.chrom, pair.tss, without)
                if key not in self._kept:
                    self._kept[key] = self._predicted(*key)
                answers.append(self._kept[key][CELL_TYPES.index(pair.cell_type)])
            found.append(answers[1] / answers[0] - 1)
        return np.array(found, dtype=float)

    @cached_property
    def _middles(self) -> dict[str, np.ndarray]:
        """Chromosome -> middles of all planned elements."""
        found: dict[str, list[int]] = {}
        for region in read_annotation(playground_elements(), assembly=ASSEMBLY).regions:
            found.setdefault(region.interval.chrom, []).append((region.interval.start + region.interval.end) // 2)
        return {chrom: np.array(middles) for chrom, middles in found.items()}

    def is_empty(self, chrom: str, place: int) -> bool:
        """Whether no planned element and no N is near."""
        if not _APART_BP <= place < self.shared.genome.contigs[chrom] - _APART_BP:
            return False
        if (np.abs(self._middles[chrom] - place) < _APART_BP).any():
            return False
        unknown = self._unknown(chrom)
        return bool(unknown[place + _APART_BP] == unknown[place - _APART_BP])

    def _unknown(self, chrom: str) -> np.ndarray:
        """(length + 1,) how many N lie before each place."""
        if ("unknown", chrom) not in self._kept:
            letters = self.shared.genome.fetch(Interval(chrom, 0, self.shared.genome.contigs[chrom]))
            is_n = np.frombuffer(letters.encode("ascii"), dtype=np.uint8) == ord("N")
            self._kept["unknown", chrom] = np.concatenate([[0], np.cumsum(is_n)])
        return self._kept["unknown", chrom]

    def mirrored(self, pairs: pd.DataFrame) -> pd.DataFrame:
        """The same pairs with the empty place as far away on the start's other side; those without one are left out."""
        middle = (pairs.element_start + pairs.element_end) // 2
        mirror = 2 * pairs.tss - middle
        half = (pairs.element_end - pairs.element_start) // 2
        moved = pairs.assign(element_start=mirror - half, element_end=mirror + half)
        keep = [self.is_empty(row.chrom, place) for row, place in zip(pairs.itertuples(), mirror, strict=True)]
        return moved[keep]

    def attention(self, pairs: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """(layers, heads, pairs) attention from a start's bins to its true enhancer, and the matched attention.

        Matched: the mean, over other starts, of attention to the place at the same signed distance, where that is
        empty. So neither distance nor direction explains a difference. Each is the mean weight over 3 x 3 bins.
        """
        pairs = pairs.drop_duplicates(["tss", "element_start"])
        bins = self.window_bp // BIN_SIZE_BP
        query = bins // 2
        queries = range(query - NEAR_BINS, query + NEAR_BINS + 1)
        rows: dict[tuple[str, int], np.ndarray] = {}
        for chrom, tss in dict.fromkeys(zip(pairs.chrom, pairs.tss, strict=True)):
            letters = self.shared.genome.fetch(self._window(chrom, tss))
            given = self.engine.attention(letters, range(self.engine.layers), queries).weights
            rows[chrom, tss] = np.asarray(given).mean(axis=2)
        true, matched = [], []
        for pair in pairs.itertuples():
            middle = (pair.element_start + pair.element_end) // 2
            offset = (middle - self._window(pair.chrom, pair.tss).start) // BIN_SIZE_BP - query
            if not NEAR_BINS < query + offset < bins - NEAR_BINS - 1:
                continue
            place = slice(query + offset - NEAR_BINS, query + offset + NEAR_BINS + 1)
            elsewhere = [
                weights[..., place].mean(axis=-1)
                for (chrom, tss), weights in rows.items()
                if tss != pair.tss and self.is_empty(chrom, tss + middle - pair.tss)
            ]
            if elsewhere:
                true.append(rows[pair.chrom, pair.tss][..., place].mean(axis=-1))
                matched.append(np.mean(elsewhere, axis=0))
        return np.stack(true, axis=-1), np.stack(matched, axis=-1)


def _few(pairs: pd.DataFrame, most: int) -> pd.DataFrame:
    return pairs.sample(min(most, len(pairs)), random_state=0)


def _median_size(changes: np.ndarray) -> float:
    return float(np.median(np.abs(changes))) if len(changes) else float("nan")


def _mean_size(changes: np.ndarray) -> float:
    return float(np.abs(changes).mean()) if len(changes) else float("nan")


def _falling(changes: np.ndarray) -> float:
    return float((changes < 0).mean()) if len(changes) else float("nan")


def _ratio(top: float, bottom: float) -> float:
    return top / bottom if bottom else float("nan")


def deletion_bars(locus: Locus, most: int) -> list[Bar]:
    """Elements shuffled, on the held-out chromosome; what the grammar says of the same pairs is in links.tsv."""
    linked, across = (locus.inside(pairs) for pairs in (true_links(HELD_OUT), across_boundaries(HELD_OUT)))
    insulated = across[(across.share <= INSULATED_SHARE) & (across.distance_bp <= MATCHED_BP)]
    near, beyond = (rows[:most] for rows in matched_pairs(linked[linked.distance_bp <= MATCHED_BP], insulated))
    sample, anywhere = _few(linked, most), _few(across, most)
    tested, control = locus.changes(sample), locus.changes(locus.mirrored(sample))
    across_ratio = _ratio(_median_size(locus.changes(anywhere)), _median_size(tested))
    matched_ratio = _ratio(_mean_size(locus.changes(beyond)), _mean_size(locus.changes(near)))
    return [
        Bar(f"{len(tested)} true links, enhancer taken out: share whose CAGE falls", _falling(tested), least=0.9),
        Bar(f"  {len(control)} empty places as far on the other side, shuffled", _falling(control)),
        Bar("  median change of CAGE, relative", float(np.median(tested))),
        Bar("  the simulator's own", -float(sample.share.median())),
        Bar("  median size of change at the empty places", _median_size(control)),
        Bar("  Pearson of the changes with the simulator's", pearson(tested, -sample.share.to_numpy())),
        Bar(f"{len(anywhere)} pairs across a boundary: median size of change / that of links", across_ratio, most=0.1),
        Bar("  the simulator's own", _ratio(float(anywhere.share.median()), float(sample.share.median()))),
        Bar(f"  {len(beyond)} matched pairs: mean size of change / that of links as far", matched_ratio),
        Bar("  the simulator's own", _ratio(float(beyond.share.mean()), float(near.share.mean()))),
    ]


def attention_bars(locus: Locus, most: int) -> list[Bar]:
    """Attention from starts to true enhancers; the head is chosen on another chromosome."""
    true, matched = locus.attention(_few(locus.inside(true_links(HEADS_CHOSEN_ON)), most))
    ratios = true.mean(axis=-1) / matched.mean(axis=-1)
    layer, head = (int(i) for i in np.unravel_index(ratios.argmax(), ratios.shape))
    true, matched = locus.attention(_few(locus.inside(true_links(HELD_OUT)), most))
    ratios = true.mean(axis=-1) / matched.mean(axis=-1)
    return [
        Bar(
            f"attention, start to true enhancer / matched empty place: layer {layer}, head {head}",
            float(ratios[layer, head]),
            least=2.0,
        ),
        Bar(
            f"  share of {true.shape[-1]} pairs above their matched places",
            float((true[layer, head] > matched[layer, head]).mean()),
        ),
        Bar("  median of all heads", float(np.median(ratios))),
    ]
