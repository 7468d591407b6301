"""Gradient methods: by hand on a linear model, and against enformer_pytorch on a small one."""

from __future__ import annotations

import numpy as np
import pytest

from core.attribution import Target, expected_gradients, gradient_x_input, gradients, integrated_gradients
from core.attribution.gradients import GradientPlan
from core.attribution.shuffle import dinucleotide_shuffle
from core.attribution.target import first_bin
from core.enformer.averaging import Averaging, shifted
from core.errors import SelectionError, SequenceError
from core.genome import Interval, one_hot
from core.genome.sequence import reverse_complement
from tests.core.attribution.linear import Linear, linear_gradients
from tests.core.attribution.toys import exact, other_strand, peer_value, peer_values
from tests.core.enformer.engine_toys import far, letters
from tests.core.enformer.test_gradients import autograd

LENGTH = 16 * 33
SEQUENCE = letters(LENGTH, 7)
TARGET = Target((0, 2), (3, 4, 5))
APART = Target((0, 2), (3, 9), against=(5,))


@pytest.fixture(scope="module")
def model():
    return exact(4)


def test_a_linear_model_by_hand(monkeypatch):
    monkeypatch.setattr(gradients, "input_gradients", linear_gradients)
    weights = np.arange(8 * 4 * 2, dtype=np.float64).reshape(8, 4, 2)
    engine, sequence, target = Linear(weights), "ACGTNNCA", Target((1,), (0, 1))
    # Each letter has half of its weight, as the target is the mean of two bins; a letter of weight 2 n + 1.
    by_hand = np.array([1, 11, 21, 31, 0, 0, 51, 57]) / 2
    found = gradient_x_input(engine, sequence, target)
    np.testing.assert_allclose(found.per_base, by_hand)
    np.testing.assert_allclose(found.values.sum(axis=1), by_hand)
    assert found.target_value == pytest.approx(by_hand.sum())
    np.testing.assert_allclose(integrated_gradients(engine, sequence, target, steps=3).per_base, by_hand)
    # From another sequence: what the letter has more than that one's.
    other = dinucleotide_shuffle(sequence, 5)
    lost = (one_hot(other)[:, :, None] * weights).sum(axis=1)[:, 1] / 2
    shuffled = integrated_gradients(engine, sequence, target, baseline="shuffled", seed=5)
    np.testing.assert_allclose(shuffled.per_base, by_hand - lost, atol=1e-5)
    assert shuffled.convergence_error < 1e-4
    many = [dinucleotide_shuffle(sequence, 9 + number) for number in range(6)]
    mean = np.mean([(one_hot(one)[:, :, None] * weights).sum(axis=1)[:, 1] / 2 for one in many], axis=0)
    expected = expected_gradients(engine, sequence, target, baselines=6, seed=9)
    np.testing.assert_allclose(expected.per_base, by_hand - mean, atol=1e-5)
    assert expected.convergence_error < 1e-4


@pytest.mark.parametrize("target", [TARGET, APART])
def test_equals_autograd_on_the_peer(model, target):
    module, engine = model
    plain = target.gradient_target(first_bin(engine, LENGTH))
    gradient, values = autograd(module, one_hot(SEQUENCE)[None], plain)
    found = gradient_x_input(engine, SEQUENCE, target)
    assert far(found.hypothetical, gradient[0]) < 1e-5
    assert far(found.values, gradient[0] * one_hot(SEQUENCE)) < 1e-5
    assert found.target_value == pytest.approx(values[0], rel=1e-5)
    assert found.per_base[[place for place, letter in enumerate(SEQUENCE) if letter == "N"]].tolist() == [0] * (
        SEQUENCE.count("N")
    )
    assert any("shown as 0" in note for note in found.notes)


def test_averaging_equals_autograd_of_each_run(model):
    module, engine = model
    flanks, runs = ("ACGTT", "GGATC"), Averaging(True, (-3, 2))
    first, bins = first_bin(engine, LENGTH), LENGTH // 16
    plain, total, each = TARGET.gradient_target(first), np.zeros((LENGTH, 4)), []
    for run in runs.runs:
        read = shifted(SEQUENCE, run.shift_bp, flanks)
        numbers = plain.bins if not run.reverse else tuple(bins - 1 - number for number in plain.bins)
        wanted = type(plain)(plain.tracks, numbers, plain.head)
        gradient = autograd(module, one_hot(reverse_complement(read) if run.reverse else read)[None], wanted)[0][0]
        gradient = other_strand(gradient) if run.reverse else gradient
        wide = np.zeros((LENGTH + 20, 4))
        wide[10 + run.shift_bp : 10 + run.shift_bp + LENGTH] = gradient
        total += wide[10:-10] / len(runs.runs)
        each.append((wide[10:-10] * one_hot(SEQUENCE)).sum(axis=1))
    found = gradient_x_input(engine, SEQUENCE, TARGET, averaging=runs, flanks=flanks)
    assert far(found.hypothetical, total) < 1e-5
    assert far(found.spread, np.std(each, axis=0)) < 1e-5
    assert found.runs == tuple(run.name for run in runs.runs)


