"""Variants: what is typed, where they lie, and what they change."""

from __future__ import annotations

import random

import pytest

from core.errors import InvalidLocusError, InvalidVariantError
from core.genome import Interval, Variant


@pytest.mark.parametrize(
    "text",
    [
        "chr1:14677:G:A",
        "chr1-14677-G-A",
        "chr1_14677_G_A",
        "chr1:14677 G>A",
        "chr1:14677G>A",
        "chr1:14,677 G>A",
        "chr1:14677 G/A",
        "chr1:14677:g:a",
        "chr1:14677 G > A",
        "chr1 14677 G A",
        "chr1\t14677\trs201327123\tG\tA\t50\tPASS",
        "chr1 14677 . G A",
        "chr1:g.14677G>A",
        "chr1–14677–G–A",
        "  chr1:14677:G:A\n",
    ],
)
def test_what_is_typed(text: str) -> None:
    assert Variant.parse(text) == Variant("chr1", 14_677, "G", "A")


def test_other_names_of_chromosomes() -> None:
    assert Variant.parse("1:14677:G:A").chrom == "1"
    assert Variant.parse("chrUn_KI270302v1:10:GT:G").chrom == "chrUn_KI270302v1"
    assert Variant.parse("chr1_KI270706v1_random_10_GT_G") == Variant("chr1_KI270706v1_random", 10, "GT", "G")
    assert Variant.parse("GL000219.1:10:G:GT").chrom == "GL000219.1"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "There is no variant here"),
        ("rs12345", "name in a database"),
        ("chr1:14677", r"place without alleles; .* such as chr1:14677:G:A\."),
        ("chr1:14677:G", "lacks an allele|place without alleles|is no variant"),
        ("chr1:14677:G:", "lacks an allele; .* put the base before it"),
        ("chr1:14677:G:-", "lacks an allele; .* such as chr1:14677:GA:G"),
        ("chr1:14677:-:A", "lacks an allele"),
        ("chr1:14677:G:G", "changes nothing"),
        ("chr1:14677:G:A,T", r"several alternatives \(A,T\); type one at a time, such as chr1:14677:G:A\."),
        ("chr1:14677:G:<DEL>", "alt allele is '<DEL>'; give the letters"),
        ("chr1:14677:G:*", r"alt allele is '\*'"),
        ("chr1:14677:G:.", r"alt allele is '\.'"),
        ("chr1:14677:R:A", "ref allele is 'R'"),
        ("chr1:14677:G:U", "alt allele is 'U'"),
        ("chr1:0:G:A", "at position 0; positions are counted from 1"),
        ("chr1:-14677:G:A", "is no variant; type chromosome, position"),
        ("chr1--14677-G-A", "is no variant"),
        ("chr1:1,46,77:G:A", "position '1,46,77' .* cannot be read"),
        ("chr1:99999999999:G:A", "at position 99,999,999,999, behind the end of any chromosome; give fewer digits"),
        ("chr1:" + "9" * 30 + ":G:A", "cannot be read"),
        ("chr1:14677 GA", "is no variant"),
        ("hello", "is no variant"),
        ("hello world", "is no variant"),
        ("chr1:5:G:" + "A" * 30_000, "too long"),
        ("chr1:5:G:" + "A" * 15_000, "has 15,000 letters and at most 10,000"),
    ],
)
def test_mistyped(text: str, sentence: str) -> None:
    with pytest.raises(InvalidVariantError, match=sentence) as caught:
        Variant.parse(text)
    assert str(caught.value).endswith(".")


def test_what_is_no_text() -> None:
    for value in (None, 5, b"chr1:14677:G:A"):
        with pytest.raises(InvalidVariantError, match=f"given as text, not as {type(value).__name__}; type one"):
            Variant.parse(value)
    for alleles in ((None, "A"), ("G", 5)):
        with pytest.raises(InvalidVariantError, match="give its letters as text"):
            Variant("chr1", 14_677, *alleles)


def test_an_invalid_variant_is_an_invalid_locus() -> None:
    with pytest.raises(InvalidLocusError):
        Variant("chr1", 0, "G", "A")
    with pytest.raises(InvalidVariantError, match=r"position is 1\.5"):
        Variant("chr1", 1.5, "G", "A")
    with pytest.raises(InvalidVariantError, match="no name of a chromosome"):
        Variant("", 5, "G", "A")
    with pytest.raises(InvalidVariantError, match="alt allele is empty"):
        Variant("chr1", 5, "G", "")


