"""The genome browser in a real browser: it moves, it never jumps, it says what was done, it saves what is seen."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.apps.browser_scene import CONTIG, CONTIG_BP, FIRST_BP, WINDOW_BP, heights, made_up_scene
from tests.script_app import script_app

SVG = "{http://www.w3.org/2000/svg}"
START = FIRST_BP + 20_000
PIXEL = """
(canvas, [x, y]) => {
  const scale = canvas.width / canvas.getBoundingClientRect().width;
  return Array.from(canvas.getContext("2d").getImageData(Math.floor(x * scale), Math.floor(y * scale), 1, 1).data);
}
"""
PICTURE = "canvas => canvas.toDataURL()"
SCROLL = """
(overlay, y) => {
  const at = overlay.getBoundingClientRect().top + y;
  if (at < 90 || at > window.innerHeight - 90) document.querySelector("[data-testid=stMain]").scrollTop += at - 250;
}
"""
# Whether wheel events were taken from the page: of one over the page, then at once one over the picture.
SCROLLED_FROM_ELSEWHERE = """
overlay => [document.body, overlay].map((target) =>
  !target.dispatchEvent(new WheelEvent("wheel", { deltaY: 30, bubbles: true, cancelable: true, composed: true })))
"""
SCROLLED_HERE = """
overlay => !overlay.dispatchEvent(new WheelEvent("wheel", { deltaY: 30, bubbles: true, cancelable: true }))
"""
# Two fingers on the overlay, as a touch screen would send them.
PINCH = """
(overlay, [y, from, to]) => {
  const box = overlay.getBoundingClientRect();
  const fire = (type, id, x) => overlay.dispatchEvent(new PointerEvent(type, {
    pointerId: id, pointerType: "touch", clientX: box.left + x, clientY: box.top + y, bubbles: true, button: 0,
  }));
  overlay.setPointerCapture = () => {};
  from.forEach((x, i) => fire("pointerdown", i + 11, x));
  for (let step = 1; step <= 5; step += 1) {
    from.forEach((x, i) => fire("pointermove", i + 11, x + ((to[i] - x) * step) / 5));
  }
  to.forEach((x, i) => fire("pointerup", i + 11, x));
  delete overlay.setPointerCapture;
}
"""


@pytest.fixture(scope="module")
def browser_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with script_app(Path(__file__).parent / "apps" / "browser_app.py", tmp_path_factory.mktemp("browser")) as url:
        yield url


class Browser:
    """The genome browser on its page."""

    def __init__(self, page, url: str, query: str = "rows=3") -> None:
        page.goto(f"{url}/?{query}", wait_until="commit")
        self.page, self.figure = page, page.get_by_test_id("genome-browser")
        self.overlay, self.base = page.get_by_test_id("browser-overlay"), self.figure.locator("canvas.base")
        self.spoken, self.tooltip = page.get_by_test_id("browser-live"), page.get_by_test_id("browser-tooltip")
        self.menu = page.get_by_test_id("browser-menu")
        expect(self.figure).to_have_attribute("data-settled", re.compile(r"[1-9]"))
        self.idle()

    def idle(self) -> None:
        self.page.locator('[data-testid=stApp][data-test-script-state="notRunning"]').wait_for()

    def data(self, name: str) -> str:
        return self.figure.get_attribute(f"data-{name}")

    @property
    def place(self) -> tuple[int, int]:
        return int(self.data("start")), int(self.data("end"))

    @property
    def ids(self) -> list[str]:
        return [row.split(" ")[0] for row in self.data("rows").split("|")]

    def row(self, name: str) -> tuple[float, float]:
        """Upper edge and height of a row's body."""
        found = {row.split(" ")[0]: row.split(" ")[1:] for row in self.data("rows").split("|")}
        return float(found[name][0]), float(found[name][1])

    def x(self, bp: float) -> float:
        left, right, (start, end) = float(self.data("left")), float(self.data("right")), self.place
        return left + (bp - start) / (end - start) * (right - left)

    @property
    def bp_per_px(self) -> float:
        return (self.place[1] - self.place[0]) / (float(self.data("right")) - float(self.data("left")))

    def at(self, x: float, y: float) -> tuple[float, float]:
        """On the page, scrolled so that it is seen and nothing of the page lies over it."""
        self.overlay.evaluate(SCROLL, y)
        box = self.overlay.bounding_box()
        return box["x"] + x, box["y"] + y

    def after(self, act) -> tuple[int, int]:
        """The place once the movement that `act` starts has ended."""
        before = int(self.data("settled"))
        act()
        expect(self.figure).not_to_have_attribute("data-settled", str(before))
        self.page.wait_for_timeout(350)
        return self.place

    def drag(self, start: tuple[float, float], to: tuple[float, float]) -> None:
        mouse = self.page.mouse
        mouse.move(*self.at(*start))
        mouse.down()
        mouse.move(*self.at(*to), steps=6)
        mouse.up()

    def told(self, name: str):
        return self.page.get_by_text(re.compile(f"^{name}: "))

    def saved(self, kind: str) -> tuple[str, bytes]:
        with self.page.expect_download() as download:
            self.page.get_by_test_id(f"browser-{kind}").click()
        return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def test_a_drag_moves_the_place_and_python_hears_it_once_at_rest(page, browser_app):
    browser = Browser(page, browser_app)
    assert browser.place == (START, START + WINDOW_BP)
    expect(browser.told("Place")).to_have_text("Place: None")
    y = sum(browser.row("track:0")) - 10
    by = 150
    start, end = browser.after(lambda: browser.drag((500, y), (500 - by, y)))
    assert start == pytest.approx(START + by * browser.bp_per_px, abs=2)
    assert end - start == pytest.approx(WINDOW_BP, abs=1)
    expect(browser.told("Place")).to_have_text(f"Place: Place(contig='{CONTIG}', start={start}, end={end}, move=0)")
    expect(page.get_by_text("Turn 2.")).to_be_visible()
    page.wait_for_timeout(900)
    expect(page.get_by_text("Turn 2.")).to_be_visible()


