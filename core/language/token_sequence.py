"""`TokenSequence`: one side of an attention map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class TokenSequence:
    """One side of an attention map.

    Attributes
    ----------
    tokens : the tokenizer's own strings, special tokens included.
    labels : the same for people: "·" is a leading space, "⏎" a line end, "⟨f0⟩" a lone byte.
    ids : token ids.
    words : the words and punctuation marks that the tokens spell; a special token is a word.
    word_spans : half-open token range of each word; together they cover all tokens in order.
    special : True for tokens that the tokenizer added.
    """

    tokens: tuple[str, ...]
    labels: tuple[str, ...]
    ids: tuple[int, ...]
    words: tuple[str, ...]
    word_spans: tuple[tuple[int, int], ...]
    special: tuple[bool, ...]

    def __post_init__(self) -> None:
        count = len(self.tokens)
        if not len(self.labels) == len(self.ids) == len(self.special) == count:
            raise ValueError("tokens, labels, ids and special differ in length")
        if len(self.words) != len(self.word_spans):
            raise ValueError("each word needs one span")
        edges = [0, *(edge for span in self.word_spans for edge in span), count]
        if any(edges[i] != edges[i + 1] for i in range(0, len(edges), 2)):
            raise ValueError("word spans do not cover the tokens in order")

    def __len__(self) -> int:
        return len(self.tokens)

    @classmethod
    def of_labels(cls, labels: Sequence[str]) -> TokenSequence:
        """Plain labels, each its own word, numbered as ids: bins of DNA, or tokens of unknown origin."""
        labels = tuple(labels)
        spans = tuple((i, i + 1) for i in range(len(labels)))
        return cls(labels, labels, tuple(range(len(labels))), labels, spans, (False,) * len(labels))
