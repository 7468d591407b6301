"""The tracks page as a person sees it: a browser that moves, a run to watch and stop, places to go to, own files."""

from __future__ import annotations

import re
from contextlib import suppress
from urllib.parse import parse_qs, urlencode, urlsplit
from xml.etree import ElementTree

import pytest
from playwright.sync_api import TimeoutError, expect

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


@pytest.fixture(scope="module")
def playground_app(launch_app) -> str:
    """An app as it comes."""
    return launch_app(OMP_NUM_THREADS="2").url


class TracksPage:
    """The page in one browser page."""

    def __init__(self, page, base: str, **params: str) -> None:
        self.page = page
        page.goto(f"{base}/tracks?{urlencode(params)}" if params else f"{base}/tracks", wait_until="commit")
        self.browser = page.get_by_test_id("genome-browser")
        self.title = page.get_by_test_id("browser-title")
        self.place = page.get_by_test_id("browser-locus")
        self.description = page.get_by_test_id("browser-description")
        self.box = page.get_by_role("combobox", name="Gene, locus or position")
        self.predict_button = page.get_by_role("button", name=re.compile("^Predict"))

    def predict(self, says: str = "mean ") -> TracksPage:
        """Press the button if the run is slow enough to have one; wait until what is seen is predicted."""
        expect(self.description).to_contain_text(re.compile(r"is seen"))
        done = self.description.filter(has_text=says)
        expect(done.or_(self.predict_button).first).to_be_attached()
        with suppress(TimeoutError):  # one that is quick enough begins by itself
            if not done.count():
                self.predict_button.click(timeout=3000)
        expect(done).to_be_attached()
        return self

    def go(self, text: str) -> None:
        self.box.fill(text)
        self.box.press("Enter")

    def drag(self, by: float) -> None:
        """Drag the picture sideways by a share of its width."""
        box = self.page.get_by_test_id("browser-overlay").bounding_box()
        x, y = box["x"] + box["width"] * (0.5 - by / 2), box["y"] + 190
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + by * box["width"], y, steps=8)
        self.page.mouse.up()

    def query(self, name: str) -> str:
        return parse_qs(urlsplit(self.page.url).query).get(name, [""])[0]

    def seen(self) -> tuple[int, int]:
        """First and last position, counted from 1."""
        found = re.search(r":([\d,]+)-([\d,]+)", self.place.text_content())
        return tuple(int(number.replace(",", "")) for number in found.groups())

    def at_rest(self) -> tuple[int, int]:
        """As `seen`, when the picture glides no more."""
        while True:
            before = self.seen()
            self.page.wait_for_timeout(500)
            if self.seen() == before:
                return before


def test_cost_progress_cancel_and_the_picture_that_is_taken_away(page, tracks_app, tmp_path):
    opened = TracksPage(page, tracks_app, dna="slow", locus="ALPHA", shifts="1")  # seven runs
    expect(page.get_by_text(re.compile("It takes about .* on this CPU .*, 7 runs"))).to_be_visible()
    opened.predict_button.click()
    expect(page.get_by_test_id("stProgress")).to_contain_text(re.compile("Predicting"))
    page.get_by_role("button", name="Cancel").click()
    expect(opened.predict_button).to_be_visible()
    expect(opened.box).to_have_value("ALPHA")
    page.get_by_text("Average small shifts").click()

    opened.predict()
    expect(opened.title).to_have_text("Predicted tracks around ALPHA")
    page.get_by_test_id("browser-in").click()
    page.get_by_test_id("browser-in").click()
    expect(page).to_have_url(re.compile("span="))
    shown = opened.place.text_content()
    for kind in ("png", "svg"):
        with page.expect_download() as download:
            page.get_by_test_id(f"browser-{kind}").click()
        assert download.value.suggested_filename.endswith(f".{kind}")
        download.value.save_as(tmp_path / f"figure.{kind}")
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")
    said = "".join(ElementTree.parse(tmp_path / "figure.svg").getroot().itertext())
    for words in ("Predicted tracks around ALPHA", "local weights", shown.split(":")[0]):
        assert words in said
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    assert download.value.suggested_filename.endswith(".csv")

    again = TracksPage(page, tracks_app, dna="slow", locus="ALPHA")  # known now: nothing is asked and nothing runs
    expect(again.description).to_contain_text("mean ")
    expect(again.predict_button).to_have_count(0)


def test_a_fasta_of_ones_own(page, tracks_app, tmp_path):
    opened = TracksPage(page, tracks_app, dna="slow", locus="ALPHA").predict()
    page.get_by_role("button", name="Your own FASTA").click()
    file = page.locator("input[type=file]").first
    (tmp_path / "no.fa").write_text("not a genome")
    file.set_input_files(tmp_path / "no.fa")
    expect(page.get_by_test_id("stSidebar").get_by_test_id("stAlert")).to_contain_text("no.fa")
    expect(opened.box).to_have_value("ALPHA")
    write_genome(tmp_path / "mine.fa", seed=3)
    file.set_input_files(tmp_path / "mine.fa")
    expect(opened.box).to_have_value(re.compile(r"^chr1:100,001"))
    expect(page.get_by_role("combobox", name="Genome")).to_have_value("mine.fa (yours, this session)")
    page.keyboard.press("Escape")
    opened.predict("mean ")
    expect(opened.description).to_contain_text("No genes are loaded for this genome.")


