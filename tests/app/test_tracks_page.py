"""The tracks page without a browser."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import runtime, runtime_dna
from core.enformer import EnformerEngine, load_model, registry
from core.errors import DeviceMemoryError, GenomeOfflineError
from core.genome import Interval, open_genome
from core.settings import ROOT, read_settings
from core.teaching.playground.world import world
from tests.tracks_files import write_genes, write_genome

BINS = 192
SHIPPED = registry.PLAYGROUND_FOLDER


@pytest.fixture
def page(tmp_path, monkeypatch) -> Callable[..., AppTest]:
    """Opens the tracks page by a link's parameters, on a machine with a small genome and no trained model."""
    genome, genes = write_genome(tmp_path / "mini.fa"), write_genes(tmp_path / "mini.gtf")
    options = read_settings(
        {
            "ATTENDOME_CACHE": str(tmp_path / "cache"),
            "ATTENDOME_DEVICE": "cpu",
            "ATTENDOME_GENOME": "mini",
            "ATTENDOME_GENOMES": f"mini={genome}:bare={genome}",
            "ATTENDOME_ANNOTATIONS": f"mini={genes}",
            "ATTENDOME_HG38_URL": "http://127.0.0.1:9/hg38.fa",
            "ATTENDOME_UCSC_URL": "http://127.0.0.1:9",
            "HF_HOME": str(tmp_path / "hub"),
            "HF_ENDPOINT": "http://127.0.0.1:9",
        }
    )
    for module in (runtime, runtime_dna):
        monkeypatch.setattr(module, "settings", lambda: options)
    monkeypatch.setattr("core.settings.settings", lambda: options)
    monkeypatch.setattr(registry, "PLAYGROUND_FOLDER", tmp_path / "none")
    st.cache_resource.clear()

    def open_page(**params: str) -> AppTest:
        at = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60)
        at.switch_page("views/tracks.py")
        for name, value in params.items():
            at.query_params[name] = value
        return at.run()

    yield open_page
    st.cache_resource.clear()


@pytest.fixture
def playground(page, monkeypatch) -> Callable[..., AppTest]:
    """As `page`, with the trained playground model."""
    monkeypatch.setattr(registry, "PLAYGROUND_FOLDER", SHIPPED)
    return page


def figure(at: AppTest) -> dict:
    (chart,) = at.get("plotly_chart")
    return json.loads(chart.proto.spec)


def named(at: AppTest, name: str) -> np.ndarray:
    """Heights of the one trace of this name."""
    (trace,) = [trace for trace in figure(at)["data"] if trace.get("name") == name]
    return np.asarray(_array(trace["y"])[1:-1], dtype=np.float32)


def drawn(at: AppTest, number: int = 0) -> np.ndarray:
    return np.asarray(_array(figure(at)["data"][number]["y"])[1:-1], dtype=np.float32)


def _array(value) -> list:
    if isinstance(value, dict):  # Plotly writes arrays as base64
        from base64 import b64decode

        return np.frombuffer(b64decode(value["bdata"]), value["dtype"]).tolist()
    return value


def said(at: AppTest) -> str:
    return " ".join(element.value for kind in ("error", "warning", "info") for element in at.get(kind)).replace(
        "\\", ""
    )


def test_first_sight(page, tmp_path):
    at = page()
    assert not at.exception
    assert not at.error
    assert at.text_input(key="locus").value == "ALPHA"
    assert "Untrained, for wiring only" in at.warning[0].value
    window = Interval("chr1", 60_000 - 16_384, 60_000 + 16_384)
    sequence = open_genome(tmp_path / "mini.fa").fetch(window)
    expected = EnformerEngine(load_model("untrained")).predict(sequence, tracks=(0, 1, 2, 3), interval=window)
    assert expected.bins == BINS
    for number in range(4):
        np.testing.assert_allclose(drawn(at, number), expected.values[:, number], atol=1e-5)
    names = [trace.get("name") for trace in figure(at)["data"]]
    assert {"read and predicted", "read, not predicted", "exons"} <= set(names)
    assert "reads 32,768 bp and predicts the middle 24,576" in json.dumps(figure(at))


def test_a_link_reopens_the_page(page):
    asked = {"genome": "mini", "locus": "chr1:90,000-95,000", "tracks": "7-2", "rc": "1", "heights": "assay"}
    at = page(**asked)
    assert not at.error
    assert dict(at.query_params) == {name: value for name, value in asked.items() if name != "genome"}  # the default
    assert at.toggle(key="rc").value is True
    names = [trace.get("name") or "" for trace in figure(at)["data"]]
    assert [name for name in names if name.endswith(("(7)", "(2)"))] == names[0:4:3]
    assert sum(name.endswith(", least") for name in names) == 2  # the ribbons


