"""What all people share of the DNA half."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import streamlit as st

from core import runtime, runtime_dna
from core.enformer.asking import Question, job_key
from core.enformer.averaging import Averaging
from core.errors import DeviceMemoryError, GenomeUnavailableError, UnknownModelError
from core.genome import Interval
from core.settings import read_settings
from core.timing import Timings
from tests.tracks_files import write_genes, write_genome


@pytest.fixture(autouse=True)
def _stores(monkeypatch, tmp_path):
    st.cache_resource.clear()
    monkeypatch.setattr(runtime, "person", lambda: threading.current_thread().name)
    genome, genes = write_genome(tmp_path / "mini.fa"), write_genes(tmp_path / "mini.gtf")
    options = read_settings(
        {
            "ATTENDOME_CACHE": str(tmp_path / "cache"),
            "ATTENDOME_DEVICE": "cpu",
            "ATTENDOME_GENOMES": f"mini={genome}",
            "ATTENDOME_ANNOTATIONS": f"mini={genes}",
            "ATTENDOME_HG38_URL": "http://127.0.0.1:9/hg38.fa",
            "HF_HOME": str(tmp_path / "hub"),
        }
    )
    for module in (runtime, runtime_dna):
        monkeypatch.setattr(module, "settings", lambda: options)
    yield
    st.cache_resource.clear()


@pytest.fixture
def untrained(tmp_path_factory, monkeypatch):
    from core.enformer import registry

    monkeypatch.setattr(registry, "PLAYGROUND_FOLDER", tmp_path_factory.mktemp("none") / "playground")
    return "untrained"


def ask(model_name: str, start: int = 40_000) -> Question:
    engine = runtime_dna.dna_engine(runtime_dna.dna_model(model_name))
    window = Interval("chr1", start, start + 32_768)
    return Question.at(engine, runtime_dna.genome("mini"), window, "human", Averaging())


def test_everyone_gets_the_same_model_engine_genome_and_genes(untrained):
    model = runtime_dna.dna_model(untrained)
    assert runtime_dna.dna_model(untrained) is model
    assert runtime_dna.dna_engine(model) is runtime_dna.dna_engine(model)
    genome = runtime_dna.genome("mini")
    assert runtime_dna.genome("mini") is genome
    genes = runtime_dna.annotation("mini", genome)
    assert runtime_dna.annotation("mini", genome) is genes
    assert genes.find("ALPHA").tss == 60_000


def test_a_browser_can_name_neither_paths_nor_the_random_model(untrained, tmp_path):
    for name in (str(tmp_path), "random"):
        with pytest.raises(UnknownModelError):
            runtime_dna.dna_model(name)
    with pytest.raises(GenomeUnavailableError):
        runtime_dna.genome(str(tmp_path / "mini.fa"))


def test_a_genome_that_changed_is_opened_anew(tmp_path):
    first = runtime_dna.genome("mini")
    write_genome(tmp_path / "mini.fa", seed=2)
    second = runtime_dna.genome("mini")
    place = Interval("chr1", 50_000, 50_100)
    assert second is not first
    assert second.fetch(place) != ""


def test_a_prediction_is_made_once_and_found_again_after_a_restart(untrained):
    question = ask(untrained)
    assert runtime_dna.known_prediction(question) is None
    job = runtime_dna.start_prediction(question, "Toy")
    assert runtime.jobs().wait(job, 60).state == "done"
    found = runtime_dna.known_prediction(question)
    assert runtime_dna.known_prediction(ask(untrained)) is found
    assert runtime_dna.known_prediction(ask(untrained, 41_000)) is None
    st.cache_resource.clear()  # all that a restart forgets
    again = runtime_dna.known_prediction(ask(untrained))
    assert again is not found
    np.testing.assert_array_equal(again.values, found.values)


def test_two_people_who_ask_the_same_share_one_job(untrained):
    question = ask(untrained, 42_000)
    with runtime.queue("cpu").turn(owner="somebody", interactive=True):
        first = runtime_dna.start_prediction(question, "Toy")
        assert runtime.jobs().active(job_key(ask(untrained, 42_000))) == first
        assert runtime_dna.start_prediction(ask(untrained, 42_000), "Toy") == first
    assert runtime.jobs().wait(first, 60).state == "done"
    assert runtime.jobs().active(job_key(question)) is None


def test_an_estimate_is_measured_once(untrained, monkeypatch):
    monkeypatch.setattr("core.enformer.asking.SMALL_RUN", 0)  # or its size would be enough
    question = ask(untrained)
    seconds = runtime_dna.prediction_seconds(question)
    assert 0 < seconds < 60
    monkeypatch.setattr("core.enformer.asking.calibrate", lambda *_: pytest.fail("measured again"))
    assert runtime_dna.prediction_seconds(question) == seconds
    assert Timings(runtime_dna.settings().cache_folder / "timings.json")._known


def test_a_small_run_is_not_measured_first(untrained, monkeypatch):
    monkeypatch.setattr("core.enformer.asking.calibrate", lambda *_: pytest.fail("measured"))
    assert 0 < runtime_dna.prediction_seconds(ask(untrained)) < 6


def test_out_of_memory_is_a_sentence_and_the_next_run_works(untrained, monkeypatch):
    question = ask(untrained)

    def full(*_, **__):
        raise DeviceMemoryError("It does not fit; choose a smaller model.")

    with monkeypatch.context() as patch:
        patch.setattr(type(question.engine), "predict", full)
        job = runtime_dna.start_prediction(question, "Toy")
        status = runtime.jobs().wait(job, 60)
        assert (status.state, status.error) == ("failed", "It does not fit; choose a smaller model.")
    assert runtime_dna.known_prediction(question) is None
    job = runtime_dna.start_prediction(question, "Toy")
    assert runtime.jobs().wait(job, 60).state == "done"


def test_an_upload_is_opened_like_any_genome(tmp_path):
    folder = runtime_dna.SessionFolder()
    path = folder.keep_genome("mine.fa", (tmp_path / "mini.fa").read_bytes())
    opened = runtime_dna.uploaded_genome(path)
    assert opened.contigs == runtime_dna.genome("mini").contigs
    with pytest.raises(GenomeUnavailableError):
        runtime_dna.uploaded_genome(folder.keep_genome("mine.fa", b"\x00\x01 no FASTA"))


def test_an_exact_engine_beside_the_fast_one():
    model = runtime_dna.dna_model("playground")
    fast, exact = runtime_dna.dna_engine(model), runtime_dna.dna_engine(model, exact=True)
    assert fast is not exact
    assert exact is runtime_dna.dna_engine(model, exact=True)
    assert (fast.precision, exact.precision) == ("auto", "float32")
    assert exact.method.is_exact


def test_how_long_a_prediction_took_is_remembered_with_what_it_reused():
    engine = runtime_dna.dna_engine(runtime_dna.dna_model("playground"))
    genome = runtime_dna.genome("playground")
    questions = [
        runtime_dna.question_at(engine, genome, Interval("sim2", start, start + 49_152), "human", Averaging())
        for start in (256_000, 256_000 + 128 * 64)
    ]
    for question in questions:
        assert runtime_dna.took(question) is None
        runtime.jobs().wait(runtime_dna.start_prediction(question, "a window"), 60)
        assert runtime_dna.known_prediction(question) is not None
    first, second = (runtime_dna.took(question) for question in questions)
    assert first.seconds > 0
    assert first.reused == 0.0
    assert 0.6 < second.reused < 1
