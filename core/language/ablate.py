"""`ablate`: what a model does without some of its heads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.cards import Provenance
from core.errors import SelectionError
from core.language.attend import Text, attention, checked_heads
from core.language.forward import Heads, Reading, checked_kind, has_word_head, read, states
from core.language.models import LanguageModel
from core.language.predict import (
    log_distribution,
    masked_places,
    most_probable,
    predicted_place,
    predicts_masked_words,
    token_labels,
)
from core.language.values import AttentionKind, AttentionResult, TokenSequence

if TYPE_CHECKING:
    import pandas as pd
    import torch

LARGEST_CHANGES = 3


@dataclass(frozen=True)
class TokenChange:
    """One token's probability with all heads (`before`) and without the chosen ones (`after`)."""

    label: str
    token_id: int
    before: float
    after: float

    @property
    def change(self) -> float:
        """after - before."""
        return self.after - self.before


@dataclass(frozen=True, eq=False)
class PredictionChange:
    """The predicted token with and without the heads.

    Attributes
    ----------
    position : the token after which the model predicts; of a masked word the place that it guesses.
    at : that token's label.
    labels, ids : every token among the most probable of either run, the most probable with all
        heads first, ties by id.
    before, after : (tokens,) float32, their probabilities in both runs, each out of the whole
        vocabulary.
    kl_bits : Kullback-Leibler divergence in bits, the sum over the whole vocabulary of
        before * log2(before / after): 0 when nothing changed.
    largest : the three largest changes of the whole vocabulary, by size; tokens that did not change
        are left out.

    Source: Kullback and Leibler 1951, eq. 2.3, with logarithms to base 2.
    """

    position: int
    at: str
    labels: tuple[str, ...]
    ids: tuple[int, ...]
    before: np.ndarray
    after: np.ndarray
    kl_bits: float
    largest: tuple[TokenChange, ...]

    def __post_init__(self) -> None:
        if not len(self.labels) == len(self.ids) == len(self.before) == len(self.after):
            raise ValueError("labels, ids and probabilities differ in length")
        for array in (self.before, self.after):
            array.setflags(write=False)


@dataclass(frozen=True, eq=False)
class EmbeddingChange:
    """The vectors of an encoder with and without the heads.

    Attributes
    ----------
    sentence_cosine : cosine between the two sentence embeddings, 1 when nothing changed. The
        embedding is the mean of the last layer's vectors over all tokens, special ones included,
        divided by its length.
    token_cosines : (tokens,) float32, the same for each token's vector of the last layer.

    Source: Reimers and Gurevych 2019 (mean pooling); the convention of all-MiniLM-L6-v2.
    """

    sentence_cosine: float
    token_cosines: np.ndarray

    def __post_init__(self) -> None:
        self.token_cosines.setflags(write=False)


@dataclass(frozen=True, eq=False)
class Ablation:
    """A model with and without some heads, on one text.

    Attributes
    ----------
    heads : (layer, head) of the heads that were switched off, each once.
    kind : the kind of attention that they belong to.
    sequence : the tokens at which the model predicts, or whose vectors are compared.
    prediction : None for an encoder that predicts no words or was given no [MASK].
    embedding : None where `prediction` is given.
    map_change : (layers, heads) float32, how far the attention of this kind moved: total variation
        distance (half the sum of absolute differences) between the rows of both runs, mean over
        rows, 0 to 1. 0 for all layers up to the first one with a head switched off: they read the
        same as before.
    before, after : the attention of both runs. A head that was switched off still has its map in
        `after`: what it would have looked at.
    """

    heads: Heads
    kind: AttentionKind
    sequence: TokenSequence
    prediction: PredictionChange | None
    embedding: EmbeddingChange | None
    map_change: np.ndarray
    before: AttentionResult
    after: AttentionResult
    provenance: Provenance
    text: str = ""
    target_text: str | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if (self.prediction is None) == (self.embedding is None):
            raise ValueError("either the prediction or the embedding changed")
        if self.embedding is not None and len(self.embedding.token_cosines) != len(self.sequence):
            raise ValueError(f"{len(self.embedding.token_cosines)} cosines for {len(self.sequence)} tokens")
        if self.map_change.shape != (self.before.layers, self.before.heads):
            raise ValueError(f"map_change has shape {self.map_change.shape}")
        self.map_change.setflags(write=False)

    @property
    def nbytes(self) -> int:
        """Bytes held, the attention of both runs included."""
        return self.before.nbytes + (0 if self.after is self.before else self.after.nbytes)

    def table(self) -> pd.DataFrame:
        """One row a token: token, id, before, after, change; of an encoder's vectors token, position, cosine."""
        import pandas as pd

        if self.embedding is not None:
            return pd.DataFrame(
                {
                    "token": self.sequence.labels,
                    "position": range(len(self.sequence)),
                    "cosine": self.embedding.token_cosines,
                }
            )
        found = self.prediction
        return pd.DataFrame(
            {
                "token": found.labels,
                "id": found.ids,
                "before": found.before,
                "after": found.after,
                "change": found.after - found.before,
            }
        )


def kl_bits(before: np.ndarray, after: np.ndarray) -> float:
    """KL(before || after) in bits of two arrays of natural log-probabilities.

    Source: Kullback and Leibler 1951, eq. 2.3.
    """
    possible = np.isfinite(before)
    terms = np.exp(before[possible]) * (before[possible] - after[possible])
    return max(0.0, float(terms.sum() / np.log(2)))


