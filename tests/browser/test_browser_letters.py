"""Rows of letters in the genome browser: the other strand, axes, motifs that are clicked, what is saved."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.apps.letters_scene import FIRST_BP, contributions, letter_scene, letters
from tests.browser.test_browser import SVG, Browser
from tests.script_app import script_app

START, END = FIRST_BP + 98_240, FIRST_BP + 98_340
QUERY = "rows=2&start=98240&end=98340"
COMPLEMENT = str.maketrans("ACGT", "TGCA")


@pytest.fixture(scope="module")
def letters_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with script_app(Path(__file__).parent / "apps" / "letters_app.py", tmp_path_factory.mktemp("letters")) as url:
        yield url


def axis_of(svg: bytes, title: str) -> float:
    """The number at the top of a row's axis."""
    found = [(float(node.get("y")), float(node.get("x")), node.text) for node in ET.fromstring(svg).iter(f"{SVG}text")]
    [head] = [y for y, _, text in found if text == title]
    return min((y, float(text)) for y, x, text in found if y > head + 2 and x < 85 and re.fullmatch(r"[\d.]+", text))[1]


def test_the_other_strand_keeps_the_place_and_everything_is_told_of_the_forward_one(page, letters_app):
    browser = Browser(page, letters_app, QUERY)
    here = letters()[START - FIRST_BP : END - FIRST_BP]
    browser.after(lambda: page.get_by_text("Reverse strand", exact=True).click())
    assert browser.place == (START, END)
    svg = browser.saved("svg")[1]
    root = ET.fromstring(svg)
    assert f"chr11:{START + 1:,}-{END:,} (reverse strand)" in root.find(f"{SVG}title").text
    drawn = [(node.get("y"), float(node.get("x")), node.text) for node in root.iter(f"{SVG}text")]
    lines = {
        y: "".join(text for _, _, text in sorted(one for one in drawn if one[0] == y)) for y, _, text in drawn if text
    }
    assert here.translate(COMPLEMENT)[::-1] in lines.values()

    left, right = float(browser.data("left")), float(browser.data("right"))
    pitch = (right - left) / 100
    place = END - 1 - 30  # the base under the 31st letter from the left
    page.mouse.move(*browser.at(left + 30.5 * pitch, browser.row("logo:0")[0] + 20))
    page.mouse.click(*browser.at(left + 30.5 * pitch, browser.row("logo:0")[0] + 20))
    expect(browser.told("Pick")).to_contain_text(f"kind='bin', row='logo:0', position={place},")

    # The picture follows the hand: dragged to the right, what lies left of it comes, which is further along.
    y = browser.row("logo:0")[0] + 20
    moved = browser.after(lambda: browser.drag((400, y), (400 + 20 * pitch, y)))
    assert moved == (pytest.approx(START + 20, abs=1), pytest.approx(END + 20, abs=1))
    expect(browser.told("Place")).to_contain_text(f"start={moved[0]}")
    browser.overlay.focus()
    assert browser.after(lambda: page.keyboard.press("ArrowRight")) == (moved[0] - 20, moved[1] - 20)
    for _ in browser.ids[: browser.ids.index("logo:0") + 1]:
        page.keyboard.press("ArrowDown")
    expect(browser.spoken).to_contain_text("Gradient × input: ")
    said = browser.spoken.text_content()
    position = int(re.search(r"at ([\d,]+)\.$", said).group(1).replace(",", "")) - 1
    base, value = re.search(r"Gradient × input: ([ACGT]) ([+−][\d.]+)", said).groups()
    assert base == letters()[position - FIRST_BP].translate(COMPLEMENT)
    assert float(value.replace("−", "-")) == pytest.approx(contributions(0)[position - FIRST_BP], rel=0.01)

    browser.overlay.press("Escape")
    now = browser.place
    browser.after(lambda: page.get_by_text("Reverse strand", exact=True).click())
    assert browser.place == now


def test_an_axis_of_a_logo_is_chosen_and_motifs_are_clicked(page, letters_app):
    browser = Browser(page, letters_app, QUERY)
    values = contributions(1)
    own = axis_of(browser.saved("svg")[1], "Integrated gradients")
    page.locator("button.head", has_text="Integrated gradients").click()
    browser.menu.get_by_role("menuitemradio", name="In view").click()
    expect(browser.told("Rows")).to_contain_text("logo:1 None None seen")
    browser.idle()
    page.wait_for_timeout(400)
    seen = axis_of(browser.saved("svg")[1], "Integrated gradients")
    in_view = values[START - FIRST_BP : END - FIRST_BP].max()
    assert in_view * 0.999 <= seen < values.max() * 0.999 <= own
    for title in ("Gradient × input", "Integrated gradients"):
        page.locator("button.head", has_text=title).click()
        browser.menu.get_by_role("menuitemradio", name="Shared top").click()
    expect(browser.told("Rows")).to_contain_text("logo:1 None None group")
    browser.idle()
    page.wait_for_timeout(400)
    svg = browser.saved("svg")[1]
    tops = {axis_of(svg, title) for title in ("Gradient × input", "Integrated gradients")}
    assert len(tops) == 1
    assert tops.pop() >= max(contributions(0).max(), values.max()) * 0.999

    marks = next(row for row in letter_scene(1).rows if row.id == "motifs").motifs
    inside = [one for one in marks if one.start > START and one.end < END]
    over = [[other for other in marks if other.start < one.end + 4 and one.start < other.end + 4] for one in inside]
    # The strongest of those that overlap has the uppermost lane.
    mark = next(
        one for one, near in zip(inside, over, strict=True) if one is max(near, key=lambda other: other.strength)
    )
    y = browser.row("motifs")[0] + 7
    page.mouse.move(*browser.at(browser.x((mark.start + mark.end) / 2), y))
    expect(browser.tooltip).to_contain_text("q = 0.01")
    page.mouse.click(*browser.at(browser.x((mark.start + mark.end) / 2), y))
    expect(browser.told("Pick")).to_contain_text("kind='region', row='motifs'")
