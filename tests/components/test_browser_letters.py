"""What the browser gets of rows that go letter by letter: what is lost, what is not, what is refused."""

from __future__ import annotations

import json
from base64 import b64decode

import numpy as np
import pytest

from components import browser
from components.browser import LogoRow, MotifMark, MotifRow, MutationRow, Place, Row, RowChoice, Scene, SignalRow
from components.browser.packing import Packing, runs_of
from components.browser.payload import scene_payload
from components.canvas.payload import MAX_PAYLOAD_BYTES
from components.tracks.choices import RowChoices
from tests.browser.apps.letters_scene import letter_scene, logo, matrix

RNG = np.random.default_rng(4)
LETTERS = "".join(RNG.choice(list("ACGTN"), 203))


def row_of(row: Row) -> dict:
    scene = Scene(Place("chr1", 0, 100), 10_000, "toy", (0, 1000), (row,))
    [found] = scene_payload(scene)["rows"]
    return json.loads(json.dumps(found, allow_nan=False))


def logo_of(values: np.ndarray, letters: str = "", **options) -> LogoRow:
    given = {"id": "l", "title": "L", "start_bp": 40, "letters": letters or "A" * len(values)}
    return LogoRow(values=np.asarray(values, np.float32), **given | options)


def numbers(text: str, scale: float) -> np.ndarray:
    return np.frombuffer(b64decode(text), "<f2").astype(float) * scale


def letters_of(row: dict) -> str:
    packed = np.frombuffer(b64decode(row["bases"]), np.uint8)
    codes = ((packed[:, None] >> np.array([0, 2, 4, 6])) & 3).ravel()[: row["length"]]
    found = np.array(list("ACGT"))[codes]
    for start, end in row["unknown"]:
        found[start:end] = "N"
    return "".join(found)


@pytest.mark.parametrize("size", [1e-30, 3e-5, 0.7, 1.0, 2.0, 4096.0, 1e30])
def test_numbers_lose_less_than_half_a_thousandth_of_themselves(size):
    values = (RNG.normal(size=500) * 10 ** RNG.uniform(-7, 0, 500) * size).astype(np.float32)
    packed = row_of(logo_of(values))
    found = numbers(packed["values"], packed["scale"])
    error, top = np.abs(found - values), np.abs(values).max()
    large = np.abs(values) >= top * 2.0**-28
    assert large.sum() > 300
    assert (error[large] <= np.abs(values[large]) / 2048 * 1.001).all()
    assert (error[~large] <= top * 2.0**-38).all()
    exact = np.float32(size) * np.array([1, -0.5, 0.25, 0], np.float32)
    packed = row_of(logo_of(exact))
    assert numbers(packed["values"], packed["scale"]) == pytest.approx(exact, rel=1 / 2048, abs=0)


@pytest.mark.parametrize("length", [1, 2, 3, 4, 203])
def test_letters_cross_with_those_that_are_not_known(length):
    found = row_of(logo_of(np.zeros(length), LETTERS[:length]))
    assert letters_of(found) == LETTERS[:length]
    assert (found["start"], found["length"], found["kind"]) == (40, length, "logo")


def test_only_stretches_with_numbers_are_sent_and_a_hole_is_no_zero():
    values = np.full((400, 4), np.nan, np.float32)
    values[30:50] = RNG.normal(size=(20, 4))
    values[31, 2] = np.nan
    values[399, 0] = 5
    row = row_of(MutationRow(id="m", title="M", letters="ACGT" * 100, values=values))
    assert row["runs"] == [[30, 50], [399, 400]]
    found = numbers(row["values"], row["scale"]).reshape(-1, 4)
    expected = np.concatenate((values[30:50], values[399:]))
    assert (np.isnan(found) == np.isnan(expected)).all()
    assert np.nanmax(np.abs(found - expected)) <= 5 / 2048
    scattered = np.where(np.arange(400) % 2, np.nan, 1).astype(np.float32)
    row = row_of(logo_of(scattered))
    assert row["runs"] == [[0, 400]]  # so many pieces would be longer than what they leave out
    assert np.isnan(numbers(row["values"], row["scale"])).tolist() == np.isnan(scattered).tolist()
    nothing = row_of(logo_of(np.full(9, np.nan)))
    assert (nothing["runs"], nothing["values"]) == ([], "")


def test_runs():
    assert runs_of(np.array([True, False, True, True])) == [[0, 1], [2, 4]]
    assert runs_of(np.zeros(3, bool)) == runs_of(np.zeros(0, bool)) == []