def map_change(before: AttentionResult, after: AttentionResult, first_layer: int = 0) -> np.ndarray:
    """(layers, heads) float32: mean over rows of the total variation distance between two runs' maps.

    Parameters
    ----------
    first_layer : layers before this one are known to be equal and get 0.

    Computed a head at a time: no array larger than one map is made.
    """
    change = np.zeros((before.layers, before.heads), dtype=np.float32)
    for layer in range(first_layer, before.layers):
        for head in range(before.heads):
            moved = np.abs(after.head(layer, head) - before.head(layer, head)).sum(axis=-1)
            change[layer, head] = moved.mean() / 2
    return change


def _prediction(
    model: LanguageModel, reading: Reading, heads: Heads, kind: AttentionKind, position: int | None, top: int
) -> PredictionChange:
    place = predicted_place(model, reading, position)
    before, _ = log_distribution(model, reading, place)
    after = before
    if heads:
        after, _ = log_distribution(model, reading, place, without=heads, kind=kind)
    ids = np.union1d(most_probable(before, top), most_probable(after, top))
    ids = ids[np.argsort(-before[ids], kind="stable")]
    shares = np.exp(before), np.exp(after)
    change = np.abs(shares[1] - shares[0])
    moved = [i for i in np.argsort(-change, kind="stable")[:LARGEST_CHANGES].tolist() if change[i]]
    largest = zip(token_labels(model, moved), moved, *(share[moved].tolist() for share in shares), strict=True)
    return PredictionChange(
        position=place,
        at=reading.sequence.labels[place],
        labels=token_labels(model, ids),
        ids=tuple(ids.tolist()),
        before=shares[0][ids].astype(np.float32),
        after=shares[1][ids].astype(np.float32),
        kl_bits=kl_bits(before, after),
        largest=tuple(TokenChange(*one) for one in largest),
    )


def sentence_embedding(last: torch.Tensor) -> np.ndarray:
    """(width,) float64, length 1: mean over all tokens of the last layer's vectors (tokens, width)."""
    mean = last.cpu().double().mean(dim=0).numpy()
    return mean / np.linalg.norm(mean)


def _cosines(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Cosine of each row of one array with the same row of the other."""
    lengths = np.linalg.norm(before, axis=-1) * np.linalg.norm(after, axis=-1)
    return ((before * after).sum(axis=-1) / lengths).clip(-1, 1)


def _embedding(model: LanguageModel, reading: Reading, heads: Heads) -> EmbeddingChange:
    before = states(model, reading)[-1]
    if not heads:
        return EmbeddingChange(1.0, np.ones(len(before), dtype=np.float32))
    after = states(model, reading, without=heads)[-1]
    vectors = before.cpu().double().numpy(), after.cpu().double().numpy()
    return EmbeddingChange(
        sentence_cosine=float(_cosines(sentence_embedding(before), sentence_embedding(after))),
        token_cosines=_cosines(*vectors).astype(np.float32),
    )


def ablate(
    model: LanguageModel,
    text: Text,
    heads: Iterable[tuple[int, int]] = (),
    *,
    target_text: Text | None = None,
    kind: AttentionKind | None = None,
    position: int | None = None,
    top: int = 10,
    plain: AttentionResult | None = None,
) -> Ablation:
    """Switch heads off and compare with the whole model.

    A head that is switched off adds nothing to its layer's output: transformers' `head_mask`
    multiplies its attention weights with 0, which zeroes its slice before the output projection.
    A translation model reads the same translation in both runs.

    Parameters
    ----------
    text, target_text : as for `core.language.attention`.
    heads : (layer, head) pairs; given twice counts once.
    kind : for a translation model "cross" (default), "encoder" or "decoder" heads.
    position, top : place and number of tokens of the prediction, as for `token_distribution`.
    plain : `attention` of the same text with all heads, if it is at hand; it is then not run again.

    Raises
    ------
    TextError
        As `core.language.attention`.
    SelectionError
        The model has no such head, kind of attention or token.
    DeviceMemoryError
        The device has too little memory.

    Source: Michel et al. 2019, section 2.2 (a head's mask variable set to 0).
    """
    kind, heads = checked_kind(model, kind), checked_heads(model, heads)
    reading = read(model, text, target_text)
    if reading.source is not None:
        target_text = reading.sequence.ids[1:] or target_text
    if position is not None:
        predicted_place(model, reading, position)  # a wrong place is refused before anything is run
    before = _checked_plain(plain, kind, reading) or attention(model, text, target_text, kind=kind)
    after = attention(model, text, target_text, kind=kind, without=heads) if heads else before
    notes, predicts = reading.notes, has_word_head(model)
    if predicts and position is None and predicts_masked_words(model) and not masked_places(model, reading.sequence):
        predicts = False
        notes += (f"Type [MASK] in the text to see which word {model.card.title} would put there.",)
    return Ablation(
        heads=heads,
        kind=kind,
        sequence=reading.sequence,
        prediction=_prediction(model, reading, heads, kind, position, top) if predicts else None,
        embedding=None if predicts else _embedding(model, reading, heads),
        map_change=map_change(before, after, heads[0][0] + 1 if heads else before.layers),
        before=before,
        after=after,
        provenance=model.provenance,
        text=reading.text,
        target_text=reading.target_text,
        notes=notes,
    )


def _checked_plain(plain: AttentionResult | None, kind: AttentionKind, reading: Reading) -> AttentionResult | None:
    if plain is None:
        return None
    looking = reading.source if kind == "encoder" else reading.sequence
    looked_at = looking if kind != "cross" else reading.source
    same_text = (plain.source.ids, plain.target.ids) == (looked_at.ids, looking.ids)
    if plain.without or plain.kind != kind or not same_text:
        raise SelectionError("The attention at hand is of another text, kind or set of heads; leave `plain` out.")
    return plain
