"""Genes and letters near what is seen: read in stretches larger than the screen, each once."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from components.browser.scene import GeneMark, GeneRow, LetterRow
from components.tracks.words import gene_sentence
from core.errors import AnnotationError, GenomeUnavailableError
from core.genome.annotation import Gene
from core.genome.interval import Interval
from core.shelf import Shelf
from dashboard.tracks.where import Ground

MAX_LETTERS_SEEN = 5_000
LETTERS_BP = 4_096
GENES_BP = 65_536
MAX_GENES = 400
GENES, LETTERS = "genes", "letters"


@dataclass(frozen=True, eq=False)
class Near:
    """Genes of a stretch of a chromosome.

    Attributes
    ----------
    genes : None where there are none to be had; then `trouble` may say why.
    stretch : what they were looked up in.
    row : as they are drawn.
    """

    genes: tuple[Gene, ...] | None
    trouble: str
    stretch: Interval
    row: GeneRow

    def seen(self, seen: Interval) -> tuple[Gene, ...] | None:
        """Those that share a base with a part of the stretch."""
        if self.genes is None:
            return None
        return tuple(gene for gene in self.genes if gene.interval.overlaps(seen))


@st.cache_resource(show_spinner=False)
def _genes() -> Shelf[Near]:
    return Shelf(max_count=48)


@st.cache_resource(show_spinner=False)
def _letters() -> Shelf[str]:
    return Shelf(max_count=256)


def wider(seen: Interval, contig_bp: int, step_bp: int) -> Interval:
    """A stretch in whole steps that reaches at least as far beyond what is seen as that is wide, on the chromosome.

    Small moves give the same stretch again.
    """
    step = step_bp
    while step < seen.width_bp:
        step *= 2
    start = (seen.start - seen.width_bp) // step * step
    end = -(-(seen.end + seen.width_bp) // step) * step
    return Interval(seen.chrom, max(0, start), min(contig_bp, end))


def genes_near(ground: Ground, seen: Interval, contig_bp: int) -> Near:
    """Genes around what is seen; those that cannot be had now are tried again at the next look."""
    stretch = wider(seen, contig_bp, GENES_BP)
    if ground.genes is None:
        return Near(None, ground.trouble, stretch, _row((), "No genes are loaded for this genome."))

    def look() -> Near:
        genes = ground.genes.genes_in(stretch)
        return Near(genes, "", stretch, _row(genes, f"Genes of {ground.genes.name}."))

    try:
        return _genes().get((ground.name, ground.reference.identity, id(ground.genes), stretch), look)
    except (AnnotationError, GenomeUnavailableError) as error:
        return Near(None, str(error), stretch, _row((), str(error)))


def _row(genes: tuple[Gene, ...], about: str) -> GeneRow:
    """Where there are too many, those that make a protein first, then the wider ones."""
    kept = sorted(genes, key=lambda gene: (gene.biotype not in ("protein_coding", ""), -gene.interval.width_bp))
    marks = tuple(map(gene_mark, sorted(kept[:MAX_GENES], key=lambda gene: gene.interval.start)))
    about = f"{about} Thick blocks code for protein, thin ones are other exons; arrows show the direction of reading."
    return GeneRow(id=GENES, title="Genes", about=about, genes=marks, left_out=max(0, len(genes) - MAX_GENES))


def gene_mark(gene: Gene) -> GeneMark:
    """A gene with the exons of all its transcripts together."""
    exons = _joined((exon.start, exon.end) for transcript in gene.transcripts for exon in transcript.exons)
    coding = _joined(
        (max(exon.start, transcript.coding.start), min(exon.end, transcript.coding.end))
        for transcript in gene.transcripts
        if transcript.coding is not None
        for exon in transcript.exons
        if exon.overlaps(transcript.coding)
    )
    place = gene.interval
    return GeneMark(gene.symbol, place.start, place.end, place.strand, exons, coding, gene_sentence(gene))


def _joined(stretches) -> tuple[tuple[int, int], ...]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(stretches):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def letters_near(ground: Ground, seen: Interval, contig_bp: int) -> LetterRow | None:
    """The letters around what is seen; None where too much is seen, or the genome does not give them now."""
    if seen.width_bp > MAX_LETTERS_SEEN:
        return None
    stretch = wider(seen, contig_bp, LETTERS_BP)
    try:
        letters = _letters().get((ground.reference.identity, stretch), lambda: ground.reference.fetch(stretch))
    except GenomeUnavailableError:
        return None
    about = f"The letters of {ground.reference.name}, forward strand."
    return LetterRow(
        id=LETTERS, title="Letters", about=about, height="small", start_bp=stretch.start, letters=letters
    )  # fmt: skip
