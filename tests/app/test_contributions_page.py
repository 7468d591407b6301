"""The contributions page without a browser."""

from __future__ import annotations

import io
import json
import runpy
import zipfile
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from components.browser.scene import Pick
from components.contributions import files
from components.contributions import motifs as panel_words
from components.contributions.recipe import ContributionRecipe, python_recipe
from components.contributions.rows import truth_row
from components.contributions.words import question_words, tracks_words, where_words
from core import runtime, runtime_contributions, runtime_dna
from core.attribution import ContributionScores, Target, gradient_x_input, motif_library
from core.cards import Provenance
from core.enformer import EnformerEngine, load_model, registry
from core.enformer.tracks import Track
from core.errors import InvalidLocusError, MotifDatabaseError
from core.genome import Interval
from core.genome.gene import Region
from core.settings import ROOT, read_settings
from core.teaching.playground.world import world
from dashboard.contributions import aim, getting, motif_panel, moving
from dashboard.tracks import run, start
from tests.tracks_files import write_genes, write_genome

SIZE = 32_768  # what the untrained model reads; it predicts the middle 24,576
ALPHA = 60_000
WINDOW = Interval("chr1", ALPHA - SIZE // 2, ALPHA + SIZE // 2)


@pytest.fixture
def page(tmp_path, monkeypatch) -> Callable[..., AppTest]:
    """Opens the page by a link's parameters, on a machine with a small genome and an untrained model."""
    genome, genes = write_genome(tmp_path / "mini.fa"), write_genes(tmp_path / "mini.gtf")
    options = read_settings(
        {
            "ATTENDOME_CACHE": str(tmp_path / "cache"),
            "ATTENDOME_DEVICE": "cpu",
            "ATTENDOME_GENOME": "mini",
            "ATTENDOME_GENOMES": f"mini={genome}",
            "ATTENDOME_ANNOTATIONS": f"mini={genes}",
            "HF_HOME": str(tmp_path / "hub"),
            "HF_ENDPOINT": "http://127.0.0.1:9",
        }
    )
    for module in (runtime, runtime_dna, runtime_contributions, start):
        monkeypatch.setattr(module, "settings", lambda: options)
    monkeypatch.setattr("core.settings.settings", lambda: options)
    monkeypatch.setattr(registry, "PLAYGROUND_FOLDER", tmp_path / "none")  # the untrained model stands in for it
    monkeypatch.setattr(getting, "GLANCE_SECONDS", 60.0)  # a busy machine is slow, not wrong
    monkeypatch.setattr(run, "GLANCE_SECONDS", 60.0)
    st.cache_resource.clear()

    def open_page(name: str = "contributions", /, **params: str) -> AppTest:
        at = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=90)
        at.switch_page(f"views/{name}.py")
        for key, value in ({"dna": "untrained", "genome": "mini", "ctb_motifs": "0"} | params).items():
            at.query_params[key] = value
        return at.run()

    yield open_page
    st.cache_resource.clear()


def scene(at: AppTest) -> dict:
    (payload,) = [
        json.loads(c.proto.json) for c in at.get("bidi_component") if c.proto.component_name == "attendome_browser"
    ]
    return payload


def row(at: AppTest, begins: str) -> dict:
    (found,) = [row for row in scene(at)["rows"] if row["id"].startswith(begins)]
    return found


def ids(at: AppTest) -> list[str]:
    return [row["id"] for row in scene(at)["rows"]]


def values(found: dict) -> np.ndarray:
    """Of a row of letters, as the browser gets them: half precision."""
    return np.frombuffer(b64decode(found["values"]), "<f2").astype(np.float32) * found["scale"]


def said(at: AppTest) -> str:
    kinds = ("error", "warning", "info", "caption", "markdown")
    return " ".join(element.value for kind in kinds for element in at.get(kind)).replace("\\", "")


def button(at: AppTest, key: str):
    (found,) = [button for button in at.button if button.key == key]
    return found


