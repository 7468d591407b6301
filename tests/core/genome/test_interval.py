"""Intervals: what is typed, what is printed, and every base counted by hand."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from core.errors import InvalidLocusError, UnknownGeneError
from core.genome import Interval
from core.genome.annotation import Gene, Track
from core.genome.contigs import bare_name, find_contig, resolve_contig, same_chromosome

CONTIGS = {"chr1": 1_000, "chr11": 135_086_622, "chrM": 16_569}


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        # The first base of a chromosome is typed as 1 and lies at index 0; the last typed base is still inside.
        ("chr11:1-1", 0, 1),
        ("chr11:1-10", 0, 10),
        ("chr11:10-10", 9, 10),
        ("chr11:35,082,742-35,197,430", 35_082_741, 35_197_430),
        ("chr11:35082742-35197430", 35_082_741, 35_197_430),
        ("  chr11 : 35,082,742 - 35,197,430 ", 35_082_741, 35_197_430),
        ("chr11:35,082,742–35,197,430", 35_082_741, 35_197_430),
        ("chr11：１-１０", 0, 10),
        ("chr11:35082742..35197430", 35_082_741, 35_197_430),
        ("chr11-35082742-35197430", 35_082_741, 35_197_430),
        ("chr11:35_082_742-35_197_430", 35_082_741, 35_197_430),
        ("chr11:35.1M-35.2M", 35_099_999, 35_200_000),
        ("chr11:35.1mb", 35_099_999, 35_100_000),
        ("chr11:35.1M", 35_099_999, 35_100_000),
        ("chr11:35,100,000", 35_099_999, 35_100_000),
        ("chr11:1.5k", 1_499, 1_500),
        ("chr11:12 kb - 13 kb", 11_999, 13_000),
        ("chr11:7bp", 6, 7),
        ("chr11 35.1M", 35_099_999, 35_100_000),  # a space for the colon
        ("chr11  35,082,742 – 35,197,430", 35_082_741, 35_197_430),
        ("chr11 12kb..13kb", 11_999, 13_000),
    ],
)
def test_what_is_typed(text: str, start: int, end: int) -> None:
    assert Interval.parse(text) == Interval("chr11", start, end)


def test_other_names_of_chromosomes() -> None:
    assert Interval.parse("11:5-6").chrom == "11"
    assert Interval.parse("GL000219.1:5-6").chrom == "GL000219.1"
    assert Interval.parse("chr1_KI270706v1_random:5-6").chrom == "chr1_KI270706v1_random"


@pytest.mark.parametrize(("text", "strand"), [("chr1:5-9(-)", "-"), ("chr1:5-9 (+)", "+"), ("chr1:5-9:−", "-")])
def test_strand(text: str, strand: str) -> None:
    assert Interval.parse(text) == Interval("chr1", 4, 9, strand)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "There is no locus here"),
        ("   ", "There is no locus here"),
        ("CD44", "names no place on a chromosome; type a chromosome, a colon"),
        ("chr11", "names no place on a chromosome"),
        ("35,082,742", r"names no chromosome; type it in front, with a colon: chr11:35,082,742\."),
        ("35.1M", r"names no chromosome; .* chr11:35\.1M\."),
        ("35082742", "names no chromosome"),
        ("35,082,742-35,197,430", r"names no chromosome; .* chr11:35,082,742-35,197,430\."),
        ("100-200", "names no chromosome"),
        ("35,082,742 chr11", "is no locus; type a chromosome, a colon and a range"),
        ("chr 11:35.1M", "is no locus; type a chromosome, a colon"),
        ("chr11:5:9", "is no locus"),
        ("chr11:", "is no locus"),
        (":5-9", "is no locus"),
        ("chr11:200-100", r"ends at 100, before it starts at 200; .*chr11:100-200\."),
        ("chr11:0-100", "counted from 1; type 1 or more"),
        ("chr11:0", "counted from 1"),
        ("chr11:-5-100", "lacks a number beside its dash"),
        ("chr11:-", "lacks a number beside its dash"),
        ("chr11:100-", "lacks a number beside its dash"),
        ("chr11:1-2-3", "more than one range"),
        ("chr11:35,08,742", "The number '35,08,742' .* cannot be read"),
        ("chr11:35.082.742", "The number '35.082.742' .* cannot be read"),
        ("chr11:35,1M", "The number '35,1' .* cannot be read"),
        ("chr11:35.1", "35.1 base pairs, not a whole number; add a unit, such as 35.1M"),
        ("chr11:35.1-35.2M", "not a whole number"),
        ("chr11:1.0000001M", r"is 1000000\.1 base pairs, not a whole number"),
        ("chr11:35X", "'X' in .* is no unit"),
        ("chr11:abc", "'abc' in .* is no position"),
        ("chr11:5e6", "is no position"),
        ("chr11:99999999999", "behind the end of any chromosome"),
        ("chr11:" + "9" * 150, "cannot be read"),
        ("chr11:1-" + "9" * 5000, "too long for one locus"),
        ("chr11 100 200", r"type chr11:101-200 if it comes from a BED file, chr11:100-200 if it is 1-based"),
        ("chr11\t100\t200\tname", "written in columns"),
        ("chr1:14677:G:A", r"letters behind its position, as a variant has; type chr1:14677 alone"),
        ("chr1:14,677 G>A", r"type chr1:14,677 alone"),
        ("chr1:1-5\nchr2:3-4", "too long for one locus"),
    ],
)
def test_mistyped(text: str, sentence: str) -> None:
    with pytest.raises(InvalidLocusError, match=sentence) as caught:
        Interval.parse(text)
    assert str(caught.value).endswith(".")
    assert "type" in str(caught.value)


@pytest.mark.parametrize("value", [None, 5, b"chr1:5-9", Interval("chr1", 4, 9)])
def test_what_is_no_text(value: object) -> None:
    with pytest.raises(InvalidLocusError, match=rf"given as text, not as {type(value).__name__}; type one such as"):
        Interval.parse(value)


def test_with_the_chromosomes_of_a_genome() -> None:
    assert Interval.parse("1:5-9", contigs=CONTIGS) == Interval("chr1", 4, 9)
    assert Interval.parse("CHR11:5", contigs=CONTIGS) == Interval("chr11", 4, 5)
    assert Interval.parse("MT", contigs=CONTIGS) == Interval("chrM", 0, 16_569)
    assert Interval.parse("chr1:1,000", contigs=CONTIGS) == Interval("chr1", 999, 1_000)
    assert Interval.parse("chr1:900-1,200", contigs=CONTIGS).end == 1_200  # overhangs: padded when fetched
    with pytest.raises(InvalidLocusError, match=r"behind the end of chr1, which has 1,000 base pairs in toy"):
        Interval.parse("chr1:1,001", contigs=CONTIGS, genome="toy")
    with pytest.raises(InvalidLocusError, match=r"no chromosome 'chr111' in toy; type .*: chr1, chr11, chrM"):
        Interval.parse("chr111:5", contigs=CONTIGS, genome="toy")
    with pytest.raises(InvalidLocusError, match=r"no chromosome 'CD44'"):
        Interval.parse("CD44", contigs=CONTIGS)


def test_a_gene_through_an_annotation() -> None:
    genes = Track("toy.gtf", genes=(Gene("CD44", "ENSG00000026508", Interval("11", 35_138_869, 35_232_402, "+")),))
    whole = Interval("11", 35_138_869, 35_232_402, "+")
    assert Interval.parse("CD44", annotation=genes) == whole
    assert Interval.parse(" cd44 ", annotation=genes, contigs=CONTIGS) == replace(whole, chrom="chr11")
    # Around the first base read, typed as 35,138,870.
    window = Interval.parse("ENSG00000026508.5", annotation=genes, contigs=CONTIGS, width_bp=196_608)
    assert (window.start, window.width_bp) == (35_138_869 - 98_304, 196_608)
    assert Interval.parse("chr11", annotation=genes, contigs=CONTIGS).end == 135_086_622  # a chromosome comes first
    assert Interval.parse("chr11:5", annotation=genes) == Interval("chr11", 4, 5)
    with pytest.raises(UnknownGeneError, match=r"no gene 'CD45' in toy\.gtf; type one such as CD44") as caught:
        Interval.parse("CD45", annotation=genes)
    assert caught.value.nearest == ("CD44",)
    for contigs in ({"chr1": 1_000}, {"chr11": 1_000}):
        with pytest.raises(InvalidLocusError, match=r"CD44 lies at 11:35,138,870-35,232,402\(\+\), which toy does not"):
            Interval.parse("CD44", annotation=genes, contigs=contigs, genome="toy")


def test_a_window_around_a_position() -> None:
    # Position 35,100,000 is index 35,099,999; half of 10 before it.
    assert Interval.parse("chr11:35.1M", width_bp=10) == Interval("chr11", 35_099_994, 35_100_004)
    assert Interval.parse("chr11:101-200", width_bp=10) == Interval("chr11", 100, 200)


def test_printing_and_reading_are_inverse() -> None:
    draw = random.Random(3)
    for _ in range(500):
        start = draw.randrange(0, 10 ** draw.randrange(1, 9))
        strand = draw.choice(["+", "-", "."])
        interval = Interval(draw.choice(["chr1", "X", "GL000219.1"]), start, start + draw.randrange(1, 200_000), strand)
        assert Interval.parse(interval.locus) == interval
        assert Interval.parse(str(interval)).locus == interval.locus
    for text in ("chr1:1", "chr1:1-2", "chr11:35,082,742-35,197,430", "chr1:5-9(-)"):
        assert Interval.parse(text).locus == text


def test_width_and_centre() -> None:
    assert Interval("chr1", 10, 20).width_bp == 10
    assert Interval("chr1", 10, 20).centre == 15  # of 14 and 15, the right one
    assert Interval("chr1", 10, 21).centre == 15
    assert Interval("chr1", 10, 11).centre == 10


def test_resize() -> None:
    one = Interval("chr1", 100, 101, "-")
    assert one.resize(1) == one
    assert one.resize(3) == Interval("chr1", 99, 102, "-")
    assert one.resize(4) == Interval("chr1", 98, 102, "-")
    assert one.resize(196_608).start == 100 - 98_304
    # The base lies at the left edge of the middle 128-bp bin: bin 768 of 1,536, bin 448 of the cropped 896.
    assert divmod(100 - one.resize(196_608).start, 128) == (768, 0)
    for width in range(1, 9):
        interval = Interval("chr1", 50, 50 + width)
        assert interval.resize(width) == interval
        assert all(interval.resize(w).centre == interval.centre for w in range(1, 12))
    with pytest.raises(InvalidLocusError, match="width is 0 bp; give 1 or more"):
        one.resize(0)


def test_shift_overlaps_contains() -> None:
    a = Interval("chr1", 10, 20)
    assert a.shift(-15) == Interval("chr1", -5, 5)
    assert a.shift(5).shift(-5) == a
    assert a.overlaps(Interval("1", 19, 30))
    assert not a.overlaps(Interval("chr1", 20, 30))
    assert not a.overlaps(Interval("chr1", 0, 10))
    assert not a.overlaps(Interval("chr2", 10, 20))
    assert a.contains(10)
    assert a.contains(19)
    assert not a.contains(20)
    assert not a.contains(9)
    assert a.contains(Interval("chr1", 10, 20))
    assert not a.contains(Interval("chr1", 10, 21))
    assert not a.contains(Interval("chr2", 11, 12))


def test_a_wrong_interval_is_refused() -> None:
    with pytest.raises(InvalidLocusError, match="position is '5'; give a whole number"):
        Interval("chr1", 0, 9).contains("5")
    for arguments, sentence in [
        (("chr1", 5, 5), "end has to lie behind its start"),
        (("chr1", 6, 5), "end has to lie behind its start"),
        (("chr1", 1.5, 5), "start is 1.5; give a whole number"),
        (("chr1", "1", 5), "start is '1'"),
        (("", 1, 5), "is no name of a chromosome"),
        (("chr 1", 1, 5), "is no name of a chromosome"),
        ((1, 1, 5), "is no name of a chromosome"),
        (("chr1", 1, 5, "?"), "strand is"),
    ]:
        with pytest.raises(InvalidLocusError, match=sentence):
            Interval(*arguments)


def test_numpy_numbers_become_plain_ones() -> None:
    interval = Interval("chr1", np.int64(1), np.int32(5))
    assert type(interval.start) is int
    assert interval == Interval("chr1", 1, 5)
    assert hash(interval) == hash(Interval("chr1", 1, 5))


def test_names_of_chromosomes() -> None:
    assert bare_name("chr1") == bare_name("1") == bare_name("CHR1") == "1"
    assert same_chromosome("chrM", "MT")
    assert same_chromosome("M", "chrMT")
    assert not same_chromosome("chr1", "chr11")
    assert bare_name("chr") == "CHR"
    assert find_contig("x", ["chrX"]) == "chrX"
    assert find_contig("1", ["chr1", "1"]) == "1"
    assert find_contig("Chr1", ["chr1", "1"]) is None  # which of the two cannot be known
    assert find_contig("2", ["chr1"]) is None
    with pytest.raises(InvalidLocusError, match=r"has: a, b, c, d\."):
        resolve_contig("zzz", {"a": 1, "b": 1, "c": 1, "d": 1}, "toy")
