"""Places to name in sentences: those that a genome has."""

from __future__ import annotations

from collections.abc import Mapping

EXAMPLE, POSITION = "chr11:35,082,742-35,197,430", "chr11:35.1M"
_REACH = 35_200_000  # of these two


def example_place(contigs: Mapping[str, int] | None) -> str:
    """A position that a genome has, as one might type it."""
    if not contigs or contigs.get("chr11", 0) > _REACH:
        return POSITION
    chrom, length = next(iter(contigs.items()))
    return f"{chrom}:{_middle(length):,}"


def example_range(contigs: Mapping[str, int] | None) -> str:
    """A range that a genome has, as one might type it."""
    if not contigs or contigs.get("chr11", 0) > _REACH:
        return EXAMPLE
    chrom, length = next(iter(contigs.items()))
    return f"{chrom}:{_middle(length):,}-{min(length, _middle(length) + max(1, length // 20)):,}"


def _middle(length: int) -> int:
    """Near the middle, in round thousands where there are such."""
    return max(1, length // 2 // 1000 * 1000 or length // 2)
