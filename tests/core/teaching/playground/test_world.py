"""The shipped genome under edits: exact effects, and edits that are refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.errors import InvalidLocusError, ReferenceMismatchError, SequenceError
from core.genome import Interval, Variant, open_genome
from core.teaching import simulate_effect
from core.teaching.playground.edits import Replacement, checked_edits, edited, shuffled
from core.teaching.playground.files import playground_links
from core.teaching.playground.grammar import CELL_TYPES, TRACKS, GenePlan, Grammar, tracks_of
from core.teaching.playground.occupancy import encode
from core.teaching.playground.world import World, world

CAGE = {cell: TRACKS.index(f"CAGE:{cell}") for cell in CELL_TYPES}
LOCAL = [TRACKS.index(name) for name in ("DNASE:erythroid", "DNASE:liver", "CHIP:H3K4me3", "CHIP:CTCF")]


@pytest.fixture(scope="module")
def shared() -> World:
    return world()


@pytest.fixture(scope="module")
def chromosome(shared: World) -> np.ndarray:
    """The truth of all of sim3, edges and N included."""
    codes = encode(shared.genome.fetch(Interval("sim3", 0, 600_000)))
    return tracks_of(codes, shared.genes["sim3"])


@pytest.fixture(scope="module")
def links() -> pd.DataFrame:
    table = pd.read_csv(playground_links(), sep="\t")
    return table[(table.chrom == "sim3") & (table.boundaries_between == 0) & (table.share > 0.2)]


def around(tss: int, bins: int = 64) -> Interval:
    first = (tss // 128 - bins // 2) * 128
    return Interval("sim3", first, first + bins * 128)


def without(shared: World, row: object) -> Replacement:
    place = Interval(row.chrom, row.element_start, row.element_end)
    return Replacement(place, shuffled(shared.genome.fetch(place)))


@pytest.mark.parametrize("first", [0, 700, 2_000, 4_500])
def test_a_window_says_what_the_chromosome_says(shared: World, chromosome: np.ndarray, first: int) -> None:
    given = shared.truth(Interval("sim3", first * 128, (first + 384) * 128))
    expected = chromosome[first : first + 384]
    assert given.shape == (384, 12)
    assert given.dtype == np.float32
    np.testing.assert_allclose(given[: len(expected)], expected, atol=2e-5)
    assert not given[len(expected) :].any()


def test_a_window_that_overhangs_the_beginning(shared: World, chromosome: np.ndarray) -> None:
    given = shared.truth(Interval("sim3", -2_560, 12_800))
    assert not given[:20].any()
    np.testing.assert_allclose(given[20:], chromosome[:100], atol=2e-5)


def test_taking_an_enhancer_out_is_what_links_say(shared: World, links: pd.DataFrame) -> None:
    for row in links.sample(12, random_state=1).itertuples():
        edit = without(shared, row)
        effect = simulate_effect(edit, around(row.tss, 2))
        before = shared.truth(around(row.tss, 2))
        column = CAGE[row.cell_type]
        assert -effect[1, column] / before[1, column] == pytest.approx(row.share, abs=0.03)


def test_an_enhancer_works_in_its_own_cell_type(shared: World, links: pd.DataFrame) -> None:
    row = next(links[links.kind == "enhancer liver"].itertuples())
    effect = simulate_effect([without(shared, row)], around(row.tss, 2))
    assert effect[1, CAGE["liver"]] < -0.5
    assert abs(effect[1, CAGE["erythroid"]]) < 0.01 * abs(effect[1, CAGE["liver"]])


def test_what_is_far_away_does_not_matter(shared: World, links: pd.DataFrame) -> None:
    row = links.iloc[0]
    edit = without(shared, row)
    far = simulate_effect([edit], Interval("sim3", 512_000, 524_800))
    assert not far.any()
    nearer = simulate_effect([edit], around(row.tss + 61_000))
    assert np.abs(nearer).max() < 40 * np.exp(-12)


def test_default_window_and_shape(shared: World) -> None:
    letter = shared.genome.fetch(Interval("sim1", 99_999, 100_000))
    variant = Variant("sim1", 100_000, letter, "A" if letter != "A" else "C")
    effect = simulate_effect([variant])
    assert effect.shape == (256, 12)
    assert effect.dtype == np.float32


@pytest.mark.parametrize(("lost", "gained"), [(5, 1), (1, 6), (1, 101), (260, 1), (1000, 300), (7, 7)])
def test_what_follows_keeps_its_place(shared: World, lost: int, gained: int) -> None:
    """Tracks that only look around are the same to the last bit, left and right of the change."""
    place = Interval("sim3", 150_003, 150_003 + lost)
    effect = simulate_effect([Replacement(place, "A" * gained)], Interval("sim3", 128_000, 179_200))
    first, last = (150_003 - 1_000 - 128_000) // 128, (150_003 + lost + 1_000 - 128_000) // 128 + 1
    assert lost < 16 or effect[first:last, LOCAL].any()
    assert not effect[:first, LOCAL].any()
    assert not effect[last:, LOCAL].any()


def between_genes(shared: World) -> int:
    """The edge of a bin with 2,000 bp without a gene on both sides."""
    bodies = [gene.body for gene in shared.genes["sim3"]]
    for at in range(150 * 1_280, 300 * 1_280, 128):
        if not any(start - 2_000 < at < end + 2_000 for start, end in bodies):
            return at
    raise AssertionError("no such place")


@pytest.mark.parametrize("size", [256, -256])
def test_whole_bins_are_exact(shared: World, size: int) -> None:
    """Two bins more or less between genes: the truth of the new sequence with its genes moved."""
    at = between_genes(shared)
    start, end = at - 100 * 1_280, at + 100 * 1_280
    letters = shared.genome.fetch(Interval("sim3", start, end))
    cut = at - start
    if size > 0:
        edit = Replacement(Interval("sim3", at - 1, at), letters[cut - 1] + "ACGTTGCA" * 32)
    else:
        edit = Replacement(Interval("sim3", at, at + 256), "")
    left, right = edit.interval.start - start, edit.interval.end - start
    changed = letters[:left] + edit.letters + letters[right:]

    def moved(place: int) -> int:
        return place - start + (size if place >= at else 0)

    genes = [
        GenePlan(
            g.symbol, g.strand, moved(g.tss), moved(g.tes), tuple((moved(a), moved(b - 1) + 1) for a, b in g.exons)
        )
        for g in shared.genes["sim3"]
    ]
    expected = tracks_of(encode(changed), genes)
    first = cut // 128
    if size > 0:
        expected = np.concatenate([expected[:first], expected[first + 2 :]])
    else:
        expected = np.concatenate([expected[:first], np.zeros((2, 12)), expected[first:]])
    given = shared.truth(Interval("sim3", start, end), edits=[edit])
    inner = slice(500, len(given) - 500)  # the stretch ends, the genome does not
    np.testing.assert_allclose(given[inner], expected[inner], atol=2e-3, rtol=1e-3)
    assert np.abs(given - shared.truth(Interval("sim3", start, end)))[inner].max() > 0.01


def test_a_deletion_brings_an_enhancer_nearer(shared: World, links: pd.DataFrame) -> None:
    far = links[(links.distance_bp > 4_000) & (links.kind != "enhancer shared")]
    for row in far.itertuples():
        low, high = sorted((row.tss, (row.element_start + row.element_end) // 2))
        middle = (low + high) // 2
        place = Interval("sim3", middle - 800, middle + 800)
        letters = shared.genome.fetch(place)
        inert = np.abs(simulate_effect(Replacement(place, shuffled(letters)), around(row.tss, 2))).max() < 0.01
        if inert:
            break
    else:
        pytest.fail("no link with nothing between")
    effect = simulate_effect(Replacement(place, ""), around(row.tss, 2))
    assert effect[1, CAGE[row.cell_type]] > 0.05


def test_edits_may_come_together_and_in_any_order(shared: World) -> None:
    places = [Interval("sim3", at, at + 3) for at in (150_000, 150_100, 150_103)]
    edits = [Replacement(place, letters) for place, letters in zip(places, ("A", "ACGTACGT", "TTT"), strict=True)]
    window = Interval("sim3", 140_800, 166_400)
    np.testing.assert_array_equal(simulate_effect(edits, window), simulate_effect(edits[::-1], window))


def test_edited_by_hand() -> None:
    codes = encode("A" * 64)
    genome = open_genome("playground")
    changes = checked_edits([Replacement(Interval("sim1", 20, 22), "C" * 20)], "sim1", genome)
    made = edited(codes, 0, changes)
    assert len(made.codes) == 82
    assert made.length == 80  # one whole cell more; a rest of two bases
    assert made.places[:20].tolist() == list(range(20))
    assert made.places[20:40].tolist() == [*range(20, 38), 37, 37]
    assert made.places[40:].tolist() == list(range(38, 80))
    assert made.cells.tolist() == [0, 1, 3, 4]
    assert [made.place_of(base) for base in (19, 20, 21, 22, 63)] == [19, 20, 21, 38, 79]
    shorter = edited(codes, 0, [Replacement(Interval("sim1", 16, 52), "")])
    assert shorter.length == 32
    assert shorter.cells.tolist() == [0, -1, -1, 1]
    assert [shorter.place_of(base) for base in (15, 16, 30, 51, 52)] == [15, 16, 19, 19, 20]


def test_edits_that_are_refused(shared: World) -> None:
    letter = shared.genome.fetch(Interval("sim1", 99_999, 100_000))
    wrong = "A" if letter != "A" else "C"
    window = Interval("sim1", 89_600, 115_200)
    with pytest.raises(SequenceError, match="No edit"):
        simulate_effect([])
    with pytest.raises(ReferenceMismatchError, match=f"says {wrong}, but playground has {letter}"):
        simulate_effect([Variant("sim1", 100_000, wrong, "G" if wrong != "G" else "T")])
    with pytest.raises(SequenceError, match="overlaps"):
        simulate_effect([Replacement(Interval("sim1", 100, 200), "A"), Replacement(Interval("sim1", 199, 300), "A")])
    with pytest.raises(SequenceError, match="one chromosome"):
        shared.truth(window, edits=[Replacement(Interval("sim2", 100, 200), "A")])
    with pytest.raises(SequenceError, match="outside sim1:1-800,000"):
        shared.truth(window, edits=[Replacement(Interval("sim1", 799_990, 800_010), "A")])
    with pytest.raises(InvalidLocusError):
        simulate_effect([Variant("sim1", 900_000, "A", "C")])
    with pytest.raises(InvalidLocusError, match="sim9"):
        simulate_effect([Replacement(Interval("sim9", 100, 200), "A")])
    with pytest.raises(SequenceError, match="'!'"):
        Replacement(Interval("sim1", 100, 200), "ACG!")
    with pytest.raises(InvalidLocusError, match="multiple of 128"):
        shared.truth(Interval("sim1", 0, 100))
    for start in (800_000, -1_280):
        with pytest.raises(InvalidLocusError, match="outside"):
            shared.truth(Interval("sim1", start, start + 1_280))


def test_a_grammar_with_other_numbers(shared: World, links: pd.DataFrame) -> None:
    row = links.iloc[0]
    place = around(row.tss, 2)
    column = CAGE[row.cell_type]
    stronger, alone = (shared.truth(place, Grammar(strength=s))[1, column] for s in (2.0, 0.0))
    plain = shared.truth(place)[1, column]
    assert stronger - alone == pytest.approx(2 * (plain - alone), rel=1e-3)