def test_both_strands_are_symmetric():
    """An even number of bins is shown, so that the middle stays the middle on the other strand."""
    engine = exact(2, target_length=10)[1]
    sequence = letters(16 * 32, 3)
    there = gradient_x_input(engine, sequence, Target((1,), (2, 3)), averaging=Averaging(True))
    back = gradient_x_input(engine, reverse_complement(sequence), Target((1,), (6, 7)), averaging=Averaging(True))
    assert far(other_strand(np.asarray(back.values)), there.values) < 1e-5
    assert far(np.asarray(back.spread)[::-1], there.spread) < 1e-5
    assert back.target_value == pytest.approx(there.target_value, rel=1e-5)


@pytest.mark.parametrize("baseline", ["zeros", "shuffled"])
def test_integrated_gradients_add_up(model, baseline):
    module, engine = model
    first = first_bin(engine, LENGTH)
    value = peer_value(module, SEQUENCE, TARGET, first)
    before = "N" * LENGTH if baseline == "zeros" else dinucleotide_shuffle(SEQUENCE, 3)
    difference = value - peer_value(module, before, TARGET, first)
    errors = []
    for steps in (3, 60):
        found = integrated_gradients(engine, SEQUENCE, TARGET, steps=steps, baseline=baseline, seed=3)
        assert found.target_value == pytest.approx(value, rel=1e-5)
        assert abs(found.values.sum(dtype=np.float64) - difference) == pytest.approx(found.convergence_error, abs=2e-6)
        errors.append(found.convergence_error)
    assert errors[1] < 0.01 * np.abs(found.values).sum()
    assert errors[1] < 0.2 * errors[0]


def test_expected_gradients_add_up(model):
    module, engine = model
    first = first_bin(engine, LENGTH)
    found = expected_gradients(engine, SEQUENCE, TARGET, baselines=20, seed=1)
    shuffles = peer_values(module, [dinucleotide_shuffle(SEQUENCE, 1 + n) for n in range(20)], TARGET, first)
    difference = peer_value(module, SEQUENCE, TARGET, first) - np.mean(shuffles)
    assert abs(found.values.sum(dtype=np.float64) - difference) == pytest.approx(found.convergence_error, abs=2e-6)
    assert 0 < found.convergence_error < 0.1 * np.abs(found.values).sum()


@pytest.mark.parametrize("method", ["gradient_x_input", "integrated_gradients", "expected_gradients"])
def test_units_give_what_the_whole_gives(model, method):
    asked = gradients.AskedTarget.of(model[1], SEQUENCE, TARGET, averaging=Averaging(True))
    whole, cut = (GradientPlan(asked, method, steps=5, baselines=5, at_once=count) for count in (16, 2))
    assert len(cut.units) > len(whole.units) or method == "gradient_x_input"
    one, other = whole.run(), cut.scores([cut.unit(number) for number in range(len(cut.units))])
    assert far(other.values, one.values) < 1e-5
    assert other.target_value == pytest.approx(one.target_value, rel=1e-5)
    told = []
    cut.run(told.append)
    assert told[0] == 0
    assert told[-1] == 1
    assert told == sorted(told)


def test_what_cannot_be_asked(model):
    engine = model[1]
    place = Interval("chr1", 1000, 1000 + LENGTH)
    assert gradient_x_input(engine, SEQUENCE, TARGET, interval=place).interval == place
    for options in ({"steps": 1}, {"steps": 10**6}, {"baseline": "mean"}):
        with pytest.raises(SelectionError):
            integrated_gradients(engine, SEQUENCE, TARGET, **options)
    with pytest.raises(SelectionError, match="from 1"):
        expected_gradients(engine, SEQUENCE, TARGET, baselines=0)
    with pytest.raises(SelectionError, match="shows bins 0 to 9"):
        gradient_x_input(engine, SEQUENCE, Target((0,), (10,)))
    with pytest.raises(SelectionError, match="shows bins 0 to 9"):
        gradient_x_input(engine, SEQUENCE, Target((0,), (400,)))
    with pytest.raises(SelectionError, match="Track 70"):
        gradient_x_input(engine, SEQUENCE, Target((70,), (1,)))
    with pytest.raises(SelectionError, match="No track"):
        Target((), (1,))
    with pytest.raises(SequenceError, match="no known base"):
        gradient_x_input(engine, "N" * LENGTH, TARGET)
    with pytest.raises(SequenceError, match="A shift of 40 bp"):
        gradient_x_input(engine, SEQUENCE, TARGET, averaging=Averaging(False, (40,)))
