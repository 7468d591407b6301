"""What is kept of towers: found again by content, within a number of bytes, never of other weights."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from core.enformer import EnformerEngine
from core.enformer.averaging import Averaging
from core.enformer.outputs import Outputs
from core.enformer.receptive import affected_bins
from core.enformer.reuse import Known, Rows, TowerReuse, reach_of
from core.enformer.stretches import GAP, codes_of, codes_of_one_hot, spans
from core.genome import one_hot
from tests.core.enformer.engine_toys import far, letters, reference, small

SIZE = 16
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def module() -> torch.nn.Module:
    return small()


def test_reach_of_the_published_model():
    parts = EnformerEngine(small(num_downsamples=7), precision="fp32").parts
    assert reach_of(parts) == (259, 259)
    assert TowerReuse(parts)._around == 3


def test_codes():
    assert codes_of("ACGTacgtNRn").tolist() == [0, 1, 2, 3, 0, 1, 2, 3, 4, 4, 4]
    sequence = letters(160, unknown=0.1)
    np.testing.assert_array_equal(codes_of_one_hot(one_hot(sequence)[None])[0], codes_of(sequence))


def test_spans_close_small_gaps():
    assert spans([]) == []
    assert spans([3]) == [(3, 4)]
    assert spans([3, 4, 5 + GAP, 30]) == [(3, 6 + GAP), (30, 31)]
    assert spans([3, 5 + GAP]) == [(3, 4), (5 + GAP, 6 + GAP)]


def test_keys_follow_content_and_edges(module):
    reuse = TowerReuse(EnformerEngine(module, precision="fp32").parts)
    before, after = reach_of(EnformerEngine(module, precision="fp32").parts)
    reach = -(-max(before, after) // SIZE)
    chromosome = letters(SIZE * 60, unknown=0)
    whole = reuse.read(chromosome).keys
    part = reuse.read(chromosome[SIZE * 20 : SIZE * 40]).keys
    inner = slice(reach, 20 - reach)
    assert part[inner] == whole[20:40][inner]
    assert not set(part[:reach]) & set(whole), "near an edge the tower reads zeros, not letters"
    assert not set(part[-reach:]) & set(whole)
    assert reuse.read(chromosome.lower()).keys == whole
    # All letters alike: only the distance to the edges tells bins apart, zeros are no N.
    keys = reuse.read("N" * SIZE * 20).keys
    assert len(set(keys)) == 2 * reach + 1
    assert keys[reach] == keys[-reach - 1]


def test_keys_of_an_edited_window_are_those_read_anew(module):
    parts = EnformerEngine(module, precision="fp32").parts
    reuse = TowerReuse(parts)
    sequence = letters(SIZE * 30, unknown=0)
    known = Known.of(reuse.read(sequence), torch.empty(0))
    for place in (0, 1, SIZE * 7, SIZE * 7 - 1, SIZE * 30 - 1):
        other = sequence[:place] + "N" + sequence[place + 1 :]
        found = reuse.read(other, known)
        assert found.keys == reuse.read(other).keys
        differ = [number for number in range(30) if found.keys[number] != known.reading.keys[number]]
        first, stop = affected_bins(parts, place, place + 1)
        assert differ == list(range(max(0, first), min(30, stop)))


def test_pan_computes_what_is_new_and_the_edges(module):
    engine = EnformerEngine(module, precision="fp32")
    chromosome = letters(SIZE * 80, unknown=0)
    first, second = chromosome[: SIZE * 60], chromosome[SIZE * 10 : SIZE * 70]
    assert engine.predict(first).reused == 0
    found = engine.predict(second, target_length=-1)
    reach = -(-max(reach_of(engine.parts)) // SIZE)
    # New: 10 bins and those beside them that saw the old right edge, and those that see the new left edge.
    assert found.reused == pytest.approx(1 - (10 + 2 * reach) / 60)
    assert far(found.values, reference(module, second)) < 1e-5
    assert engine.predict(second).reused == 1
    assert engine.predict(first, target_length=-1).reused == 1, "the window before is still known"
    # Elsewhere, and moved by less than a bin: nothing is shared.
    assert engine.predict(chromosome[SIZE // 2 : SIZE * 60 + SIZE // 2]).reused == 0
    # A wider and a narrower window share what lies inside.
    assert engine.predict(chromosome[SIZE * 20 : SIZE * 50]).reused == pytest.approx(1 - 2 * reach / 30)


def test_windows_that_were_read_for_attention_are_known_too(module):
    engine = EnformerEngine(module, precision="fp32")
    sequence = letters(SIZE * 12)
    engine.attention(sequence, 0)
    found = engine.predict(sequence)
    assert found.reused == 1
    np.testing.assert_array_equal(found.values, EnformerEngine(module, precision="fp32").predict(sequence).values)


def test_runs_of_an_average_are_known_one_by_one(module):
    engine = EnformerEngine(module, precision="fp32")
    sequence = letters(SIZE * 12, unknown=0)
    engine.predict(sequence)
    both = engine.predict(sequence, averaging=Averaging(reverse_complement=True))
    assert both.reused == 0.5
    assert engine.predict(sequence, averaging=Averaging(reverse_complement=True)).reused == 1


def test_what_was_given_cannot_change_what_is_kept(module):
    engine = EnformerEngine(module, precision="fp32")
    sequence = letters(SIZE * 12)
    before = engine.tower(sequence).copy()
    engine.tower(sequence)[:] = 0
    with torch.inference_mode():
        engine.tower_states(one_hot(sequence)[None], lambda share: None).zero_()
    np.testing.assert_array_equal(engine.tower(sequence), before)


def test_weights_trained_in_place_are_noticed():
    module = small()
    engine = EnformerEngine(module, precision="fp32")
    sequence = letters(SIZE * 12)
    for tensor in (
        module.conv_tower[1][0][2].weight,
        module.stem[1].fn[0].running_mean,
        module.transformer[1][1].fn[1].weight,
        module.transformer[0][0].fn[1].to_rel_k.weight,
    ):
        before = engine.predict(sequence).values
        with torch.no_grad():
            tensor.mul_(1.1)
        found = engine.predict(sequence).values
        assert not np.array_equal(found, before)
        assert far(found, reference(module, sequence, target_length=10)) < 1e-5


def keys(*numbers: int) -> list[bytes]:
    return [bytes([number]) for number in numbers]


def test_rows_are_bounded_and_the_longest_unused_go_first():
    rows = Rows(3, CPU, 4 * 3 * 4)  # four rows
    rows.take([], torch.empty(0, 3), (1,))
    rows.put(keys(0, 1, 2), torch.arange(9.0).view(3, 3), (1,))
    found = torch.full((2, 3), -1.0)
    assert rows.take(keys(0, 9), found, (1,)) == [1]
    assert found.tolist() == [[0, 1, 2], [-1, -1, -1]]
    rows.put(keys(5, 6), torch.full((2, 3), 7.0), (1,))
    assert (len(rows), rows.nbytes) == (4, 4 * 3 * 4)
    assert rows.lacking(keys(0, 1, 2, 5, 6)) == 1
    assert rows.take(keys(1), found, (1,)) == [0], "the one unused for longest"
    found = torch.empty((3, 3))
    assert rows.take(keys(6, 2, 0), found, (1,)) == []
    assert found.tolist() == [[7, 7, 7], [6, 7, 8], [0, 1, 2]]
    # More than there is room for, and a key twice.
    rows.put(keys(20, 20, 21, 22, 23, 24, 25), torch.arange(21.0).view(7, 3), (1,))
    assert len(rows) == 4
    found = torch.empty((1, 3))
    assert rows.take(keys(21), found, (1,)) == []
    assert found.tolist() == [[6, 7, 8]]


def test_rows_of_other_weights_are_forgotten():
    rows = Rows(3, CPU, 1000)
    rows.take([], torch.empty(0, 3), (1,))
    rows.put(keys(0), torch.ones(1, 3), (1,))
    assert rows.take(keys(0), torch.empty(1, 3), (2,)) == [0]
    rows.put(keys(0), torch.ones(1, 3), (1,))  # of a run that began before the weights changed
    assert len(rows) == 0


def test_outputs_are_bounded_and_cut():
    outputs = Outputs(4 * 2 * 5)  # five rows
    assert outputs.get(b"a", 0, 1, (1,)) is None
    states = torch.arange(8.0).view(4, 2)
    outputs.put(b"a", 2, 6, states, (1,))
    states.zero_()
    assert outputs.get(b"a", 3, 5, (1,)).tolist() == [[2, 3], [4, 5]]
    assert outputs.get(b"a", 1, 5, (1,)) is None
    assert outputs.get(b"a", 3, 7, (1,)) is None
    outputs.put(b"a", 3, 5, torch.zeros(2, 2), (1,))
    assert outputs.get(b"a", 2, 6, (1,)).tolist()[0] == [0, 1], "the wider one stays"
    outputs.put(b"b", 0, 6, torch.zeros(6, 2), (1,))
    assert outputs.get(b"b", 0, 6, (1,)) is None, "larger than all that is kept"
    outputs.put(b"b", 0, 2, torch.zeros(2, 2), (1,))
    assert outputs.get(b"a", 2, 6, (1,)) is None
    assert outputs.nbytes == 16
    assert outputs.get(b"b", 0, 2, (2,)) is None
    outputs.put(b"b", 0, 2, torch.zeros(2, 2), (1,))
    assert outputs.nbytes == 0


def test_threads_with_little_room(module):
    engine = EnformerEngine(module, precision="fp32")
    engine.reuse = TowerReuse(engine.parts, 4 * engine.parts.width * 30)
    chromosome = letters(SIZE * 80)
    windows = [chromosome[SIZE * (n % 7) : SIZE * (n % 7 + 12)] for n in range(40)]
    wanted = {window: EnformerEngine(module, precision="fp32").tower(window) for window in set(windows)}
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(engine.tower, windows))
    for window, states in zip(windows, found, strict=True):
        assert far(states, wanted[window]) < 1e-6
