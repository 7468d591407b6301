"""Shuffled stretches: as single runs have them, several targets at once, kept by themselves, as a job."""

from __future__ import annotations

import numpy as np
import pytest

from core.attribution.blocks import block_mutagenesis
from core.attribution.enhancer_asking import (
    TOGETHER,
    BlockQuestion,
    BlockStore,
    block_job,
    cost_over_prediction,
    estimate_seconds,
    losses_of,
)
from core.attribution.shuffle import dinucleotide_shuffle
from core.attribution.target import Target
from core.enformer import EnformerEngine
from core.enformer.candidates import Candidate
from core.errors import JobCancelledError, SelectionError
from core.genome import Interval
from core.jobs import DeviceQueue, JobManager
from core.timing import Timings
from tests.core.enformer.engine_toys import letters, small

LENGTH = 16 * 40
WINDOW = Interval("chr1", 5_000, 5_000 + LENGTH)
SEQUENCE = letters(LENGTH)
TARGETS = (Target((0, 2), (3, 4)), Target((1,), (5,), against=(0,)))


@pytest.fixture(scope="module")
def engine():
    return EnformerEngine(small(), precision="float32")


def at(start: int, end: int) -> Candidate:
    return Candidate(Interval("chr1", 5_000 + start, 5_000 + end), f"c{start}")


CANDIDATES = tuple(at(30 * n, 30 * n + 25) for n in range(TOGETHER + 3))


def question(engine, targets=TARGETS, **more) -> BlockQuestion:
    return BlockQuestion(engine, SEQUENCE, WINDOW, targets, **more)


def test_losses_are_what_whole_predictions_say(engine):
    found = question(engine, shuffles=2, seed=3).answer(CANDIDATES[:3])
    for candidate in CANDIDATES[:3]:
        start = candidate.interval.start - WINDOW.start
        own = SEQUENCE[start : start + 25]
        for place, target in enumerate(TARGETS):
            for number in range(2):
                changed = SEQUENCE[:start] + dinucleotide_shuffle(own, 3 + number) + SEQUENCE[start + 25 :]
                values = [
                    target.value(engine.predict(text, tracks=target.all_tracks).values[list(target.bins)])
                    for text in (SEQUENCE, changed)
                ]
                loss = found[candidate.id]
                assert loss.losses[place, number] == pytest.approx(values[0] - values[1], abs=2e-5)
                assert loss.values[place] == pytest.approx(values[0], abs=2e-5)


def test_as_block_mutagenesis_has_them_with_the_sign_turned(engine):
    asked = question(engine, TARGETS[:1], shuffles=4)
    losses, value = losses_of(asked.answer(CANDIDATES), CANDIDATES, 4)
    blocks = [(c.interval.start - WINDOW.start, c.interval.end - WINDOW.start) for c in CANDIDATES]
    peer = block_mutagenesis(engine, SEQUENCE, TARGETS[0], blocks, shuffles=4)
    np.testing.assert_allclose(losses.mean(axis=1), -peer.effects, atol=1e-5)
    assert value == pytest.approx(peer.target_value, abs=1e-5)
    assert np.abs(peer.effects).max() > 1e-4


def test_each_is_kept_by_itself_and_never_found_twice(engine, tmp_path, monkeypatch):
    store, asked = BlockStore(tmp_path), question(engine)
    first = asked.answer(CANDIDATES[:2], store)
    runs = []
    plain = BlockQuestion._find
    monkeypatch.setattr(
        BlockQuestion, "_find", lambda self, left, told: runs.append(len(left)) or plain(self, left, told)
    )
    both = question(engine).answer(CANDIDATES[:3], BlockStore(tmp_path))
    assert runs == [1]
    np.testing.assert_array_equal(both[CANDIDATES[0].id].losses, first[CANDIDATES[0].id].losses)
    assert question(engine, seed=1).kept(store, CANDIDATES) == {}
    (entry, *_) = (path for path in tmp_path.rglob("*") if path.name == CANDIDATES[0].id)
    entry.write_bytes(entry.read_bytes()[:-2])
    assert set(asked.kept(store, CANDIDATES)) == {CANDIDATES[1].id, CANDIDATES[2].id}
    losses, value = losses_of(asked.kept(store, CANDIDATES[:3]), CANDIDATES[:3], 3, 1)
    assert np.isnan(losses[0]).all()
    assert np.isfinite(losses[1:]).all()
    assert value is not None


def test_keys_tell_questions_apart(engine):
    keys = {
        question(engine).key,
        question(engine, seed=1).key,
        question(engine, shuffles=2).key,
        question(engine, TARGETS[:1]).key,
        BlockQuestion(engine, SEQUENCE, WINDOW.shift(1), TARGETS).key,
        BlockQuestion(engine, "A" + SEQUENCE[1:], WINDOW, TARGETS).key,
    }
    assert len(keys) == 6
    named = Target(TARGETS[0].tracks, TARGETS[0].bins, "another name")
    assert question(engine, (named, TARGETS[1])).key == question(engine).key


def test_what_cannot_be_asked(engine):
    with pytest.raises(SelectionError, match="does not lie in the window"):
        question(engine).answer([at(LENGTH - 10, LENGTH + 10)])
    with pytest.raises(SelectionError, match="give 1 to 20"):
        question(engine, shuffles=0)
    with pytest.raises(SelectionError, match="Give one target"):
        question(engine, ())
    with pytest.raises(SelectionError, match="Bin 4,000"):
        question(engine, (Target((0,), (4_000,)),))


def test_the_job_stops_between_pieces_and_goes_on_where_it_stopped(engine, tmp_path):
    store, timings, asked = BlockStore(tmp_path / "blocks"), Timings(tmp_path / "timings.json"), question(engine)
    jobs = JobManager(tmp_path / "jobs", max_disk_bytes=10**8, max_finished=9, queues={"cpu": DeviceQueue("cpu")})

    def stop() -> None:
        raise JobCancelledError("stopped")

    def spec(on_found=lambda: None):
        return block_job(
            asked, CANDIDATES, store, timings, title="Shuffling", queue="cpu", owner="me", on_found=on_found
        )

    assert estimate_seconds(asked, CANDIDATES, timings) is None
    assert spec().pieces == 2
    assert jobs.wait(jobs.submit(spec(stop)), 60).state == "cancelled"
    assert len(asked.kept(store, CANDIDATES)) == TOGETHER
    assert spec().pieces == 1
    assert jobs.wait(jobs.submit(spec()), 60).state == "done"
    assert len(asked.kept(store, CANDIDATES)) == len(CANDIDATES)
    assert estimate_seconds(asked, CANDIDATES, timings) > 0
    jobs.close()


def test_cost_grows_with_candidates_and_shuffles(engine):
    one, ten = question(engine, shuffles=1), question(engine, shuffles=10)
    assert 1 < cost_over_prediction(one, CANDIDATES[:1]) < cost_over_prediction(one, CANDIDATES)
    assert cost_over_prediction(one, CANDIDATES) < cost_over_prediction(ten, CANDIDATES)
