"""Lines of a VCF or a table as variants, one line after another."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from core.effects.typed import parse_variant
from core.effects.values import Rejected
from core.errors import AttendomeError, InvalidVariantError
from core.genome.reference import Reference
from core.genome.variant import MAX_ALLELE, Variant

VCF_COLUMNS = ("CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO")
_TEXT = 80
_NAMES = {
    "chrom": ("chrom", "#chrom", "chr", "#chr", "chromosome", "contig", "seqnames"),
    "pos": ("pos", "position", "bp", "base_pair_location", "pos_hg38"),
    "ref": ("ref", "reference", "ref_allele", "reference_allele", "allele1", "other_allele"),
    "alt": ("alt", "alternative", "alternate", "alt_allele", "allele2", "effect_allele"),
    "variant": ("variant", "variant_id", "hgvs", "hgvsg", "spdi"),
    "name": ("id", "rsid", "rs", "snp", "name"),
}


@dataclass(frozen=True)
class Record:
    """A variant and the line that it came from.

    Attributes
    ----------
    variant : one alternative of the line.
    line : number of the line, from 1. name : its ID or rs number, or "".
    given : (chrom, pos, ref, alt) as they were written.
    fields : of a VCF its other columns up to INFO, of a table all other columns, by name.
    """

    variant: Variant
    line: int
    name: str = ""
    given: tuple[str, str, str, str] = ("", "", "", "")
    fields: Mapping[str, str] = field(default_factory=dict)


def is_column_line(text: str) -> bool:
    """Whether it is the line of a VCF that names its columns."""
    return tuple(text.upper().lstrip("#").split()[:5]) == VCF_COLUMNS[:5] and text.startswith("#")


def shortened(text: str) -> str:
    """A line as it is quoted."""
    return text if len(text) <= _TEXT else f"{text[:_TEXT]}…"


class VcfLines:
    """Reads the records of a VCF; header lines are kept by `header`.

    Attributes
    ----------
    spaced : lines that had spaces in the place of tabs. contigs : name -> length, of the header. samples : names.
    """

    def __init__(self) -> None:
        self.spaced = 0
        self.contigs: dict[str, int] = {}
        self.reference = ""
        self.samples: tuple[str, ...] = ()

    def header(self, text: str) -> None:
        """Take a line that begins with #."""
        if found := re.match(r"##contig=<.*?\bID=([^,>]+)", text):
            length = re.search(r"\blength=(\d+)", text)
            if length:
                self.contigs[found[1]] = int(length[1])
        elif text.startswith("##reference="):
            self.reference = text.partition("=")[2].strip()
        elif is_column_line(text):
            self.samples = tuple(text.split("\t")[9:] if "\t" in text else text.split()[9:])

    def columns(self, text: str) -> list[str]:
        """Columns of a record; of spaces where there are too few tabs."""
        found = text.rstrip("\r\n").split("\t")
        if len(found) < 5 and len(spaced := text.split()) >= 5:
            self.spaced += 1
            return spaced
        return found

    def read(self, number: int, text: str) -> Iterator[Record | Rejected]:
        """Each alternative of one record."""
        columns = self.columns(text)
        if len(columns) < 5:
            yield Rejected(
                number, shortened(text),
                f"This line has {len(columns)} column{'s' * (len(columns) != 1)}, and a record of a VCF at least 5 "
                "(CHROM, POS, ID, REF, ALT), with a tab between them.",
            )  # fmt: skip
            return
        chrom, position, name, ref, alts = (column.strip() for column in columns[:5])
        fields = dict(zip(VCF_COLUMNS[5:], columns[5:8], strict=False))
        for alt in alts.split(","):
            given = (chrom, position, ref, alt)
            made = variant_of(number, text, given)
            if isinstance(made, Variant):
                yield Record(made, number, "" if name == "." else name, given, fields)
            else:
                yield made


def variant_of(number: int, text: str, given: tuple[str, str, str, str]) -> Variant | Rejected:
    """The variant of four texts, or why there is none."""
    chrom, position, ref, alt = given
    try:
        digits = position.replace(",", "")
        if not re.fullmatch(r"\d{1,12}", digits):
            raise InvalidVariantError(f"The position {position[:20]!r} is no whole number; positions count from 1.")
        if why := _not_letters(ref, alt):
            raise InvalidVariantError(why)
        return Variant(chrom, int(digits), ref, alt)
    except AttendomeError as error:
        return Rejected(number, shortened(text), str(error))


