"""The page without a mouse and without seeing it: keys, spoken readings, names of controls."""

from __future__ import annotations

from playwright.sync_api import expect

from components.attention import attention_payload
from components.examples import FOX
from tests.browser.attention_page import AttentionPage

UNNAMED = """
() => {
  const named = (ids) => (ids || "").split(" ").map((id) => document.getElementById(id)?.textContent ?? "").join("");
  const name = (e) => (e.getAttribute("aria-label") || named(e.getAttribute("aria-labelledby"))
    || [...(e.labels || [])].map((label) => label.textContent).join("")
    || e.getAttribute("title") || (e.tagName === "BUTTON" ? e.textContent : "")).trim();
  const all = (root) => [...root.querySelectorAll("*")].flatMap((e) => [e, ...(e.shadowRoot ? all(e.shadowRoot) : [])]);
  const controls = all(document).filter((e) => e.checkVisibility()
    && e.matches("input, select, textarea, button, [tabindex='0'][role]"));
  return [controls.length, controls.filter((e) => !name(e)).map((e) => e.outerHTML.slice(0, 200))];
}
"""
FOCUSED = """
() => {
  let focused = document.activeElement;
  while (focused.shadowRoot) focused = focused.shadowRoot.activeElement;
  return focused.getAttribute("aria-label");
}
"""


def test_arrow_keys_walk_over_the_cells_and_each_is_spoken(page, app_server, computed):
    opened = AttentionPage(page).open(app_server).wait()
    labels, weights = computed("storybook-gpt", FOX).source.labels, computed("storybook-gpt", FOX).head(0, 0)
    spoken = page.get_by_test_id("heatmap-live")
    expect(spoken).to_have_attribute("aria-live", "polite")
    opened.canvas.focus()
    expect(spoken).to_contain_text(f"'{labels[0]}' → column (key) '{labels[0]}': 1.0000")
    opened.canvas.press("ArrowDown")
    expect(spoken).to_contain_text(f"'{labels[1]}' → column (key) '{labels[0]}': {weights[1, 0]:.4f}")
    opened.canvas.press("ArrowRight")
    expect(spoken).to_contain_text(f"'{labels[1]}' → column (key) '{labels[1]}': {weights[1, 1]:.4f}")
    opened.canvas.press("End")
    expect(spoken).to_contain_text("masked")
    expect(opened.tooltip).to_be_visible()
    opened.canvas.press("Escape")
    expect(opened.tooltip).to_be_hidden()
    expect(spoken).to_be_empty()


def test_enter_keeps_a_row_and_escape_lets_it_go(page, app_server, computed):
    opened = AttentionPage(page).open(app_server).wait()
    labels, spoken = computed("storybook-gpt", FOX).source.labels, page.get_by_test_id("heatmap-live")
    opened.canvas.focus()
    for _ in range(3):
        opened.canvas.press("ArrowDown")
    opened.canvas.press("Enter")
    expect(spoken).to_contain_text(f"Row kept. '{labels[3]}' (4 of {len(labels)}) looks most at")
    expect(opened.figure).to_have_attribute("data-locked", "3")
    opened.canvas.press("ArrowDown")
    expect(spoken).to_contain_text(f"'{labels[4]}' → column (key)")
    expect(opened.figure).to_have_attribute("data-row", "3")
    opened.canvas.press("Escape")
    expect(opened.figure).to_have_attribute("data-locked", "")
    expect(spoken).to_contain_text("Row let go.")
    opened.canvas.press("Escape")
    expect(opened.tooltip).to_be_hidden()


def test_tab_goes_from_the_figure_to_its_downloads(page, app_server):
    opened = AttentionPage(page).open(app_server).wait()
    opened.canvas.focus()
    for name in ("PNG", "SVG"):
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUSED) == f"Download this figure as {name}"
    expect(opened.tooltip).to_be_hidden()


def test_the_picture_has_a_text_alternative_with_its_strongest_pairs(page, app_server, computed):
    opened = AttentionPage(page).open(app_server).wait()
    payload = attention_payload(computed("storybook-gpt", FOX), [0], 0)
    assert opened.description == payload["description"]
    assert "Strongest: " in opened.description
    described = opened.canvas.get_attribute("aria-describedby").split()
    assert opened.figure.locator(f"#{described[0]}").text_content() == opened.description
    expect(opened.figure).to_have_role("figure")


def test_every_control_has_a_name(page, app_server):
    AttentionPage(page).open(app_server, model="minilm").wait()
    controls, unnamed = page.evaluate(UNNAMED)
    assert controls > 10
    assert unnamed == []
