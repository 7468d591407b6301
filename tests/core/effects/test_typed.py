"""Variants as people type them."""

from __future__ import annotations

import pytest

from core.effects import parse_variant
from core.errors import InvalidLocusError, InvalidVariantError, ReferenceMismatchError
from tests.core.effects.toys import ToyGenome

#                      123456789012345678901234567
GENOME = ToyGenome(chr1="ACGTACGTTTTTGCAGCATCAGGATTA")
NAMED = ToyGenome(**{"chr1": GENOME.letters["chr1"]})
NAMED.assembly = "hg38"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("chr1-109274968-G-T", "chr1:109274968:G:T"),
        ("chr1:109274968 G>T", "chr1:109274968:G:T"),
        ("chr1:14677:G:A", "chr1:14677:G:A"),
        ("1:14,677 G/A", "1:14677:G:A"),
        ("chr1_14677_G_A_b38", "chr1:14677:G:A"),
        ("chr1:g.14677G>A", "chr1:14677:G:A"),
        ("NC_000001.11:g.14677G>A", "chr1:14677:G:A"),
        ("NC_000023.11:g.14677G>A", "chrX:14677:G:A"),
        ("chr1\t14677\trs1\tG\tA\t.\tPASS\tAF=0.1", "chr1:14677:G:A"),
    ],
)
def test_forms(text: str, expected: str) -> None:
    assert str(parse_variant(text)) == expected


@pytest.mark.parametrize(
    ("text", "edited"),
    [
        ("chr1:g.5A>T", "ACGTTCGTTTTTGCAGCATCAGGATTA"),
        ("chr1:g.13del", "ACGTACGTTTTTCAGCATCAGGATTA"),
        ("chr1:g.10del", "ACGTACGTTTTGCAGCATCAGGATTA"),
        ("chr1:g.13_16del", "ACGTACGTTTTTCATCAGGATTA"),
        ("chr1:g.13_16delGCAG", "ACGTACGTTTTTCATCAGGATTA"),
        ("chr1:g.1del", "CGTACGTTTTTGCAGCATCAGGATTA"),
        ("chr1:g.13_14insTT", "ACGTACGTTTTTGTTCAGCATCAGGATTA"),
        ("chr1:g.13_16delinsTT", "ACGTACGTTTTTTTCATCAGGATTA"),
        ("chr1:g.13_16dup", "ACGTACGTTTTTGCAGGCAGCATCAGGATTA"),
        ("chr1:g.13_16inv", "ACGTACGTTTTTCTGCCATCAGGATTA"),
        ("1 : g. 13dup", "ACGTACGTTTTTGGCAGCATCAGGATTA"),
    ],
)
def test_hgvs_changes_what_it_says(text: str, edited: str) -> None:
    """Applied to the genome, the variant gives the sequence that was written by hand; and it is left-normalised."""
    variant = parse_variant(text.replace(" ", "") if "dup" in text else text, GENOME)
    letters = GENOME.letters["chr1"]
    start = variant.position - 1
    assert letters[start : start + len(variant.ref)] == variant.ref
    assert letters[:start] + variant.alt + letters[start + len(variant.ref) :] == edited
    assert variant.normalise(GENOME.fetch) == variant


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("NM_000014.6:c.34A>G", "coding sequence"),
        ("NP_000005.2:p.Val600Glu", "protein"),
        ("rs1234", "database"),
        ("chr1:g.5=", "changes nothing"),
        ("chr1:g.9_5del", "smaller first"),
        ("chr1:g.5_9insA", "two neighbours"),
        ("chr1:g.5_6ins12", "letters"),
        ("chr1:g.5_6delGG", "has AC there"),
        ("chr1:g.(5_6)_9del", "not read"),
        ("NC_000001.10:g.5A>G", "hg19"),
        ("chr1:5", "without alleles"),
        ("", "no variant"),
    ],
)
def test_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(InvalidVariantError, match=words):
        parse_variant(text, NAMED)


def test_what_needs_a_genome_says_so() -> None:
    with pytest.raises(InvalidVariantError, match="needs a genome"):
        parse_variant("chr1:g.13del")
    with pytest.raises(InvalidLocusError, match="27 base pairs"):
        parse_variant("chr1:g.30del", GENOME)


def test_offer() -> None:
    with pytest.raises(ReferenceMismatchError, match="other strand") as found:
        parse_variant("1:13 C>T", GENOME)
    assert str(found.value.offer) == "chr1:13:G:A"
    assert found.value.found == "G"