def settled(at: AppTest) -> AppTest:
    """The page when nothing is waited for any more."""
    for _ in range(10):
        entries = at.session_state["_ctb_started"]
        if not entries:
            return at
        for entry in list(entries.values()):
            runtime.jobs().wait(entry.job, 60)
        at.run()
    raise AssertionError("it goes on and on")


# First sight, links, choices ---------------------------------------------------------------------------


def test_first_sight_is_gradient_x_input_of_the_start_in_words(page, tmp_path):
    at = page()
    assert not at.exception
    assert not at.error
    assert "over 3 bins at the ALPHA TSS" in said(at)
    table = load_model("untrained").tables["human"]
    number = at.session_state["ctb_tracks"][0]
    engine = EnformerEngine(load_model("untrained"), precision="float32")
    from core.genome import open_genome

    letters = open_genome(tmp_path / "mini.fa").fetch(WINDOW)
    expected = gradient_x_input(engine, letters, Target((number,), (95, 96, 97)))
    shown = row(at, f"logo:human:{number}:gxi")
    assert shown["start"] == WINDOW.start
    size = np.abs(expected.per_base).max()
    np.testing.assert_allclose(values(shown), expected.per_base, atol=2e-3 * size)
    assert f"The model says {expected.target_value:.4g} ({table[number].unit})" in said(at)
    assert (scene(at)["place"]["start"], scene(at)["place"]["end"]) == (ALPHA - 100, ALPHA + 100)
    assert "Untrained, for wiring only" in at.warning[0].value
    assert "tangermeme ran with convergence errors of 700 to 900 %" in said(at)


def test_a_link_reopens_the_question_and_the_picture(page):
    asked = {
        "locus": "chr1:60,001-60,256", "ctb_tracks": "2", "ctb_less": "5", "ctb_also": "1", "ctb_span": "59901-60400",
        "ctb_strand": "-", "ctb_rc": "1", "ctb_truth": "0",
    }  # fmt: skip
    at = settled(page(**asked))
    assert not at.error
    assert "minus mean of" in said(at)
    assert "over 2 bins at chr1:60,001-60,256" in said(at)
    assert {"logo:human:2.less.5:gxi", "logo:human:1:gxi"} <= set(ids(at))
    assert (scene(at)["place"]["start"], scene(at)["place"]["end"]) == (59_900, 60_400)
    assert scene(at)["reverse"] is True
    assert "reverse strand" in scene(at)["subtitle"]
    assert "mean of 2 runs" in said(at)
    for key, value in asked.items():
        found = at.query_params[key]
        assert (found[0] if isinstance(found, list) else found) == value, key
    assert page(ctb_methods="nothing").warning[0].value


def test_what_cannot_be_explained_says_why(page):
    no_track = page()
    no_track.session_state["ctb_tracks"], no_track.session_state["_ctb_no_track"] = [], True
    assert "No track is chosen" in no_track.run().error[0].value
    wide = page(locus="chr1:50,001-80,000")
    assert "predicts 24,576 bp at once" in wide.error[0].value.replace("\\", "")
    crop = page(locus="chr1:60,001-60,128", ctb_at="59905")
    told = crop.error[0].value.replace("\\", "")
    assert "not predicted in the window" in told
    assert "would look like “these letters do not matter”" in told
    next(b for b in crop.button if b.label == "Put the place in the middle").click().run()
    assert not crop.error
    same = page(ctb_tracks="2", ctb_less="2")
    assert "same tracks stand on both sides" in same.error[0].value
    outside = page(ctb_mutate="100-200")
    assert "does not lie in the window" in said(outside)
    assert "0 there would say that they do nothing" in said(outside)


