"""Which window a variant is read in: a fixed grid along the chromosome.

Windows begin at whole bins, an eighth of the shown width apart, whatever else is asked; a variant is read in the one
whose shown middle lies nearest. So its scores depend on nothing but itself, neighbours share a window and its
reference, and windows beside each other share the tower's bins.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.enformer.window import crop
from core.errors import InvalidVariantError
from core.genome.contigs import resolve_contig
from core.genome.interval import Interval
from core.genome.reference import Reference, check_variant
from core.genome.variant import Variant

if TYPE_CHECKING:
    from core.enformer.engine import EnformerEngine

SHARE = 8  # windows of the grid in one shown width
LONGEST_SHARE = 4  # of the shown width: the longest allele that is scored
BLOCK_BP = 1 << 14
BLOCKS = 256


def grid_spacing_bp(engine: EnformerEngine, width_bp: int | None = None) -> int:
    """Base pairs from one window of the grid to the next: an eighth of the shown width, in whole bins."""
    first, stop = shown_bins(engine, width_bp)
    return max(1, (stop - first) // SHARE) * engine.bin_size_bp


def shown_bins(engine: EnformerEngine, width_bp: int | None = None) -> tuple[int, int]:
    """(first, stop) of the bins that the model's own crop leaves of a window."""
    return crop((width_bp or engine.input_bp) // engine.bin_size_bp, None, engine.own_bins)[:2]


def longest_allele(engine: EnformerEngine, width_bp: int | None = None) -> int:
    """Letters that an allele may have: a quarter of the shown width, so that both sides of it are seen."""
    first, stop = shown_bins(engine, width_bp)
    return max(1, (stop - first) * engine.bin_size_bp // LONGEST_SHARE)


def variant_window(
    engine: EnformerEngine, genome: Reference, variant: Variant, *, width_bp: int | None = None
) -> Interval:
    """The window that a variant is read in, as wide as the model's input (or `width_bp`).

    Two ways of writing the same change have the same window: it is left-normalised first.

    Raises
    ------
    InvalidLocusError, ReferenceMismatchError, InvalidVariantError
        As `prepared`.
    """
    return window_of(engine, prepared(engine, genome, variant, width_bp=width_bp), width_bp)


def window_of(engine: EnformerEngine, prepared_variant: Variant, width_bp: int | None = None) -> Interval:
    """As `variant_window`, of what `prepared` gives."""
    return grid_window(engine, prepared_variant.chrom, prepared_variant.interval.centre, width_bp)


def grid_window(engine: EnformerEngine, chrom: str, position: int, width_bp: int | None = None) -> Interval:
    """The window of the grid whose shown middle lies nearest to a 0-based position."""
    width, spacing = width_bp or engine.input_bp, grid_spacing_bp(engine, width_bp)
    first, stop = shown_bins(engine, width_bp)
    nearest = (position + spacing // 2) // spacing * spacing
    start = nearest - (first + stop) // 2 * engine.bin_size_bp
    return Interval(chrom, start, start + width)


def shown_interval(engine: EnformerEngine, window: Interval) -> Interval:
    """What the model's own crop leaves of a window."""
    first, stop = shown_bins(engine, window.width_bp)
    size = engine.bin_size_bp
    return Interval(window.chrom, window.start + first * size, window.start + stop * size)


def prepared(
    engine: EnformerEngine,
    genome: Reference,
    variant: Variant,
    *,
    width_bp: int | None = None,
    letters: Letters | None = None,
) -> Variant:
    """The variant checked, with the genome's own name of the chromosome and left-normalised.

    Raises
    ------
    InvalidLocusError
        The genome has no such chromosome, or the variant lies outside it.
    ReferenceMismatchError
        The genome has other letters.
    InvalidVariantError
        An allele holds N, or is longer than a quarter of the shown width.
    """
    letters = letters or Letters(genome)
    variant = replace(variant, chrom=resolve_contig(variant.chrom, genome.contigs, genome.name))
    longest, limit = max(len(variant.ref), len(variant.alt)), longest_allele(engine, width_bp)
    if longest > limit:
        raise InvalidVariantError(
            f"{_short(variant)} has an allele of {longest:,} letters; {engine.title} shows "
            f"{limit * LONGEST_SHARE:,} bp, and alleles of up to {limit:,} letters are scored."
        )
    if "N" in variant.ref + variant.alt:
        raise InvalidVariantError(f"{_short(variant)} holds N, which says too little; give the letters A, C, G, T.")
    check_variant(variant, letters)
    return variant.normalise(letters.fetch)


def _short(variant: Variant) -> str:
    def cut(allele: str) -> str:
        return allele if len(allele) <= 20 else f"{allele[:20]}…"

    return f"{variant.chrom}:{variant.position:,} {cut(variant.ref)}>{cut(variant.alt)}"


class Letters:
    """A genome that remembers the blocks that were read last: many short looks close together cost one.

    Parameters
    ----------
    genome : what is read.
    """

    def __init__(self, genome: Reference) -> None:
        self._genome = genome
        self.name, self.assembly, self.contigs = genome.name, genome.assembly, genome.contigs
        self.identity = genome.identity
        self._blocks: OrderedDict[tuple[str, int], str] = OrderedDict()

    def fetch(self, interval: Interval) -> str:
        """As `Reference.fetch`."""
        chrom = resolve_contig(interval.chrom, self.contigs, self.name)
        start, end = interval.start, interval.end
        if start < 0 or end > self.contigs[chrom] or interval.width_bp > BLOCK_BP:
            return self._genome.fetch(interval)
        blocks = range(start // BLOCK_BP, (end - 1) // BLOCK_BP + 1)
        joined, shift = "".join(self._block(chrom, number) for number in blocks), blocks[0] * BLOCK_BP
        return joined[start - shift : end - shift]

    def close(self) -> None:
        """Nothing: the genome belongs to whoever opened it."""

    def _block(self, chrom: str, number: int) -> str:
        key = (chrom, number)
        if key not in self._blocks:
            end = min(self.contigs[chrom], (number + 1) * BLOCK_BP)
            self._blocks[key] = self._genome.fetch(Interval(chrom, number * BLOCK_BP, end))
            if len(self._blocks) > BLOCKS:
                self._blocks.popitem(last=False)
        else:
            self._blocks.move_to_end(key)
        return self._blocks[key]


@dataclass(frozen=True)
class Group:
    """Variants that are read in one window.

    Attributes
    ----------
    window : of the grid.
    places : numbers of the variants in what was given. variants : as given. changes : left-normalised.
    """

    window: Interval
    places: tuple[int, ...]
    variants: tuple[Variant, ...]
    changes: tuple[Variant, ...]

    def __len__(self) -> int:
        """Number of variants."""
        return len(self.places)


def grouped(
    engine: EnformerEngine,
    prepared_variants: Iterable[tuple[int, Variant, Variant]],
    *,
    most: int = 64,
    width_bp: int | None = None,
) -> list[Group]:
    """Groups of up to `most` variants of one window, windows in the order of the genome.

    Parameters
    ----------
    prepared_variants : (number, as given, as `prepared` gives it) each.
    """
    found: dict[Interval, list[tuple[int, Variant, Variant]]] = {}
    for entry in prepared_variants:
        found.setdefault(window_of(engine, entry[2], width_bp), []).append(entry)
    chroms = dict.fromkeys(window.chrom for window in found)
    order = {chrom: number for number, chrom in enumerate(chroms)}
    groups = []
    for window in sorted(found, key=lambda window: (order[window.chrom], window.start)):
        entries = sorted(found[window], key=lambda entry: (entry[2].position, entry[0]))
        for start in range(0, len(entries), most):
            groups.append(Group(window, *zip(*entries[start : start + most], strict=True)))
    return groups
