"""Sentences to begin with; each opens a page with one click."""

from __future__ import annotations

from dataclasses import dataclass

FOX = "The quick brown fox jumps over the lazy dog."


@dataclass(frozen=True)
class Example:
    """A named starting point of the attention page.

    Attributes
    ----------
    see : what to look for, one short sentence.
    params : the page's query parameters; whatever is absent keeps its default.
    """

    title: str
    see: str
    params: dict[str, str]


EXAMPLES = (
    Example(
        "The assignment's sentence",
        "One head at four depths of a GPT: from neighbours to meaning.",
        {"model": "storybook-gpt", "text": FOX, "view": "depths"},
    ),
    Example(
        "What does “it” mean?",
        "A BERT head in which “it” looks at “animal”.",
        {
            "model": "minilm",
            "text": "The animal didn't cross the street because it was too tired.",
            "layer": "3",
            "head": "1",
        },
    ),
    Example(
        "Looking only backwards",
        "The hatched corner: a GPT never sees the future. This head looks one token back.",
        {"model": "storybook-gpt", "text": "Once upon a time there was a little girl who lived in the woods."},
    ),
    Example(
        "A head that copies",
        "Words said twice: each looks at what followed it the first time.",
        {
            "model": "storybook-gpt",
            "text": "Say: green seven window paper green seven window paper",
            "layer": "2",
            "head": "0",
        },
    ),
)
SENTENCES = (
    FOX,
    "The lazy dog was jumped over by the quick brown fox.",
    "The animal didn't cross the street because it was too tired.",
    "The animal didn't cross the street because it was too wide.",
    "This morning I took my cat for a",
)