@pytest.mark.parametrize(
    ("ref", "alt", "kind", "change"),
    [
        ("G", "A", "SNV", 0),
        ("GT", "AC", "MNV", 0),
        ("GT", "GC", "SNV", 0),
        ("G", "GTT", "insertion", 2),
        ("GTT", "G", "deletion", -2),
        ("CGTT", "CG", "deletion", -2),
        ("GT", "TTT", "indel", 1),
        ("GT", "A", "indel", -1),
        ("TG", "G", "deletion", -1),
    ],
)
def test_kinds(ref: str, alt: str, kind: str, change: int) -> None:
    variant = Variant("chr1", 100, ref, alt)
    assert variant.length_change_bp == change
    assert variant.kind == kind


def test_where_it_lies() -> None:
    # Position 1 is index 0.
    assert Variant("chr1", 1, "G", "A").interval == Interval("chr1", 0, 1)
    assert Variant("chr1", 14_677, "G", "A").interval == Interval("chr1", 14_676, 14_677)
    assert Variant("chr1", 10, "GTT", "G").interval == Interval("chr1", 9, 12)
    assert Variant("chr1", 14_677, "G", "A").interval.locus == "chr1:14,677"
    sequence = "ACGTACGTAC"
    variant = Variant("chr1", 3, "GT", "G")
    assert sequence[variant.interval.start : variant.interval.end] == "GT"


def test_shared_letters_are_dropped() -> None:
    assert Variant("chr1", 100, "CGTT", "CGTA").normalise() == Variant("chr1", 103, "T", "A")
    assert Variant("chr1", 100, "GTA", "GTTA").normalise() == Variant("chr1", 100, "G", "GT")
    assert Variant("chr1", 100, "CACA", "CA").normalise() == Variant("chr1", 100, "CAC", "C")
    assert Variant("chr1", 100, "G", "A").normalise() == Variant("chr1", 100, "G", "A")


def _spelled(sequence: str, variant: Variant) -> str:
    start, end = variant.interval.start, variant.interval.end
    assert sequence[start:end] == variant.ref
    return sequence[:start] + variant.alt + sequence[end:]


def test_moving_left() -> None:
    """The example of Tan et al. 2015, figure 1: one CA of GGGCACACACAGGG is lost."""
    sequence = "GGGCACACACAGGG"

    def fetch(interval: Interval) -> str:
        return sequence[interval.start : interval.end]

    expected = Variant("chr1", 3, "GCA", "G")
    for position, ref, alt in [
        (4, "CAC", "C"),
        (6, "CAC", "C"),
        (3, "GCACA", "GCA"),
        (2, "GGCA", "GG"),
        (8, "CAC", "C"),
    ]:
        assert Variant("chr1", position, ref, alt).normalise(fetch) == expected
    assert Variant("chr1", 1, "GG", "G").normalise(fetch) == Variant("chr1", 1, "GG", "G")
    assert Variant("chr1", 3, "G", "GG").normalise(fetch) == Variant("chr1", 1, "G", "GG")


def test_normalising_never_changes_the_result() -> None:
    draw = random.Random(5)
    for _ in range(300):
        sequence = "".join(draw.choices("AC", k=30))
        start = draw.randrange(0, 25)
        ref = sequence[start : start + draw.randrange(1, 5)]
        alt = "".join(draw.choices("AC", k=draw.randrange(1, 5)))
        if ref == alt:
            continue
        variant = Variant("chr1", start + 1, ref, alt)
        for short in (variant.normalise(), variant.normalise(lambda i, s=sequence: s[i.start : i.end])):
            assert _spelled(sequence, short) == _spelled(sequence, variant)
            assert short.normalise() == short


def test_printing_and_reading_are_inverse() -> None:
    draw = random.Random(4)
    for _ in range(200):
        ref, alt = ("".join(draw.choices("ACGT", k=draw.randrange(1, 6))) for _ in range(2))
        if ref == alt:
            continue
        variant = Variant(draw.choice(["chr1", "X"]), draw.randrange(1, 10**8), ref, alt)
        assert Variant.parse(str(variant)) == variant
        assert Variant.parse(variant.label) == variant
        assert Variant.parse(str(variant).replace(":", "-")) == variant
    assert str(Variant.parse("chr1:14677:G:A")) == "chr1:14677:G:A"
    assert Variant.parse("chr1:14677:G:A").label == "chr1:14,677 G>A"