def test_a_wrong_link_gives_a_sentence_and_the_defaults(page):
    at = page(genome="/etc/passwd", tracks="x", dna="random")
    assert len(at.warning) == 4  # with the banner
    assert "/etc/passwd" in said(at)
    assert len(at.get("plotly_chart")) == 1


def test_what_was_predicted_opens_at_once_also_after_a_restart(page, monkeypatch):
    first = drawn(page(locus="BETA"))
    st.cache_resource.clear()
    monkeypatch.setattr(EnformerEngine, "predict", lambda *_, **__: pytest.fail("predicted again"))
    np.testing.assert_array_equal(drawn(page(locus="BETA")), first)
    at = page(locus="BETA", tracks="9")  # another track of the same prediction
    assert figure(at)["data"][0]["name"].endswith("(9)")


@pytest.mark.parametrize(
    ("locus", "sentence"),
    [
        ("ALPHB", "no gene 'ALPHB'"),
        ("chr1:500-100", "before it starts"),
        ("chr1:abc", "no position"),
        ("chr9:1000", "no chromosome 'chr9'"),
        ("chr1:900,000", "behind the end of chr1"),
        ("chr2:15,000", "all of them are N"),
        ("  ", None),
    ],
)
def test_bad_places_are_one_sentence_and_stay_as_typed(page, locus, sentence):
    at = page(locus=locus)
    assert not at.exception
    if sentence is None:  # nothing typed is an example
        assert not at.error
        return
    assert len(at.error) == 1
    assert sentence in said(at)
    assert at.text_input(key="locus").value == locus
    assert at.multiselect(key="tracks").value == [0, 1, 2, 3]
    at.text_input(key="locus").set_value("GAMMA")
    assert not at.run().error
    assert len(at.get("plotly_chart")) == 1


def test_names_that_look_like_the_gene_are_one_click_away(page):
    at = page(locus="ALPHB")
    (button,) = [button for button in at.button if button.key == "place_Did you mean_ALPHA"]
    button.click()
    at.run()
    assert not at.error
    assert at.text_input(key="locus").value == "ALPHA"


def test_overhang_and_many_n_are_said(page):
    at = page(locus="chr1:100")
    assert "16,285 bp before the start of chr1" in said(at)
    x = figure(at)["layout"]["xaxis"]["range"]
    assert x[0] == 0.5
    at = page(locus="chr2:33,000")
    assert "71% of the 32,768 letters" in said(at)
    assert len(at.get("plotly_chart")) == 1


def test_a_range_wider_than_what_is_predicted(page):
    assert "You asked for 90,001 bp, and the model predicts 24,576" in said(page(locus="chr1:50,000-140,000"))


def test_a_genome_without_genes(page):
    at = page(genome="bare", locus="chr1:100,000")
    assert "No genes are loaded for this genome." in json.dumps(figure(at))
    at.text_input(key="locus").set_value("ALPHA")
    assert "no genes are loaded here" in said(at.run())


def test_each_genome_keeps_its_place(page):
    at = page(locus="GAMMA")
    at.selectbox(key="genome").set_value("bare").run()
    assert at.text_input(key="locus").value.startswith("chr1:")
    at.selectbox(key="genome").set_value("mini").run()
    assert at.text_input(key="locus").value == "GAMMA"


def test_no_network_is_a_sentence_and_another_genome_is_a_choice_away(page):
    at = page(genome="hg38", locus="CD44")
    assert "cannot be reached" in said(at)
    assert at.text_input(key="locus").value == "CD44"
    at.selectbox(key="genome").set_value("mini").run()
    assert len(at.get("plotly_chart")) == 1


def test_genes_that_cannot_be_fetched_are_no_hindrance(page, monkeypatch):
    class Offline:
        def find(self, name, **_):
            raise GenomeOfflineError("The server of the genes cannot be reached.")

        def genes_in(self, interval, **_):
            raise GenomeOfflineError("The server of the genes cannot be reached.")

    monkeypatch.setattr(runtime_dna, "annotation", lambda *_, **__: Offline())
    at = page(locus="chr1:90,000")
    assert "Tracks without genes: The server of the genes cannot be reached." in said(at)
    assert len(at.get("plotly_chart")) == 1


def test_the_official_model_is_offered_with_its_size(page):
    at = page(dna="official", locus="ALPHA")
    assert any("1.0 GB" in button.label for button in at.button)
    assert at.text_input(key="locus").value == "ALPHA"
    assert not at.get("plotly_chart")
    assert not any("wiring" in warning.value for warning in at.warning)


