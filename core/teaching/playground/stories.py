"""Places of the playground that show one rule each, found from its links and elements."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import pandas as pd

from core.teaching.playground.files import playground_links
from core.teaching.playground.locus import Element, Locus, locus_of, near_elements
from core.teaching.playground.moves import boundaries_between
from core.teaching.playground.world import world

CHROMOSOMES = ("sim1", "sim2")  # those that are there for examples


@dataclass(frozen=True)
class Story:
    """A place to begin with.

    Attributes
    ----------
    name : for links; title : on the page; see : what to try, one sentence.
    gene, element : as `locus_of` takes them.
    """

    name: str
    title: str
    see: str
    gene: str
    element: str


@cache
def stories() -> tuple[Story, ...]:
    """One story for each rule."""
    told = (
        ("enhancer", "An enhancer and its gene", "Move the enhancer away: how soon is the gene silent?", _enhancer()),
        ("boundary", "An enhancer behind a boundary", "Take the boundary out: the enhancer finds the gene.", _behind()),
        ("silencer", "A silencer", "Take its sites away: the gene speaks up, in both cell types.", _silencer()),
        ("cells", "Two cell types", "One enhancer for each: take sites from one, and one cell type changes.", _cells()),
    )
    return tuple(Story(name, title, see, locus.gene.symbol, locus.element.name) for name, title, see, locus in told)


def _links() -> pd.DataFrame:
    table = pd.read_csv(playground_links(), sep="\t")
    return table[table.chrom.isin(CHROMOSOMES)]


def _locus(row: pd.Series) -> Locus:
    start = int(row.element_start)
    near = locus_of(row.gene).near
    return locus_of(row.gene, next(element.name for element in near if element.interval.start == start))


def _with_gene(table: pd.DataFrame) -> pd.DataFrame:
    """Enhancers that alone feed their gene in their cell type, of one cell type only."""
    own = table[(table.boundaries_between == 0) & (table.share > 0.05)]
    alone = own[own.groupby("gene")["share"].transform("size") == 1]
    return alone[(alone.kind != "enhancer shared") & (alone.share > 0.7)]


def _silencers(locus: Locus) -> tuple[Element, ...]:
    return tuple(element for element in locus.near if element.kind == "silencer")


def _enhancer() -> Locus:
    found = _with_gene(_links())
    found = found[found.distance_bp.between(2_000, 4_500)].sort_values("share", ascending=False)
    return next(locus for _, row in found.iterrows() if not _silencers(locus := _locus(row)))


def _behind() -> Locus:
    """The nearest enhancer behind a boundary whose gene has no other one in its cell type."""
    table = _links()
    fed = table[(table.boundaries_between == 0) & (table.share > 0.2)]
    pairs = set(zip(fed.gene, fed.cell_type, strict=True))
    found = table[(table.boundaries_between == 1) & (table.kind != "enhancer shared")]
    found = found[found.distance_bp.between(2_000, 8_000)].sort_values("distance_bp")
    return next(_locus(row) for _, row in found.iterrows() if (row.gene, row.cell_type) not in pairs)


def _silencer() -> Locus:
    """The silencer nearest to a gene that has an enhancer, with no boundary between."""
    fed = set(_links().query("boundaries_between == 0 and share > 0.6").gene)
    found = []
    for chrom in CHROMOSOMES:
        for gene in world().genes[chrom]:
            near = [element for element in near_elements(chrom, gene) if element.kind == "silencer"]
            for element in near if gene.symbol in fed else ():
                locus = Locus(chrom, gene, element)
                if not boundaries_between(locus, element.middle) and locus.distance_bp > 900:
                    found.append(locus)
    return min(found, key=lambda locus: locus.distance_bp)


def _cells() -> Locus:
    """The gene with one strong enhancer in each cell type."""
    table = _links()
    own = table[(table.boundaries_between == 0) & (table.kind != "enhancer shared") & (table.share > 0.5)]
    both = own[own.groupby("gene")["cell_type"].transform("nunique") == 2]
    gene = both.groupby("gene")["share"].min().idxmax()
    row = both[(both.gene == gene)].sort_values("cell_type").iloc[0]
    return _locus(row)
