"""The playground in a real browser: a slider redraws the picture in its place, and what is saved says what it is."""

from __future__ import annotations

import csv
import io
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.teaching.playground.locus import locus_of, origin_sentence
from core.teaching.playground.moves import Moves, change
from core.teaching.playground.stories import stories
from core.teaching.playground.told import change_sentence, start_signal, tell

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def opened(page, app_server):
    page.goto(f"{app_server}/playground?guess=0")
    expect(page.get_by_test_id("motifs")).to_have_attribute("data-drawn", re.compile("[1-9]"))
    return page


def told(moves: Moves) -> str:
    """The sentence that the first story has to show after a change."""
    locus = locus_of(stories()[0].gene, stories()[0].element)
    numbers = [
        start_signal(tell(locus, None, edits).tracks, locus.seen, locus.gene.tss, locus.cell_type)
        for edits in ((), change(locus, moves).edits)
    ]
    return change_sentence(*numbers)


def test_a_slider_redraws_in_place_and_the_page_stays(opened):
    page, picture = opened, opened.get_by_test_id("locus")
    canvas = picture.locator("canvas.base").element_handle()
    slider = page.get_by_role("slider", name="Sites left")
    slider.focus()
    page.mouse.wheel(0, 200)
    page.wait_for_timeout(200)
    where = picture.bounding_box()["y"]
    slider.press("Home")
    expect(picture).to_have_attribute("aria-label", re.compile(re.escape(told(Moves(sites=0)))))
    assert canvas.evaluate("node => node.isConnected")
    assert picture.bounding_box()["y"] == pytest.approx(where, abs=1)
    expect(page).to_have_url(re.compile("sites=0"))
    page.reload()
    expect(picture).to_have_attribute("aria-label", re.compile(re.escape(told(Moves(sites=0)))))


def test_pictures_and_tables_say_that_they_are_simulated(opened):
    page = opened
    page.get_by_role("button", name="Written in").or_(page.get_by_text("Written in")).first.click()
    expect(page.get_by_test_id("locus")).to_have_attribute(
        "aria-label", re.compile(re.escape(told(Moves(boundary=True))))
    )
    with page.expect_download() as download:
        page.get_by_test_id("locus-svg").click()
    root = ET.fromstring(Path(download.value.path()).read_bytes())
    words = "".join(root.itertext())
    assert origin_sentence() in words
    assert len(root.findall(f"{SVG}path")) == 3 * 7  # a line before, an area and a line now
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8"))))
    assert len(rows) == 192
    assert rows[0]["origin"] == origin_sentence()


def test_pointing_at_a_bin_reads_it_out(opened):
    page = opened
    canvas = page.get_by_test_id("locus").locator("canvas.overlay")
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 150)
    expect(page.get_by_test_id("locus-tooltip")).to_contain_text("CAGE, liver")
