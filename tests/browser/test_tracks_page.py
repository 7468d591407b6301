"""The tracks page as a person sees it: a figure to point at and take away, a run to watch and stop, a file to bring."""

from __future__ import annotations

import re
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from playwright.sync_api import expect

from core.enformer.hparams import Hyperparameters
from core.enformer.random_weights import random_module
from core.enformer.weights import save_weights
from tests.tracks_files import write_genes, write_genome


@pytest.fixture(scope="module")
def tracks_app(launch_app, tmp_path_factory) -> str:
    """An app with a small genome, and a model of nobody that takes a few seconds; the playground is there too."""
    folder = tmp_path_factory.mktemp("tracks")
    genome, genes = write_genome(folder / "mini.fa"), write_genes(folder / "mini.gtf")
    sizes = Hyperparameters(
        dim=384, depth=1, heads=2, output_heads=(("human", 3),), target_length=1024, attn_dim_key=24,
        dim_divisible_by=8, input_bp=163_840,
    )  # fmt: skip
    save_weights(random_module(sizes), folder / "slow", input_bp=sizes.input_bp, title="")
    return launch_app(
        ATTENDOME_GENOME="mini",
        ATTENDOME_GENOMES=f"mini={genome}",
        ATTENDOME_ANNOTATIONS=f"mini={genes}",
        ATTENDOME_DNA_MODELS=f"slow={folder / 'slow'}",
        OMP_NUM_THREADS="1",
    ).url


class TracksPage:
    """The page in one browser page."""

    def __init__(self, page, base: str, **params: str) -> None:
        self.page = page
        page.goto(f"{base}/tracks?{urlencode(params)}" if params else f"{base}/tracks", wait_until="commit")
        self.chart = page.locator(".js-plotly-plot")
        self.locus = page.get_by_role("textbox", name="Gene, locus or position")

    def predict(self, says: str = "Predicted tracks") -> TracksPage:
        """Press the button if the run is slow enough to have one; wait for the figure that says this."""
        button = self.page.get_by_role("button", name=re.compile("^Predict"))
        chart = self.chart.filter(has_text=says)
        expect(chart.or_(button).first).to_be_visible()
        if button.count():
            button.click()
        expect(chart).to_be_visible()
        return self


def test_progress_cancel_and_the_figure_that_stays_and_is_taken_away(page, tracks_app, tmp_path):
    opened = TracksPage(page, tracks_app, dna="slow", locus="ALPHA", shifts="1")  # seven runs
    button = page.get_by_role("button", name=re.compile("^Predict"))
    expect(page.get_by_text(re.compile("It takes about .* on this CPU .*, 7 runs"))).to_be_visible()
    button.click()
    expect(page.get_by_test_id("stProgress")).to_contain_text(re.compile("Predicting"))
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Stopped")).to_be_visible()
    expect(opened.locus).to_have_value("ALPHA")
    page.get_by_text("Average small shifts").click()

    opened.predict()
    box = opened.chart.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(opened.chart.locator(".hoverlayer")).to_contain_text(re.compile(r"chr1:[\d,]+.*track 0 \(0\) : \d", re.S))
    page.mouse.move(box["x"] + box["width"] / 3, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    ticks = opened.chart.locator(".xtick text")
    for kind in ("png", "svg"):
        with page.expect_download() as download:
            page.get_by_role("button", name=kind.upper(), exact=True).click()
        assert download.value.suggested_filename.endswith(f"-chr1-1-125536.{kind}")
        download.value.save_as(tmp_path / f"figure.{kind}")
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")
    said = "".join(ElementTree.parse(tmp_path / "figure.svg").getroot().itertext())
    assert "Predicted tracks around ALPHA" in said
    assert "local weights" in said
    assert ticks.first.text_content() in said  # zoomed in, as it is seen
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    assert download.value.suggested_filename.endswith(".csv")

    again = TracksPage(page, tracks_app, dna="slow", locus="ALPHA")  # known now: nothing is asked and nothing runs
    expect(again.chart).to_be_visible()
    expect(button).to_have_count(0)


def test_a_fasta_of_ones_own(page, tracks_app, tmp_path):
    opened = TracksPage(page, tracks_app, dna="slow", locus="ALPHA").predict()
    page.get_by_role("button", name="Your own FASTA").click()
    file = page.locator("input[type=file]")
    (tmp_path / "no.fa").write_text("not a genome")
    file.set_input_files(tmp_path / "no.fa")
    expect(page.get_by_test_id("stSidebar").get_by_test_id("stAlert")).to_contain_text("no.fa")
    expect(opened.locus).to_have_value("ALPHA")
    write_genome(tmp_path / "mine.fa", seed=3)
    file.set_input_files(tmp_path / "mine.fa")
    expect(opened.locus).to_have_value(re.compile(r"^chr1:100,001"))
    expect(page.get_by_role("combobox", name="Genome")).to_have_value("mine.fa (yours, this session)")
    page.keyboard.press("Escape")
    opened.predict("No genes are loaded for this genome.")


@pytest.mark.parametrize(("scheme", "ground"), [("light", "rgb(251, 251, 250)"), ("dark", "rgb(12, 18, 24)")])
def test_the_figure_has_the_pages_ground(new_page, tracks_app, scheme, ground):
    opened = TracksPage(new_page(color_scheme=scheme), tracks_app, dna="slow", locus="ALPHA").predict()
    drawn = opened.chart.locator(".main-svg").first
    expect(drawn).to_have_css("background-color", ground)
    expect(opened.page.get_by_test_id("stApp")).to_have_css("background-color", ground)


def test_a_first_visit_shows_tracks_and_their_truth_without_a_click(page, launch_app, tmp_path):
    base = launch_app(OMP_NUM_THREADS="2", ATTENDOME_CACHE=str(tmp_path / "cache")).url
    opened = TracksPage(page, base)
    expect(opened.chart).to_contain_text("playground: simulated genome")
    expect(page.get_by_role("button", name=re.compile("^Predict"))).to_have_count(0)
    legend = opened.chart.locator(".legendtext")
    expect(legend).to_have_text(["prediction", "truth (the grammar)"])
    expect(opened.chart).to_contain_text(re.compile(r"r = 0\.\d\d"))
    box = opened.chart.locator(".legend").bounding_box()
    window = opened.chart.get_by_text("read and predicted", exact=True).bounding_box()
    assert box["y"] + box["height"] <= window["y"] + 2  # the legend covers nothing
    with page.expect_download() as download:
        page.get_by_role("button", name="SVG", exact=True).click()
    download.value.save_as(tmp_path / "figure.svg")
    said = "".join(ElementTree.parse(tmp_path / "figure.svg").getroot().itertext())
    for words in ("playground: simulated genome · grammar", "truth (the grammar)", "r = 0."):
        assert words in said
    page.get_by_text("Truth", exact=True).click()
    expect(legend).to_have_count(0)
    expect(page).to_have_url(re.compile(r"[?&]truth=0"))
    page.reload()
    expect(opened.chart).to_contain_text("playground: simulated genome")
    expect(legend).to_have_count(0)