def test_updates_do_not_move_the_place_nor_draw_what_is_equal(page, browser_app):
    browser = Browser(page, browser_app)
    y = sum(browser.row("track:0")) - 10
    there = browser.after(lambda: browser.drag((600, y), (300, y)))
    expect(page.get_by_text("Turn 2.")).to_be_visible()
    browser.idle()
    page.wait_for_timeout(300)
    frames, node = browser.data("frames"), browser.overlay.element_handle()
    page.get_by_role("button", name="Again").click()
    expect(page.get_by_text("Turn 3.")).to_be_visible()
    page.wait_for_timeout(300)
    assert browser.place == there
    assert browser.data("frames") == frames, "a rerun with equal data may not draw"
    picture = browser.base.evaluate(PICTURE)
    page.get_by_role("button", name="Next window").click()
    expect(page.get_by_text("Turn 4.")).to_be_visible()
    expect(browser.figure).not_to_have_attribute("data-frames", frames)
    page.wait_for_timeout(300)
    assert browser.place == there
    assert node.evaluate("(before, now) => before === now", browser.overlay.element_handle())
    assert browser.base.evaluate(PICTURE) != picture, "the overview shows the new window"


def test_python_moves_the_place_and_an_old_answer_does_not_bring_it_back(page, browser_app):
    browser = Browser(page, browser_app)
    there = FIRST_BP + WINDOW_BP + 30_000
    assert browser.after(page.get_by_role("button", name="Go there").click) == (there, there + 40_000)
    expect(browser.told("Place")).to_have_text("Place: None")  # Python knows where it sent the browser
    page.get_by_text("Slow", exact=True).click()
    y = sum(browser.row("track:0")) - 10
    page.mouse.move(*browser.at(600, y))
    page.mouse.down()
    for step in range(30):  # a drag over several reruns, each of which ends with the place that Python knew before
        page.mouse.move(*browser.at(600 - 5 * step, y))
        page.wait_for_timeout(90)
    page.mouse.up()
    expect(browser.told("Place")).to_contain_text("move=1")
    page.wait_for_timeout(3500)
    start, _ = browser.place
    assert start == pytest.approx(there + 145 * browser.bp_per_px, abs=3)
    assert f"start={start}" in browser.told("Place").text_content()