def test_equal_matrices_are_sent_once_and_a_scale_is_part_of_what_is_equal():
    def row(*matrices: np.ndarray) -> MotifRow:
        marks = (MotifMark("GATA1", 100 * i, 100 * i + len(one), "+", one) for i, one in enumerate(matrices))
        return MotifRow(id="m", title="M", motifs=tuple(marks))

    found = row_of(row(matrix(0), matrix(1), matrix(0)))
    assert [one["matrix"] for one in found["motifs"]] == [0, 1, 0]
    assert len(found["matrices"]) == 2
    half = numbers(found["matrices"][1], found["scales"][1]).reshape(-1, 4)
    assert half == pytest.approx(matrix(1), rel=1 / 2048)
    doubled = row_of(row(matrix(0) * 2))
    assert doubled["matrices"] == found["matrices"][:1]
    assert doubled["digest"] != row_of(row(matrix(0)))["digest"]


@pytest.mark.parametrize(
    "change",
    [
        *({"start_bp": 41}, {"unit": "other"}, {"letters": "C" + "A" * 8}, {"scaling": "seen"}, {"group": "g"}),
        *({"values": np.zeros(9)}, {"values": np.arange(9) * 2.0}, {"values": np.full(9, np.nan)}, {"title": "x"}),
    ],
    ids=str,
)
def test_whatever_changes_changes_the_digest(change):
    plain = {"values": np.arange(9)}
    assert row_of(logo_of(**plain | change))["digest"] != row_of(logo_of(**plain))["digest"]
    assert row_of(logo_of(**plain))["digest"] == row_of(logo_of(**plain))["digest"]


@pytest.mark.parametrize("row", [
    logo_of([0, np.inf]),
    MutationRow(id="m", title="M", letters="A", values=np.array([[0, -np.inf, 1, 1]], np.float32)),
    MotifRow(id="m", title="M", motifs=(MotifMark("X", 0, 1, "+", np.full((1, 4), np.inf, np.float32)),)),
], ids=lambda row: type(row).__name__)  # fmt: skip
def test_infinite_numbers_are_refused(row):
    with pytest.raises(ValueError, match="infinite"):
        row_of(row)


def test_letters_of_another_alphabet_are_refused():
    with pytest.raises(ValueError, match="no letter of a sequence"):
        row_of(logo_of([0.0, 1.0], "A漢"))


def test_shapes_are_checked():
    for wrong in (np.zeros(3, np.float32), np.zeros(2), np.zeros((2, 4), np.float32)):
        with pytest.raises(ValueError, match="for 2 letters"):
            LogoRow(id="l", title="L", letters="AC", values=wrong)
    with pytest.raises(ValueError, match="for 2 letters"):
        MutationRow(id="l", title="L", letters="AC", values=np.zeros((4, 2), np.float32))
    with pytest.raises(ValueError, match="for 5 letters"):
        MotifMark("X", 0, 5, "+", np.zeros((4, 5), np.float32))


def test_three_rows_of_196608_letters_and_all_else_fit():
    packing = Packing()
    packing.words(scene_payload(letter_scene(3)))
    assert packing.characters < 0.7 * MAX_PAYLOAD_BYTES


def test_the_reverse_strand_is_part_of_the_scene():
    forward, reverse = (scene_payload(letter_scene(1, reverse=turned, extras=False)) for turned in (False, True))
    assert (forward["reverse"], reverse["reverse"]) == (False, True)
    assert forward["digest"] != reverse["digest"]
    assert [row["digest"] for row in forward["rows"]] == [row["digest"] for row in reverse["rows"]]


def test_choices_of_logos_are_heard_kept_and_applied():
    said = browser._read({"rows": [{"id": "logo:0", "height": "large", "log": None, "scaling": "seen"}]}, None, None)
    assert said.rows == (RowChoice("logo:0", "large", None, "seen"),)
    choices, gone = RowChoices().heard(said.rows, ["logo:0", "logo:1"])
    assert gone == ("logo:1",)
    assert choices.write() == "logo:0~lv*!logo:1"
    assert RowChoices.read(choices.write()) == choices
    rows = (logo(0), logo(1), MotifRow(id="m", title="M"))
    one, motifs = choices.apply(rows)
    assert (one.id, one.height, one.scaling) == ("logo:0", "large", "seen")
    assert motifs is rows[2]
    shared = RowChoices.read("s~p*logo:1~p").apply((SignalRow(id="s", title="S", group="g"), logo(1)))
    assert [row.scaling for row in shared] == ["group", "group"]
