"""Names of chromosomes: "chr1", "1" and "CHR1" are the same one, "chrM" and "MT" too."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

from core.errors import InvalidLocusError

FEW = 6  # all of them fit into a sentence


def bare_name(chrom: str) -> str:
    """The name without "chr" and in one case, for comparing only: "chr1" -> "1", "chrM" -> "MT"."""
    name = chrom.upper()
    name = name[3:] if name.startswith("CHR") and len(name) > 3 else name
    return "MT" if name == "M" else name


def same_chromosome(first: str, second: str) -> bool:
    """Whether two names mean the same chromosome."""
    return first == second or bare_name(first) == bare_name(second)


def find_contig(chrom: str, contigs: Iterable[str]) -> str | None:
    """The name that these contigs use for the chromosome, or None when it is not among them.

    An exact name comes first; otherwise "chr" and upper or lower case do not matter, as long as that leaves one.
    """
    names = tuple(contigs)
    if chrom in names:
        return chrom
    wanted = bare_name(chrom)
    found = [name for name in names if bare_name(name) == wanted]
    return found[0] if len(found) == 1 else None


def resolve_contig(chrom: str, contigs: Mapping[str, int], genome: str) -> str:
    """The name that this genome uses for the chromosome.

    Parameters
    ----------
    contigs : name -> length in base pairs, in the order of the file.
    genome : what the genome is called in the sentence.

    Raises
    ------
    InvalidLocusError
        The genome has no such chromosome; the message offers the nearest names, or some.
    """
    found = find_contig(chrom, contigs)
    if found is not None:
        return found
    if len(contigs) <= FEW:
        raise InvalidLocusError(
            f"There is no chromosome {chrom!r} in {genome}; type one that it has: {', '.join(contigs)}."
        )
    near = difflib.get_close_matches(chrom, list(contigs), n=3, cutoff=0.7)
    names = near or list(contigs)[:3]
    more = "" if near else f" ({len(contigs)} in all)"
    raise InvalidLocusError(
        f"There is no chromosome {chrom!r} in {genome}; type one that it has, such as {', '.join(names)}{more}."
    )