def test_python_can_move_where_nothing_is_loaded(page, browser_app):
    browser = Browser(page, browser_app)
    assert browser.after(page.get_by_role("button", name="Far away").click) == (2_800_000, 2_840_000)
    assert browser.data("outside") == "true"
    expect(page.get_by_test_id("browser-locus")).to_have_text(f"{CONTIG}:2,800,001-2,840,000")
    content = browser.saved("svg")[1].decode()
    assert content.count("loading …") >= len(browser.ids)


def test_the_wheel_is_the_page_s_until_the_picture_is_clicked(page, browser_app):
    browser = Browser(page, browser_app, "rows=12")
    hint, y = page.get_by_test_id("browser-hint"), browser.row("track:1")[0] + 20
    scrolled = "document.querySelector('[data-testid=stMain]').scrollTop"
    page.mouse.move(*browser.at(500, y))
    assert page.evaluate(scrolled) == 0
    expect(hint).to_be_hidden()
    page.mouse.wheel(0, 60)
    expect(hint).to_be_visible()
    page.wait_for_function(f"{scrolled} > 30")
    assert browser.place == (START, START + WINDOW_BP)
    page.wait_for_timeout(400)
    page.mouse.wheel(0, -60)
    page.wait_for_function(f"{scrolled} === 0")
    x = 500
    before, at = browser.place, browser.at(x, y)
    bp = before[0] + (x - float(browser.data("left"))) * browser.bp_per_px
    page.mouse.click(*at)
    start, end = browser.after(lambda: page.mouse.wheel(0, -100))
    assert end - start == pytest.approx(WINDOW_BP * 2.718281828 ** (-0.22), rel=0.01)
    assert browser.x(bp) == pytest.approx(x, abs=0.5), "what is under the pointer stays there"
    assert page.evaluate(scrolled) == 0
    expect(hint).to_contain_text("Esc gives it back to the page")
    browser.overlay.press("Escape")
    page.wait_for_timeout(400)
    page.mouse.move(*at)
    page.mouse.wheel(0, 60)
    page.wait_for_function(f"{scrolled} > 30")
    assert browser.place == (start, end)


def test_ctrl_and_shift_need_no_click_and_a_scroll_that_began_elsewhere_stays_the_page_s(page, browser_app):
    browser = Browser(page, browser_app, "rows=12")
    y = browser.row("track:1")[0] + 20
    page.mouse.move(*browser.at(500, y))
    page.keyboard.down("Control")
    start, end = browser.after(lambda: page.mouse.wheel(0, -100))
    page.keyboard.up("Control")
    assert end - start < WINDOW_BP * 0.9
    page.wait_for_timeout(400)
    page.keyboard.down("Shift")
    moved = browser.after(lambda: page.mouse.wheel(0, 80))
    page.keyboard.up("Shift")
    assert moved[0] == pytest.approx(start + 80 * browser.bp_per_px, abs=3)
    page.mouse.click(*browser.at(500, y))
    browser.idle()
    page.wait_for_timeout(500)
    place = browser.place
    assert browser.overlay.evaluate(SCROLLED_FROM_ELSEWHERE) == [False, False]
    page.wait_for_timeout(500)
    assert browser.place == place
    assert browser.overlay.evaluate(SCROLLED_HERE) is True


@pytest.mark.parametrize(("start", "shift"), [((300, "row"), True), ((300, "ruler"), False)])
def test_a_box_zooms_to_what_it_holds(page, browser_app, start, shift):
    browser = Browser(page, browser_app)
    y = browser.row("track:0")[0] + 20 if start[1] == "row" else float(browser.data("ruler").split()[0]) + 15
    wanted = [browser.place[0] + (x - float(browser.data("left"))) * browser.bp_per_px for x in (300, 500)]
    if shift:
        page.keyboard.down("Shift")
    found = browser.after(lambda: browser.drag((300, y), (500, y)))
    if shift:
        page.keyboard.up("Shift")
    assert found == pytest.approx(wanted, abs=2)


