"""The genome browser's Python: what goes to the browser, and what of its answers is believed."""

from __future__ import annotations

import json
import math

import pytest
from streamlit.testing.v1 import AppTest

from components import browser
from components.browser import BrowserState, Pick, Place, RowChoice, browser_state, scene_payload
from tests.browser.apps.browser_scene import CONTIG, chosen_rows, made_up_scene

PAGE = """
import streamlit as st
from components.browser import browser_state, render_browser
from tests.browser.apps.browser_scene import made_up_scene
state = browser_state("genome")
assert state == render_browser(made_up_scene(2, windows=1), key="genome")
st.write(str(state))
"""
PLACE = {"contig": CONTIG, "start": 10, "end": 20, "move": 3}
ROW = {"id": "track:0", "height": "large", "log": True, "scaling": "group"}
PICK = {"kind": "gene", "row": "genes", "position": 7, "name": "HBB", "number": 2}


def said(**values) -> BrowserState:
    return browser._read(values, None, None)


def test_a_scene_is_mounted_and_silence_says_nothing():
    page = AppTest.from_string(PAGE, default_timeout=30).run()
    assert not page.exception
    assert page.markdown[0].value == str(BrowserState())
    sent = json.loads(page.get("bidi_component")[0].proto.json)
    assert sent["digest"] == scene_payload(made_up_scene(2, windows=1))["digest"]
    assert [row["id"] for row in sent["rows"]][-3:] == ["track:1", "difference", "attention"]


def test_what_is_well_formed_is_believed():
    state = said(place=PLACE, rows=[ROW, {"id": "genes"}], pick=PICK)
    assert state.place == Place(CONTIG, 10, 20, 3)
    assert state.rows == (RowChoice("track:0", "large", True, "group"), RowChoice("genes"))
    assert state.pick == Pick("gene", "genes", 7, "HBB", 2)
    assert said(place=PLACE | {"start": 10.5}).place == Place(CONTIG, 10.5, 20, 3)
    assert said(rows=[]).rows == ()


@pytest.mark.parametrize(
    "change",
    [
        *({"contig": name} for name in ("", None, 3, "c" * 301, ["chr1"])),
        *({"start": value} for value in (None, "10", -1, 20, 21, math.nan, math.inf, -math.inf, True, 1e30, [1])),
        *({"end": value} for value in (None, "x", math.nan, math.inf, 10, 1e12, {})),
        *({"move": value} for value in (None, -1, 1.5, True, "3", 2**60)),
    ],
    ids=str,
)
def test_impossible_places_are_not_said(change):
    assert said(place=PLACE | change).place is None


@pytest.mark.parametrize(
    "rows",
    [
        *(None, {}, "track:0", 5, [None], ["track:0"], [[ROW]]),
        *([ROW | {"id": name}] for name in ("", "a b", "../x", "<b>", None, 3, "x" * 121, ["track:0"])),
        *([ROW | {"height": value}] for value in ("huge", 3, "", ["large"], True)),
        *([ROW | {"log": value}] for value in (1, 0, "yes", [], {})),
        *([ROW | {"scaling": value}] for value in ("other", 1, False, [])),
        [ROW, ROW],
        [{"id": f"row{n}"} for n in range(201)],
    ],
    ids=lambda rows: str(rows)[:60],
)
def test_impossible_rows_are_not_said(rows):
    assert said(rows=rows).rows is None


@pytest.mark.parametrize(
    "change",
    [
        *({"kind": kind} for kind in ("", "row", None, 1, ["gene"])),
        *({"row": name} for name in ("", None, "a b", 4, ["genes"])),
        *({"position": value} for value in (-1, None, 1.5, "7", True, 10**12)),
        *({"name": value} for value in (None, 3, "x" * 301, ["HBB"])),
        *({"number": value} for value in (None, -1, 0.5, True, 2**60)),
    ],
    ids=lambda change: str(change)[:60],
)
def test_impossible_picks_are_not_said(change):
    assert said(pick=PICK | change).pick is None


@pytest.mark.parametrize("values", [None, [], "x", 3, {"place": [], "rows": "", "pick": 0}])
def test_what_is_no_answer_says_nothing(values):
    assert browser._read(values, None, None) == BrowserState()


def test_other_chromosomes_and_unknown_rows_are_left_out(monkeypatch):
    monkeypatch.setattr(
        browser.st, "session_state", {"genome": {"place": PLACE, "rows": [ROW, {"id": "gone"}], "pick": PICK}}
    )
    state = browser_state("genome", contig="chr1", rows={"track:0"})
    assert state == BrowserState(None, (RowChoice("track:0", "large", True, "group"),), None)
    assert browser_state("genome", contig=CONTIG, rows={"genes"}).place == Place(CONTIG, 10, 20, 3)
    assert browser_state("another") == BrowserState()


def test_a_page_can_follow_the_choices():
    scene = made_up_scene(3, windows=1)
    rows = [{"id": "track:2", "height": "large", "log": None, "scaling": None}, {"id": "genes"}]
    found = chosen_rows(scene, said(rows=rows))
    assert [(row.id, row.height) for row in found.rows] == [("track:2", "large"), ("genes", "medium")]
    assert found.rows[1] is not scene.rows[1]
    assert found.rows[1].genes == scene.rows[1].genes
