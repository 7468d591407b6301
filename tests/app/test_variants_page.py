"""The Variants page without a browser: the playground's model, its genome, its true effects."""

from __future__ import annotations

import json
import runpy
from base64 import b64decode
from collections.abc import Callable, Iterator
from urllib.parse import parse_qsl

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from components.browser import BrowserState
from components.browser.scene import Pick
from components.effects.recipe import EffectRecipe, python_recipe
from core import runtime, runtime_effects
from core.effects import effect_of, parse_variant
from core.effects.background import BackgroundQuestion
from core.effects.haplotypes import haplotype_effects, haplotypes_of
from core.effects.scores import window_scores
from core.enformer import EnformerEngine, load_model
from core.genome import Interval, open_genome
from core.settings import ROOT
from core.teaching.playground.files import playground_people
from core.teaching.playground.world import simulate_effect
from dashboard.variants import asking, examples, trust

START = 53_248


@pytest.fixture(scope="module")
def cache() -> Iterator[None]:
    """One memory for all tests of this module: what one asked, the next finds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asking, "GLANCE_SECONDS", 60.0)  # a busy machine is slow, not wrong
        patch.setattr(asking, "BY_ITSELF_SECONDS", 600.0)
        patch.setattr(trust, "COMPARED_BY_ITSELF", -1.0)
        st.cache_resource.clear()
        yield
        st.cache_resource.clear()


@pytest.fixture
def page(cache) -> Callable[..., AppTest]:
    """Opens the page by a link's parameters."""

    def open_page(**params: str) -> AppTest:
        at = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=120)
        at.switch_page("views/variants.py")
        for name, value in params.items():
            at.query_params[name] = value
        at.run()
        assert not at.exception, at.exception
        return at

    return open_page


@pytest.fixture(scope="module")
def engine() -> EnformerEngine:
    return EnformerEngine(load_model("playground"), precision="float32")


@pytest.fixture(scope="module")
def genome():
    return open_genome("playground")


def scenes(at: AppTest) -> list[dict]:
    return [
        json.loads(c.proto.json) for c in at.get("bidi_component") if c.proto.component_name == "attendome_browser"
    ]  # fmt: skip


def rows(at: AppTest, number: int = 0) -> dict[str, dict]:
    return {row["id"]: row for row in scenes(at)[number]["rows"]}


def array(text: str) -> np.ndarray:
    return np.frombuffer(b64decode(text), "<f4")


def said(at: AppTest) -> str:
    kinds = ("error", "warning", "info", "caption", "markdown")
    return "\n".join(each.value for kind in kinds for each in getattr(at, kind)).replace("\\", "")


def press(at: AppTest, start: str) -> AppTest:
    """The one button whose label begins so; the answer that it begins is waited for."""
    (button,) = [button for button in at.button if button.label.startswith(start)]
    button.click().run()
    return finish(at)


def finish(at: AppTest) -> AppTest:
    """Once everything that was begun is there."""
    for _ in range(20):
        entries = dict(at.session_state[asking.SLOTS])
        for _, job in entries.values():
            runtime.jobs().wait(job, 60)
        at.run()
        assert not at.exception, at.exception
        if not any(asking.status_of(job).active for _, job in entries.values() if asking.status_of(job)):
            return at
    raise AssertionError("it goes on and on")


def test_both_alleles_and_their_difference_in_one_frame(page, engine, genome):
    at = page()
    expected = effect_of(engine, genome, parse_variant(examples.CAUSAL, genome))
    best = window_scores(expected)["sar"]
    top = [int(place) for place in np.argsort(-np.abs(best.effect))[:3]]
    for index in top:
        alleles, change = (rows(at)[f"{kind}:human:{index}"]["pieces"][0] for kind in ("alleles", "effect"))
        assert alleles["start"] == change["start"] == START
        assert alleles["bin"] == 128
        np.testing.assert_allclose(array(alleles["values"]), expected.ref[:, index], atol=1e-5)
        np.testing.assert_allclose(array(alleles["second"]), expected.alt[:, index], atol=1e-5)
        np.testing.assert_array_equal(array(change["values"]), array(alleles["second"]) - array(alleles["values"]))
        true = simulate_effect(expected.changes, expected.interval)[:, index]
        np.testing.assert_allclose(array(change["second"]), true, atol=1e-5)  # beside the prediction
    (mark,) = scenes(at)[0]["marks"]
    assert mark == [70_973, 70_974, "T>G"]
    table = at.dataframe[0].value
    assert list(table["Track"][:3]) == [expected.tracks[index].label for index in top]
    np.testing.assert_allclose(table["Effect"], best.effect[np.argsort(-np.abs(best.effect), kind="stable")], atol=1e-5)
    np.testing.assert_allclose(table["Reference"] * 0 + table["Alternative"], table["Alternative"])
    assert "True effect" in table
    assert "Reference and alternative in mean coverage per base, effect in log2." in said(at)
    scores = at.table[0].value
    assert list(scores["Score"][:2]) == ["SIMA5, 1,515 bp away", "SIMA3, 12,520 bp away"]
    assert {"Local", "SAD, mean", "SAD, sum", "SAR", "log2 fold"} <= set(scores["Score"])
    assert all(len(sentence) > 20 for sentence in scores["What it is"])


