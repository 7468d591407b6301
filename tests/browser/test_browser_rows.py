"""The rows of the genome browser: pixels, SVG and words against the numbers that were sent."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from base64 import b64decode
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest

from components.browser.scene import (
    AttentionRow,
    GeneMark,
    GeneRow,
    LetterRow,
    Piece,
    RegionMark,
    RegionRow,
    SignalRow,
    Window,
)
from components.browser_style import BROWSER_DARK, BROWSER_LIGHT, BrowserSizes
from tests.browser.rows_page import GUTTER, RIGHT, TOP, RowsPage

SVG = "{http://www.w3.org/2000/svg}"
START, BIN = 1_000_000, 128
SIZES = BrowserSizes()
NEAR = 12  # of 255, for colours
SVG_NEAR = 60


@pytest.fixture(scope="module")
def both(browser) -> Iterator[dict[str, RowsPage]]:
    """A page of each theme, for all tests here."""
    context = browser.new_context()
    yield {scheme: RowsPage(context.new_page(), scheme=scheme) for scheme in ("light", "dark")}
    context.close()


@pytest.fixture
def themed(both):
    return lambda scheme: both[scheme].forget()


@pytest.fixture
def rows(themed) -> RowsPage:
    return themed("light")


def rgb(colour: str) -> np.ndarray:
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])


def over(colour: str, ground: str, opacity: float) -> np.ndarray:
    return rgb(colour) * opacity + rgb(ground) * (1 - opacity)


class Picture:
    """A painted row: `colour(bp, y)`; y counts CSS pixels from the top of the body."""

    def __init__(self, rows: RowsPage, row: str, place: dict) -> None:
        found = rows.call("painted", row, place)
        self.ratio, self.place, self.box = place["ratio"], place, found["box"]
        shape = (found["height"], found["width"], 4)
        self.pixels = np.frombuffer(b64decode(found["pixels"]), np.uint8).reshape(shape)[..., :3].astype(int)
        self.ground = rgb(rows.ground)

    def x(self, bp: float) -> float:
        start, end, width = (self.place[name] for name in ("start", "end", "width"))
        return GUTTER + (bp - start) / (end - start) * (width - GUTTER - RIGHT)

    def colour(self, bp: float, y: float) -> np.ndarray:
        return self.pixels[int((TOP + y) * self.ratio), int(self.x(bp) * self.ratio)]

    def column(self, bp: float) -> np.ndarray:
        """(height, 3): the body's pixels at a place."""
        top, height = (round(value * self.ratio) for value in (self.box["y"], self.box["height"]))
        return self.pixels[top : top + height, int(self.x(bp) * self.ratio)]


def near(one: np.ndarray, other: np.ndarray, much: float = NEAR) -> np.ndarray:
    return (np.abs(one - other) <= much).all(axis=-1)


def signal(values, *, start: int = START, **options) -> SignalRow:
    arrays = {name: np.asarray(options.pop(name), np.float32) for name in ("spread", "second") if name in options}
    piece = Piece(start, BIN, np.asarray(values, np.float32), **arrays)
    return SignalRow(**{"id": "s", "title": "S", "unit": "coverage", "assay": "DNASE", "pieces": (piece,)} | options)


def shapes(svg: str, name: str = "path") -> list[ET.Element]:
    return list(ET.fromstring(svg).iter(f"{SVG}{name}"))


def texts(svg: str) -> list[str]:
    return [node.text for node in shapes(svg, "text") if "stroke" not in node.attrib]


def corners(path: str) -> np.ndarray:
    """(points, 2) of a path of straight lines."""
    return np.array([[float(v) for v in pair.split()] for pair in re.findall(r"[ML](-?[\d.]+ -?[\d.]+)", path)])


def filled(svg: str, colour: str) -> list[ET.Element]:
    return [node for node in shapes(svg) if node.get("fill") == colour]


# Signals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("ratio", [1, 2])
def test_each_bin_is_a_step_as_high_as_its_number(rows, log, ratio):
    values = [0, 10, 55, 100, 3, 80]
    rows.put(signal(values, log=log, log_possible=True))
    picture = Picture(rows, "s", rows.place(START, START + 6 * BIN, ratio=ratio))
    fill = over(BROWSER_LIGHT.assays["DNASE"], rows.ground, 0.72)
    height = picture.box["height"]
    for i, value in enumerate(values):
        drawn = np.log10(1 + value) / np.log10(101) if log else value / 100
        column = picture.column(START + (i + 0.5) * BIN)
        # The lines of the axis and of the outline are not the fill.
        assert near(column, fill, 45).sum() / ratio == pytest.approx(drawn * height, abs=3), value


