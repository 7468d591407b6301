"""Model folders that are made once for all tests of the language core."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.language import LanguageModel, load_model
from tests.core.language import folders


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Name of an architecture -> folder of a small random model. Tests must not change it."""
    base = tmp_path_factory.mktemp("models")

    def make(name: str) -> Path:
        folder = base / name
        return folder if folder.exists() else getattr(folders, name)(folder)

    return make


@pytest.fixture(scope="session")
def random_model(model_folder: Callable[[str], Path]) -> Callable[[str], LanguageModel]:
    """Name of an architecture -> its small random model, loaded once."""
    loaded: dict[str, LanguageModel] = {}

    def load(name: str) -> LanguageModel:
        if name not in loaded:
            loaded[name] = load_model(model_folder(name))
        return loaded[name]

    return load


@pytest.fixture(scope="session")
def minilm() -> LanguageModel:
    return load_model("minilm")


@pytest.fixture(scope="session")
def storybook() -> LanguageModel:
    return load_model("storybook-gpt")