def test_the_overview_moves_the_place(page, browser_app):
    browser = Browser(page, browser_app)
    left, right = float(browser.data("left")), float(browser.data("right"))
    y = float(browser.data("overview").split()[0]) + 14
    x_of = lambda bp: left + bp / CONTIG_BP * (right - left)  # noqa: E731
    start, end = browser.after(lambda: page.mouse.click(*browser.at(x_of(2_000_000), y)))
    assert (start + end) / 2 == pytest.approx(2_000_000, abs=CONTIG_BP / (right - left) + 1)
    assert end - start == pytest.approx(WINDOW_BP, abs=1)
    start, end = browser.after(lambda: browser.drag((x_of(2_000_000), y), (x_of(500_000), y)))
    assert (start + end) / 2 == pytest.approx(500_000, abs=2 * CONTIG_BP / (right - left) + 1)
    expect(browser.told("Pick")).to_have_text("Pick: None")


def test_two_fingers_pinch_and_one_drags(new_page, browser_app):
    page = new_page(has_touch=True)
    browser = Browser(page, browser_app)
    y = browser.row("track:0")[0] + 20
    middle = browser.place[0] + (450 - float(browser.data("left"))) * browser.bp_per_px
    start, end = browser.after(lambda: browser.overlay.evaluate(PINCH, [y, [400, 500], [350, 550]]))
    assert end - start == pytest.approx(WINDOW_BP / 2, rel=0.01)
    assert browser.x(middle) == pytest.approx(450, abs=1)
    before = browser.place
    start, end = browser.after(lambda: browser.overlay.evaluate(PINCH, [y, [400], [300]]))
    assert start == pytest.approx(before[0] + 100 * browser.bp_per_px, abs=3)
    assert browser.overlay.evaluate("e => getComputedStyle(e).touchAction") == "pan-y"
    page.touchscreen.tap(*browser.at(400, y))
    expect(browser.told("Pick")).to_contain_text("kind='bin', row='track:0'")
    page.wait_for_timeout(300)
    seen = browser.overlay.evaluate(PICTURE)
    browser.overlay.press("Escape")
    page.wait_for_timeout(300)
    assert browser.overlay.evaluate(PICTURE) != seen, "what a finger read stays until it is taken away"


