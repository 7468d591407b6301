"""Motifs on the page: boxes, tables, files, and the panel as it is rendered."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from components.browser.letter_rows import MotifRow
from components.contributions.motifs import (
    FAINTEST,
    MOST_MARKS,
    matches_tsv,
    motif_marks,
    motif_row,
    scan_row,
    shown_matches,
    truth_table,
)
from core.attribution.motif_library import jaspar
from core.attribution.motif_matching import COLUMNS
from core.attribution.motif_scan import scan
from core.genome import Interval
from core.teaching.playground.motif_truth import Instance, NamedInstances
from tests.core.attribution.motif_toys import best_site, random_letters


def matches(*, chrom: str | None = "sim4") -> pd.DataFrame:
    """Seqlet 0 adds and has two matches, seqlet 1 takes four times as much away; the window begins at 5,000."""
    ctcf, rest, sp1 = (jaspar().find(name) for name in ("CTCF", "REST", "SP1"))
    rows = [
        (0, 100, 113, "+", 0.5, ctcf, 1, 99),
        (0, 100, 113, "-", 0.5, sp1, 2, 102),
        (1, 300, 318, "-", -2.0, rest, 1, 299),
    ]
    table = pd.DataFrame(
        [
            {
                "seqlet": seqlet, "start": start, "end": end, "chrom": chrom,
                "position": None if chrom is None else 5_000 + start + 1, "strand": strand,
                "letters": "A" * (end - start), "contribution": contribution, "motif": motif.name,
                "matrix_id": motif.matrix_id, "family": motif.family, "p_value": 1e-6, "q_value": 1e-3, "rank": rank,
                "motif_start": at, "motif_end": at + len(motif), "url": motif.url,
            }
            for seqlet, start, end, strand, contribution, motif, rank, at in rows
        ],
        columns=COLUMNS,
    )  # fmt: skip
    table.attrs = {"seqlets": 3, "library": jaspar().title, "most_q": 0.1}
    return table


def test_boxes_lie_on_the_chromosome_with_the_matrix_as_it_reads_forward():
    first, second = motif_marks(matches())
    ctcf, rest = jaspar().find("CTCF"), jaspar().find("REST")
    assert (first.name, first.start, first.end) == ("CTCF", 5_099, 5_099 + len(ctcf))
    np.testing.assert_array_equal(first.matrix, ctcf.bits)
    assert (second.strand, second.start) == ("-", 5_299)
    np.testing.assert_array_equal(second.matrix, rest.bits[::-1, ::-1])
    assert FAINTEST < first.strength < second.strength == 1
    assert "take away 2." in second.about
    assert "add 0.5." in first.about


def test_without_a_chromosome_boxes_lie_in_the_window():
    assert motif_marks(matches(chrom=None))[0].start == 99


def test_the_row_names_the_database_and_keeps_to_a_number_of_boxes():
    row = motif_row(matches(), about="Gradients.")
    assert isinstance(row, MotifRow)
    assert row.about.startswith("Gradients. JASPAR 2026, 1,019 vertebrate CORE matrices.")
    many = pd.concat([matches().iloc[:1]] * (MOST_MARKS + 50), ignore_index=True)
    many["contribution"] = np.arange(len(many)) + 1.0
    marks = motif_marks(many)
    assert len(marks) == MOST_MARKS
    assert motif_marks(matches().head(0)) == ()


def test_sites_of_a_scan_are_boxes():
    motif = jaspar().find("CTCF")
    letters = random_letters(100) + best_site(motif) + random_letters(50)
    row = scan_row(scan(letters, motif), motif, 1_000)
    assert (row.motifs[0].start, row.motifs[0].end) == (1_100, 1_100 + len(motif))
    assert row.motifs[0].strength == 1.0


def test_the_table_begins_with_the_largest_contribution():
    assert shown_matches(matches(), every=False).motif.tolist() == ["REST", "CTCF"]
    assert shown_matches(matches(), every=True)["rank"].tolist() == [1, 1, 2]


def test_the_file_has_all_matches_and_where_they_come_from():
    data = matches_tsv(matches(), "Toy\nmodel").decode()
    assert data.splitlines()[:2] == ["# JASPAR 2026, 1,019 vertebrate CORE matrices", "# Toy model"]
    read = pd.read_csv(io.StringIO(data), sep="\t", comment="#")
    assert read.columns.tolist() == COLUMNS
    assert read.motif.tolist() == ["CTCF", "SP1", "REST"]


def truth() -> NamedInstances:
    """Three instances: named, weak, and strong without a seqlet."""
    instances = tuple(
        Instance("CTCF", "MA0139.2", ("F",), Interval("sim4", at, at + 15, "+"), ((at, 0.9),)) for at in (10, 50, 90)
    )
    found = np.array([True, False, False])
    return NamedInstances(instances, np.array([0.2, 0.01, -0.7]), found, found.copy(), 4, 1)


def test_strong_instances_are_listed_with_what_became_of_them():
    table = truth_table(truth())
    assert table.position.tolist() == [91, 11]
    assert table.found.tolist() == ["no seqlet", "named rightly"]
    assert truth_table(NamedInstances((), np.zeros(0), np.zeros(0, bool), np.zeros(0, bool), 0, 0)).empty


def _page() -> None:
    import streamlit as st

    from components.contributions.motifs import choose_motif, render_matches, render_sites, render_truth
    from core.attribution.motif_scan import MOST_P, scan
    from tests.components.test_contribution_motifs import matches, truth
    from tests.core.attribution.motif_toys import random_letters

    render_matches(matches(), key="t", unit="coverage", provenance="Toy", file_name="toy")
    render_truth(truth(), key="t", rule="A rule.")
    motif = choose_motif(key="t_scan")
    if motif is not None:
        render_sites(scan(random_letters(20_000), motif), motif, key="t", most_p=MOST_P)
    st.caption("end")


@pytest.fixture(scope="module")
def page() -> AppTest:
    return AppTest.from_function(_page, default_timeout=60).run()


def test_the_panel_says_how_many_look_like_a_motif(page):
    assert not page.exception
    said = " ".join(each.value for each in page.markdown)
    assert "2 of 3 seqlets look like a known motif (q up to 0.1)." in said.replace("\\", "")
    assert "1 of 2 strong instances were named rightly" in said.replace("\\", "")
    assert page.caption[-1].value == "end"
    links = page.dataframe[0].proto.columns
    assert "jaspar.elixir.no" in links
    assert "motif" in page.dataframe[0].value.columns


def test_a_motif_can_be_looked_for(page):
    page.selectbox(key="t_scan").set_value("MA0076.3").run()
    assert not page.exception
    said = page.markdown[-1].value.replace("\\", "")
    assert said.startswith("ELK4 (MA0076.3), Ets-related:")
    assert len(page.dataframe[-1].value) >= 1
