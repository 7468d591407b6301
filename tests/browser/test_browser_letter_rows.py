"""Rows that go letter by letter: pixels, SVG and words against the numbers that were sent."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from components.browser.letter_rows import LogoRow, MotifMark, MotifRow, MutationRow
from components.browser.scene import AttentionRow, GeneMark, GeneRow, LetterRow, Piece, RegionMark, RegionRow, SignalRow
from components.browser_style import BROWSER_DARK, BROWSER_LIGHT
from tests.browser.rows_page import CONTIG_BP, GUTTER, RIGHT, TOP
from tests.browser.test_browser_rows import (
    SIZES,
    START,
    SVG,
    SVG_NEAR,
    Picture,
    both,
    corners,
    filled,
    near,
    over,
    rgb,
    rows,
    shapes,
    texts,
    themed,
)

__all__ = ["both", "rows", "themed"]  # fixtures
WIDE = 1070 - GUTTER - RIGHT
COMPLEMENT = str.maketrans("ACGTacgt", "TGCAtgca")
LETTERS = "".join(np.random.default_rng(2).choice(list("ACGT"), 5000))


def logo(values, letters: str = "", **options) -> LogoRow:
    values = np.asarray(values, np.float32)
    given = {
        "id": "l",
        "title": "L",
        "start_bp": START,
        "letters": letters or LETTERS[: len(values)],
        "unit": "reads (mean)",
    }
    return LogoRow(values=values, **given | options)


def mutations(values, **options) -> MutationRow:
    values = np.asarray(values, np.float32)
    given = {"id": "m", "title": "M", "start_bp": START, "letters": LETTERS[: len(values)], "unit": "reads (mean)"}
    return MutationRow(values=values, **given | options)


def motif(name: str, start: int, bits, strand: str = "+", **options) -> MotifMark:
    bits = np.asarray(bits, np.float32)
    return MotifMark(name, START + start, START + start + len(bits), strand, bits, **options)


def points(node: ET.Element) -> np.ndarray:
    """(points, 2): every end of a line or a curve of a path."""
    steps = re.findall(r"[MLC]([^MLCZ]+)", node.get("d"))
    return np.array([[float(v) for v in step.split()[-2:]] for step in steps])


def glyphs(svg: str, base: str, colours=BROWSER_LIGHT) -> list[tuple[float, float, float, float]]:
    """(left, right, top, bottom) of each letter of a base, from left to right."""
    found = []
    for node in filled(svg, colours.letters[base]):
        for part in re.findall(r"M[^M]+", node.get("d")):
            at = points(ET.Element("path", d=part))
            found.append((*at[:, 0][[at[:, 0].argmin(), at[:, 0].argmax()]], at[:, 1].min(), at[:, 1].max()))
    return sorted(found)


# Contributions ------------------------------------------------------------------------------------------------


def test_a_letter_is_exactly_as_tall_as_its_number_and_upside_down_below_the_line(rows):
    values = [1.0, 0.5, -0.4, 0.25, -1.0, 0.125]
    rows.put(logo(values, "TTTTTT"))
    place = rows.place(START, START + 50, choice={"height": "large"})
    svg = rows.call("written", "l", place)
    middle, factor = TOP + SIZES.logo_large / 2, SIZES.logo_large / 2
    found = glyphs(svg, "T")
    assert len(found) == 6
    for i, (value, (left, right, top, bottom)) in enumerate(zip(values, found, strict=True)):
        assert (left, right) == pytest.approx((GUTTER + i * 20 + 0.8, GUTTER + (i + 1) * 20 - 0.8), abs=0.02)
        assert sorted((top, bottom)) == pytest.approx(sorted((middle, middle - value * factor)), abs=0.011)
    picture = Picture(rows, "l", place)
    red = rgb(BROWSER_LIGHT.letters["T"])
    # The bar of a T is at its head, which is below where the number is negative.
    for i, value in ((0, 1.0), (4, -1.0)):
        head, foot = (int(SIZES.logo_large / 2 - share * value * factor) for share in (0.92, 0.1))
        assert near(picture.colour(START + i + 0.2, head), red)
        assert not near(picture.colour(START + i + 0.2, foot), red, 40)
        assert near(picture.colour(START + i + 0.5, foot), red, 40)


@pytest.mark.parametrize("base", "ACGTN")
def test_every_letter_fills_its_box_to_the_edges(rows, base):
    found = rows.page.evaluate(
        """base => {
          const pen = svgPen(100, 100);
          pen.beginPath();
          addGlyph(pen, base, 10, 50, 90, 20);
          pen.fill();
          return pen.written();
        }""",
        base,
    )
    [node] = shapes(found)
    at = points(node)
    assert (at[:, 1].min(), at[:, 1].max()) == pytest.approx((20, 90), abs=0.01)
    assert (at[:, 0].min(), at[:, 0].max()) == pytest.approx((10, 50), abs=1.2)


@pytest.mark.parametrize(("scheme", "colours"), [("light", BROWSER_LIGHT), ("dark", BROWSER_DARK)])
def test_less_room_gives_bars_and_then_an_area_on_the_same_axis(themed, scheme, colours):
    rows = themed(scheme)
    values = np.zeros(4000)
    values[100], values[101], values[3000] = 1.0, -0.8, 0.5
    letters = "A" * 101 + "C" * 3899
    rows.put(logo(values, letters))
    height, top = SIZES.logo_medium, {"low": -0.8, "high": 1.0}
    assert rows.call("topOf", "l", {}) == top
    bars = rows.place(START, START + 500)
    picture = Picture(rows, "l", bars)
    zero = height / 1.8
    for i, letter, sign in ((100, "A", 1), (101, "C", -1)):
        fill = over(colours.letters[letter], rows.ground, 0.9)
        assert near(picture.colour(START + i + 0.5, zero - sign * zero * 0.6), fill, 40)
    assert "upside down: lowers" not in [one["text"] for one in rows.call("legendOf", "l", bars)]
    far = rows.place(START, START + 4000)
    picture = Picture(rows, "l", far)
    up, down = (over(colour, rows.ground, 0.8) for colour in (colours.up, colours.down))
    column = np.concatenate([picture.column(START + at) for at in (96.5, 100.5, 104.5)], axis=1 - 1)
    assert near(column, up, 30).sum() >= zero - 3
    assert near(column, down, 30).sum() >= height - zero - 3
    column = picture.column(START + 3000.5)
    assert near(column, up, 30).sum() == pytest.approx(zero / 2, abs=3)
    legend = [one["text"] for one in rows.call("legendOf", "l", far)]
    assert legend == ["reads (mean)", "highest of 4 letters", "lowest of 4 letters"]
    letters_legend = [one["text"] for one in rows.call("legendOf", "l", rows.place(START, START + 100))]
    assert letters_legend == ["reads (mean)", "A", "C", "G", "T", "upside down: lowers"]


def test_no_zoom_changes_the_height_of_a_letter(rows):
    values = np.zeros(5000)
    values[2500] = 0.7
    rows.put(logo(values, "G" * 5000))
    tops = []
    for wide in (60, 100, 400, 700, 1500, 5000):
        svg = rows.call("written", "l", rows.place(START + 2500 - wide / 2, START + 2500 + wide / 2))
        nodes = filled(svg, BROWSER_LIGHT.letters["G"]) + filled(svg, BROWSER_LIGHT.up)
        tops.append(min(points(node)[:, 1].min() for node in nodes if node.get("d")))
    assert tops == pytest.approx([TOP + SIZES.logo_medium / 8] * 6, abs=1)  # 0.7 of 0.8


@pytest.mark.parametrize("shift", [0, 1, 77])
def test_every_tier_is_the_highest_and_the_lowest_of_its_letters(rows, shift):
    random = np.random.default_rng(shift)
    values = random.normal(size=1500).astype(np.float32)
    values[random.random(1500) < 0.6] = np.nan
    values[300:800] = np.nan
    effects = random.normal(size=(700, 4)).astype(np.float32)
    rows.put(logo(values, start_bp=START + shift), mutations(effects, start_bp=START + shift))
    for name, numbers in (("l", values[:, None]), ("m", effects)):
        for pool in (1, 2, 3, 6, 8, 24, 256, 1024):
            found = rows.page.evaluate(
                """([name, pool]) => {
                  const { start, bins, each } = pooledLetters(rowOf(name), pool);
                  const texts = (numbers) => Array.from(numbers, String);
                  return [start, bins, each.map(({ high, low }) => [texts(high), texts(low)])];
                }""",
                [name, pool],
            )
            first = (START + shift) // pool * pool
            groups = (np.arange(len(numbers)) + START + shift) // pool - first // pool
            assert found[:2] == [first, groups[-1] + 1]
            for lane, (high, low) in enumerate(found[2]):
                for best, given in ((np.nanmax, high), (np.nanmin, low)):
                    part = [numbers[groups == n, lane] for n in range(groups[-1] + 1)]
                    wanted = [np.nan if np.isnan(one).all() else best(one) for one in part]
                    assert np.array(given, float) == pytest.approx(wanted, rel=1 / 1024, nan_ok=True), (name, pool)


def test_groups_of_letters_stay_with_the_genome_so_that_a_drag_changes_no_height(rows):
    rows.put(logo(np.random.default_rng(3).normal(size=5000)))
    before, after = (Picture(rows, "l", rows.place(START + by * 3, START + by * 3 + 3000)).pixels for by in (5, 16))
    assert (before[:, GUTTER + 11 : -RIGHT] == after[:, GUTTER : -RIGHT - 11]).all()


def test_the_cursor_says_base_and_score_or_the_extremes_of_its_group(rows):
    values = np.random.default_rng(4).normal(size=3000)
    values[50] = np.nan
    values[100] = 0.001234
    rows.put(logo(values))
    close, far = rows.place(START, START + 100), rows.place(START, START + 3000)
    [said] = rows.call("readIn", "l", close, START + 7.9)
    assert (said["label"], said["unit"], said["bin"]) == (LETTERS[7], "reads", [START + 7, START + 8])
    assert float(said["value"].replace("−", "-")) == pytest.approx(values[7], rel=0.006)
    assert rows.call("readIn", "l", close, START + 100)[0]["value"] == "+0.00123"
    assert rows.call("readIn", "l", close, START + 50.5)[0]["value"] == "not computed"
    assert rows.call("readIn", "l", close, START - 0.1) is None
    assert rows.call("readIn", "l", close, START + 3000) is None
    first = START // 3 * 3
    group = np.arange(first + 300 - START, first + 303 - START)
    high, low = rows.call("readIn", "l", far, first + 301.5)
    best, worst = (int(group[pick(values[group])]) for pick in (np.argmax, np.argmin))
    assert (high["label"], low["label"]) == (f"highest of 3: {LETTERS[best]}", f"lowest: {LETTERS[worst]}")
    assert float(high["value"].replace("−", "-")) == pytest.approx(values[best], rel=0.006)
    assert float(low["value"].replace("−", "-")) == pytest.approx(values[worst], rel=0.006)
    assert high["bin"] == [first + 300, first + 303]
    assert rows.call("hitAt", "l", close, 300, TOP + 5) == {"tooltip": "", "pick": {"kind": "bin", "name": ""}}


def test_an_axis_can_be_of_what_is_in_view(rows):
    values = np.zeros(3000)
    values[10], values[11], values[2000] = 0.3, -0.02, 3.0
    rows.put(logo(values))
    tops = rows.page.evaluate(
        """places => places.map(([start, end, scaling]) =>
          LOGO_ROW.top({ ...rowOf("l"), scaling }, viewBetween(start, end, 1070, 2e6)))""",
        [[START, START + 100, "seen"], [START, START + 100, "own"], [START, START + 3000, "seen"], [0, 50, "seen"]],
    )
    assert tops[0] == {"low": pytest.approx(-0.3 / 12), "high": 0.3}
    assert tops[1] == tops[2] == {"low": pytest.approx(-0.25), "high": 3}
    assert tops[3] == {"low": 0, "high": 1}


def test_what_was_not_computed_is_hatched_and_named_and_never_zero(rows):
    values = np.ones(200)
    values[80:160] = np.nan
    rows.put(logo(values), mutations(np.where(np.isnan(values)[:, None], np.nan, np.ones((200, 4)))))
    place = rows.place(START - 50, START + 250)
    assert texts(rows.call("written", "l", place)).count("not computed") >= 1
    assert texts(rows.call("written", "m", place)).count("not computed yet") >= 1
    picture = Picture(rows, "m", place)
    hatched = picture.pixels[TOP : TOP + 50, int(picture.x(START + 100)) : int(picture.x(START + 140))].reshape(-1, 3)
    assert near(hatched, rgb(BROWSER_LIGHT.hatch_fill), 3).mean() > 0.3
    assert not near(picture.column(START + 40), rgb(BROWSER_LIGHT.hatch_fill), 3).any()


# Effects of every letter --------------------------------------------------------------------------------------


def test_cells_have_the_colour_of_their_number_and_the_letter_that_is_there_a_dot(rows):
    values = np.zeros((40, 4))
    values[3] = [0, 1, -1, 0.5]
    rows.put(mutations(values, letters="A" * 40))
    place = rows.place(START, START + 40, choice={"height": "large"})
    picture = Picture(rows, "m", place)
    lane = SIZES.mutation_large / 4
    expected = [BROWSER_LIGHT.diverging[i] for i in (5, 10, 0)]
    for row, colour in zip((0, 1, 2), expected, strict=True):
        assert near(picture.colour(START + 3.15, (row + 0.5) * lane), rgb(colour), 3), row
    between = [
        (a + b) / 2 for a, b in zip(rgb(BROWSER_LIGHT.diverging[7]), rgb(BROWSER_LIGHT.diverging[8]), strict=True)
    ]
    assert near(picture.colour(START + 3.15, 3.5 * lane), np.array(between), 8)
    for i in (0, 3, 39):
        assert near(picture.colour(START + i + 0.5, lane / 2), rgb(rows.ink), 3)
        assert not near(picture.colour(START + i + 0.5, 1.5 * lane), rgb(rows.ink), 60)
    said = rows.call("readIn", "m", place, START + 3.5)
    assert [(one["label"], one["value"], one["unit"]) for one in said] == [
        ("A", "is there", ""), ("C", "+1", ""), ("G", "−1", ""), ("T", "+0.5", "reads"),
    ]  # fmt: skip
    assert "−1 to +1" in [one["text"] for one in rows.call("legendOf", "m", place)]
    names = [node for node in shapes(rows.call("written", "m", place), "text") if node.text in set("ACGT")]
    assert [node.text for node in names] == list("ACGT")
    ys = [float(node.get("y")) - 0.35 * SIZES.tick for node in names]
    assert ys == pytest.approx([TOP + (n + 0.5) * lane for n in range(4)], abs=0.1)


def test_from_far_a_cell_is_the_change_furthest_from_0(rows):
    values = np.full((5000, 4), 0.01)
    values[2502, 1], values[2503, 1] = -1, 0.9
    rows.put(mutations(values))
    place = rows.place(START, START + 5000)
    picture = Picture(rows, "m", place)
    lane = SIZES.mutation_medium / 4
    strip = picture.pixels[int(TOP + 1.5 * lane), GUTTER:-RIGHT]
    assert near(strip, rgb(BROWSER_LIGHT.diverging[0]), 3).sum() == 1
    assert not near(strip, rgb(BROWSER_LIGHT.diverging[-1]), 30).any()
    first = (START + 2500) // 6 * 6
    said = rows.call("readIn", "m", place, START + 2502.5)
    pool = int(re.search(r"of (\d+)", said[0]["label"]).group(1))
    assert said[0]["label"] == f"furthest from 0 of {pool}: A"
    assert said[1]["value"] == "−1"
    assert said[0]["bin"][1] - said[0]["bin"][0] == pool
    assert first <= START + 2502 < first + 6
    legend = [one["text"] for one in rows.call("legendOf", "m", place)]
    assert f"furthest from 0 of {pool} letters" in legend
    assert "the letter that is there" not in legend


# Motifs -------------------------------------------------------------------------------------------------------

BITS = [[2, 0, 0, 0], [0, 1, 0.5, 0], [0, 0, 0, 0.5], [0, 0, 2, 0]]


def test_motifs_have_names_points_lanes_and_their_matrices_where_letters_have_room(rows):
    marks = (
        motif("GATA1", 10, BITS),
        motif("KLF4", 12, BITS, "-", pick="hit 3"),
        motif("weak", 30, BITS, strength=0.3),
    )
    rows.put(MotifRow(id="f", title="F", motifs=marks))
    near_by, far = rows.place(START, START + 50), rows.place(START, START + 400)
    assert rows.call("heightOf", "f", near_by) == 2 * (SIZES.motif_box + SIZES.motif_gap + SIZES.motif_matrix)
    assert rows.call("heightOf", "f", far) == 2 * (SIZES.motif_box + SIZES.motif_gap)
    svg = rows.call("written", "f", near_by)
    assert texts(svg) == ["weak", "KLF4", "GATA1"] or set(texts(svg)) == {"weak", "KLF4", "GATA1"}
    boxes = [node for node in shapes(svg) if node.get("fill") == "rgb(104,55,166)"]
    one, other, weak = sorted(boxes, key=lambda node: corners(node.get("d"))[:, 0].min())
    assert weak.get("fill-opacity") == "0.3"
    x = lambda bp: GUTTER + bp * WIDE / 50  # noqa: E731
    top = {node: corners(node.get("d")) for node in (one, other)}
    [tip] = [at for at in top[one] if at[0] == pytest.approx(x(14), abs=0.01)]
    [tail] = [at for at in top[other] if at[0] == pytest.approx(x(12), abs=0.01)]
    assert tip[1] == pytest.approx(TOP + SIZES.motif_box / 2)
    pitch = SIZES.motif_box + SIZES.motif_gap + SIZES.motif_matrix
    assert tail[1] == pytest.approx(TOP + pitch + SIZES.motif_box / 2)
    full = SIZES.motif_matrix + SIZES.motif_gap / 2 - 2
    a = [found for found in glyphs(svg, "T") if found[0] < x(14)]
    assert a[0][3] - a[0][2] == pytest.approx(full / 4, abs=0.02)
    assert not [
        node for node in shapes(rows.call("written", "f", far)) if node.get("fill") == BROWSER_LIGHT.letters["T"]
    ]
    hit = rows.call("hitAt", "f", near_by, x(15.5), TOP + pitch + 5)
    assert hit == {"tooltip": "KLF4, − strand, 1,000,013–1,000,016", "pick": {"kind": "region", "name": "hit 3"}}
    assert rows.call("hitAt", "f", near_by, x(12), TOP + 5)["pick"] is None
    assert rows.call("hitAt", "f", near_by, x(22), TOP + 5) is None
    assert [one["value"] for one in rows.call("readAt", "f", START + 13)] == ["GATA1 →", "KLF4 ←"]


def test_the_heights_of_a_matrix_are_its_bits(rows):
    rows.put(MotifRow(id="f", title="F", motifs=(motif("X", 0, BITS),)))
    svg = rows.call("written", "f", rows.place(START, START + 20))
    full = SIZES.motif_matrix + SIZES.motif_gap / 2 - 2
    foot = TOP + SIZES.motif_box + SIZES.motif_matrix + SIZES.motif_gap / 2
    [c], [g, last] = glyphs(svg, "C"), glyphs(svg, "G")
    assert g[2:] == pytest.approx((foot - full / 4, foot), abs=0.02)  # the lower stands below
    assert c[2:] == pytest.approx((foot - full * 0.75, foot - full / 4), abs=0.02)
    assert last[2:] == pytest.approx((foot - full, foot), abs=0.02)


def test_more_lanes_than_there_is_room_for_are_counted(rows):
    marks = tuple(motif(f"M{i}", 5, BITS, strength=1 - i / 20) for i in range(9))
    rows.put(MotifRow(id="f", title="F", motifs=marks))
    place = rows.place(START, START + 50, choice={"height": "small"})
    said = texts(rows.call("written", "f", place))
    assert {"M0", "M1", "+7 more"} <= set(said)
    assert "M2" not in said  # the strongest are above
    assert texts(rows.call("written", "f", rows.place(START + 200, START + 250))) == ["no motifs here"]


# The other strand ---------------------------------------------------------------------------------------------


def flipped(start: int, end: int) -> tuple[int, int]:
    return CONTIG_BP - end, CONTIG_BP - start


def both_strands() -> list[tuple]:
    """(row, the same made by hand as the reverse strand reads it) of every kind."""
    random = np.random.default_rng(8)
    values, effects = random.normal(size=700), random.normal(size=(300, 4))
    values[100:140], effects[40:60] = np.nan, np.nan
    letters, bits = LETTERS[:700], np.array(BITS + [[0.3, 0.2, 0.1, 0]], np.float32)
    back = letters.translate(COMPLEMENT)[::-1]
    bins = random.gamma(1, 2, 9).astype(np.float32)
    bins[3] = np.nan
    piece = Piece(START + 3, 64, bins, bins * np.float32(0.1))
    end = CONTIG_BP - (START + 3) - 9 * 64
    turned = Piece(end, 64, bins[::-1].copy(), (bins * np.float32(0.1))[::-1].copy())
    share = (random.random(9) / 9).astype(np.float32)
    exons = ((START + 20, START + 90), (START + 300, START + 400))
    gene = GeneMark("G", START + 20, START + 400, "+", exons, ((START + 30, START + 60),))
    mark = MotifMark("X", START + 5, START + 10, "-", bits)
    region = RegionMark("R", START + 9, START + 90, (255, 0, 0))
    return [
        (logo(values, letters), logo(values[::-1], back, start_bp=CONTIG_BP - START - 700)),
        (
            mutations(effects, letters=letters[:300]),
            mutations(effects[::-1, ::-1], letters=back[400:], start_bp=CONTIG_BP - START - 300),
        ),
        (
            MotifRow(id="f", title="F", motifs=(mark,)),
            MotifRow(id="f", title="F", motifs=(
                MotifMark("X", *flipped(START + 5, START + 10), "+", bits[::-1, ::-1].copy()),
            )),
        ),
        (
            LetterRow(id="s", title="S", start_bp=START, letters=letters[:300] + "acgtN"),
            LetterRow(id="s", title="S", start_bp=CONTIG_BP - START - 305, letters="Nacgt" + back[400:]),
        ),
        *(
            (SignalRow(id="t", title="T", pieces=(one,)), SignalRow(id="t", title="T", pieces=(other,)))
            for one, other in [(piece, turned)]
        ),
        (
            GeneRow(id="g", title="G", genes=(gene,)),
            GeneRow(id="g", title="G", genes=(
                GeneMark("G", *flipped(gene.start, gene.end), "-",
                         tuple(flipped(*block) for block in gene.exons[::-1]), (flipped(*gene.coding[0]),)),
            )),
        ),
        (
            RegionRow(id="r", title="R", regions=(region,)),
            RegionRow(id="r", title="R", regions=(RegionMark("R", *flipped(region.start, region.end), region.colour),)),
        ),
        (
            AttentionRow(id="a", title="A", weights=Piece(START, 64, share),
                         from_start=START + 64, from_end=START + 128),
            AttentionRow(id="a", title="A", weights=Piece(CONTIG_BP - START - 576, 64, share[::-1].copy()),
                         from_start=CONTIG_BP - START - 128, from_end=CONTIG_BP - START - 64),
        ),
    ]  # fmt: skip


@pytest.mark.parametrize("pair", both_strands(), ids=lambda pair: type(pair[0]).__name__)
def test_the_reverse_strand_is_the_picture_of_the_complement_from_the_other_end(rows, pair):
    row, by_hand = pair
    places = [rows.place(CONTIG_BP - START - far, CONTIG_BP - START + 20) for far in (60, 320, 1800)]
    rows.put(row, reverse=True)
    found = [rows.call("written", row.id, place) for place in places]
    said = [rows.call("readAt", row.id, CONTIG_BP - START - at) for at in (3.5, 50.5, 120.5)]
    rows.forget()
    rows.put(by_hand)
    assert found == [rows.call("written", row.id, place) for place in places]
    assert said == [rows.call("readAt", row.id, CONTIG_BP - START - at) for at in (3.5, 50.5, 120.5)]
    rows.put(row)
    assert found != [rows.call("written", row.id, place) for place in places]


def test_places_are_told_of_the_forward_strand(rows):
    rows.put(
        MotifRow(id="f", title="F", motifs=(motif("X", 0, BITS, "-"),)),
        RegionRow(id="r", title="R", regions=(RegionMark("", START, START + 40),)),
        GeneRow(id="g", title="G", genes=(GeneMark("HBE1", START, START + 40, "-"),)),
        reverse=True,
    )
    place = rows.place(CONTIG_BP - START - 50, CONTIG_BP - START)
    x = GUTTER + WIDE - 30
    assert rows.call("hitAt", "f", place, x, TOP + 5)["tooltip"] == "X, − strand, 1,000,001–1,000,004"
    assert rows.call("hitAt", "r", place, x, TOP + 5)["tooltip"] == "1,000,001–1,000,040, 40 bp"
    told = rows.call("hitAt", "g", place, x, TOP + 9)["tooltip"]
    assert told == "HBE1, − strand (read to the right), 1,000,001–1,000,040, 40 bp"


def test_a_row_that_is_turned_and_turned_back_is_decoded_once(rows):
    row = logo(np.ones(300))
    assert rows.put(row) == [False]
    assert rows.put(row, reverse=True) == [False]
    assert rows.put(row, reverse=True) == [True]


# All rows -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_svg_is_the_picture(themed, scheme):
    rows = themed(scheme)
    random = np.random.default_rng(5)
    marks = tuple(motif(f"M{i}", 40 * i, BITS * 3, "+-"[i % 2], strength=0.5) for i in range(20))
    shown = [
        logo(random.normal(size=3000)),
        mutations(random.normal(size=(900, 4))),
        MotifRow(id="f", title="F", motifs=marks),
    ]
    rows.put(*shown)
    for row in shown:
        for start, end in ((-100, 3100), (100, 500), (300, 400)):
            place = rows.place(START + start, START + end)
            ET.fromstring(rows.call("written", row.id, place))
            assert rows.call("different", row.id, place, SVG_NEAR) <= 60, (row.id, start, end)


@pytest.mark.parametrize("row", [
    logo(np.zeros(5)), logo(np.full(5, np.nan)), LogoRow(id="l", title="L"), MutationRow(id="l", title="L"),
    MotifRow(id="l", title="L"), mutations(np.full((4, 4), np.nan), id="l"), mutations(np.zeros((4, 4)), id="l"),
    MotifRow(id="l", title="L", motifs=(motif("", 0, np.zeros((3, 4))),)),
], ids=lambda row: f"{type(row).__name__}")  # fmt: skip
@pytest.mark.parametrize("reverse", [False, True])
def test_rows_of_nothing_are_painted(rows, row, reverse):
    rows.put(row, reverse=reverse)
    middle = CONTIG_BP - START if reverse else START
    for start, end in ((0, 2_000_000), (middle - 300, middle + 300), (middle - 20, middle + 20)):
        place = rows.place(start, end)
        svg = rows.call("written", "l", place)
        assert not re.findall(r"NaN|Infinity", svg)
        rows.call("readIn", "l", place, (start + end) / 2)
        rows.call("hitAt", "l", place, 300, TOP + 5)
        assert all(SVG in node.tag for node in ET.fromstring(svg).iter())
