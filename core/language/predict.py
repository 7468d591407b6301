"""`token_distribution`: which token a model expects next, or behind a mask."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.cards import Provenance
from core.errors import SelectionError
from core.language.attend import Text, checked_heads
from core.language.forward import Heads, Reading, has_word_head, read, require_word_head, states, word_logits
from core.language.models import LanguageModel
from core.language.values import AttentionKind, TokenSequence

if TYPE_CHECKING:
    import pandas as pd
    import torch


@dataclass(frozen=True, eq=False)
class TokenDistribution:
    """The most probable tokens at one place of a text.

    Attributes
    ----------
    labels : readable tokens ("·fox"), the most probable first, ties by id.
    ids : their ids.
    probabilities : (k,) float32, softmax over the whole vocabulary, so they sum to at most 1.
    entropy_bits : entropy of the whole distribution in bits; 0 when the model is certain.
    position : the token after which the model predicts; of a masked word the place that it guesses.
    at : that token's label.
    """

    labels: tuple[str, ...]
    ids: tuple[int, ...]
    probabilities: np.ndarray
    entropy_bits: float
    position: int
    at: str
    provenance: Provenance
    without: Heads = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not len(self.labels) == len(self.ids) == len(self.probabilities):
            raise ValueError("labels, ids and probabilities differ in length")
        self.probabilities.setflags(write=False)

    def table(self) -> pd.DataFrame:
        """One row a token: token, id, probability."""
        import pandas as pd

        return pd.DataFrame({"token": self.labels, "id": self.ids, "probability": self.probabilities})


def token_labels(model: LanguageModel, ids: Iterable[int]) -> tuple[str, ...]:
    """Labels of any ids of the model's vocabulary; the ids themselves where it has no tokenizer."""
    ids = tuple(int(i) for i in ids)
    return tuple(map(str, ids)) if model.tokenizer is None else model.tokenizer.labels(ids)


def predicts_masked_words(model: LanguageModel) -> bool:
    """True for an encoder that was trained to guess a word from both sides."""
    return "bidirectional" in model.kinds and has_word_head(model)


def masked_places(model: LanguageModel, sequence: TokenSequence) -> tuple[int, ...]:
    """Positions of the token that stands for a word to be guessed."""
    mask = None if model.tokenizer is None else model.tokenizer.mask_id
    return tuple(place for place, token in enumerate(sequence.ids) if token == mask)


def predicted_place(model: LanguageModel, reading: Reading, position: int | None) -> int:
    """The place to predict at: `position`, else the first masked word or the last token.

    Raises
    ------
    SelectionError
        There is no such token, or no place is given and no word is masked.
    """
    count = len(reading.sequence)
    if position is not None:
        if not 0 <= position < count:
            raise SelectionError(
                f"Token {position} does not exist: the text has {count} tokens, 0 to {count - 1}; choose one of them."
            )
        return int(position)
    if not predicts_masked_words(model):
        return count - 1
    masked = masked_places(model, reading.sequence)
    if not masked:
        raise SelectionError(
            f"{model.card.title} guesses words that are hidden, and none is; "
            "type [MASK] where a word should be guessed, for example: The cat sat on the [MASK]."
        )
    return masked[0]


def log_distribution(
    model: LanguageModel, reading: Reading, place: int, *, without: Heads = (), kind: AttentionKind | None = None
) -> tuple[np.ndarray, torch.Tensor]:
    """(log-probabilities (vocabulary,) float64 at one place, last states (tokens, width)).

    Raises
    ------
    SelectionError, DeviceMemoryError
        As `states` and `word_logits`.
    """
    last = states(model, reading, without=without, kind=kind)[-1]
    logits = word_logits(model, last[place : place + 1], final=True)[0].cpu().double()
    return logits.log_softmax(dim=-1).numpy(), last


def most_probable(log_probabilities: np.ndarray, top: int) -> np.ndarray:
    """Ids of the `top` most probable tokens, ties by id."""
    if top < 1:
        raise ValueError(f"top is {top}; ask for at least one token")
    return np.argsort(-log_probabilities, kind="stable")[:top]


def entropy_bits(log_probabilities: np.ndarray) -> float:
    """Entropy in bits. Source: Shannon 1948, section 6."""
    possible = log_probabilities[np.isfinite(log_probabilities)]  # 0 log 0 is 0
    return max(0.0, float(-(np.exp(possible) * possible).sum() / np.log(2)))


def token_distribution(
    model: LanguageModel,
    text: Text,
    target_text: Text | None = None,
    *,
    position: int | None = None,
    top: int = 10,
    without: Iterable[tuple[int, int]] = (),
    kind: AttentionKind | None = None,
) -> TokenDistribution:
    """The most probable next tokens, or words for a masked place.

    Parameters
    ----------
    text, target_text : as for `core.language.attention`.
    position : the token after which the next one is predicted (default the last); of a masked-word
        model the place to guess (default the first [MASK]); of a translation model a place in what
        its decoder reads, whose first token is the start token.
    top : how many tokens; at most the vocabulary.
    without, kind : (layer, head) of heads of this kind of attention to switch off.

    Raises
    ------
    TextError
        As `core.language.attention`.
    SelectionError
        The model predicts no words, no word is masked, or there is no such token or head.
    """
    without = checked_heads(model, without)
    require_word_head(model)
    reading = read(model, text, target_text)
    place = predicted_place(model, reading, position)
    logs, _ = log_distribution(model, reading, place, without=without, kind=kind)
    ids = most_probable(logs, top)
    return TokenDistribution(
        labels=token_labels(model, ids),
        ids=tuple(ids.tolist()),
        probabilities=np.exp(logs[ids]).astype(np.float32),
        entropy_bits=entropy_bits(logs),
        position=place,
        at=reading.sequence.labels[place],
        provenance=model.provenance,
        without=without,
        notes=reading.notes,
    )
