"""The genome browser's payload: what goes in comes out of what the browser gets, and what is equal has one digest."""

from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import asdict, replace

import numpy as np
import pytest

from components.browser.payload import ROW_ID, scene_payload
from components.browser.scene import (
    AttentionRow,
    GeneMark,
    GeneRow,
    LetterRow,
    Piece,
    Place,
    RegionMark,
    RegionRow,
    Row,
    Scene,
    SignalRow,
    Window,
)
from components.browser_style import BROWSER_DARK, BROWSER_LIGHT, browser_style
from components.canvas.payload import MAX_PAYLOAD_BYTES
from tests.test_house import contrast, streamlit_config

BINS = 12


def numbers(seed: int, bins: int = BINS) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=bins).astype(np.float32)


def signal(**options) -> SignalRow:
    given = {
        "id": "cage",
        "title": "CAGE",
        "unit": "coverage",
        "assay": "CAGE",
        "pieces": (Piece(1280, 128, numbers(1)),),
    }
    return SignalRow(**given | options)


def scene_of(*rows: Row, **options) -> Scene:
    given = {"place": Place("chr1", 1000, 3000), "contig_bp": 10_000, "assembly": "hg38", "loaded": (0, 5000)}
    return Scene(rows=rows, **given | options)


def row_of(row: Row, **options) -> dict:
    [found] = scene_payload(scene_of(row, **options))["rows"]
    return found


def floats(text: str) -> np.ndarray:
    return np.frombuffer(b64decode(text), "<f4")


def test_numbers_cross_exactly_with_what_is_missing():
    values = numbers(1)
    values[3] = np.nan
    spread, second = np.abs(numbers(2)), numbers(3)
    row = row_of(signal(pieces=(Piece(-128, 128, values, spread, second), Piece(2000, 0.5, numbers(4)))))
    first, last = row["pieces"]
    assert (first["start"], first["bin"], first["bins"]) == (-128, 128.0, BINS)
    for name, array in {"values": values, "spread": spread, "second": second}.items():
        assert floats(first[name]).tobytes() == array.tobytes()
    assert (last["bin"], last["spread"], last["second"]) == (0.5, None, None)


def test_big_endian_and_strided_numbers_cross_as_little_endian():
    wide = np.arange(2 * BINS, dtype=np.float32)
    row = row_of(signal(pieces=(Piece(0, 128, wide[::2]),)))
    assert floats(row["pieces"][0]["values"]).tolist() == wide[::2].tolist()


def test_words_of_a_signal_row_cross():
    row = row_of(
        signal(log_possible=True, log=True, scaling="group", group="cage", second_name="truth", signs=("more", "less"))
    )
    assert row | {"kind": "signal", "log": True, "scaling": "group", "group": "cage", "second_name": "truth"} == row
    assert row["signs"] == ["more", "less"]
    assert row["missing"] == "not predicted"
    assert (row["id"], row["title"], row["height"], row["movable"]) == ("cage", "CAGE", "medium", True)


def test_genes_regions_and_letters_cross():
    gene = GeneMark("CD44", 10, 900, "+", ((10, 90), (400, 900)), ((30, 90),), "about it")
    row = row_of(GeneRow(id="genes", title="Genes", genes=(gene,), left_out=3))
    assert row["left_out"] == 3
    assert json.loads(json.dumps(row["genes"])) == [
        {
            **{"name": "CD44", "start": 10, "end": 900, "strand": "+", "about": "about it"},
            **{"exons": [[10, 90], [400, 900]], "coding": [[30, 90]]},
        }
    ]
    region = RegionMark("TSS", 5, 50, (255, 0, 0), strength=3.0, outlined=True, pick="state 5")
    row = row_of(RegionRow(id="states", title="States", regions=(region,), legend=(("TSS", (255, 0, 0)),)))
    [found] = row["regions"]
    assert (found["colour"], found["strength"], found["outlined"], found["pick"]) == ((255, 0, 0), 1.0, True, "state 5")
    assert row["legend"] == [["TSS", (255, 0, 0)]]
    row = row_of(LetterRow(id="letters", title="Sequence", start_bp=7, letters="ACGTNacgtn"))
    assert (row["start"], row["letters"]) == (7, "ACGTNacgtn")


