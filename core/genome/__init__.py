"""Genomes, places on them and their letters; the only place where coordinates are converted.

`Interval` is 0-based and half-open, `Variant.position` 1-based as in VCF; what people type or read is 1-based and
inclusive. `open_genome` gives a `Reference` whose `fetch` gives upper-case letters, `one_hot` turns them into numbers.
A browser may only name what `genome_sources` lists: `named_genome`, `annotation_for`.
"""

from core.genome.genomes import open_genome
from core.genome.interval import Interval
from core.genome.reference import Reference
from core.genome.sequence import one_hot, reverse_complement
from core.genome.sources import GenomeSource, annotation_for, genome_sources, named_genome
from core.genome.variant import Variant

__all__ = [
    "GenomeSource",
    "Interval",
    "Reference",
    "Variant",
    "annotation_for",
    "genome_sources",
    "named_genome",
    "one_hot",
    "open_genome",
    "reverse_complement",
]
