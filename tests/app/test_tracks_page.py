"""The tracks page without a browser."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from components.browser import BrowserState
from components.browser.scene import Pick, Place, RowChoice
from core import runtime, runtime_attention, runtime_dna
from core.enformer import EnformerEngine, load_model, registry
from core.errors import DeviceMemoryError, GenomeOfflineError
from core.genome import Interval, open_genome
from core.settings import ROOT, read_settings
from core.teaching.playground.world import world
from dashboard.tracks import browse, files, going, names, run, start
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
    for module in (runtime, runtime_dna, runtime_attention, files, names, start):
        monkeypatch.setattr(module, "settings", lambda: options)
    monkeypatch.setattr("core.settings.settings", lambda: options)
    monkeypatch.setattr(registry, "PLAYGROUND_FOLDER", tmp_path / "none")
    monkeypatch.setattr(run, "GLANCE_SECONDS", 60.0)  # a busy machine is slow, not wrong
    st.cache_resource.clear()

    def open_page(**params: str) -> AppTest:
        at = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=90)
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


@pytest.fixture
def says(monkeypatch) -> Callable[..., None]:
    """What the browser says from now on."""
    said = {"state": BrowserState()}

    def say(**more) -> None:
        said["state"] = replace(said["state"], **more)

    monkeypatch.setattr(browse, "browser_state", lambda *_, **__: said["state"])
    return say


def shown(at: AppTest, name: str = "attendome_browser") -> list:
    """Payloads of the components of that name."""
    return [json.loads(c.proto.json) for c in at.get("bidi_component") if c.proto.component_name == name]


def scene(at: AppTest) -> dict:
    (payload,) = shown(at)
    return payload


def row(at: AppTest, start: str) -> dict:
    """The one row whose id or title begins so."""
    (found,) = [row for row in scene(at)["rows"] if row["id"].startswith(start) or row["title"].startswith(start)]
    return found


def ids(at: AppTest) -> list[str]:
    return [row["id"] for row in scene(at)["rows"]]


def array(text: str) -> np.ndarray:
    return np.frombuffer(b64decode(text), "<f4")


def drawn(at: AppTest, index: int, what: str = "values") -> np.ndarray:
    """All bins of a track, from left to right."""
    return np.concatenate([array(piece[what]) for piece in row(at, f"track:human:{index}")["pieces"]])


def pieces(at: AppTest, index: int) -> dict[int, str]:
    """Start of each window -> its bins."""
    return {piece["start"]: piece["values"] for piece in row(at, f"track:human:{index}")["pieces"]}


def settled(at: AppTest) -> AppTest:
    """The page when nothing is waited for any more."""
    for _ in range(10):
        entries = at.session_state["_started"]
        if not entries:
            return at
        for entry in list(entries.values()):
            runtime.jobs().wait(entry.job, 60)
        at.run()
    raise AssertionError("it goes on and on")


def windows(at: AppTest) -> list[tuple[int, str]]:
    return [(window["read_start"], window["state"]) for window in scene(at)["windows"]]


def seen(at: AppTest) -> tuple[float, float]:
    return scene(at)["place"]["start"], scene(at)["place"]["end"]


def box(at: AppTest) -> dict:
    (payload,) = shown(at, "attendome_locus_box")
    return payload


def go(at: AppTest, locus: str) -> AppTest:
    """As a person who types a place and presses Enter."""
    at.session_state["locus"], at.session_state["span"], at.session_state["_again"] = locus, None, True
    return at.run()


def said(at: AppTest) -> str:
    kinds = ("error", "warning", "info", "caption")
    return " ".join(element.value for kind in kinds for element in at.get(kind)).replace("\\", "")


def plainly(element) -> str:
    """Its text without the marks that keep it from being read as Markdown."""
    return element.value.replace("\\", "")


def button(at: AppTest, key: str):
    (found,) = [button for button in at.button if button.key == key]
    return found


def expected(tmp_path, *numbers: int):
    """What the engine says about windows beside the one around ALPHA's start, from left to right."""
    engine, genome = EnformerEngine(load_model("untrained")), open_genome(tmp_path / "mini.fa")
    found = []
    for number in sorted(numbers):
        start = 60_000 - 16_384 + number * BINS * 128
        window = Interval("chr1", start, start + 32_768)
        found.append(engine.predict(genome.fetch(window), tracks=(0, 1, 2, 3), interval=window))
    return np.concatenate([part.values for part in found])


