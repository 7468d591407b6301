"""`read_variants`: variants of a VCF, a table or a pasted list, and every record that cannot be used with its reason.

Files are read line by line (pysam's own reader stops at the first record that it does not like), so that one bad line
costs one line, and a file of any size takes little memory.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from core.effects.lines import Lines
from core.effects.offers import checked, short
from core.effects.records import Record, TableLines, VcfLines, is_column_line, shortened
from core.effects.values import Rejected
from core.effects.windows import Letters
from core.errors import AttendomeError
from core.genome.contigs import find_contig
from core.genome.reference import Reference, assembly_of
from core.genome.variant import Variant
from core.settings import settings

MAX_REJECTED = 10_000
REMEMBERED = 200_000  # variants that a later line may repeat
MANY_WRONG = 0.2  # of the records: then it is not the lines that are wrong
ENOUGH = 5


class VariantReader:
    """Every record of a file, one after another: a `Record` or a `Rejected`. Holds a line at a time.

    Parameters
    ----------
    source : path of a file, or a file that was opened for bytes; plain, gzip or bgzip, told by its first bytes.
    genome : what the records are checked against; they are then left-normalised and take its names of chromosomes.
    name : what the file is called in sentences.

    Attributes
    ----------
    notes : after reading, sentences about the whole file: cut short, no records, spaces for tabs, another assembly.
    records, mismatches : how many were good so far, and how many disagree with the genome.
    samples : names of the samples of a VCF.
    bytes_read : of the file as it lies on disk.
    """

    def __init__(self, source: Path | str | BinaryIO, genome: Reference | None = None, *, name: str = "") -> None:
        self._lines = Lines(source, name)
        self._genome = None if genome is None else Letters(genome)
        self._seen: OrderedDict[Variant, int] = OrderedDict()
        self._vcf = VcfLines()
        self.name = self._lines.name
        self.notes: tuple[str, ...] = ()
        self.records = self.mismatches = self._renamed = self._seen_lines = 0

    @property
    def bytes_read(self) -> int:
        return self._lines.bytes_read

    @property
    def samples(self) -> tuple[str, ...]:
        return self._vcf.samples

    def __iter__(self) -> Iterator[Record | Rejected]:
        table: TableLines | None = None
        is_vcf = self.name.lower().endswith((".vcf", ".vcf.gz", ".vcf.bgz"))
        for number, text in self._lines:
            self._seen_lines += 1
            if text is None:
                yield Rejected(number, "", "This line is longer than 16 MB; give only the samples that are needed.")
                continue
            if not text.strip():
                continue
            if text.startswith("##") or is_column_line(text):
                is_vcf = is_vcf or not text.startswith("##") or text.startswith("##fileformat=VCF")
                self._vcf.header(text)
                continue
            if is_vcf:
                if not text.startswith("#"):
                    yield from self._looked_at(self._vcf.read(number, text))
                continue
            if table is None:
                table = TableLines(text, self._genome)
                if table.has_header:
                    continue
            if not text.startswith("#"):
                yield from self._looked_at(table.read(number, text))
        self.notes = tuple(self._sentences())

    def _looked_at(self, found: Iterable[Record | Rejected]) -> Iterator[Record | Rejected]:
        """Checked against the genome, and each once."""
        for one in found:
            if isinstance(one, Record):
                one = self._checked(one)
            if isinstance(one, Record):
                self.records += 1
            yield one

    def _checked(self, record: Record) -> Record | Rejected:
        text = shortened(" ".join(record.given))
        variant = record.variant
        if self._genome is not None:
            try:
                variant = checked(variant, self._genome)
            except AttendomeError as error:
                self.mismatches += hasattr(error, "found")
                return Rejected(record.line, text, str(error), getattr(error, "offer", None))
            self._renamed += variant.chrom != record.variant.chrom
        before = self._seen.get(variant)
        if before is not None:
            return Rejected(
                record.line, text, f"{short(variant)} was given before, in line {before:,}; it is read once."
            )
        self._seen[variant] = record.line
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return record if variant is record.variant else replace(record, variant=variant)

    def _sentences(self) -> Iterator[str]:
        if self._lines.problem:
            yield self._lines.problem
        elif not self._seen_lines:
            yield f"{self.name} is empty; give a VCF, a table or a list of variants."
        elif not self.records and not self._seen:
            yield (
                f"{self.name} has no variant that can be scored; give lines such as chr1:14677:G:A, or those of a VCF."
            )
        if self._vcf.spaced:
            lines, were = ("line has", "it was") if self._vcf.spaced == 1 else ("lines have", "they were")
            yield f"{self._vcf.spaced:,} {lines} spaces in the place of tabs; {were} read all the same."
        if self._genome is None:
            return
        if self._renamed:
            yield f"Chromosomes of {self._renamed:,} variants are named as in {self._genome.name} (chr1 and 1 are one)."
        if (other := self._other_assembly()) is not None:
            yield other
        elif self.mismatches >= ENOUGH and self.mismatches > MANY_WRONG * (self.records + self.mismatches):
            yield (
                f"{self.mismatches:,} of {self.mismatches + self.records:,} records have another reference allele than "
                f"{self._genome.name}: the file may belong to another assembly."
            )

    def _other_assembly(self) -> str | None:
        """A sentence where the header's lengths of chromosomes are not those of the genome."""
        for name, length in self._vcf.contigs.items():
            own = find_contig(name, self._genome.contigs)
            if own is not None and self._genome.contigs[own] != length:
                said = assembly_of(self._vcf.contigs)
                called = "" if said == "unknown" else f", as in {said}"
                return (
                    f"The header says that {name} has {length:,} base pairs{called}; in {self._genome.name} it has "
                    f"{self._genome.contigs[own]:,}: the file belongs to another assembly."
                )
        return None


