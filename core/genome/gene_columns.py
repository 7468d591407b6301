"""The genes of a whole genome in little memory: columns of numbers, and each `Gene` made when it is asked for."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import overload

import numpy as np

from core.genome.gene import Gene, Transcript
from core.genome.interval import Interval

FORMAT = "1"
STRANDS = "+-."
_TEXTS = ("contigs", "symbols", "identifiers", "biotypes", "transcript_ids", "transcript_names", "transcript_biotypes")


@dataclass(frozen=True, eq=False)
class GeneColumns(Sequence[Gene]):
    """Genes by chromosome and start; their transcripts by start, and the exons of those too.

    Attributes
    ----------
    contigs : names of the chromosomes, in the order of the file.
    symbols, identifiers, biotypes : of each gene.
    transcript_ids, transcript_names, transcript_biotypes : of each transcript.
    genes : (genes, 5) int64: chromosome, start, end, strand (its place in `STRANDS`), 1 if it has a line of its own.
    transcripts : (transcripts, 5) int64: start, end, strand, start and end of the coding part (-1 where there is none).
    exons : (exons, 2) int64: start, end.
    first_transcript : (genes + 1,) int64: the transcripts of gene g are those from [g] to [g + 1].
    first_exon : (transcripts + 1,) int64, likewise.

    Positions are 0-based and half-open.
    """

    contigs: tuple[str, ...]
    symbols: tuple[str, ...]
    identifiers: tuple[str, ...]
    biotypes: tuple[str, ...]
    transcript_ids: tuple[str, ...]
    transcript_names: tuple[str, ...]
    transcript_biotypes: tuple[str, ...]
    genes: np.ndarray
    transcripts: np.ndarray
    exons: np.ndarray
    first_transcript: np.ndarray
    first_exon: np.ndarray

    def __post_init__(self) -> None:
        genes, transcripts, exons = len(self.symbols), len(self.transcript_ids), len(self.exons)
        shapes = {"genes": (genes, 5), "transcripts": (transcripts, 5), "exons": (exons, 2)}
        shapes |= {"first_transcript": (genes + 1,), "first_exon": (transcripts + 1,)}
        lengths = {"identifiers": genes, "biotypes": genes}
        lengths |= {"transcript_names": transcripts, "transcript_biotypes": transcripts}
        for name, shape in shapes.items():
            array = getattr(self, name)
            if array.shape != shape or array.dtype != np.int64:
                raise ValueError(f"{name} is {array.dtype} {array.shape} instead of int64 {shape}")
            array.flags.writeable = False
        for name, length in lengths.items():
            if len(getattr(self, name)) != length:
                raise ValueError(f"{name} has {len(getattr(self, name))} entries instead of {length}")

    @property
    def nbytes(self) -> int:
        """Bytes of the numbers."""
        return sum(a.nbytes for a in (self.genes, self.transcripts, self.exons, self.first_transcript, self.first_exon))

    def __len__(self) -> int:
        return len(self.symbols)

    @overload
    def __getitem__(self, number: int) -> Gene: ...
    @overload
    def __getitem__(self, number: slice) -> tuple[Gene, ...]: ...
    def __getitem__(self, number: int | slice) -> Gene | tuple[Gene, ...]:
        if isinstance(number, slice):
            return tuple(self[n] for n in range(len(self))[number])
        number = range(len(self))[number]
        contig, start, end, strand, _ = self.genes[number].tolist()
        chrom = self.contigs[contig]
        first, last = self.first_transcript[number : number + 2].tolist()
        return Gene(
            self.symbols[number],
            self.identifiers[number],
            Interval(chrom, start, end, STRANDS[strand]),
            self.biotypes[number],
            tuple(self._transcript(chrom, n) for n in range(first, last)),
        )

    def _transcript(self, chrom: str, number: int) -> Transcript:
        start, end, sign, coding_start, coding_end = self.transcripts[number].tolist()
        strand = STRANDS[sign]
        whole = Interval(chrom, start, end, strand)
        first, last = self.first_exon[number : number + 2].tolist()
        exons = tuple(Interval(chrom, *places, strand) for places in self.exons[first:last].tolist())
        coding = Interval(chrom, coding_start, coding_end, strand) if coding_start >= 0 else None
        name, biotype = self.transcript_names[number], self.transcript_biotypes[number]
        return Transcript(self.transcript_ids[number], name, whole, exons or (whole,), coding, biotype)

    def to_bytes(self) -> bytes:
        """For a file; `from_bytes` reads it."""
        held = {field.name: getattr(self, field.name) for field in fields(self)}
        arrays = {name: _packed(value) if name in _TEXTS else value for name, value in held.items()}
        target = io.BytesIO()
        np.savez(target, **arrays)
        return target.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> GeneColumns:
        """From what `to_bytes` wrote.

        Raises
        ------
        ValueError, KeyError, OSError
            It is something else.
        """
        with np.load(io.BytesIO(content)) as found:
            held = {field.name: found[field.name] for field in fields(cls)}
        return cls(**{name: _unpacked(value) if name in _TEXTS else value for name, value in held.items()})


def _packed(texts: tuple[str, ...]) -> np.ndarray:
    """The texts, none of which has a line end, as bytes with a line end behind each."""
    return np.frombuffer("".join(f"{text}\n" for text in texts).encode(), np.uint8)


def _unpacked(array: np.ndarray) -> tuple[str, ...]:
    seen: dict[str, str] = {}  # thousands of transcripts share one text
    return tuple(seen.setdefault(text, text) for text in array.tobytes().decode().split("\n")[:-1])
