"""Contributions as questions and jobs: kept, watched, stopped, and gone on with, also after a killed process."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.attribution import (
    ContributionQuestion,
    ContributionStore,
    Target,
    block_mutagenesis,
    check_effort,
    contribution_job,
    estimate_seconds,
    integrated_gradients,
    mutagenesis_at,
    saturation_mutagenesis,
)
from core.attribution import chunks as chunks_module
from core.attribution.chunks import Chunk, letters_a_chunk, nearest_first
from core.attribution.effort import is_small, kind_of, measure, unit_seconds, units_left
from core.enformer.averaging import Averaging
from core.errors import SelectionError, TooLongError
from core.genome import Interval
from core.jobs import DeviceQueue, JobManager
from core.timing import Timings
from tests.core.attribution.linear import linear_question
from tests.core.attribution.toys import exact
from tests.core.enformer.engine_toys import letters

LENGTH = 16 * 33
SEQUENCE = letters(LENGTH, 7)
TARGET = Target((0, 2), (3, 4, 5))
START, END = 230, 300
PATIENCE = 20.0


@pytest.fixture(scope="module")
def engine():
    return exact(4)[1]


@pytest.fixture
def store(tmp_path) -> ContributionStore:
    return ContributionStore(tmp_path / "store")


@pytest.fixture
def timings(tmp_path) -> Timings:
    return Timings(tmp_path / "timings.json")


@pytest.fixture
def make_manager(tmp_path: Path) -> Iterator[Callable[[], JobManager]]:
    made = []

    def make() -> JobManager:
        queues = {"cpu": DeviceQueue("cpu")}
        made.append(JobManager(tmp_path / "jobs", max_disk_bytes=10**9, max_finished=9, queues=queues))
        return made[-1]

    yield make
    for manager in made:
        manager.close()


@pytest.fixture
def computed(monkeypatch) -> list[Chunk]:
    """The chunks that are computed, in order."""
    found, compute = [], Chunk.compute
    monkeypatch.setattr(Chunk, "compute", lambda self, *given: found.append(self) or compute(self, *given))
    return found


def question(engine, method: str = "saturation_mutagenesis", **more) -> ContributionQuestion:
    place = {"start": START, "end": END} if method == "saturation_mutagenesis" and "positions" not in more else {}
    return ContributionQuestion(engine, SEQUENCE, ("", ""), None, TARGET, method, **place | more)


def job(asked: ContributionQuestion, store: ContributionStore, timings: Timings, **more):
    return contribution_job(asked, store, timings, title="t", queue="cpu", owner="ann", **more)


@pytest.mark.parametrize("averaging", [Averaging(), Averaging(True)])
def test_the_job_gives_what_the_function_gives(engine, store, timings, make_manager, averaging, tmp_path):
    asked, answers = question(engine, averaging=averaging), []
    assert asked.kept(store) is None
    assert asked.partial(store) is None
    assert asked.blocks(store) is None
    manager = make_manager()
    status = manager.wait(manager.submit(job(asked, store, timings, on_answer=answers.append)), PATIENCE)
    assert status.state == "done", status
    wanted = saturation_mutagenesis(engine, SEQUENCE, TARGET, START, END, averaging=averaging)
    for found in (
        answers[0],
        asked.kept(store),
        ContributionQuestion.kept(asked, ContributionStore(tmp_path / "store")),
    ):
        np.testing.assert_allclose(found.values, wanted.values, atol=1e-6)
        assert (found.spread is None) == (wanted.spread is None)
        assert (found.start, found.letters, found.notes, found.runs) == (
            START, wanted.letters, wanted.notes, wanted.runs,
        )  # fmt: skip
        assert found.target_value == pytest.approx(wanted.target_value, abs=1e-6)
    blocks = tuple((start, start + 16) for start in range(224, 304, 16))
    coarse = block_mutagenesis(engine, SEQUENCE, TARGET, blocks, averaging=averaging)
    assert asked.blocks(store).blocks == coarse.blocks
    np.testing.assert_allclose(asked.blocks(store).effects, coarse.effects, atol=1e-6)
    assert timings.estimate(kind_of(asked)) > 0


def test_stopped_watched_and_gone_on_with(engine, store, timings, make_manager, computed, tmp_path):
    """What is seen goes first; nothing that was computed is computed again, by whichever manager or stretch."""
    asked, manager = question(engine), make_manager()
    spec = job(asked, store, timings, visible=(280, 290))
    reached, go = threading.Event(), threading.Event()

    def run(piece, context):
        if piece == 4:
            reached.set()
            assert go.wait(PATIENCE)
        return spec.run_piece(piece, context)

    running = manager.submit(replace(spec, run_piece=run))
    assert reached.wait(PATIENCE)
    blocks, partial = asked.blocks(store), asked.partial(store)
    assert np.isfinite(blocks.effects).all()
    known = np.isfinite(partial.values).all(axis=1)
    assert known[280 - START : 288 - START].all()
    assert not known[:20].any()
    wanted = saturation_mutagenesis(engine, SEQUENCE, TARGET, START, END).values
    np.testing.assert_allclose(partial.values[known], wanted[known], atol=1e-6)
    manager.cancel(running)
    go.set()
    assert manager.wait(running, PATIENCE).state == "cancelled"
    assert len(computed) == 5
    stopped = computed.pop()  # begun, and stopped within
    assert store.chunk(asked.chunk_key(stopped)) is None
    again, answers = make_manager(), []
    fresh = ContributionStore(tmp_path / "store")
    other = job(asked, fresh, timings, on_answer=answers.append)  # another order: other pieces, the same chunks
    assert again.wait(again.submit(other), PATIENCE).state == "done"
    assert len(computed) == len(set(computed)) == len(asked.block_chunks) + len(asked.letter_chunks)
    np.testing.assert_allclose(answers[0].values, wanted, atol=1e-6)
    wider = question(engine, start=START - 20)
    count = len(computed)
    wider.answer(fresh)
    assert len(computed) - count == 1  # letters 208 to 223 are new


KILLED = """
import os, sys
from dataclasses import replace
from pathlib import Path
from core.attribution import ContributionStore, contribution_job
from core.jobs import DeviceQueue, JobManager
from core.timing import Timings
from tests.core.attribution.linear import linear_question
folder = Path(sys.argv[1])
asked, store = linear_question(), ContributionStore(folder / "store")
spec = contribution_job(asked, store, Timings(folder / "t.json"), title="t", queue="cpu", owner="ann")
def run(piece, context):
    if piece == 9:
        os._exit(9)
    return spec.run_piece(piece, context)
