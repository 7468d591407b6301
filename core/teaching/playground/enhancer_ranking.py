"""Which score finds the enhancers of every gene? `python -m core.teaching.playground.enhancer_ranking`.

Contribution, mutagenesis, attention and distance against the grammar's own links, on the held-out chromosome. Prints a
line for each figure, and exits with 1 when a bar is missed. A few minutes on two CPU cores.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from core.attribution.enhancer_curves import ScoredPairs, scored_pairs
from core.attribution.enhancer_pool import CandidateSource, rank_gene
from core.attribution.enhancers import MEASURES, SHUFFLES, TITLES, EnhancerScores, Measure
from core.attribution.labels import Known, known_of_links
from core.enformer.candidates import Candidate
from core.errors import AttendomeError
from core.genome.gene import Gene
from core.genome.interval import Interval
from core.teaching.playground.enhancer_truth import TRUTH_RULE, known_links, planned_elements
from core.teaching.playground.grammar import CELL_TYPES
from core.teaching.playground.heldout import HELD_OUT, Bar
from core.teaching.playground.world import world

if TYPE_CHECKING:
    from core.enformer.engine import EnformerEngine

Source = Literal["elements", "peaks", "states", "sliding"]
SOURCES: tuple[Source, ...] = ("elements", "peaks", "states", "sliding")
TRUTH = "the playground's own links"
LEAST = 0.8  # of the average precision of mutagenesis


def planned_links(gene: Gene, cell_type: str, candidates: Sequence[Candidate], seen: Interval) -> Known | None:
    """Labels of candidates by the grammar's own links; None of a gene that it has not."""
    links = known_links(gene.interval.chrom, gene.symbol, cell_type)
    return None if links is None else known_of_links(links, candidates, seen, TRUTH)


def source_of(name: Source) -> CandidateSource:
    """Where candidates come from, by the name that the command has for it."""
    if name == "elements":
        return CandidateSource("given", "planned elements", planned_elements())
    return CandidateSource(name, {"peaks": "called peaks", "states": "enhancer states"}.get(name, "sliding windows"))


def ranked_genes(
    engine: EnformerEngine,
    width_bp: int,
    *,
    chrom: str = HELD_OUT,
    most: int | None = None,
    source: Source = "elements",
    measure: Measure = "sum",
    shuffles: int = SHUFFLES,
    tell: Callable[[str], None] = lambda text: None,
) -> dict[str, ScoredPairs]:
    """Every pair of gene and candidate of a chromosome, by cell type.

    Parameters
    ----------
    most : genes that are asked at most, from the left.
    """
    genes = [gene for gene in world().annotation.genes if gene.interval.chrom == chrom][:most]
    rankings: dict[str, list[EnhancerScores]] = {cell: [] for cell in CELL_TYPES}
    for number, gene in enumerate(genes, 1):
        tell(f"gene {number} of {len(genes)}")
        for ranking in rank_gene(
            engine, world().genome, gene, CELL_TYPES, source_of(source), planned_links, width_bp=width_bp,
            measure=measure, shuffles=shuffles,
        ):  # fmt: skip
            rankings[ranking.cell_type].append(ranking)
    return {cell: scored_pairs(found) for cell, found in rankings.items()}


def bars_of(pairs: dict[str, ScoredPairs]) -> list[Bar]:
    """A line for each cell type and score; bars on mutagenesis: at least `LEAST`, and above distance."""
    bars = []
    for cell, found in pairs.items():
        curves = found.curves()
        true, missed = int(found.is_true.sum()), int(found.missed.sum())
        chance = next(iter(curves.values()))[0].chance
        bars.append(Bar(f"{cell}: {len(found.is_true)} pairs, {true} true, {missed} missed; chance", chance))
        for name, (curve, (low, high)) in curves.items():
            what = f"  average precision of {TITLES[name]} ({low:.2f} to {high:.2f})"
            bars.append(Bar(what, curve.average, least=LEAST if name == "mutagenesis" else None))
        above = curves["mutagenesis"][0].average - curves["distance"][0].average
        bars.append(Bar("  mutagenesis minus distance", above, least=0.001))
    return bars


def main(given: Sequence[str] | None = None) -> None:
    """The command."""
    from core.enformer import EnformerEngine, load_model
    from core.settings import settings

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--genes", type=int, default=None, help="how many genes, from the left; all by default")
    parser.add_argument("--from", dest="source", choices=SOURCES, default="elements", help="what the candidates are")
    parser.add_argument("--contribution", choices=tuple(MEASURES), default="sum", help="how contributions are added up")
    parser.add_argument("--shuffles", type=int, default=SHUFFLES, help="shuffles of each candidate")
    asked = parser.parse_args(given)
    begun = time.monotonic()
    try:
        model = load_model("playground", options=replace(settings(), device="cpu"))
        engine = EnformerEngine(model, precision="float32")
        pairs = ranked_genes(
            engine, model.input_bp, most=asked.genes, source=asked.source, measure=asked.contribution,
            shuffles=asked.shuffles, tell=lambda text: print(text, end="\r", file=sys.stderr, flush=True),
        )  # fmt: skip
    except AttendomeError as error:
        sys.exit(str(error))
    print(f"Candidates: {asked.source}. {TRUTH_RULE} In brackets the middle 95 % over resampled genes.")
    bars = bars_of(pairs)
    print("\n".join(bar.line for bar in bars))
    print(f"\nmeasured in {time.monotonic() - begun:.0f} s")
    sys.exit(0 if all(bar.met for bar in bars) else 1)


if __name__ == "__main__":
    main()
