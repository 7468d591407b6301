"""Simulated people: phased variants in the shipped genome."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from core.teaching.playground.chromosome import Chromosome
from core.teaching.playground.grammar import GRAMMAR_VERSION

PEOPLE = tuple(f"person{number}" for number in range(1, 13))
_SPACING_BP = 700
_INDEL_SHARE = 0.1
_TRANSITION = {0: 2, 2: 0, 1: 3, 3: 1}
_TRANSITION_SHARE = 0.67


def _alternative(rng: np.random.Generator, base: int) -> int:
    """Another base; two of three are transitions, as in people."""
    if rng.random() < _TRANSITION_SHARE:
        return _TRANSITION[base]
    return int(rng.choice([other for other in range(4) if other not in (base, _TRANSITION[base])]))


def _alleles(rng: np.random.Generator, codes: np.ndarray, place: int) -> tuple[str, str, int] | None:
    """(ref, alt, last base used), or None where there is N or an indel would not be left-aligned."""
    size = int(rng.integers(1, 7))
    around = codes[place - 1 : place + size + 1]
    if place < 1 or len(around) < size + 2 or (around > 3).any():
        return None
    if rng.random() >= _INDEL_SHARE:
        return "ACGT"[codes[place]], "ACGT"[_alternative(rng, int(codes[place]))], place
    anchor = "ACGT"[codes[place]]
    if rng.random() < 0.5:
        lost = codes[place + 1 : place + 1 + size]
        if lost[-1] == codes[place]:
            return None
        return anchor + "".join("ACGT"[code] for code in lost), anchor, place + size
    gained = rng.integers(0, 4, size)
    if gained[-1] == codes[place]:
        return None
    return anchor, anchor + "".join("ACGT"[code] for code in gained), place


def people_lines(world: Iterable[Chromosome], seed: int) -> Iterator[str]:
    """Lines of a VCF 4.3 file: rare variants are more frequent than common ones, haplotypes are phased."""
    rng = np.random.default_rng((seed, 1))
    world = list(world)
    yield "##fileformat=VCFv4.3"
    yield f"##source=playground: simulated genome, grammar {GRAMMAR_VERSION}; nobody has these variants"
    yield "##reference=genome.fa.gz"
    yield from (f"##contig=<ID={chromosome.name},length={len(chromosome.codes)}>" for chromosome in world)
    yield '##INFO=<ID=AF,Number=A,Type=Float,Description="Allele frequency among the simulated people">'
    yield '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype, phased">'
    yield "\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", *PEOPLE])
    for chromosome in world:
        place = 2_000
        while (place := place + 1 + int(rng.exponential(_SPACING_BP))) < len(chromosome.codes) - 2_000:
            made = _alleles(rng, chromosome.codes, place)
            if made is None:
                continue
            ref, alt, last = made
            carried = rng.random((len(PEOPLE), 2)) < rng.beta(0.4, 2.0)
            if not carried.any():
                carried[int(rng.integers(len(PEOPLE))), int(rng.integers(2))] = True
            types = "\t".join(f"{int(a)}|{int(b)}" for a, b in carried)
            frequency = f"AF={carried.mean():.4f}"
            yield f"{chromosome.name}\t{place + 1}\t.\t{ref}\t{alt}\t.\tPASS\t{frequency}\tGT\t{types}"
            place = last