def test_what_was_probably_meant_is_offered(page):
    at = page(var_variant="sim1-70974-G-T")
    assert "the two alleles look swapped" in said(at)
    assert not scenes(at)
    (offer,) = [button for button in at.button if button.label.replace("\\", "").startswith("Alleles swapped")]
    offer.click().run()
    assert at.session_state["var_variant"] == examples.CAUSAL
    assert scenes(at)
    at.text_input(key="var_variant").set_value("sim1:70974:A:C").run()
    assert not scenes(at)
    press(at, "Other strand")
    assert at.session_state["var_variant"] == examples.CAUSAL
    assert scenes(at)
    at.text_input(key="var_variant").set_value("chrsim1:70974 T>G").run()
    assert "chrsim1 is called sim1 in playground" in said(at)
    assert scenes(at)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("sim9:100:A:C", "There is no chromosome 'sim9'"),
        ("sim1:0:A:C", "counted from 1"),
        ("sim1:9000000:A:C", "behind the end of sim1"),
        ("sim1:70974:T:T", "changes nothing"),
        ("sim1:70974:T:R", "give the letters A, C, G, T"),
        ("rs12740374", "is a name in a database"),
        ("sim1:70974", "is a place without alleles"),
        ("<b>sim1</b>", "is no variant"),
    ],
)
def test_wrong_input_is_a_sentence(page, typed, sentence):
    at = page(var_variant=typed)
    assert sentence in said(at)
    assert not scenes(at)
    assert at.text_input(key="var_variant").value == typed  # what was typed stays


def test_a_place_without_alleles_offers_the_letters(page):
    at = page(var_variant="sim1:70974")
    press(at, "T\\>G")
    assert at.session_state["var_variant"] == examples.CAUSAL
    assert scenes(at)


def test_a_link_reopens_everything(page):
    params = {
        "var_variant": examples.DELETION, "var_tracks": "6-0", "var_track": "6", "var_at": "SIMA5", "var_rank": "local",
        "var_span": "70001-72000", "var_rc": "1", "var_truth": "0",
    }  # fmt: skip
    at = page(**params)
    assert dict(at.query_params.items()) == params
    scene = scenes(at)[0]
    assert (scene["place"]["start"], scene["place"]["end"]) == (70_000, 72_000)
    shown = [row["id"] for row in scene["rows"] if row["kind"] == "signal"]
    assert shown == ["alleles:human:6", "effect:human:6", "alleles:human:0", "effect:human:0"]
    assert rows(at)["effect:human:6"]["pieces"][0]["spread"] is not None  # both strands
    assert rows(at)["effect:human:6"]["pieces"][0]["second"] is None  # no truth
    assert "each bin takes the reading in which its own letters have not moved" in said(at)  # the rule
    assert "Over the runs" in at.table[0].value
    assert {"Least", "Most"} <= set(at.dataframe[0].value)
    assert "Over 2 runs (strands and shifts)" in said(at)
    at.query_params["var_span"] = "nonsense"
    assert page(var_variant=examples.CAUSAL, var_tool="nothing").warning


def test_beside_every_result_stands_how_far_to_trust_it(page, monkeypatch):
    def few(ask, effect, starts):
        return BackgroundQuestion.at(
            ask.engine, ask.ground.reference, effect.window, head=ask.head, count=20, starts=starts
        )

    monkeypatch.setattr(trust, "background_question", few)
    monkeypatch.setattr(trust, "COMPARED_BY_ITSELF", 600.0)
    at = page(var_variant=examples.CAUSAL)
    for words in (
        "Huang et al. 2023", "Sasse et al. 2023", "1,515 bp behind the start of SIMA5, which is scored here",
        "One run, so no spread", "The sign is right", "the gradient there would have estimated",
        "They have the same sign", "No clinical label",
    ):  # fmt: skip
        assert words in said(at), words
    finish(at)  # the comparison is quick and begins by itself
    assert "of 20 random single-letter changes of the same window" in said(at)
    assert "the mean over the same bins at the start of SIMA5" in said(at)
    for label in ("pathogenic", "benign", "deleterious", "harmful"):
        assert label not in said(at).lower()


def test_why_shows_letters_motifs_neighbours_and_attention(page, engine, genome):
    at = page(var_variant=examples.CAUSAL, var_tool="why", var_track="6", var_at="SIMA5")
    finish(at)
    logos, attention = rows(at, 1), rows(at, 2)
    ref, alt, change = (logos[f"logo:{name}"] for name in ("ref", "alt", "change"))
    assert {row["group"] for row in (ref, alt, change)} == {"alleles"}  # one scale
    assert len(attention) >= 2
    assert any(name.startswith("attention:") for name in attention)
    motifs = next(table.value for table in at.dataframe if "Motif" in table.value)
    nfe2 = motifs[motifs["Motif"] == "NFE2"].iloc[0]
    assert nfe2["What"] == "lost"
    assert nfe2["q-value"] < 0.05
    assert nfe2["Matrix"].startswith("https://")
    assert rows(at, 1)["mutations"]["kind"] == "mutations"
    assert "T>G has the effect number" in said(at)


