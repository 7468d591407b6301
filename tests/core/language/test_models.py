"""Loading: what is taken, what is refused, and with which sentence."""

from __future__ import annotations

import json
import pickle
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from core.errors import DeviceMemoryError, ModelFilesError, ModelNotDownloadedError, SettingsError, UnknownModelError
from core.language import load_model, registry
from core.language.models import outline
from core.language.registry import find_source, named_source, sources
from core.settings import Settings, read_settings


@pytest.fixture
def broken(model_folder, tmp_path):
    """A copy of the random GPT-2 that a test may break."""
    return shutil.copytree(model_folder("gpt2"), tmp_path / "broken")


def test_card_of_a_local_folder(random_model):
    card = random_model("gpt2").card
    assert (card.architecture, card.layers, card.heads, card.context) == ("gpt2", 3, 4, 64)
    assert card.weights == "local"
    assert len(card.revision) == 12


@pytest.mark.parametrize("name", ["gpt2", "bert", "distilbert", "marian"])
def test_outline_says_what_the_loaded_model_has(model_folder, random_model, name):
    found, model = outline(find_source(model_folder(name), Settings())), random_model(name)
    assert (found.layers, found.heads, found.kinds) == (model.card.layers, model.card.heads, model.kinds)


def test_outline_of_a_config_without_sizes(broken):
    config = json.loads((broken / "config.json").read_text())
    (broken / "config.json").write_text(json.dumps(config | {"n_head": "many"}))
    with pytest.raises(ModelFilesError, match="does not say how many layers and heads"):
        outline(find_source(broken, Settings()))


def test_bundled_encoder(minilm):
    assert (minilm.card.layers, minilm.card.heads, minilm.card.context) == (6, 12, 512)
    assert minilm.card.revision == registry.MINILM_SHA256[:12]
    assert minilm.card.weights == "official"
    assert minilm.module.config._attn_implementation == "eager"
    assert not any(p.requires_grad for p in minilm.module.parameters())


def test_bundled_encoder_with_other_bytes_is_refused(tmp_path, monkeypatch):
    folder = shutil.copytree(registry._minilm_folder(), tmp_path / "minilm")
    data = bytearray((folder / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (folder / "model.safetensors").write_bytes(data)
    monkeypatch.setattr(registry, "_minilm_folder", lambda: folder)
    with pytest.raises(ModelFilesError, match="not the expected file"):
        load_model("minilm")


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda f: (f / "model.safetensors").unlink(), "has no model.safetensors"),
        (lambda f: (f / "config.json").unlink(), "has no config.json"),
        (lambda f: (f / "config.json").write_text("{"), "config.json of broken cannot be read"),
        (lambda f: (f / "config.json").write_text("[]"), "is no JSON object"),
        (lambda f: (f / "model.safetensors").write_bytes((f / "model.safetensors").read_bytes()[:-100]), "cut short"),
        (lambda f: (f / "model.safetensors").write_bytes(b"\xff" * 64), "is no safetensors file"),
        (lambda f: (f / "model.safetensors").write_bytes(b"\x08" + bytes(7) + b"notjson!"), "damaged header"),
        (lambda f: (f / "tokenizer.json").write_text("{}"), "tokenizer files"),
    ],
)
def test_broken_files_are_one_sentence(broken, damage, sentence):
    damage(broken)
    with pytest.raises(ModelFilesError, match=sentence):
        load_model(broken)


def test_absent_parameters_are_not_filled_with_random_numbers(broken):
    weights = load_file(broken / "model.safetensors")
    del weights["transformer.h.1.attn.c_attn.weight"]
    save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelFilesError, match=r"lack 1 parameters, transformer\.h\.1\.attn\.c_attn\.weight"):
        load_model(broken)


def test_parameters_of_another_shape_are_refused(broken):
    weights = load_file(broken / "model.safetensors")
    weights["transformer.wpe.weight"] = torch.zeros(3, 3)
    save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelFilesError, match="cannot be loaded"):
        load_model(broken)


