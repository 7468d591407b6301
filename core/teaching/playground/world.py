"""The shipped playground, read back from its files, and what the grammar says about any place or edit of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from core.errors import InvalidLocusError, SequenceError
from core.genome import Interval, Reference, open_genome
from core.genome.annotation import Track
from core.genome.annotation_files import read_annotation
from core.genome.contigs import resolve_contig
from core.teaching.playground.edits import Edit, Replacement, as_replacement, checked_edits, edited, net_change_bp
from core.teaching.playground.files import ASSEMBLY, playground_file, playground_genes
from core.teaching.playground.grammar import BIN_SIZE_BP, GenePlan, Grammar, bin_means, cells_of
from core.teaching.playground.motifs import MATRICES
from core.teaching.playground.occupancy import encode

# What lies farther away changes a place by less than exp(-12) of its expression.
REACHES_AROUND = 12
OUTPUT_BINS = 256


@dataclass(frozen=True, eq=False)
class World:
    """The shipped genome and its genes."""

    genome: Reference
    annotation: Track
    genes: Mapping[str, tuple[GenePlan, ...]]

    def truth(self, interval: Interval, grammar: Grammar | None = None, edits: Iterable[Edit] = ()) -> np.ndarray:
        """(bins, 12) float32: what the grammar says about a place, after `edits` if there are any.

        Parameters
        ----------
        interval : a multiple of 128 bp wide; what overhangs the chromosome is N and has no coverage.
        grammar : the numbers of the shipped genome by default.
        edits : variants or replacements on the same chromosome, not overlapping; they may lie far away. The tracks
            stay in the bins of the unchanged genome, see `core.teaching.playground.edits`.

        Raises
        ------
        InvalidLocusError
            Outside the genome, or no multiple of 128 bp.
        SequenceError
            Edits that overlap or lie elsewhere.
        ReferenceMismatchError
            A variant says another base than the genome has.
        """
        grammar = grammar or Grammar()
        if interval.width_bp % BIN_SIZE_BP:
            raise InvalidLocusError(
                f"{interval.locus} is {interval.width_bp:,} bp wide; give a multiple of {BIN_SIZE_BP} bp."
            )
        chrom = resolve_contig(interval.chrom, self.genome.contigs, self.genome.name)
        length = self.genome.contigs[chrom]
        if interval.start >= length or interval.end <= 0:
            raise InvalidLocusError(f"{interval.locus} lies outside {chrom}; give a place from 1 to {length:,}.")
        changes = checked_edits(edits, chrom, self.genome)
        start, end, changes = self._around(interval, length, grammar, changes)
        codes = encode(self.genome.fetch(Interval(chrom, start, end)))
        genes = [_moved(gene, -start) for gene in self.genes[chrom]]
        if changes:
            made = edited(codes, start, changes)
            lifted = [made.lifted(gene) for gene in genes]
            cells = made.laid_back(cells_of(made.codes, lifted, grammar, places=made.places, length=made.length))
        else:
            cells = cells_of(codes, genes, grammar)
        first = (interval.start - start) // BIN_SIZE_BP
        return bin_means(cells)[first : first + interval.width_bp // BIN_SIZE_BP]

    @staticmethod
    def _around(
        interval: Interval, length: int, grammar: Grammar, changes: Sequence[Replacement]
    ) -> tuple[int, int, tuple[Replacement, ...]]:
        """What has to be read for an interval: (start, end, the edits in it), in whole bins from the interval's."""

        def wider(bp: float) -> int:
            return int(-(-bp // BIN_SIZE_BP)) * BIN_SIZE_BP

        # A deletion brings what lies behind it nearer.
        lost = sum(max(0, -net_change_bp(change)) for change in changes)
        around = wider(REACHES_AROUND * max(grammar.reach_bp, grammar.silencer_reach_bp) + lost)
        # Nothing that lies beyond the chromosome: there is nothing to compute.
        start = interval.start - min(around, wider(max(0, interval.start)))
        end = min(interval.end + around, max(interval.end, length))
        inside: tuple[Replacement, ...] = ()
        while True:
            now = tuple(c for c in changes if c.interval.start < end and c.interval.end > start)
            if now == inside:
                return start, end, inside
            inside = now
            start -= wider(max(0, start - inside[0].interval.start))
            end = max(end, inside[-1].interval.end)


def _moved(gene: GenePlan, by: int) -> GenePlan:
    exons = tuple((start + by, end + by) for start, end in gene.exons)
    return GenePlan(gene.symbol, gene.strand, gene.tss + by, gene.tes + by, exons)


def _plans(annotation: Track) -> dict[str, tuple[GenePlan, ...]]:
    plans: dict[str, list[GenePlan]] = {}
    for gene in annotation.genes:
        place, forward = gene.interval, gene.interval.strand == "+"
        exons = tuple((exon.start, exon.end) for exon in gene.transcripts[0].exons)
        tss, tes = (place.start, place.end - 1) if forward else (place.end - 1, place.start)
        plans.setdefault(place.chrom, []).append(GenePlan(gene.symbol, place.strand, tss, tes, exons))
    return {chrom: tuple(found) for chrom, found in plans.items()}


@cache
def world() -> World:
    """The shipped playground, read once.

    Raises
    ------
    GenomeFileError
        A file is missing, damaged, or of another version of the grammar.
    """
    playground_file(MATRICES.name)
    annotation = read_annotation(playground_genes(), assembly=ASSEMBLY)
    return World(open_genome("playground"), annotation, _plans(annotation))


def simulate_effect(
    edits: Edit | Iterable[Edit], interval: Interval | None = None, *, grammar: Grammar | None = None
) -> np.ndarray:
    """(bins, tracks) float32: the exact effect (edited - unchanged) of edits on the playground's tracks.

    Parameters
    ----------
    edits : variants or replacements on one chromosome, or a single one.
    interval : where the effect is wanted; by default the 256 bins around the first edit given.

    Raises
    ------
    SequenceError
        No edits, or edits that overlap or lie on different chromosomes.
    InvalidLocusError, ReferenceMismatchError
        As `World.truth`.
    """
    given = (edits,) if isinstance(edits, Edit) else tuple(edits)
    if not given:
        raise SequenceError("No edit was given; give at least one variant, for example sim1:100,000 A>G.")
    place = as_replacement(given[0]).interval
    if interval is None:
        first = (place.start // BIN_SIZE_BP - OUTPUT_BINS // 2) * BIN_SIZE_BP
        interval = Interval(place.chrom, first, first + OUTPUT_BINS * BIN_SIZE_BP)
    shared = world()
    return shared.truth(interval, grammar, given) - shared.truth(interval, grammar)