def test_attention_crosses_with_the_predicted_middle_of_its_window():
    weights = Piece(0, 128, numbers(5))
    row = AttentionRow(id="att", title="Attention", weights=weights, from_start=256, from_end=512, baseline=numbers(6))
    end = 128 * BINS
    windows = (Window(9000, 9100, 8900, 9200), Window(256, end - 256, 0, end))
    found = row_of(row, windows=windows)
    assert found["from"] == [256, 512]
    assert found["seen"] == [256, end - 256]
    assert floats(found["pieces"][0]["baseline"]).tobytes() == numbers(6).tobytes()
    assert row_of(row)["seen"] is None


def test_the_whole_scene_crosses():
    scene = scene_of(
        signal(),
        place=Place("chr1", 100.5, 900.25, move=4),
        windows=(Window(0, 10, 0, 20, "running"),),
        marks=((5, 6, "TSS"),),
        title="Title",
        subtitle="Under",
        provenance="Toy",
        description="In words",
        file_name="a b/c",
    )
    payload = scene_payload(scene)
    assert payload["place"] == {"contig": "chr1", "start": 100.5, "end": 900.25, "move": 4}
    assert payload["windows"] == [{"start": 0, "end": 10, "read_start": 0, "read_end": 20, "state": "running"}]
    assert payload["marks"] == [[5, 6, "TSS"]]
    assert (payload["contig_bp"], payload["assembly"], payload["loaded"]) == (10_000, "hg38", [0, 5000])
    assert (payload["title"], payload["subtitle"], payload["provenance"]) == ("Title", "Under", "Toy")
    assert (payload["description"], payload["file_name"]) == ("In words", "a-b-c")
    assert payload["style"] == browser_style()
    assert json.loads(json.dumps(payload, allow_nan=False))["digest"] == payload["digest"]


def test_equal_scenes_have_one_digest_and_unchanged_rows_and_pieces_keep_theirs():
    def scene(second: np.ndarray, move: int = 0) -> Scene:
        pieces = (Piece(0, 128, numbers(1)), Piece(128 * BINS, 128, second))
        return scene_of(signal(pieces=pieces), signal(id="other"), place=Place("chr1", 1000, 3000, move))

    before, same, after = (scene_payload(scene(numbers(seed))) for seed in (2, 2, 3))
    assert before["digest"] == same["digest"] != after["digest"]
    assert [row["digest"] for row in before["rows"]] == [row["digest"] for row in same["rows"]]
    assert before["rows"][0]["digest"] != after["rows"][0]["digest"]
    assert before["rows"][1]["digest"] == after["rows"][1]["digest"]
    digests = [[piece["digest"] for piece in payload["rows"][0]["pieces"]] for payload in (before, after)]
    assert digests[0][0] == digests[1][0]
    assert digests[0][1] != digests[1][1]
    moved = scene_payload(scene(numbers(2), move=1))
    assert moved["digest"] != before["digest"]
    assert [row["digest"] for row in moved["rows"]] == [row["digest"] for row in before["rows"]]


@pytest.mark.parametrize(
    "change",
    [
        {"title": "other"},
        {"note": "r = 0.5"},
        {"unit": "other"},
        {"log": True},
        {"height": "small"},
        {"signs": ("a", "b")},
        {"pieces": (Piece(1281, 128, numbers(1)),)},
        {"pieces": (Piece(1280, 64, numbers(1)),)},
        {"pieces": (Piece(1280, 128, numbers(1), spread=np.zeros(BINS, np.float32)),)},
        {"pieces": (Piece(1280, 128, numbers(1), second=np.zeros(BINS, np.float32)),)},
    ],
)
def test_whatever_changes_in_a_row_changes_its_digest(change):
    assert row_of(signal(**change))["digest"] != row_of(signal())["digest"]


def test_an_array_cannot_be_taken_for_another():
    zeros = np.zeros(BINS, np.float32)
    spread, second = (
        row_of(signal(pieces=(Piece(0, 128, numbers(1), **{name: zeros}),))) for name in ("spread", "second")
    )
    assert spread["digest"] != second["digest"]


