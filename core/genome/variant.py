"""A change of the genome's letters at one place, as in one line of a VCF file."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from core.errors import InvalidLocusError, InvalidVariantError
from core.genome.interval import MAX_POSITION, Interval, tidy

EXAMPLE = "chr1:14677:G:A"
MAX_ALLELE = 10_000
Kind = Literal["SNV", "MNV", "insertion", "deletion", "indel"]
_ALLELE = re.compile(r"[ACGTN]+")
_RS = re.compile(r"rs\d+", re.IGNORECASE)
_HGVS = re.compile(r"(?P<chrom>[^\s:]+):g\.(?P<position>\d+)(?P<ref>[A-Za-z]+)>(?P<alt>[A-Za-z]+)")
_VCF_LINE = re.compile(r"(?P<chrom>\S+)\s+(?P<position>\d+)\s+(?P<id>\S+)\s+(?P<ref>[A-Za-z]+)\s+(?P<alt>\S+)(?:\s.*)?")
_TYPED = re.compile(
    r"(?P<chrom>[^\s:]*?[^\s:_-])(?:\s*[:_-]\s*|\s+)(?P<position>[\d,]+)[\s:_-]*(?P<ref>[A-Za-z]+)\s*[>:/_\s-]\s*(?P<alt>[A-Za-z*.,<>:\[\]\d]+)"
)
_NO_ALLELE = re.compile(
    r"(?P<place>[^\s:]+?[\s:_-]+[\d,]+)[\s:_-]*(?:[A-Za-z]+\s*[>:/_\s-]\s*-?|-\s*[>:/_\s-]\s*[A-Za-z]+)"
)
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+|\d{1,12}")


@dataclass(frozen=True)
class Variant:
    """A change of the genome's letters at one place.

    Attributes
    ----------
    chrom : name of the chromosome, as given.
    position : 1-based position of the first letter of `ref`, as in VCF.
    ref, alt : letters of the genome and those in their place, upper case, at least one each: an insertion or a
        deletion carries the base before it.

    Raises
    ------
    InvalidVariantError
        A position below 1, an empty allele, other letters than A, C, G, T, N, or `ref` equal to `alt`.
    """

    chrom: str
    position: int
    ref: str
    alt: str

    def __post_init__(self) -> None:
        try:
            place = Interval.at(self.chrom, self.position)
        except InvalidLocusError as error:
            raise InvalidVariantError(str(error)) from error
        object.__setattr__(self, "position", place.end)
        if self.position < 1:
            raise InvalidVariantError(
                f"The variant lies at position {self.position:,}; positions are counted from 1, as in VCF."
            )
        if self.position > MAX_POSITION:
            raise InvalidVariantError(
                f"The variant lies at position {self.position:,}, behind the end of any chromosome; give fewer digits."
            )
        for name in ("ref", "alt"):
            letters = getattr(self, name)
            if not isinstance(letters, str):
                raise InvalidVariantError(f"The {name} allele is {letters!r}; give its letters as text, such as G.")
            letters = letters.upper()
            object.__setattr__(self, name, letters)
            _check_allele(name, letters)
        if self.ref == self.alt:
            raise InvalidVariantError(
                f"{self.chrom}:{self.position:,} {self.ref}>{self.alt} changes nothing; give two different alleles."
            )

    @property
    def interval(self) -> Interval:
        """The letters of `ref`, 0-based and half-open."""
        return Interval(self.chrom, self.position - 1, self.position - 1 + len(self.ref))

    @property
    def kind(self) -> Kind:
        """What changes, after `ref` and `alt` have lost what they share.

        SNV: one letter; MNV: as many letters as before; insertion, deletion: letters added, left out; indel: other
        letters in the place of another number of them.
        """
        short = self.normalise()
        if len(short.ref) == len(short.alt):
            return "SNV" if len(short.ref) == 1 else "MNV"
        shared = short.ref[0] == short.alt[0] or short.ref[-1] == short.alt[-1]
        if shared and 1 in (len(short.ref), len(short.alt)):
            return "insertion" if len(short.ref) == 1 else "deletion"
        return "indel"

    @property
    def length_change_bp(self) -> int:
        """Letters that `alt` has more than `ref`; negative when letters are lost."""
        return len(self.alt) - len(self.ref)

    @property
    def label(self) -> str:
        """As people read it: "chr1:14,677 G>A"."""
        return f"{self.chrom}:{self.position:,} {self.ref}>{self.alt}"

    def __str__(self) -> str:
        return f"{self.chrom}:{self.position}:{self.ref}:{self.alt}"

    def to_kipoiseq(self) -> Any:
        """The same change as a `kipoiseq.Variant`, whose `pos` is 1-based as `position` is."""
        from kipoiseq import Variant as KipoiseqVariant

        return KipoiseqVariant(self.chrom, self.position, self.ref, self.alt)

    @classmethod
    def from_kipoiseq(cls, variant: Any) -> Variant:
        """From a `kipoiseq.Variant`; its name, quality and the like are left out.

        Raises
        ------
        InvalidVariantError
            An empty allele, letters that are no DNA, and the like.
        """
        return cls(variant.chrom, variant.pos, variant.ref, variant.alt)

    def normalise(self, fetch: Callable[[Interval], str] | None = None) -> Variant:
        """The same change with as few letters as possible, and as far left as it goes.

        Parameters
        ----------
        fetch : gives the genome's letters of an interval. Without it nothing moves left, and only the letters shared
            at the ends are dropped.

        Source: Tan et al. 2015, "Unified representation of genetic variants", algorithm 1.
        """
        position, ref, alt = self.position, self.ref, self.alt
        while ref[-1] == alt[-1] and (fetch is not None or min(len(ref), len(alt)) > 1):
            if min(len(ref), len(alt)) == 1:
                if position == 1:
                    break
                position -= 1
                before = fetch(Interval.at(self.chrom, position)).upper()
                ref, alt = before + ref, before + alt
            ref, alt = ref[:-1], alt[:-1]
        while min(len(ref), len(alt)) > 1 and ref[0] == alt[0]:
            position, ref, alt = position + 1, ref[1:], alt[1:]
        return replace(self, position=position, ref=ref, alt=alt)

    @classmethod
    def parse(cls, text: str) -> Variant:
        """Read a variant as people type it.

        "chr1:14677:G:A", "chr1-14677-G-A", "chr1:14677 G>T", "1:14,677 G/T", "chr1:g.14677G>A" and the first columns
        of a VCF line are read.

        Raises
        ------
        InvalidVariantError
            The text is none, or is of a kind that is not read; the message says what to type.
        """
        if not isinstance(text, str):
            raise InvalidVariantError(
                f"A variant is given as text, not as {type(text).__name__}; type one such as {EXAMPLE}."
            )
        given = tidy(text)
        if not given:
            raise InvalidVariantError(f"There is no variant here; type one such as {EXAMPLE}.")
        if len(given) > 2 * MAX_ALLELE or "\n" in given:
            raise InvalidVariantError(f"This is too long for one variant; type one such as {EXAMPLE}.")
        if _RS.fullmatch(given):
            raise InvalidVariantError(
                f"{given!r} is a name in a database; type its chromosome, position and alleles, such as {EXAMPLE}."
            )
        found = _HGVS.fullmatch(given) or _VCF_LINE.fullmatch(given) or _TYPED.fullmatch(given)
        if found is None:
            raise InvalidVariantError(_what_is_wrong(given))
        number = found["position"]
        if not _NUMBER.fullmatch(number):
            raise InvalidVariantError(
                f"The position {number!r} in {given!r} cannot be read; type digits alone, such as {EXAMPLE}."
            )
        alt = found["alt"]
        if "," in alt:
            raise InvalidVariantError(
                f"{given!r} has several alternatives ({alt}); type one at a time, such as "
                f"{found['chrom']}:{number}:{found['ref']}:{alt.split(',')[0]}."
            )
        return cls(found["chrom"], int(number.replace(",", "")), found["ref"], alt)


def _check_allele(name: str, letters: str) -> None:
    if not letters:
        raise InvalidVariantError(
            f"The {name} allele is empty; put the base before the change in front of both alleles, as VCF does."
        )
    if not _ALLELE.fullmatch(letters):
        raise InvalidVariantError(
            f"The {name} allele is {letters[:30]!r}; give the letters A, C, G, T themselves (names such as <DEL>, * "
            "and . say too little to be predicted)."
        )
    if len(letters) > MAX_ALLELE:
        raise InvalidVariantError(
            f"The {name} allele has {len(letters):,} letters and at most {MAX_ALLELE:,} are taken; give a shorter one."
        )


def _what_is_wrong(given: str) -> str:
    if found := _NO_ALLELE.fullmatch(given):
        return (
            f"{given!r} lacks an allele; type both, and for an insertion or a deletion put the base before it in front "
            f"of both, such as {found['place']}:GA:G."
        )
    try:
        place = Interval.parse(given)
    except InvalidLocusError:
        return f"{given!r} is no variant; type chromosome, position, reference and alternative, such as {EXAMPLE}."
    return (
        f"{given!r} is a place without alleles; type what changes there too, such as "
        f"{place.chrom}:{place.start + 1}:G:A."
    )