# First sight and links ---------------------------------------------------------------------------------


def test_first_sight(page, tmp_path):
    at = page()
    assert not at.exception
    assert not at.error
    assert box(at)["text"] == "ALPHA"
    assert box(at)["names"] == ["ALPHA", "BETA", "GAMMA"]
    assert "Untrained, for wiring only" in at.warning[0].value
    assert seen(at) == (60_000 - 12_288, 60_000 + 12_288)
    numbers = [(start - 43_616) // (BINS * 128) for start, state in windows(at) if state == "ready"]
    assert 0 in numbers
    for track in range(4):
        np.testing.assert_allclose(drawn(at, track), expected(tmp_path, *numbers)[:, track], atol=1e-5)
    assert {"ALPHA", "BETA"} <= {gene["name"] for gene in row(at, "genes")["genes"]}
    assert scene(at)["marks"] == [[60_000, 60_001, "ALPHA"]]
    assert "reads 32,768 bp and predicts the middle 24,576" in scene(at)["description"]
    assert "random weights" in scene(at)["provenance"]


def test_a_link_reopens_the_page(page):
    asked = {
        "locus": "chr1:90,000-95,000", "tracks": "7-2", "rc": "1", "heights": "assay", "span": "91001-92000",
        "rows": "track:human:2~lo*track:human:7*!genes", "pair": "7-2",
    }  # fmt: skip
    at = page(genome="mini", **asked)
    assert not at.error
    assert dict(at.query_params) == asked  # the genome is the default
    assert at.toggle(key="rc").value is True
    assert seen(at) == (91_000, 92_000)
    assert ids(at) == ["letters", "track:human:2", "difference:human:7-2", "track:human:7"]
    assert (row(at, "track:human:2")["height"], row(at, "track:human:2")["scaling"]) == ("large", "own")
    assert row(at, "track:human:7")["scaling"] == "group"
    assert all(piece["spread"] for piece in row(at, "track:human:2")["pieces"])
    again = page(genome="mini", **dict(at.query_params))
    assert scene(again)["rows"] == scene(at)["rows"]


def test_a_wrong_link_gives_a_sentence_and_the_defaults(page):
    at = page(genome="/etc/passwd", tracks="x", dna="random", span="9-2", rows="<b>", pair="3", attend="-1")
    assert len(at.warning) == 8  # with the banner
    assert "/etc/passwd" in said(at)
    assert ids(at) == ["genes", *(f"track:human:{index}" for index in range(4))]


def test_a_view_behind_the_chromosomes_end_is_the_places_own(page):
    at = page(locus="ALPHA", span="900001-900500")
    assert seen(at) == (60_000 - 12_288, 60_000 + 12_288)
    assert seen(page(locus="ALPHA", span="199001-900500"))[1] == 200_000


def test_what_was_predicted_opens_at_once_also_after_a_restart(page, monkeypatch):
    first = pieces(settled(page(locus="BETA")), 0)
    assert len(first) == 3
    st.cache_resource.clear()
    monkeypatch.setattr(EnformerEngine, "predict", lambda *_, **__: pytest.fail("predicted again"))
    assert pieces(page(locus="BETA"), 0) == first
    assert list(pieces(page(locus="BETA", tracks="9"), 9)) == list(first)  # another track of the same prediction


# Places ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("locus", "sentence"),
    [
        ("ALPHB", "no gene 'ALPHB'"),
        ("chr1:500-100", "before it starts"),
        ("chr1:abc", "no position"),
        ("chr9:1000", "no chromosome 'chr9' in mini; type one that it has: chr1, chr2"),
        ("chr1:900,000", "behind the end of chr1"),
        ("35140086", "names no chromosome; type it in front, with a colon: chr1:35140086"),
        ("5000", "names no chromosome; type it in front, with a colon: chr1:5000"),
    ],
)
def test_bad_places_are_one_sentence_and_stay_as_typed_while_the_view_stays(page, locus, sentence):
    at = settled(page(locus="GAMMA"))
    before = scene(at)
    go(at, locus)
    assert not at.exception
    assert len(at.error) == 1
    assert sentence in said(at)
    assert (box(at)["text"], box(at)["wrong"]) == (locus, True)
    assert at.query_params["locus"] == "GAMMA"  # a link keeps the last place that was one
    assert at.session_state["tracks"] == [0, 1, 2, 3]
    assert scene(at)["place"] == before["place"]
    assert scene(at)["digest"] == before["digest"]
    go(at, "BETA")
    assert not at.error
    assert scene(at)["place"]["move"] == before["place"]["move"] + 1
    first = page(locus=locus)
    assert sentence in said(first)
    assert box(first)["text"] == locus