def test_keys_move_read_and_are_announced(page, browser_app):
    browser = Browser(page, browser_app)
    press = browser.overlay.press
    browser.overlay.focus()
    start, end = browser.after(lambda: press("ArrowRight"))
    assert start == pytest.approx(START + 0.2 * WINDOW_BP, abs=1)
    expect(browser.spoken).to_have_text(f"{CONTIG}:{start + 1:,}-{end:,}, 115 kb.")
    assert browser.after(lambda: press("ArrowLeft")) == (START, START + WINDOW_BP)
    start, end = browser.after(lambda: press("+"))
    assert end - start == pytest.approx(0.6 * WINDOW_BP, abs=2)
    assert browser.after(lambda: press("-")) == pytest.approx((START, START + WINDOW_BP), abs=1)
    assert browser.after(lambda: press("Home"))[0] == FIRST_BP  # as W shows it: not what is missing
    assert browser.after(lambda: press("End"))[1] == FIRST_BP + 4 * WINDOW_BP
    assert browser.after(lambda: press("Control+Home")) == (0, WINDOW_BP)
    assert browser.after(lambda: press("w")) == (FIRST_BP, FIRST_BP + 4 * WINDOW_BP)
    for _ in browser.ids[: browser.ids.index("track:0") + 1]:
        press("ArrowDown")
    expect(browser.spoken).to_contain_text("DNase-seq, K562: ")
    press("Shift+ArrowRight")
    said = browser.spoken.text_content()
    position = int(re.search(r"at chr11:([\d,]+)\.", said).group(1).replace(",", "")) - 1
    window, offset = divmod(position - FIRST_BP, WINDOW_BP)
    value = heights(window, 0)[offset // 128]
    assert float(re.search(r"K562: ([\d.]+)", said).group(1)) == pytest.approx(value, rel=1e-3)
    press("Enter")
    expect(browser.told("Pick")).to_contain_text(f"kind='bin', row='track:0', position={position}")
    press("m")
    expect(browser.menu).to_be_visible()
    page.keyboard.press("Escape")
    expect(browser.menu).to_be_hidden()


def test_every_bin_reads_as_python_s_number(page, browser_app):
    """Zoomed in to some bins, the cursor's values are those of the scene, and lie under the pointer."""
    browser = Browser(page, browser_app)
    y = browser.row("track:2")[0]
    bin_index = 300
    middle = FIRST_BP + bin_index * 128 + 64
    browser.overlay.focus()
    page.mouse.move(*browser.at(browser.x(middle), y + 20))
    for _ in range(12):
        page.keyboard.press("ArrowDown")
    expect(browser.spoken).to_contain_text("Row ")
    said = browser.spoken.text_content()
    assert said.startswith(f"Row {len(browser.ids)} of {len(browser.ids)}")
    while "H3K27ac, K562" not in browser.spoken.text_content():
        page.keyboard.press("ArrowUp")
    value = float(re.search(r"K562: ([\d.]+)", browser.spoken.text_content()).group(1))
    assert value == pytest.approx(heights(0, 2)[bin_index], rel=1e-3)


def test_clicks_pick_bins_genes_and_regions_and_a_double_click_zooms(page, browser_app):
    browser = Browser(page, browser_app)
    scene = made_up_scene(3)
    gene = next(row for row in scene.rows if row.id == "genes").genes[2]
    y = browser.row("track:1")[0] + 30
    page.mouse.click(*browser.at(400, y))
    expect(browser.told("Pick")).to_contain_text("kind='bin', row='track:1'")
    first = int(re.search(r"number=(\d+)", browser.told("Pick").text_content()).group(1))
    page.mouse.click(*browser.at(400, y))
    expect(browser.told("Pick")).not_to_contain_text(str(first))
    page.mouse.move(*browser.at(browser.x((gene.start + gene.end) / 2), browser.row("genes")[0] + 9))
    expect(browser.tooltip).to_contain_text("A made-up gene.")
    page.mouse.click(*browser.at(browser.x((gene.start + gene.end) / 2), browser.row("genes")[0] + 9))
    expect(browser.told("Pick")).to_contain_text("kind='gene', row='genes', position=")
    expect(browser.told("Pick")).to_contain_text(f"name='{gene.name}'")
    page.mouse.click(*browser.at(400, browser.row("states")[0] + 9))
    expect(browser.told("Pick")).to_contain_text("kind='region', row='states'")
    picked = browser.told("Pick").text_content()
    start, end = browser.after(lambda: page.mouse.dblclick(*browser.at(400, y)))
    assert end - start == pytest.approx(WINDOW_BP / 2, abs=2)
    page.wait_for_timeout(500)
    assert browser.told("Pick").text_content() == picked


def test_rows_change_by_menu_and_stay_changed(page, browser_app):
    browser = Browser(page, browser_app, "rows=4")
    _, high = browser.row("track:3")
    page.locator("button.head", has_text="CAGE, K562").click()
    expect(browser.menu.get_by_role("menuitemradio", name="Medium")).to_have_attribute("aria-checked", "true")
    browser.menu.get_by_role("menuitemradio", name="Large").click()
    expect(browser.told("Rows")).to_contain_text("'track:3 large None None'")
    assert browser.row("track:3")[1] > 1.5 * high
    page.locator("button.head", has_text="CAGE, K562").click()
    browser.menu.get_by_role("menuitemradio", name="Logarithm").click()
    expect(browser.told("Rows")).to_contain_text("'track:3 large True None'")
    assert "log10(1 + x)" in browser.saved("svg")[1].decode()
    page.locator("button.head", has_text="CAGE, K562").click()
    browser.menu.get_by_role("menuitem", name="Move up").click()
    expect(browser.spoken).to_have_text("CAGE, K562 is row 6 of 9 now.")
    assert browser.ids.index("track:3") == browser.ids.index("track:2") - 1
    page.locator("button.head", has_text="ATAC-seq, K562").click()
    browser.menu.get_by_role("menuitem", name="Remove").click()
    assert "track:1" not in browser.ids
    expect(browser.told("Rows")).not_to_contain_text("track:1")
    ids = browser.ids
    page.get_by_role("button", name="Next window").click()
    browser.idle()
    page.wait_for_timeout(400)
    assert browser.ids == ids
    assert browser.row("track:3")[1] > 1.5 * high


def test_rows_of_a_group_can_share_their_top(page, browser_app):
    browser = Browser(page, browser_app, "rows=8&extras=0")
    tops = [float(heights(n, row)[:].max()) for row in (3, 7) for n in range(3)]
    for cell in ("K562", "HepG2"):
        page.locator("button.head", has_text=f"CAGE, {cell}").click()
        browser.menu.get_by_role("menuitemradio", name="Shared top").click()
    expect(browser.told("Rows")).to_contain_text("'track:3 None None group'")
    expect(browser.told("Rows")).to_contain_text("'track:7 None None group'")
    root = ET.fromstring(browser.saved("svg")[1])
    texts = [(float(node.get("y")), node.text) for node in root.iter(f"{SVG}text")]
    named = {text: y for y, text in texts if text and text.startswith("CAGE")}
    found = []
    for y in named.values():  # the first number under the title is the top of the axis
        found.append(min((at, float(text)) for at, text in texts if at > y + 4 and re.fullmatch(r"\d+", text or ""))[1])
    assert found[0] == found[1] >= max(tops)


def test_rows_are_moved_by_keys_and_by_dragging_their_titles(page, browser_app):
    browser = Browser(page, browser_app, "rows=4&extras=0")
    head = page.locator("button.head", has_text="DNase-seq, K562")
    head.focus()
    head.press("Alt+ArrowDown")
    assert browser.ids == ["track:1", "track:0", "track:2", "track:3"]
    expect(head).to_be_focused()
    head.press("Alt+ArrowUp")
    head.press("Alt+ArrowUp")
    expect(browser.spoken).to_have_text("DNase-seq, K562 cannot move further.")
    assert browser.ids == ["track:0", "track:1", "track:2", "track:3"]
    head.press("ArrowDown")
    page.keyboard.press("Delete")
    assert browser.ids == ["track:0", "track:2", "track:3"]
    box = head.bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 9)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + 100, steps=4)
    page.mouse.move(box["x"] + 60, box["y"] + 260, steps=4)
    page.mouse.up()
    assert browser.ids == ["track:2", "track:3", "track:0"]
    expect(browser.told("Rows")).to_have_text(
        "Rows: ['track:2 None None None', 'track:3 None None None', 'track:0 None None None']"
    )
    expect(browser.menu).to_be_hidden()