def test_bins_are_where_their_bases_are(rows):
    rows.put(signal([0, 100, 0, 100, 100, 0]))
    start, end = START + 0.3 * BIN, START + 5.9 * BIN
    svg = rows.call("written", "s", rows.place(start, end))
    [area] = [node for node in filled(svg, BROWSER_LIGHT.assays["DNASE"]) if node.get("fill-opacity") == "0.72"]
    points = corners(area.get("d"))
    high = sorted(set(points[points[:, 1] < TOP + 1, 0]))
    wide = (1070 - GUTTER - RIGHT) / (end - start)
    assert high == pytest.approx([GUTTER + (START + n * BIN - start) * wide for n in (1, 2, 3, 5)], abs=0.51)


def test_one_high_bin_is_seen_among_thousands_and_the_legend_says_of_how_many(rows):
    values = np.ones(7168)
    values[4321] = 100
    rows.put(signal(values))
    place = rows.place(START, START + 7168 * BIN)
    picture = Picture(rows, "s", place)
    fill = over(BROWSER_LIGHT.assays["DNASE"], rows.ground, 0.72)
    peak = START + 4321.5 * BIN
    around = [near(picture.column(peak + step * 917), fill, 30).sum() for step in (-1, 0, 1)]
    assert max(around) >= picture.box["height"] - 3
    assert near(picture.column(peak + 20 * 917), fill, 30).sum() <= 2
    assert "highest of 8 bins" in [entry["text"] for entry in rows.call("legendOf", "s", place)]
    close = rows.place(START, START + 500 * BIN)
    assert not [entry for entry in rows.call("legendOf", "s", close) if "highest" in entry["text"]]


def test_groups_of_bins_stay_with_the_genome_so_that_a_drag_changes_no_height(rows):
    rows.put(signal(np.random.default_rng(3).gamma(1, 5, 7168)))
    # 5.7 bins a pixel; a drag of 11 pixels is no whole number of groups of 6 bins.
    wide = 1000 * 5.7 * BIN
    before, after = (
        Picture(rows, "s", rows.place(START + by * 5.7 * BIN, START + by * 5.7 * BIN + wide)).pixels for by in (3, 14)
    )
    assert (before[:, GUTTER + 11 : -RIGHT] == after[:, GUTTER : -RIGHT - 11]).all()


def test_what_is_not_predicted_is_hatched_and_named_and_never_zero(rows):
    values = np.full(60, 50.0)
    values[20:40] = np.nan
    rows.put(signal(values))
    place = rows.place(START - 30 * BIN, START + 90 * BIN)
    picture = Picture(rows, "s", place)
    hatch = [rgb(BROWSER_LIGHT.hatch_fill), rgb(BROWSER_LIGHT.hatch_line)]
    fill = over(BROWSER_LIGHT.assays["DNASE"], rows.ground, 0.72)
    for inside, bins in ((False, (-20, 21, 39, 75)), (True, (2, 18, 42, 58))):
        for i in bins:
            column = picture.column(START + (i + 0.5) * BIN)
            between = near(column, hatch[0], 45) | near(column, hatch[1], 45)
            assert near(column, fill, 30).any() == inside, i
            assert between.mean() > 0.9 or inside, i
    svg = rows.call("written", "s", place)
    assert texts(svg).count("not predicted") == 3
    rows.put(signal(values, missing="not measured"))
    assert texts(rows.call("written", "s", place)).count("not measured") == 3
    for bp in (START - 5, START + 25 * BIN, START + 61 * BIN):
        assert [entry["value"] for entry in rows.call("readAt", "s", bp)] == ["not measured"]


def test_nothing_is_hatched_outside_of_the_chromosome(rows):
    rows.put(signal([1, 2, 3], start=0))
    svg = rows.call("written", "s", rows.place(-50 * BIN, 3 * BIN))
    assert "not predicted" not in texts(svg)