def _not_letters(ref: str, alt: str) -> str:
    """Why the alleles cannot be predicted, or ""."""
    if alt in ("", "."):
        return "There is no alternative allele (ALT is missing): nothing changes here."
    if alt == "*":
        return "ALT is *: the letters are deleted by another variant of the file, so this line says no change."
    if alt[0] == "<" or "[" in alt or "]" in alt:
        return f"ALT is {alt[:30]}, a symbol without letters; write the letters themselves."
    for name, allele in (("REF", ref), ("ALT", alt)):
        other = sorted(set(allele.upper()) - set("ACGT"))
        if other:
            hint = "ambiguous letters say too little" if set(other) <= set("RYSWKMBDHVN") else "it is no DNA"
            return f"{name} is {allele[:30]!r}, with {', '.join(other)[:20]}; give A, C, G, T alone ({hint})."
        if len(allele) > MAX_ALLELE:
            return f"{name} has {len(allele):,} letters, and at most {MAX_ALLELE:,} are taken."
    return ""


class TableLines:
    """Reads the lines of a table or of a list of typed variants.

    A first line of names tells which columns hold chromosome, position and alleles, or the whole variant; without one
    each line is a variant as people type it, or as in a VCF.
    """

    def __init__(self, first: str, genome: Reference | None = None) -> None:
        self._genome = genome
        self._separator = next((mark for mark in "\t,;" if mark in first), None)
        names = [name.strip().strip('"').lower() for name in self._split(first)]
        self._places = {
            what: next((names.index(one) for one in known if one in names), None) for what, known in _NAMES.items()
        }
        typed = self._places["variant"] is not None
        self.has_header = typed or all(self._places[what] is not None for what in ("chrom", "pos", "ref", "alt"))
        self.names = tuple(name.strip().strip('"') for name in self._split(first)) if self.has_header else ()
        self._vcf = VcfLines()

    def _split(self, text: str) -> list[str]:
        if self._separator is None:
            return text.split()
        return next(csv.reader([text], delimiter=self._separator), [])

    def read(self, number: int, text: str) -> Iterator[Record | Rejected]:
        """The variant, or variants, of one line."""
        if not self.has_header:
            yield from self._typed(number, text)
            return
        columns = [column.strip() for column in self._split(text)]
        if len(columns) > len(self.names):
            yield Rejected(
                number, shortened(text), f"This line has {len(columns)} columns and the first line {len(self.names)}."
            )
            return
        columns += [""] * (len(self.names) - len(columns))
        name = "" if self._places["name"] is None else columns[self._places["name"]]
        used = {place for place in self._places.values() if place is not None}
        fields = {self.names[place]: value for place, value in enumerate(columns) if place not in used}
        if self._places["variant"] is not None and columns[self._places["variant"]]:
            whole = columns[self._places["variant"]]
            for one in self._typed(number, whole):
                if isinstance(one, Record):
                    one = Record(one.variant, number, name, one.given, fields)
                yield one
            return
        chrom, position, ref, alts = (columns[self._places[what] or 0] for what in ("chrom", "pos", "ref", "alt"))
        for alt in alts.split(","):
            given = (chrom, position, ref, alt)
            made = variant_of(number, text, given)
            yield Record(made, number, name, given, fields) if isinstance(made, Variant) else made

    def _typed(self, number: int, text: str) -> Iterator[Record | Rejected]:
        columns = self._vcf.columns(text)
        if len(columns) >= 5 and columns[1].isdigit() and re.fullmatch(r"[A-Za-z.]+", columns[3]):
            yield from self._vcf.read(number, text)
            return
        plain = " ".join(text.replace(",", " ").split()) if text.count(",") >= 3 else text
        try:
            # Of HGVS some forms cannot be read without the genome's letters.
            variant = parse_variant(plain, self._genome if ":g." in plain.replace(" ", "") else None)
        except AttendomeError as error:
            yield Rejected(number, shortened(text), str(error), getattr(error, "offer", None))
            return
        yield Record(variant, number, "", (variant.chrom, str(variant.position), variant.ref, variant.alt))
