"""Genes, transcripts and coloured regions on a genome, and looking them up by place or by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from core.genome.gene import Colour, Gene, Region, Transcript, first_base
from core.genome.gene_columns import GeneColumns
from core.genome.gene_names import GeneNames, unknown_gene
from core.genome.interval import Interval
from core.genome.overlaps import Overlaps
from core.genome.progress import OnProgress

__all__ = ["Colour", "Gene", "Genes", "Region", "Track", "Transcript", "first_base"]


class Genes(Protocol):
    """Where genes are looked up: a file (`Track`, `TabixAnnotation`) or a service (`UcscGenes`).

    `on_progress` is called with 0 to 1 where an answer takes long, and may raise to stop; one that is at hand never
    calls it.
    """

    @property
    def name(self) -> str: ...

    def genes_in(self, interval: Interval, *, on_progress: OnProgress | None = None) -> tuple[Gene, ...]:
        """Genes that share a base with the interval, from left to right."""
        ...

    def find(self, name: str, *, on_progress: OnProgress | None = None) -> Gene:
        """The gene of this symbol; UnknownGeneError when there is none."""
        ...

    def search(self, text: str, limit: int = 20, *, on_progress: OnProgress | None = None) -> tuple[Gene, ...]:
        """Genes that the text may mean, the most likely first."""
        ...


@dataclass(frozen=True, eq=False)
class Track:
    """Genes or regions of one file, by place.

    Attributes
    ----------
    name : the file's name.
    assembly : "hg38" and the like, or "unknown".
    genes, regions : a tuple, or for the genes of a large file `GeneColumns`, which makes each when it is asked for.
    """

    name: str
    assembly: str = "unknown"
    genes: Sequence[Gene] = ()
    regions: tuple[Region, ...] = ()
    _gene_places: Overlaps = field(init=False, repr=False)
    _region_places: Overlaps = field(init=False, repr=False)
    _names: GeneNames = field(init=False, repr=False)

    def __post_init__(self) -> None:
        genes = self.genes
        if isinstance(genes, GeneColumns):
            places = Overlaps(genes.contigs, *genes.genes[:, :3].T)
            names = GeneNames(zip(genes.symbols, genes.identifiers, strict=True))
        else:
            places = Overlaps.of(gene.interval for gene in genes)
            names = GeneNames((gene.symbol, gene.identifier) for gene in genes)
        object.__setattr__(self, "_gene_places", places)
        object.__setattr__(self, "_region_places", Overlaps.of(region.interval for region in self.regions))
        object.__setattr__(self, "_names", names)

    def genes_in(self, interval: Interval, *, on_progress: OnProgress | None = None) -> tuple[Gene, ...]:
        """Genes that share a base with the interval, from left to right."""
        return tuple(self.genes[number] for number in self._gene_places.numbers(interval))

    def regions_in(self, interval: Interval, *, on_progress: OnProgress | None = None) -> tuple[Region, ...]:
        """Regions that share a base with the interval, from left to right."""
        return tuple(self.regions[number] for number in self._region_places.numbers(interval))

    def find(self, name: str, *, on_progress: OnProgress | None = None) -> Gene:
        """The gene of this symbol or identifier; case and the version behind an identifier do not matter.

        Of several, the widest; `search` gives all.

        Raises
        ------
        UnknownGeneError
            There is none; the message offers names that look like it.
        """
        found = [self.genes[number] for number in self._names.find(name)]
        if not found:
            raise unknown_gene(name, f"in {self.name}", self.nearest(name))
        return max(found, key=lambda gene: gene.interval.width_bp)

    def search(self, text: str, limit: int = 20, *, on_progress: OnProgress | None = None) -> tuple[Gene, ...]:
        """Genes whose symbol or identifier begins with the text, then those that have it inside; shortest first."""
        return tuple(self.genes[number] for number in self._names.search(text, limit))

    def nearest(self, name: str, count: int = 3) -> tuple[str, ...]:
        """Symbols that look like the name, the most similar first."""
        return self._names.nearest(name, count)