@pytest.mark.parametrize("bins", [1000, 40])
def test_the_line_over_the_area_is_at_its_own_heights(rows, bins):
    values = np.full(bins, 80.0)
    second = np.linspace(20, 60, bins)
    rows.put(signal(values, second=second, second_name="measured"))
    place = rows.place(START, START + bins * BIN)
    picture = Picture(rows, "s", place)
    area = over(BROWSER_LIGHT.assays["DNASE"], rows.ground, 0.72)
    for i in (bins // 4, bins // 2, bins - 3):
        column = picture.column(START + (i + 0.5) * BIN)
        [*line] = np.flatnonzero(near(column, rgb(BROWSER_LIGHT.second), 40))
        assert np.mean(line) == pytest.approx((1 - second[i] / 80) * picture.box["height"], abs=2)
        assert near(column[-3], area)  # the area is seen on both sides of it
        assert near(column[2], area, 40)
    legend = rows.call("legendOf", "s", place)
    assert [(entry["mark"], entry["text"]) for entry in legend[1:3]] == [("area", "prediction"), ("line", "measured")]
    [first, other] = rows.call("readAt", "s", START + 1)
    assert (first["label"], first["value"], other["label"], other["value"]) == ("prediction", "80", "measured", "20")


def test_the_ribbon_reaches_from_value_minus_to_value_plus_spread(rows):
    values, spread = np.array([50.0, 80, 20, 60]), np.array([10.0, 5, 20, 15])
    rows.put(signal(values, spread=spread))
    place = rows.place(START, START + 4 * BIN, choice={"height": "large"})
    svg = rows.call("written", "s", place)
    (area,) = filled(svg, BROWSER_LIGHT.assays["DNASE"])
    assert area.get("fill-opacity") == "0.72"  # as without a ribbon, and as the legend shows a prediction
    (ribbon,) = [node for node in shapes(svg) if node.get("fill-opacity") == "0.55"]
    points = corners(ribbon.get("d"))
    height = SIZES.signal_large
    expected = [*np.repeat(values + spread, 2), *np.repeat((values - spread)[::-1], 2)]
    top = rows.call("topOf", "s")["high"]
    found = (TOP + height - points[1:, 1]) / height * top
    assert found == pytest.approx(expected, abs=0.6 * top / height)
    assert [entry["value"] for entry in rows.call("readAt", "s", START + 3 * BIN)] == ["60 ± 15"]
    (named,) = [entry for entry in rows.call("legendOf", "s", place) if entry["text"] == "± spread"]
    assert named["colour"] == ribbon.get("fill")


@pytest.mark.parametrize(("scheme", "colours"), [("light", BROWSER_LIGHT), ("dark", BROWSER_DARK)])
def test_differences_go_up_and_down_in_two_named_colours(themed, scheme, colours):
    rows = themed(scheme)
    rows.put(signal([4, -4, 0, 2], signed=True, signs=("more in K562", "more in HepG2")))
    place = rows.place(START, START + 4 * BIN)
    picture = Picture(rows, "s", place)
    middle = picture.box["height"] / 2
    up, down = (over(colour, rows.ground, 0.85) for colour in (colours.up, colours.down))
    for i, (above, below) in enumerate([(1, 0), (0, 1), (0, 0), (0.5, 0)]):
        column = picture.column(START + (i + 0.5) * BIN)
        assert near(column, up, 25).sum() == pytest.approx(above * middle, abs=2)
        assert near(column, down, 25).sum() == pytest.approx(below * middle, abs=2)
    assert rows.call("topOf", "s") == {"low": -4, "high": 4}
    legend = {entry["mark"]: entry["text"] for entry in rows.call("legendOf", "s", place)}
    assert (legend["up"], legend["down"]) == ("more in K562", "more in HepG2")
    read = [rows.call("readAt", "s", START + i * BIN)[0] for i in range(3)]
    assert [(one["label"], one["value"]) for one in read] == [
        ("more in K562", "+4"),
        ("more in HepG2", "−4"),
        ("", "0"),
    ]


def test_of_a_group_of_differences_the_one_furthest_from_zero_is_drawn(rows):
    values = np.zeros(8000)
    values[4000] = -5
    values[4001] = 4
    rows.put(signal(values, signed=True))
    picture = Picture(rows, "s", rows.place(START, START + 7800 * BIN))
    down = over(BROWSER_LIGHT.down, rows.ground, 0.85)
    columns = [picture.column(START + (4000 + step) * BIN) for step in range(-8, 17, 2)]
    assert max(near(column, down, 25).sum() for column in columns) >= picture.box["height"] / 2 - 2


@pytest.mark.parametrize(
    ("values", "top"),
    [([0.31], 0.4), ([72], 80), ([100], 100), ([101], 150), ([0], 1), ([1e-5], 1e-5), ([0.2, 9.1], 10)],
)
def test_tops_are_tidy_and_hold_all_pieces_whatever_is_seen(rows, values, top):
    rows.put(signal(values))
    assert rows.call("topOf", "s") == {"low": 0, "high": pytest.approx(top)}
    far = Piece(START + 100 * BIN, BIN, np.array([7000], np.float32))
    rows.put(signal(values, pieces=(*signal(values).pieces, far)))
    assert rows.call("topOf", "s")["high"] == 8000


def test_the_axis_says_the_values_own_numbers(rows):
    rows.put(signal([0, 250]), signal([0, 250], id="log", log=True), signal([-3, 9.2], id="below"))
    place = rows.place(START, START + 2 * BIN, choice={"height": "large"})
    assert texts(rows.call("written", "s", place)) == ["250", "0", "125"]
    assert texts(rows.call("written", "log", place)) == ["250", "0", "100", "10"]
    assert texts(rows.call("written", "below", place)) == ["10", "−3", "0", "5"]
    assert rows.call("legendOf", "log", place)[0]["text"] == "coverage, drawn as log10(1 + x)"
    nodes = {node.text: float(node.get("y")) for node in shapes(rows.call("written", "log", place), "text")}
    bottom = TOP + SIZES.signal_large
    for value in (10, 100):  # at their places on the axis, the middle of the digits
        y = bottom - np.log10(1 + value) / np.log10(251) * SIZES.signal_large
        assert nodes[str(value)] - 0.35 * SIZES.tick == pytest.approx(y, abs=0.6)


def test_a_group_shares_a_top(rows):
    rows.put(signal([50, 50]))
    place = rows.place(START, START + 2 * BIN, range={"low": 0, "high": 200})
    picture = Picture(rows, "s", place)
    fill = over(BROWSER_LIGHT.assays["DNASE"], rows.ground, 0.72)
    assert near(picture.column(START + BIN), fill, 30).sum() == pytest.approx(picture.box["height"] / 4, abs=2)
    assert texts(rows.call("written", "s", place))[0] == "200"


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0"), (12.3456, "12.35"), (0.012344, "0.01234"), (12345.6, "12,346"), (3.2e-6, "3.2 × 10⁻⁶"), (1, "1")],
)
def test_the_cursor_reads_exact_numbers_with_their_unit(rows, value, said):
    rows.put(signal([value, 7], unit="mean coverage per base (clipped at 32, then × 2)"))
    [found] = rows.call("readAt", "s", START + BIN - 0.01)
    assert (found["value"], found["unit"], found["bin"]) == (said, "mean coverage per base", [START, START + BIN])
    assert rows.call("readAt", "s", START + BIN)[0]["value"] == "7"


