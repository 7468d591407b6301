"""A linear model whose contributions are known by hand; without torch, so that a process with it starts at once."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np

from core.attribution import ContributionQuestion, Target
from core.cards import Provenance
from core.enformer.edits import edited
from core.enformer.gradients import InputGradients
from core.genome import one_hot


class Linear:
    """Stands for an engine: track k of a bin is the sum of its letters' weights; bins of 4 letters, none cropped."""

    bin_size_bp, own_bins, title = 4, -1, "a linear model"

    def __init__(self, weights: np.ndarray) -> None:
        self.tables: dict = {}
        self.weights = weights  # (length, 4, tracks)
        self.head_sizes = {"human": weights.shape[2]}
        self.parts = SimpleNamespace(layers=(), stages=())
        self.device = SimpleNamespace(type="cpu")
        self.fingerprint = {"weights": weights.tolist()}
        self.provenance = Provenance("a linear model", "1", "local")

    def predict(self, letters: str | np.ndarray) -> np.ndarray:
        encoded = one_hot(letters) if isinstance(letters, str) else letters
        each = (encoded[:, :, None] * self.weights).sum(axis=1)
        return each.reshape(-1, self.bin_size_bp, each.shape[1]).sum(axis=1)

    def iter_edits(self, sequence, edits, *, tracks, bins, head, on_progress=None) -> Linear.Run:
        return self.Run(self, sequence, list(edits), list(tracks), list(bins))

    class Run:
        def __init__(self, engine: Linear, sequence: str, edits: list, tracks: list[int], bins: list[int]) -> None:
            self._read = lambda letters: engine.predict(letters)[bins][:, tracks].astype(np.float32)
            self._sequence, self._edits = sequence, edits
            self.reference = self._read(sequence)

        def __iter__(self) -> Iterator:
            return ((edit, self._read(edited(self._sequence, edit)[0])) for edit in self._edits)

        def __len__(self) -> int:
            return len(self._edits)


def linear_gradients(engine: Linear, inputs: np.ndarray, target, *, on_progress=None) -> InputGradients:
    """In the place of `core.enformer.gradients.input_gradients`."""
    gradient = np.zeros(inputs.shape, np.float32)
    for number in target.bins:
        rows = slice(number * engine.bin_size_bp, (number + 1) * engine.bin_size_bp)
        gradient[:, rows] += engine.weights[rows][:, :, list(target.tracks)] @ target.track_weights / len(target.bins)
    values = [
        float(
            (engine.predict(one)[list(target.bins)][:, list(target.tracks)].mean(axis=0) * target.track_weights).sum()
        )
        for one in inputs
    ]
    return InputGradients(gradient, np.array(values))


def linear_question() -> ContributionQuestion:
    """Mutagenesis of letters 3 to 92 of 96."""
    random = np.random.default_rng(0)
    engine, sequence = Linear(random.normal(size=(96, 4, 2))), "".join(random.choice(list("ACGT"), 96))
    target = Target((1,), (0, 1, 20))
    return ContributionQuestion(engine, sequence, ("", ""), None, target, "saturation_mutagenesis", 3, 93)
