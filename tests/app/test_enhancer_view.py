"""The enhancer view without a browser, on a page of its own: choices, clicks, cost, failures, another genome."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import runtime, runtime_attention, runtime_dna
from core.enformer import EnformerEngine, registry
from core.enformer.averaging import Averaging
from core.errors import DeviceMemoryError
from core.settings import read_settings
from dashboard.tracks import attending, where
from tests.tracks_files import write_genes, write_genome

GENE, CELL = "SIMD10", "erythroid"  # 84 % of its expression comes from one enhancer, 1,253 bp away


def script() -> None:
    import streamlit as st

    from core import runtime_dna
    from core.enformer.averaging import Averaging
    from core.genome.gene import Region
    from core.genome.interval import Interval
    from dashboard.tracks import where
    from dashboard.tracks.attending import attention_rows_of, attention_view, render_getting
    from dashboard.tracks.enhancers import (
        enhancer_marks,
        enhancer_rows_of,
        enhancer_view,
        render_enhancers,
        take_pick,
    )

    ground = where.open_ground(st.session_state.get("genome", "playground"))
    model = runtime_dna.dna_model(st.session_state.get("dna", "playground"))
    engine = runtime_dna.dna_engine(model)
    spot = where.find_spot(st.text_input("Place", "SIMD10", key="locus"), ground, model.input_bp)
    seen = where.on_chromosome(spot.window, ground)
    genes = ground.genes.genes_in(seen) if ground.genes else ()
    stretches = [Region(Interval(seen.chrom, *place), "mine") for place in st.session_state.get("stretches", ())]
    options = {"regions": stretches, "regions_name": "mine.bed"} if stretches else {}
    view = enhancer_view(engine, ground, "human", Averaging(), genes, spot, model.input_bp, **options)
    if take_pick(view, st.session_state.get("clicked")):
        st.rerun()
    st.session_state.update(_rows=enhancer_rows_of(view), _marks=enhancer_marks(view), _view=view)
    render_enhancers(view)
    if view.question is not None and (place := st.session_state.get("place")):
        attended = attention_view(view.question, place)
        st.session_state["_attention"] = attention_rows_of(attended), attended
        render_getting(attended.getting, key="attention", slot="_attention_job")


@pytest.fixture
def page(tmp_path, monkeypatch):
    genome, genes = write_genome(tmp_path / "mini.fa"), write_genes(tmp_path / "mini.gtf")
    options = read_settings(
        {
            "ATTENDOME_CACHE": str(tmp_path / "cache"),
            "ATTENDOME_DEVICE": "cpu",
            "ATTENDOME_GENOMES": f"mini={genome}:bare={genome}",
            "ATTENDOME_ANNOTATIONS": f"mini={genes}",
            "HF_HOME": str(tmp_path / "hub"),
            "HF_ENDPOINT": "http://127.0.0.1:9",
        }
    )
    for module in (runtime, runtime_dna, runtime_attention):
        monkeypatch.setattr(module, "settings", lambda: options)
    monkeypatch.setattr("core.settings.settings", lambda: options)
    monkeypatch.setattr("dashboard.tracks.run.GLANCE_SECONDS", 60)
    monkeypatch.setattr(attending, "GLANCE_SECONDS", 60)  # a busy machine is slow, not wrong
    st.cache_resource.clear()

    def open_page(**state: object) -> AppTest:
        at = AppTest.from_function(script, default_timeout=120)
        for name, value in state.items():
            at.session_state[name] = value
        return at.run()

    yield open_page
    st.cache_resource.clear()


def kept(at: AppTest, name: str):
    return at.session_state[name]


def drawings(at: AppTest) -> dict[str, dict]:
    """Title -> payload of every drawing on the page."""
    payloads = [json.loads(element.proto.json) for element in at.get("bidi_component")]
    return {payload["title"]: payload for payload in payloads}


def words(at: AppTest) -> str:
    return " ".join(element.value for kind in ("markdown", "caption", "error", "info") for element in at.get(kind))


def test_a_typed_gene_is_ranked_and_checked(page):
    at = page(locus=GENE, enh_cell=CELL)
    assert not at.exception
    assert not at.error
    assert at.selectbox(key="enh_gene").value == GENE
    (row,) = kept(at, "_rows")
    view = kept(at, "_view")
    first = min(row.regions, key=lambda mark: int(mark.name))
    assert first.outlined
    assert [mark for mark in row.regions if mark.outlined] == [first]
    assert "truly gives 84% of its expression in erythroid" in first.about
    assert f"Candidate enhancers of {GENE}, {CELL}" in drawings(at)
    assert any(title.startswith("Which score finds the enhancers of SIMD10") for title in drawings(at))
    assert "True: it gives 84% of the expression" in words(at)
    assert "Attention alone is the same for every cell type" in words(at)
    assert kept(at, "_marks") == ((view.gene.tss, view.gene.tss + 1, "SIMD10 start"),)


def test_a_typed_genes_own_window_is_not_predicted_again(page):
    page(locus=GENE)
    reference = runtime_dna.genome("playground")
    ground = where.Ground("playground", reference, runtime_dna.annotation("playground", reference))
    engine = runtime_dna.dna_engine(runtime_dna.dna_model("playground"))
    spot = where.find_spot(GENE, ground, 49_152)
    asked = runtime_dna.question_at(engine, reference, spot.window, "human", Averaging())
    assert runtime_dna.known_prediction(asked) is not None
    aside = runtime_dna.question_at(engine, reference, spot.window.shift(128), "human", Averaging())
    assert runtime_dna.known_prediction(aside) is None


def test_another_cell_type_has_the_same_attention_and_other_truths(page):
    at = page(locus="SIMD12", enh_cell="liver", enh_from="file", enh_by="attention")
    liver = kept(at, "_view").ranking
    at = at.selectbox(key="enh_cell").select("erythroid").run()
    erythroid = kept(at, "_view").ranking
    np.testing.assert_array_equal(liver.scores["attention"], erythroid.scores["attention"])
    assert (liver.scores["attention_activity"] != erythroid.scores["attention_activity"]).any()
    assert list(liver.is_true) != list(erythroid.is_true)


def test_layer_head_and_score_are_choices(page):
    at = page(locus=GENE, enh_cell=CELL)
    mean = kept(at, "_view").ranking.scores["attention"]
    at = at.selectbox(key="att_layer").select("3").run()
    at = at.selectbox(key="att_head").select("2").run()
    view = kept(at, "_view")
    assert (view.layer, view.head_number) == (3, 2)
    np.testing.assert_allclose(view.ranking.scores["attention"], view.ranking.attention[:, 3, 2], rtol=1e-6)
    assert (view.ranking.scores["attention"] != mean).any()
    at = at.selectbox(key="enh_by").select("distance").run()
    assert "By 1 / distance" in words(at)
    nearest = int(np.argmin(view.ranking.distances_bp))
    assert kept(at, "_rows")[0].regions[nearest].name == "1"


def test_a_click_in_the_browser_picks_and_once_more_lets_go(page):
    from components.browser.scene import Pick

    at = page(locus=GENE, enh_cell=CELL)
    mark = kept(at, "_rows")[0].regions[0]

    def click(number: int, name: str = mark.pick, row: str = "enhancers"):
        at.session_state["clicked"] = Pick("region", row, mark.start, name, number)
        return at.run()

    at = click(1)
    assert kept(at, "_marks")[1:] == ((mark.start, mark.end, kept(at, "_view").ranking.candidates[0].name),)
    at = at.run()
    assert len(kept(at, "_marks")) == 2, "heard once, however often it is repeated"
    at = click(2)
    assert len(kept(at, "_marks")) == 1
    at = click(3, name="1-2")
    at = click(4, row="another")
    assert len(kept(at, "_marks")) == 1


def test_choices_that_are_not_there_are_replaced(page):
    at = page(locus=GENE, enh_cell="brain", enh_by="best", att_layer="9", att_head="x", enh_from="file", enh_gene="NO")
    assert not at.exception
    assert not at.error
    view = kept(at, "_view")
    assert (view.gene.symbol, view.cell, view.score) == (GENE, "erythroid", "attention_activity")
    assert (view.layer, view.head_number) == (None, None)


def test_a_chosen_gene_stays_until_another_place_is_typed(page):
    at = page(locus=GENE)
    other = next(gene.symbol for gene in kept(at, "_view").genes if gene.symbol != GENE)
    at = at.selectbox(key="enh_gene").select(other).run()
    assert kept(at, "_view").gene.symbol == other
    at = at.text_input(key="locus").input("SIMD40").run()
    assert kept(at, "_view").gene.symbol == "SIMD40"
    at = at.text_input(key="locus").input("sim4:500,000").run()
    view = kept(at, "_view")
    assert abs(view.gene.tss - 499_999) == min(abs(gene.tss - 499_999) for gene in view.genes)


def test_a_slow_model_is_asked_for_with_its_cost_and_can_be_stopped(page, monkeypatch):
    monkeypatch.setattr(attending, "BY_ITSELF_SECONDS", 0)
    monkeypatch.setattr(runtime_attention, "attention_seconds", lambda *_, **__: 40.0)
    at = page(locus=GENE)
    assert kept(at, "_rows") == ()
    assert not runtime.jobs().statuses()
    button = at.button(key="enhancers_go")
    assert button.label.startswith("Find out (about 40 s on this CPU")
    with runtime.queue("cpu").turn(owner="somebody", interactive=True):
        at = button.click().run()
        (job,) = runtime.jobs().statuses()
        assert (job.title, job.active) == (f"Enhancers of {GENE}", True)
        at = next(b for b in at.button if b.label == "Cancel").click().run()
    assert runtime.jobs().wait(job.id, 30).state == "cancelled"
    at = at.run()
    assert at.button(key="enhancers_go").label.startswith("Try again")
    at = at.button(key="enhancers_go").click().run()
    runtime.jobs().wait(runtime.jobs().statuses()[-1].id, 60)
    at = at.run()
    assert len(kept(at, "_rows")) == 1


def test_a_failed_run_is_a_sentence_and_is_not_repeated_by_itself(page, monkeypatch):
    tried = []

    def full(*_, **__):
        tried.append(1)
        raise DeviceMemoryError("It does not fit; choose a smaller model.")

    with monkeypatch.context() as patch:
        patch.setattr(EnformerEngine, "predict", full)
        at = page(locus=GENE).run().run()
        assert len(tried) == 1
        assert "It does not fit; choose a smaller model" in words(at).replace("\\", "")
    at = at.button(key="enhancers_go").click().run()
    deadline = time.monotonic() + 60
    while not kept(at, "_rows") and time.monotonic() < deadline:
        at = at.run()
    assert len(kept(at, "_rows")) == 1


def test_a_model_without_named_tracks_knows_no_cell_type(page, tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "PLAYGROUND_FOLDER", tmp_path / "none")
    at = page(dna="untrained", genome="mini", locus="ALPHA")
    view = kept(at, "_view")
    assert not at.exception
    assert view.gene is None
    assert "no named DNase or ATAC track" in words(at)
    assert not runtime.jobs().statuses()


def test_the_playgrounds_model_on_another_genome(page):
    at = page(genome="mini", locus="ALPHA", stretches=((62_000, 62_200), (70_000, 70_400)), enh_from="file")
    assert not at.exception
    ranking = kept(at, "_view").ranking
    assert [candidate.interval.start for candidate in ranking.candidates] == [62_000, 70_000]
    assert ranking.is_true is None
    assert "truth" not in json.dumps(list(drawings(at).values())).lower()
    assert not any("Which score finds" in title for title in drawings(at))


def test_a_genome_without_genes_says_so(page):
    at = page(genome="bare", locus="chr1:60,000")
    assert not at.exception
    assert kept(at, "_rows") == ()
    assert "No gene lies here" in words(at)


def test_a_clicked_bin_attends(page):
    at = page(locus=GENE, place=130_000)
    (row,), view = kept(at, "_attention")
    assert view.getting.state == "ready"
    assert row.from_start <= 130_000 < row.from_end == row.from_start + 128
    assert row.weights.values.sum() == pytest.approx(1, abs=1e-4)
    at.session_state["place"] = 900_000
    at = at.run()
    assert kept(at, "_attention")[0] == ()
    assert "lies outside of the window" in words(at).replace("\\", "")


def test_all_genes_of_a_chromosome(page, monkeypatch):
    from core.teaching.playground import enhancer_truth

    whole = enhancer_truth.world().annotation.genes
    few = [gene for gene in whole if gene.interval.chrom == "sim4"][8:11]
    monkeypatch.setattr(enhancer_truth.PoolQuestion, "genes", property(lambda self: tuple(few)))
    at = page(locus=GENE, enh_cell=CELL, enh_chrom="sim4")
    button = at.button(key="enhancers_pool_go")
    assert button.label.startswith("Rank: all 3 genes of sim4 (about ")
    at = button.click().run()
    runtime.jobs().wait(runtime.jobs().statuses()[-1].id, 120)
    at = at.run()
    assert not at.exception
    title = f"Which score finds the enhancers of all 3 genes of sim4, {CELL}?"
    assert title in drawings(at)
    assert "pairs of gene and candidate" in drawings(at)[title]["subtitle"]
    assert "took no part in the training" in words(at)