# Genes --------------------------------------------------------------------------------------------------------


def gene(name: str, start: int, end: int, strand: str = "+", **options) -> GeneMark:
    return GeneMark(name, START + start, START + end, strand, **options)


def test_exons_are_thick_coding_ones_thicker_and_the_arrows_tell_the_strand(rows):
    parts = {
        "exons": ((START + 1000, START + 3000), (START + 7000, START + 9000)),
        "coding": ((START + 7000, START + 9000),),
    }
    rows.put(GeneRow(id="g", title="G", genes=(gene("PLUS", 1000, 9000, **parts),)))
    picture = Picture(rows, "g", rows.place(START, START + 10_000))
    thick = {
        bp: near(picture.column(START + bp)[:15], rgb(BROWSER_LIGHT.gene), 60).sum() for bp in (500, 1100, 6900, 8900)
    }
    assert thick[500] == 0
    assert thick[1100] == pytest.approx(6, abs=1)
    assert thick[8900] == pytest.approx(10, abs=1)
    assert 1 <= thick[6900] <= 4

    def arrows(strand: str) -> np.ndarray:
        rows.put(GeneRow(id="g", title="G", genes=(gene("GENE", 0, 9000, strand, exons=((START, START + 10),)),)))
        strokes = shapes(rows.call("written", "g", rows.place(START, START + 10_000)))
        [found] = [corners(node.get("d")) for node in strokes if node.get("stroke") == BROWSER_LIGHT.gene]
        return found

    for strand, sign in (("+", 1), ("-", -1)):
        chevrons = arrows(strand).reshape(-1, 3, 2)
        assert len(chevrons) > 20
        assert (sign * (chevrons[:, 1, 0] - chevrons[:, 0, 0]) > 3).all()


def test_names_carry_the_strand_and_stay_inside_the_view(rows):
    rows.put(GeneRow(id="g", title="G", genes=(gene("LONG1", -500_000, 600_000, "-"), gene("SHORT", 100, 400))))
    for start, end in ((0, 5000), (-200_000, -100_000), (400_000, 590_000)):
        place = rows.place(START + start, START + end)
        names = {node.text: node for node in shapes(rows.call("written", "g", place), "text")}
        x = float(names["← LONG1"].get("x"))
        assert GUTTER <= x <= 1070 - RIGHT - 40
    assert "SHORT →" in texts(rows.call("written", "g", rows.place(START, START + 5000)))


def test_a_gene_keeps_its_lane_while_genes_come_and_go(rows):
    rng = np.random.default_rng(7)
    starts = np.sort(rng.integers(0, 900_000, 120))
    genes = [gene(f"GENE{i}", int(at), int(at + rng.integers(500, 60_000)), "+-"[i % 2]) for i, at in enumerate(starts)]
    found: list[dict[str, int]] = []
    for first in (0, 15, 30, 60, 15, 0):
        some = tuple(genes[first : first + 60])
        rows.put(GeneRow(id="g", title="G", genes=some))
        rows.call("heightOf", "g", rows.place(START, START + 120_000))
        found.append(rows.call("lanesOfGenes", "g"))
    for before in found:
        for after in found:
            assert all(after[name] == lane for name, lane in before.items() if name in after)
    for lanes in found:  # and none overlaps another of its lane
        here = sorted((lanes[one.name], one.start, one.end) for one in genes if one.name in lanes)
        assert all(a[0] != b[0] or a[2] <= b[1] for a, b in pairwise(here))


