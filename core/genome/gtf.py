"""Lines of a GTF file as genes; 1-based and inclusive in the file, 0-based and half-open here."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable

import numpy as np

from core.errors import AnnotationError, InvalidLocusError
from core.genome.gene_columns import STRANDS, GeneColumns
from core.genome.interval import MAX_POSITION, Interval

_ATTRIBUTE = re.compile(r'\s*(\w+)\s+(?:"([^"]*)"|([^;"\s]+))\s*(?:;|$)')
_CODING = frozenset({"CDS", "stop_codon"})
_OF_TRANSCRIPTS = frozenset({"transcript", "exon", "CDS", "stop_codon", "start_codon"})
_NONE = "\0"  # no attributes begin so
_NAMING = frozenset({"gene", "transcript"})
_SIGNS = {"+": 0, "-": 1}
_NO_STRAND = STRANDS.index(".")


def read_gtf(name: str, lines: Iterable[tuple[int, str]]) -> GeneColumns:
    """Genes of the lines, in any order; a gene or transcript without a line of its own reaches over all of its parts.

    Parameters
    ----------
    name : what the file is called in the sentences.
    lines : number and text of each line, without comments.

    Raises
    ------
    AnnotationError
        A line that cannot be read; the message says which, and what is wrong.
    """
    reader = _Reader()
    for number, line in lines:
        columns = line.split("\t")
        try:
            chrom, _, feature, first, last, _, strand, _, attributes = columns
            start, end = int(first) - 1, int(last)
        except ValueError:
            raise _wrong_line(f"Line {number} of {name}", columns) from None
        if not (0 <= start < end <= MAX_POSITION and first.isdigit() and last.isdigit()):
            raise _wrong_line(f"Line {number} of {name}", columns)
        try:
            reader.take(chrom, feature, start, end, _SIGNS.get(strand, _NO_STRAND), attributes)
        except (InvalidLocusError, LookupError):
            raise _wrong_line(f"Line {number} of {name}", columns) from None
    return reader.columns()


class _Reader:
    """Columns that grow with each line."""

    def __init__(self) -> None:
        self.contigs: dict[str, int] = {}
        self.genes: list[list[int]] = []
        self.gene_texts: list[list[str]] = []  # symbol, identifier, biotype, key
        self.transcripts: list[list[int]] = []
        self.transcript_genes: list[int] = []
        self.transcript_texts: list[list[str]] = []  # identifier, name, biotype
        self.exons = array("q")  # transcript, start, end
        self._gene_numbers: dict[tuple[int, str], int] = {}
        self._transcript_numbers: dict[tuple[int, str], int] = {}
        self._chrom, self._head = "", _NONE  # of the line before, up to its gene_id and transcript_id
        self._gene = self._transcript = -1

    def take(self, chrom: str, feature: str, start: int, end: int, strand: int, attributes: str) -> None:
        """One line; LookupError when it names no gene."""
        if feature in _OF_TRANSCRIPTS and chrom == self._chrom and attributes.startswith(self._head):
            gene, transcript, named = self._gene, self._transcript, True  # as the line before: most lines are
        else:
            gene, transcript, named = self._whose(chrom, feature, start, end, strand, attributes)
        span = self.genes[gene]
        if feature == "gene":
            span[1:] = start, end, strand, 1
        elif not span[4]:
            span[1], span[2] = min(span[1], start), max(span[2], end)
        if transcript >= 0 and feature in _OF_TRANSCRIPTS:
            self._take_part(transcript, feature, start, end, strand)
        if not named or feature in _NAMING:
            self._name(gene, transcript, _facts(attributes))

    def _whose(
        self, chrom: str, feature: str, start: int, end: int, strand: int, attributes: str
    ) -> tuple[int, int, bool]:
        """Gene, transcript (-1 for none), and whether both have been met before."""
        gene_id, gene_end = _value(attributes, "gene_id")
        transcript_id, transcript_end = _value(attributes, "transcript_id")
        if not gene_id or (transcript_id is None and feature != "gene"):
            facts = _facts(attributes)
            gene_id = facts.get("gene_id") or facts["gene_name"]
            transcript_id = facts.get("transcript_id")
            gene_end = transcript_end = 0
        contig = self.contigs.get(chrom)
        if contig is None:
            Interval(chrom, start, end)  # raises for what is no name
            contig = self.contigs[chrom] = len(self.contigs)
        named = True
        gene = self._gene_numbers.get((contig, gene_id), -1)
        if gene < 0:
            gene, named = len(self.genes), False
            self._gene_numbers[contig, gene_id] = gene
            self.genes.append([contig, start, end, strand, 0])
            self.gene_texts.append(["", "", "", gene_id])
        transcript = self._transcript_numbers.get((gene, transcript_id), -1) if transcript_id else -1
        if transcript_id and transcript < 0:
            transcript, named = len(self.transcripts), False
            self._transcript_numbers[gene, transcript_id] = transcript
            self.transcripts.append([-1, -1, strand, -1, -1, 0])
            self.transcript_genes.append(gene)
            self.transcript_texts.append([transcript_id, "", ""])
        self._chrom, self._gene, self._transcript = chrom, gene, transcript
        self._head = attributes[: max(gene_end, transcript_end)] if gene_end and transcript_end else _NONE
        return gene, transcript, named

    def _take_part(self, number: int, feature: str, start: int, end: int, strand: int) -> None:
        span = self.transcripts[number]
        if feature == "transcript":
            span[0], span[1], span[2], span[5] = start, end, strand, 1
        elif span[0] < 0:
            span[0], span[1] = start, end
        elif not span[5]:
            span[0], span[1] = min(span[0], start), max(span[1], end)
        if feature == "exon":
            self.exons.extend((number, start, end))
        elif feature in _CODING:
            span[3], span[4] = (start, end) if span[3] < 0 else (min(span[3], start), max(span[4], end))

    def _name(self, gene: int, transcript: int, facts: dict[str, str]) -> None:
        """Take over what is not known yet."""
        known = self.gene_texts[gene]
        known[0] = known[0] or facts.get("gene_name", "")
        known[1] = known[1] or facts.get("gene_id", "")
        known[2] = known[2] or facts.get("gene_biotype") or facts.get("gene_type") or ""
        if transcript >= 0:
            known = self.transcript_texts[transcript]
            known[1] = known[1] or facts.get("transcript_name", "")
            known[2] = known[2] or facts.get("transcript_biotype") or facts.get("transcript_type") or ""

    def columns(self) -> GeneColumns:
        """All that was taken, sorted."""
        genes = _numbers(self.genes, 5)
        order = np.lexsort((genes[:, 2], genes[:, 1], genes[:, 0]))
        texts = [self.gene_texts[number] for number in order]
        place = _places(order)

        parts = _numbers(self.transcripts, 6)
        of_gene = place[np.array(self.transcript_genes, np.int64)] if len(parts) else np.empty(0, np.int64)
        kept = np.flatnonzero(parts[:, 0] >= 0)
        kept = kept[np.lexsort((parts[kept, 1], parts[kept, 0], of_gene[kept]))]
        part_texts = [self.transcript_texts[number] for number in kept]

        exons = np.frombuffer(self.exons, np.int64).reshape(-1, 3)
        of_part = np.full(len(parts), -1, np.int64)
        of_part[kept] = np.arange(len(kept))
        of_part = of_part[exons[:, 0]]
        by_part = np.lexsort((exons[:, 1], of_part))
        return GeneColumns(
            contigs=tuple(self.contigs),
            symbols=tuple(symbol or identifier or key for symbol, identifier, _, key in texts),
            identifiers=tuple(identifier for _, identifier, _, _ in texts),
            biotypes=tuple(biotype for _, _, biotype, _ in texts),
            transcript_ids=tuple(identifier for identifier, _, _ in part_texts),
            transcript_names=tuple(name for _, name, _ in part_texts),
            transcript_biotypes=tuple(biotype for _, _, biotype in part_texts),
            genes=genes[order],
            transcripts=np.ascontiguousarray(parts[kept, :5]),
            exons=np.ascontiguousarray(exons[by_part, 1:]),
            first_transcript=np.searchsorted(of_gene[kept], np.arange(len(genes) + 1)),
            first_exon=np.searchsorted(of_part[by_part], np.arange(len(kept) + 1)),
        )


def _numbers(rows: list[list[int]], width: int) -> np.ndarray:
    return np.array(rows, np.int64).reshape(-1, width)


def _places(order: np.ndarray) -> np.ndarray:
    """Where each number stands in the order."""
    places = np.empty_like(order)
    places[order] = np.arange(len(order))
    return places


def _value(attributes: str, key: str) -> tuple[str | None, int]:
    """A quoted attribute behind a space or at the beginning, and where it ends.

    None leaves the question to `_facts`, which is slower.
    """
    start = 0
    if not attributes.startswith(f'{key} "'):
        start = attributes.find(f' {key} "') + 1
        if not start:
            return None, 0
    start += len(key) + 2
    end = attributes.find('"', start)
    return (attributes[start:end], end + 1) if end >= 0 else (None, 0)


def _facts(attributes: str) -> dict[str, str]:
    return {found[1]: found[2] or found[3] or "" for found in _ATTRIBUTE.finditer(attributes)}


def _wrong_line(place: str, columns: list[str]) -> AnnotationError:
    """What is wrong with a line."""
    if len(columns) != 9:
        count = f"{len(columns)} column{'' if len(columns) == 1 else 's'}"
        return AnnotationError(f"{place} has {count}; GTF has 9, separated by tabs.")
    for text, what in ((columns[3], "its start"), (columns[4], "its end")):
        if not (text.isascii() and text.isdigit() and len(text) < 12):
            return AnnotationError(f"{place} has {text[:30]!r} as {what}; give a whole number of base pairs.")
    if int(columns[3]) < 1:
        return AnnotationError(f"{place} starts at 0; GTF counts from 1.")
    try:
        Interval(columns[0], int(columns[3]) - 1, int(columns[4]))
    except InvalidLocusError as error:
        return AnnotationError(f"{place} cannot be read: {error}")
    other = " (this looks like GFF3; convert it: gffread -T)" if "=" in columns[8] else ""
    return AnnotationError(f"{place} names no gene_id{other}; give a GTF file.")