def test_both_haplotypes_of_a_person_against_the_sum_of_single_effects(page, engine, genome):
    at = page(var_variant=examples.CAUSAL, var_tool="people", var_sample="person2", var_tracks="6", var_track="6")
    finish(at)
    effect = effect_of(engine, genome, parse_variant(examples.CAUSAL, genome))
    carried = haplotypes_of(playground_people(), "person2", Interval("sim1", START, START + 32_768), genome)
    expected = haplotype_effects(engine, genome, carried, effect.window, [6])
    table = next(table.value for table in at.dataframe if "Joint effect" in table.value)
    cage = table[table["Track"] == effect.tracks[6].label].set_index("Haplotype")
    for which in (1, 2):
        assert cage.loc[which, "Joint effect"] == pytest.approx(expected.joint(which)[0], abs=1e-5)
        assert cage.loc[which, "Sum of single effects"] == pytest.approx(expected.sum_of_singles(which)[0], abs=1e-5)
    assert {"h1:effect:human:6", "h2:alleles:human:6"} <= set(rows(at, 1))
    assert "person2 carries" in said(at)
    cage = effect.tracks[6]
    assert f"{cage.label}, at the start of SIMA5:" in said(at)  # what is beside speaks of the haplotypes
    assert "its variants one by one add up to" in said(at)
    assert "The two predictions differ" not in said(at)


def test_a_clicked_letter_of_the_tracks_page_can_be_changed_here(page, monkeypatch):
    from dashboard.tracks import browse

    state = BrowserState(pick=Pick("bin", "track:human:6", 70_973, "", 1))
    monkeypatch.setattr(browse, "browser_state", lambda *_, **__: state)
    at = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=120)
    at.switch_page("views/tracks.py")
    at.query_params.update({"locus": "sim1:65000-75000", "tracks": "6"})
    at.run()
    (link,) = [one.proto for one in at.get("page_link") if one.proto.label == "Change a letter here"]
    at = page(**dict(parse_qsl(link.query_string)))
    assert "'sim1:70974' is a place without alleles" in said(at)
    press(at, "T\\>G")
    assert [row["id"] for row in scenes(at)[0]["rows"] if row["kind"] == "signal"] == [
        "alleles:human:6", "effect:human:6",
    ]  # fmt: skip


def test_an_emptied_box_stays_empty(page):
    at = page(var_variant=examples.CAUSAL)
    at.text_input(key="var_variant").set_value("").run()
    assert at.text_input(key="var_variant").value == ""
    assert "Type a variant" in said(at)
    assert not scenes(at)


def test_what_is_known_of_random_changes_is_shown_while_they_go_on(page, monkeypatch):
    def stored(ask, effect, starts):
        question = BackgroundQuestion.at(ask.engine, ask.ground.reference, effect.window, head=ask.head, starts=starts)
        runtime_effects.background_store().put(question.block_key(0), question.block(0))
        return question

    monkeypatch.setattr(trust, "background_question", stored)
    at = page(var_variant=examples.CAUSAL)
    assert "of 10 random single-letter changes of the same window, on this track. 200 are asked for." in said(at)
    assert any(button.label.startswith("Compare") for button in at.button)


def test_what_is_slow_says_its_cost_first_and_can_be_stopped(page, monkeypatch):
    monkeypatch.setattr(asking, "BY_ITSELF_SECONDS", -1.0)
    letter = open_genome("playground").fetch(Interval("sim1", 71_209, 71_210))
    at = page(var_variant=f"sim1:71210:{letter}:{'C' if letter == 'A' else 'A'}")
    assert not scenes(at)
    assert "It takes about" in said(at)
    at = press(at, "Predict both alleles")
    assert scenes(at)


def test_the_python_that_makes_this_runs(tmp_path, monkeypatch, engine, genome):
    script = tmp_path / "variant.py"
    script.write_text(
        python_recipe(
            EffectRecipe("playground", "playground", examples.CAUSAL, "human", (6, 0), truth=True, origin="x")
        ),
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(script))
    table = pd.read_csv("effects.csv")
    expected = window_scores(effect_of(engine, genome, parse_variant(examples.CAUSAL, genome)))["sad"]
    np.testing.assert_allclose(table["effect"], expected.effect, atol=1e-5)
    assert (tmp_path / "effect.html").stat().st_size > 10_000


def test_examples_are_what_they_say():
    genome = open_genome("playground")
    for variant, least, most in (
        (examples.CAUSAL, 1.0, 99.0),
        (examples.NEUTRAL, 0.0, 1e-3),
        (examples.DELETION, 1.0, 99),
    ):
        found = simulate_effect(parse_variant(variant, genome))
        assert least <= np.abs(found).max() <= most, variant
