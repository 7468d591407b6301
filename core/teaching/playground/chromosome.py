"""A simulated chromosome: its layout written out in letters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import SimulationError
from core.teaching.playground.background import LETTERS, diverged, random_bases
from core.teaching.playground.layout import DOMAIN_BP, ELEMENT_BP, Layout, PlannedElement, plan
from core.teaching.playground.motifs import Motif, motifs

_ROLES_OF = {
    "promoter": ("promoter",),
    "enhancer erythroid": ("erythroid",),
    "enhancer liver": ("liver",),
    "enhancer shared": ("erythroid", "liver"),
    "silencer": ("silencer",),
    "boundary": ("boundary",),
}
_SITES = {"promoter": (3, 6), "silencer": (2, 4), "boundary": (2, 4)}
EXON_GC, INTRON_GC, REPEAT_FAMILIES = 0.60, 0.42, 6
MIN_LENGTH_BP, MAX_LENGTH_BP = 40_000, 5_000_000


@dataclass(frozen=True, eq=False)
class Chromosome:
    """Letters and what they were made with.

    Attributes
    ----------
    codes : (length,) uint8, A C G T N as 0 to 4.
    soft_masked : (length,) bool, repeats.
    """

    name: str
    codes: np.ndarray
    soft_masked: np.ndarray
    layout: Layout

    @property
    def sequence(self) -> str:
        """The letters, repeats in lower case."""
        letters = LETTERS[self.codes] + np.where(self.soft_masked, 32, 0).astype(np.uint8)
        return letters.tobytes().decode("ascii")


def check_seed(seed: int) -> None:
    """Raise SimulationError unless the seed is a whole number from 0 on."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise SimulationError(f"The seed is {seed!r}; give a whole number from 0 on.")


def draw_site(rng: np.random.Generator, motif: Motif, least_bits: float) -> np.ndarray:
    """Codes of a site drawn from a matrix, with at least this score."""
    limits = np.cumsum(motif.probabilities, axis=1)[:, :3]
    for _ in range(500):
        site = (rng.random(len(motif))[:, None] > limits).sum(axis=1)
        if motif.log_odds[np.arange(len(motif)), site].sum() >= least_bits:
            return site.astype(np.uint8)
    return motif.log_odds.argmax(axis=1).astype(np.uint8)


def write_element(rng: np.random.Generator, codes: np.ndarray, element: PlannedElement) -> None:
    """Write the sites of an element into `codes`, in random order, on either strand, some weaker than others."""
    for role in _ROLES_OF[element.kind]:
        low, high = _SITES.get(role, (3, 6))
        _write_cluster(rng, codes, element, [motif for motif in motifs() if motif.role == role], low, high)


def _write_cluster(
    rng: np.random.Generator, codes: np.ndarray, element: PlannedElement, chosen: list[Motif], low: int, high: int
) -> None:
    shared = element.kind == "enhancer shared"
    left = element.middle - ELEMENT_BP // 2
    right = element.middle + ELEMENT_BP // 2
    if shared:  # two clusters side by side
        left, right = (left, element.middle) if chosen[0].role == "erythroid" else (element.middle, right)
        high = low
    count = int(rng.integers(low, high + 1))
    picked = [chosen[int(rng.integers(len(chosen)))] for _ in range(count)]
    total = sum(len(motif) for motif in picked)
    while total > right - left - 2 * len(picked):
        total -= len(picked.pop())
    spare = right - left - total
    # Gaps between sites are drawn as a random split of part of the spare room, so that clusters stay dense.
    used = min(spare, 14 * (len(picked) + 1))
    gaps = np.diff(np.concatenate([[0], np.sort(rng.integers(0, used + 1, len(picked))), [used]]))
    place = left + (spare - used) // 2
    for motif, gap in zip(picked, gaps, strict=False):
        place += int(gap)
        site = draw_site(rng, motif, motif.threshold + (2.0 if rng.random() < 0.85 else -1.0))
        if rng.random() < 0.5:
            site = 3 - site[::-1]
        codes[place : place + len(site)] = site
        place += len(site)


def make_chromosome(
    name: str,
    length: int,
    seed: int,
    *,
    prefix: str = "SIM",
    gaps: bool = True,
    domain_bp: tuple[int, int] = DOMAIN_BP,
) -> Chromosome:
    """A chromosome from a seed; the same seed gives the same letters. `gaps` and `domain_bp` are those of `plan`.

    Raises
    ------
    SimulationError
        The seed is no whole number from 0 on, or the length is too short for a domain and its ends, or too long.
    """
    check_seed(seed)
    if not isinstance(length, int | np.integer) or not MIN_LENGTH_BP <= length <= MAX_LENGTH_BP:
        raise SimulationError(
            f"A simulated chromosome of {length} bp cannot be made; give a whole number from {MIN_LENGTH_BP:,} to "
            f"{MAX_LENGTH_BP:,}."
        )
    rng = np.random.default_rng(seed)
    layout = plan(rng, length, prefix=prefix, gaps=gaps, domain_bp=domain_bp)
    codes = random_bases(rng, length)
    soft_masked = np.zeros(length, dtype=bool)
    families = [random_bases(np.random.default_rng(900 + i), 600) for i in range(REPEAT_FAMILIES)]
    for start, end in layout.repeats:
        family = families[int(rng.integers(REPEAT_FAMILIES))][: end - start]
        copy = diverged(rng, family, rng.uniform(0.05, 0.25))
        codes[start:end] = copy if rng.random() < 0.5 else 3 - copy[::-1]
        soft_masked[start:end] = True
    for gene in layout.genes:
        start, end = gene.body
        codes[start:end] = random_bases(rng, end - start, INTRON_GC)
        soft_masked[start:end] = False
        for left, right in gene.exons:
            codes[left:right] = random_bases(rng, right - left, EXON_GC)
    for element in layout.elements:
        write_element(rng, codes, element)
        soft_masked[max(0, element.start) : element.end] = False
    for start, end in layout.unknown:
        codes[start:end] = 4
        soft_masked[start:end] = False
    codes.setflags(write=False)
    soft_masked.setflags(write=False)
    return Chromosome(name, codes, soft_masked, layout)
