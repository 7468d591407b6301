"""Every score of a gene's candidates in one go, and of many genes: where candidates and labels come from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from core.attribution import enhancer_curves, enhancers, labels, sliding
from core.attribution.enhancer_asking import BlockQuestion, BlockStore, losses_of
from core.attribution.enhancer_curves import ScoredPairs
from core.attribution.enhancers import (
    SCORE_NAMES,
    SHUFFLES,
    EnhancerScores,
    Measure,
    candidates_of,
    rank_by_contribution,
)
from core.attribution.expression import expression_target
from core.attribution.gradients import gradient_x_input
from core.attribution.labels import Known, LabelTable, known_of_labels
from core.attribution.sliding import sliding_candidates, state_candidates
from core.enformer.attending import NEIGHBOURS, attention_profile
from core.enformer.candidates import Candidate, peak_candidates
from core.enformer.results import FOLDER, as_json, code_digest
from core.enformer.window import crop
from core.errors import SelectionError
from core.genome.contigs import same_chromosome
from core.genome.gene import Gene
from core.genome.interval import Interval
from core.genome.reference import Reference

if TYPE_CHECKING:
    from core.enformer.engine import EnformerEngine, OnProgress
    from core.enformer.values import TrackSet

Kind = Literal["peaks", "states", "sliding", "given", "tested"]
Truth = Callable[[Gene, str, Sequence[Candidate], Interval], Known | None]


@dataclass(frozen=True, eq=False)
class CandidateSource:
    """Where candidates come from.

    Attributes
    ----------
    kind : "peaks" and "states" of the prediction, "sliding" windows, those "given", or those that a table "tested".
    title : for people. given : of "given". table : of "tested".
    """

    kind: Kind
    title: str
    given: tuple[Candidate, ...] = ()
    table: LabelTable | None = None

    @property
    def is_predicted(self) -> bool:
        """Whether a prediction is needed first."""
        return self.kind in ("peaks", "states")

    @cached_property
    def digest(self) -> str:
        """64 hexadecimal digits that change with what it gives."""
        listed = [f"{c.interval.chrom}:{c.id}" for c in self.given]
        if self.table is not None:
            listed += [f"{label.gene} {label.interval.locus}" for label in self.table.labels]
        return hashlib.sha256(as_json([self.kind, listed]).encode()).hexdigest()

    def find(
        self, engine: EnformerEngine, gene: Gene, cell_type: str, seen: Interval, found: TrackSet | None, head: str
    ) -> tuple[Candidate, ...]:
        """The candidates of a gene in a cell type, from left to right.

        Parameters
        ----------
        found : the prediction around the gene; None where `is_predicted` is false.

        Raises
        ------
        SelectionError
            There are none of this kind here, or too many.
        """
        if self.kind == "sliding":
            made = sliding_candidates(seen, engine.bin_size_bp)
        elif self.kind == "peaks":
            made = peak_candidates(found, cell_type)
        elif self.kind == "states":
            made = state_candidates(found, engine.tables[head], cell_type)
        elif self.kind == "tested":
            made = self.table.candidates(gene.symbol)
        else:
            made = self.given
        here = (c for c in made if same_chromosome(c.interval.chrom, seen.chrom))
        return candidates_of(here, gene, seen)


def truth_of_table(table: LabelTable) -> Truth:
    """Labels of a table of tests."""

    def known(gene: Gene, cell_type: str, candidates: Sequence[Candidate], seen: Interval) -> Known | None:
        own = table.of_gene(gene.symbol)
        return known_of_labels(own, candidates, seen, table.name) if own else None

    return known


def no_truth(gene: Gene, cell_type: str, candidates: Sequence[Candidate], seen: Interval) -> Known | None:
    """Nothing is known."""
    return None


def window_of(gene: Gene, width_bp: int) -> Interval:
    """The window with the gene's start in its middle."""
    return Interval(gene.interval.chrom, gene.tss, gene.tss + 1).resize(width_bp)


