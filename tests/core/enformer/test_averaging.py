"""Both strands, shifts, mean and spread: by construction."""

from __future__ import annotations

import numpy as np
import pytest

from core.enformer import EnformerEngine
from core.enformer.averaging import Averaging, Mean, averaging_notes, shifted, window_with_flanks
from core.errors import SequenceError
from core.genome import Interval, reverse_complement
from core.genome.reference import fetch_padded
from tests.core.enformer.engine_toys import far, letters, reference, small


class Genome:
    """One short chromosome."""

    name = "toy"

    def __init__(self, sequence: str) -> None:
        self.sequence = sequence

    def fetch(self, interval: Interval) -> str:
        return fetch_padded(
            interval, {"chr1": len(self.sequence)}, self.name, lambda _, start, end: self.sequence[start:end]
        )


def test_runs():
    assert Averaging(shifts=np.int64(2)) == Averaging(shifts=2) == Averaging(shifts=np.array([2, 0, 2]))
    assert [run.name for run in Averaging().runs] == ["forward"]
    assert [run.name for run in Averaging(True, (-3, 0, 2, 2)).runs] == [
        "forward",
        "reverse complement",
        "forward, shifted by -3 bp",
        "reverse complement, shifted by -3 bp",
        "forward, shifted by +2 bp",
        "reverse complement, shifted by +2 bp",
    ]
    assert Averaging(shifts=(0,)) == Averaging()
    assert Averaging(shifts=4) == Averaging(shifts=(4,))
    assert Averaging(shifts=(-3, 2)).reach_bp == 3
    with pytest.raises(SequenceError, match="whole numbers of bp"):
        Averaging(shifts=(0.5,))


def test_shifted_windows():
    assert shifted("ACGT", 0) == "ACGT"
    assert shifted("ACGT", 1) == "CGTN"
    assert shifted("ACGT", -1) == "NACG"
    assert shifted("ACGT", 2, ("TTT", "GAC")) == "GTGA"
    assert shifted("ACGT", -2, ("TTC", "G")) == "TCAC"
    assert shifted("ACGT", -3, ("C", "")) == "NNCA"
    assert shifted("ACGT", 3, ("", "C")) == "TCNN"


def test_flanks_of_a_genome():
    genome = Genome("ACGTTGCA")
    averaging = Averaging(shifts=(-2, 1))
    sequence, flanks = window_with_flanks(genome, Interval("chr1", 2, 6), averaging)
    assert (sequence, flanks) == ("GTTG", ("AC", "CA"))
    for shift in (-2, 1):
        assert shifted(sequence, shift, flanks) == genome.sequence[2 + shift : 6 + shift]
    assert window_with_flanks(genome, Interval("chr1", 1, 8), averaging) == ("CGTTGCA", ("NA", "NN"))
    assert window_with_flanks(genome, Interval("chr1", 2, 6), Averaging()) == ("GTTG", ("", ""))


def test_what_is_said_of_missing_bases():
    averaging = Averaging(shifts=(-2, 1))
    assert averaging_notes(averaging, ("AC", "A")) == ()
    assert averaging_notes(averaging, ("AC", "")) == (
        "Shifted runs read up to 1 N at an edge: the bases beside the window were not given.",
    )
    assert "up to 2 N" in averaging_notes(averaging, ("", ""))[0]
    assert "Both strands" in averaging_notes(Averaging(reverse_complement=True), ("", ""))[0]


@pytest.mark.parametrize("target_length", [-1, 10, 11])
def test_each_run_by_itself(target_length):
    module = small()
    engine = EnformerEngine(module)
    genome = Genome(letters(16 * 21 + 40))
    place = Interval("chr1", 20, 20 + 16 * 21)
    averaging = Averaging(reverse_complement=True, shifts=(-5, 8))
    sequence, flanks = window_with_flanks(genome, place, averaging)
    found = engine.predict(sequence, averaging=averaging, flanks=flanks, target_length=target_length, interval=place)
    bins = 21 if target_length == -1 else target_length
    first = (21 - bins + 1) // 2
    runs = []
    for shift in (0, -5, 8):
        moved = genome.fetch(place.shift(shift))
        runs.append(reference(module, moved)[first : first + bins])
        # The other strand's bins are counted from the other end; after turning round they are the same places.
        runs.append(reference(module, reverse_complement(moved))[::-1][first : first + bins])
    assert far(found.values, np.mean(runs, axis=0)) < 1e-5
    np.testing.assert_allclose(found.spread, np.std(runs, axis=0), atol=1e-5 * np.ptp(found.values))
    assert np.std(runs, axis=0).max() > 0.01 * np.ptp(found.values), "the runs do not differ"
    assert len(found.runs) == 6
    assert found.interval == Interval("chr1", 20 + 16 * first, 20 + 16 * (first + bins))


def test_reading_the_other_strand_turns_the_average_round():
    engine = EnformerEngine(small())
    sequence = letters(16 * 20)
    both = Averaging(reverse_complement=True)
    there, back = (engine.predict(s, averaging=both).values for s in (sequence, reverse_complement(sequence)))
    assert far(back[::-1], there) < 1e-6


def test_two_runs_spread_half_their_difference():
    engine = EnformerEngine(small())
    sequence = letters(160)
    found = engine.predict(sequence, averaging=Averaging(shifts=(4,)))
    plain, moved = engine.predict(sequence).values, engine.predict(shifted(sequence, 4)).values
    np.testing.assert_allclose(found.spread, np.abs(plain - moved) / 2, atol=1e-6)
    assert "up to 4 N" in found.notes[-1]
    assert engine.predict(sequence).spread is None


def test_mean_and_standard_deviation():
    arrays = [np.random.default_rng(seed).normal(1e3, 1, (3, 2)).astype(np.float32) for seed in range(5)]
    mean = Mean()
    mean.add(arrays[0])
    assert mean.mean is arrays[0]
    assert mean.spread is None
    for array in arrays[1:]:
        mean.add(array)
    np.testing.assert_allclose(mean.mean, np.mean(arrays, axis=0, dtype=np.float64), rtol=1e-7)
    np.testing.assert_allclose(mean.spread, np.std(arrays, axis=0, dtype=np.float64), rtol=1e-5)
    assert mean.mean.dtype == mean.spread.dtype == np.float32
