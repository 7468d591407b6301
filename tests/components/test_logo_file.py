"""The logo for print: heights, order, words and files against the scores."""

from __future__ import annotations

import io
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from components.contributions import logo_file
from components.contributions.logo_file import MAX_LETTERS, logo_figure
from core.attribution.target import Target
from core.attribution.values import ContributionScores
from core.cards import Provenance
from core.errors import SelectionError, TooLongError
from core.genome.interval import Interval


def scores_of(letters: str, heights, **options) -> ContributionScores:
    values = np.zeros((len(letters), 4), np.float32)
    for i, letter in enumerate(letters):
        if letter in "ACGT":
            values[i, "ACGT".index(letter)] = heights[i]
    given = {
        "values": values, "method": "gradient_x_input", "letters": letters, "start": 7, "target_value": 1.0,
        "target": Target((0,), (3,), "the mean of CAGE:K562"), "interval": Interval("chr11", 999, 999 + len(letters)),
        "provenance": Provenance("Playground", "abc", "teaching", assembly="sim"),
    }  # fmt: skip
    return ContributionScores(**given | options)


@pytest.fixture
def drawn(monkeypatch):
    """What logomaker was asked for, and the axes that it left."""
    import logomaker

    found = {}

    class Spy(logomaker.Logo):
        def __init__(self, table, ax, **options):
            super().__init__(table, ax=ax, **options)
            found.update(table=table, axes=ax, logo=self, options=options)

    monkeypatch.setattr(logomaker, "Logo", Spy)
    return found


def test_letters_stand_where_they_are_as_tall_as_their_numbers(drawn):
    scores = scores_of("ACGTNA", [0.5, -0.25, 1, 0.1, 9, -1])
    logo_figure(scores, 1, 6, unit="coverage")
    glyphs = {(glyph.c, glyph.p): (glyph.floor, glyph.ceiling, glyph.flip) for glyph in drawn["logo"].glyph_list}
    tall = {place: found for place, found in glyphs.items() if found[0] != found[1]}
    assert tall.keys() == {("C", 0), ("G", 1), ("T", 2), ("A", 4)}
    assert tall["C", 0] == (-0.25, 0, True)
    assert tall["G", 1] == (0, 1, False)
    axes = drawn["axes"]
    assert axes.get_ylim()[0] < -1
    assert axes.get_ylim()[1] > 1
    assert axes.get_ylabel().replace("\n", " ") == "contribution (coverage)"
    assert axes.get_title(loc="left") == "the mean of CAGE:K562"
    assert "chr11:1,001-1,005" in axes.get_xlabel()
    assert "Playground · teaching weights abc · float32 · sim" in axes.get_xlabel().replace("\n", " ")


def test_the_reverse_strand_is_read_from_right_to_left(drawn):
    scores = scores_of("A" * 20 + "CG", np.arange(22))
    logo_figure(scores, 0, 22, reverse=True)
    table = drawn["table"]
    assert "".join(table.columns[row.argmax()] for row in table.to_numpy()[:-1]) == "CG" + "T" * 19
    assert table.to_numpy().sum(axis=1).tolist() == list(range(21, -1, -1))
    axes = drawn["axes"]
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert dict(zip(axes.get_xticks(), labels, strict=True)) == {1: "1,020", 21: "1,000"}
    assert "reverse strand" in axes.get_xlabel()


def test_what_was_not_computed_is_hatched_and_no_zero(drawn):
    scores = scores_of("ACGTACGT", np.ones(8), method="saturation_mutagenesis")
    values = scores.values.copy()
    values[3:6] = np.nan
    logo_figure(replace(scores, values=values), 0, 8)
    [hatched] = [patch for patch in drawn["axes"].patches if patch.get_hatch()]
    assert (hatched.get_x(), hatched.get_x() + hatched.get_width()) == (2.5, 5.5)


@pytest.mark.parametrize("kind", ["svg", "pdf", "png"])
def test_equal_scores_give_equal_files_of_their_kind_without_pyplot(kind):
    scores = scores_of("ACGT" * 5, np.linspace(-1, 1, 20), interval=None)
    file = logo_figure(scores, 2, 18, kind=kind, title="A <b>, $x_1$ and 漢\u202e")
    assert logo_figure(scores, 2, 18, kind=kind, title="A <b>, $x_1$ and 漢\u202e") == file
    if kind == "svg":
        assert ET.fromstring(file).tag.endswith("svg")
        assert b"<script" not in file
    elif kind == "pdf":
        assert file.startswith(b"%PDF")
        assert b"CreationDate" not in file
    else:
        assert Image.open(io.BytesIO(file)).size == (1000, 580)
    import matplotlib.pyplot as plt

    assert plt.get_fignums() == []
    assert plt.rcParams["pdf.fonttype"] == 3  # the process' own settings are as they were


def test_nothing_but_zeros_gives_empty_axes():
    file = logo_figure(scores_of("ACGN", np.zeros(4)), 0, 4, kind="png")
    assert Image.open(io.BytesIO(file)).width == 1000


def test_a_place_without_a_genome_is_of_the_window(drawn):
    logo_figure(scores_of("ACGT" * 4, np.ones(16), interval=None), 2, 16)
    assert "letters 10 to 23 of the window" in drawn["axes"].get_xlabel()


@pytest.mark.parametrize(("start", "end"), [(0, 0), (5, 3), (-1, 4), (0, 9), (700, 800)])
def test_a_stretch_of_other_letters_is_refused(start, end):
    with pytest.raises(SelectionError, match="hold 8 letters"):
        logo_figure(scores_of("ACGTACGT", np.ones(8)), start, end)


def test_too_many_letters_and_other_kinds_are_refused_before_anything_is_imported(monkeypatch):
    monkeypatch.setattr(logo_file, "_draw", None)
    monkeypatch.setitem(sys.modules, "logomaker", None)
    long = scores_of("A" * 501, np.ones(501))
    with pytest.raises(TooLongError, match=r"at most 500 letters and this stretch has 501\. Zoom in"):
        logo_figure(long, 0, 501)
    assert MAX_LETTERS == 500
    with pytest.raises(SelectionError, match="svg, pdf or png"):
        logo_figure(long, 0, 9, kind="gif")
