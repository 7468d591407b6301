"""A list of variants as a person sees it: the table fills by itself, files come when it is done, a row opens."""

from __future__ import annotations

import gzip

from core.teaching.playground.effect_truth import true_variants


def test_a_list_from_the_paste_to_the_open_variant(page, app_server):
    table = true_variants().iloc[200:206]
    text = "\n".join(f"{row.chrom}:{row.pos}:{row.ref}:{row.alt}" for row in table.itertuples())
    page.goto(f"{app_server}/variants?var_view=many")
    page.get_by_text("Paste", exact=True).click()
    page.get_by_label("One variant a line").fill(text)
    page.keyboard.press("Control+Enter")
    page.get_by_role("button", name="Score 6 variants").click()
    # Nothing is clicked from here on: the page has to notice by itself.
    page.get_by_text("6 of 6 variants are finished").wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="VCF").click()
    lines = gzip.decompress(download.value.path().read_bytes()).decode().splitlines()
    assert sum("ATT_TRACK=" in line for line in lines if not line.startswith("#")) == len(table)
    box = page.get_by_test_id("stDataFrame").bounding_box()
    page.mouse.click(box["x"] + 20, box["y"] + 55)
    field = page.get_by_role("textbox", name="Variant", exact=True)
    field.wait_for()
    assert field.input_value() in text.splitlines()
