"""What the Variants page draws and says of an effect, from values that are known by hand."""

from __future__ import annotations

import numpy as np
import pytest

from components.browser.scene import Place, Scene, SignalRow
from components.effects.bars import effect_bars, groups_of
from components.effects.exports import differences
from components.effects.logos import among_alternatives, laid_back
from components.effects.numbers import change_text, value_text
from components.effects.places import aims_of, first_aim
from components.effects.rows import effect_rows
from components.effects.trust import gradient_estimate, methods_told, spread_told, truth_told
from components.tracks.exports import scene_bedgraph
from core.attribution.target import Target
from core.attribution.values import ContributionScores
from core.cards import Provenance
from core.effects.scores import gene_scores, window_scores
from core.effects.values import VariantEffect
from core.enformer.tracks import Track
from core.genome.gene import Gene
from core.genome.interval import Interval
from core.genome.variant import Variant

PROVENANCE = Provenance("toy", "1", "float32", "unknown", "random")
TRACKS = (Track(0, "A", "DNASE:one", "DNASE", "", "one", "mean"), Track(3, "B", "CAGE:two", "CAGE", "", "two", "sum"))


def made(variant: Variant, runs: int = 1, window: int = 80) -> VariantEffect:
    """Four bins of 10 bp from base 20 on; the second track loses 2 in bin 2, and 1 more in each further run."""
    ref = np.ones((runs, 4, 2), np.float32)
    alt = ref.copy()
    for run in range(runs):
        alt[run, 2, 1] = -1 - run
    return VariantEffect(
        variant=variant, changes=(variant,), ref_runs=ref, alt_runs=alt, tracks=TRACKS,
        interval=Interval("c", 20, 60), window=Interval("c", 0, window), deleted=np.zeros(4, bool), bin_size_bp=10,
        first_bin=2, head="human", provenance=PROVENANCE, sequence_digest="0" * 64,
        runs=tuple(f"run {number}" for number in range(runs)),
    )  # fmt: skip


SNV = Variant("c", 31, "A", "C")
GENE = Gene("G1", "", Interval("c", 45, 55, "+"))


def scores(letters: str, hypothetical: np.ndarray, method: str = "gradient_x_input") -> ContributionScores:
    values = np.zeros((len(letters), 4), np.float32)
    return ContributionScores(
        hypothetical if method == "saturation_mutagenesis" else values, method, letters, 0, Target((3,), (2,)), 1.0,
        PROVENANCE, Interval("c", 0, len(letters)),
        hypothetical=None if method == "saturation_mutagenesis" else hypothetical,
    )  # fmt: skip


def test_rows_hold_both_alleles_and_their_difference_with_units():
    both, change = effect_rows(made(SNV, runs=2), TRACKS[1], truth={3: np.zeros(4, np.float32)})
    (piece,), (moved,) = both.pieces, change.pieces
    assert (piece.start_bp, piece.bin_bp) == (20, 10)
    np.testing.assert_array_equal(moved.values, piece.second - piece.values)
    np.testing.assert_array_equal(moved.spread, [0, 0, 0.5, 0])
    assert (both.first_name, both.second_name) == ("reference (A)", "alternative (C)")
    assert both.unit == change.unit == "coverage summed over the bin"
    assert change.signs == ("more with C", "less")
    assert both.note == "1.00 → −1.50 where it changes most"


def test_the_exported_difference_is_the_difference_alone():
    rows = effect_rows(made(SNV), TRACKS[1], truth={3: np.ones(4, np.float32)})
    scene = Scene(Place("c", 0, 80), 80, "unknown", (0, 80), rows)
    only = differences(scene)
    assert [row.id for row in only.rows if isinstance(row, SignalRow)] == ["effect:human:3"]
    lines = scene_bedgraph(only).decode().splitlines()
    bins = [line.split("\t")[1:] for line in lines if line.startswith("c\t")]
    assert bins == [["20", "30", "0"], ["30", "40", "0"], ["40", "50", "-2"], ["50", "60", "0"]]


def test_a_place_is_a_gene_start_or_around_the_variant():
    effect = made(SNV)
    aims = aims_of(effect, gene_scores(effect, [GENE]), TRACKS[1])
    assert list(aims) == ["local", "G1"]
    assert aims["G1"].bins == (1, 4)
    assert aims["G1"].effect == pytest.approx(-2 / 3)
    assert first_aim(aims) == "G1"
    assert aims["G1"].target("human") == Target((3,), (1, 2, 3), aims["G1"].words)


