"""What Storybook GPT is trained on, batch by batch: a pure function of the recipe."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer

from core.teaching.storybook.corpus import END_OF_TEXT
from core.teaching.storybook.tokenizer import VOCABULARY_SIZE

IGNORED = -100


@dataclass(frozen=True)
class Phase:
    """From step `start` on, how many rows of a batch repeat themselves, and how.

    Attributes
    ----------
    rows : of the batch's rows; the others are plain text.
    short_spans : True draws the repeated span's length log-uniformly from 4 to 100, which gives
        several repetitions a row; False uniformly from 8 to half the context.
    from_text : share of these rows whose span is book text instead of random tokens.
    guide : weight of the auxiliary loss of `guide`, 0 for none.
    guide_rows : rows of text (and as many of repeats) that it is computed on.
    """

    start: int
    rows: int
    short_spans: bool = False
    from_text: float = 0.0
    guide: float = 0.0
    guide_rows: int = 4


# Two rows of long random spans had formed no induction head after 700 steps (best score 0.01, best
# previous-token score 0.27), and twelve rows changed nothing in 100 more steps. So two heads are
# guided, strongly until they look where they should (0.99 and 0.74 at step 1000), then a little.
PHASES = (
    Phase(0, 2),
    Phase(700, 12, short_spans=True, from_text=0.5),
    Phase(800, 8, short_spans=True, from_text=0.25, guide=1.0),
    Phase(1050, 4, short_spans=True, guide=0.3, guide_rows=1),
)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the trained weights, given the corpus and the number of steps."""

    seed: int = 20261122
    context: int = 256
    width: int = 256
    layers: int = 6
    heads: int = 8
    rows: int = 32
    rows_at_once: int = 16
    phases: tuple[Phase, ...] = PHASES
    dropout: float = 0.1
    matrix_learning_rate: float = 3e-3
    other_learning_rate: float = 3e-3
    weight_decay: float = 0.1
    warmup_steps: int = 60
    cooldown_share: float = 0.36


def token_stream(tokenizer: Tokenizer, texts: list[str]) -> np.ndarray:
    """All texts as one int64 array, each preceded by the end-of-text token."""
    end = tokenizer.token_to_id(END_OF_TEXT)
    parts = [np.array([end, *encoding.ids]) for encoding in tokenizer.encode_batch(texts)]
    return np.concatenate(parts)


def repeated_row(
    rng: np.random.Generator,
    length: int,
    vocabulary_size: int,
    *,
    short_spans: bool = False,
    text: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Random tokens (or a piece of `text`) that come again and again, and their labels.

    One rule predicts it: find the earlier occurrence of the current token and copy what followed
    (an induction head, Olsson et al. 2022). Labels of the first, unpredictable occurrence and of
    the prefix are ignored in the loss.
    """
    if short_spans:
        span = int(np.exp(rng.uniform(np.log(4), np.log(min(100, length // 2)))))
    else:
        span = int(rng.integers(8, length // 2))
    prefix = int(rng.integers(0, length - 2 * span + 1))
    if text is None:
        pattern = rng.integers(1, vocabulary_size, span)
    else:
        start = int(rng.integers(0, len(text) - span))
        pattern = text[start : start + span]
    tail = np.resize(pattern, length - prefix)
    row = np.concatenate([rng.integers(1, vocabulary_size, prefix), tail])
    labels = row.copy()
    labels[: prefix + span + 1] = IGNORED  # the first repeated token cannot be foreseen either
    return row, labels


class Batches:
    """Batch number -> (ids, labels), a pure function of the recipe, so that training can resume."""

    def __init__(self, stream: np.ndarray, recipe: Recipe) -> None:
        self.stream = stream
        self.recipe = recipe
        self.windows = (len(stream) - recipe.context) // recipe.context - 1
        self._epoch = -1

    def phase(self, step: int) -> Phase:
        return [phase for phase in self.recipe.phases if phase.start <= step][-1]

    def text_rows_before(self, step: int) -> int:
        """Rows of plain text in all batches before `step`."""
        ends = [phase.start for phase in self.recipe.phases[1:]] + [step]
        return sum(
            max(0, min(end, step) - phase.start) * (self.recipe.rows - phase.rows)
            for phase, end in zip(self.recipe.phases, ends, strict=True)
        )

    def epoch(self, step: int) -> float:
        return self.text_rows_before(step) / self.windows

    def _window_start(self, number: int) -> int:
        epoch, place = divmod(number, self.windows)
        if epoch != self._epoch:
            rng = np.random.default_rng([self.recipe.seed, 1, epoch])
            self._offset = int(rng.integers(0, self.recipe.context))
            self._order = rng.permutation(self.windows)
            self._epoch = epoch
        return self._offset + int(self._order[place]) * self.recipe.context

    def __call__(self, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        context, phase = self.recipe.context, self.phase(step)
        rows, labels = [], []
        first = self.text_rows_before(step)
        for number in range(first, first + self.recipe.rows - phase.rows):
            start = self._window_start(number)
            rows.append(self.stream[start : start + context])
            labels.append(self.stream[start + 1 : start + context + 1])
        rng = np.random.default_rng([self.recipe.seed, 2, step])
        for number in range(phase.rows):
            row, row_labels = repeated_row(
                rng,
                context + 1,
                VOCABULARY_SIZE,
                short_spans=phase.short_spans,
                text=self.stream if number < phase.rows * phase.from_text else None,
            )
            rows.append(row[:-1])
            labels.append(row_labels[1:])
        order = rng.permutation(len(rows))
        return (
            torch.from_numpy(np.stack(rows)[order].astype(np.int64)),
            torch.from_numpy(np.stack(labels)[order].astype(np.int64)),
        )
