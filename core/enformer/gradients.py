"""Gradient of predicted tracks with respect to the bases that were read.

The question is one number, `GradientTarget`: the mean of chosen tracks over chosen bins, or a difference of such means.
Always in float32, whatever the engine's precision. A run needs 4.2 GB for Enformer's own window, or 2.9 GB where less
is free, weights aside, and about twice the arithmetic of a prediction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.enformer.gradient_target import GradientTarget
from core.enformer.window import checked_head, checked_window
from core.errors import DeviceMemoryError, ModelOutputError, SelectionError, SequenceError
from core.genome.sequence import one_hot

if TYPE_CHECKING:
    import torch

    from core.enformer.engine import EnformerEngine
    from core.enformer.parts import Parts

OnProgress = Callable[[float], None] | None
BATCH_BYTES = 512 * 1024**2  # a CPU is no faster with more sequences at once


@dataclass(frozen=True, eq=False)
class InputGradients:
    """Gradients of several inputs.

    Attributes
    ----------
    gradients : (inputs, length, 4) float32, columns A, C, G, T: how the target changes with each number that was read,
        for all four letters, whichever was there, and at N.
    values : (inputs,) float64, the target itself.
    """

    gradients: np.ndarray
    values: np.ndarray

    def __post_init__(self) -> None:
        inputs = self.values.shape
        if self.gradients.ndim != 3 or self.gradients.shape[2] != 4 or self.gradients.shape[:1] != inputs:
            raise ValueError(f"gradients {self.gradients.shape} of values {self.values.shape}")
        if self.gradients.dtype != np.float32 or self.values.dtype != np.float64:
            raise ValueError(f"gradients are {self.gradients.dtype}, values {self.values.dtype}")
        self.gradients.setflags(write=False)
        self.values.setflags(write=False)


def input_gradient(
    engine: EnformerEngine, sequence: str | np.ndarray, target: GradientTarget, *, on_progress: OnProgress = None
) -> np.ndarray:
    """Gradient of the target with respect to the one-hot sequence: (length, 4) float32, read-only.

    Its product with the one-hot sequence, summed over the letters, is the paper's contribution score.

    Parameters
    ----------
    sequence : letters in either case, or one-hot (length, 4), as for `EnformerEngine.predict`.
    on_progress : called with the share that is done, by cost; it may raise to give up.

    Raises
    ------
    SequenceError, SelectionError
        The sequence, or a head, track or bin of the target, cannot be used.
    DeviceMemoryError
        It needs more memory than is free; known before the run where possible.
    ModelOutputError
        The gradient is not finite.

    Source: Avsec et al. 2021, Methods, "Gradient x input contribution scores".
    """
    window = checked_window(sequence, None, engine.bin_size_bp, engine.title)
    return input_gradients(engine, one_hot(window.letters)[None], target, on_progress=on_progress).gradients[0]


def input_gradients(
    engine: EnformerEngine, inputs: np.ndarray, target: GradientTarget, *, on_progress: OnProgress = None
) -> InputGradients:
    """Gradients at several inputs of one length, as integrated gradients need them.

    Parameters
    ----------
    inputs : (inputs, length, 4), any finite numbers: one-hot sequences, or points between two of them.
    target, on_progress : as for `input_gradient`.

    Raises
    ------
    SequenceError, SelectionError, DeviceMemoryError, ModelOutputError
        As `input_gradient`.
    """
    from core.enformer.memory import Pieces
    from core.enformer.precision import running
    from core.enformer.progress import Progress

    given = _checked_inputs(engine, inputs)
    count, length, _ = given.shape
    rows = _checked_target(engine, target, length)
    batch, lean = _plan(engine, target, rows, length, count)
    progress = Progress(on_progress, _costs(engine.parts, rows, length, len(target.tracks)), count)
    gradients, values = np.empty(given.shape, np.float32), np.empty(count)

    def work(start: int, stop: int) -> tuple[int, np.ndarray, np.ndarray]:
        done = _Run(engine, target, rows, lean, lambda step: progress.done(step, start, stop))
        return start, *done.gradients(given[start:stop])

    def keep(answer: tuple[int, np.ndarray, np.ndarray]) -> None:
        start, found, numbers = answer
        gradients[start : start + len(found)], values[start : start + len(found)] = found, numbers

    with engine.memory_sentences(f"Gradients of {length:,} bp"), running("float32", engine.device):
        Pieces(batch, engine.device).each(count, work, keep)
    if not (np.isfinite(gradients).all() and np.isfinite(values).all()):
        raise ModelOutputError(
            f"{engine.title} gave a gradient that is not finite; its weights may be damaged: load it again."
        )
    progress.finish()
    return InputGradients(gradients, values)


@dataclass(frozen=True, eq=False)
class _Run:
    """Forward and backward of some inputs at once.

    Attributes
    ----------
    rows : half-open stretch of bins that holds those of the target; the last layer computes these alone.
    lean : keep less of the tower and compute it again.
    on_step : called with the number of each step that is done, in the order of `_costs`.
    """

    engine: EnformerEngine
    target: GradientTarget
    rows: tuple[int, int]
    lean: bool
    on_step: Callable[[int], None]

    def gradients(self, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(inputs, length, 4) -> gradients of the same shape, and the target of each."""
        import torch

        from core.enformer.backward import stage_backward, stage_forward
        from core.enformer.backward_layers import layer_backward, layer_forward

        parts, relative = self.engine.parts, self.engine.relative
        device = parts.device
        # A copy, as a backward writes over what entered.
        states = torch.tensor(inputs, dtype=torch.float32, device=device).transpose(1, 2).contiguous()
        stages, layers, step = [], [], 0
        for stage in parts.stages:
            states, trace = stage_forward(stage, states, self.lean)
            stages.append(trace)
            step = self._done(step)
        del trace
        states = states.transpose(1, 2).contiguous()
        bins = states.shape[1]
        for number, layer in enumerate(parts.layers):
            span = self.rows if number == len(parts.layers) - 1 else (0, bins)
            states, trace = layer_forward(layer, states, relative.get(layer, bins), *span)
            layers.append(trace)
            step = self._done(step)
        values, gradient = self._head(states if parts.layers else states[:, slice(*self.rows)])
        if not parts.layers:
            whole = torch.zeros_like(states)
            whole[:, slice(*self.rows)] = gradient
            gradient = whole
        del states
        trace = None
        step = self._done(step)
        for layer in reversed(parts.layers):
            gradient = layer_backward(layer, layers.pop(), relative.get(layer, bins), gradient)
            step = self._done(step)
        gradient = gradient.transpose(1, 2).contiguous()
        for stage in reversed(parts.stages):
            gradient = stage_backward(stage, stages.pop(), gradient)
            step = self._done(step)
        return gradient.transpose(1, 2).cpu().numpy(), values.cpu().numpy()

    def _done(self, step: int) -> int:
        self.on_step(step)
        return step + 1

    def _head(self, states: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        import torch

        from core.enformer.backward_layers import head_gradient

        device, target, first = self.engine.parts.device, self.target, self.rows[0]
        bins = torch.zeros(states.shape[1], device=device)
        bins[[number - first for number in target.bins]] = 1 / len(target.bins)
        tracks = torch.tensor(target.tracks, device=device)
        weights = torch.tensor(target.track_weights, device=device)
        return head_gradient(self.engine.parts, states, target.head, tracks, weights, bins)


def gradient_bytes(parts: Parts, length: int, rows: int, tracks: int, *, lean: bool = False) -> int:
    """What the gradient of one sequence needs at its peak, weights aside."""
    stages, layers = parts.stages, parts.layers
    kept = 0
    for number, stage in enumerate(stages):
        out, channels, _ = stage.convolution.weight.shape
        kept += (length >> number) * (channels + out * (1 if lean else 2))
    bins = length >> len(stages)
    for layer in layers:
        hidden = layer.up.weight.shape[0] / 4  # a byte each
        kept += bins * (3 * parts.width + 2 * layer.heads * layer.key_size + layer.value.shape[0] + hidden)
        kept += 2 * bins * layer.heads * layer.key_size  # of relative positions
    head = rows * (2 * parts.pointwise.weight.shape[0] + 3 * tracks) + tracks * parts.pointwise.weight.shape[0]
    return int(1.1 * 4 * (kept + head)) + 100 * 1024**2


def gradient_costs(parts: Parts, length: int, tracks: int) -> float:
    """Of a gradient on `length` bases, in the multiply-adds of `core.enformer.progress`."""
    return sum(_costs(parts, (0, length >> len(parts.stages)), length, tracks))


def _costs(parts: Parts, rows: tuple[int, int], length: int, tracks: int) -> list[float]:
    """Of each step: stages, layers, head, and back."""
    from core.enformer.progress import head_cost, layer_costs, stage_costs

    stages, layers = stage_costs(parts, length), layer_costs(parts, length >> len(parts.stages))
    head = 2 * head_cost(parts, rows[1] - rows[0], tracks)
    return [*stages, *layers, head, *(1.3 * cost for cost in reversed(layers)), *(1.1 * cost for cost in stages[::-1])]


def _plan(
    engine: EnformerEngine, target: GradientTarget, rows: tuple[int, int], length: int, count: int
) -> tuple[int, bool]:
    """(inputs at once, lean), or DeviceMemoryError."""
    from core.enformer.memory import amount, free_bytes

    free = free_bytes(engine.device)
    sizes = (rows[1] - rows[0], len(target.tracks))
    full, least = (gradient_bytes(engine.parts, length, *sizes, lean=lean) for lean in (False, True))
    if least > free:
        raise DeviceMemoryError(
            f"The gradient of {length:,} bp through {engine.title} needs about {amount(least)} of memory and "
            f"{amount(free)} are free; give a shorter sequence or close other programs."
        )
    room = free // 2
    if engine.device.type == "cpu":
        room = min(room, BATCH_BYTES)
    return max(1, min(count, room // full)), full > free


def _checked_inputs(engine: EnformerEngine, inputs: np.ndarray) -> np.ndarray:
    if not isinstance(inputs, np.ndarray) or inputs.ndim != 3 or inputs.shape[2] != 4 or not len(inputs):
        shape = inputs.shape if isinstance(inputs, np.ndarray) else type(inputs).__name__
        raise SequenceError(f"The inputs are {shape}; give an array (inputs, length, 4) of NumPy with at least one.")
    length, size = inputs.shape[1], engine.bin_size_bp
    if not length or length % size:
        raise SequenceError(f"The inputs are {length:,} long and {engine.title} reads a multiple of {size}.")
    if not np.issubdtype(inputs.dtype, np.floating) or not np.isfinite(inputs).all():
        raise SequenceError("The inputs hold something else than finite floating-point numbers.")
    return inputs


def _checked_target(engine: EnformerEngine, target: GradientTarget, length: int) -> tuple[int, int]:
    """The half-open stretch of bins that holds those of the target."""
    count = engine.head_sizes[checked_head(target.head, engine.head_sizes)]
    if max(target.tracks) >= count:
        raise SelectionError(
            f"Track {max(target.tracks)} does not exist: the {target.head} head has tracks 0 to {count - 1:,}."
        )
    bins = length // engine.bin_size_bp
    if max(target.bins) >= bins:
        raise SelectionError(f"Bin {max(target.bins)} does not exist: {length:,} bp have bins 0 to {bins - 1:,}.")
    return min(target.bins), max(target.bins) + 1
