"""`predict_edits` and `iter_edits` against enformer_pytorch's forward of the edited letters, and what they reuse."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from core.enformer import Edit, EnformerEngine
from core.enformer.averaging import Averaging, shifted
from core.enformer.edits import edited
from core.errors import DeviceMemoryError, ModelOutputError, ReferenceMismatchError, SelectionError, SequenceError
from core.genome import Interval, reverse_complement
from tests.core.enformer.engine_toys import far, letters, reference, small

SIZE = 16  # of a bin
BINS = 40
SEQUENCE = letters(SIZE * BINS, seed=3, unknown=0)
FLANK = letters(SIZE * 3, seed=4, unknown=0)
OTHER = {"A": "C", "C": "G", "G": "T", "T": "A"}


def substitution(place: int, count: int = 1) -> Edit:
    ref = SEQUENCE[place : place + count]
    return Edit(place, ref, "".join(OTHER[base] for base in ref))


def deletion(place: int, count: int) -> Edit:
    return Edit(place, SEQUENCE[place : place + count], "")


EDITS = [
    substitution(0),
    substitution(SIZE * 20),
    substitution(SIZE * 20 - 1),
    substitution(SIZE * BINS - 1),
    substitution(SIZE * 9 - 3, 7),
    deletion(SIZE * 12 + 3, 1),
    deletion(SIZE * 12, SIZE),
    Edit(SIZE * 30 + 5, "", "GATTACA"),
    Edit(5, SEQUENCE[5:7], "A" * (SIZE + 2)),
    (substitution(40), deletion(100, 2), Edit(SIZE * 35, "", "CC")),
]


@pytest.fixture(scope="module")
def module() -> torch.nn.Module:
    return small()


def test_equals_the_reference_on_the_edited_letters(module):
    engine = EnformerEngine(module, precision="fp32")
    place = Interval("chr1", 1000, 1000 + SIZE * BINS, "-")
    found = engine.predict_edits(SEQUENCE, EDITS, bins=range(BINS), flank=FLANK, interval=place)
    assert far(found.reference, reference(module, SEQUENCE)) < 1e-5
    for edit, values in zip(EDITS, found.alternatives, strict=True):
        assert far(values, reference(module, edited(SEQUENCE, edit, FLANK)[0])) < 1e-5, edit
        assert not np.array_equal(values, found.reference)
    assert found.edits == tuple(EDITS)
    assert found.bins == tuple(range(BINS))
    assert (found.interval, found.head, found.bin_size_bp) == (Interval("chr1", 1000, place.end), "human", SIZE)
    assert found.length_changes_bp[5:] == (-1, -SIZE, 7, SIZE, 0)
    assert found.provenance == engine.provenance
    assert found.sequence_digest == engine.predict(SEQUENCE).sequence_digest
    assert found.notes == ()


def test_the_models_own_crop_and_the_other_head(module):
    engine = EnformerEngine(module, precision="fp32")
    found = engine.predict_edits(SEQUENCE, EDITS[0], head="mouse")
    assert found.bins == tuple(range(15, 25))
    wanted = engine.predict(SEQUENCE, head="mouse")
    np.testing.assert_allclose(found.reference, wanted.values, rtol=1e-6)
    assert (wanted.first_bin, wanted.values.shape) == (15, (10, 5))


def test_tracks_and_bins_are_columns_and_rows_of_all(module):
    engine = EnformerEngine(module, precision="fp32")
    everything = engine.predict_edits(SEQUENCE, EDITS[:4], bins=range(BINS))
    some = EnformerEngine(module, precision="fp32").predict_edits(SEQUENCE, EDITS[:4], tracks=[5, 2], bins=[30, 7, 8])
    assert [track.index for track in some.tracks] == [5, 2]
    assert some.bins == (30, 7, 8)
    np.testing.assert_allclose(some.reference, everything.reference[[30, 7, 8]][:, [5, 2]], rtol=1e-5)
    np.testing.assert_allclose(some.alternatives, everything.alternatives[:, [30, 7, 8]][:, :, [5, 2]], rtol=1e-5)
    np.testing.assert_allclose(
        engine.predict_edits(SEQUENCE, EDITS[:4], tracks=1, bins=20).alternatives,
        everything.alternatives[:, 20:21, 1:2],
        rtol=1e-5,
    )


def test_an_edit_that_changes_nothing_is_the_reference(module, monkeypatch):
    engine = EnformerEngine(module, precision="fp32")
    plain = engine.predict(SEQUENCE)
    monkeypatch.setattr("core.enformer.transformer.transformer", lambda *_: pytest.fail("it ran"))
    monkeypatch.setattr("core.enformer.stretches._states", lambda *_: pytest.fail("it ran"))
    same = [Edit(50, SEQUENCE[50:60], SEQUENCE[50:60].lower()), (), Edit(70, "N", SEQUENCE[70])]
    for averaging in (Averaging(), Averaging()):
        found = engine.predict_edits(SEQUENCE, same, averaging=averaging)
        np.testing.assert_array_equal(found.reference, plain.values)
        for values in found.alternatives:
            np.testing.assert_array_equal(values, found.reference)
        assert (found.reused, found.reference_reused) == (1, 1)
    # A base that the model reads as zeros is the same as another that it reads so.
    unknown = SEQUENCE[:50] + "N" + SEQUENCE[51:]
    monkeypatch.undo()
    found = engine.predict_edits(unknown, Edit(50, "N", "R"))
    np.testing.assert_array_equal(found.alternatives[0], found.reference)
    assert found.notes == ("1 of 640 letters are no A, C, G or T; the model reads them as zeros.",)


def test_only_what_an_edit_reaches_is_computed(module):
    engine = EnformerEngine(module, precision="fp32")
    engine.predict(SEQUENCE)
    # Bins of 16 bp in four stages: the kernels reach 35 bp, so that a base lies in sight of 6 bins at most.
    found = engine.predict_edits(SEQUENCE, substitution(SIZE * 20))
    assert found.reference_reused == 1
    assert found.reused == pytest.approx(1 - 6 / BINS)
    assert engine.predict_edits(SEQUENCE, substitution(SIZE * 20)).reused == 1, "what an edit needed is kept as well"
    # All behind a deletion of one base, nothing but what lies around one of a whole bin.
    assert engine.predict_edits(SEQUENCE, deletion(SIZE * 20, 1), flank=FLANK).reused == pytest.approx(1 - 23 / BINS)
    whole = engine.predict_edits(SEQUENCE, deletion(SIZE * 20, SIZE), flank=FLANK)
    assert whole.reused > 1 - 12 / BINS


def test_the_reference_is_not_run_again(module, monkeypatch):
    engine = EnformerEngine(module, precision="fp32")
    engine.predict(SEQUENCE)
    from core.enformer import transformer as home

    batches: list[int] = []
    original = home.transformer
    monkeypatch.setattr(
        home, "transformer", lambda *given, **more: batches.append(len(given[1])) or original(*given, **more)
    )
    engine.predict_edits(SEQUENCE, [EDITS[0], EDITS[1]])
    assert sum(batches) == 2
    engine.predict(SEQUENCE, tracks=[1], head="mouse")
    assert sum(batches) == 2, "another head of a window that was read costs no other run"


def test_two_edits_that_read_the_same_are_computed_once(module, monkeypatch):
    engine = EnformerEngine(module, precision="fp32")
    run = "A" * 20
    sequence = SEQUENCE[:200] + run + SEQUENCE[220:]
    edits = [Edit(200, "A", ""), Edit(210, "A", ""), Edit(200, "AAA", "AA")]
    from core.enformer import transformer as home

    batches: list[int] = []
    original = home.transformer
    monkeypatch.setattr(
        home, "transformer", lambda *given, **more: batches.append(len(given[1])) or original(*given, **more)
    )
    found = engine.predict_edits(sequence, edits, flank=FLANK)
    assert sum(batches) == 2
    np.testing.assert_array_equal(found.alternatives[0], found.alternatives[1])
    np.testing.assert_array_equal(found.alternatives[0], found.alternatives[2])


def test_deleted_bases_enter_from_the_flank_or_as_unknown(module):
    engine = EnformerEngine(module, precision="fp32")
    gone = deletion(100, 5)
    known = engine.predict_edits(SEQUENCE, gone, bins=range(BINS), flank=FLANK)
    unknown = engine.predict_edits(SEQUENCE, gone, bins=range(BINS))
    part = engine.predict_edits(SEQUENCE, gone, bins=range(BINS), flank=FLANK[:2])
    without = SEQUENCE[:100] + SEQUENCE[105:]
    assert far(known.alternatives[0], reference(module, without + FLANK[:5])) < 1e-5
    assert far(unknown.alternatives[0], reference(module, without + "N" * 5)) < 1e-5
    assert far(part.alternatives[0], reference(module, without + FLANK[:2] + "NNN")) < 1e-5
    assert known.notes == ()
    assert "up to 5 N entered" in unknown.notes[-1]
    assert "up to 3 N entered" in part.notes[-1]


def test_runs_are_averaged_as_predict_averages(module):
    averaging = Averaging(reverse_complement=True, shifts=(-3, 5))
    left = letters(8, seed=9, unknown=0)
    found = EnformerEngine(module, precision="fp32").predict_edits(
        SEQUENCE, [*EDITS, Edit(0, SEQUENCE[0], SEQUENCE[0])], bins=[3, 20, 4], flank=(left, FLANK), averaging=averaging
    )
    assert len(found.runs) == 6
    assert "Both strands" in found.notes[-1]
    for edit, values in zip([*EDITS, ()], found.alternatives, strict=True):
        read, behind = edited(SEQUENCE, edit, FLANK)
        runs = []
        for shift in (0, -3, 5):
            moved = shifted(read, shift, (left, behind))
            runs += [reference(module, moved), reference(module, reverse_complement(moved))[::-1]]
        assert far(values, np.mean(runs, axis=0)[[3, 20, 4]]) < 1e-5, edit
    np.testing.assert_array_equal(found.alternatives[-1], found.reference)


@pytest.mark.parametrize("together", [1, 3, 100])
def test_one_by_one_is_the_same_as_all_at_once(module, monkeypatch, together):
    whole = EnformerEngine(module, precision="fp32").predict_edits(SEQUENCE, EDITS, flank=FLANK)
    monkeypatch.setattr("core.enformer.editing._batch_bytes", lambda *_: 64 * 1024**2 // together)
    monkeypatch.setattr("core.enformer.editing.AHEAD", 4)
    run = EnformerEngine(module, precision="fp32").iter_edits(SEQUENCE, EDITS, flank=FLANK)
    np.testing.assert_array_equal(run.reference, whole.reference)
    assert (run.bins, run.tracks, run.reference_reused) == (whole.bins, whole.tracks, 0)
    found = list(run)
    assert [edit for edit, _ in found] == EDITS
    for (_, values), wanted in zip(found, whole.alternatives, strict=True):
        np.testing.assert_allclose(values, wanted, rtol=1e-5)
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 1
    assert list(run) == []
    assert run.reused == whole.reused


def test_order_plays_no_part(module):
    there = EnformerEngine(module, precision="fp32").predict_edits(SEQUENCE, EDITS, flank=FLANK).alternatives
    back = EnformerEngine(module, precision="fp32").predict_edits(SEQUENCE, EDITS[::-1], flank=FLANK).alternatives
    assert far(back[::-1], there) < 1e-6


def test_no_edit_at_all(module):
    found = EnformerEngine(module, precision="fp32").predict_edits(SEQUENCE, [])
    assert found.alternatives.shape == (0, 10, 7)
    assert found.reused == 1
    assert list(EnformerEngine(module, precision="fp32").iter_edits(SEQUENCE, [])) == []


def test_too_much_at_once_is_refused_with_its_size(module, monkeypatch):
    engine = EnformerEngine(module, precision="fp32")
    monkeypatch.setattr("core.enformer.editing.RESULT_BYTES", 4 * 11 * 10 * 7 - 1)
    monkeypatch.setattr("core.enformer.predicting.run_window", lambda *_: pytest.fail("it ran"))
    with pytest.raises(DeviceMemoryError, match=r"10 edits with 10 bins of 7 tracks take 1 MB .* \(iter_edits\)"):
        engine.predict_edits(SEQUENCE, EDITS)
    monkeypatch.undo()
    assert len(list(engine.iter_edits(SEQUENCE, EDITS))) == 10


@pytest.mark.parametrize(
    ("edits", "options", "error", "message"),
    [
        (Edit(0, OTHER[SEQUENCE[0]], "N"), {}, ReferenceMismatchError, "but the window has"),
        (Edit(700, "A", "C"), {}, SequenceError, "lies outside the window of 640 letters"),
        (EDITS, {"flank": "A-"}, SequenceError, "leave gaps out"),
        (EDITS, {"bins": 40}, SelectionError, "Bin 40 does not exist"),
        (EDITS, {"bins": []}, SelectionError, "No bin is chosen"),
        (EDITS, {"bins": [1.5]}, SelectionError, "whole numbers from 0 to 39"),
        (EDITS, {"tracks": [9]}, SelectionError, "Track 9 does not exist"),
        (EDITS, {"head": "yeast"}, SelectionError, "no head 'yeast'"),
        (EDITS, {"interval": Interval("chr1", 0, 5)}, SequenceError, "5 bp wide"),
        (EDITS, {"averaging": Averaging(shifts=(9,))}, SequenceError, "give shifts from -8 to 8"),
    ],
)
def test_what_is_refused(module, edits, options, error, message):
    engine = EnformerEngine(module, precision="fp32")
    for ask in (engine.predict_edits, engine.iter_edits):
        with pytest.raises(error, match=message):
            ask(SEQUENCE, edits, **options)


def test_progress_grows_with_cost(module):
    engine = EnformerEngine(module, precision="fp32")
    told: list[float] = []
    engine.predict_edits(SEQUENCE, EDITS, averaging=Averaging(reverse_complement=True), on_progress=told.append)
    assert (told[0], told[-1]) == (0, 1)
    assert told == sorted(set(told))
    assert len(told) > 20
    # Of what is known nothing is counted: one edit of a known window is all that there is to do.
    told.clear()
    engine.predict_edits(
        SEQUENCE, substitution(333), averaging=Averaging(reverse_complement=True), on_progress=told.append
    )
    assert min(np.diff(told)) > 0
    assert max(np.diff(told)) < 0.6


class Enough(RuntimeError):
    pass


def test_giving_up_keeps_what_is_done(module, monkeypatch):
    wanted = EnformerEngine(module, precision="fp32").predict_edits(SEQUENCE, EDITS, flank=FLANK)
    monkeypatch.setattr("core.enformer.editing.CPU_ROOM", 1)  # one at a time
    at: list[float] = [2.0]
    told: list[float] = []

    def stop(share: float) -> None:
        if share > at[0]:
            raise Enough
        told.append(share)

    engine = EnformerEngine(module, precision="fp32")
    run = engine.iter_edits(SEQUENCE, EDITS, flank=FLANK, on_progress=stop)
    found = [next(run)[1] for _ in range(3)]
    at[0] = (1 + told[-1]) / 2
    with pytest.raises(Enough):
        found.extend(values for _, values in run)
    assert 3 < len(found) < 10
    at[0] = 2.0
    found += [values for _, values in run]
    for values, alternative in zip(found, wanted.alternatives, strict=True):
        np.testing.assert_allclose(values, alternative, rtol=1e-5)
    at[0] = 0.1
    with pytest.raises(Enough):
        EnformerEngine(module, precision="fp32").predict_edits(SEQUENCE, EDITS, on_progress=stop)


FULL = "CUDA out of memory. Tried to allocate 2.00 GiB"


def test_short_memory_halves_the_batch_and_loses_nothing(module, monkeypatch):
    from core.enformer import predicting, stretches

    wanted = EnformerEngine(module, precision="fp32").predict_edits(SEQUENCE, EDITS, flank=FLANK)
    engine = EnformerEngine(module, precision="fp32")
    through, states = predicting.through, stretches._states
    batches: list[int] = []
    towers: list[int] = []

    def tight(engine, given, *rest):
        batches.append(len(given))
        if len(given) > 3:
            raise torch.OutOfMemoryError(FULL)
        return through(engine, given, *rest)

    def tight_tower(parts, codes, *rest):
        towers.append(len(codes))
        if len(codes) > 1:
            raise torch.OutOfMemoryError(FULL)
        return states(parts, codes, *rest)

    monkeypatch.setattr("core.enformer.editing.through", tight)
    monkeypatch.setattr("core.enformer.stretches._states", tight_tower)
    told: list[float] = []
    found = engine.predict_edits(SEQUENCE, EDITS, flank=FLANK, on_progress=told.append)
    assert batches == [10, 5, 2, 2, 2, 2, 2]
    assert max(towers) > 1, "edits of the same shape go through the tower together"
    np.testing.assert_allclose(found.alternatives, wanted.alternatives, rtol=1e-5)
    assert told == sorted(told)
    monkeypatch.setattr("core.enformer.editing.through", lambda *_: (_ for _ in ()).throw(MemoryError()))
    with pytest.raises(DeviceMemoryError, match="640 bp through Enformer need more memory"):
        engine.predict_edits(SEQUENCE, EDITS)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda module: module.stem[0].weight[0], "first in stage 1 of 4 of the tower; its weights may be damaged"),
        (lambda module: module.conv_tower[1][2].to_attn_logits.weight[3], "first in stage 3 of 4 of the tower"),
        (lambda module: module.transformer[1][0].fn[1].to_v.weight[0], "first in layer 2 of 3 of the transformer"),
        (lambda module: module.transformer[2][1].fn[4].bias, "first in layer 3 of 3 of the transformer"),
        (lambda module: module.final_pointwise[1][2].weight[2], "first in the block before the heads"),
        (lambda module: module._heads["human"][0].bias[3:4], "first in the human head"),
    ],
)
def test_numbers_that_are_not_finite_are_followed_to_their_layer(module, broken, message):
    damaged = copy.deepcopy(module)
    with torch.no_grad():
        broken(damaged).fill_(float("inf"))
        broken(damaged).mul_(0)
    engine = EnformerEngine(damaged, precision="fp32")
    with pytest.raises(ModelOutputError, match=f"Enformer gave numbers that are not finite in float32, {message}"):
        engine.predict_edits(SEQUENCE, EDITS[0])
    with pytest.raises(ModelOutputError, match=message):
        engine.predict(SEQUENCE)


def test_tracks_that_are_finite_are_given(module):
    damaged = copy.deepcopy(module)
    with torch.no_grad():
        damaged._heads["human"][0].bias[3] = float("nan")
    found = EnformerEngine(damaged, precision="fp32").predict_edits(SEQUENCE, EDITS[0], tracks=[2])
    assert np.isfinite(found.alternatives).all()


def test_bfloat16(module):
    exact = EnformerEngine(module, precision="fp32").predict_edits(SEQUENCE, EDITS, flank=FLANK)
    fast = EnformerEngine(module, precision="bf16").predict_edits(SEQUENCE, EDITS, flank=FLANK)
    assert fast.provenance.precision == "fast float32"
    assert far(fast.alternatives, exact.alternatives) < 1e-5


def test_threads_share_what_is_known(module):
    wanted = [
        EnformerEngine(module, precision="fp32").predict_edits(SEQUENCE, edit, flank=FLANK).alternatives
        for edit in EDITS
    ]
    engine = EnformerEngine(module, precision="fp32")
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda edit: engine.predict_edits(SEQUENCE, edit, flank=FLANK).alternatives, EDITS))
    for one, other in zip(found, wanted, strict=True):
        assert far(one, other) < 1e-6


def test_arrays_are_read_as_letters_are(module):
    from core.genome import one_hot

    engine = EnformerEngine(module, precision="fp32")
    found = engine.predict_edits(one_hot(SEQUENCE), EDITS[4])
    np.testing.assert_array_equal(found.alternatives, engine.predict_edits(SEQUENCE.lower(), EDITS[4]).alternatives)


@pytest.mark.gpu
def test_on_cuda(module):
    found = EnformerEngine(module, device="cuda", precision="fp32").predict_edits(
        SEQUENCE, EDITS, bins=range(BINS), flank=FLANK
    )
    wanted = EnformerEngine(module, precision="fp32").predict_edits(SEQUENCE, EDITS, bins=range(BINS), flank=FLANK)
    assert far(found.alternatives, wanted.alternatives) < 1e-4  # the gamma features differ between devices