def test_what_a_file_says_is_harmless_text():
    evil = "<b>\u202e\x00\n"
    gene = GeneMark(evil, 1, 2, "+", about=evil)
    region = RegionMark(evil, 1, 2, about=evil)
    payload = scene_payload(
        scene_of(
            signal(title=evil, note=evil, unit=evil, about=evil, second_name=evil, signs=(evil, evil), missing=evil),
            GeneRow(id="g", title=evil, genes=(gene,)),
            RegionRow(id="r", title=evil, regions=(region,), legend=((evil, (1, 2, 3)),)),
            title=evil,
            description=evil,
            marks=((1, 2, evil),),
        )
    )
    text = json.dumps(payload)
    assert not {"\\u202e", "\\u0000"} & {text[i : i + 6] for i in range(len(text))}
    assert "<b>" in text  # which is text for a canvas, no markup
    assert len(row_of(signal(about="x" * 5000))["about"]) == 901  # the last is an ellipsis


def test_more_than_the_browser_takes_is_refused_in_a_sentence():
    many = tuple(signal(id=f"t{i}", pieces=(Piece(0, 128, numbers(i, 60_000)),)) for i in range(12))
    with pytest.raises(ValueError, match=r"holds 3\.8 MB and the browser takes 3 MB at most: show fewer rows"):
        scene_payload(scene_of(*many))


def test_twelve_rows_of_eight_windows_fit():
    def pieces(row: int) -> tuple[Piece, ...]:
        return tuple(Piece(114_688 * i, 128, *(numbers(row + i, 896) for _ in range(3))) for i in range(8))

    payload = scene_payload(scene_of(*(signal(id=f"t{i}", pieces=pieces(i)) for i in range(12))))
    assert len(json.dumps(payload)) < MAX_PAYLOAD_BYTES / 2


@pytest.mark.parametrize("name", ["", "a b", "a/b", "é", "x" * 121, "a\n"])
def test_an_id_is_letters_digits_and_a_few_signs(name):
    assert not ROW_ID.fullmatch(name)
    with pytest.raises(ValueError, match=r"letters, digits and"):
        scene_payload(scene_of(signal(id=name)))


def test_pieces_lie_in_order_without_overlap():
    one, two = Piece(0, 128, numbers(1)), Piece(128 * BINS - 1, 128, numbers(2))
    for pieces in ((one, two), (two, one)):
        with pytest.raises(ValueError, match="cage overlap"):
            scene_payload(scene_of(signal(pieces=pieces)))


@pytest.mark.parametrize("letters", ["AC GT", "ACGT\n", "<b>", "é"])
def test_letters_are_letters(letters):
    with pytest.raises(ValueError, match="no letter of a sequence"):
        scene_payload(scene_of(LetterRow(id="l", title="L", letters=letters)))


def test_a_baseline_has_the_bins_of_its_weights():
    row = AttentionRow(id="a", title="A", weights=Piece(0, 128, numbers(1)), baseline=numbers(1, BINS + 1))
    with pytest.raises(ValueError, match="12 weights and 13 of a baseline"):
        scene_payload(scene_of(row))


def test_a_row_that_nobody_can_draw_is_refused():
    with pytest.raises(ValueError, match="cannot draw"):
        scene_payload(scene_of(Row(id="x", title="X")))


def test_a_place_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="is none"):
        scene_payload(replace(scene_of(), place=Place("chr1", float("nan"), 5)))
    with pytest.raises(ValueError, match="JSON"):
        scene_payload(scene_of(RegionRow(id="r", title="R", regions=(RegionMark("a", float("nan"), 5),))))


@pytest.mark.parametrize(("mode", "colours"), [("light", BROWSER_LIGHT), ("dark", BROWSER_DARK)])
def test_colours_that_carry_data_can_be_seen(mode, colours):
    ground = streamlit_config()["theme"][mode]["backgroundColor"]
    flat = asdict(colours)
    quiet = {"rule", "hatch_fill", "hatch_line", "diverging"}
    assert flat.keys() > quiet
    for colour in (colours.diverging[0], colours.diverging[-1]):
        assert contrast(colour, ground) >= 4.5
    assert contrast(colours.diverging[len(colours.diverging) // 2], ground) <= 1.2  # no change is hardly there
    for name, value in flat.items():
        for colour in value.values() if isinstance(value, dict) else [] if name in quiet else [value]:
            assert contrast(colour, ground) >= 3, (name, colour)
    assert set(colours.letters) == set("ACGTN")
