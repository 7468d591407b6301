"""Sentences to begin with; each opens a page with one click."""

from __future__ import annotations

from dataclasses import dataclass

from core.teaching.dates import DATE_EXAMPLES

FOX = "The quick brown fox jumps over the lazy dog."
PASSIVE = "The lazy dog was jumped over by the quick brown fox."
TIRED = "The animal didn't cross the street because it was too tired."
WIDE = "The animal didn't cross the street because it was too wide."
CAT = "This morning I took my cat for a"
MASKED = "The animal didn't cross the [MASK] because it was too tired."
DATE = DATE_EXAMPLES[0]


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
        "One head at four depths of a GPT, from the layer next to the words to the last.",
        {"model": "storybook-gpt", "text": FOX, "view": "depths"},
    ),
    Example(
        "What does “it” mean?",
        "Find the heads in which “it” looks at “animal”.",
        {"model": "minilm", "text": TIRED, "layer": "3", "head": "1", "tool": "find", "asks": "8", "asked": "2"},
    ),
    Example(
        "One word changed",
        "“tired” against “wide”: what happens to “it”? The difference, with its sign.",
        {"model": "minilm", "text": TIRED, "view": "compare", "text2": WIDE, "layer": "3", "head": "1"},
    ),
    Example(
        "All heads at once",
        "Every head of a GPT as a small picture; point at one to read what it does.",
        {"model": "storybook-gpt", "text": FOX, "view": "heads"},
    ),
    Example(
        "A head that copies",
        "Said twice, each word looks at what followed it first. Without this head, “paper” is lost.",
        {
            "model": "storybook-gpt",
            "text": "green seven window paper green seven window",
            "layer": "2",
            "head": "0",
            "tool": "off",
            "off": "2.0",
        },
    ),
    Example(
        "The next word",
        "What a GPT would write next, and what each layer would have written.",
        {"model": "storybook-gpt", "text": CAT, "tool": "next"},
    ),
    Example(
        "Reading dates",
        "Cross-attention of a small translator: which word does each digit look at?",
        {"model": "date-reader", "text": DATE, "layer": "1", "head": "2"},
    ),
    Example(
        "Looking only backwards",
        "The hatched corner: a GPT never sees the future. This head looks one token back.",
        {"model": "storybook-gpt", "text": "Once upon a time there was a little girl who lived in the woods."},
    ),
)
SENTENCES = (FOX, PASSIVE, TIRED, WIDE, CAT)
OF_MODEL = {
    "date-reader": DATE_EXAMPLES,
    "opus-mt-en-fr": (TIRED, WIDE, FOX),  # il or elle?
    "bert-base-uncased": (MASKED, *SENTENCES),
    "distilbert-base-uncased": (MASKED, *SENTENCES),
}
# What to compare a sentence with, until a person types something else.
PARTNERS = {TIRED: WIDE, WIDE: TIRED, FOX: PASSIVE, PASSIVE: FOX}


def sentences_for(model: str) -> tuple[str, ...]:
    """Sentences that suit a model."""
    return OF_MODEL.get(model, SENTENCES)
