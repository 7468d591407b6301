"""A drawing in a real browser, on a page of its own: presses, keys, files, both themes."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from playwright.sync_api import expect

from components.style import DRAWING_SIZES
from tests.script_app import script_app

SVG = "{http://www.w3.org/2000/svg}"
APP = Path(__file__).parent / "apps" / "drawings.py"


@pytest.fixture(scope="module")
def drawings(tmp_path_factory: pytest.TempPathFactory):
    """The address of a page with drawings only."""
    with script_app(APP, tmp_path_factory.mktemp("drawings")) as address:
        yield address


def opened(page, url: str):
    page.goto(url)
    expect(page.get_by_test_id("lens")).to_have_attribute("data-drawn", re.compile(r"[1-9]"))
    return page


def background(page, name: str) -> list[int]:
    return page.get_by_test_id(name).evaluate(
        "root => Array.from(root.querySelector('.base').getContext('2d').getImageData(2, 2, 1, 1).data).slice(0, 3)"
    )


def saved(page, name: str, ending: str) -> tuple[str, bytes]:
    with page.expect_download() as download:
        page.get_by_test_id(f"{name}-{ending}").click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def test_a_click_sends_its_value_to_python_each_time(page, drawings):
    canvas = opened(page, drawings).get_by_test_id("rank").locator("canvas.overlay")
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 90)
    expect(page.get_by_test_id("rank-tooltip")).to_contain_text("Layer 3, head 1")
    canvas.click(position={"x": 40, "y": 90})
    expect(page.get_by_text("pressed {'layer': 3, 'head': 1} 1")).to_be_visible()
    canvas.click(position={"x": 40, "y": 90})
    expect(page.get_by_text("pressed {'layer': 3, 'head': 1} 2")).to_be_visible()


def test_keys_walk_over_the_table_and_press(page, drawings):
    canvas = opened(page, drawings).get_by_test_id("table").locator("canvas.overlay")
    spoken = page.get_by_test_id("table-live")
    canvas.focus()
    expect(spoken).to_have_text("Layer 0, head 0. total variation: 0.1000. Enter presses it.")
    canvas.press("ArrowDown")
    expect(spoken).to_contain_text("Layer 1, head 0")
    canvas.press("ArrowRight")
    expect(spoken).to_contain_text("Layer 1, head 1")
    canvas.press("ArrowRight")
    canvas.press("ArrowUp")
    expect(spoken).to_contain_text("Layer 0, head 1")
    expect(page.get_by_test_id("table-tooltip")).to_be_visible()
    canvas.press("Enter")
    expect(page.get_by_text("pressed {'layer': 0, 'head': 1} 1")).to_be_visible()
    canvas.press("Escape")
    expect(page.get_by_test_id("table-tooltip")).to_be_hidden()


def test_every_drawing_has_a_name_a_description_and_two_named_buttons(page, drawings):
    opened(page, drawings)
    for name, title in (("bars", "Next"), ("rank", "Heads"), ("table", "Changes"), ("lens", "Lens")):
        figure = page.get_by_test_id(name)
        expect(figure).to_have_role("figure")
        expect(figure).to_have_accessible_name(title)
        assert len(figure.locator("#description").text_content()) > 20
        for ending in ("PNG", "SVG"):
            expect(page.get_by_role("button", name=f"Download “{title}” as {ending}")).to_be_visible()


def test_png_is_the_picture_and_svg_holds_its_words_as_text_and_no_script(page, drawings):
    name, content = saved(opened(page, drawings), "rank", "png")
    box = page.get_by_test_id("rank").locator("canvas.overlay").bounding_box()
    assert name == "ranked-heads.png"
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))
    assert width == pytest.approx(2 * box["width"] + 64, abs=2)
    assert height == pytest.approx(2 * box["height"] + 64, abs=2)

    name, content = saved(page, "bars", "svg")
    root = ET.fromstring(content)
    texts = [node.text for node in root.iter(f"{SVG}text")]
    assert name == "next-token.svg"
    assert {"Next", "·walk", "0.400", "0.300", "+0.200", "without L3 H1", "Toy weights"} <= set(texts)
    assert any(text.startswith("<script>") for text in texts)
    assert {node.tag.removeprefix(SVG) for node in root.iter()} <= {
        *("svg", "title", "desc", "defs", "linearGradient", "stop", "pattern", "path", "rect", "text", "line"),
    }
    assert not [key for node in root.iter() for key in node.attrib if key.startswith("on") or "href" in key]
    assert root.find(f".//{SVG}pattern") is not None
    assert page.evaluate("[...document.scripts].filter((s) => s.textContent.includes('alert(1)')).length") == 0


def test_new_numbers_appear_in_the_same_canvas_and_only_there(page, drawings):
    opened(page, drawings)
    page.get_by_test_id("bars").locator("canvas.base").evaluate("canvas => { canvas.mine = true; }")
    drawn = [int(page.get_by_test_id(name).get_attribute("data-drawn")) for name in ("bars", "rank")]
    page.get_by_text("Other", exact=True).click()
    expect(page.get_by_test_id("bars")).to_have_attribute("data-drawn", str(drawn[0] + 1))
    expect(page.get_by_test_id("rank")).to_have_attribute("data-drawn", str(drawn[1]))
    assert page.get_by_test_id("bars").locator("canvas.base").evaluate("canvas => canvas.mine === true")


@pytest.mark.parametrize(("scheme", "ground"), [("light", [251, 251, 250]), ("dark", [12, 18, 24])])
def test_drawings_follow_the_theme(new_page, drawings, scheme, ground):
    page = opened(new_page(color_scheme=scheme), drawings)
    assert background(page, "lens") == ground
    assert (
        ET.fromstring(saved(page, "table", "svg")[1]).find(f"{SVG}rect").get("fill")
        == f"rgb({','.join(map(str, ground))})"
    )


def test_nothing_runs_over_the_page_at_any_width(new_page, drawings):
    page = opened(new_page(viewport={"width": 1500, "height": 900}), drawings)
    sizes = DRAWING_SIZES
    for width in (1500, 700, 350):
        page.set_viewport_size({"width": width, "height": 900})
        lens = page.get_by_test_id("lens")
        fitting = f"root => (root.clientWidth - {sizes.lens_label}) / {sizes.lens_column}"
        page.wait_for_function(
            "([root, columns]) => Number(root.dataset.columns) === columns",
            arg=[lens.element_handle(), min(24, int(lens.evaluate(fitting)))],
        )
        for name in ("bars", "rank", "table", "lens"):
            figure = page.get_by_test_id(name)
            assert figure.locator("canvas.base").bounding_box()["width"] <= figure.bounding_box()["width"] + 1
