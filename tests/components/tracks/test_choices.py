"""What a person made of the rows: kept, written into a link, laid over whatever rows there are."""

from __future__ import annotations

import pytest

from components.browser.scene import GeneRow, RowChoice, SignalRow
from components.tracks.choices import RowChoices

ROWS = (
    GeneRow(id="genes", title="Genes"),
    SignalRow(id="track:human:3", title="a", log_possible=True),
    SignalRow(id="track:human:7", title="b", log=True, log_possible=True),
    SignalRow(id="difference:human:3-7", title="c", signed=True),
)
IDS = tuple(row.id for row in ROWS)


def ids(rows) -> list[str]:
    return [row.id for row in rows]


def test_no_choice_changes_nothing():
    assert RowChoices().apply(ROWS) == ROWS
    assert RowChoices.read("") == RowChoices()
    assert RowChoices().write() == ""


def test_order_look_and_removal_are_kept_and_a_link_has_them():
    said = [RowChoice(IDS[2], log=False), RowChoice(IDS[1], "large", scaling="group"), RowChoice(IDS[3], "small")]
    choices, gone = RowChoices().heard(said, IDS)
    assert gone == ("genes",)
    assert RowChoices.read(choices.write()) == choices
    shown = choices.apply(ROWS)
    assert ids(shown) == [IDS[2], IDS[1], IDS[3]]
    assert (shown[0].log, shown[0].height) == (False, "medium")
    assert (shown[1].height, shown[1].scaling, shown[1].log) == ("large", "group", False)
    assert (shown[2].height, shown[2].log) == ("small", False)


def test_what_the_browser_does_not_say_again_stays():
    choices, _ = RowChoices().heard([RowChoice(name, "large") for name in IDS], IDS)
    choices, _ = choices.heard([RowChoice(name) for name in IDS[::-1]], IDS)
    assert {row.height for row in choices.rows} == {"large"}
    assert ids(choices.apply(ROWS)) == list(IDS[::-1])


def test_a_row_that_comes_back_is_no_longer_away():
    choices, _ = RowChoices().heard([RowChoice(name) for name in IDS[1:]], IDS)
    assert choices.away == {"genes"}
    choices, gone = choices.heard([RowChoice(name) for name in IDS], IDS)
    assert choices.away == frozenset()
    assert gone == ()


def test_a_new_row_comes_behind_the_one_before_it():
    choices, _ = RowChoices().heard([RowChoice(IDS[2]), RowChoice(IDS[1]), RowChoice("genes")], IDS[:3])
    assert ids(choices.apply(ROWS)) == [IDS[2], IDS[3], IDS[1], "genes"]


def test_rows_that_nobody_showed_are_not_believed():
    choices, gone = RowChoices().heard([RowChoice("evil"), *(RowChoice(name) for name in IDS)], IDS)
    assert "evil" not in choices.write()
    assert gone == ()


def test_a_choice_for_all_rows_takes_the_place_of_those_for_one():
    choices = RowChoices((RowChoice("a", "large", True, "group"),))
    assert choices.without(log=True).rows == (RowChoice("a", "large", None, "group"),)
    assert choices.without(scaling=True).rows == (RowChoice("a", "large", True, None),)


@pytest.mark.parametrize("text", ["a b", "a~x", "<b>", "a*a", "*".join(f"r{n}" for n in range(60)), "a~smlgn"])
def test_a_wrong_link_is_a_sentence(text):
    with pytest.raises(ValueError, match="cannot be read"):
        RowChoices.read(text)