def test_fixed_rows_offer_no_move_and_no_removal(page, browser_app):
    browser = Browser(page, browser_app)
    head = page.locator("button.head[data-row=genes]")
    head.click()
    expect(browser.menu.get_by_role("menuitemradio")).to_have_count(3)
    expect(browser.menu.get_by_role("menuitem", name="Remove")).to_have_count(0)
    page.keyboard.press("Escape")
    head.press("Delete")
    assert "genes" in browser.ids


def test_a_panned_picture_is_the_one_drawn_afresh(page, browser_app):
    """Bitmaps that are shifted show what painting at that place shows."""
    browser = Browser(page, browser_app, "rows=6&extras=0")
    y = browser.row("track:0")[0] + 20
    by = [browser.after(lambda x=x: browser.drag((500, y), (500 - x, y))) for x in (37, 211, 333)]
    assert [b[0] > a[0] for a, b in pairwise(by)] == [True, True]
    page.mouse.move(5, 5)
    page.wait_for_timeout(500)
    shifted = browser.base.evaluate(PICTURE)
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(600)
    assert browser.base.evaluate(PICTURE) != shifted
    page.emulate_media(color_scheme="light")
    page.wait_for_timeout(900)
    assert browser.base.evaluate(PICTURE) == shifted


def test_downloads_are_what_is_seen(page, browser_app):
    browser = Browser(page, browser_app, "rows=3")
    y = browser.row("track:0")[0] + 20
    start, end = browser.after(lambda: browser.drag((500, y), (300, y)))
    box = browser.overlay.bounding_box()
    name, content = browser.saved("png")
    assert name == "made-up.png"
    picture = Image.open(io.BytesIO(content))
    assert picture.width == pytest.approx(2 * box["width"] + 64, abs=2)
    assert picture.height > 2 * box["height"] + 64
    name, content = browser.saved("svg")
    assert name == "made-up.svg"
    root = ET.fromstring(content)
    assert root.find(f"{SVG}title").text == f"A made-up stretch of chr11: {CONTIG}:{start + 1:,}-{end:,}"
    texts = {node.text for node in root.iter(f"{SVG}text")}
    scene = made_up_scene(3)
    assert {scene.title, scene.subtitle, scene.provenance, "reads (mean per bin)", "r = 0.97", "GENE3 TSS"} <= texts
    assert {row.title for row in scene.rows} <= texts
    assert f"made up, {CONTIG}:{start + 1:,}-{end:,}, 115 kb" in texts
    assert any(re.fullmatch(r"1\.\d\d Mb", text) for text in texts if text)
    assert not [key for node in root.iter() for key in node.attrib if key.startswith("on")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [420, 1366, 1920])