def test_spread_method_and_truth_are_told_and_warn_where_signs_differ():
    effect = made(SNV, runs=3)
    aim = aims_of(effect, gene_scores(effect, [GENE]), TRACKS[1])["G1"]
    told = spread_told(effect, aim)
    assert "Over 3 runs" in told.words
    assert "−1.33 to −0.667" in told.words
    assert not told.warns
    assert "no spread is known" in spread_told(made(SNV), aim).words
    assert not methods_told(-0.3, aim, "x").warns
    assert methods_told(0.3, aim, "x").warns
    assert truth_told(aims_of(made(SNV), (), TRACKS[0])["local"], aim, "x").words.endswith(
        "In truth it does nothing here."
    )


def test_the_gradients_estimate_is_slope_times_change():
    slopes = np.zeros((80, 4), np.float32)
    slopes[30] = [2, -1, 5, 0]
    letters = "A" * 80
    assert gradient_estimate(scores(letters, slopes), made(SNV)) == pytest.approx(-3)  # C minus A
    slopes = slopes.copy()
    slopes[31] = [1, 0, 0, 4]
    assert gradient_estimate(scores(letters, slopes), made(Variant("c", 31, "AA", "CT"))) == pytest.approx(0)
    assert gradient_estimate(scores(letters, slopes), made(Variant("c", 31, "A", "AC"))) is None


@pytest.mark.parametrize(
    ("variant", "expected", "inserted"),
    [
        (Variant("c", 4, "G", "T"), "AACTTTGA", 0),
        (Variant("c", 3, "CGT", "C"), "AAC--TGA", 0),
        (Variant("c", 3, "C", "CTT"), "AACGTTGA", 3 + 4),
    ],
)
@pytest.mark.parametrize("side", ["left", "right"])
def test_contributions_of_the_alternative_lie_on_the_references_places(variant, expected, inserted, side):
    letters, flank = "AACGTTGA", "CCCC"
    start = variant.position - 1
    changed = flank + letters[:start] + variant.alt + letters[start + len(variant.ref) :] + flank
    offset = variant.length_change_bp if side == "right" else 0
    read = changed[4 + offset : 4 + offset + 8]
    number = np.arange(len(changed), dtype=np.float32)[4 + offset : 4 + offset + 8] - 4  # each letter its own value
    effect = made(variant, window=80)
    back, kept, total = laid_back(effect, number, read, offset)
    for place in range(8):
        if kept[place] != "-":
            assert kept[place] == expected[place]
            moved = variant.length_change_bp if place >= start + len(variant.ref) else 0
            assert back[place] == place + moved
        else:
            assert np.isnan(back[place])
    assert "-" not in expected or kept[3:5] == "--"
    assert total == (inserted if side == "left" else pytest.approx(inserted, abs=7))


def test_a_variant_among_its_alternatives():
    table = np.zeros((3, 4), np.float32)
    table[1] = [0, -3, 1, 2]
    table[2, 3] = 2.5
    found = among_alternatives(scores("AAA", table, "saturation_mutagenesis"), Variant("c", 2, "A", "T"))
    assert "Of the 9 single changes of the 3 letters" in found
    assert "A>T has the effect number 3 in size" in found
    assert among_alternatives(scores("AAA", table, "saturation_mutagenesis"), Variant("c", 2, "AA", "T")) == ""


def test_bars_are_signed_and_say_reference_alternative_and_effect():
    effect = made(SNV)
    groups = groups_of(window_scores(effect)["sad"], effect.tracks)
    assert [(group.name, group.effect) for group in groups] == [("CAGE two", -0.5), ("DNase one", 0.0)]
    drawing = effect_bars(groups, title="t", unit="u", value_unit="v", provenance="p")
    assert "1.00 to 0.500, effect −0.500 u" in drawing.description
    assert any(getattr(shape, "text", "") == "1.00 → 0.500: −0.500" for shape in drawing.shapes)


def test_numbers_have_three_digits_and_their_sign():
    assert [value_text(number) for number in (12.345, -0.00012345, 15000.4, 0.0, None, float("nan"))] == [
        "12.3", "−0.000123", "15,000", "0", "none", "none",
    ]  # fmt: skip
    assert [change_text(number) for number in (1.234, -0.5, 0.0)] == ["+1.23", "−0.500", "0"]
