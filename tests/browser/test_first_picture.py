"""A person opens the app and looks: the picture of the bundled model, and the numbers behind its cells."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from components.examples import EXAMPLES, FOX
from core.language.values import nearest_layers
from tests.browser.attention_page import IT, AttentionPage


def test_without_parameters_the_bundled_model_reads_the_fox(page, app_server, computed):
    opened = AttentionPage(page).open(app_server).wait("Storybook GPT: layer 0, head 0")
    result = computed("storybook-gpt", FOX)
    expect(opened.text).to_have_value(FOX)
    assert opened.data("queries") == opened.data("keys") == len(result.source)
    assert opened.data("panels") == 1
    assert opened.alerts.count() == 0


def test_pointing_at_a_cell_names_both_tokens_and_the_exact_weight(page, app_server, computed):
    opened = AttentionPage(page).open(app_server, model="minilm", text=IT, layer=3, head=1)
    opened.wait("MiniLM encoder: layer 3, head 1")
    result = computed("minilm", IT)
    query, key = result.tokens.index("it"), result.tokens.index("animal")
    weight = result.head(3, 1)[query, key]
    assert weight == pytest.approx(0.677, abs=5e-4)
    assert f"row (query) 'it' → column (key) 'animal': {weight:.4f}" in opened.point_at(query, key)
    other = result.head(3, 1)[1, 2]
    expected = f"row (query) '{result.tokens[1]}' → column (key) '{result.tokens[2]}': {other:.4f}"
    assert expected in opened.point_at(1, 2)


def test_a_masked_cell_says_masked_and_gives_no_weight(page, app_server, computed):
    opened = AttentionPage(page).open(app_server).wait()
    labels = computed("storybook-gpt", FOX).source.labels
    said = opened.point_at(2, 5)
    assert said.startswith(f"masked: '{labels[2]}' may not look at '{labels[5]}'")
    assert not re.search(r"0\.\d", said)


def test_four_depths_shows_a_panel_for_each(page, app_server, computed):
    opened = AttentionPage(page).open(app_server).wait()
    opened.choose("Four depths")
    layers = nearest_layers(computed("storybook-gpt", FOX).layers)
    opened.wait(f"Storybook GPT: head 0 at layers {', '.join(map(str, layers))}")
    assert opened.data("panels") == len(layers) == 4
    expect(opened.slider("Layer")).to_have_count(0)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
def test_an_example_on_the_home_page_opens_its_state(page, app_server, computed, example):
    page.goto(app_server)
    page.get_by_role("link", name=example.title).click()
    params = example.params
    model, text = params["model"], params["text"]
    result = computed(model, text)
    layer, head = params.get("layer", 0), params.get("head", 0)
    where = f"layer {layer}, head {head}"
    opened = AttentionPage(page)
    if params.get("view") == "depths":
        where = f"head {head} at layers {', '.join(map(str, nearest_layers(result.layers)))}"
    elif params.get("view") == "compare":
        where = f"change of {where}"
    if params.get("view") == "heads":
        expect(page.get_by_test_id("head-grid")).to_have_attribute("data-heads", str(result.layers * result.heads))
    else:
        opened.wait(f"{result.provenance.model}: {where}")
        assert opened.data("queries") == len(result.target)
    expect(opened.text).to_have_value(text)