def test_unknown_letters_are_said_and_nothing_is_predicted(page):
    at = page(locus="chr2:15,000")
    assert "all of them are N" in said(at)
    assert not [state for _, state in windows(at) if state != "ready"] or not row(at, "track:human:0")["pieces"]
    at = page(locus="chr2:33,000")
    assert "71% of the 32,768 letters" in said(at)
    assert row(at, "track:human:0")["pieces"]


def test_names_that_look_like_the_gene_are_one_click_away(page):
    at = page(locus="A1PHA")
    assert [plainly(error) for error in at.error] == ["There is no gene 'A1PHA' among the genes of mini."]
    button(at, "place_Did you mean_ALPHA").click()
    at.run()
    assert not at.error
    assert box(at)["text"] == "ALPHA"


def test_overhang_is_said_and_drawn_as_far_as_the_chromosome(page):
    at = page(locus="chr1:100")
    assert "The first 16,285 bp that the model reads lie before the start of chr1" in said(at)
    assert "of the 32,768 letters" not in said(at)
    assert seen(at) == (0, 12_387)
    assert all(window["start"] >= 0 for window in scene(at)["windows"])


def test_letters_beyond_the_end_are_no_unknown_letters(page):
    at = page(locus="chr1:199,990")
    assert "The last 16,373 bp that the model reads lie beyond the end of chr1" in said(at)
    assert "are N" not in said(at)


def test_an_emptied_box_is_a_sentence_and_the_picture_stays(page):
    at = settled(page(locus="GAMMA"))
    before = scene(at)
    _call(at, lambda: going.go("  "))
    (error,) = at.error
    assert plainly(error) == "The box is empty; type a gene or a place, such as ALPHA or chr1:100,000."
    assert (box(at)["text"], box(at)["wrong"]) == ("  ", True)
    assert scene(at)["place"] == before["place"]
    assert at.query_params["locus"] == "GAMMA"
    at.run()
    assert len(at.error) == 1  # said until something else is asked for
    _call(at, lambda: going.go("GAMMA"))
    assert not at.error
    assert box(at)["text"] == "GAMMA"


def test_a_range_is_shown_as_typed_however_wide(page):
    at = page(locus="chr1:50,001-140,000")
    assert seen(at) == (50_000, 140_000)
    assert len([state for _, state in windows(at) if state == "ready"]) >= 2
    assert "letters" not in ids(at)
    at = page(locus="chr1:50,001-50,400")
    assert seen(at) == (50_000, 50_400)
    letters = row(at, "letters")
    assert letters["start"] <= 50_000
    assert letters["start"] + len(letters["letters"]) >= 50_400


def test_a_genome_without_genes(page):
    at = page(genome="bare", locus="chr1:100,000")
    assert "No genes are loaded for this genome." in row(at, "genes")["about"]
    assert "no genes are loaded here" in said(go(at, "ALPHA"))


def test_each_genome_keeps_its_place(page):
    at = page(locus="GAMMA")
    at.selectbox(key="genome").set_value("bare").run()
    assert box(at)["text"].startswith("chr1:")
    at.selectbox(key="genome").set_value("mini").run()
    assert box(at)["text"] == "GAMMA"


