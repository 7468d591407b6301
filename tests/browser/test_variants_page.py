"""The Variants page as a person sees it: the picture first, what was meant, letters, a link that reopens it."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from playwright.sync_api import expect


@pytest.fixture(scope="module")
def variants_app(launch_app) -> str:
    """An app as it comes."""
    return launch_app(OMP_NUM_THREADS="2").url


def test_from_a_wrong_variant_to_the_letters_and_back_by_its_link(page, new_page, variants_app, tmp_path):
    page.goto(f"{variants_app}/variants", wait_until="commit")
    title = page.get_by_test_id("browser-title").first
    expect(title).to_have_text("Effect of sim1:70,974 T>G")  # the first example
    place = page.get_by_test_id("browser-locus").first
    expect(place).to_contain_text("sim1:53,249-86,016")

    box = page.get_by_label("Variant", exact=True)
    box.fill("sim1-71032-T-G")
    box.press("Enter")
    expect(page.get_by_text("the two alleles look swapped")).to_be_visible()
    page.get_by_role("button", name=re.compile("Alleles swapped")).click()
    expect(title).to_have_text("Effect of sim1:71,032 G>T")

    page.get_by_role("button", name="the letters").click()
    expect(place).to_contain_text(re.compile(r"sim1:70,97\d-71,09\d"))
    expect(page).to_have_url(re.compile("var_span="))
    with page.expect_download() as download:
        page.get_by_test_id("browser-svg").first.click()
    download.value.save_as(tmp_path / "figure.svg")
    drawn = "".join(ElementTree.parse(tmp_path / "figure.svg").getroot().itertext())
    for words in ("Effect of sim1:71,032 G>T", "reference (G)", "alternative (T)", "more with T", "grammar 1"):
        assert words in drawn, words

    page.get_by_text("Why", exact=True).click()
    expect(page.get_by_test_id("browser-title").filter(has_text="what each letter adds")).to_be_visible()
    expect(page.get_by_text("Motifs gained and lost")).to_be_visible()
    expect(page).to_have_url(re.compile("var_tool=why"))

    other = new_page()
    other.goto(page.url, wait_until="commit")
    expect(other.get_by_test_id("browser-title").first).to_have_text("Effect of sim1:71,032 G>T")
    expect(other.get_by_test_id("browser-locus").first).to_have_text(place.text_content())
    expect(other.get_by_text("Huang et al. 2023")).to_be_visible()
