"""Small Enformers with random numbers, and folders of them as the hub and as we write them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import torch

from core.enformer.hparams import Hyperparameters
from core.enformer.official import OFFICIAL
from core.enformer.random_weights import random_module
from core.settings import Settings, read_settings

TINY = Hyperparameters(
    dim=48,
    depth=2,
    heads=2,
    output_heads=(("human", 5), ("mouse", 3)),
    target_length=24,
    attn_dim_key=8,
    num_downsamples=3,
    dim_divisible_by=8,
    input_bp=256,
)
# As wide as one head of the published model and as many bins: the smallest that TensorFlow's positions fit.
GAMMA = Hyperparameters(
    dim=192,
    depth=2,
    heads=1,
    output_heads=(("human", 7), ("mouse", 3)),
    attn_dim_key=16,
    num_downsamples=3,
    dim_divisible_by=96,
    input_bp=12_288,
)


def hub_config(sizes: Hyperparameters, **changes: object) -> dict[str, object]:
    """config.json as the published repository has it: nothing about positions or input length."""
    said = sizes.to_config()
    for name in ("attendome", "use_tf_gamma", "input_bp"):
        del said[name]
    more = {"architectures": ["Enformer"], "torch_dtype": "float32", "use_checkpointing": False}
    return said | more | {"transformers_version": "4.19.2"} | changes


def pytorch_bytes(module: torch.nn.Module, **options: object) -> bytes:
    """pytorch_model.bin with every name, shared ones too."""
    file = io.BytesIO()
    torch.save(dict(module.state_dict()), file, **options)
    return file.getvalue()


def hub_files(sizes: Hyperparameters, seed: int = 0, **config: object) -> dict[str, bytes]:
    """The files of a repository with a small Enformer in it."""
    return {
        "config.json": json.dumps(hub_config(sizes, **config)).encode(),
        "pytorch_model.bin": pytorch_bytes(random_module(sizes, seed)),
        "README.md": b"# Enformer",
    }


def write_files(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def settings_for(folder: Path, endpoint: str = "http://127.0.0.1:9", **more: str) -> Settings:
    """Settings with every cache below the folder."""
    places = {"HF_HOME": str(folder / "home"), "ATTENDOME_CACHE": str(folder / "cache"), "ATTENDOME_DEVICE": "cpu"}
    return read_settings({"HF_ENDPOINT": endpoint, **places, **more})


def one_hot(length: int, seed: int = 0) -> torch.Tensor:
    """(1, length, 4) of random letters."""
    generator = torch.Generator().manual_seed(seed)
    return torch.nn.functional.one_hot(torch.randint(0, 4, (1, length), generator=generator), 4).float()


def output(module: torch.nn.Module, length: int, head: str = "human") -> torch.Tensor:
    with torch.inference_mode():
        return module(one_hot(length))[head][0]


def same(first: torch.nn.Module, second: torch.nn.Module) -> bool:
    """Every tensor equal to the last bit."""
    one, two = first.state_dict(), second.state_dict()
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


OFFICIAL_REPO = OFFICIAL.repo
