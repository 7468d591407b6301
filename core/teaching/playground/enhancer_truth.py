"""Which candidates truly drive a gene of the playground, and every gene of a chromosome at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from core.cards import Provenance
from core.disk_store import DiskStore
from core.enformer import attending, candidates, enhancers
from core.enformer.asking import Question
from core.enformer.attention_asking import AttentionQuestion
from core.enformer.averaging import Averaging
from core.enformer.candidates import Candidate, peak_candidates
from core.enformer.enhancers import KnownLink, attention_of, rank, scores_of
from core.enformer.packing import pack, unpack
from core.enformer.precision_recall import PrecisionRecall, average_interval, precision_recall
from core.enformer.results import FOLDER, as_json, code_digest
from core.genome.annotation_files import read_annotation
from core.genome.gene import Gene
from core.genome.interval import Interval
from core.settings import Settings, settings
from core.teaching.playground.files import ASSEMBLY, playground_elements, playground_links, sha256_of
from core.teaching.playground.grammar import CELL_TYPES
from core.teaching.playground.link_tests import TRUE_SHARE
from core.teaching.playground.world import world

if TYPE_CHECKING:
    from core.enformer.engine import EnformerEngine

Source = Literal["peaks", "elements"]
Curves = dict[str, tuple[PrecisionRecall, tuple[float, float]]]  # by the name of the score
SOURCES: tuple[Source, ...] = ("peaks", "elements")
TRUTH_RULE = (
    f"A candidate is true when it gives at least {TRUE_SHARE:.0%} of the gene's expression in this cell type, with no "
    "boundary between."
)
POOL_BYTES = 64 * 1024**2
_LAYOUT = 1
_GROUP = "pools"
_PER_PAIR = ("attention", "distances_bp", "activity", "is_true")


@cache
def _links() -> Mapping[tuple[str, str, str], tuple[KnownLink, ...]]:
    table = pd.read_csv(playground_links(), sep="\t")
    found: dict[tuple[str, str, str], list[KnownLink]] = {}
    for row in table.itertuples():
        place = Interval(row.chrom, int(row.element_start), int(row.element_end))
        # The rule of `link_tests.true_links`.
        is_true = bool(row.boundaries_between == 0 and row.share >= TRUE_SHARE)
        found.setdefault((row.chrom, row.gene, row.cell_type), []).append(KnownLink(place, float(row.share), is_true))
    return {key: tuple(links) for key, links in found.items()}


def known_links(chrom: str, gene: str, cell_type: str) -> tuple[KnownLink, ...] | None:
    """What the grammar says of the enhancers within 20 kb of a gene; None of a gene or cell type that it has not.

    Raises
    ------
    GenomeFileError
        The playground's files are missing, damaged, or of another version.
    """
    if cell_type not in CELL_TYPES or all(plan.symbol != gene for plan in world().genes.get(chrom, ())):
        return None
    return _links().get((chrom, gene, cell_type), ())


@cache
def planned_elements() -> tuple[Candidate, ...]:
    """Every promoter, enhancer, silencer and boundary that the playground was made with."""
    regions = read_annotation(playground_elements(), assembly=ASSEMBLY).regions
    return tuple(Candidate(region.interval, region.name) for region in regions)


def elements_in(place: Interval) -> tuple[Candidate, ...]:
    """Those planned elements that share a base with a place."""
    return tuple(element for element in planned_elements() if element.interval.overlaps(place))


@dataclass(frozen=True, eq=False)
class Pool:
    """Every (gene, candidate) of a chromosome, in one cell type.

    Attributes
    ----------
    source : what the candidates are: "peaks" (predicted) or "elements" (planned).
    groups : (pairs,) number of the gene of each pair.
    attention : (pairs, layers, heads) float32. distances_bp, activity : (pairs,) float32. is_true : (pairs,) bool.
    missed : (genes,) true enhancers that are no candidate.
    """

    chrom: str
    cell_type: str
    source: Source
    provenance: Provenance
    groups: np.ndarray
    attention: np.ndarray
    distances_bp: np.ndarray
    activity: np.ndarray
    is_true: np.ndarray
    missed: np.ndarray

    def __post_init__(self) -> None:
        pairs = (len(self.groups),)
        for values in (self.distances_bp, self.activity, self.is_true, self.attention[:, 0, 0]):
            if values.shape != pairs:
                raise ValueError(f"{values.shape} numbers for {pairs} pairs")
        if pairs[0] and self.groups.max() >= len(self.missed):
            raise ValueError("a pair of no gene")

    @property
    def nbytes(self) -> int:
        """Bytes held in arrays."""
        return self.attention.nbytes + 4 * len(self.groups) * 4

    @property
    def genes(self) -> int:
        """Number of genes."""
        return len(self.missed)

    def scores(self, layer: int | None = None, head: int | None = None) -> dict[str, np.ndarray]:
        """(pairs,) of every score; see `core.enformer.enhancers.SCORES`."""
        return scores_of(attention_of(self.attention, layer, head), self.distances_bp, self.activity)

    def curves(self, layer: int | None = None, head: int | None = None) -> Curves:
        """Of every score: its curve, and the middle 95 % of its average precision over resampled genes."""
        missed = int(self.missed.sum())
        return {
            name: (
                precision_recall(values, self.is_true, missed),
                average_interval(values, self.is_true, self.groups, self.missed),
            )
            for name, values in self.scores(layer, head).items()
        }


@dataclass(frozen=True, eq=False)
class PoolQuestion:
    """Every gene of a chromosome of the playground, in both cell types.

    Attributes
    ----------
    width_bp : of the window around each gene's start.
    """

    engine: EnformerEngine
    chrom: str
    source: Source
    width_bp: int
    head: str = "human"

    @cached_property
    def genes(self) -> tuple[Gene, ...]:
        """All genes of the chromosome."""
        return tuple(gene for gene in world().annotation.genes if gene.interval.chrom == self.chrom)

    @cached_property
    def key(self) -> str:
        """64 hexadecimal digits that two questions share only if their answers are the same."""
        own = [
            Path(module).read_bytes()
            for module in (__file__, attending.__file__, candidates.__file__, enhancers.__file__)
        ]
        code = [_LAYOUT, code_digest(FOLDER), *(hashlib.sha256(text).hexdigest() for text in own)]
        data = [sha256_of(playground_links()), world().genome.identity]
        asked = [self.chrom, self.source, self.width_bp, self.head]
        return hashlib.sha256(as_json([self.engine.fingerprint, code, data, asked]).encode()).hexdigest()

    def questions(self, gene: Gene) -> tuple[Question, AttentionQuestion]:
        """The prediction around a gene's start, and what the start attends to."""
        window = Interval(self.chrom, gene.tss, gene.tss + 1).resize(self.width_bp)
        asked = Question.at(self.engine, world().genome, window, self.head, Averaging())
        return asked, AttentionQuestion.around(asked, gene.tss, attending.NEIGHBOURS)

    def of_gene(self, number: int, found, profile) -> dict[str, np.ndarray]:
        """What one gene adds: "<cell type>.<name>" -> array.

        Parameters
        ----------
        found, profile : answers to `questions` of this gene.
        """
        gene, pieces = self.genes[number], {}
        for cell in CELL_TYPES:
            given = peak_candidates(found, cell) if self.source == "peaks" else elements_in(found.interval)
            known = known_links(self.chrom, gene.symbol, cell) or ()
            ranked = rank(found, profile, gene, cell, given, known=known)
            pieces |= {f"{cell}.{name}": np.asarray(getattr(ranked, name), np.float32) for name in _PER_PAIR}
            pieces[f"{cell}.missed"] = np.array([ranked.missed], np.float32)
        return pieces

    def pools(self, pieces: Sequence[Mapping[str, np.ndarray]]) -> tuple[Pool, ...]:
        """The pool of each cell type, from what each gene adds."""
        made = []
        for cell in CELL_TYPES:
            counts = [len(piece[f"{cell}.distances_bp"]) for piece in pieces]
            joined = {name: np.concatenate([piece[f"{cell}.{name}"] for piece in pieces]) for name in _PER_PAIR}
            made.append(
                Pool(
                    **joined | {"is_true": joined["is_true"].astype(bool)},
                    chrom=self.chrom,
                    cell_type=cell,
                    source=self.source,
                    provenance=self.engine.provenance,
                    groups=np.repeat(np.arange(len(pieces)), counts),
                    missed=np.array([int(piece[f"{cell}.missed"][0]) for piece in pieces]),
                )
            )
        return tuple(made)


