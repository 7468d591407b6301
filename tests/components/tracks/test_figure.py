"""The figure, read from its data."""

from __future__ import annotations

import numpy as np
import pytest

from components.tracks.figure import tracks_figure
from components.tracks.genes import gene_lanes
from components.tracks.words import description, track_summary
from core.genome.interval import Interval
from tests.components.tracks.made import ORIGIN, gene, simulated, view


def traces(figure, name: str) -> list:
    return [trace for trace in figure.data if trace.name == name]


def notes(figure) -> str:
    return " | ".join(annotation.text for annotation in figure.layout.annotations)


def test_a_bin_is_drawn_over_its_own_bases():
    figure = tracks_figure(view())
    (dnase,) = traces(figure, "DNase K562 (3)")
    assert dnase.line.shape == "hvh"  # turns half-way between two points, which is where one bin ends
    turns = (dnase.x[1:-2] + dnase.x[2:-1]) / 2
    np.testing.assert_array_equal(turns, 1280.5 + 128 * np.arange(1, 6))
    assert (dnase.x[0], dnase.x[-1]) == tuple(figure.layout.xaxis.range) == (1280.5, 1280.5 + 768)
    np.testing.assert_array_equal(dnase.y[1:-1], np.arange(6))


def test_cage_is_a_logarithm_that_the_axis_and_the_tooltip_tell():
    figure = tracks_figure(view())
    cage = figure.data[1]
    np.testing.assert_allclose(cage.y[1:-1], np.log10(1 + np.arange(1, 7)))
    assert cage.customdata[1:-1] == tuple(f"{value:.3g}" for value in range(1, 7))  # the tooltip has the value itself
    assert "log10(1 + x), x: coverage summed over the bin (clipped at 384)" in notes(figure)
    linear = tracks_figure(view(logarithm=False))
    np.testing.assert_array_equal(linear.data[1].y[1:-1], np.arange(1, 7))
    assert "log10" not in notes(linear)


def test_units_provenance_title_and_assembly_are_on_the_figure():
    figure = tracks_figure(view(place_name="CD44"))
    said = notes(figure)
    assert "Predicted tracks around CD44, chr1:1,281-2,048" in said
    assert "mean coverage per base (clipped at 32, then × 2)" in said
    assert "Toy &lt;model&gt; · random weights abc · float32 · toy1" in said
    assert "reads 1,280 bp and predicts the middle 768, in 6 bins of 128 bp" in said
    assert figure.layout.xaxis.title.text == "Position on chr1 (toy1), bp"


def test_names_of_others_are_never_markup():
    figure = tracks_figure(view(place_name="<a>"))
    assert "K562 &lt;b&gt;&amp; (7)" in notes(figure)
    assert "<a>" not in notes(figure)
    assert not any("<b>&" in (trace.name or "") for trace in figure.data)


def test_the_window_is_drawn_with_its_margins():
    figure = tracks_figure(view())
    bars = [trace for trace in figure.data if trace.type == "bar"]
    assert [(bar.name, bar.base[0], bar.x[0], bar.marker.pattern.shape) for bar in bars] == [
        ("read, not predicted", 1024.5, 256, "/"),
        ("read and predicted", 1280.5, 768, ""),
        ("read, not predicted", 2048.5, 256, "/"),
    ]
    assert tuple(figure.layout.xaxis2.range) == (1024.5, 2304.5)
    labels = [(note.text, note.x) for note in figure.layout.annotations if note.xref == "x2"]
    assert labels == [("read only", 1152), ("read and predicted", 1664), ("read only", 2176)]


@pytest.mark.parametrize(
    ("start", "shown", "said"),
    [
        (-200, (0.5, 568.5), "456 bp before the start of chr1"),
        (4700, (4700.5, 5000.5), "724 bp behind the end of chr1"),
    ],
)
def test_what_lies_outside_the_chromosome_is_neither_shown_nor_counted(start, shown, said):
    overhanging = view(start)
    figure = tracks_figure(overhanging)
    assert tuple(figure.layout.xaxis.range) == shown
    assert said in overhanging.padding_sentence
    assert "N" in [note.text for note in figure.layout.annotations if note.xref == "x2"]
    assert "-1" not in overhanging.title
    assert sum(bar.x[0] for bar in figure.data if bar.type == "bar") == 1280
    assert [bar.x[0] for bar in figure.data if bar.type == "bar" and bar.name.startswith("N:")] == [
        int(said.split()[0])
    ]
    table = track_summary(overhanging)
    values = overhanging.found.column(3)[overhanging.on_chromosome]
    assert len(values) == (5 if start < 0 else 3)
    assert table["Mean"][0] == pytest.approx(values.mean())