def test_mutagenesis_runs_as_a_job_stops_goes_on_and_is_taken_away(page, monkeypatch):
    at = page(locus="chr1:60,001", ctb_span="59991-60030")
    key = [b.key for b in at.button if b.key == "ctb_mutate_go"]
    assert key, said(at)
    assert "40 letters" in button(at, "ctb_mutate_go").label
    button(at, "ctb_mutate_go").click().run()
    at = settled(at)
    effects = row(at, "effects:human:")
    assert effects["start"] == 59_990
    table = values(effects).reshape(-1, 4)
    assert table.shape == (40, 4)
    assert (np.sort(np.abs(table), axis=1)[:, 0] == 0).all()  # the letter that is there
    assert any(name.endswith(":ism") for name in ids(at))
    assert at.query_params["ctb_mutate"] in ("59991-60030", ["59991-60030"])
    runs = []
    original = runtime_contributions.start_contributions
    monkeypatch.setattr(
        runtime_contributions, "start_contributions", lambda *a, **k: runs.append(a[0].method) or original(*a, **k)
    )
    again = page(locus="chr1:60,001", ctb_mutate="59991-60030", ctb_span="59991-60030")
    assert any(name.endswith(":ism") for name in ids(again))
    assert runs == []  # what is known is not computed again
    button(again, "ctb_unmutate").click().run()
    assert not any(name.endswith(":ism") for name in ids(again))


def test_a_stopped_job_is_offered_again_and_not_begun_by_itself(page, monkeypatch):
    at = page(locus="chr1:61,001", ctb_span="60991-61006")
    question = []
    monkeypatch.setattr(getting, "BY_ITSELF_SECONDS", -1.0)
    at = page(locus="chr1:62,001")
    assert "Not computed yet: Gradient × input" in said(at)
    assert not any(name.startswith("logo:") for name in ids(at))
    button(at, "ctb_compute").click().run()
    at = settled(at)
    assert any(name.endswith(":gxi") for name in ids(at)), question


def test_agreement_is_printed_under_the_logo(page):
    at = settled(page())
    if any(b.key == "ctb_check" for b in at.button):
        button(at, "ctb_check").click().run()
        at = settled(at)
    assert "Gradient × input against true changes of 48 letters: Pearson" in said(at)
    assert "with mutagenesis" in row(at, "logo:")["note"]


def test_without_a_motif_database_the_logo_stays_and_the_panel_says_why(page, monkeypatch):
    def missing():
        raise MotifDatabaseError("JASPAR 2026 is not installed; type `pip install pyjaspar`.")

    for module in (motif_library, motif_panel, panel_words):
        monkeypatch.setattr(module, "jaspar", missing)
    at = settled(page(ctb_motifs="1"))
    assert not at.exception
    assert "No motifs are named: JASPAR 2026 is not installed" in said(at)
    assert any(name.endswith(":gxi") for name in ids(at))
    at = settled(page(ctb_motifs="1", ctb_panel="motifs"))
    assert [error.value.replace("\\", "") for error in at.error] == [
        "JASPAR 2026 is not installed; type `pip install pyjaspar`."
    ]


def test_methods_have_a_cost_and_stack(page):
    at = settled(page(ctb_methods="gxi-eg"))
    for _ in range(3):
        if any(b.key == "ctb_compute" for b in at.button):
            button(at, "ctb_compute").click().run()
            at = settled(at)
    assert [name.rpartition(":")[2] for name in ids(at) if name.startswith("logo:")] == ["gxi", "eg"]
    assert "misses the difference" in row(at, f"logo:human:{at.session_state['ctb_tracks'][0]}:eg")["about"]


def test_two_people_ask_at_once_and_places_change_quickly(page):
    first, second = page(), page(locus="chr1:64,001", ctb_tracks="3")
    for number in range(4):
        first.session_state["locus"] = f"chr1:{61_001 + 500 * number}"
        first.run()
    first, second = settled(first), settled(second)
    assert "chr1:62,438-62,565" in said(first) or "62," in said(first)
    assert row(second, "logo:human:3:gxi")
    assert len(first.session_state["_ctb_started"]) == 0


# Words, bins, files ------------------------------------------------------------------------------------


