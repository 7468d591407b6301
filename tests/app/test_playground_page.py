"""The playground page without a browser: its places, its sliders, its links, and the model where there is one."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from components.playground.recipe import python_recipe
from core.enformer import registry
from core.enformer.hparams import Hyperparameters
from core.enformer.random_weights import random_module
from core.enformer.weights import save_weights
from core.settings import ROOT
from core.teaching.playground import card
from core.teaching.playground.grammar import GRAMMAR_VERSION, Grammar
from core.teaching.playground.locus import gene_symbols, locus_of
from core.teaching.playground.moves import Moves
from core.teaching.playground.stories import stories
from dashboard.playground.live import miss_words

SMALL = Hyperparameters(
    dim=48, depth=1, heads=2, output_heads=(("human", 12),), target_length=256, attn_dim_key=24, dim_divisible_by=8,
    input_bp=49_152,
)  # fmt: skip


@pytest.fixture(autouse=True)
def no_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(registry, "PLAYGROUND_FOLDER", tmp_path / "nothing")


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A playground model that has learnt nothing."""
    folder = tmp_path / "playground"
    save_weights(
        random_module(SMALL), folder, input_bp=SMALL.input_bp, title=card.TITLE,
        tables={"human": card.track_table()}, more={"grammar_version": GRAMMAR_VERSION},
    )  # fmt: skip
    monkeypatch.setattr(registry, "PLAYGROUND_FOLDER", folder)


def opened(**params: str) -> AppTest:
    at = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=120)
    at.switch_page("views/playground.py")
    at.query_params.update(params)
    at.run()
    assert not at.exception
    assert not at.error
    return at


def pictures(at: AppTest) -> dict[str, dict[str, Any]]:
    """Payload of each drawing by its test id."""
    found = [json.loads(block.proto.json) for block in at.get("bidi_component") if block.proto.json]
    return {payload["test_id"]: payload for payload in found if "test_id" in payload}


def link(at: AppTest) -> dict[str, str]:
    return {key: value if isinstance(value, str) else value[0] for key, value in dict(at.query_params).items()}


def test_it_opens_on_a_place_with_all_its_parts():
    at = opened()
    assert at.title[0].value == "The playground"
    assert at.markdown[0].value.startswith("**playground: simulated genome.**")
    shown = pictures(at)
    assert list(shown) == ["locus", "rule-1", "rule-2", "rule-3", "rule-4", "rule-5", "motifs"]
    assert all("playground: simulated genome" in payload["provenance"] for payload in shown.values())
    assert "not part of this installation" in at.info[0].value
    assert link(at) == {}
    assert any("None of these genes exists" in words.value for words in at.markdown)


def test_a_slider_of_the_letters_changes_the_gene_and_the_link():
    at = opened()
    before = pictures(at)["locus"]
    at.slider(key="sites").set_value(0).run()
    after = pictures(at)["locus"]
    assert " → " not in before["title"]
    assert " → " in after["title"]
    assert "(× 0." in after["title"]
    assert link(at) == {"sites": "0"}
    at.button[-1].click().run()
    assert pictures(at)["locus"]["title"] == before["title"]
    assert link(at) == {}


def test_a_slider_of_the_rules_is_said_in_every_picture():
    at = opened()
    at.slider(key="insulation").set_value(0.0).run()
    shown = pictures(at)
    assert "insulation 0 (shipped 4)" in shown["locus"]["provenance"]
    assert "exp(−0)" in shown["rule-4"]["subtitle"]
    assert link(at) == {"insulation": "0"}


@pytest.mark.parametrize("story", stories(), ids=lambda story: story.name)
def test_every_story_opens_with_one_click(story):
    at = opened(distance="3000")
    at.button(key=f"story_{story.name}").click().run()
    assert not at.exception
    assert pictures(at)["locus"]["title"].startswith(f"{story.gene}’s expression")
    assert story.see in " ".join(words.value for words in at.markdown)
    assert "distance" not in link(at)


def test_a_link_reopens_the_state():
    story = next(story for story in stories() if story.name == "boundary")
    at = opened(gene=story.gene, element=story.element, boundary="out", strength="2")
    assert at.slider(key="strength").value == 2.0
    assert pictures(at)["locus"]["title"].startswith(f"{story.gene}’s expression in")
    again = link(at)
    assert again == {"gene": story.gene, "boundary": "out", "strength": "2"}
    assert pictures(opened(**again))["locus"] == pictures(at)["locus"]


@pytest.mark.parametrize(
    "params", [{"gene": "BRCA1"}, {"element": "enhancer_liver:sim4.3"}, {"distance": "1"}, {"gene": "<b>x"}], ids=str
)
def test_a_wrong_link_gets_a_sentence_and_a_picture(params):
    at = opened(**params)
    assert len(at.warning) == 1
    assert "locus" in pictures(at)


def test_a_gene_without_elements_offers_its_rules_only():
    alone = next((symbol for symbol in gene_symbols() if not locus_of(symbol).near), None)
    if alone is None:
        pytest.skip("every gene of this playground has an element near it")
    at = opened(gene=alone)
    assert "no enhancer or silencer" in at.info[0].value
    assert [slider.key for slider in at.slider] == ["strength", "insulation", "reach", "silencing"]  # by columns


@pytest.mark.usefixtures("model")
def test_the_model_is_asked_about_the_same_letters():
    at = opened(sites="0")
    shown = pictures(at)
    assert shown["guess"]["title"].startswith("The model’s guess: ")
    assert " → " in shown["guess"]["title"]
    truth = shown["locus"]["title"].partition(": ")[2]
    assert shown["guess"]["subtitle"].startswith(f"The truth: {truth}")
    assert "teaching weights" in shown["guess"]["provenance"]
    assert "simulated genome" in shown["guess"]["provenance"]
    said = next(words.value for words in at.markdown if "Guess against truth" in words.value)
    assert "The change alone" in said
    assert "The model says that it" in said


@pytest.mark.usefixtures("model")
def test_the_model_cannot_know_other_rules():
    at = opened()
    guess = pictures(at)["guess"]
    at.slider(key="strength").set_value(3.0).run()
    assert "reads letters only" in at.info[0].value
    assert pictures(at)["guess"]["shapes"] == guess["shapes"]
    truth = guess["subtitle"].removeprefix("The truth: ")
    assert pictures(at)["guess"]["subtitle"] == f"The truth under the shipped rules: {truth}"
    at.toggle(key="guess").set_value(False).run()
    assert "guess" not in pictures(at)
    assert link(at)["guess"] == "0"


@pytest.mark.usefixtures("model")
def test_the_python_with_the_model_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    told = stories()[0]
    locus = locus_of(told.gene, told.element)
    Path("playground.py").write_text(python_recipe(locus, Moves(sites=1), Grammar(), guess=True))
    runpy.run_path("playground.py")
    said = capsys.readouterr().out
    assert f"{locus.gene.symbol} in {locus.cell_type}: " in said
    assert float(said.split("the model says ")[1]) > 0
    assert Path("playground.html").is_file()


def test_how_far_the_guess_is_off_in_words():
    assert miss_words(44.0, 29.0) == " (the guess is 52 % too high)"
    assert miss_words(20.0, 40.0) == " (the guess is 50 % too low)"
    assert miss_words(29.5, 29.0) == miss_words(3.0, 0.1) == ""
