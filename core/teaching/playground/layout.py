"""Where things lie on a simulated chromosome: domains between boundaries, genes, enhancers, silencers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.teaching.playground.grammar import GenePlan

ElementKind = Literal["promoter", "enhancer erythroid", "enhancer liver", "enhancer shared", "silencer", "boundary"]
KINDS: tuple[ElementKind, ...] = (
    "promoter",
    "enhancer erythroid",
    "enhancer liver",
    "enhancer shared",
    "silencer",
    "boundary",
)
ELEMENT_BP = 240
DOMAIN_BP = (9_000, 26_000)
_ROOM_BP = 420  # from the middle of one element to the middle of the next, at least


@dataclass(frozen=True)
class PlannedElement:
    """An element that a chromosome was made with; `middle` is 0-based."""

    kind: ElementKind
    middle: int

    @property
    def start(self) -> int:
        return self.middle - ELEMENT_BP // 2

    @property
    def end(self) -> int:
        return self.middle + ELEMENT_BP // 2


@dataclass(frozen=True)
class Layout:
    """A chromosome before it has a sequence."""

    length: int
    genes: tuple[GenePlan, ...]
    elements: tuple[PlannedElement, ...]
    unknown: tuple[tuple[int, int], ...]
    repeats: tuple[tuple[int, int], ...]


class _Ground:
    """Which places are still free."""

    def __init__(self, unknown: tuple[tuple[int, int], ...]) -> None:
        self.taken = [((start + end) // 2, (end - start) // 2 + _ROOM_BP) for start, end in unknown]

    def free(self, place: int) -> bool:
        return all(abs(place - other) >= room for other, room in self.taken)

    def take(self, place: int) -> None:
        self.taken.append((place, _ROOM_BP))


def _gene(rng: np.random.Generator, symbol: str, tss: int, strand: str, room: int) -> GenePlan:
    """A gene of two to six exons, no longer than `room`."""
    length = int(min(room, rng.integers(1_800, 6_000)))
    count = int(np.clip(rng.poisson(length / 1_200), 2, 6))
    edges = np.sort(rng.choice(np.arange(4, length // 50 - 3), size=2 * count - 2, replace=False)) * 50
    spans = [0, *edges.tolist(), length]
    exons = [(spans[2 * i], spans[2 * i + 1]) for i in range(count)]
    if strand == "+":
        return GenePlan(symbol, strand, tss, tss + length - 1, tuple((tss + a, tss + b) for a, b in exons))
    placed = sorted((tss + 1 - b, tss + 1 - a) for a, b in exons)
    return GenePlan(symbol, strand, tss, tss - length + 1, tuple(placed))


def _place(rng: np.random.Generator, ground: _Ground, low: int, high: int, tries: int = 30) -> int | None:
    for _ in range(tries):
        if high <= low:
            return None
        place = int(rng.integers(low, high))
        if ground.free(place):
            ground.take(place)
            return place
    return None


def _domain(
    rng: np.random.Generator, ground: _Ground, left: int, right: int, prefix: str, first_number: int
) -> tuple[list[GenePlan], list[PlannedElement]]:
    genes: list[GenePlan] = []
    found: list[PlannedElement] = []
    inner_left, inner_right = left + 700, right - 700
    for _ in range(max(1, round((right - left) / 9_000))):
        strand = "+" if rng.random() < 0.5 else "-"
        tss = _place(rng, ground, inner_left, inner_right)
        if tss is None:
            continue
        ahead = (inner_right - tss) if strand == "+" else (tss - inner_left)
        others = [edge for gene in genes for edge in gene.body]
        gaps = [(edge - tss) if strand == "+" else (tss - edge) for edge in others]
        room = min([ahead, *(gap - 600 for gap in gaps if gap > 0)])
        inside = any(gene.body[0] - 600 < tss < gene.body[1] + 600 for gene in genes)
        if room < 1_500 or inside:
            ground.taken.pop()
            continue
        gene = _gene(rng, f"{prefix}{first_number + len(genes)}", tss, strand, room)
        genes.append(gene)
        found.append(PlannedElement("promoter", tss - 60 if strand == "+" else tss + 60))
    for gene in genes:
        for _ in range(int(rng.choice([0, 1, 2, 3], p=[0.12, 0.38, 0.32, 0.18]))):
            distance = int(np.exp(rng.uniform(np.log(900), np.log(9_000)))) * (1 if rng.random() < 0.5 else -1)
            around = int(np.clip(gene.tss + distance, inner_left, inner_right))
            place = _place(rng, ground, max(inner_left, around - 400), min(inner_right, around + 400), tries=8)
            if place is not None:
                kind = rng.choice(["enhancer erythroid", "enhancer liver", "enhancer shared"], p=[0.4, 0.4, 0.2])
                found.append(PlannedElement(str(kind), place))
    if rng.random() < 0.45:
        place = _place(rng, ground, inner_left, inner_right)
        if place is not None:
            found.append(PlannedElement("silencer", place))
    return genes, found


def plan(
    rng: np.random.Generator,
    length: int,
    *,
    prefix: str = "SIM",
    gaps: bool = True,
    domain_bp: tuple[int, int] = DOMAIN_BP,
) -> Layout:
    """Lay a chromosome out.

    Parameters
    ----------
    prefix : beginning of the gene symbols.
    gaps : leave N at both ends and in one stretch inside.
    domain_bp : shortest and longest distance from one boundary to the next.
    """
    unknown: tuple[tuple[int, int], ...] = ()
    if gaps:
        middle = int(rng.integers(length // 3, 2 * length // 3)) // 128 * 128
        unknown = ((0, 2_000), (middle, middle + 4_000), (length - 2_000, length))
    ground = _Ground(unknown)
    genes: list[GenePlan] = []
    found: list[PlannedElement] = []
    left = 2_500
    while left < length - 14_000:
        right = min(length - 2_500, left + int(rng.integers(*domain_bp)))
        if right < length - 14_000 and ground.free(right):
            ground.take(right)
            found.append(PlannedElement("boundary", right))
        more_genes, more = _domain(rng, ground, left, right, prefix, len(genes) + 1)
        genes += more_genes
        found += more
        left = right
    repeats = []
    for _ in range(length // 2_200):
        size = int(rng.choice([300, 300, 600]))
        start = int(rng.integers(0, length - size))
        repeats.append((start, start + size))
    genes.sort(key=lambda gene: gene.body)
    found.sort(key=lambda element: element.middle)
    return Layout(length, tuple(genes), tuple(found), unknown, tuple(repeats))
