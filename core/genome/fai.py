"""The index of a FASTA file (.fai): where each sequence begins, and how its lines are wrapped."""

from __future__ import annotations

from typing import NamedTuple

from core.errors import GenomeFileError


class FaiEntry(NamedTuple):
    """One sequence.

    Attributes
    ----------
    length_bp : its letters.
    offset : byte of the file at which its first letter lies.
    line_bases, line_bytes : letters in a line, and bytes with the line end.

    Source: faidx(5) of samtools.
    """

    length_bp: int
    offset: int
    line_bases: int
    line_bytes: int

    def byte_at(self, position: int) -> int:
        """Byte of the file at which the letter of a 0-based position lies."""
        return self.offset + position // self.line_bases * self.line_bytes + position % self.line_bases

    @property
    def end(self) -> int:
        """The byte behind the last letter."""
        return self.byte_at(self.length_bp - 1) + 1


def parse_fai(text: str, name: str) -> dict[str, FaiEntry]:
    """Read an index; sequences without letters are left out.

    Raises
    ------
    GenomeFileError
        It is none, or says what cannot be.
    """
    entries: dict[str, FaiEntry] = {}
    for number, line in enumerate(text.splitlines(), 1):
        columns = line.split("\t")
        try:
            entry = FaiEntry(*(int(column) for column in columns[1:5]))
        except (ValueError, TypeError):
            entry = FaiEntry(-1, -1, -1, -1)
        if entry.length_bp == 0 and columns[0]:
            continue
        possible = entry.length_bp > 0 and entry.offset > 0 and 0 < entry.line_bases <= entry.line_bytes
        if not possible or not columns[0] or columns[0] in entries:
            raise GenomeFileError(
                f"The index of {name} is damaged or is no .fai file (line {number}); make it again (samtools faidx)."
            )
        entries[columns[0]] = entry
    if not entries:
        raise GenomeFileError(f"The index of {name} is empty; make it again (samtools faidx).")
    return entries
