"""Do contributions find the letters that matter? `python -m core.teaching.playground.contribution_truth`.

Genes of the held-out chromosome, in each cell type. What is explained is the model's CAGE over the three bins around
the start; what is looked at are the promoter and the enhancers that truly drive the gene, each with 64 bp on either
side. The truth is the grammar's own answer to each of the three changes of each letter.

Causal: the mean of the three changes of the gene's expression is at least 5 % of it, in either direction. Background:
none of the three is above 0.1 %. Letters between are left out. What a method says of a letter is the size of its
contribution over the model's own target, so that letters of all genes are ranked together.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from core.attribution.agreement import agreement
from core.attribution.gradients import expected_gradients, gradient_x_input, integrated_gradients
from core.attribution.mutagenesis import saturation_mutagenesis
from core.attribution.target import Target
from core.attribution.values import METHOD_TITLES, ContributionScores
from core.enformer import EnformerEngine, load_model
from core.errors import AttendomeError
from core.genome import Interval
from core.settings import settings
from core.teaching.playground.enhancer_truth import elements_in, known_links
from core.teaching.playground.evaluate import _threads as threads
from core.teaching.playground.grammar import (
    BIN_SIZE_BP,
    CELL_TYPES,
    TRACKS,
    Elements,
    GenePlan,
    Grammar,
    elements,
    expression,
)
from core.teaching.playground.heldout import HELD_OUT, NEAR_BINS, Bar
from core.teaching.playground.motifs import motifs
from core.teaching.playground.occupancy import CELL_BP, cell_occupancy, encode, occupancy, scores
from core.teaching.playground.world import REACHES_AROUND, World, world

CAUSAL_SHARE, NO_SHARE = 0.05, 0.001
BESIDE_BP = 64
NO_OCCUPANCY = 1e-5
BARS = {"saturation_mutagenesis": 0.9, "gradient_x_input": 0.8}
_REACH = max(len(motif) for motif in motifs())
_NEAR_CELLS = 20  # a dose reaches 14 cells, and a site lies at most two away from its letter


@dataclass(frozen=True)
class Region:
    """A place that drives a gene in a cell type: its promoter or an enhancer, with letters on either side."""

    gene: GenePlan
    cell_type: str
    kind: str
    interval: Interval


def regions(chrom: str, shared: World | None = None) -> Iterator[Region]:
    """Promoter and true enhancers of every gene of a chromosome, in each cell type that has an enhancer."""
    for gene in (shared or world()).genes[chrom]:
        start = Interval(chrom, gene.tss - 190, gene.tss + 190)
        promoters = [e.interval for e in elements_in(start) if e.name.startswith("promoter")]
        for cell in CELL_TYPES:
            links = [link.interval for link in known_links(chrom, gene.symbol, cell) or () if link.is_true]
            if not links:
                continue
            for kind, places in (("promoter", promoters[:1]), ("enhancer", links)):
                for place in places:
                    wide = Interval(chrom, place.start - BESIDE_BP, place.end + BESIDE_BP)
                    yield Region(gene, cell, kind, wide)


def true_changes(region: Region, shared: World | None = None, grammar: Grammar | None = None) -> np.ndarray:
    """(length, 4) float64: the gene's expression with each letter, over that with the letter that is there, minus 1.

    Exact: what factors sit where is computed again around the letter, and all that follows from it.
    """
    shared, grammar = shared or world(), grammar or Grammar()
    around = int(REACHES_AROUND * max(grammar.reach_bp, grammar.silencer_reach_bp)) // CELL_BP * CELL_BP
    first = max(0, min(region.gene.tss, region.interval.start) // CELL_BP * CELL_BP - around)
    last = min(shared.genome.contigs[region.interval.chrom], max(region.gene.tss, region.interval.end) + around)
    codes = encode(shared.genome.fetch(Interval(region.interval.chrom, first, last)))
    gene = replace(region.gene, tss=region.gene.tss - first, tes=region.gene.tes - first, exons=())
    occupied = cell_occupancy(codes)
    base = elements(occupied, grammar)

    def level(given: Elements) -> float:
        return float(expression(given, [gene], grammar).level[region.cell_type][0])

    before, found = level(base), np.zeros((region.interval.width_bp, 4))
    for row in range(region.interval.width_bp):
        place = region.interval.start + row - first
        if codes[place] > 3:
            continue
        for letter in range(4):
            if letter != codes[place]:
                changed, moved = _changed(codes, occupied, place, letter)
                if moved > NO_OCCUPANCY:
                    found[row, letter] = level(_patched(base, changed, place // CELL_BP, grammar)) / before - 1
    return found


def _changed(codes: np.ndarray, occupied: np.ndarray, place: int, letter: int) -> tuple[np.ndarray, float]:
    """What factors sit where after a change of one letter, (cells, motifs), and how much that is apart in all."""
    left, right = max(0, place - _REACH), place + _REACH + 1
    old, new = codes[left:right], codes[left:right].copy()
    new[place - left] = letter
    changed, moved = occupied, 0.0
    for column, motif in enumerate(motifs()):
        for reverse in (False, True):
            bits = (scores(given, motif, reverse=reverse) for given in (old, new))
            before, after = (occupancy(given, motif.threshold) for given in bits)
            apart = after - before
            if (size := float(np.abs(apart).sum())) <= NO_OCCUPANCY / 20:
                continue
            if changed is occupied:
                changed = occupied.copy()
            moved += size
            np.add.at(changed[:, column], (left + np.arange(len(apart)) + len(motif) // 2) // CELL_BP, apart)
    return changed, moved


def _patched(base: Elements, occupied: np.ndarray, cell: int, grammar: Grammar) -> Elements:
    """Activities after a change near a cell: `elements` reaches `_NEAR_CELLS` at most, so all else stays."""
    inner = slice(max(0, cell - _NEAR_CELLS), cell + _NEAR_CELLS + 1)
    outer = slice(max(0, inner.start - _NEAR_CELLS), inner.stop + _NEAR_CELLS)
    found = elements(occupied[outer], grammar)

    def put(old: np.ndarray, new: np.ndarray) -> np.ndarray:
        whole = old.copy()
        whole[inner] = new[inner.start - outer.start : inner.stop - outer.start]
        return whole

    enhancer = {name: put(old, found.enhancer[name]) for name, old in base.enhancer.items()}
    others = ("promoter", "silencer", "boundary", "ctcf")
    return Elements(enhancer, *(put(getattr(base, name), getattr(found, name)) for name in others))


def labels(changes: np.ndarray) -> np.ndarray:
    """(length,) int8: 1 causal, 0 background, -1 between; of `true_changes`."""
    mean, most = np.abs(changes.sum(axis=1)) / 3, np.abs(changes).max(axis=1)
    return np.where(mean >= CAUSAL_SHARE, 1, np.where(most <= NO_SHARE, 0, -1)).astype(np.int8)


def auroc(sizes: np.ndarray, causal: np.ndarray) -> float:
    """Chance that a causal letter has a larger value than one of the background, ties counted half; not a number
    where one of them is missing.

    Parameters
    ----------
    sizes : (letters,). causal : (letters,) bool.
    """
    above, below = int(causal.sum()), int((~causal).sum())
    if not above or not below:
        return float("nan")
    ranks = pd.Series(sizes).rank().to_numpy()
    return float((ranks[causal].sum() - above * (above + 1) / 2) / (above * below))


def explained(engine: EnformerEngine, region: Region, window_bp: int, shared: World | None = None):
    """(letters of the window around the gene's start, target, window, (start, end) of the region in it)."""
    shared = shared or world()
    gene, chrom = region.gene, region.interval.chrom
    start = gene.tss // BIN_SIZE_BP * BIN_SIZE_BP - window_bp // BIN_SIZE_BP // 2 * BIN_SIZE_BP
    window = Interval(chrom, start, start + window_bp)
    shown = (window_bp // BIN_SIZE_BP - engine.own_bins) // 2
    middle = (gene.tss - start) // BIN_SIZE_BP - shown
    track = TRACKS.index(f"CAGE:{region.cell_type}")
    name = f"mean of CAGE:{region.cell_type} over 3 bins at the {gene.symbol} TSS"
    target = Target((track,), tuple(range(middle - NEAR_BINS, middle + NEAR_BINS + 1)), name)
    place = region.interval.start - start, region.interval.end - start
    return shared.genome.fetch(window), target, window, place


METHODS: dict[str, Callable[..., ContributionScores]] = {
    "gradient_x_input": gradient_x_input,
    "integrated_gradients": integrated_gradients,
    "expected_gradients": expected_gradients,
}


def letters_of(
    engine: EnformerEngine, region: Region, window_bp: int, shared: World | None = None, *, methods=tuple(METHODS)
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every letter of a region with its label, and what each method says of it; and a row of figures a method.

    Returns
    -------
    Columns of the first: gene, cell_type, kind, label, and a method each, the size of its contribution over the
    target. Of the second: gene, cell_type, kind, method, pearson, corrected_pearson, sign_share, strong_sign_share,
    and `error` over the difference explained, of the methods that have one.
    """
    letters, target, window, (start, end) = explained(engine, region, window_bp, shared)
    place = {"gene": region.gene.symbol, "cell_type": region.cell_type, "kind": region.kind}
    table = pd.DataFrame({**place, "label": labels(true_changes(region, shared))})
    exact = saturation_mutagenesis(engine, letters, target, start, end, interval=window)
    table["saturation_mutagenesis"] = np.abs(exact.per_base) / exact.target_value
    rows = []
    for method in methods:
        found = METHODS[method](engine, letters, target, interval=window)
        table[method] = np.abs(found.per_base[start:end]) / found.target_value
        told = agreement(found, exact)
        figures = ("pearson", "corrected_pearson", "sign_share", "strong_sign_share")
        error = None if found.convergence_error is None else found.convergence_error / found.target_value
        rows.append(place | {"method": method} | {name: getattr(told, name) for name in figures} | {"error": error})
    return table, pd.DataFrame(rows)


def bars(table: pd.DataFrame) -> list[Bar]:
    """One line a method: AUROC over all letters; and the mean over the regions."""
    told = table[table.label >= 0]
    causal = told.label == 1
    counts = f"{int(causal.sum()):,} causal letters against {int((~causal).sum()):,}"
    found = []
    for method in [name for name in METHOD_TITLES if name in table]:
        value = auroc(told[method].to_numpy(), causal.to_numpy())
        found.append(Bar(f"{METHOD_TITLES[method]}: AUROC, {counts}", value, least=BARS.get(method)))
        each = [
            auroc(group[method].to_numpy(), (group.label == 1).to_numpy())
            for _, group in told.groupby(["gene", "cell_type", "kind"])
        ]
        found.append(Bar("  mean over the regions", float(np.nanmean(each))))
    return found


def measure(
    count: int, *, methods=tuple(METHODS), seed: int = 0, tell: Callable[[str], None] = lambda text: None
) -> tuple[list[Bar], pd.DataFrame]:
    """The bars, and how far each gradient method agrees with mutagenesis, over some regions of the held-out chromosome.

    Parameters
    ----------
    count : regions, by turns an enhancer and a promoter; which ones is fixed by the seed.
    """
    model = load_model("playground", options=replace(settings(), device="cpu"))
    engine, shared = EnformerEngine(model, precision="float32"), world()
    every = list(regions(HELD_OUT, shared))
    random, kinds = np.random.default_rng(seed), []
    for kind in ("enhancer", "promoter"):
        some = [region for region in every if region.kind == kind and _is_inside(region, model.input_bp, shared)]
        kinds.append([some[place] for place in random.permutation(len(some))])
    chosen = [region for pair in zip(*kinds, strict=False) for region in pair][:count]
    tables, agreements = [], []
    with threads(1):
        for number, region in enumerate(chosen):
            tell(f"{number + 1} of {len(chosen)}: {region.kind} of {region.gene.symbol}, {region.cell_type}")
            table, told = letters_of(engine, region, model.input_bp, shared, methods=methods)
            tables.append(table)
            agreements.append(told)
            tell("; ".join(bar.line for bar in bars(pd.concat(tables)) if bar.wanted))
    return bars(pd.concat(tables)), pd.concat(agreements)


def _is_inside(region: Region, window_bp: int, shared: World) -> bool:
    """Whether the region lies in the window around the start, and the window on the chromosome."""
    half, tss = window_bp // 2, region.gene.tss
    within = tss - half + BIN_SIZE_BP < region.interval.start and region.interval.end < tss + half - BIN_SIZE_BP
    return within and half < tss < shared.genome.contigs[region.interval.chrom] - half


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--regions", type=int, default=24, help="how many are measured")
    parser.add_argument("--methods", nargs="*", choices=tuple(METHODS), default=tuple(METHODS))
    given = parser.parse_args()
    begun = time.monotonic()
    try:
        found, told = measure(
            given.regions, methods=tuple(given.methods), tell=lambda text: print(text, file=sys.stderr, flush=True)
        )
    except AttendomeError as error:
        sys.exit(str(error))
    print("\n".join(bar.line for bar in found))
    print("\nagainst mutagenesis, median over the regions")
    figures = told.drop(columns=["gene", "cell_type"]).groupby(["method", "kind"]).median(numeric_only=True)
    print(figures.astype(float).round(3).to_string())
    print(f"\nmeasured in {time.monotonic() - begun:.0f} s")
    sys.exit(0 if all(bar.met for bar in found) else 1)


if __name__ == "__main__":
    main()