def test_a_small_zoom_moves_no_gene(rows):
    genes = tuple(gene(f"GENE{i}", 3000 * i, 3000 * i + 2000) for i in range(40))
    rows.put(GeneRow(id="g", title="G", genes=genes))
    lanes = []
    for width in (100_000, 110_000, 130_000, 60_000, 20_000):
        rows.call("heightOf", "g", rows.place(START, START + width))
        lanes.append(rows.call("lanesOfGenes", "g"))
    assert all(one == lanes[0] for one in lanes)


def test_what_is_left_out_is_counted(rows):
    crowd = tuple(gene(f"GENE{i}", i, 90_000 + i) for i in range(9))
    rows.put(GeneRow(id="g", title="G", genes=crowd, left_out=12), GeneRow(id="none", title="N", left_out=40))
    place = rows.place(START, START + 100_000)
    assert rows.call("heightOf", "g", place) == SIZES.lanes_medium * SIZES.lane + 2
    assert f"+{12 + 9 - SIZES.lanes_medium:.0f} more" in texts(rows.call("written", "g", place))
    tall = rows.place(START, START + 100_000, choice={"height": "large"})
    assert "+12 more" in texts(rows.call("written", "g", tall))
    assert texts(rows.call("written", "none", place)) == ["40 genes: zoom in to see them"]


def test_far_out_genes_are_counted_in_bars(rows):
    genes = tuple(GeneMark(f"G{i}", 1000 * i, 1000 * i + 500, "+") for i in range(1999))
    rows.put(GeneRow(id="g", title="G", genes=genes))
    place = rows.place(0, 2_000_000, width=400)
    svg = rows.call("written", "g", place)
    assert not [text for text in texts(svg) if text.startswith("G")]
    assert len(shapes(svg, "rect")) > 60
    most = int(texts(svg)[0])
    assert most == pytest.approx(4 * 2000 / 330, abs=2)
    assert rows.call("hitAt", "g", place, 200, TOP + 10) is None


def test_a_gene_is_read_and_picked(rows):
    parts = {"exons": ((START, START + 500),), "coding": ((START + 200, START + 400),)}
    rows.put(GeneRow(id="g", title="G", genes=(gene("CD44", 0, 5000, about="CD44, + strand", **parts),)))
    said = [rows.call("readAt", "g", START + bp)[0]["unit"] for bp in (100, 300, 3000)]
    assert said == ["untranslated exon", "coding exon", "intron"]
    assert rows.call("readAt", "g", START + 5000) is None
    hit = rows.call("hitAt", "g", rows.place(START, START + 10_000), GUTTER + 100, TOP + 9)
    assert hit == {"tooltip": "CD44, + strand", "pick": {"kind": "gene", "name": "CD44"}}


# Regions ------------------------------------------------------------------------------------------------------


def test_regions_have_their_colours_names_and_outlines(rows):
    marks = (
        RegionMark("Enhancer", START, START + 2000, (250, 202, 0)),
        RegionMark("TSS", START + 3000, START + 3060, (255, 0, 0)),
        RegionMark("chosen", START + 5000, START + 7000, outlined=True, about="the chosen one", pick="e1"),
        RegionMark("weak", START + 8000, START + 9000, (0, 0, 255), strength=0.25),
    )
    rows.put(RegionRow(id="r", title="R", regions=marks, legend=(("Enhancer", (250, 202, 0)),)))
    place = rows.place(START, START + 10_000)
    picture = Picture(rows, "r", place)
    assert near(picture.colour(START + 200, 3), np.array([250, 202, 0]))
    assert near(picture.colour(START + 3030, 9), np.array([255, 0, 0]), 40)
    assert near(picture.colour(START + 5100, 3), rgb(BROWSER_LIGHT.region))
    assert near(picture.colour(START + 5004, 9), rgb(rows.ink), 40)
    assert near(picture.colour(START + 8100, 3), over("#0000FF", rows.ground, 0.25))
    assert near(picture.colour(START + 2500, 3), picture.ground)
    assert texts(rows.call("written", "r", place)) == ["Enhancer", "chosen", "weak"]  # TSS has no room
    assert rows.call("legendOf", "r", place) == [{"mark": "patch", "colour": "rgb(250,202,0)", "text": "Enhancer"}]
    x = picture.x(START + 6000)
    assert rows.call("hitAt", "r", place, x, TOP + 5) == {
        "tooltip": "the chosen one",
        "pick": {"kind": "region", "name": "e1"},
    }
    assert rows.call("hitAt", "r", place, x, TOP + 40) is None
    assert rows.call("hitAt", "r", place, picture.x(START + 100), TOP + 5)["pick"] is None
    assert [one["value"] for one in rows.call("readAt", "r", START + 3010)] == ["TSS"]
    assert rows.call("readAt", "r", START + 2999) is None