def iter_records(source: Path | str | BinaryIO, genome: Reference | None = None, *, name: str = "") -> VariantReader:
    """Records of a file of any size, one after another; see `VariantReader`."""
    return VariantReader(source, genome, name=name)


def read_variants(
    source: Path | str | BinaryIO, genome: Reference | None = None, *, most: int | None = None, name: str = ""
) -> tuple[tuple[Variant, ...], tuple[Rejected, ...]]:
    """Variants of a VCF, a table or a list, and the records that cannot be used, by line and with the reason.

    Records with several alternatives become one variant each. With a genome they are checked against it,
    left-normalised, and named as it names its chromosomes. What concerns the whole file (it was cut short, it holds
    nothing, more than can be taken) is listed as rejected too, with line 0.

    Parameters
    ----------
    source : path of a file, a file opened for bytes, or the text itself where it has a line end. What comes from a
        browser goes through `read_text`, which never opens a file.
    genome : what is checked against, or None.
    most : variants taken at most; by default ATTENDOME_MAX_VARIANTS.

    Raises
    ------
    VariantFileError
        The file is not there, or is no text.
    """
    if isinstance(source, str) and "\n" in source:
        return read_text(source, genome, most=most)
    return _collected(VariantReader(source, genome, name=name), most)


def read_text(
    text: str, genome: Reference | None = None, *, most: int | None = None
) -> tuple[tuple[Variant, ...], tuple[Rejected, ...]]:
    """As `read_variants`, of a text that was pasted."""
    content = BytesIO(text.encode("utf-8", errors="replace"))
    return _collected(VariantReader(content, genome, name="The text"), most)


def _collected(reader: VariantReader, most: int | None) -> tuple[tuple[Variant, ...], tuple[Rejected, ...]]:
    most = settings().max_variants if most is None else most
    variants: list[Variant] = []
    rejected: list[Rejected] = []
    hidden = 0
    whole: list[str] = []
    for one in reader:
        if isinstance(one, Record):
            if len(variants) == most:
                whole.append(
                    f"{reader.name} has more than {most:,} variants, and as many are taken at once; the rest, from "
                    f"line {one.line:,} on, was not read. Cut the file, or raise ATTENDOME_MAX_VARIANTS."
                )
                break
            variants.append(one.variant)
        elif len(rejected) < MAX_REJECTED:
            rejected.append(one)
        else:
            hidden += 1
    if hidden:
        whole.append(f"{hidden:,} more records cannot be used; the first {MAX_REJECTED:,} are listed.")
    notes = (note for note in reader.notes if "were read all the same" not in note and "are named as" not in note)
    return tuple(variants), tuple(chain(rejected, (Rejected(0, reader.name, why) for why in (*whole, *notes))))
