"""Tables of CRISPRi tests, and what is known of candidates, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from core.attribution.labels import (
    FALSE,
    MAX_PROBLEMS,
    TRUE,
    UNTESTED,
    Known,
    known_of_labels,
    known_of_links,
    read_labels,
)
from core.enformer.candidates import Candidate
from core.enformer.enhancers import KnownLink
from core.errors import AnnotationError
from core.genome import Interval

HEAD = "chrom\tstart\tend\tgene\tlabel\n"
SEEN = Interval("chr1", 0, 10_000)


def candidates(*places: tuple[int, int]) -> tuple[Candidate, ...]:
    return tuple(Candidate(Interval("chr1", *place), f"c{place[0]}") for place in places)


@pytest.mark.parametrize(
    "content",
    [
        HEAD + "chr1\t10\t20\tGATA1\t1\nchr1\t30\t40\tGATA1\t0\n",
        "chr,start,end,measuredGeneSymbol,Regulated,extra\r\nchr1,10,20,GATA1,TRUE,x\r\nchr1,30,40,GATA1,FALSE,y\r\n",
        '"chrom"\t"chromStart"\t"chromEnd"\t"GeneSymbol"\t"Significant"\nchr1\t10.0\t20\tGATA1\tyes\nchr1\t30\t40\tGATA1\tno',
        "## made today\n" + HEAD + "\n# half\nchr1\t10\t20\tGATA1\t1\n\nchr1\t30\t40\tGATA1\t0",
        b"\xef\xbb\xbf" + HEAD.encode() + b"chr1\t10\t20\tGATA1\t1\nchr1\t30\t40\tGATA1\t0\n",
    ],
)
def test_a_table_as_people_have_it(content):
    table = read_labels("tests.tsv", content)
    assert [(label.interval, label.is_true) for label in table.labels] == [
        (Interval("chr1", 10, 20), True),
        (Interval("chr1", 30, 40), False),
    ]
    assert (table.genes, table.problems, table.left_out) == (("GATA1",), (), 0)
    assert [c.id for c in table.candidates("gata1")] == ["10-20", "30-40"]
    assert table.of_gene("MYC") == ()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("chr1\tten\t20\tGATA1\t1", "Line 3: start is 'ten'; give a whole number, 0-based as in BED."),
        ("chr1\t10\t-20\tGATA1\t1", "Line 3: end is '-20'"),
        ("chr1\t20\t20\tGATA1\t1", "its end has to lie behind its start"),
        ("chr 1\t10\t20\tGATA1\t1", "is no name of a chromosome"),
        ("chr1\t10\t20\t\t1", "Line 3: the gene is empty"),
        ("chr1\t10\t20\tGATA1\tNA", "Line 3: the label is 'NA'; give 1"),
        ("chr1\t10\t20", "Line 3: it has 3 columns, fewer than the first line"),
        ("chr1\t1\t2\tgata1\t1", "Line 3: the stretch and gene of line 2 again; it is left out."),
        ("chr1\t1\t2\tGATA1\t0", "Line 3: the stretch and gene of line 2 with the other label"),
    ],
)
def test_a_bad_line_is_named_and_the_others_are_read(line, said):
    table = read_labels("tests.tsv", HEAD + "chr1\t1\t2\tGATA1\t1\n" + line + "\nchr1\t5\t6\tGATA1\t0\n")
    assert len(table.labels) == 2
    assert table.left_out == 1
    assert said in table.problems[0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        (HEAD, "no line that can be used"),
        (HEAD + "chr1\tx\t2\tG\t1\n", "no line that can be used.*Line 2: start is 'x'"),
        ("chrom\tstart\tend\tgene\nchr1\t1\t2\tG\n", "no column label"),
        ("chrom start end gene label\nchr1 1 2 G 1\n", "separated by spaces; use tabs"),
        (b"\xff\xfe\x00", "no text in UTF-8"),
        ("chrom\0", "is no text"),
        (b"a" * (10 * 1024**2 + 1), "10 MB are taken"),
    ],
)
def test_what_is_no_table(content, said):
    with pytest.raises(AnnotationError, match=said):
        read_labels("tests.tsv", content)


def test_many_bad_lines_are_counted_and_some_are_named():
    table = read_labels("t", HEAD + "chr1\t1\t2\tG\t1\n" + "chr1\tx\t2\tG\t1\n" * 50)
    assert (len(table.problems), table.left_out) == (MAX_PROBLEMS, 50)


def test_labels_on_candidates():
    table = read_labels(
        "t", HEAD + "1\t100\t200\tG\t1\nchr1\t480\t580\tG\t0\nchr1\t800\t900\tG\t1\nchr1\t9990\t10010\tG\t1"
    )
    known = known_of_labels(table.of_gene("G"), candidates((50, 160), (90, 150), (500, 700), (3000, 3100)), SEEN, "t")
    assert known.labels.tolist() == [TRUE, TRUE, FALSE, UNTESTED]
    assert known.tested.tolist() == [True, True, True, False]
    assert known.is_true.tolist() == [True, True, False, False]
    assert known.missed == 1  # 800-900 is in none; what reaches out of what is seen does not count
    assert known.shares is None


def test_a_stretch_that_none_holds_half_of_goes_to_the_one_that_holds_most():
    table = read_labels("t", HEAD + "chr1\t100\t200\tG\t1\n")
    known = known_of_labels(table.labels, candidates((0, 120), (160, 300)), SEEN, "t")
    assert known.labels.tolist() == [UNTESTED, TRUE]


def test_true_wins_where_a_candidate_holds_both():
    table = read_labels("t", HEAD + "chr1\t100\t200\tG\t1\nchr1\t300\t400\tG\t0\n")
    assert known_of_labels(table.labels, candidates((50, 500)), SEEN, "t").labels.tolist() == [TRUE]


def test_the_truth_knows_everything():
    links = [
        KnownLink(Interval("chr1", 100, 200), 0.4, True),
        KnownLink(Interval("chr1", 210, 260), 0.05, False),
        KnownLink(Interval("chr1", 5000, 5100), 0.3, True),
    ]
    known = known_of_links(links, candidates((90, 300), (1000, 1100)), SEEN, "truth")
    assert known.labels.tolist() == [TRUE, FALSE]
    np.testing.assert_allclose(known.shares, [0.45, 0])
    assert known.missed == 1
    assert known_of_links(links, (), SEEN, "truth").missed == 2


def test_shapes_are_checked():
    with pytest.raises(ValueError, match="labels"):
        Known(np.zeros(3), 0, "t")
    with pytest.raises(ValueError, match="shares"):
        Known(np.zeros(3, np.int8), 0, "t", np.zeros(2))