def test_a_region_narrower_than_a_pixel_is_seen(rows):
    rows.put(RegionRow(id="r", title="R", regions=(RegionMark("x", START, START + 10, (255, 0, 0)),)))
    picture = Picture(rows, "r", rows.place(START - 500_000, START + 500_000))
    middle = int(picture.x(START))
    strip = picture.pixels[TOP + 4, middle - 2 : middle + 3]
    assert (strip[:, 0] - strip[:, 1]).max() > 150


# Attention ----------------------------------------------------------------------------------------------------


def attention(weights: np.ndarray, **options) -> AttentionRow:
    given = {"id": "a", "title": "A", "from_start": START + 50 * BIN, "from_end": START + 52 * BIN}
    return AttentionRow(weights=Piece(START, BIN, weights.astype(np.float32)), **given | options)


def test_weights_stand_on_a_square_root_scale_and_arcs_go_to_the_strongest(rows):
    weights = np.full(100, 0.001)
    weights[[10, 80, 51]] = [0.4, 0.1, 0.3]
    rows.put(attention(weights))
    place = rows.place(START, START + 100 * BIN, choice={"height": "large"})
    picture = Picture(rows, "a", place)
    fill = over(BROWSER_LIGHT.attention, rows.ground, 0.62)
    strip = SIZES.attention_large * 0.58 - 1
    for i, weight in ((10, 0.4), (80, 0.1)):
        column = picture.column(START + (i + 0.2) * BIN)
        assert near(column, fill, 30).sum() == pytest.approx(np.sqrt(weight / 0.4) * strip, abs=4)
    svg = rows.call("written", "a", place)
    assert texts(svg)[:2] == ["40 %", "10 %"]
    arcs = [node for node in shapes(svg) if "C" in node.get("d")]
    ends = sorted(float(re.findall(r"(-?[\d.]+) -?[\d.]+$", node.get("d"))[0]) for node in arcs)
    assert ends == pytest.approx([picture.x(START + (i + 0.5) * BIN) for i in (10, 80)], abs=0.1)
    levels = {node.text: float(node.get("y")) for node in shapes(svg, "text")}
    bottom = TOP + SIZES.attention_large - 1
    assert levels["10 %"] - 0.35 * SIZES.tick == pytest.approx(bottom - strip / 2, abs=0.1)
    tops = sorted(float(node.get("d").split()[-1]) for node in arcs)
    assert tops == pytest.approx([bottom - strip - 1, bottom - strip / 2 - 1], abs=0.1)
    starts = [float(re.match(r"M(-?[\d.]+)", node.get("d")).group(1)) for node in arcs]
    assert starts == pytest.approx([picture.x(START + 51 * BIN)] * 2, abs=0.1)
    thick = {
        round(float(re.findall(r"(-?[\d.]+) -?[\d.]+$", n.get("d"))[0])): float(n.get("stroke-width")) for n in arcs
    }
    assert max(thick, key=thick.get) == round(picture.x(START + 10.5 * BIN))
    assert "share of the attention, square-root scale" in [e["text"] for e in rows.call("legendOf", "a", place)]
    hit = rows.call(
        "hitAt", "a", place, picture.x(START + 10.5 * BIN), picture.box["y"] + picture.box["height"] - 1 - strip
    )
    assert hit["tooltip"].startswith("40 % of the attention goes to 1,001,281–1,001,408")


def test_a_share_is_read_with_how_often_an_even_one_and_its_baseline(rows):
    weights, baseline = np.full(100, 0.009), np.full(100, 0.01)
    weights[3] = 0.109
    rows.put(attention(weights, baseline=baseline.astype(np.float32), baseline_name="distance alone"))
    first, second = rows.call("readAt", "a", START + 3 * BIN + 5)
    assert (first["value"], first["unit"]) == ("10.9 %", "11 × an even share")
    assert (second["label"], second["value"]) == ("distance alone", "1 %")
    assert rows.call("readAt", "a", START - 1)[0]["value"] == "not read"
    dashed = [
        n for n in shapes(rows.call("written", "a", rows.place(START, START + 100 * BIN))) if n.get("stroke-dasharray")
    ]
    assert BROWSER_LIGHT.baseline in {node.get("stroke") for node in dashed}