def test_a_place_at_the_edge_of_a_chromosome_has_no_negative_positions(page):
    at = settled(page(locus="chr1:100"))
    assert not at.error
    assert "over 3 bins at chr1:1-" in said(at)
    assert ":-" not in said(at)
    assert "letters are no A, C, G or T" in said(at)


def test_sites_of_one_motif_that_overlap_are_one_mark():
    def site(start, name, strand, score):
        return Region(Interval("sim1", start, start + 9, strand), name, score)

    sites = (site(10, "NFE2", "+", 600.0), site(12, "NFE2", "-", 900.0), site(14, "SP1", "+", 700.0))
    marks = truth_row((*sites, site(40, "NFE2", "+", 800.0))).regions
    assert [(mark.start, mark.end) for mark in marks] == [(10, 21), (14, 23), (40, 49)]
    assert marks[0].about == "NFE2, + and - strand, occupancy 0.90"


def test_words_are_those_of_the_field():
    first = Track(4828, "a", "CAGE:leukemia cell line:K562", "CAGE", "", "leukemia cell line:K562")
    second = Track(5111, "b", "CAGE:leukemia:K562 ENCODE, biol_", "CAGE", "", "leukemia:K562 ENCODE, biol_")
    other = Track(5110, "c", "CAGE:B lymphoblastoid:GM12878", "CAGE", "", "B lymphoblastoid:GM12878")
    where = where_words(3, "HBE1", is_start=True)
    assert question_words((first, second), (), where) == "mean of CAGE:K562 (4828, 5111) over 3 bins at the HBE1 TSS"
    assert question_words((first,), (other,), where) == (
        "mean of CAGE:K562 (4828) minus mean of CAGE:GM12878 (5110) over 3 bins at the HBE1 TSS"
    )
    assert tracks_words((first, other)) == "CAGE K562 (4828), CAGE GM12878 (5110)"


def test_files_hold_what_is_seen_exactly():
    letters = "ACGT" * 4
    scores = np.zeros((16, 4), np.float32)
    scores[:, :] = np.nan
    scores[3:7] = 0.0
    for place in range(3, 7):
        scores[place, (place + 1) % 4] = -0.3
    found = ContributionScores(
        scores, "saturation_mutagenesis", letters, 0, Target((1,), (0,)), 2.5, Provenance("m", "r", "random"),
        Interval("chr1", 100, 116),
    )  # fmt: skip
    taken = (files.Taken(found, "T", "counts"),)
    seen = Interval("chr1", 104, 200)
    table = pd.read_csv(io.BytesIO(files.contributions_csv(taken, seen, 1000)))
    assert list(table["position"]) == [105, 106, 107]
    assert list(table["letter"]) == ["A", "C", "G"]
    np.testing.assert_allclose(table["contribution"], 0.075, rtol=1e-6)  # minus the mean over four letters
    np.testing.assert_allclose(table["effect_C"], [-0.3, 0, 0], rtol=1e-6)
    lines = files.contributions_bedgraph(taken, None, 1000).decode().splitlines()
    assert lines[1].startswith("chr1\t103\t104\t0.075")
    assert len(lines) == 5
    with np.load(io.BytesIO(files.contributions_npz(taken, None, 1000))) as arrays:
        np.testing.assert_array_equal(arrays["0_values"], scores)
        assert json.loads(str(arrays["about"]))[0]["target_value"] == 2.5
    with zipfile.ZipFile(io.BytesIO(files.contributions_bigwig(taken, None, 1000))) as archive:
        names = sorted(archive.namelist())
        assert names == ["PROVENANCE.txt", "saturation-mutagenesis-t.bw"]
        assert archive.read(names[1])[:4] in (b"\x26\xfc\x8f\x88", b"\x88\x8f\xfc\x26")