class PoolStore:
    """What each gene of a chromosome adds, on disk within a number of bytes; see `core.disk_store`."""

    def __init__(self, folder: Path | None = None, *, options: Settings | None = None) -> None:
        self._disk = DiskStore(folder or (options or settings()).cache_folder / "enformer" / "pools", POOL_BYTES)

    def get(self, question: PoolQuestion) -> tuple[Pool, ...] | None:
        """The pools, if they were made before."""
        data = self._disk.get(_GROUP, question.key)
        if data is None:
            return None
        try:
            fields, arrays = unpack(data)
            if fields["key"] != question.key:
                raise ValueError("an entry of another key")
            pieces: list[dict[str, np.ndarray]] = [{} for _ in question.genes]
            for name, array in arrays.items():
                number, _, what = name.partition(" ")
                pieces[int(number)][what] = array
            return question.pools(pieces)
        except (ValueError, TypeError, LookupError):  # whole, but written by another version of this code
            self._disk.remove(_GROUP, question.key)
            return None

    def put(self, question: PoolQuestion, pieces: Iterable[Mapping[str, np.ndarray]]) -> None:
        """Keep what each gene adds."""
        arrays = {f"{number} {what}": array for number, piece in enumerate(pieces) for what, array in piece.items()}
        self._disk.put(_GROUP, question.key, pack({"key": question.key}, arrays))
