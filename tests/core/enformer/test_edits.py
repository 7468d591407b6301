"""Edits of a window: what is taken, what is refused, and what the window reads after them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.cards import Provenance
from core.enformer import Edit, EditPredictions, Track
from core.enformer.edits import checked_haplotypes, edited, edits_of, flank_notes, flanks_of, length_change_bp
from core.errors import ReferenceMismatchError, SelectionError, SequenceError

WINDOW = "ACGTACGTNRACGTAC"


def test_an_edit():
    edit = Edit(np.int64(3), "gc", "t")
    assert (edit.start, edit.stop, edit.ref, edit.alt, edit.length_change_bp) == (3, 5, "GC", "T", -1)
    assert type(edit.start) is int
    assert edit == Edit(3, "GC", "T")
    assert [one.label for one in (edit, Edit(1200, "A", ""), Edit(0, "", "TT"), Edit(1, "A" * 21, "C"))] == [
        "3 GC>T",
        "1,200 -A",
        "0 +TT",
        f"1 {'A' * 20}…>C",
    ]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((-1, "A", "C"), "starts at -1; the first letter of the window is number 0"),
        ((1.5, "A", "C"), "starts at 1.5; give a whole number"),
        ((None, "A", "C"), "starts at None"),
        ((4, "", ""), "at 4 has no letters"),
        ((4, "A", "X"), "'X' as letter 1"),
        ((4, "-", "A"), "leave gaps out"),
        ((4, "A", None), "not as NoneType"),
    ],
)
def test_edits_that_are_none(given, message):
    with pytest.raises(SequenceError, match=message):
        Edit(*given)


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        (Edit(16, "A", "C"), "16 A>C lies outside the window of 16 letters"),
        (Edit(15, "CA", "C"), "lies outside the window"),
        (Edit(16, "", "C"), "lies outside the window"),
        (5, "5 holds no edits; give a list such as"),
        ([5], "holds no edits"),
        (["ab"], "'a' is no edit; give one such as Edit"),
        ([(Edit(0, "A", "C"), None)], "None is no edit"),
        ([(Edit(4, "AC", ""), Edit(5, "C", "T"))], "4 -AC and 5 C>T of one haplotype change the same place"),
        ([(Edit(5, "", "T"), Edit(5, "", "G"))], "change the same place"),
        ([(Edit(5, "C", "T"), Edit(5, "C", "T"))], "change the same place"),
    ],
)
def test_edits_that_are_refused(edits, message):
    with pytest.raises(SequenceError, match=message):
        checked_haplotypes(edits, WINDOW)


@pytest.mark.parametrize(
    ("edit", "found", "message"),
    [
        (Edit(1, "A", "G"), "C", "1 A>G says A, but the window has C there; check the place, which is counted from 0"),
        (Edit(1, "A", "C"), "C", "that is the alternative: swap the two"),
        (Edit(2, "CG", "T"), "GT", "CG begins one place before: places are counted from 0"),
        (Edit(0, "CG", "T"), "AC", "CG begins one place behind"),
        (Edit(8, "A", "C"), "N", "says A, but the window has N there"),
        (Edit(9, "A", "C"), "R", "says A, but the window has R there"),
    ],
)
def test_other_letters_than_the_windows(edit, found, message):
    with pytest.raises(ReferenceMismatchError, match=message) as caught:
        checked_haplotypes([edit], WINDOW)
    assert caught.value.found == found


def test_unknown_letters():
    given = (Edit(0, "N", "C"), Edit(7, "TNR", "TNA"), Edit(8, "NN", ""))
    assert checked_haplotypes(given, WINDOW) == given


def test_what_is_taken():
    edit = Edit(4, "A", "C")
    assert checked_haplotypes(edit, WINDOW) == (edit,)
    assert checked_haplotypes([], WINDOW) == ()
    assert checked_haplotypes(iter([[edit, Edit(0, "A", "")]]), WINDOW) == ((edit, Edit(0, "A", "")),)
    assert checked_haplotypes([()], WINDOW) == ((),)
    both = (Edit(5, "C", "T"), Edit(5, "", "GG"), Edit(3, "TA", "C"))
    assert checked_haplotypes([both], WINDOW) == (both,)
    assert [one.label for one in edits_of(both)] == ["3 TA>C", "5 +GG", "5 C>T"]
    assert length_change_bp(both) == 1


@pytest.mark.parametrize(
    ("haplotype", "flank", "read", "behind"),
    [
        (Edit(2, "GT", "CA"), "TTG", "ACCAACGT", "TTG"),
        (Edit(2, "GT", ""), "TTG", "ACACGTTT", "G"),
        (Edit(2, "GT", ""), "T", "ACACGTTN", ""),
        (Edit(0, "ACGTACGT", ""), "T", "TNNNNNNN", ""),
        (Edit(2, "", "TT"), "A", "ACTTGTAC", "GTA"),
        (Edit(7, "T", "TGGG"), "", "ACGTACGT", "GGG"),
        (Edit(0, "", "G" * 20), "", "G" * 8, "G" * 12 + "ACGTACGT"),
        ((Edit(6, "G", ""), Edit(1, "", "TTT")), "CCC", "ATTTCGTA", "CTCCC"),
        ((Edit(1, "C", ""), Edit(2, "G", "")), "", "ATACGTNN", ""),
        ((), "G", "ACGTACGT", "G"),
    ],
)
def test_what_the_window_reads(haplotype, flank, read, behind):
    assert edited("ACGTACGT", haplotype, flank) == (read, behind)


def test_flanks():
    assert flanks_of("") == ("", "")
    assert flanks_of("acg") == ("", "ACG")
    assert flanks_of(("tt", "acg")) == ("TT", "ACG")
    for wrong in (("A",), None, ["A", "C"], 5):
        with pytest.raises(SequenceError, match="give the letters right of the window, or both sides"):
            flanks_of(wrong)
    with pytest.raises(SequenceError, match="leave gaps out"):
        flanks_of("A-")


def test_what_is_said_of_missing_bases():
    several = (Edit(2, "GT", ""), (Edit(0, "ACG", ""), Edit(4, "A", "")), Edit(3, "", "A"))
    assert flank_notes(several, "ACGT") == ()
    assert flank_notes((), "") == ()
    assert "up to 3 N entered at the right end" in flank_notes(several, "A")[0]


def made(**given: object) -> EditPredictions:
    fields = {
        "reference": np.zeros((2, 3), np.float32),
        "alternatives": np.zeros((1, 2, 3), np.float32),
        "edits": (Edit(0, "A", "CC"),),
        "tracks": tuple(Track(index, "", f"track {index}") for index in (5, 2, 7)),
        "bins": (4, 3),
        "bin_size_bp": 16,
        "head": "human",
        "sequence_digest": "0" * 64,
        "interval": None,
        "provenance": Provenance("m", "r", "teaching"),
        "reused": 0.9,
        "reference_reused": 0.0,
    }
    return EditPredictions(**(fields | given))


def test_predictions_check_themselves():
    found = made()
    assert (len(found), found.nbytes, found.length_changes_bp) == (1, 4 * 12, (1,))
    assert found.place(2) == found.place(found.tracks[1]) == 1
    with pytest.raises(SelectionError, match="Track 4 is not among the 3 predicted here"):
        found.place(4)
    for array in (found.reference, found.alternatives):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    for wrong in (
        {"bins": (4,)},
        {"edits": ()},
        {"reused": 1.5},
        {"reference_reused": -0.1},
        {"reference": np.zeros((2, 3))},
        {"alternatives": np.zeros((1, 2, 3))},
    ):
        with pytest.raises(ValueError, match=r"edits|shares|type"):
            replace(found, **wrong)
