"""Changed letters and destroyed blocks: by hand on a linear model, by brute force on a small Enformer."""

from __future__ import annotations

import numpy as np
import pytest

from core.attribution import Target, block_mutagenesis, mutagenesis_at, region_in_window, saturation_mutagenesis
from core.attribution.blocks import tiled
from core.attribution.shuffle import dinucleotide_shuffle
from core.attribution.target import first_bin
from core.enformer.averaging import Averaging, shifted
from core.errors import SelectionError
from core.genome import Interval
from core.genome.sequence import BASES, reverse_complement
from tests.core.attribution.linear import Linear
from tests.core.attribution.toys import exact, other_strand, peer_value, peer_values
from tests.core.enformer.engine_toys import far, letters

LENGTH = 16 * 33
SEQUENCE = letters(LENGTH, 7)
TARGET = Target((0, 2), (3, 4, 5))
APART = Target((0, 2), (3, 9), against=(5,))
START, END = 265, 275


@pytest.fixture(scope="module")
def model():
    return exact(4)


def changed(sequence: str, place: int, letter: str) -> str:
    return sequence[:place] + letter + sequence[place + 1 :]


def brute_force(module, engine, target: Target, start: int, end: int, read=lambda letters: letters, bins=None):
    """(end - start, 4) of enformer_pytorch's own forwards."""
    first = first_bin(engine, LENGTH)
    told = target if bins is None else Target(target.tracks, bins, against=target.against)
    places = [
        (place - start, column, changed(SEQUENCE, place, letter))
        for place in range(start, end)
        for column, letter in enumerate(BASES)
        if letter != SEQUENCE[place] and SEQUENCE[place] in BASES
    ]
    values = peer_values(module, [read(SEQUENCE), *(read(one) for _, _, one in places)], told, first)
    found = np.zeros((end - start, 4))
    for (row, column, _), value in zip(places, values[1:], strict=True):
        found[row, column] = value - values[0]
    return found


def test_a_linear_model_by_hand():
    weights = np.arange(8 * 4 * 2, dtype=np.float64).reshape(8, 4, 2)
    engine, target = Linear(weights), Target((1,), (0, 1))
    found = saturation_mutagenesis(engine, "ACGTNNCA", target, 2, 7)
    # A letter of column c has a weight 2 c above that of A; the target is the mean of two bins.
    columns = np.arange(4)
    by_hand = np.stack([columns - 2, columns - 3, 0 * columns, 0 * columns, columns - 1]).astype(float)
    np.testing.assert_allclose(found.values, by_hand)
    # The letter there, less the mean of the four: G has 2 - 1.5, T 3 - 1.5, C 1 - 1.5.
    np.testing.assert_allclose(found.per_base, [0.5, 1.5, 0, 0, -0.5])
    assert (found.letters, found.start) == ("GTNNC", 2)
    assert "2 of 5 letters" in found.notes[0]
    some = mutagenesis_at(engine, "ACGTNNCA", target, [6, 2, 6])
    np.testing.assert_allclose(some.values[[0, 4]], by_hand[[0, 4]])
    assert np.isnan(some.values[1:4]).all()
    assert np.isnan(some.per_base[1])
    blocks = block_mutagenesis(engine, "ACGTNNCA", target, [(0, 4), (4, 6)], how="N")
    lost = sum(weights[place, "ACGT".index(letter), 1] for place, letter in enumerate("ACGT")) / 2
    np.testing.assert_allclose(blocks.effects, [-lost, 0])
    np.testing.assert_allclose(blocks.contributions, [lost, 0])
    assert blocks.spread is None


@pytest.mark.parametrize("target", [TARGET, APART])
def test_equals_brute_force_on_the_peer(model, target):
    module, engine = model
    found = saturation_mutagenesis(engine, SEQUENCE, target, START, END)
    wanted = brute_force(module, engine, target, START, END)
    assert np.abs(wanted).max() > 1e-3
    assert far(found.values, wanted) < 2e-4
    there = [BASES.find(letter) for letter in SEQUENCE[START:END]]
    assert all(found.values[row, column] == 0 for row, column in enumerate(there) if column >= 0)
    value = peer_value(module, SEQUENCE, target, first_bin(engine, LENGTH))
    assert found.target_value == pytest.approx(value, abs=2e-6)
    np.testing.assert_allclose(found.mean_subtracted.sum(axis=1), 0, atol=1e-6)


def test_averaging_equals_brute_force(model):
    """Also at the window's left edge, where a shifted run does not read every letter."""
    module, engine = model
    flanks, runs = ("ACGTT", "GGATC"), Averaging(True, (3,))
    first, bins, each = first_bin(engine, LENGTH), LENGTH // 16, []
    stretches = ((0, 5), (START, START + 4))
    for run in runs.runs:

        def read(sequence, run=run):
            moved = shifted(sequence, run.shift_bp, flanks)
            return reverse_complement(moved) if run.reverse else moved

        numbers = [first + number for number in TARGET.bins]
        numbers = [bins - 1 - number for number in numbers] if run.reverse else numbers
        own = tuple(sorted(number - first for number in numbers))
        each.append([brute_force(module, engine, TARGET, *one, read=read, bins=own) for one in stretches])
    for place, stretch in enumerate(stretches):
        wanted = [run[place] for run in each]
        found = saturation_mutagenesis(engine, SEQUENCE, TARGET, *stretch, averaging=runs, flanks=flanks)
        np.testing.assert_allclose(found.values, np.mean(wanted, axis=0), atol=2e-6)
        spread = np.std([one.mean(axis=1) for one in wanted], axis=0)
        np.testing.assert_allclose(found.spread, spread, atol=2e-6)
    assert np.abs(each[2][0][:3]).max() == 0  # what the shifted run did not read


