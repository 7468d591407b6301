"""`logit_lens`: which token a model would predict from its state after each layer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.cards import Provenance
from core.errors import SelectionError
from core.language.attend import Text, checked_heads
from core.language.forward import Heads, Reading, read, require_word_head, states, word_logits
from core.language.models import LanguageModel
from core.language.predict import masked_places, predicts_masked_words, token_labels
from core.language.values import AttentionKind, TokenSequence

if TYPE_CHECKING:
    import pandas as pd
    import torch

LENS_TOP = 5
LOGITS_BYTES = 16 * 1024**2  # of one piece of the lens; a few such pieces exist at once


@dataclass(frozen=True, eq=False)
class Lens:
    """What the model would say if it stopped after each layer.

    A row's states go through the model's own language-model head, as nostalgebraist 2020
    ("interpreting GPT: the logit lens") does; the last row is the model's real output.

    Attributes
    ----------
    rows : "embeddings", "after layer 0", and so on.
    sequence : the tokens at which the model predicts.
    span : half-open range of those that are the columns here, (0, tokens) for all.
    labels, ids, probabilities : (rows, columns, k) str, int64, float32: the k most probable tokens,
        ties by id.
    real_labels, real_ids : (columns,) the token that really comes next; of a masked-word model the
        token itself. "" and -1 where nothing is known to come, or the word is masked.
    real_probabilities : (rows, columns) float32, NaN where there is none.
    real_ranks : (rows, columns) int64, 1 = the most probable, 0 where there is none.
    predicts : "next" or "masked".
    """

    rows: tuple[str, ...]
    sequence: TokenSequence
    span: tuple[int, int]
    labels: np.ndarray
    ids: np.ndarray
    probabilities: np.ndarray
    real_labels: tuple[str, ...]
    real_ids: np.ndarray
    real_probabilities: np.ndarray
    real_ranks: np.ndarray
    predicts: str
    provenance: Provenance
    text: str = ""
    target_text: str | None = None
    without: Heads = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.span[0] < self.span[1] <= len(self.sequence):
            raise ValueError(f"span {self.span} is no part of {len(self.sequence)} tokens")
        places = len(self.rows), self.span[1] - self.span[0]
        if not self.labels.shape == self.ids.shape == self.probabilities.shape or self.ids.shape[:2] != places:
            raise ValueError(f"guesses {self.ids.shape} do not fit {places[0]} rows x {places[1]} tokens")
        if not self.real_probabilities.shape == self.real_ranks.shape == places:
            raise ValueError(f"real tokens {self.real_ranks.shape} do not fit {places[0]} rows x {places[1]} tokens")
        if not len(self.real_labels) == len(self.real_ids) == places[1]:
            raise ValueError(f"{len(self.real_ids)} real tokens for {places[1]} tokens")
        for array in self._arrays:
            array.setflags(write=False)

    @property
    def _arrays(self) -> tuple[np.ndarray, ...]:
        return self.labels, self.ids, self.probabilities, self.real_ids, self.real_probabilities, self.real_ranks

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return sum(array.nbytes for array in self._arrays)

    @property
    def columns(self) -> tuple[str, ...]:
        """Labels of the tokens at which the model predicts, one a column."""
        return self.sequence.labels[slice(*self.span)]

    def table(self) -> pd.DataFrame:
        """One row a place and layer: layer, position, token, guess, probability, real, its probability and rank."""
        import pandas as pd

        rows, count = self.real_ranks.shape
        return pd.DataFrame(
            {
                "layer": np.repeat(self.rows, count),
                "position": np.tile(np.arange(*self.span), rows),
                "token": self.columns * rows,
                "guess": self.labels[:, :, 0].ravel(),
                "probability": self.probabilities[:, :, 0].ravel(),
                "real": self.real_labels * rows,
                "real_probability": self.real_probabilities.ravel(),
                "real_rank": self.real_ranks.ravel(),
            }
        )


def _top(logits: torch.Tensor, top: int) -> torch.Tensor:
    """Ids (places, top) of the largest logits (places, vocabulary), ties by id."""
    values, ids = logits.topk(min(top + 1, logits.shape[-1]), dim=-1)
    ids = ids[:, :top]
    for row in (values[:, top - 1] == values[:, -1]).nonzero()[:, 0]:  # topk leaves open which of equals it takes
        ids[row] = logits[row].sort(descending=True, stable=True).indices[:top]
    ids = ids.sort(dim=-1).values
    return ids.gather(-1, logits.gather(-1, ids).sort(dim=-1, descending=True, stable=True).indices)


def _ranks(logits: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    """Rank (places,) of one id a place, 1 for the largest logit, ties by id."""
    import torch

    own = logits.gather(-1, ids[:, None])
    larger = (logits > own).sum(dim=-1, dtype=torch.int32)
    as_large = (logits >= own).sum(dim=-1, dtype=torch.int32)
    for row in (as_large - larger > 1).nonzero()[:, 0]:
        larger[row] += (logits[row, : ids[row]] == own[row]).sum()
    return larger + 1


def _real_ids(model: LanguageModel, reading: Reading) -> np.ndarray:
    if not predicts_masked_words(model):
        return np.array([-1 if i is None else i for i in reading.following])
    real = np.array(reading.sequence.ids)
    real[list(masked_places(model, reading.sequence))] = -1
    return real


def _checked_span(reading: Reading, span: tuple[int, int] | None) -> tuple[int, int]:
    count = len(reading.sequence)
    start, end = span or (0, count)
    if not 0 <= start < end <= count:
        raise SelectionError(
            f"Tokens {start} to {end - 1} do not exist: the text has {count} tokens, 0 to {count - 1}; "
            "choose a part of them."
        )
    return int(start), int(end)


def logit_lens(
    model: LanguageModel,
    text: Text,
    target_text: Text | None = None,
    *,
    span: tuple[int, int] | None = None,
    top: int = LENS_TOP,
    without: Iterable[tuple[int, int]] = (),
    kind: AttentionKind | None = None,
    on_progress: Callable[[float], None] = lambda share: None,
) -> Lens:
    """The tokens that a model would predict from its state after each layer.

    Logits exist for a few tokens of one layer at a time.

    Parameters
    ----------
    text, target_text, without, kind : as for `token_distribution`.
    span : half-open range of tokens to show (default all); the whole text is read in any case.
    top : how many tokens are kept at each place, 1 to 5.
    on_progress : called with the share that is done, 0 to 1; may raise to give up.

    Raises
    ------
    TextError
        As `core.language.attention`.
    SelectionError
        The model predicts no words, or has no such head or tokens.

    Source: nostalgebraist 2020, "interpreting GPT: the logit lens".
    """
    import torch

    if not 1 <= top <= LENS_TOP:
        raise ValueError(f"top is {top}; a lens keeps 1 to {LENS_TOP} tokens at each place")
    without = checked_heads(model, without)
    require_word_head(model)
    reading = read(model, text, target_text)
    span = _checked_span(reading, span)
    layers = [state[slice(*span)] for state in states(model, reading, without=without, kind=kind)]
    vocabulary, count = model.vocabulary_size, span[1] - span[0]
    top, step = min(top, vocabulary), max(1, LOGITS_BYTES // (4 * vocabulary))
    real = _real_ids(model, reading)[slice(*span)]
    known = torch.from_numpy(real).to(model.device)
    ids = np.empty((len(layers), count, top), dtype=np.int64)
    chances = np.empty(ids.shape, dtype=np.float32)
    real_chances, real_ranks = np.empty(ids.shape[:2], dtype=np.float32), np.empty(ids.shape[:2], dtype=np.int64)
    for row, layer in enumerate(layers):
        for start in range(0, count, step):
            part = slice(start, start + step)
            with torch.inference_mode():
                logits = word_logits(model, layer[part], final=row == len(layers) - 1)
                total = logits.logsumexp(dim=-1, keepdim=True)
                best, wanted = _top(logits, top), known[part].clamp(min=0)
                ids[row, part] = best.cpu().numpy()
                chances[row, part] = (logits.gather(-1, best) - total).exp().cpu().numpy()
                real_chances[row, part] = (logits.gather(-1, wanted[:, None]) - total).exp()[:, 0].cpu().numpy()
                real_ranks[row, part] = _ranks(logits, wanted).cpu().numpy()
            on_progress((row + min(1.0, (start + step) / count)) / len(layers))
    real_chances[:, real < 0], real_ranks[:, real < 0] = np.nan, 0
    return Lens(
        rows=("embeddings", *(f"after layer {layer}" for layer in range(len(layers) - 1))),
        sequence=reading.sequence,
        span=span,
        labels=_label_array(model, ids),
        ids=ids,
        probabilities=chances,
        real_labels=tuple("" if i < 0 else token_labels(model, (i,))[0] for i in real),
        real_ids=real,
        real_probabilities=real_chances,
        real_ranks=real_ranks,
        predicts="masked" if predicts_masked_words(model) else "next",
        provenance=model.provenance,
        text=reading.text,
        target_text=reading.target_text,
        without=without,
        notes=reading.notes,
    )


def _label_array(model: LanguageModel, ids: np.ndarray) -> np.ndarray:
    different, places = np.unique(ids, return_inverse=True)
    return np.array(token_labels(model, different))[places.reshape(ids.shape)]
