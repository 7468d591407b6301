"""Texts of a wanted length, a new one each time, so that nothing is answered from a store."""

from __future__ import annotations

import random

from core.language import LanguageModel

TALE = (
    "the king and his son went into a dark wood where they saw an old house by the water and a little girl "
    "who said that she had not eaten for two days so they gave her bread then all of them sat down"
)


def text_of(model: LanguageModel, tokens: int, seed: object) -> str:
    """A text of exactly `tokens` tokens of the model, special tokens included."""
    draw = random.Random(str(seed))
    known = TALE.split()

    def count(words: list[str]) -> int:
        return len(model.tokenizer.encode(" ".join(words)).sequence)

    words = [draw.choice(known)]
    while count(words) < tokens:
        more = [*words, draw.choice(known)]
        words = more if count(more) <= tokens else [*words, "a"]
    return " ".join(words)
