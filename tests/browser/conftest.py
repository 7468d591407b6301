"""What the browser tests compare the pages with: the numbers that Python computes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from core.language import AttentionResult, LanguageModel, attention, load_model


@pytest.fixture(scope="session")
def computed() -> Callable[..., AttentionResult]:
    """`computed("minilm", text)`: the attention that the page has to show."""

    @cache
    def model(name: str) -> LanguageModel:
        return load_model(name)

    @cache
    def compute(name: str, text: str) -> AttentionResult:
        return attention(model(name), text)

    return compute
