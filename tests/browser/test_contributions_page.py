"""The contributions page as a person sees it: a logo at once, zoom, the other strand, mutagenesis that is stopped."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

STRONGEST = "sim3:99,461-99,670"  # 200 bp and a few around, by the shipped model


@pytest.fixture(scope="module")
def playground_app(launch_app) -> str:
    """An app as it comes."""
    return launch_app(OMP_NUM_THREADS="2").url


def test_from_a_gene_to_letters_the_other_strand_and_mutagenesis(page, playground_app, tmp_path):
    page.goto(f"{playground_app}/contributions?locus=SIMC8", wait_until="commit")
    description = page.get_by_test_id("browser-description")
    place = page.get_by_test_id("browser-locus")
    expect(page.get_by_text("Mean of CAGE:erythroid (6) over 3 bins at the SIMC8 TSS")).to_be_visible()
    expect(description).to_contain_text(re.compile(r"Gradient × input of CAGE erythroid \(6\): mean .* tallest"))
    before = place.text_content()
    page.get_by_role("button", name="Strongest 200 bp").click()
    expect(place).not_to_have_text(before)
    expect(place).to_contain_text(STRONGEST)
    expect(page).to_have_url(re.compile("ctb_span="))
    page.get_by_test_id("stMain").get_by_role("radio", name="Reverse").click()
    expect(page.get_by_text("reverse strand, right to left").first).to_be_visible()
    expect(place).to_contain_text(f"{STRONGEST} (reverse strand)")
    page.get_by_role("button", name=re.compile("^Mutate what is seen")).click()
    expect(page.get_by_test_id("stProgress")).to_be_visible()
    expect(description).to_contain_text("Saturation mutagenesis of CAGE erythroid (6): mean")  # while it runs
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name=re.compile("^(Go on|Compute)"))).to_be_visible()
    expect(description).to_contain_text("Saturation mutagenesis of CAGE erythroid (6): mean")  # what is done stays
    page.get_by_role("button", name="Publication logo").click()
    page.get_by_role("button", name="Draw 210 letters").click()
    with page.expect_download() as logo:
        page.get_by_role("button", name="Save SVG").click()
    logo.value.save_as(tmp_path / "logo.svg")
    assert (tmp_path / "logo.svg").read_bytes().startswith(b"<?xml")
    expect(page.get_by_role("button", name="Draw 210 letters")).to_have_count(0)
    page.keyboard.press("Escape")
    with page.expect_download() as download:
        page.get_by_test_id("browser-svg").click()
    download.value.save_as(tmp_path / "figure.svg")
    assert "over 3 bins at the SIMC8 TSS" in (tmp_path / "figure.svg").read_text(encoding="utf-8")
