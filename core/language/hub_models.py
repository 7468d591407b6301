"""The language models of the hub that a person may ask for; no other name is ever fetched."""

from __future__ import annotations

from core.errors import UnknownModelError
from core.hub import HubModel

_BPE = (("tokenizer.json",), ("vocab.json", "merges.txt"))
_WORDPIECE = (("tokenizer.json",), ("vocab.txt",))
_SENTENCEPIECE = (("vocab.json", "source.spm", "target.spm"),)

HUB_MODELS: tuple[HubModel, ...] = (
    HubModel(
        "gpt2",
        "openai-community/gpt2",
        "GPT-2 small",
        551_000_000,
        "MIT",
        "OpenAI's 124-million-parameter decoder of 2019, which predicts the next token from those before it: "
        "12 layers of 12 heads.",
        _BPE,
        ("gpt2",),
    ),
    HubModel(
        "gpt2-medium",
        "openai-community/gpt2-medium",
        "GPT-2 medium",
        1_523_000_000,
        "MIT",
        "The 355-million-parameter GPT-2: the same design with 24 layers of 16 heads, so more heads that specialise.",
        _BPE,
        ("gpt2-medium",),
    ),
    HubModel(
        "distilgpt2",
        "distilbert/distilgpt2",
        "DistilGPT-2",
        356_000_000,
        "Apache-2.0",
        "GPT-2 small distilled into half its layers (6 of 12 heads): compare what the smaller student kept.",
        _BPE,
        ("distilgpt2",),
    ),
    HubModel(
        "bert-base-uncased",
        "google-bert/bert-base-uncased",
        "BERT base, uncased",
        441_000_000,
        "Apache-2.0",
        "Google's encoder of 2018, which fills in masked words from both sides: 12 layers of 12 heads.",
        _WORDPIECE,
        ("bert-base-uncased",),
    ),
    HubModel(
        "distilbert-base-uncased",
        "distilbert/distilbert-base-uncased",
        "DistilBERT base, uncased",
        269_000_000,
        "Apache-2.0",
        "BERT base distilled into half its layers (6 of 12 heads), the smallest download here.",
        _WORDPIECE,
        ("distilbert-base-uncased",),
    ),
    HubModel(
        "opus-mt-en-fr",
        "Helsinki-NLP/opus-mt-en-fr",
        "OPUS-MT English to French",
        304_000_000,
        "Apache-2.0",
        "A translator with 6 encoder and 6 decoder layers of 8 heads, whose cross-attention shows which English words "
        "each French word is taken from.",
        _SENTENCEPIECE,
    ),
)


def hub_model(name: str) -> HubModel:
    """The model of that name.

    Raises
    ------
    UnknownModelError
        The name is not in `HUB_MODELS`.
    """
    if found := next((model for model in HUB_MODELS if model.name == name), None):
        return found
    raise UnknownModelError(
        f"{name[:60]!r} is not a model that can be fetched from the hub; choose one of "
        f"{', '.join(model.name for model in HUB_MODELS)}."
    )
