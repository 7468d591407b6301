"""To kipoiseq and back: the same bases for the same place, by kipoiseq's own readers."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import numpy as np
import pytest

from core.errors import InvalidLocusError, InvalidVariantError
from core.genome import Interval, Variant, one_hot, open_genome, reverse_complement
from core.settings import Settings


@pytest.fixture
def fasta(test_data: Path, tmp_path: Path) -> Path:
    """A copy, as pyfaidx writes beside the file."""
    for ending in ("", ".fai", ".gzi"):
        shutil.copyfile(
            test_data / "genome" / f"hg38_chr1_1mb.fa.gz{ending}", tmp_path / f"hg38_chr1_1mb.fa.gz{ending}"
        )
    return tmp_path / "hg38_chr1_1mb.fa.gz"


def test_intervals_there_and_back() -> None:
    import kipoiseq

    ours = Interval.parse("chr11:35,082,742-35,197,430(-)")
    theirs = ours.to_kipoiseq()
    assert isinstance(theirs, kipoiseq.Interval)
    assert (theirs.chrom, theirs.start, theirs.end, theirs.strand) == ("chr11", 35_082_741, 35_197_430, "-")
    assert theirs.width() == ours.width_bp
    assert Interval.from_kipoiseq(theirs) == ours
    assert Interval.from_kipoiseq(kipoiseq.Interval("chr1", 0, 1)) == Interval("chr1", 0, 1)
    with pytest.raises(InvalidLocusError, match="end has to lie behind its start"):
        Interval.from_kipoiseq(kipoiseq.Interval("chr1", 9, 5))


def test_variants_there_and_back() -> None:
    import kipoiseq

    ours = Variant.parse("chr1:14677:GTT:A")
    theirs = ours.to_kipoiseq()
    assert isinstance(theirs, kipoiseq.Variant)
    assert (theirs.chrom, theirs.pos, theirs.ref, theirs.alt) == ("chr1", 14_677, "GTT", "A")
    assert (theirs.start, theirs.end) == (ours.interval.start, ours.interval.end)
    assert Variant.from_kipoiseq(theirs) == ours
    assert str(Variant.from_kipoiseq(kipoiseq.Variant.from_str("chr1:5:A>T"))) == "chr1:5:A:T"
    with pytest.raises(InvalidVariantError, match="alt allele is empty"):
        Variant.from_kipoiseq(kipoiseq.Variant("chr1", 5, "A", ""))


def test_the_same_letters_from_the_same_file(fasta: Path, tmp_path: Path) -> None:
    from kipoiseq.extractors import FastaStringExtractor
    from kipoiseq.transforms.functional import one_hot_dna

    genome = open_genome(fasta, options=Settings(cache_folder=tmp_path / "cache"))
    theirs = FastaStringExtractor(str(fasta), use_strand=True, force_upper=True)
    draw = random.Random(1)
    for _ in range(20):
        start = draw.randrange(10_000, 999_000)
        place = Interval("chr1", start, start + draw.randrange(1, 900), draw.choice("+-"))
        letters = genome.fetch(place)
        if place.strand == "-":
            letters = reverse_complement(letters)
        assert theirs.extract(place.to_kipoiseq()) == letters
        expected = one_hot_dna(letters, neutral_value=0, dtype=np.float32)
        assert np.array_equal(one_hot(letters), expected)
    # kipoiseq's own defaults differ where letters are unknown or lower case.
    assert one_hot_dna("N").tolist() == [[0.25] * 4]
    assert not one_hot_dna("acgt", neutral_value=0).any()
    assert np.array_equal(one_hot("acgt"), np.eye(4))
    theirs.close()
    genome.close()


def test_a_variant_changes_the_same_letters(fasta: Path, tmp_path: Path) -> None:
    from kipoiseq.extractors import FastaStringExtractor, VariantSeqExtractor

    genome = open_genome(fasta, options=Settings(cache_folder=tmp_path / "cache"))
    theirs = VariantSeqExtractor(reference_sequence=FastaStringExtractor(str(fasta), force_upper=True))
    place = Interval("chr1", 100_000, 100_200)
    letters = genome.fetch(place)
    for position, width, alt in [(100_001, 1, "T"), (100_050, 2, "GA"), (100_120, 1, "N"), (100_200, 1, "C")]:
        ref = genome.fetch(Interval("chr1", position - 1, position - 1 + width))
        variant = Variant("chr1", position, ref, alt if alt != ref else "G" * width)
        at = variant.interval.start - place.start
        expected = letters[:at] + variant.alt + letters[at + width :]
        found = theirs.extract(place.to_kipoiseq(), variants=[variant.to_kipoiseq()], anchor=100_000, fixed_len=True)
        assert found == expected[:200]
    genome.close()
