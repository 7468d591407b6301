"""What a newcomer does on the attention page, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.attention_page import IT, AttentionPage, link


@pytest.fixture
def attention(new_page: Callable[..., Any]) -> Callable[[], AttentionPage]:
    return lambda: AttentionPage(new_page())


def params(page: Any) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def in_link(page: Any, name: str, value: str | None) -> None:
    """Wait until the page's address says so."""
    there = f"(new URLSearchParams(location.search)).get({name!r})"
    page.wait_for_function(f"{there} === {'null' if value is None else repr(value)}")


def is_drawn(figure: Any) -> None:
    expect(figure).to_have_attribute("data-drawn", re.compile(r"[1-9]"))


def test_the_heads_that_link_it_to_animal_and_a_link_for_a_colleague(page, attention, app_server):
    page.goto(app_server)
    page.get_by_role("link", name="What does “it” mean?").click()
    mine = AttentionPage(page).wait("MiniLM encoder: layer 3, head 1")
    ranking = page.get_by_test_id("ranking").locator("canvas.overlay")
    is_drawn(page.get_by_test_id("ranking"))
    ranking.focus()
    spoken = page.get_by_test_id("ranking-live")
    ranking.press("ArrowDown")  # focus alone speaks only to those who came by keyboard
    expect(spoken).to_contain_text("Layer 3, head 1")
    ranking.press("ArrowDown")
    expect(spoken).to_contain_text("Layer 5, head 11")
    ranking.press("Enter")
    mine.wait("MiniLM encoder: layer 5, head 11")
    in_link(page, "head", "11")
    # The row of "it" is kept, and a colleague sees it too.
    row = 10
    mine.canvas.focus()
    for key in ["Home", *["ArrowDown"] * row, "Enter"]:
        mine.canvas.press(key)
    in_link(page, "row", str(row))
    expect(page.get_by_test_id("strip-words")).to_contain_text("'it' (11 of 16) looks most at: 'animal'")
    theirs = attention()
    theirs.page.goto(page.url)
    theirs.wait("MiniLM encoder: layer 5, head 11")
    expect(theirs.page.get_by_test_id("strip-words")).to_contain_text("'it' (11 of 16) looks most at: 'animal'")
    expect(theirs.page.get_by_test_id("ranking")).to_be_visible()
    # Escape lets go, here and in the link.
    mine.canvas.press("Escape")
    in_link(page, "row", None)


def test_wide_instead_of_tired(page, app_server):
    page.goto(app_server)
    page.get_by_role("link", name="One word changed").click()
    AttentionPage(page).wait("MiniLM encoder: change of layer 3, head 1")
    expect(page.get_by_text("it → animal falls from 0.68 to 0.28")).to_be_visible()


def test_a_head_is_opened_from_the_grid(page, app_server):
    page.goto(link(app_server, model="minilm", text=IT, view="heads"))
    grid = page.get_by_test_id("head-grid")
    is_drawn(grid)
    canvas = grid.locator("canvas.overlay")
    canvas.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "Enter"):
        canvas.press(key)
    AttentionPage(page).wait("MiniLM encoder: layer 2, head 1")
    assert params(page)["layer"] == "2"
    assert "view" not in params(page)


def test_heads_that_are_off_are_off_for_one_person_only(attention, app_server):
    plain, without = attention(), attention()
    plain.open(app_server, model="minilm", text=IT, layer=4, head=9).wait()
    without.open(app_server, model="minilm", text=IT, layer=4, head=9, tool="off", off="0.6-3.1").wait()
    is_drawn(without.page.get_by_test_id("map_change"))
    plain.page.reload()
    plain.wait("MiniLM encoder: layer 4, head 9")
    assert plain.description != without.description
    without.page.get_by_role("button", name="Switch all on").click()
    expect(without.page.get_by_test_id("heatmap-description")).to_have_text(plain.description)


def test_switches_in_a_hurry_end_in_what_was_asked_last(page, app_server):
    mine = AttentionPage(page).open(app_server, model="minilm", text=IT).wait()
    for choice in ("Norms", "Rollout", "Words", "Weights", "Log", "Tokens", "To largest", "0 to 1"):
        mine.page.get_by_role("radio", name=choice, exact=True).click()
    mine.is_chosen("0 to 1")
    in_link(page, "scale", None)
    in_link(page, "measure", None)
    in_link(page, "units", None)
    mine.wait("MiniLM encoder: layer 0, head 0")
    assert not mine.alerts.count()


def test_next_word_and_lens_follow_the_kept_row(page, app_server):
    mine = AttentionPage(page).open(app_server, text="This morning I took my cat for a", tool="next").wait()
    bars = page.get_by_test_id("next_token")
    expect(bars.locator("canvas.overlay")).to_have_attribute("aria-label", "Next token after “·a”")
    mine.canvas.focus()
    for key in ("Home", "ArrowDown", "ArrowDown", "ArrowDown", "Enter"):
        mine.canvas.press(key)
    expect(bars.locator("canvas.overlay")).to_have_attribute("aria-label", "Next token after “·took”")
    is_drawn(page.get_by_test_id("lens"))