def test_the_spread_is_a_ribbon_around_the_values():
    figure = tracks_figure(view(spread=True))
    (least,), (most,) = traces(figure, "DNase K562 (3), least"), traces(figure, "DNase K562 (3), most")
    np.testing.assert_array_equal(np.subtract(most.y, least.y), np.ones(8))
    assert most.fill == "tonexty"
    assert figure.data[0].customdata[1] == "0 ± 0.5"
    assert not any("least" in (trace.name or "") for trace in tracks_figure(view()).data)


def test_one_scale_for_an_assay_or_each_its_own():
    own, shared = (tracks_figure(view(columns=(3, 9, 7), shared=shared)).layout for shared in (False, True))
    assert own.yaxis.range[1] < own.yaxis2.range[1] == shared.yaxis.range[1] == shared.yaxis2.range[1]
    assert shared.yaxis3.range == own.yaxis3.range  # CAGE, alone in its assay


def test_the_place_is_marked_where_it_is():
    figure = tracks_figure(view())
    (line,) = [shape for shape in figure.layout.shapes if shape.name == "asked"]
    assert line.x0 == 1280 + 384 + 1  # a 0-based base, 1-based
    both = tracks_figure(view(place=Interval("chr1", 1400, 1500)))
    assert [shape.x0 for shape in both.layout.shapes if shape.name == "asked"] == [1400.5, 1500.5]


def test_genes_lie_under_their_bases_with_names_and_directions():
    shown = (gene("ALPHA", 1300, 1500, "+", (1300, 1340), (1400, 1500)), gene("B<", 1900, 2500, "-"))
    figure = tracks_figure(view(genes=shown))
    (exons,), (names,), (strand,) = (traces(figure, name) for name in ("exons", "genes", "strand"))
    assert {1300.5, 1340.5, 1400.5, 1500.5, 1320.5} <= set(exons.x)
    assert max(x for x in exons.x if x) == 2048.5  # cut at the edge of what is seen
    assert names.text == ("ALPHA →", "← B&lt;")
    assert set(strand.marker.symbol) == {"triangle-right", "triangle-left"}


def test_genes_that_meet_lie_on_different_lines_and_some_may_have_no_room():
    seen = Interval("chr1", 0, 10_000)
    many = tuple(gene(f"G{number}", 1000, 5000) for number in range(8))
    lanes, left_out = gene_lanes(many, seen)
    assert [lane.number for lane in lanes] == [0, 1, 2, 3, 4, 5]
    assert left_out == 2
    apart, none_left = gene_lanes((gene("A", 0, 1000), gene("B", 5000, 6000)), seen)
    assert [lane.number for lane in apart] == [0, 0]
    assert none_left == 0
    assert "2 more genes here had no room" in notes(tracks_figure(view(genes=tuple(
        gene(f"G{number}", 1300, 2000) for number in range(8)
    ))))  # fmt: skip


def test_no_genes_and_no_annotation_are_different_things():
    assert "No genes here." in notes(tracks_figure(view(genes=())))
    assert "No genes are loaded for this genome." in notes(tracks_figure(view(genes=None)))


def test_the_words_say_what_the_figure_shows():
    shown = view(genes=(gene("ALPHA", 1300, 1500), gene("BETA", 1600, 1900, "-")), spread=True)
    row = track_summary(shown).iloc[0]
    assert (row["Mean"], row["Peak"], row["Peak at"]) == (2.5, 5, "chr1:1,921-2,048")
    assert row["Nearest gene start"] == "BETA, 85 bp away"  # its start is its last base, 1,899; the bin's middle 1,984
    said = description(shown)
    assert "Genes: ALPHA, BETA." in said
    assert "standard deviation over runs (forward, reverse complement)" in said