def test_both_strands_are_symmetric():
    engine = exact(2, target_length=10)[1]
    sequence = letters(16 * 32, 3)
    there = saturation_mutagenesis(engine, sequence, Target((1,), (2, 3)), 100, 112, averaging=Averaging(True))
    back = saturation_mutagenesis(
        engine, reverse_complement(sequence), Target((1,), (6, 7)), 400, 412, averaging=Averaging(True)
    )
    np.testing.assert_allclose(other_strand(np.asarray(back.values)), there.values, atol=2e-6)


def test_blocks_equal_brute_force(model):
    module, engine = model
    first, blocks = first_bin(engine, LENGTH), ((256, 272), (260, 300), (0, 16))
    found = block_mutagenesis(engine, SEQUENCE, TARGET, blocks, shuffles=3, seed=5)
    before = peer_value(module, SEQUENCE, TARGET, first)
    for row, (start, end) in enumerate(blocks):
        orders = [dinucleotide_shuffle(SEQUENCE[start:end], 5 + number) for number in range(3)]
        windows = [SEQUENCE[:start] + order + SEQUENCE[end:] for order in orders]
        each = peer_values(module, windows, TARGET, first) - before
        assert found.effects[row] == pytest.approx(np.mean(each), abs=2e-6)
        assert found.spread[row] == pytest.approx(np.std(each), abs=2e-6)
    alone = block_mutagenesis(engine, SEQUENCE, TARGET, blocks[1:2], shuffles=3, seed=5)
    assert alone.effects[0] == pytest.approx(float(found.effects[1]), abs=1e-6)
    zeros = block_mutagenesis(engine, SEQUENCE, TARGET, blocks[:1], how="N")
    wanted = peer_value(module, SEQUENCE[:256] + "N" * 16 + SEQUENCE[272:], TARGET, first) - before
    assert zeros.effects[0] == pytest.approx(wanted, abs=2e-6)
    whole = Interval("chr2", 5000, 5000 + LENGTH)
    placed = block_mutagenesis(engine, SEQUENCE, TARGET, blocks[:1], shuffles=1, interval=whole)
    assert placed.intervals == (Interval("chr2", 5256, 5272),)


def test_tiles_cover_the_stretch():
    assert tiled(100, 300, 1024) == ((0, 128), (128, 256), (256, 384))
    assert tiled(127, 129, 200) == ((0, 128), (128, 200))


def test_places_that_cannot_be_asked(model):
    engine = model[1]
    for start, end in ((-1, 4), (4, 4), (8, 4), (0, LENGTH + 1), (LENGTH, LENGTH + 1)):
        with pytest.raises(SelectionError, match="would say that the letters do nothing"):
            saturation_mutagenesis(engine, SEQUENCE, TARGET, start, end)
    with pytest.raises(SelectionError, match="whole numbers"):
        saturation_mutagenesis(engine, SEQUENCE, TARGET, 1.5, 4)
    with pytest.raises(SelectionError, match="No place"):
        mutagenesis_at(engine, SEQUENCE, TARGET, [])
    with pytest.raises(SelectionError, match="No block"):
        block_mutagenesis(engine, SEQUENCE, TARGET, [])
    for options in ({"how": "delete"}, {"shuffles": 0}):
        with pytest.raises(SelectionError):
            block_mutagenesis(engine, SEQUENCE, TARGET, [(0, 16)], **options)


def test_a_region_outside_of_the_window_is_explained(model):
    window = Interval("chr1", 10_000, 10_000 + LENGTH)
    assert region_in_window(model[1], window, Interval("chr1", 10_100, 10_120)) == (100, 120)
    for place in (Interval("chr1", 9_990, 10_020), Interval("chr1", 90_000, 90_100), Interval("chr2", 10_100, 10_120)):
        with pytest.raises(SelectionError) as caught:
            region_in_window(model[1], window, place)
        # 33 bins are read and 10 of them shown, from number 12 on.
        for said in (place.locus, window.locus, "chr1:10,193-10,352", "0 there would say", "move the window"):
            assert said in str(caught.value)


def test_an_unchanged_window_is_not_computed_twice(model):
    """What every edit shares is the tower of the window: of 10 letters, hardly a tenth is computed."""
    engine = model[1]
    saturation_mutagenesis(engine, SEQUENCE, TARGET, START, START + 1)
    run = engine.iter_edits(SEQUENCE, [], tracks=(0,), bins=(12,))
    list(run)
    assert run.reference_reused == 1
