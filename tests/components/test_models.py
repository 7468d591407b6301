"""Choosing and fetching models."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.models import download_spec, model_label
from components.readiness import device_sentence, models_table
from core.errors import UnknownModelError
from core.language.registry import ModelSource, minilm, named_source, sources
from core.settings import read_settings


def test_labels_say_the_size_of_what_must_be_fetched():
    options = read_settings()
    assert model_label(minilm()) == "MiniLM encoder"
    label = model_label(named_source("gpt2", options))
    assert label.startswith("GPT-2 small (")
    assert label.endswith(" MB)")


def test_a_download_is_a_job_on_the_network_queue():
    spec = download_spec(named_source("gpt2", read_settings()), read_settings(), "me")
    assert (spec.queue, spec.pieces, spec.title) == ("network", 1, "Download GPT-2 small")


def test_only_models_of_the_list_can_be_fetched():
    evil = ModelSource("evil/repo", "Evil", "available", "official", Path, "", "", "", "")
    with pytest.raises(UnknownModelError):
        download_spec(evil, read_settings(), "me")


def test_readiness():
    table = models_table(sources(read_settings()))
    states = dict(zip(table["Model"], table["State"], strict=True))
    assert states["MiniLM encoder"] == "ready (bundled)"
    assert states["GPT\\-2 small"].startswith("to download, ")
    assert device_sentence("cpu", cores=2, free_bytes=int(3e9)) == (
        "Models run on the CPU (2 cores); 3.0 GB of memory are free."
    )