def test_back_and_forward_return_to_what_was_seen(page, says):
    at = page(locus="ALPHA")
    says(place=Place("chr1", 61_000.0, 63_000.4, scene(at)["place"]["move"]))
    at.run()
    go(at, "GAMMA")
    assert (box(at)["back"], box(at)["forward"]) == (True, False)
    at.session_state["_visits"], here = at.session_state["_visits"].step(-1), at.session_state["_visits"].step(-1).now
    assert here.view == (61_000, 63_001)
    at.session_state["locus"], at.session_state["span"] = here.locus, here.view
    at.run()
    assert seen(at) == (61_000, 63_001)
    assert (box(at)["back"], box(at)["forward"]) == (False, True)


# Moving ------------------------------------------------------------------------------------------------


def test_moving_on_predicts_what_comes_into_sight_and_never_moves_the_view_back(page, says, tmp_path):
    at = page(locus="ALPHA")
    move = scene(at)["place"]["move"]
    says(place=Place("chr1", 84_000.0, 108_000.0, move))
    settled(at.run())
    assert seen(at) == (84_000, 108_000)
    assert scene(at)["place"]["move"] == move
    assert at.query_params["span"] == "84001-108000"
    numbers = [(start - 43_616) // (BINS * 128) for start, state in windows(at)]
    assert {state for _, state in windows(at)} == {"ready"}
    assert numbers == [0, 1, 2]
    np.testing.assert_allclose(drawn(at, 2), expected(tmp_path, *numbers)[:, 2], atol=1e-5)


def test_what_the_browser_said_before_the_last_move_is_old(page, says):
    at = page(locus="ALPHA")
    move = scene(at)["place"]["move"]
    says(place=Place("chr1", 84_000.0, 108_000.0, move))
    go(at, "GAMMA")
    assert seen(at) == (120_000 - 12_288, 120_000 + 12_288)
    assert scene(at)["place"]["move"] == move + 1
    says(place=Place("chr2", 1_000.0, 2_000.0, move + 1))
    at.run()
    assert seen(at) == (120_000 - 12_288, 120_000 + 12_288)


def test_of_twenty_quick_places_only_the_last_is_computed(page, monkeypatch):
    """The others' jobs are given up as soon as their place is left."""
    monkeypatch.setattr(run, "GLANCE_SECONDS", 0.0)
    at = page(locus="ALPHA")
    started = []
    start = runtime_dna.start_prediction

    def counted(question, title):
        started.append(start(question, title))
        return started[-1]

    monkeypatch.setattr(runtime_dna, "start_prediction", counted)
    with runtime.queue("cpu").turn(owner="somebody", interactive=True):  # nothing gets done meanwhile
        for number in range(20):
            go(at, f"chr1:{30_000 + 5_000 * number}")
    ended = [runtime.jobs().wait(job, 60).state for job in started]
    last = len(at.session_state["_started"])
    assert len(started) >= 20
    assert ended.count("done") <= last <= run.AT_ONCE
    assert set(ended[: len(ended) - last]) == {"cancelled"}
    at.run()
    assert seen(at) == (125_000 - 1 - 12_288, 125_000 - 1 + 12_288)
    assert row(at, "track:human:0")["pieces"]


def test_a_job_that_somebody_else_waits_for_goes_on(page, monkeypatch):
    monkeypatch.setattr(run, "GLANCE_SECONDS", 0.0)
    with runtime.queue("cpu").turn(owner="somebody", interactive=True):
        one, two = page(locus="GAMMA"), page(locus="GAMMA")
        (job, *_) = [entry.job for entry in one.session_state["_started"].values()]
        assert job in [entry.job for entry in two.session_state["_started"].values()]
        go(one, "chr1:40,000")
        assert not runtime.jobs().status(job).stopping
        go(two, "chr1:40,000")
    assert runtime.jobs().wait(job, 60).state == "cancelled"


def test_a_view_that_left_its_place_says_so(page, says):
    at = page(locus="ALPHA")
    says(place=Place("chr1", 100_000.0, 110_000.0, scene(at)["place"]["move"]))
    assert scene(settled(at.run()))["title"] == "Predicted tracks on chr1, moved from ALPHA"


# Slow models -------------------------------------------------------------------------------------------


def test_a_slow_run_is_asked_first_with_what_it_costs(page, monkeypatch, says):
    monkeypatch.setattr(runtime_dna, "prediction_seconds", lambda *_, **__: 41.0)
    at = page(locus="GAMMA", rc="1")
    assert "It takes about 41 s on this CPU" in said(at)
    assert not row(at, "track:human:0")["pieces"]  # the genes are there meanwhile
    assert "GAMMA" in {gene["name"] for gene in row(at, "genes")["genes"]}
    assert button(at, "predict").label == "Predict (about 41 s)"
    button(at, "predict").click()
    assert pieces(settled(at.run()), 0)
    assert not [button for button in at.button if button.key == "predict"]
    assert len(runtime.jobs().statuses()) == 1  # nothing else by itself
    says(place=Place("chr1", 130_000.0, 150_000.0, scene(at)["place"]["move"]))
    at.run()
    assert button(at, "predict").label == "Predict the next window (about 41 s)"
    assert len(runtime.jobs().statuses()) == 1
    at.toggle(key="by_itself").set_value(True)
    at.run()
    assert len(pieces(settled(at), 0)) == 2


def test_until_the_average_is_there_the_single_run_is_shown_and_called_so(page, monkeypatch):
    monkeypatch.setattr(runtime_dna, "prediction_seconds", lambda *_, **__: 41.0)
    at = page(locus="GAMMA")
    button(at, "predict").click()
    single = pieces(settled(at.run()), 0)
    at.toggle(key="rc").set_value(True)
    at.run()
    assert pieces(at, 0) == single
    assert row(at, "track:human:0")["note"] == "not averaged yet"
    assert "Shown: not averaged yet." in said(at)
    assert scene(at)["provenance"].endswith("not averaged yet")  # of pictures and tables too
    assert button(at, "predict").label == "Average (about 41 s)"
    button(at, "predict").click()
    settled(at.run())
    assert list(pieces(at, 0)) == list(single)
    assert pieces(at, 0) != single
    assert all(piece["spread"] for piece in row(at, "track:human:0")["pieces"])
    assert "not averaged" not in json.dumps(scene(at)) + said(at)


def test_cancel_stops_and_it_does_not_begin_again_by_itself(page, monkeypatch):
    monkeypatch.setattr(run, "GLANCE_SECONDS", 0.0)
    with runtime.queue("cpu").turn(owner="somebody", interactive=True):
        at = page(locus="GAMMA")
        assert "running" in {state for _, state in windows(at)}
        button(at, "tracks_cancel").click()
        at.run()
        assert {state for _, state in windows(at)} == {"missing"}
        at.run()
        assert {state for _, state in windows(at)} == {"missing"}
    monkeypatch.setattr(run, "GLANCE_SECONDS", 60.0)
    button(at, "predict").click()
    at.run()
    assert pieces(settled(at), 0)


def test_a_failed_run_is_said_and_can_be_tried_again(page, monkeypatch):
    def full(*_, **__):
        raise DeviceMemoryError("It does not fit; choose a smaller model.")

    with monkeypatch.context() as patch:
        patch.setattr(runtime_dna, "prediction_seconds", lambda *_, **__: 1.0)
        patch.setattr(EnformerEngine, "predict", full)
        at = settled(page(locus="GAMMA"))
        assert "It does not fit; choose a smaller model." in said(at)
        assert box(at)["text"] == "GAMMA"
    button(at, "predict").click()
    at.run()
    assert pieces(settled(at), 0)


def test_a_damaged_result_is_predicted_again(page, tmp_path):
    first = pieces(settled(page(locus="BETA")), 0)
    kept = [path for path in (tmp_path / "cache" / "enformer").glob("**/*") if path.is_file()]
    assert kept
    for path in kept:
        path.write_bytes(path.read_bytes()[:-9] + b"damaged!!")
    st.cache_resource.clear()
    assert pieces(settled(page(locus="BETA")), 0) == first


# Rows --------------------------------------------------------------------------------------------------


def test_rows_that_a_person_moved_changed_and_took_away(page, says):
    at = page(locus="ALPHA")
    heard = browse._heard
    says(rows=(RowChoice("track:human:2", "large", True, None), RowChoice("genes"), RowChoice("track:human:0")))
    _call(at, lambda: heard("human"))
    assert ids(at) == ["track:human:2", "genes", "track:human:0"]
    assert at.session_state["tracks"] == [0, 2]
    assert (row(at, "track:human:2")["height"], row(at, "track:human:2")["log"]) == ("large", True)
    says(rows=(RowChoice("track:human:2"), RowChoice("track:human:0")))
    _call(at, lambda: heard("human"))
    assert ids(at) == ["track:human:2", "track:human:0"]
    assert at.query_params["rows"] == "track:human:2~lg*track:human:0*!genes"
    (back,) = [button for button in at.button if button.label.startswith("Bring back")]
    back.click()
    at.run()
    assert "genes" in ids(at)


def _call(at: AppTest, callback: Callable[[], None]) -> None:
    """Run a callback of the browser with the page's session, then the page."""
    at.session_state["_test_callback"] = True
    original = browse.browse

    def with_callback(*arguments):
        if st.session_state.pop("_test_callback", False):
            callback()
            st.rerun()
        original(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(browse, "browse", with_callback)
        at.run()


def test_two_cell_types_and_their_difference(playground):
    at = playground(genome="playground", locus="sim1:100,001", tracks="6", pair="0-1")
    assert at.session_state["tracks"] == [6, 0, 1]
    difference = row(at, "difference:human:0-1")
    values = np.concatenate([array(piece["values"]) for piece in difference["pieces"]])
    np.testing.assert_array_equal(values, drawn(at, 0) - drawn(at, 1))
    known = np.concatenate([array(piece["second"]) for piece in difference["pieces"]])
    np.testing.assert_array_equal(known, drawn(at, 0, "second") - drawn(at, 1, "second"))
    assert difference["signs"] == ["more in erythroid", "more in liver"]
    assert "DNase erythroid (0) minus DNase liver (1), in each bin" in said(at)
    assert at.query_params["pair"] == "0-1"


def test_a_click_on_a_gene_offers_to_go_there(page, says):
    at = page(locus="ALPHA")
    says(pick=Pick("gene", "genes", 80_500, "BETA", 1))
    at.run()
    button(at, "go_gene").click()
    at.run()
    assert box(at)["text"] == "BETA"


# Genomes and models that are not there -----------------------------------------------------------------


def test_no_network_is_a_sentence_and_another_genome_is_a_choice_away(page):
    at = page(genome="hg38", locus="CD44")
    assert "cannot be reached" in said(at)
    assert box(at)["text"] == "CD44"
    at.selectbox(key="genome").set_value("mini").run()
    assert scene(at)


def test_genes_that_cannot_be_fetched_are_no_hindrance(page, monkeypatch):
    class Offline:
        name = "genes of a server"

        def find(self, name, **_):
            raise GenomeOfflineError("The server of the genes cannot be reached.")

        def genes_in(self, interval, **_):
            raise GenomeOfflineError("The server of the genes cannot be reached.")

    monkeypatch.setattr(runtime_dna, "annotation", lambda *_, **__: Offline())
    at = page(locus="chr1:90,000")
    assert "Tracks without genes: The server of the genes cannot be reached." in said(at)
    assert row(at, "track:human:0")["pieces"]


def test_the_official_model_is_offered_with_its_size(page):
    at = page(dna="official", locus="ALPHA")
    assert any("1.0 GB" in button.label for button in at.button)
    assert box(at)["text"] == "ALPHA"
    assert not shown(at)
    assert not any("wiring" in warning.value for warning in at.warning)


# The playground ----------------------------------------------------------------------------------------


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
    for column in (6, 0):
        (piece,) = [p for p in row(at, f"track:human:{column}")["pieces"] if p["start"] == place.start]
        np.testing.assert_allclose(array(piece["values"]), found.values[:, column], atol=1e-4)
        np.testing.assert_array_equal(array(piece["second"]), truth[:, column])
        assert row(at, f"track:human:{column}")["note"].startswith("r = ")
        assert row(at, f"track:human:{column}")["second_name"] == "truth (the grammar)"
    assert not row(at, "track:human:6")["log"]
    assert "playground: simulated genome · grammar" in scene(at)["provenance"]


def _seen(locus: str) -> tuple[int, int]:
    """The 256 bins around a position."""
    middle = int(locus.partition(":")[2].replace(",", "")) - 1
    return middle - 128 * 128, middle + 128 * 128


def test_the_truth_can_be_switched_off_and_the_link_keeps_it(playground):
    at = playground(genome="playground", locus="sim1:100,001", truth="0")
    assert at.toggle(key="truth").value is False
    assert at.query_params["truth"] == "0"
    assert "truth" not in json.dumps(scene(at)["rows"])
    assert "playground: simulated genome" in scene(at)["provenance"]
    at.toggle(key="truth").set_value(True).run()
    assert "truth" not in at.query_params
    assert row(at, "track:human:0")["second_name"] == "truth (the grammar)"
    assert "This genome is simulated" in " ".join(markdown.value for markdown in at.markdown)


def test_measured_takes_the_place_of_the_truth_in_pictures_and_words(playground):
    at = playground(genome="playground", locus="sim1:100,001")
    assert row(at, "track:human:0")["note"].endswith(" to the truth")
    at.toggle(key="measured").set_value(True).run()
    truth = at.toggle(key="truth")
    assert (truth.value, truth.disabled, truth.label) == (True, True, "Truth (measured is shown instead)")
    for index in at.session_state["tracks"]:
        shown_row = row(at, f"track:human:{index}")
        assert shown_row["second_name"] == "measured"
        assert shown_row["note"].endswith(" to measured")
        assert "truth" not in shown_row["about"]
    assert "is measured." in scene(at)["description"]
    assert "truth" not in scene(at)["description"]
    help_text = " ".join(markdown.value for markdown in at.markdown)
    assert "The line over each row is measured signal" in help_text
    assert "The line over each row is the truth" not in help_text
    at.toggle(key="measured").set_value(False).run()
    assert not at.toggle(key="truth").disabled
    assert row(at, "track:human:0")["second_name"] == "truth (the grammar)"


def test_where_nothing_in_sight_is_predicted_no_r_is_noted(playground, monkeypatch):
    monkeypatch.setattr(runtime_dna, "prediction_seconds", lambda *_, **__: 41.0)
    at = playground(genome="playground", locus="sim1:100,001")
    assert row(at, "track:human:0")["note"] == ""
    button(at, "predict").click()
    assert row(settled(at.run()), "track:human:0")["note"].startswith("r = ")
    assert "seen or not" in row(at, "track:human:0")["about"]


def test_sentences_name_the_playgrounds_own_genes_and_places(playground):
    at = playground(genome="playground", locus="SIMA41")
    (error,) = go(at, "SIMA4O").error
    assert plainly(error) == "There is no gene 'SIMA4O' among the playground's genes."
    assert button(at, "place_Did you mean_SIMA40")
    for text in ("sim1:5-", "a b c", "rs123"):
        (error,) = go(at, text).error
        assert "chr11" not in plainly(error)
        assert "sim1:" in plainly(error)
    assert "chr11" not in box(at)["placeholder"]


def test_a_first_visit_shows_both_cell_types_open_dna_and_gene_starts(playground):
    at = playground(genome="playground")
    assert not at.error
    assert not at.warning
    assert at.selectbox(key="dna").value == "playground"
    assert ids(at) == ["genes", *(f"track:human:{index}" for index in (0, 1, 6, 7))]
    assert not [button for button in at.button if button.key == "predict"]
    assert all(row(at, f"track:human:{index}")["pieces"] for index in (0, 1, 6, 7))


def test_no_truth_for_another_genome(playground):
    at = playground(genome="mini", locus="ALPHA")
    assert at.selectbox(key="dna").value == "playground"
    assert not [toggle for toggle in at.toggle if toggle.key == "truth"]
    assert "truth" not in json.dumps(scene(at)["rows"])
    assert "simulated genome" not in json.dumps(scene(at))


def test_no_truth_for_another_model_but_the_genome_is_still_called_simulated(page):
    at = page(genome="playground", locus="sim1:100,001")
    assert at.selectbox(key="dna").value == "untrained"
    assert not [toggle for toggle in at.toggle if toggle.key == "truth"]
    assert "truth" not in json.dumps(scene(at)["rows"])
    assert "playground: simulated genome · grammar" in scene(at)["provenance"]
