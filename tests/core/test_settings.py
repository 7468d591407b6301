"""The environment, read once and checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import SettingsError
from core.settings import Settings, read_settings


def test_an_empty_environment_gives_the_defaults():
    assert read_settings({}) == Settings()


def test_everything_can_be_set():
    found = read_settings(
        {
            "ATTENDOME_DEVICE": "cuda:1",
            "ATTENDOME_CACHE": "/tmp/cache",
            "ATTENDOME_MODELS": "mine=/a/b:other=/c",
            "ATTENDOME_DNA_MODELS": "copy=/d",
            "ATTENDOME_GENOMES": "mouse=/e.fa",
            "ATTENDOME_ANNOTATIONS": "mouse=/f.gtf",
            "ATTENDOME_SIGNALS": "a=/g.bw:b=https://example.org:8000/h.bw?x=1:c=/i:j.bw",
            "ATTENDOME_REGIONS": "states=/k.bed",
            "ATTENDOME_MAX_MODELS": "5",
            "ATTENDOME_MAX_CHARACTERS": "100",
            "HF_HOME": "/hf",
            "HF_ENDPOINT": "http://127.0.0.1:1/",
            "HF_HUB_OFFLINE": "1",
        }
    )
    assert found == Settings(
        device="cuda:1",
        cache_folder=Path("/tmp/cache"),
        model_folders=(("mine", Path("/a/b")), ("other", Path("/c"))),
        dna_model_folders=(("copy", Path("/d")),),
        genome_files=(("mouse", Path("/e.fa")),),
        annotation_files=(("mouse", Path("/f.gtf")),),
        signal_files=(("a", "/g.bw"), ("b", "https://example.org:8000/h.bw?x=1"), ("c", "/i:j.bw")),
        region_files=(("states", Path("/k.bed")),),
        max_models=5,
        max_characters=100,
        hub_endpoint="http://127.0.0.1:1",
        hub_folder=Path("/hf/hub"),
        hub_offline=True,
    )
    assert read_settings({"HF_HOME": "/a", "HF_HUB_CACHE": "/b"}).hub_folder == Path("/b")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ATTENDOME_DEVICE", "gpu"),
        ("ATTENDOME_MAX_MODELS", "none"),
        ("ATTENDOME_MAX_MODELS", "-1"),
        ("ATTENDOME_MAX_CHARACTERS", "nan"),
        ("ATTENDOME_MODELS", "/no/name"),
        ("ATTENDOME_MODELS", "Bad Name=/x"),
        ("ATTENDOME_DNA_MODELS", "/no/name"),
        ("ATTENDOME_GENOMES", "/no/name.fa"),
        ("ATTENDOME_ANNOTATIONS", "/no/name.gtf"),
        ("ATTENDOME_SIGNALS", "/no/name.bw"),
        ("ATTENDOME_SIGNALS", "a=https:///no/host.bw"),
        ("ATTENDOME_SIGNALS", "a="),
        ("ATTENDOME_REGIONS", "/no/name.bed"),
    ],
)
def test_a_wrong_value_is_one_sentence(name, value):
    with pytest.raises(SettingsError, match=f"^{name} (is|holds) '.*; give "):
        read_settings({name: value})


def test_track_names_and_kept_predictions():
    found = read_settings({"ATTENDOME_TARGETS_URL": "http://127.0.0.1:1/t.txt", "ATTENDOME_RESULT_CACHE_MB": "1.5"})
    assert (found.targets_url, found.result_cache_bytes) == ("http://127.0.0.1:1/t.txt", 1_500_000)
    for name, value in (("ATTENDOME_TARGETS_URL", "t.txt"), ("ATTENDOME_RESULT_CACHE_MB", "0")):
        with pytest.raises(SettingsError, match=f"^{name} is '.*; give "):
            read_settings({name: value})


@pytest.mark.parametrize("name", ["official", "playground", "untrained", "random"])
def test_names_that_have_a_meaning_cannot_be_taken(name):
    with pytest.raises(SettingsError, match=f"ATTENDOME_DNA_MODELS names '{name}', which has a meaning of its own"):
        read_settings({"ATTENDOME_DNA_MODELS": f"{name}=/x"})
    assert read_settings({"ATTENDOME_MODELS": f"{name}=/x"}).model_folders == ((name, Path("/x")),)


def test_a_signal_has_one_name():
    with pytest.raises(SettingsError, match="ATTENDOME_SIGNALS names 'a' twice; give each file a name of its own"):
        read_settings({"ATTENDOME_SIGNALS": "a=/x.bw:a=/y.bw"})