def seen_of(engine: EnformerEngine, window: Interval) -> Interval:
    """What the model shows of a window: where candidates are looked for."""
    size = engine.bin_size_bp
    first, stop, _ = crop(window.width_bp // size, None, engine.own_bins)
    return Interval(window.chrom, window.start + first * size, window.start + stop * size)


def rank_gene(
    engine: EnformerEngine,
    reference: Reference,
    gene: Gene,
    cells: Sequence[str],
    source: CandidateSource,
    truth: Truth = no_truth,
    *,
    width_bp: int,
    head: str = "human",
    measure: Measure = "sum",
    shuffles: int = SHUFFLES,
    store: BlockStore | None = None,
    on_progress: OnProgress = None,
) -> tuple[EnhancerScores, ...]:
    """One gene in each cell type, every score: what `python -m core.teaching.playground.enhancer_ranking` measures.

    Parameters
    ----------
    engine : in float32. width_bp : of the window around the gene's start, as long as the model reads.
    cells : cell types; what all of them need is read once.
    store : where shuffles are kept, or None.

    Raises
    ------
    AttendomeError
        As `EnformerEngine.predict`, `expression_target` and `CandidateSource.find`.
    """
    tell = (lambda share: None) if on_progress is None else on_progress
    window = window_of(gene, width_bp)
    seen, letters = seen_of(engine, window), reference.fetch(window)
    found = engine.predict(letters, head=head, interval=window) if source.is_predicted else None
    middle = (gene.tss - window.start) // engine.bin_size_bp
    profile = attention_profile(engine, letters, range(middle - NEIGHBOURS, middle + NEIGHBOURS + 1), interval=window)
    tell(0.1)
    targets = [expression_target(engine, window, gene, cell, head) for cell in cells]
    contributions = [gradient_x_input(engine, letters, target, interval=window) for target in targets]
    tell(0.2)
    given = [source.find(engine, gene, cell, seen, found, head) for cell in cells]
    every = list({candidate.id: candidate for own in given for candidate in own}.values())
    lost = BlockQuestion(engine, letters, window, tuple(targets), shuffles).answer(
        every, store, lambda share: tell(0.2 + 0.8 * share)
    )
    ranked = []
    for number, cell in enumerate(cells):
        losses, value = losses_of(lost, given[number], shuffles, number)
        ranked.append(
            rank_by_contribution(
                gene, cell, targets[number], given[number], seen, provenance=engine.provenance,
                contributions=contributions[number], measure=measure, losses=losses, target_value=value,
                profile=profile, known=truth(gene, cell, given[number], seen),
            )
        )  # fmt: skip
    return tuple(ranked)


@dataclass(frozen=True, eq=False)
class PoolQuestion:
    """Every score of the labelled candidates of many genes, in one cell type.

    Attributes
    ----------
    truth_id : says which labels `truth` gives; part of the key.

    Raises
    ------
    SelectionError
        No gene.
    """

    engine: EnformerEngine
    reference: Reference
    genes: tuple[Gene, ...]
    cell_type: str
    source: CandidateSource
    truth: Truth
    truth_id: str
    width_bp: int
    head: str = "human"
    measure: Measure = "sum"
    shuffles: int = SHUFFLES

    def __post_init__(self) -> None:
        if not self.genes:
            raise SelectionError("None of the genes of the labels is among those of this genome; check their names.")

    @cached_property
    def key(self) -> str:
        """64 hexadecimal digits that two questions share only if their answers are the same."""
        files = (__file__, *(module.__file__ for module in (enhancers, enhancer_curves, labels, sliding)))
        own = [hashlib.sha256(Path(name).read_bytes()).hexdigest() for name in files]
        genes = [[gene.symbol, gene.interval.locus, gene.tss] for gene in self.genes]
        asked = [self.cell_type, self.source.digest, self.truth_id, self.width_bp, self.head, self.measure]
        code = [code_digest(FOLDER), own, self.shuffles]
        data = [self.engine.fingerprint, self.reference.identity]
        return hashlib.sha256(as_json([data, code, genes, asked]).encode()).hexdigest()

    def of_gene(
        self, number: int, store: BlockStore | None = None, on_progress: OnProgress = None
    ) -> dict[str, np.ndarray]:
        """What one gene adds: each score, labels, and how many are missed."""
        (ranking,) = rank_gene(
            self.engine, self.reference, self.genes[number], (self.cell_type,), self.source, self.truth,
            width_bp=self.width_bp, head=self.head, measure=self.measure, shuffles=self.shuffles, store=store,
            on_progress=on_progress,
        )  # fmt: skip
        known = ranking.known or Known(np.full(len(ranking.candidates), labels.UNTESTED, np.int8), 0, "")
        found = {name: np.asarray(ranking.scores[name]) for name in SCORE_NAMES}
        return found | {"labels": known.labels, "missed": np.array([known.missed])}

    def joined(self, pieces: Sequence[Mapping[str, np.ndarray]], source: str) -> ScoredPairs:
        """All genes together, from what each adds. `source` : of the labels, in words."""
        tested = [piece["labels"] != labels.UNTESTED for piece in pieces]
        return ScoredPairs(
            genes=tuple(gene.symbol for gene in self.genes),
            groups=np.repeat(np.arange(len(pieces)), [int(mask.sum()) for mask in tested]),
            scores={
                name: np.concatenate([piece[name][mask] for piece, mask in zip(pieces, tested, strict=True)])
                for name in SCORE_NAMES
            },
            is_true=np.concatenate(
                [piece["labels"][mask] == labels.TRUE for piece, mask in zip(pieces, tested, strict=True)]
            ),
            missed=np.array([int(piece["missed"][0]) for piece in pieces]),
            untested=sum(int((~mask).sum()) for mask in tested),
            source=source,
        )