def test_strongest_stretch_is_found_and_kept_apart():
    engine = EnformerEngine(load_model("playground"), precision="float32")
    genome = world().genome
    start = 484_837
    window = Interval("sim1", start - 24_576, start + 24_576)
    found = gradient_x_input(engine, genome.fetch(window), Target((6,), (127, 128, 129)), interval=window)
    low, high = moving.strongest(found, 200)
    sums = np.convolve(np.abs(found.per_base), np.ones(200), "valid")
    assert high - low == 200
    assert low == window.start + int(sums.argmax())
    far = moving.strongest(found, 200, apart=(start - 1000, start + 1000))
    assert far[1] <= start - 1000 or far[0] >= start + 1000


def test_the_python_that_makes_this_makes_this(tmp_path, monkeypatch):
    start = 484_837
    window = Interval("sim1", start - 24_576, start + 24_576)
    recipe = ContributionRecipe(
        "playground", "playground", ("sim1", window.start, window.end), "human",
        (((6,), (7,), (127, 128, 129), "it's “quoted” {x}"),), ("gradient_x_input",), (start - 20, start + 20),
        (start - 3, start + 3),
    )  # fmt: skip
    averaged = replace(recipe, reverse_complement=True, shifts=(-1, 1), mutated=None)
    compile(python_recipe(averaged), "averaged", "exec")
    assert "averaging=averaging, flanks=flanks" in python_recipe(averaged)
    (tmp_path / "contributions.py").write_text(python_recipe(recipe), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    runpy.run_path("contributions.py", run_name="__main__")
    assert (tmp_path / "contributions.png").stat().st_size > 5_000
    table = pd.read_csv(io.BytesIO((tmp_path / "contributions.csv").read_bytes()))
    assert list(table["position"][:40]) == list(range(start - 19, start + 21))
    engine = EnformerEngine(load_model("playground"), precision="float32")
    target = Target((6,), (127, 128, 129), against=(7,))
    expected = gradient_x_input(engine, world().genome.fetch(window), target)
    middle = slice(24_556, 24_596)
    np.testing.assert_allclose(table["contribution"][:40], expected.per_base[middle], rtol=1e-4, atol=1e-6)
    assert list(table["method"][40:]) == 6 * ["saturation_mutagenesis"]


# From the tracks page ----------------------------------------------------------------------------------


def test_a_clicked_bin_and_gene_of_the_tracks_page_lead_here(page, monkeypatch):
    from components.browser import BrowserState
    from dashboard.tracks import browse

    said_state = {"state": BrowserState(pick=Pick("bin", "track:human:2", 60_200, "", 1))}
    monkeypatch.setattr(browse, "browser_state", lambda *_, **__: said_state["state"])
    at = page("tracks", tracks="2-5", letters_of="1")
    links = [link.proto for link in at.get("page_link")]
    (link,) = [proto for proto in links if "Which letters" in proto.label]
    assert "ctb_tracks=2" in link.query_string
    assert "locus=chr1%3A60%2C161" not in link.query_string  # bins begin at the window's edge
    assert any(name.endswith(":gxi") for name in ids(at)), ids(at)
    assert row(at, "logo:human:2:gxi")
    from urllib.parse import parse_qsl

    params = dict(parse_qsl(link.query_string))
    here = page(**params)
    assert not here.error
    assert "in the bin at" in said(here)
    said_state["state"] = BrowserState(pick=Pick("gene", "genes", 60_200, "ALPHA", 2))
    at.run()
    assert any("locus=ALPHA" in link.proto.query_string for link in at.get("page_link"))


def test_bins_of_a_position_lie_around_it():
    from dashboard.tracks.where import Spot

    model = load_model("untrained")
    place = Interval("chr1", 60_000, 60_001)
    found = aim.bins_of(Spot(place, "", place.resize(SIZE), 1), model)
    assert found.place.width_bp == 3 * 128
    assert found.place.start + 192 == 60_000
    assert found.window.width_bp == SIZE
    assert found.shown.contains(found.place)
    with pytest.raises(InvalidLocusError, match="at once"):
        aim.bins_of(Spot(Interval("chr1", 0, 30_000), "", place.resize(SIZE), 30_000), model)
