"""What cannot be shown gets one sentence, keeps what was typed, and is never a traceback."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.attention_page import AttentionPage

ODD = "🙂 שלום e\u0301 👩‍👩‍👧 ok"


def only_sentence(opened: AttentionPage, pattern: str) -> None:
    """One message, this one, on a page that did not fail."""
    expect(opened.alerts).to_have_count(1)
    expect(opened.alerts).to_contain_text(re.compile(pattern))
    expect(opened.page.get_by_test_id("stException")).to_have_count(0)
    assert not re.search(r"Traceback|Error:|our fault", opened.page.inner_text("body"))


def test_no_text_and_only_spaces(page, app_server):
    opened = AttentionPage(page).open(app_server).wait()
    for text, sentence in (("   ", "only spaces here; type a sentence"), ("", "no text here; type a sentence")):
        opened.type(text)
        only_sentence(opened, sentence)
        expect(opened.text).to_have_value(text)
        expect(opened.figure).to_have_count(0)
    opened.type("Better now.")
    opened.wait()
    expect(opened.alerts).to_have_count(0)


def test_a_text_that_is_too_long_can_be_cut_where_the_model_stops(page, app_server):
    opened = AttentionPage(page).open(app_server).wait()
    long = "The quick brown fox jumps over the lazy dog. " * 40
    opened.type(long)
    only_sentence(opened, r"tokens long and Storybook GPT reads at most \d+; cut it after")
    expect(opened.text).to_have_value(long)
    page.get_by_role("button", name="Cut it there").click()
    expect(opened.alerts).to_have_count(0)
    opened.wait()
    kept = opened.text.input_value()
    assert long.startswith(kept)
    assert 200 < opened.data("queries") <= 256


def test_emoji_right_to_left_combining_marks_and_nul(page, app_server, computed):
    opened = AttentionPage(page).open(app_server, text=f"{ODD}\0").wait()
    only_sentence(opened, "1 control character .*U\\+0000.* was left out")
    assert opened.data("queries") == len(computed("storybook-gpt", ODD).source)
    assert ODD in opened.text.input_value()


@pytest.mark.parametrize(
    ("params", "sentence", "title"),
    [
        ({"model": "../../etc"}, "link asks for the model .*etc.*not here; choose", "Storybook GPT: layer 0, head 0"),
        ({"layer": "99"}, "Storybook GPT has no layer 99: its layers are 0 to 5", "Storybook GPT: layer 5, head 0"),
        ({"head": "-1"}, "link asks for head '-1'; give a whole number", "Storybook GPT: layer 0, head 0"),
        ({"view": "sideways"}, "link asks for the view 'sideways'", "Storybook GPT: layer 0, head 0"),
    ],
    ids=["model", "layer", "head", "view"],
)
def test_a_wrong_link_is_explained_and_shows_what_is_nearest(page, app_server, params, sentence, title):
    opened = AttentionPage(page).open(app_server, text="One day", **params).wait(title)
    only_sentence(opened, sentence)
    expect(opened.text).to_have_value("One day")


def test_without_a_network_a_download_says_so(page, app_server):
    opened = AttentionPage(page).open(app_server)
    opened.wait()
    page.get_by_role("combobox", name="Model").click()
    page.get_by_role("option", name=re.compile("GPT-2 small")).click()
    page.get_by_role("button", name=re.compile(r"^Download .*MB")).click()
    only_sentence(opened, "cannot be reached")


def test_an_address_in_a_link_does_not_become_one_on_the_page(page, app_server):
    opened = AttentionPage(page).open(app_server, model="http://a.example www.b.example c@d.example").wait()
    only_sentence(opened, "a.example www.?.b.example c@.?d.example")
    expect(opened.alerts.locator("a")).to_have_count(0)
