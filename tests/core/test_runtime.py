"""What all people share."""

from __future__ import annotations

import gc
import threading

import numpy as np
import pytest
import streamlit as st

from core import runtime
from core.errors import DeviceMemoryError, UnknownModelError
from core.language import attention


@pytest.fixture(autouse=True)
def _empty_stores():
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


@pytest.fixture(autouse=True)
def _one_person(monkeypatch):
    monkeypatch.setattr(runtime, "person", lambda: threading.current_thread().name)


def test_everyone_gets_the_same_model_and_the_same_result():
    model = runtime.language_model("minilm")
    assert runtime.language_model("minilm") is model
    result = runtime.attention_result(model, "A fox.")
    assert runtime.attention_result(model, "A fox.") is result
    assert runtime.attention_result(model, "A dog.") is not result


def test_a_browser_cannot_load_a_path(tmp_path):
    with pytest.raises(UnknownModelError):
        runtime.language_model(str(tmp_path))


def test_two_people_with_different_models_get_right_answers():
    texts = {"minilm": "The fox jumps over the dog.", "storybook-gpt": "Once upon a time there was a fox."}
    models = {name: runtime.language_model(name) for name in texts}
    expected = {name: attention(models[name], text).weights for name, text in texts.items()}
    found = {}

    def ask(name):
        found[name] = runtime.attention_result(models[name], texts[name]).weights

    threads = [threading.Thread(target=ask, args=(name,)) for name in texts]
    [thread.start() for thread in threads]
    [thread.join(60) for thread in threads]
    for name in texts:
        np.testing.assert_array_equal(found[name], expected[name])


def test_a_run_waits_for_its_turn_and_may_be_left():
    model = runtime.language_model("minilm")
    queue = runtime.queue("cpu")

    def leave(ahead):
        assert ahead == 1
        raise InterruptedError

    with queue.turn(owner="somebody", interactive=True), pytest.raises(InterruptedError):
        runtime.attention_result(model, "A new sentence.", on_wait=leave)
    assert queue.waiting() == ()
    assert runtime.attention_result(model, "A new sentence.").layers == 6


def test_warming_up_with_a_broken_model_is_quiet_and_leaves_the_collector_on():
    runtime.warm_up("no-such-model")
    assert gc.isenabled()
    gc.unfreeze()


def test_queue_names_do_not_depend_on_an_index():
    import torch

    assert runtime.queue_name(torch.device("mps:0")) == "mps"
    assert runtime.queue_name(torch.device("cpu")) == "cpu"
    assert runtime.queue_name(torch.device("cuda")) == "cuda:0"
    assert runtime.jobs().queues["cpu"] is runtime.queue("cpu")


def test_when_memory_runs_out_other_models_are_let_go_and_loading_is_tried_again(monkeypatch):
    runtime.language_model("minilm")
    real, tries = runtime.load_model, []

    def load(name, **options):
        tries.append(runtime._models().keys())
        if len(tries) == 1:
            raise DeviceMemoryError("full")
        return real(name, **options)

    monkeypatch.setattr(runtime, "load_model", load)
    assert runtime.language_model("storybook-gpt").card.name == "storybook-gpt"
    assert [len(keys) for keys in tries] == [1, 0]


def test_new_files_in_a_folder_are_read(tmp_path, monkeypatch):
    from core.settings import read_settings
    from tests.core.language import folders

    options = read_settings({"ATTENDOME_MODELS": f"mine={tmp_path / 'm'}"})
    monkeypatch.setattr(runtime, "settings", lambda: options)
    folders.gpt2(tmp_path / "m")
    first = runtime.language_model("mine")
    folders.gpt2(tmp_path / "m", context=32)
    assert runtime.language_model("mine").card.context == 32
    assert first.card.context == 64