def test_a_slow_run_is_asked_first_with_what_it_costs(page, monkeypatch):
    monkeypatch.setattr(runtime_dna, "prediction_seconds", lambda *_, **__: 41.0)
    at = page(locus="GAMMA", rc="1")
    assert "It takes about 41 s on this CPU" in said(at)
    assert not at.get("plotly_chart")
    (button,) = [button for button in at.button if button.label.startswith("Predict")]
    assert button.label == "Predict (about 41 s)"
    button.click()
    at.run()
    for status in runtime.jobs().statuses():
        runtime.jobs().wait(status.id, 60)
    assert len(at.run().get("plotly_chart")) == 1


def test_a_failed_run_is_said_and_can_be_tried_again(page, monkeypatch):
    def full(*_, **__):
        raise DeviceMemoryError("It does not fit; choose a smaller model.")

    with monkeypatch.context() as patch:
        patch.setattr(runtime_dna, "prediction_seconds", lambda *_, **__: 1.0)
        patch.setattr(EnformerEngine, "predict", full)
        at = page(locus="GAMMA")
        at.run()
        assert "It does not fit; choose a smaller model." in said(at)
        assert at.text_input(key="locus").value == "GAMMA"
    (button,) = [button for button in at.button if button.label.startswith("Predict")]
    button.click()
    assert len(at.run().get("plotly_chart")) == 1


def test_a_damaged_result_is_predicted_again(page, tmp_path):
    first = drawn(page(locus="BETA"))
    kept = [path for path in (tmp_path / "cache" / "enformer").glob("**/*") if path.is_file()]
    assert kept
    for path in kept:
        path.write_bytes(path.read_bytes()[:-9] + b"damaged!!")
    st.cache_resource.clear()
    np.testing.assert_array_equal(drawn(page(locus="BETA")), first)


@pytest.mark.parametrize("locus", ["sim1:100,001", "sim4:1,000", "sim1:799,990"])
def test_the_truth_lies_over_the_playgrounds_prediction_in_its_own_bins(playground, locus):
    at = playground(genome="playground", locus=locus, tracks="6-0", cage="linear")
    assert not at.exception
    assert not at.error
    assert at.toggle(key="truth").value is True
    assert "truth" not in at.query_params
    model, place = load_model("playground"), Interval(locus.partition(":")[0], *_seen(locus))
    window = place.resize(model.input_bp)
    found = EnformerEngine(model).predict(open_genome("playground").fetch(window), interval=window)
    assert found.interval == place
    truth = world().truth(place)
    for name, column in (("CAGE erythroid (6)", 6), ("DNase erythroid (0)", 0)):
        np.testing.assert_allclose(named(at, name), found.values[:, column], atol=1e-4)
        np.testing.assert_array_equal(named(at, f"{name}, truth"), truth[:, column])
    words = json.dumps(figure(at), ensure_ascii=False)
    assert "playground: simulated genome · grammar" in words
    assert "prediction" in words
    assert "truth (the grammar)" in words


def _seen(locus: str) -> tuple[int, int]:
    """The 256 bins around a position."""
    middle = int(locus.partition(":")[2].replace(",", "")) - 1
    return middle - 128 * 128, middle + 128 * 128


def test_the_truth_can_be_switched_off_and_the_link_keeps_it(playground):
    at = playground(genome="playground", locus="sim1:100,001", truth="0")
    assert at.toggle(key="truth").value is False
    assert dict(at.query_params)["truth"] == "0"
    assert "truth" not in json.dumps(figure(at))
    assert "playground: simulated genome" in json.dumps(figure(at), ensure_ascii=False)
    at.toggle(key="truth").set_value(True).run()
    assert "truth" not in at.query_params
    assert "truth (the grammar)" in json.dumps(figure(at))
    assert "This genome is simulated" in " ".join(markdown.value for markdown in at.markdown)


def test_a_first_visit_shows_both_cell_types_open_dna_and_gene_starts(playground):
    at = playground(genome="playground")
    assert not at.error
    assert not at.warning
    assert at.selectbox(key="dna").value == "playground"
    assert at.multiselect(key="tracks").value == [0, 1, 6, 7]
    assert not [button for button in at.button if button.label.startswith("Predict")]
    assert len(at.get("plotly_chart")) == 1


def test_no_truth_for_another_genome(playground):
    at = playground(genome="mini", locus="ALPHA")
    assert at.selectbox(key="dna").value == "playground"
    assert not [toggle for toggle in at.toggle if toggle.key == "truth"]
    words = json.dumps(figure(at))
    assert "truth" not in words
    assert "simulated genome" not in words


def test_no_truth_for_another_model_but_the_genome_is_still_called_simulated(page):
    at = page(genome="playground", locus="sim1:100,001")
    assert at.selectbox(key="dna").value == "untrained"
    assert not [toggle for toggle in at.toggle if toggle.key == "truth"]
    words = json.dumps(figure(at), ensure_ascii=False)
    assert "truth" not in words
    assert "playground: simulated genome · grammar" in words
