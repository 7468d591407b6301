"""One-hot and back, the other strand, and what is no DNA."""

from __future__ import annotations

import time

import numpy as np
import pytest

from core.errors import SequenceError
from core.genome.sequence import (
    BASES,
    IUPAC,
    check_sequence,
    clean_sequence,
    one_hot,
    reverse_complement,
    sequence_of,
    unknown_share,
)


@pytest.fixture
def letters() -> str:
    return "".join(np.random.default_rng(1).choice(list("ACGTN"), 196_608))


def test_one_hot_by_hand() -> None:
    found = one_hot("ACGTN")
    assert found.dtype == np.float32
    assert found.tolist() == [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]]


def test_lower_case_counts() -> None:
    assert np.array_equal(one_hot("acgtn"), one_hot("ACGTN"))


def test_other_letters_are_rows_of_zeros() -> None:
    others = [letter for letter in IUPAC if letter not in BASES]
    assert len(others) == 11
    assert not one_hot("".join(others)).any()


def test_an_empty_sequence() -> None:
    assert one_hot("").shape == (0, 4)
    assert sequence_of(one_hot("")) == ""
    assert reverse_complement("") == ""
    assert unknown_share("") == 0


def test_there_and_back(letters: str) -> None:
    assert sequence_of(one_hot(letters)) == letters
    array = one_hot(letters)
    assert np.array_equal(one_hot(sequence_of(array)), array)
    assert sequence_of(array.astype(bool)) == letters


def test_each_call_gives_an_array_of_its_own() -> None:
    array = one_hot("AC")
    array[0, 0] = 5
    assert one_hot("AC")[0, 0] == 1


def test_equal_to_kipoiseq(letters: str) -> None:
    from kipoiseq.transforms.functional import one_hot_dna

    expected = one_hot_dna(letters[:5_000], neutral_value=0, dtype=np.float32)
    assert np.array_equal(one_hot(letters[:5_000]), expected)


def test_a_whole_window_is_fast(letters: str) -> None:
    one_hot(letters)
    begin = time.perf_counter()
    for _ in range(5):
        one_hot(letters)
    assert time.perf_counter() - begin < 2  # measured 5 x 3 ms


def test_the_other_strand() -> None:
    assert reverse_complement("AACGTN") == "NACGTT"
    assert reverse_complement("acGT") == "ACgt"
    assert reverse_complement("RYSWKMBDHV") == "BDHVKMWSRY"
    assert sequence_of(reverse_complement(one_hot("AACGTN"))) == "NACGTT"


def test_the_other_strand_twice_is_the_same(letters: str) -> None:
    assert reverse_complement(reverse_complement(letters)) == letters
    assert reverse_complement(reverse_complement(IUPAC + IUPAC.lower())) == IUPAC + IUPAC.lower()
    array = one_hot(letters)
    other = reverse_complement(array)
    assert np.array_equal(other, one_hot(reverse_complement(letters)))
    assert np.array_equal(reverse_complement(other), array)
    batch = np.stack([array[:100], other[:100]])
    assert np.array_equal(reverse_complement(batch)[1], reverse_complement(batch[1]))
    assert other.flags.c_contiguous


@pytest.mark.parametrize(
    ("sequence", "sentence"),
    [
        ("ACGX", "'X' as letter 4 of 4; .* so use N for unknown"),
        ("AC-GT", "'-' as letter 3 of 5; .* leave gaps out"),
        ("AC GT", "' ' as letter 3 of 5; .* leave spaces"),
        ("ACG\n", "leave spaces and line ends out"),
        ("ACGU", "the letter U, so it is RNA; write T"),
        ("ACGUX", "'U' as letter 4"),
        ("ACÄ", "'Ä' as letter 3"),
        ("ACＡ", "as letter 3"),
        ("ACſ", "as letter 3"),  # its upper case is S
        ("AC\u212a", "as letter 3"),  # the Kelvin sign: its lower case is k
        (b"ACGT", "not as bytes"),
        (None, "not as NoneType"),
    ],
)
@pytest.mark.parametrize("function", [one_hot, check_sequence, unknown_share])
def test_no_dna(function, sequence, sentence: str) -> None:
    with pytest.raises(SequenceError, match=sentence):
        function(sequence)


def test_no_one_hot() -> None:
    for array, sentence in [
        (np.zeros((4, 9)), r"shape \(length, 4\), and this one \(4, 9\); transpose"),
        (np.zeros(4), r"this one \(4,\)"),
        (np.zeros((2, 3, 4)), r"this one \(2, 3, 4\)"),
        (np.array([[1, 0, 0, 0], [1, 1, 0, 0]]), r"Row 1 of the one-hot array is \[1 1 0 0\]"),
        (np.full((1, 4), 0.25), "Row 0"),
        (np.array([[1, 0, 0, -1]]), "Row 0"),
        (np.array([[np.nan, 0, 0, 0]]), "Row 0"),
    ]:
        with pytest.raises(SequenceError, match=sentence):
            sequence_of(array)
    with pytest.raises(SequenceError, match=r"shape \(4, 9\)"):
        reverse_complement(np.zeros((4, 9)))


def test_pasted_text() -> None:
    assert clean_sequence("acgt") == "ACGT"
    assert clean_sequence(">chr1 some words\nACGT\nAC\r\n") == "ACGTAC"
    assert clean_sequence("        1 acgtacgtac gtacgtacgt\n       21 ac") == "ACGTACGTACGTACGTACGTAC"
    for text, sentence in [
        ("", "no sequence here"),
        (">only a header", "no sequence here"),
        (">a\nAC\n>b\nGT", "There are 2 sequences here; give one"),
        ("hello world", "has 'E' as letter 2"),
    ]:
        with pytest.raises(SequenceError, match=sentence):
            clean_sequence(text)


def test_unknown_share() -> None:
    assert unknown_share("ACGT") == 0
    assert unknown_share("NNNN") == 1
    assert unknown_share("acNr") == 0.5
