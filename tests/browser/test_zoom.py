"""A part of the map: dragged, by keys, exact where the whole is pooled, and back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.apps.heatmap_app import made_up
from tests.browser.heatmap_page import APP, HeatmapPage
from tests.script_app import script_app


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with script_app(APP, tmp_path_factory.mktemp("heatmap")) as url:
        yield url


def test_a_box_on_a_pooled_map_shows_its_exact_weights(page, app):
    opened = HeatmapPage(page, app, "tokens=600")
    weights = made_up(600, 600, 0)[0]
    opened.drag((100, 50), (119, 79))
    opened.has("waiting", "")
    opened.has("window", "200,240,100,160")
    opened.says("zoom (200, 240, 100, 160)")
    opened.says("locked None")
    opened.point(3, 7)
    expect(opened.tooltip).to_contain_text("query 204 of 600, key 108 of 600")
    expect(opened.tooltip).to_contain_text(f"{weights[203, 107]:.4f}")
    expect(page.get_by_test_id("heatmap-description")).to_contain_text("Shown: queries 201–240, keys 101–160 of 600.")
    # A kept row is known over the whole text, also beyond the part that is shown.
    opened.click(3, 7)
    opened.says("locked 203")
    opened.has("known", "exact")
    page.get_by_role("button", name="Whole map").click()
    opened.has("window", "")
    opened.says("locked 203, zoom None")
    expect(page.get_by_role("button", name="Whole map")).to_be_hidden()


def test_the_old_cells_stay_until_the_new_ones_come(page, app):
    opened = HeatmapPage(page, app, "tokens=600&alone=1")
    opened.drag((100, 50), (119, 79))
    opened.has("waiting", "yes")  # this page never answers
    canvas = opened.figure.locator("canvas.base")
    assert canvas.evaluate("c => c.width * c.height") > 0
    expect(opened.figure).to_have_attribute("data-waiting", "", timeout=20_000)
    opened.has("window", "")


def test_what_is_here_already_is_cut_out_in_the_browser(page, app):
    opened = HeatmapPage(page, app, "tokens=60&alone=1")
    weights = made_up(60, 60, 0)[0]
    drawn = int(opened.data("drawn"))
    opened.drag((10, 20), (19, 24))
    opened.has("window", "10,20,20,25")
    opened.point(2, 3)
    expect(opened.tooltip).to_contain_text("query 13 of 60, key 24 of 60")
    expect(opened.tooltip).to_contain_text(f"{weights[12, 23]:.4f}")
    opened.canvas.dblclick(position=opened.place(5, 2))
    opened.has("window", "")
    assert int(opened.data("drawn")) == drawn + 2


def test_a_part_of_a_short_text_fills_its_room(page, app):
    opened = HeatmapPage(page, app, "tokens=16&alone=1")
    cell, height = float(opened.data("cell")), opened.canvas.bounding_box()["height"]
    opened.drag((2, 2), (9, 9))
    opened.has("window", "2,10,2,10")
    assert float(opened.data("cell")) >= min(44, 1.9 * cell)
    assert abs(opened.canvas.bounding_box()["height"] - height) < 60


def test_plus_and_minus_zoom_around_the_cell(page, app):
    opened = HeatmapPage(page, app, "tokens=40")
    opened.canvas.focus()
    for key in ("End", *["ArrowDown"] * 3):
        opened.canvas.press(key)
    opened.canvas.press("+")
    opened.has("window", "0,20,20,40")
    opened.canvas.press("+")
    opened.says("zoom (0, 10, 30, 40)")
    for _ in range(2):
        opened.canvas.press("-")
    opened.has("window", "")
    opened.says("zoom None")


def test_a_click_with_a_shaking_hand_is_a_click(page, app):
    opened = HeatmapPage(page, app)
    box, place = opened.canvas.bounding_box(), opened.place(4, 6)
    page.mouse.move(box["x"] + place["x"], box["y"] + place["y"])
    page.mouse.down()
    page.mouse.move(box["x"] + place["x"] + 3, box["y"] + place["y"] + 3)
    page.mouse.up()
    opened.says("locked 4, zoom None")


def test_zoom_stays_for_another_head_and_ends_with_the_text(page, app):
    opened = HeatmapPage(page, app, "tokens=60")
    opened.drag((10, 20), (19, 24))
    opened.says("zoom (10, 20, 20, 25)")
    page.get_by_text("Another head").click()
    opened.point(2, 3)
    expect(opened.tooltip).to_contain_text(f"{made_up(60, 60, 1)[0][12, 23]:.4f}")
    page.get_by_text("Another text").click()
    opened.has("window", "")
    opened.says("zoom None")