def test_models_with_their_own_code_are_refused(broken):
    config = json.loads((broken / "config.json").read_text())
    (broken / "config.json").write_text(json.dumps(config | {"auto_map": {"AutoModel": "evil.Model"}}))
    with pytest.raises(ModelFilesError, match="own code"):
        load_model(broken)


@pytest.mark.parametrize("change", [{"model_type": "llama"}, {"model_type": None}, {"architectures": ["GPT2ForX"]}])
def test_other_families_are_refused(broken, change):
    config = json.loads((broken / "config.json").read_text())
    (broken / "config.json").write_text(json.dumps(config | change))
    with pytest.raises(ModelFilesError, match="Attendome reads"):
        load_model(broken)


@pytest.mark.parametrize("change", [{"position_embedding_type": "relative_key"}, {"is_decoder": True}])
def test_berts_with_another_attention_are_refused(model_folder, tmp_path, change):
    folder = shutil.copytree(model_folder("bert"), tmp_path / "bert")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | change))
    with pytest.raises(ModelFilesError, match="cannot compute exactly"):
        load_model(folder)


def test_a_device_that_is_not_there(broken):
    if torch.cuda.is_available():
        pytest.skip("this machine has one")
    with pytest.raises(SettingsError, match="ATTENDOME_DEVICE is 'cuda', which this machine does not have"):
        load_model(broken, options=Settings(device="cuda"))


def test_memory_fault_while_loading(broken, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr("transformers.GPT2LMHeadModel.from_pretrained", fail)
    with pytest.raises(DeviceMemoryError, match="does not fit in the memory"):
        load_model(broken)


def test_a_pickle_cannot_run_code(broken, tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "owned"), "w"))

    (broken / "model.safetensors").unlink()
    (broken / "pytorch_model.bin").write_bytes(pickle.dumps({"transformer.wte.weight": Evil()}))
    with pytest.raises(ModelFilesError, match="cannot be loaded"):
        load_model(broken)
    assert not (tmp_path / "owned").exists()


def test_pytorch_files_are_read_when_there_is_nothing_safer(broken, random_model):
    weights = load_file(broken / "model.safetensors")
    (broken / "model.safetensors").unlink()
    torch.save(weights, broken / "pytorch_model.bin")
    model = load_model(broken)
    assert torch.equal(model.module.transformer.wte.weight, random_model("gpt2").module.transformer.wte.weight)


def test_unknown_names(tmp_path):
    with pytest.raises(UnknownModelError, match="no model called 'gpt5' here; choose one of: minilm, storybook-gpt"):
        load_model("gpt5")
    with pytest.raises(UnknownModelError, match="There is no folder"):
        load_model(tmp_path / "nothing")


@pytest.mark.parametrize("name", ["../../etc", "/etc", "models/../x", "evil/model", "", "minilm\x00"])
def test_a_browser_cannot_name_a_path(name):
    with pytest.raises(UnknownModelError):
        named_source(name, Settings())


def test_hub_models_must_be_downloaded_first():
    with pytest.raises(ModelNotDownloadedError, match=r"not on this machine yet; download it first \(\d+ MB\)"):
        load_model("gpt2", options=read_settings())


def test_folders_of_the_settings_are_listed(model_folder, tmp_path):
    options = read_settings({"ATTENDOME_MODELS": f"mine={model_folder('gpt2')}:gone={tmp_path / 'gone'}"})
    assert [s.name for s in sources(options)][:5] == ["minilm", "storybook-gpt", "date-reader", "mine", "gone"]
    assert load_model("mine", options=options).card.title == "mine"
    with pytest.raises(ModelFilesError, match="does not exist"):
        load_model("gone", options=options)


def test_too_little_memory_is_one_sentence(broken, monkeypatch):
    class Small:
        available = 1000

    monkeypatch.setattr("psutil.virtual_memory", lambda: Small)
    with pytest.raises(DeviceMemoryError, match="needs about"):
        load_model(broken)


def test_find_source_takes_folders_and_names(model_folder):
    assert find_source(model_folder("gpt2"), Settings()).weights == "local"
    assert find_source("minilm", Settings()).place == "bundled"
