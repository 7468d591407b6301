"""Attention of a few bins as people share it: as a job, once, found again after a restart."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
import streamlit as st

from core import runtime, runtime_attention, runtime_dna
from core.enformer.asking import Question
from core.enformer.attending import attention_profile
from core.enformer.attention_asking import AttentionQuestion
from core.enformer.averaging import Averaging
from core.errors import DeviceMemoryError
from core.genome import Interval
from core.settings import read_settings
from core.teaching.playground.enhancer_truth import PoolQuestion


@pytest.fixture(autouse=True)
def _stores(monkeypatch, tmp_path):
    st.cache_resource.clear()
    monkeypatch.setattr(runtime, "person", lambda: threading.current_thread().name)
    options = read_settings(
        {"ATTENDOME_CACHE": str(tmp_path / "cache"), "ATTENDOME_DEVICE": "cpu", "HF_HOME": str(tmp_path / "hub")}
    )
    for module in (runtime, runtime_dna, runtime_attention):
        monkeypatch.setattr(module, "settings", lambda: options)
    yield
    st.cache_resource.clear()


def ask(start: int = 100_000) -> tuple[Question, AttentionQuestion]:
    engine = runtime_dna.dna_engine(runtime_dna.dna_model("playground"))
    window = Interval("sim1", start, start + 49_152)
    asked = Question.at(engine, runtime_dna.genome("playground"), window, "human", Averaging())
    return asked, AttentionQuestion.around(asked, window.centre, 1)


def test_made_once_and_found_again_after_a_restart():
    asked, question = ask()
    assert runtime_attention.known_attention(question) is None
    job = runtime_attention.start_attention(question, "Toy")
    assert runtime.jobs().wait(job, 60).state == "done"
    found = runtime_attention.known_attention(question)
    wanted = attention_profile(asked.engine, asked.sequence, question.query_bins)
    np.testing.assert_array_equal(found.weights, wanted.weights)
    assert runtime_attention.known_attention(ask()[1]) is found
    assert runtime_attention.known_attention(ask(100_128)[1]) is None
    assert runtime_dna.known_prediction(asked) is None, "nobody asked for it"
    st.cache_resource.clear()  # all that a restart forgets
    again = runtime_attention.known_attention(ask()[1])
    assert again is not found
    np.testing.assert_array_equal(again.weights, found.weights)


def test_with_the_prediction_in_one_job():
    asked, question = ask()
    assert runtime_attention.running_attention(question, asked) is None
    with runtime.queue("cpu").turn(owner="somebody", interactive=True):
        job = runtime_attention.start_attention(question, "Toy", asked)
        assert runtime_attention.running_attention(question, asked) == job
        assert runtime_attention.start_attention(ask()[1], "Toy", ask()[0]) == job
    status = runtime.jobs().wait(job, 60)
    assert (status.state, status.pieces) == ("done", 2)
    assert runtime_dna.known_prediction(asked).interval == Interval("sim1", 108_192, 140_960)
    assert runtime_attention.known_attention(question) is not None
    assert runtime_attention.attention_seconds(question) > 0


def test_an_estimate_is_what_a_run_took():
    asked, question = ask()
    before = runtime_attention.attention_seconds(question, asked)
    assert before > runtime_attention.attention_seconds(question)
    taken = []
    for start in (100_000, 200_000, 300_000):
        begun = time.monotonic()
        job = runtime_attention.start_attention(ask(start)[1], "Toy")
        runtime.jobs().wait(job, 60)
        taken.append(time.monotonic() - begun)
    assert 0 < runtime_attention.attention_seconds(ask(400_000)[1]) <= max(taken)


def test_cancelled_and_failed_runs_keep_nothing_and_the_next_one_works(monkeypatch):
    _, question = ask()
    begun = threading.Event()

    def slow(*_, on_progress, **__):
        while True:
            begun.set()
            time.sleep(0.01)
            on_progress(0.3)

    def full(*_, **__):
        raise DeviceMemoryError("It does not fit; choose a smaller model.")

    with monkeypatch.context() as patch:
        patch.setattr("core.enformer.attention_asking.attention_profile", slow)
        job = runtime_attention.start_attention(question, "Toy")
        assert begun.wait(30)
        runtime.jobs().cancel(job)
        assert runtime.jobs().wait(job, 30).state == "cancelled"
    with monkeypatch.context() as patch:
        patch.setattr("core.enformer.attention_asking.attention_profile", full)
        status = runtime.jobs().wait(runtime_attention.start_attention(question, "Toy"), 30)
        assert (status.state, status.error) == ("failed", "It does not fit; choose a smaller model.")
    assert runtime_attention.known_attention(question) is None
    job = runtime_attention.start_attention(question, "Toy")
    assert runtime.jobs().wait(job, 60).state == "done"
    assert runtime_attention.known_attention(question) is not None


def test_all_genes_of_a_chromosome_as_a_job_that_goes_on_where_it_stopped():
    engine = runtime_dna.dna_engine(runtime_dna.dna_model("playground"))

    def asked(genes: int = 4) -> PoolQuestion:
        made = PoolQuestion(engine, "sim4", "peaks", 49_152)
        made.__dict__["genes"] = made.genes[:genes]
        return made

    assert runtime_attention.known_pools(asked()) is None
    job = runtime_attention.start_pools(asked(), "Toy")
    status = runtime.jobs().wait(job, 120)
    assert (status.state, status.pieces_done) == ("done", 4)
    erythroid, liver = runtime_attention.known_pools(asked())
    assert erythroid.genes == liver.genes == 4
    curves = runtime_attention.pool_curves(asked(), liver, None, None)
    assert runtime_attention.pool_curves(asked(), liver, None, None) is curves
    assert runtime_attention.pool_curves(asked(), liver, 3, 3) is not curves
    attended = asked().questions(asked().genes[0])[1]
    assert 0 < runtime_dna.timings().estimate(runtime_attention.pool_kind(attended)) < 30
    st.cache_resource.clear()
    again = runtime_attention.known_pools(asked())
    np.testing.assert_array_equal(again[0].attention, erythroid.attention)
