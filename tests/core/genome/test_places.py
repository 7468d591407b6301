"""Lists of places as BED."""

from __future__ import annotations

import pytest

from core.errors import AnnotationError
from core.genome.interval import Interval
from core.genome.places import MAX_PLACES, NamedPlace, read_places, write_places

CONTIGS = {"chr1": 1000, "chr2": 500}


def read(text: str):
    return read_places(text, CONTIGS, "toy", "my.bed")


def test_places_with_and_without_names():
    text = "# mine\ntrack name=x\nchr1\t10\t20\tthe first one\t0\t+\n2 5 600 two\n\nchr1 30 40\nchr1\t50\t60\t.\r\n"
    places, problems = read(text)
    assert places == (
        NamedPlace("the first one", Interval("chr1", 10, 20)),
        NamedPlace("two", Interval("chr2", 5, 500)),  # ends where the chromosome does
        NamedPlace("chr1:31-40", Interval("chr1", 30, 40)),
        NamedPlace("chr1:51-60", Interval("chr1", 50, 60)),
    )
    assert problems == ()
    assert read(write_places(places))[0] == places


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("chr1 5", "2 columns"),
        ("chr1 x 9", "'x' as its start"),
        ("chr1 9 5", "has to lie behind its start"),
        ("chr9 1 5", "Line 2 of my.bed: There is no chromosome 'chr9' in toy"),
        ("chr2 500 600", "begins at 500, and chr2 has 500"),
    ],
)
def test_a_bad_line_is_a_sentence_and_the_others_are_read(line, sentence):
    places, problems = read(f"chr1 1 2\n{line}\nchr1 3 4")
    assert len(places) == 2
    assert len(problems) == 1
    assert sentence in problems[0]


def test_no_place_at_all():
    with pytest.raises(AnnotationError, match=r"no place in my\.bed"):
        read("# nothing\n")
    with pytest.raises(AnnotationError, match="2 columns"):
        read("chr1 5")


def test_sizes_are_bounded():
    places, problems = read("chr1 1 2\n" * (MAX_PLACES + 7))
    assert len(places) == MAX_PLACES
    assert problems == (f"7 more places are left out: a list holds {MAX_PLACES}.",)
    with pytest.raises(AnnotationError, match="MB"):
        read("x" * 1_000_001)
    assert len(read(f"chr1 1 2 {'n' * 500}")[0][0].name) == 60