def test_it_fits_and_has_ink_in_both_themes(new_page, browser_app, scheme, width):
    page = new_page(color_scheme=scheme, viewport={"width": width, "height": 900})
    browser = Browser(page, browser_app, "rows=3")
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(overflow) <= 0
    assert browser.figure.evaluate("figure => figure.scrollWidth - figure.clientWidth") <= 1
    top, high = browser.row("track:0")
    peak = int(heights(0, 0)[160:].argmax()) + 160
    x = browser.x(FIRST_BP + peak * 128 + 64)
    ground = browser.base.evaluate(PIXEL, [browser.x(START) - 30, top + high + 4])
    ink = [browser.base.evaluate(PIXEL, [x + shift, top + high - 4]) for shift in (-1, 0, 1)]
    assert (sum(ground[:3]) > 600) == (scheme == "light")
    assert any(sum(abs(a - b) for a, b in zip(pixel, ground, strict=True)) > 60 for pixel in ink)


def test_no_animation_where_the_person_wants_none(new_page, browser_app):
    page = new_page(reduced_motion="reduce")
    browser = Browser(page, browser_app)
    browser.overlay.focus()
    frames = int(browser.data("frames"))
    assert browser.after(lambda: browser.overlay.press("+"))[1] - browser.place[0] == pytest.approx(
        0.6 * WINDOW_BP, abs=2
    )
    calm = int(browser.data("frames")) - frames
    page.emulate_media(reduced_motion="no-preference")
    frames = int(browser.data("frames"))
    browser.after(lambda: browser.overlay.press("-"))
    assert int(browser.data("frames")) - frames > calm


def test_a_choice_stays_while_python_is_slow_to_answer(page, browser_app):
    browser = Browser(page, browser_app, "rows=4&extras=0")
    page.get_by_text("Slow", exact=True).click()
    page.wait_for_timeout(300)

    def choose(height: str) -> None:
        page.locator("button.head", has_text="H3K27ac, K562").click()
        browser.menu.get_by_role("menuitemradio", name=height).click()

    choose("Large")
    large = browser.row("track:2")[1]
    page.wait_for_timeout(600)  # Python is at work on the first choice
    choose("Small")
    small = browser.row("track:2")[1]
    browser.figure.evaluate(
        """figure => {
          window.seen = [];
          const watch = new MutationObserver(() => window.seen.push(figure.dataset.rows));
          watch.observe(figure, { attributeFilter: ["data-rows"] });
        }"""
    )
    page.locator("button.head", has_text="ATAC-seq, K562").press("Delete")
    expect(browser.told("Rows")).to_have_text(
        "Rows: ['track:0 None None None', 'track:2 small None None', 'track:3 None None None']"
    )
    browser.idle()
    page.wait_for_timeout(500)
    assert large > 2 * small
    for rows in [*page.evaluate("window.seen"), browser.data("rows")]:
        assert "track:1" not in rows
        assert re.search(rf"track:2 [\d.]+ {small:g}(\||$)", rows), rows