def test_margins_that_are_read_and_not_predicted_are_drawn_and_look_otherwise(rows):
    weights = np.full(100, 0.01)
    window = Window(START + 20 * BIN, START + 80 * BIN, START, START + 100 * BIN)
    rows.put(attention(weights), windows=[window])
    picture = Picture(rows, "a", rows.place(START, START + 100 * BIN))
    middle, margin = (picture.column(START + (i + 0.5) * BIN)[-10] for i in (30, 10))
    assert near(middle, over(BROWSER_LIGHT.attention, rows.ground, 0.74), 45)
    assert near(margin, over(BROWSER_LIGHT.attention, BROWSER_LIGHT.hatch_fill, 0.3), 30)
    assert not near(middle, margin, 40)
    legend = [entry["text"] for entry in rows.call("legendOf", "a", rows.place(START, START + 100 * BIN))]
    assert "read, not predicted" in legend


def test_where_the_looking_bins_lie_is_told_when_they_are_out_of_sight(rows):
    rows.put(attention(np.full(100, 0.01)))
    right = texts(rows.call("written", "a", rows.place(START, START + 41 * BIN)))
    assert "looks from 1,280 bp further right →" in right
    left = texts(rows.call("written", "a", rows.place(START + 61 * BIN, START + 90 * BIN)))
    assert "← looks from 1,280 bp further left" in left
    assert not [t for t in texts(rows.call("written", "a", rows.place(START, START + 90 * BIN))) if "looks from" in t]


# Letters ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("scheme", "colours"), [("light", BROWSER_LIGHT), ("dark", BROWSER_DARK)])
def test_letters_are_coloured_and_repeats_lighter(themed, scheme, colours):
    rows = themed(scheme)
    letters = "ACGTNacgtn" * 10
    rows.put(LetterRow(id="l", title="L", start_bp=START, letters=letters))
    svg = rows.call("written", "l", rows.place(START, START + 100))
    found = [node for node in shapes(svg, "text") if len(node.text) == 1]
    assert "".join(node.text for node in found) == letters
    for i, node in enumerate(found):
        assert node.get("fill") == colours.letters[letters[i].upper()]
        assert float(node.get("x")) == pytest.approx(GUTTER + (i + 0.5) * 10, abs=0.01)
        assert float(node.get("fill-opacity", 1)) == (1 if letters[i].isupper() else 0.65)


def test_less_room_gives_blocks_and_then_a_sentence(rows):
    letters = "AAAACCCCGGGGTTTTaaaacccc" * 20
    rows.put(LetterRow(id="l", title="L", start_bp=START, letters=letters))
    place = rows.place(START, START + 480)
    picture = Picture(rows, "l", place)
    for i, letter in enumerate("ACGT"):
        assert near(picture.colour(START + 4 * i + 2, 5), over(BROWSER_LIGHT.letters[letter], rows.ground, 0.85), 20)
    assert near(picture.colour(START + 18, 5), over(BROWSER_LIGHT.letters["A"], rows.ground, 0.425), 20)
    assert texts(rows.call("written", "l", place)) == []
    far = rows.place(START, START + 5000)
    assert texts(rows.call("written", "l", far)) == ["zoom in to see letters"]
    assert rows.call("legendOf", "l", far) == []
    assert [entry["text"] for entry in rows.call("legendOf", "l", place)][:4] == list("ACGT")
    assert [rows.call("readAt", "l", START + i)[0]["value"] for i in (0, 4.9, 16)] == ["A", "C", "A"]
    assert rows.call("readAt", "l", START + 16)[0]["unit"] == "in a repeat"
    assert rows.call("readAt", "l", START - 1) is None
    beside = rows.place(START - 100, START + 100)
    assert "letters not loaded" in texts(rows.call("written", "l", beside))


# All rows -----------------------------------------------------------------------------------------------------


