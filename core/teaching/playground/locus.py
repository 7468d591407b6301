"""One gene of the playground with an element beside it: what a person plays with."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from functools import cache

from core.errors import UnknownGeneError
from core.genome import Interval
from core.teaching.playground.files import FOLDER, LABEL, MANIFEST, playground_elements
from core.teaching.playground.grammar import BIN_SIZE_BP, CELL_TYPES, GRAMMAR_VERSION, GenePlan
from core.teaching.playground.world import world

SEEN_BINS = 192
NEAR_BP = 12_000  # farther elements are not in the picture


@dataclass(frozen=True)
class Element:
    """An element that the playground was made with.

    Attributes
    ----------
    name : as in elements.bed.gz, for example "enhancer_liver:sim1.12".
    kind : "promoter", "enhancer erythroid", "enhancer liver", "enhancer shared", "silencer" or "boundary".
    """

    name: str
    kind: str
    interval: Interval

    @property
    def middle(self) -> int:
        """0-based."""
        return self.interval.centre

    @property
    def cell_types(self) -> tuple[str, ...]:
        """The cell types in which it acts."""
        return tuple(cell for cell in CELL_TYPES if self.kind not in {f"enhancer {c}" for c in CELL_TYPES if c != cell})


@dataclass(frozen=True)
class Locus:
    """A gene, and the element that is changed; None where there is none near it."""

    chrom: str
    gene: GenePlan
    element: Element | None

    @property
    def seen(self) -> Interval:
        """The 24,576 bp around the gene's first base, in whole bins."""
        start = (self.gene.tss // BIN_SIZE_BP - SEEN_BINS // 2) * BIN_SIZE_BP
        return Interval(self.chrom, start, start + SEEN_BINS * BIN_SIZE_BP)

    @property
    def distance_bp(self) -> int:
        """From the gene's first base to the middle of the element, 0 without one."""
        return 0 if self.element is None else abs(self.element.middle - self.gene.tss)

    @property
    def cell_type(self) -> str:
        """The cell type to look at: the element's own, or liver."""
        return CELL_TYPES[-1] if self.element is None else self.element.cell_types[-1]

    @property
    def near(self) -> tuple[Element, ...]:
        """Enhancers and silencers in sight, the nearest to the gene first."""
        return near_elements(self.chrom, self.gene)


@cache
def all_elements() -> tuple[Element, ...]:
    """Every element, in the order of the file."""
    found = []
    for line in gzip.decompress(playground_elements().read_bytes()).decode("ascii").splitlines():
        chrom, start, end, name = line.split("\t")[:4]
        found.append(Element(name, name.partition(":")[0].replace("_", " "), Interval(chrom, int(start), int(end))))
    return tuple(found)


def elements_in(interval: Interval) -> tuple[Element, ...]:
    """The elements that overlap a place."""
    return tuple(element for element in all_elements() if element.interval.overlaps(interval))


def near_elements(chrom: str, gene: GenePlan) -> tuple[Element, ...]:
    """Enhancers and silencers within 12 kb of a gene's first base, the nearest first."""
    around = Interval(chrom, max(0, gene.tss - NEAR_BP), gene.tss + NEAR_BP)
    found = [e for e in elements_in(around) if e.kind.startswith("enhancer") or e.kind == "silencer"]
    inside = [element for element in found if abs(element.middle - gene.tss) <= NEAR_BP]
    return tuple(sorted(inside, key=lambda element: abs(element.middle - gene.tss)))


def gene_symbols() -> tuple[str, ...]:
    """All genes of the playground, along its chromosomes."""
    return tuple(gene.symbol for genes in world().genes.values() for gene in genes)


def locus_of(symbol: str, element: str | None = None) -> Locus:
    """The locus of a gene.

    Parameters
    ----------
    element : name of an enhancer or a silencer near the gene; by default the nearest one, if there is one.

    Raises
    ------
    UnknownGeneError
        No such gene, or no such element near it.
    """
    found = [(chrom, gene) for chrom, genes in world().genes.items() for gene in genes if gene.symbol == symbol]
    if not found:
        raise UnknownGeneError(
            f"The playground has no gene {symbol[:40]!r}; give one such as {', '.join(gene_symbols()[:3])}."
        )
    chrom, gene = found[0]
    near = near_elements(chrom, gene)
    chosen = near[:1] if element is None else tuple(e for e in near if e.name == element)
    if element is not None and not chosen:
        known = ", ".join(e.name for e in near) or "none"
        raise UnknownGeneError(f"There is no element {element[:40]!r} near {symbol}; near it: {known}.")
    return Locus(chrom, gene, chosen[0] if chosen else None)


def origin_sentence() -> str:
    """Where every picture of the playground comes from: "playground: simulated genome · grammar 1 · seed 2026".

    Raises
    ------
    GenomeFileError
        The files are missing, damaged, or of another version of the grammar.
    """
    playground_elements()  # so that the manifest is known to be there and of this version
    seed = json.loads((FOLDER / MANIFEST).read_text(encoding="utf-8"))["seed"]
    return f"{LABEL} · grammar {GRAMMAR_VERSION} · seed {seed}"
