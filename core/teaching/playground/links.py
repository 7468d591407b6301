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
_AROUND_CELLS = 40  # sites farther away do not act together with those of an element


def own_activity(
    occupied: np.ndarray, element: PlannedElement, grammar: Grammar
) -> tuple[slice, dict[str, np.ndarray]]:
    """What is lost of the enhancers' activity without the element's own sites: (cells around it, cell type -> loss)."""
    first, last = element.start // CELL_BP, -(-element.end // CELL_BP)
    around = slice(max(0, first - _AROUND_CELLS), min(len(occupied), last + _AROUND_CELLS))
    without = occupied[around].copy()
    without[first - around.start : last - around.start] = 0
    before, after = (elements(given, grammar).enhancer for given in (occupied[around], without))
    return around, {cell: before[cell] - after[cell] for cell in CELL_TYPES}


def links_of(world: Iterable[Chromosome], grammar: Grammar | None = None) -> pd.DataFrame:
    """One row for each gene, enhancer within 20 kb, and cell type of the enhancer.

    Columns: chrom, gene, tss (0-based), element_start, element_end, kind, cell_type, distance_bp,
    boundaries_between, share (of the gene's expression in the cell type that comes from this element, 0 to 1: what
    is lost when the element's sites are taken away and nothing else changes).
    """
    grammar = grammar or Grammar()
    rows = []
    for chromosome in world:
        occupied = cell_occupancy(chromosome.codes)
        found = elements(occupied, grammar)
        genes = chromosome.layout.genes
        told = expression(found, genes, grammar)
        borders = np.array([e.middle for e in chromosome.layout.elements if e.kind == "boundary"])
        for element in (e for e in chromosome.layout.elements if e.kind.startswith("enhancer")):
            around, lost = own_activity(occupied, element, grammar)
            for number, gene in enumerate(genes):
                distance = abs(element.middle - gene.tss)
                if distance > FARTHEST_BP:
                    continue
                low, high = sorted((element.middle, gene.tss))
                between = int(((borders > low) & (borders < high)).sum()) if len(borders) else 0
                for cell in CELL_TYPES:
                    if element.kind not in (f"enhancer {cell}", "enhancer shared"):
                        continue
                    contact = told.contact[number]
                    whole = grammar.basal * ELEMENT_CELLS + grammar.strength * (contact @ found.enhancer[cell])
                    share = float(grammar.strength * (contact[around] @ lost[cell]) / whole)
                    place = (chromosome.name, gene.symbol, gene.tss, element.start, element.end, element.kind)
                    rows.append((*place, cell, distance, between, round(share, 4)))
    columns = ["chrom", "gene", "tss", "element_start", "element_end", "kind", "cell_type", "distance_bp"]
    return pd.DataFrame(rows, columns=[*columns, "boundaries_between", "share"])
