"""A prediction as a question: kept, estimated, run as a job, stopped."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from core.enformer import EnformerEngine
from core.enformer.asking import (
    Question,
    calibrate,
    estimate_seconds,
    job_key,
    kind_of,
    prediction_job,
    remaining_share,
)
from core.enformer.averaging import Averaging
from core.enformer.results import ResultStore
from core.errors import InvalidLocusError
from core.genome import Interval, open_genome
from core.jobs import DeviceQueue, JobManager
from core.timing import Timings
from tests.core.enformer.engine_toys import letters, small

PLAIN = Averaging()
WINDOW = Interval("chr1", 640, 640 + 40 * 128)


@pytest.fixture(scope="module")
def engine():
    return EnformerEngine(small())


@pytest.fixture
def ask(engine, tmp_path):
    path = tmp_path / "toy.fa"
    path.write_text(f">chr1\n{letters(20_000)}\n")
    genome = open_genome(path)

    def make(window: Interval = WINDOW, averaging: Averaging = PLAIN, head: str = "human") -> Question:
        return Question.at(engine, genome, window, head, averaging)

    return make


@pytest.fixture
def manager(tmp_path):
    made = JobManager(tmp_path / "jobs", max_disk_bytes=10**6, max_finished=5, queues={"cpu": DeviceQueue("cpu")})
    yield made
    made.close()


def run(manager, question, store, timings, answers):
    job = prediction_job(
        question, store, timings, title="Toy", queue="cpu", owner="me", on_answer=answers.append
    )  # fmt: skip
    return manager.submit(job)


def test_a_job_gives_what_the_engine_gives_and_a_new_process_finds_it_on_disk(ask, engine, manager, tmp_path):
    question = ask(averaging=Averaging(True, (1,)))
    store, timings, answers = ResultStore(tmp_path / "results", 10**8), Timings(tmp_path / "t.json"), []
    assert question.kept(store) is None
    assert estimate_seconds(question, timings) is None
    status = manager.wait(run(manager, question, store, timings, answers), 60)
    assert (status.state, status.fraction) == ("done", 1.0)
    expected = engine.predict(question.sequence, **question.options)
    np.testing.assert_array_equal(answers[0].values, expected.values)
    kept = question.kept(ResultStore(tmp_path / "results", 10**8))
    np.testing.assert_array_equal(kept.values, expected.values)
    np.testing.assert_array_equal(kept.spread, expected.spread)
    assert kept.interval == answers[0].interval
    assert 0 < estimate_seconds(question, Timings(tmp_path / "t.json")) < 60


def test_an_answer_that_was_kept_is_no_measurement(ask, manager, tmp_path):
    question, store, timings = ask(), ResultStore(tmp_path / "results", 10**8), Timings(tmp_path / "t.json")
    question.answer(store)
    answers = []
    manager.wait(run(manager, question, store, timings, answers), 60)
    assert len(answers) == 1
    assert estimate_seconds(question, timings) is None


def test_other_places_options_and_models_are_other_questions(ask):
    keys = {
        question.key
        for question in (
            ask(),
            ask(WINDOW.shift(1)),
            ask(averaging=Averaging(True)),
            ask(averaging=Averaging(False, (1,))),
            ask(head="mouse"),
            replace(ask(), engine=EnformerEngine(small(seed=1))),
        )
    }
    assert len(keys) == 6
    assert ask().key == ask().key
    assert job_key(ask()) != job_key(ask(head="mouse"))


def test_cancel_stops_between_two_steps_and_keeps_nothing(ask, manager, tmp_path, monkeypatch):
    question, store, timings = ask(), ResultStore(tmp_path / "results", 10**8), Timings(tmp_path / "t.json")
    whole = type(question).answer
    begun = []

    def slow(self, store, on_progress=None):
        def step(done: float) -> None:
            begun.append(done)
            time.sleep(0.3)
            on_progress(done)

        return whole(self, store, step)

    monkeypatch.setattr(Question, "answer", slow)
    answers = []
    job = run(manager, question, store, timings, answers)
    while not begun:
        time.sleep(0.01)
    manager.cancel(job)
    assert manager.wait(job, 30).state == "cancelled"
    assert len(begun) <= 2
    assert answers == []
    assert question.kept(store) is None
    assert not list((tmp_path / "results").glob("**/*.draft"))
    assert estimate_seconds(question, timings) is None


def test_a_short_piece_tells_what_the_whole_will_take(ask, tmp_path, monkeypatch):
    timings, lengths = Timings(tmp_path / "t.json"), []
    question = ask(Interval("chr1", 0, 128 * 128), Averaging(True))

    def linear(self, sequence, **options):
        lengths.append(len(sequence))
        time.sleep(len(sequence) / 10_000)

    monkeypatch.setattr(EnformerEngine, "predict", linear)
    calibrate(question, timings)
    assert max(lengths) == len(question.sequence) // 16
    one = 128 * 128 / 10_000
    assert estimate_seconds(question, timings) == pytest.approx(2 * one, rel=0.2)  # both strands


def test_a_window_outside_is_refused(ask):
    with pytest.raises(InvalidLocusError):
        ask(Interval("chr1", 30_000, 30_000 + 5120))


def test_what_is_known_of_a_window_is_no_measurement_of_a_whole_one(ask, manager, tmp_path, monkeypatch):
    monkeypatch.setattr("core.enformer.asking.time.monotonic", iter(range(0, 1000, 10)).__next__)
    engine = EnformerEngine(small())
    store, timings = ResultStore(tmp_path / "results", 10**8), Timings(tmp_path / "t.json")
    first, beside = (replace(ask(window), engine=engine) for window in (WINDOW, WINDOW.shift(16 * 100)))
    assert remaining_share(first) == 1
    manager.wait(run(manager, first, store, timings, []), 60)
    assert remaining_share(first) == 0
    share = remaining_share(beside)
    assert 0.4 < share < 0.9, "the transformer, and what of the tower is new"
    assert estimate_seconds(first, timings) == 10
    manager.wait(run(manager, beside, store, timings, []), 60)
    assert Timings(tmp_path / "t.json")._known == {kind_of(first): [10, pytest.approx(10 / share)]}
    # Another head of a window that was read costs next to nothing, and tells nothing.
    manager.wait(run(manager, replace(first, head="mouse"), store, timings, []), 60)
    assert len(Timings(tmp_path / "t.json")._known[kind_of(first)]) == 2
