"""A change is drawn into the same picture, and the address always reopens what is seen."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.attention_page import IT, AttentionPage


def test_another_head_is_drawn_in_place_and_written_into_the_address(page, app_server, computed):
    opened = AttentionPage(page).open(app_server, model="minilm", text=IT, layer=3)
    opened.wait("MiniLM encoder: layer 3, head 0")
    canvas, height = opened.canvas.element_handle(), opened.figure.bounding_box()["height"]
    opened.slider("Head").press("ArrowRight")
    opened.wait("MiniLM encoder: layer 3, head 1")
    expect(page).to_have_url(re.compile(r"[?&]head=1\b"))
    assert canvas.evaluate("(before, now) => before === now && before.isConnected", opened.canvas.element_handle())
    assert opened.figure.bounding_box()["height"] == height
    assert f"{computed('minilm', IT).head(3, 1)[1, 2]:.4f}" in opened.point_at(1, 2)


def test_the_address_reopens_what_a_person_chose(page, new_page, app_server, computed):
    opened = AttentionPage(page).open(app_server, model="minilm", layer=2).wait("MiniLM encoder: layer 2, head 0")
    opened.type(IT)
    expect(opened.figure).to_have_attribute("data-queries", str(len(computed("minilm", IT).source)))
    opened.slider("Head").press("ArrowRight")
    opened.wait("MiniLM encoder: layer 2, head 1")
    opened.choose("To largest")
    expect(page).to_have_url(re.compile("scale=largest"))
    page.reload()
    other = AttentionPage(new_page())
    other.page.goto(page.url)
    for seen in (opened, other):
        seen.wait("MiniLM encoder: layer 2, head 1")
        expect(seen.text).to_have_value(IT)
        seen.is_chosen("To largest")
        seen.is_chosen("One head")
    opened.choose("Four depths")
    expect(page).to_have_url(re.compile("view=depths"))
    page.reload()
    opened.wait("MiniLM encoder: head 1 at layers 0, 1, 3, 5")
    opened.is_chosen("Four depths")
    opened.choose("One head")
    opened.wait("MiniLM encoder: layer 2, head 1")


def test_changes_faster_than_the_page_all_count(page, app_server):
    opened = AttentionPage(page).open(app_server, model="minilm", layer=2).wait("MiniLM encoder: layer 2, head 0")
    opened.type(IT)
    for _ in range(4):
        opened.slider("Head").press("ArrowRight")
    opened.slider("Layer").press("ArrowRight")
    opened.wait("MiniLM encoder: layer 3, head 4")
    expect(opened.text).to_have_value(IT)
    expect(page).to_have_url(re.compile(r"text=The\+animal.*&layer=3&head=4"))


def test_the_browsers_back_button_takes_a_change_back(page, app_server):
    opened = AttentionPage(page).open(app_server, model="minilm", layer=2).wait("MiniLM encoder: layer 2, head 0")
    opened.slider("Head").press("ArrowRight")
    opened.wait("MiniLM encoder: layer 2, head 1")
    expect(page).to_have_url(re.compile("head=1"))
    page.go_back()
    opened.wait("MiniLM encoder: layer 2, head 0")
    assert "head=1" not in page.url


def test_changes_there_and_back_leave_the_right_address(page, app_server):
    opened = AttentionPage(page).open(app_server, model="minilm", layer=2).wait("MiniLM encoder: layer 2, head 0")
    for key in ("ArrowRight", "ArrowLeft", "ArrowRight", "ArrowLeft"):
        opened.slider("Head").press(key)
    expect(page).to_have_url(re.compile(r"layer=2$"))
    opened.wait("MiniLM encoder: layer 2, head 0")
    opened.choose("To largest")
    expect(page).to_have_url(re.compile(r"layer=2&scale=largest$"))
