"""The panels of the playground page: what they draw is what the grammar says."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from components.drawing import Drawing, Graph, Rect, Text, drawing_payload
from components.links import read_values
from components.playground import rules, state
from components.playground.motif_table import information, motifs_drawing
from components.playground.recipe import python_recipe, scene_table
from components.playground.scene import ROWS, Scene, locus_drawing
from components.playground.words import FILES
from core.settings import ROOT
from core.teaching.playground.grammar import TRACKS, Grammar
from core.teaching.playground.locus import locus_of, origin_sentence
from core.teaching.playground.motifs import motifs
from core.teaching.playground.moves import Moves, change
from core.teaching.playground.stories import stories
from core.teaching.playground.told import tell

ORIGIN = "playground: simulated genome · test"


def place(name: str):
    told = next(told for told in stories() if told.name == name)
    return locus_of(told.gene, told.element)


def scene_of(name: str, moves: Moves) -> Scene:
    locus, changed = place(name), change(place(name), moves)
    return Scene(
        locus=locus, before=tell(locus).tracks, after=tell(locus, None, changed.edits).tracks, changed=changed,
        title="A title", subtitle="A subtitle.", provenance=ORIGIN, file_name="playground-test",
        sites="2 of 4 sites left", is_changed=bool(changed.edits),
    )  # fmt: skip


def graphs(drawing: Drawing) -> list[Graph]:
    return [shape for shape in drawing.shapes if isinstance(shape, Graph)]


def tooltips(drawing: Drawing) -> list[str]:
    return [shape.tooltip for shape in drawing.shapes if isinstance(shape, Rect) and shape.tooltip]


def test_heights_are_the_tracks_on_one_axis_for_both_cell_types():
    scene = scene_of("enhancer", Moves(sites=0))
    found = graphs(locus_drawing(scene))
    assert len(found) == 2 * len(ROWS)
    before, after = found[0].heights, found[1].heights
    column = TRACKS.index("CAGE:erythroid")
    for heights, values in ((before, scene.before), (after, scene.after)):
        assert np.corrcoef(heights, values[:, column])[0, 1] > 0.999999
    ratio = before[96] / scene.before[96, column]
    assert after[96] / scene.after[96, column] == pytest.approx(ratio)
    assert found[3].heights[96] / scene.after[96, TRACKS.index("CAGE:liver")] == pytest.approx(ratio)
    assert found[0].line == "muted"
    assert found[1].fill == "second"


def test_without_a_change_there_is_no_before():
    drawing = locus_drawing(scene_of("enhancer", Moves()))
    assert len(graphs(drawing)) == len(ROWS)
    assert drawing.legend == locus_drawing(scene_of("enhancer", Moves(sites=0))).legend  # so that it keeps its height
    assert not any("→" in words.partition("\n")[2] for words in tooltips(drawing))


def test_axes_reach_as_far_as_those_of_the_picture_beside():
    scene = scene_of("enhancer", Moves())
    alone = graphs(locus_drawing(scene))[0].heights[96]
    beside = Scene(**{**vars(scene), "beside": (4 * scene.after,)})
    assert graphs(locus_drawing(beside))[0].heights[96] < 0.5 * alone


def test_boxes_say_where_things_went():
    drawing = locus_drawing(scene_of("cells", Moves(distance_bp=6_500, boundary=True)))
    words = tooltips(drawing)
    assert any("was here, its letters are shuffled now" in told for told in words)
    assert any("6,500 bp from the start of" in told and "2 of 4 sites left" in told for told in words)
    written = locus_drawing(scene_of("enhancer", Moves(boundary=True)))
    assert any(told.startswith("boundary\nwritten here") for told in tooltips(written))
    texts = [shape.text for shape in written.shapes if isinstance(shape, Text)]
    assert any(text.endswith("boundary between") for text in texts)


def test_every_bin_can_be_pointed_at():
    scene = scene_of("enhancer", Moves(sites=1))
    told = [words for words in tooltips(locus_drawing(scene)) if "CAGE, erythroid" in words]
    assert len(told) == 192
    old, new = (float(values[96, TRACKS.index("CAGE:erythroid")]) for values in (scene.before, scene.after))
    assert f"CAGE, erythroid: {old:.2f} → {new:.2f}" in told[96]


@pytest.mark.parametrize("name", [story.name for story in stories()])
def test_pictures_are_labelled_and_small(name):
    drawing = locus_drawing(scene_of(name, Moves(distance_bp=3_000)))
    assert "simulated genome" in drawing.provenance
    assert len(str(drawing_payload(drawing))) < 200_000


def heights(drawing: Drawing) -> np.ndarray:
    return np.array(graphs(drawing)[-1].heights) / rules.HIGH


def test_rule_1_is_one_half_at_the_threshold():
    drawing = rules.site_drawing(place("enhancer"), ORIGIN)
    curve = heights(drawing)
    assert curve[60] == pytest.approx(0.5)
    assert curve[70] == pytest.approx(1 / (1 + 2**-1.0))  # one bit above
    assert len(tooltips(drawing)) >= 3


def test_rule_2_is_hills_curve():
    for name, half in (("enhancer", 1.6), ("silencer", 0.8 * 1.6)):
        curve = heights(rules.sites_drawing(place(name), 2, Grammar(), ORIGIN))
        for sites in (1, 2, 3):
            assert curve[8 * sites] == pytest.approx(sites**4 / (sites**4 + half**4), rel=1e-4)


def test_rules_3_and_4_follow_the_sliders():
    for reach in (2_000.0, 4_000.0):
        contact = rules.contact_along(Grammar(reach_bp=reach))
        assert contact[int(reach) // 16] == pytest.approx(np.exp(-1), rel=1e-4)
    free = rules.contact_along(Grammar())
    weak, strong = (rules.contact_along(Grammar(insulation=i), 3_000) for i in (1.0, 6.0))
    assert np.allclose(weak[:150], free[:150], rtol=0.02)
    assert strong[300] < weak[300] < free[300]
    assert len(graphs(rules.distance_drawing(2_000, Grammar(), ORIGIN))) == 1
    assert len(graphs(rules.distance_drawing(2_000, Grammar(reach_bp=1_000), ORIGIN))) == 2
    assert len(graphs(rules.boundary_drawing(2_000, Grammar(), ORIGIN))) == 2


def test_rule_5_writes_the_terms_out():
    locus, grammar = place("silencer"), Grammar(strength=2)
    told = tell(locus, grammar)
    terms = told.terms["liver"]
    written = rules.formula(terms, grammar)
    left, _, right = written.replace("×", "*").replace("÷", "/").partition(" = ")
    numbers = [float(part) for part in left.replace("(", " ").replace(")", " ").split() if part[0].isdigit()]
    assert numbers[0] * (numbers[1] + numbers[2] * numbers[3]) / numbers[4] == pytest.approx(float(right), abs=0.02)
    drawing = rules.expression_drawing("G", tell(locus).terms, told.terms, (Grammar(), grammar), ORIGIN)
    bars = [shape for shape in drawing.shapes if isinstance(shape, Rect)]
    assert bars[3].right.share == max(bar.right.share for bar in bars[2:])


def test_motifs_have_up_to_two_bits_and_the_letter_that_is_most_likely():
    drawing = motifs_drawing(ORIGIN)
    for motif in motifs():
        bits = information(motif)
        assert len(bits) == len(motif)
        assert bits.min() >= -1e-9
        assert bits.max() <= 2
        assert any(f"{motif.name} · {motif.matrix_id}" == s.text for s in drawing.shapes if isinstance(s, Text))
    assert "JASPAR 2026" in drawing.provenance


def test_the_table_holds_what_the_picture_shows():
    scene = scene_of("enhancer", Moves(sites=1))
    table = scene_table(scene, (scene.before, scene.after))
    assert len(table) == 192
    assert table["origin"].unique().tolist() == [ORIGIN]
    assert np.array_equal(table["CAGE:liver after"], scene.after[:, TRACKS.index("CAGE:liver")])
    assert np.array_equal(table["CHIP:CTCF model before"], scene.before[:, TRACKS.index("CHIP:CTCF")])
    assert (table["end"] - table["start"] == 128).all()
    assert not any("model" in name for name in scene_table(scene).columns)


def test_the_python_of_a_picture_runs(tmp_path):
    locus, moves = place("boundary"), Moves(boundary=False)
    script = tmp_path / "playground.py"
    script.write_text(python_recipe(locus, moves, Grammar(reach_bp=6_000.0), guess=False))
    done = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{locus.gene.symbol} in liver: ")
    page = (tmp_path / "playground.html").read_text()
    assert "simulated genome" in page
    assert compile(python_recipe(locus, moves, Grammar(), guess=True), "recipe", "exec")


def test_files_are_there():
    assert all(path().is_file() for *_, path in FILES)


def test_links_take_what_they_write_and_refuse_the_rest():
    fields = state.link_fields()
    story = stories()[1]
    given = {
        "gene": story.gene, "element": story.element, "sites": "2", "distance": "3600", "boundary": "out",
        "strength": "1.5", "reach": "2500", "insulation": "0", "silencing": "10", "guess": "0",
    }  # fmt: skip
    values, problems = read_values(given, fields)
    assert not problems
    assert {field.key: field.write(values[field.key]) for field in fields} == given
    for key, text in (("distance", "99"), ("reach", "1e4"), ("gene", "<b>"), ("boundary", "x"), ("strength", "9")):
        assert len(read_values({key: text}, fields)[1]) == 1


def test_as_shipped_is_not_written_in_a_link():
    locus = place("cells")
    fields = {field.key: field.default for field in state.link_fields(locus)}
    assert fields["element"] == locus.element.name
    assert fields["sites"] >= 3
    assert abs(fields["distance"] - locus.distance_bp) <= 25
    assert origin_sentence().startswith("playground: simulated genome")