def every_row() -> list:
    rng = np.random.default_rng(1)
    values = rng.gamma(0.5, 9, 800).astype(np.float32)
    values[100:160] = np.nan
    weights = rng.random(800)
    exons = [((START + 4000 * i, START + 4000 * i + 900),) for i in range(20)]
    genes = [gene(f"G{i}", 4000 * i, 4000 * i + 9000, "+-."[i % 3], exons=exons[i]) for i in range(20)]
    places = [(START + 900 * i, START + 900 * i + 700) for i in range(20)]
    regions = [RegionMark(f"R{i}", *place, (250, 202, 9 * i)) for i, place in enumerate(places)]
    return [
        signal(values, spread=values * 0.2, second=values * 1.3, second_name="truth", log=True),
        signal(rng.normal(size=800), id="d", signed=True, signs=("more", "less"), spread=np.full(800, 0.2)),
        GeneRow(id="g", title="G", genes=tuple(genes), left_out=2),
        RegionRow(id="r", title="R", regions=tuple(regions)),
        attention(weights / weights.sum(), baseline=np.full(800, 1 / 800, np.float32)),
        LetterRow(id="l", title="L", start_bp=START, letters="ACGTacgtN" * 200),
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_svg_is_the_picture(themed, scheme):
    rows = themed(scheme)
    shown = every_row()
    rows.put(*shown, windows=[Window(START + 12_800, START + 89_600, START, START + 102_400)])
    for row in shown:
        for start, end in ((-9000, 110_000), (5000, 21_000), (300, 400)):
            place = rows.place(START + start, START + end)
            ET.fromstring(rows.call("written", row.id, place))
            assert rows.call("different", row.id, place, SVG_NEAR) <= 60, (row.id, start, end)


def test_what_is_equal_is_decoded_once(rows):
    assert rows.put(*every_row()) == [False] * 6
    assert rows.put(*every_row()) == [True] * 6
    one, other = Piece(START, BIN, np.ones(9, np.float32)), Piece(START + 9 * BIN, BIN, np.ones(9, np.float32) * 2)
    rows.put(signal([], pieces=(one,)))
    rows.page.evaluate("window.kept = rowOf('s').pieces[0].values")
    assert rows.put(signal([], pieces=(one, other))) == [False]
    assert rows.page.evaluate("rowOf('s').pieces.map((piece) => piece.values === window.kept)") == [True, False]


def test_the_svg_pen_knows_moves_states_and_clips(rows):
    rows.page.evaluate("""() => {
      const pen = svgPen(100, 50);
      pen.save();
      pen.translate(10, 5);
      pen.beginPath();
      pen.rect(0, 0, 20, 20);
      pen.clip();
      pen.fillStyle = "#ff0000";
      pen.globalAlpha = 0.5;
      pen.fillRect(30, 10, -4, 2);
      pen.restore();
      pen.setLineDash([3, 2]);
      pen.beginPath();
      pen.moveTo(1, 2);
      pen.quadraticCurveTo(3, 4, 5, 6.123);
      pen.closePath();
      pen.stroke();
      pen.strokeRect(1, 2, 3, 4);
      window.svg = pen.written();
    }""")
    root = ET.fromstring(rows.page.evaluate("window.svg"))
    assert root.get("viewBox") == "0 0 100 50"
    [clip] = root.iter(f"{SVG}clipPath")
    assert clip[0].get("d") == "M10 5L30 5L30 25L10 25Z"
    [group] = root.iter(f"{SVG}g")
    assert group.get("clip-path") == f"url(#{clip.get('id')})"
    assert group[0].attrib == {
        **{"x": "36", "y": "15", "width": "4", "height": "2"},
        **{"fill": "#ff0000", "fill-opacity": "0.5"},
    }
    curve, frame = root[-2:]
    assert (curve.get("d"), curve.get("stroke-dasharray"), curve.get("fill")) == ("M1 2Q3 4 5 6.12Z", "3 2", "none")
    assert (frame.get("width"), frame.get("stroke"), frame.get("stroke-opacity")) == ("3", "#000", None)


def test_names_in_the_svg_are_text(rows):
    evil = '<script>alert("1")</script> & \ufffe'
    rows.put(RegionRow(id="r", title="R", regions=(RegionMark(evil, START, START + 1000),)))
    svg = rows.call("written", "r", rows.place(START, START + 1000), {"title": evil + "\x01", "description": evil})
    root = ET.fromstring(svg)
    assert not list(root.iter(f"{SVG}script"))
    assert root.find(f"{SVG}title").text.startswith('<script>alert("1")</script> &')
    assert '<script>alert("1")</script> & U+FFFE' in texts(svg)


@pytest.mark.parametrize("row", [
    signal([0, 0, 0]), signal([np.nan] * 5), SignalRow(id="s", title="S"), GeneRow(id="s", title="S"),
    RegionRow(id="s", title="S"), LetterRow(id="s", title="S"), attention(np.zeros(5), id="s"),
    signal([1, 2], id="s", signed=True),
], ids=lambda row: f"{type(row).__name__} {getattr(row, 'signed', '')}")  # fmt: skip
def test_rows_of_nothing_are_painted(rows, row):
    rows.put(row)
    for start, end in ((0, 2_000_000), (START, START + 300), (START - 40, START + 2)):
        svg = rows.call("written", "s", rows.place(start, end))
        assert not {"NaN", "Infinity"} & set(re.findall(r"NaN|Infinity", svg))
        rows.call("readAt", "s", (start + end) / 2)
        rows.call("hitAt", "s", rows.place(start, end), 300, TOP + 5)