def test_the_truth_is_a_line_over_the_prediction_in_its_bins_and_on_its_scale():
    figure = tracks_figure(simulated())
    (filled,), (line,) = traces(figure, "DNase K562 (3)"), traces(figure, "DNase K562 (3), truth")
    assert (filled.fill, line.fill) == ("tozeroy", None)
    assert (line.yaxis, line.line.shape) == (filled.yaxis, filled.line.shape)
    np.testing.assert_array_equal(line.x, filled.x)
    np.testing.assert_array_equal(line.y[1:-1], 2 * np.arange(6))
    assert figure.layout.yaxis.range[1] > 10 > tracks_figure(view()).layout.yaxis.range[1]
    (log,) = traces(figure, "CAGE K562 &lt;b&gt;&amp; (7), truth")
    np.testing.assert_allclose(log.y[1:-1], np.log10(6))
    assert log.customdata[1] == "5"
    assert figure.layout.yaxis2.range[1] > np.log10(8)
    shared = tracks_figure(simulated(shared=True, columns=(3, 9))).layout
    assert shared.yaxis.range == shared.yaxis2.range
    assert shared.yaxis.range[1] > 10


def test_the_legend_has_a_line_of_its_own_and_only_where_there_is_a_truth():
    figure = tracks_figure(simulated(spread=True))
    listed = [trace.name for trace in figure.data if trace.showlegend is not False]
    assert listed == ["prediction", "truth (the grammar)"]
    assert figure.layout.showlegend is True
    assert figure.layout.legend.traceorder == "normal"  # a ribbon would turn it round
    plain = tracks_figure(view())
    assert plain.layout.showlegend is False
    assert figure.layout.margin.t > plain.layout.margin.t
    without = tracks_figure(simulated(truth=None))
    assert without.layout.showlegend is False
    assert not any("truth" in (trace.name or "") for trace in without.data)


def test_agreement_is_of_the_values_on_the_chromosome():
    shown = simulated()
    assert shown.agreement(shown.tracks[0]) == pytest.approx(1)
    said = notes(tracks_figure(shown))
    assert "r = 1.000" in said
    assert "r = none, as one of them is level" in said
    assert "r = " not in notes(tracks_figure(view()))
    truth = np.array([[9, 9], [0, 1], [1, 2], [2, 3], [3, 4], [4, 5]], np.float32)
    overhanging = simulated(-200, truth=truth)  # the first bin lies before the chromosome
    assert overhanging.agreement(overhanging.tracks[0]) == pytest.approx(1)
    table = track_summary(overhanging)
    np.testing.assert_allclose(table["r with the truth"], 1)
    assert "r with the truth" not in track_summary(view())


def test_a_simulated_genome_is_called_so_wherever_a_figure_says_where_it_is_from():
    shown = simulated()
    said = notes(tracks_figure(shown))
    assert "in 6 bins of 128 bp · playground: simulated genome |" in said  # under the title
    assert f"Toy &lt;model&gt; · random weights abc · float32 · {ORIGIN}" in said
    words = description(shown)
    assert "The line over each prediction is the truth" in words
    assert "bins of 128 bp. " in words
    assert "DNase K562 (3): r = 1.000" in words
    assert ORIGIN in words
    assert "truth" not in description(view())
    assert "simulated" not in notes(tracks_figure(view()))


def test_a_truth_of_other_bins_is_refused():
    with pytest.raises(ValueError, match="shape"):
        simulated(truth=np.zeros((5, 2), np.float32))


@pytest.mark.parametrize("dark", [False, True])
def test_colours_can_be_read_on_their_page(dark):
    from components.style import TRACK_DARK, TRACK_LIGHT
    from tests.test_house import contrast

    colours = TRACK_DARK if dark else TRACK_LIGHT
    assert tracks_figure(view(), dark=dark).layout.paper_bgcolor == colours.ground
    assert contrast(colours.text, colours.ground) >= 7
    assert contrast(colours.muted, colours.ground) >= 4.5
    for colour in (*colours.assays.values(), colours.gene, colours.place, colours.other):
        assert contrast(colour, colours.ground) >= 3