manager = JobManager(folder / "jobs", max_disk_bytes=10**9, max_finished=9, queues={"cpu": DeviceQueue("cpu")})
manager.wait(manager.submit(replace(spec, run_piece=run)), 60)
"""


def test_a_killed_process_loses_nothing(tmp_path, store, timings, make_manager, computed):
    ended = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], timeout=100, check=False)
    assert ended.returncode == 9
    asked, manager = linear_question(), make_manager()
    assert np.isfinite(asked.partial(store).values).all(axis=1).sum() >= 16
    assert asked.kept(store) is None
    assert manager.wait(manager.submit(job(asked, store, timings)), PATIENCE).state == "done"
    assert len(computed) == len(asked.block_chunks) + len(asked.letter_chunks) - 9
    wanted = saturation_mutagenesis(asked.engine, asked.sequence, asked.target, 3, 93)
    np.testing.assert_allclose(asked.kept(store).values, wanted.values, atol=1e-6)


@pytest.mark.parametrize("method", ["gradient_x_input", "integrated_gradients", "expected_gradients"])
def test_gradients_as_jobs(engine, store, timings, make_manager, method):
    asked = question(engine, method, steps=5, baselines=4, averaging=Averaging(True))
    wanted, manager, answers = asked.plan.run(), make_manager(), []
    assert manager.wait(manager.submit(job(asked, store, timings, on_answer=answers.append)), PATIENCE).state == "done"
    for found in (*answers, asked.kept(store)):
        for name in ("values", "hypothetical", "spread"):
            np.testing.assert_allclose(getattr(found, name), getattr(wanted, name), atol=1e-7)
        for name in ("target_value", "convergence_error", "letters", "notes", "runs", "provenance", "method"):
            assert getattr(found, name) == getattr(wanted, name)
    # Known now: a second job has nothing to compute.
    before = timings.estimate(kind_of(asked))
    assert manager.wait(manager.submit(job(asked, store, timings)), PATIENCE).state == "done"
    assert timings.estimate(kind_of(asked)) == before


def test_single_places(engine, store):
    asked = question(engine, positions=(250, 238, 299))
    found = asked.answer(store)
    wanted = mutagenesis_at(engine, SEQUENCE, TARGET, (250, 238, 299))
    np.testing.assert_allclose(found.values, wanted.values, atol=1e-6)
    assert (found.start, len(found)) == (238, 62)
    assert asked.block_chunks == ()


def test_keys(engine):
    """Names change nothing; whatever changes an answer changes the key."""
    plain = question(engine, "integrated_gradients")
    same = [
        replace(plain, target=replace(TARGET, name="another name")),
        replace(plain, sequence=SEQUENCE.lower()),
        replace(plain, baselines=3),
        replace(plain, seed=4),
        replace(plain, flanks=("ACG", "")),
    ]
    assert {asked.key for asked in same} == {plain.key}
    shifted = replace(plain, averaging=Averaging(False, (1,)))
    others = [
        plain,
        replace(plain, method="gradient_x_input"),
        replace(plain, steps=9),
        replace(plain, baseline="shuffled"),
        replace(plain, baseline="shuffled", seed=4),
        replace(plain, target=Target((0, 2), (3, 4))),
        replace(plain, target=Target((0, 1), (3, 4, 5))),
        replace(plain, target=Target((0, 2), (3, 4, 5), against=(1,))),
        replace(plain, target=Target((0, 2), (3, 4), head="mouse")),
        replace(plain, sequence=SEQUENCE[:-1] + "N"),
        replace(plain, interval=Interval("chr1", 0, LENGTH)),
        shifted,
        replace(shifted, flanks=("A", "")),
        replace(plain, engine=exact(5)[1]),
        question(engine),
        question(engine, start=START + 1),
        question(engine, positions=(240,)),
    ]
    assert len({asked.key for asked in others}) == len(others)


def test_a_damaged_entry_counts_as_missing(engine, store, tmp_path):
    asked = question(engine, "integrated_gradients", steps=3)
    found = asked.answer(store)
    assert np.array_equal(asked.kept(store).values, found.values)
    np.testing.assert_array_equal(integrated_gradients(engine, SEQUENCE, TARGET, steps=3).values, found.values)
    letters_of = question(engine)
    letters_of.answer(store)
    for path in (tmp_path / "store").glob("*/*"):
        path.write_bytes(path.read_bytes()[:-3])
    fresh = ContributionStore(tmp_path / "store")
    assert asked.kept(fresh) is None
    assert letters_of.partial(fresh) is None


def test_slow_models_have_small_chunks(engine, monkeypatch):
    assert letters_a_chunk(engine, LENGTH) == 16
    monkeypatch.setattr(chunks_module, "SLOW_EDIT", 1.0)
    asked = question(engine)
    assert [len(chunk.places) for chunk in asked.letter_chunks] == [1] * (END - START)
    assert [len(chunk.blocks) for chunk in asked.block_chunks] == [1] * 5
    assert question(engine, "integrated_gradients", steps=4).plan.at_once == 1


def test_what_is_seen_goes_first():
    chunks = tuple(Chunk(places=tuple(range(start, start + 10))) for start in range(0, 100, 10))
    firsts = [chunk.places[0] for chunk in nearest_first(chunks, (45, 62))]
    assert firsts[:3] == [40, 50, 60]
    assert set(firsts[3:5]) == {30, 70}
    assert firsts[-1] == 0
    assert nearest_first(chunks, None) == chunks


def test_estimates(engine, store, timings):
    asked = question(engine)
    assert estimate_seconds(asked, store, timings) is None
    assert is_small(asked)
    measure(asked, timings)
    assert timings.estimate(kind_of(asked)) > 0
    timings.record(kind_of(asked), 2.0)
    for _ in range(5):
        timings.record(kind_of(asked), 2.0)
    known = sum(letter in "ACGT" for letter in SEQUENCE[224:304])
    assert units_left(asked, store) == 3 * known + 4 * 5
    assert estimate_seconds(asked, store, timings) == 2.0 * (3 * known + 4 * 5)
    asked.answer(store)
    assert units_left(asked, store) == 4 * 5  # the blocks
    assert estimate_seconds(asked, store, timings, coarse=False) == 0
    gradient = question(engine, "expected_gradients", baselines=4, averaging=Averaging(True))
    assert units_left(gradient, store) == 2 * (4 + 4 + 1)
    # Before anything was measured: by what a prediction takes. A gradient costs about twice as much.
    assert 1.5 < unit_seconds(gradient, timings, 1.0) < 3
    measure(gradient, timings)
    assert timings.estimate(kind_of(gradient)) > 0


def test_too_long_is_refused_with_an_offer(engine):
    asked = question(engine, start=0, end=LENGTH)
    check_effort(asked, 100.0)
    with pytest.raises(TooLongError) as caught:
        check_effort(asked, 170_000.0)
    for said in ("528 bp are 1,584 predictions", "about 47 h", "at most about 6 h", "33 of 16 bp take about 4 h"):
        assert said in str(caught.value)
    with pytest.raises(TooLongError, match="fewer steps"):
        check_effort(question(engine, "integrated_gradients"), 1e6)


def test_questions_that_cannot_be_asked(engine):
    for options in ({"start": None}, {"end": LENGTH + 1}, {"start": -1}, {"positions": (LENGTH,)}):
        with pytest.raises(SelectionError):
            question(engine, **options)
    with pytest.raises(SelectionError, match="no method"):
        question(engine, "deeplift")
    with pytest.raises(SelectionError):
        question(engine, "integrated_gradients", steps=1)
