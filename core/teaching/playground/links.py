"""Which enhancer feeds which gene, from the grammar itself."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from core.teaching.playground.chromosome import Chromosome
from core.teaching.playground.grammar import CELL_TYPES, ELEMENT_CELLS, Grammar, elements, expression
from core.teaching.playground.layout import PlannedElement
from core.teaching.playground.occupancy import CELL_BP, cell_occupancy

FARTHEST_BP = 20_000
_AROUND_BP = 200


def element_cells(element: PlannedElement, count: int) -> slice:
    """The cells of 16 bp that an element's activity covers."""
    first = max(0, (element.start - _AROUND_BP) // CELL_BP)
    return slice(first, min(count, (element.end + _AROUND_BP) // CELL_BP))


def links_of(world: Iterable[Chromosome], grammar: Grammar | None = None) -> pd.DataFrame:
    """One row for each gene, enhancer within 20 kb, and cell type of the enhancer.

    Columns: chrom, gene, tss (0-based), element_start, element_end, kind, cell_type, distance_bp,
    boundaries_between, share (of the gene's expression in the cell type that comes from this element, 0 to 1: what
    is lost when the element's sites are taken away).
    """
    grammar = grammar or Grammar()
    rows = []
    for chromosome in world:
        found = elements(cell_occupancy(chromosome.codes), grammar)
        genes = chromosome.layout.genes
        told = expression(found, genes, grammar)
        borders = np.array([e.middle for e in chromosome.layout.elements if e.kind == "boundary"])
        for element in (e for e in chromosome.layout.elements if e.kind.startswith("enhancer")):
            covered = element_cells(element, len(found.promoter))
            for number, gene in enumerate(genes):
                distance = abs(element.middle - gene.tss)
                if distance > FARTHEST_BP:
                    continue
                low, high = sorted((element.middle, gene.tss))
                between = int(((borders > low) & (borders < high)).sum()) if len(borders) else 0
                for cell in CELL_TYPES:
                    if element.kind not in (f"enhancer {cell}", "enhancer shared"):
                        continue
                    reached = told.contact[number] * found.enhancer[cell]
                    whole = reached.sum() + grammar.basal / grammar.strength * ELEMENT_CELLS
                    share = float(reached[covered].sum() / whole)
                    place = (chromosome.name, gene.symbol, gene.tss, element.start, element.end, element.kind)
                    rows.append((*place, cell, distance, between, round(share, 4)))
    columns = ["chrom", "gene", "tss", "element_start", "element_end", "kind", "cell_type", "distance_bp"]
    return pd.DataFrame(rows, columns=[*columns, "boundaries_between", "share"])