def test_a_first_visit_shows_tracks_and_their_truth_and_moves_on_without_a_jump(page, playground_app):
    opened = TracksPage(page, playground_app)
    expect(opened.description).to_contain_text(re.compile(r"Pearson's r of the two: DNase erythroid \(0\): r = 0\.\d"))
    expect(opened.predict_button).to_have_count(0)
    expect(page.get_by_test_id("browser-provenance")).to_contain_text("playground: simulated genome")
    start, end = opened.seen()
    for _ in range(2):
        opened.drag(-0.7)
    expect(page).to_have_url(re.compile("span="))
    moved = opened.at_rest()
    assert moved[0] > start + 0.6 * (end - start)
    # What comes into sight is predicted by itself, to the last bin, and nothing moves the picture meanwhile.
    expect(opened.description).to_contain_text(f"sim1:{moved[0]:,}-{moved[1]:,} is seen")
    page.wait_for_timeout(3000)
    assert opened.seen() == moved
    expect(opened.description).to_contain_text("DNase liver (1): mean")
    page.get_by_text("Truth", exact=True).click()
    expect(opened.description).not_to_contain_text("Pearson")
    expect(page).to_have_url(re.compile(r"[?&]truth=0"))
    page.reload()
    expect(opened.description).to_contain_text("DNase liver (1): mean")
    assert opened.seen() == moved
    expect(opened.description).not_to_contain_text("Pearson")


def test_a_box_that_suggests_genes_and_keeps_what_was_typed(page, playground_app):
    opened = TracksPage(page, playground_app, locus="SIMA41")
    expect(opened.title).to_have_text("Predicted tracks around SIMA41")
    opened.box.click()
    opened.box.press_sequentially("simd3")
    expect(page.get_by_role("option").first).to_have_text("SIMD3")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(opened.title).to_have_text("Predicted tracks around SIMD3")
    before = opened.seen()
    opened.go("sim5:100")
    expect(page.get_by_role("alert")).to_contain_text("type one that it has: sim1, sim2, sim3, sim4")
    expect(opened.box).to_have_value("sim5:100")
    assert opened.seen() == before
    opened.go("SIMA4O")
    page.get_by_role("button", name="SIMA40", exact=True).click()
    expect(opened.title).to_have_text("Predicted tracks around SIMA40")
    page.get_by_role("button", name="Back", exact=True).click()
    expect(opened.title).to_have_text("Predicted tracks around SIMD3")
    expect(opened.box).to_have_value("SIMD3")
    page.get_by_role("button", name="Back", exact=True).click()
    expect(opened.box).to_have_value("SIMA41")
    page.get_by_role("button", name="Forward", exact=True).click()
    expect(opened.title).to_have_text("Predicted tracks around SIMD3")


def test_of_twenty_quick_places_the_last_is_shown_and_nothing_jumps_back(page, playground_app):
    opened = TracksPage(page, playground_app, locus="SIMA41")
    expect(opened.title).to_have_text("Predicted tracks around SIMA41")
    for number in range(20):
        opened.go(f"sim2:{100_000 + 25_000 * number}")
    expect(opened.title).to_have_text("Predicted tracks around sim2:575,000")
    expect(opened.description).to_contain_text("DNase liver (1): mean")
    where = opened.seen()
    page.wait_for_timeout(3000)
    assert opened.seen() == where
    assert where[0] < 575_000 < where[1]
    expect(opened.box).to_have_value("sim2:575000")


def test_what_is_typed_meanwhile_stays(page, playground_app):
    opened = TracksPage(page, playground_app, locus="SIMA41")
    expect(opened.title).to_have_text("Predicted tracks around SIMA41")
    opened.go("sim2:300000")
    opened.box.fill("sim2:400")
    expect(opened.title).to_have_text("Predicted tracks around sim2:300,000")
    expect(opened.description).to_contain_text("DNase liver (1): mean")
    expect(opened.box).to_have_value("sim2:400")
    opened.box.press_sequentially("000")
    opened.box.press("Enter")
    expect(opened.title).to_have_text("Predicted tracks around sim2:400,000")
    expect(opened.box).to_have_value("sim2:400000")


def test_a_bed_to_step_through(page, playground_app, tmp_path):
    opened = TracksPage(page, playground_app, locus="SIMA41")
    expect(opened.title).to_have_text("Predicted tracks around SIMA41")
    page.get_by_role("button", name="Places").click()
    page.get_by_role("button", name="Keep this place").click()
    bed = tmp_path / "mine.bed"
    bed.write_text("sim1\t300000\t310000\tfirst\nsim9\t1\t2\tbad\nsim3\t100000\t101000\tsecond\n")
    page.locator("input[type=file][accept*=bed]").last.set_input_files(bed)
    expect(page.get_by_text("Line 2 of mine.bed")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("1 of 3: SIMA41")).to_be_visible()
    page.get_by_role("button", name="Next", exact=True).click()
    expect(page.get_by_text("2 of 3: first")).to_be_visible()
    expect(opened.place).to_have_text("sim1:300,001-310,000")
    page.get_by_role("button", name="Next", exact=True).click()
    expect(opened.place).to_have_text("sim3:100,001-101,000")
    expect(page.get_by_role("button", name="Next", exact=True)).to_be_disabled()
    page.get_by_role("button", name="Previous", exact=True).click()
    expect(opened.place).to_have_text("sim1:300,001-310,000")
    expect(opened.box).to_have_value("sim1:300,001-310,000")


def test_two_cell_types_by_hand(page, playground_app):
    opened = TracksPage(page, playground_app, locus="SIMA41", tracks="6")
    expect(opened.description).to_contain_text("CAGE erythroid (6): mean")
    page.get_by_role("button", name="Two cell types").click()
    page.get_by_role("button", name="Show both and their difference").click()
    expect(opened.description).to_contain_text("DNase liver (1): mean")
    expect(page.get_by_text("DNase erythroid (0) minus DNase liver (1), in each bin")).to_be_attached()
    assert opened.query("pair") == "0-1"
    assert opened.query("tracks") == "0-1-6"
