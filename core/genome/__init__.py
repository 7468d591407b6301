"""Genomes, places on them and their letters; the only place where coordinates are converted.

`Interval` is 0-based and half-open, `Variant.position` 1-based as in VCF; what people type or read is 1-based and
inclusive. `open_genome` gives a `Reference` whose `fetch` gives upper-case letters, `one_hot` turns them into numbers.
"""

from core.genome.genomes import open_genome
from core.genome.interval import Interval
from core.genome.reference import Reference
from core.genome.sequence import one_hot, reverse_complement
from core.genome.variant import Variant

__all__ = ["Interval", "Reference", "Variant", "one_hot", "open_genome", "reverse_complement"]
