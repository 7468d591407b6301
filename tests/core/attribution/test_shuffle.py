"""Shuffles that keep how often each pair of neighbours occurs."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from core.attribution import dinucleotide_shuffle
from core.errors import SequenceError
from tests.core.enformer.engine_toys import letters


@pytest.mark.parametrize("seed", range(5))
def test_pairs_ends_and_unknown_letters_stay(seed):
    sequence = letters(1500, seed, unknown=0.002)
    found = dinucleotide_shuffle(sequence, seed)
    assert Counter(pairwise(found)) == Counter(pairwise(sequence))
    assert [place for place, letter in enumerate(found) if letter == "N"] == [
        place for place, letter in enumerate(sequence) if letter == "N"
    ]
    same = sum(one == other for one, other in zip(found, sequence, strict=True)) / len(sequence)
    assert same < 0.4
    for stretch, other in zip(sequence.split("N"), found.split("N"), strict=True):
        assert Counter(pairwise(other)) == Counter(pairwise(stretch))
        assert (other[:1], other[-1:]) == (stretch[:1], stretch[-1:])


def test_every_order_is_as_likely():
    """ACAGA: its pairs AC, CA, AG and GA can be walked in two orders; ACATAGA's in six."""
    for sequence, orders in (("ACAGA", 2), ("ACATAGA", 6)):
        found = Counter(dinucleotide_shuffle(sequence, seed) for seed in range(1200))
        assert len(found) == orders
        assert min(found.values()) > 0.8 * 1200 / orders


def test_seeds_and_what_cannot_change():
    sequence = letters(300, 1, unknown=0)
    assert dinucleotide_shuffle(sequence, 3) == dinucleotide_shuffle(sequence, 3)
    assert dinucleotide_shuffle(sequence, 3) != dinucleotide_shuffle(sequence, 4)
    for fixed in ("", "N", "NNNN", "A", "AC", "AAAA", "ACGT"):
        assert dinucleotide_shuffle(fixed, 0) == fixed
    assert dinucleotide_shuffle("acgtn", 0) == "ACGTN"
    with pytest.raises(SequenceError):
        dinucleotide_shuffle("ACXX")
