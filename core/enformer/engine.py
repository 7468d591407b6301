"""`EnformerEngine`: DNA in, tracks or attention out, by our own forward pass over an Enformer's parameters.

The tower (local) and the transformer (global) are separate steps. The model is shared by everyone and never changed:
its forward, its training flag and its `target_length` play no part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from core.cards import Provenance
from core.enformer.averaging import Averaging, Mean, Run, averaging_notes, check_shifts, shifted
from core.enformer.tracks import TrackTable, unnamed_tracks
from core.enformer.values import SPREAD_KIND, TrackSet
from core.enformer.window import Tracks, Window, checked_head, checked_window, chosen_tracks, crop
from core.errors import DeviceMemoryError, ModelOutputError
from core.genome.interval import Interval
from core.genome.sequence import one_hot, reverse_complement

if TYPE_CHECKING:
    import torch

    from core.enformer.models import DnaModel
    from core.enformer.parts import Parts
    from core.language.values import AttentionResult

OnProgress = Callable[[float], None] | None
VERSION = 1  # goes up when the engine's numbers change
BATCH_BYTES = 512 * 1024**2  # a CPU is no faster with more sequences at once
PLAIN = Averaging()


class EnformerEngine:
    """Runs an Enformer. Threads may share one.

    Parameters
    ----------
    model : what `load_model` gives, or an `enformer_pytorch.Enformer`; the latter is computed as in eval mode (running
        statistics, no dropout) whatever its flag, and is neither set nor moved.
    device : "auto" is where the model's weights lie; on another device the engine keeps its own copy of them.
    precision : "float32" ("fp32"), or "bfloat16" ("bf16": autocast; residual stream, softmax and heads stay float32).
        "auto" is float32 on every device, so that results are the reference's until a person asks for others; not
        every processor is faster in bfloat16. On CUDA, float32 runs without TF32.

    Raises
    ------
    SettingsError
        The device is not there, or the precision is none of these.
    ModelFilesError
        The module is not laid out as enformer_pytorch's Enformer.
    DeviceMemoryError
        The copy does not fit on the device.
    """

    def __init__(self, model: DnaModel | torch.nn.Module, device: str = "auto", precision: str = "auto") -> None:
        import torch

        from core.enformer.parts import module_of, parts_of, weights_digest
        from core.enformer.positions import RelativeKeys
        from core.enformer.precision import chosen_device, chosen_precision

        bare = isinstance(model, torch.nn.Module)
        module = module_of(model)
        self.precision = chosen_precision(precision)
        self.device = chosen_device(device, module)
        self.title = _name_of(module) if bare else model.card.title
        with self.memory_sentences(f"The weights of {self.title}"):
            self.parts: Parts = parts_of(module, self.device)
        self.relative = RelativeKeys()
        self.own_bins: int = module.config.target_length if bare else model.target_bins
        self.tables: Mapping[str, TrackTable] = {} if bare else model.tables
        self._digest: str = weights_digest(module) if bare else model.digest
        if bare:
            self.provenance = Provenance(self.title, self._digest[:12], "local", self.precision)
        else:
            self.provenance = replace(model.provenance, precision=self.precision)

    @property
    def fingerprint(self) -> dict[str, Any]:
        """All about this engine that changes an answer, as plain values: what a cache of answers is keyed by."""
        return {
            "engine": VERSION,
            "weights": self._digest,
            "tf_gamma": [layer.tf_gamma for layer in self.parts.layers],
            "own_bins": self.own_bins,
            "tables": {head: table.digest for head, table in self.tables.items()},
            "provenance": asdict(self.provenance),
            "device": self.device.type,
        }

    @property
    def bin_size_bp(self) -> int:
        """Base pairs that a bin stands for: 128 in Enformer."""
        return self.parts.bin_size_bp

    @property
    def layers(self) -> int:
        """Transformer layers: 11 in Enformer."""
        return len(self.parts.layers)

    @property
    def head_sizes(self) -> dict[str, int]:
        """Tracks of each head: 5,313 human and 1,643 mouse ones in Enformer."""
        return {name: affine.weight.shape[0] for name, affine in self.parts.heads.items()}

    def predict(
        self,
        sequence: str | np.ndarray,
        tracks: Tracks = None,
        target_length: int | None = None,
        head: str = "human",
        *,
        interval: Interval | None = None,
        averaging: Averaging = PLAIN,
        flanks: tuple[str, str] = ("", ""),
        on_progress: OnProgress = None,
    ) -> TrackSet:
        """Predicted tracks of a window.

        Parameters
        ----------
        sequence : letters in either case, or one-hot (length, 4); the length is a multiple of `bin_size_bp`. N and the
            other IUPAC letters are zeros.
        tracks : the ones to compute, each once, by index or as `Track`; None for all of the head.
        target_length : bins to show, from the middle; -1 for all. None is the model's own number (896 in Enformer), or
            all where the window has fewer: 25,600 bp give 200 bins. Of an odd difference the left side loses one more.
        head : "human", "mouse", or another head of the model.
        interval : where the sequence lies, as wide as it is long; only to label the result.
        averaging : which runs are averaged; see `core.enformer.averaging`.
        flanks : letters left and right of the window, for shifted runs; `window_with_flanks` fetches them. N otherwise.
        on_progress : called with the share that is done, by cost, between stages and layers; it may raise to give up.

        Raises
        ------
        SequenceError
            The sequence, its length, its interval, a shift or a flank cannot be used.
        SelectionError
            There is no such head, track or number of bins.
        DeviceMemoryError
            It does not fit, in the smallest pieces either.
        ModelOutputError
            The output is not finite.
        """
        from core.enformer.memory import Pieces, check_run
        from core.enformer.positions import position_notes
        from core.enformer.precision import running
        from core.enformer.progress import Progress, head_cost, layer_costs, stage_costs

        window = checked_window(sequence, interval, self.bin_size_bp, self.title)
        count = self.head_sizes[checked_head(head, self.head_sizes)]
        table = self.tables.get(head) or unnamed_tracks(count, head)
        chosen = chosen_tracks(tracks, table, count)
        first, stop, crop_notes = crop(window.bins, target_length, self.own_bins)
        check_shifts(averaging, flanks, self.bin_size_bp)
        check_run(self.parts, len(window.letters), self.title)
        columns = None if tracks is None else [track.index for track in chosen]
        runs = averaging.runs
        costs = stage_costs(self.parts, len(window.letters)) + layer_costs(self.parts, window.bins)
        costs.append(head_cost(self.parts, stop - first, len(chosen)))
        progress = Progress(on_progress, costs, len(runs))
        mean = Mean()

        def work(begin: int, end: int) -> list[np.ndarray]:
            encoded = [_encoded(window, run, flanks) for run in runs[begin:end]]
            states = self._states(np.stack(encoded), lambda step: progress.done(step, begin, end))
            outputs = [
                self._output(states[place], run, head, columns, (first, stop))
                for place, run in enumerate(runs[begin:end])
            ]
            progress.done(len(costs) - 1, begin, end)
            return outputs

        def keep(outputs: list[np.ndarray]) -> None:
            for output in outputs:
                mean.add(output)

        with self.memory_sentences(f"{len(window.letters):,} bp"), running(self.precision, self.device):
            Pieces(self._batch(len(window.letters), len(runs)), self.device).each(len(runs), work, keep)
            values, spread = mean.mean, mean.spread
        progress.finish()
        notes = window.notes + crop_notes + position_notes(self.parts, window.bins)
        return TrackSet(
            values=values,
            tracks=chosen,
            bin_size_bp=self.bin_size_bp,
            provenance=self.provenance,
            interval=window.interval_of(first, stop),
            head=head,
            sequence_digest=window.digest,
            first_bin=first,
            spread=spread,
            spread_kind="" if spread is None else SPREAD_KIND,
            runs=tuple(run.name for run in runs),
            notes=notes + averaging_notes(averaging, flanks),
        )

    def attention(
        self,
        sequence: str | np.ndarray,
        layers: Iterable[int] | int,
        query_bins: Iterable[int] | int | None = None,
        *,
        interval: Interval | None = None,
        on_progress: OnProgress = None,
    ) -> AttentionResult:
        """Attention between the bins of a window, of some layers; all heads of each.

        Parameters
        ----------
        sequence, interval, on_progress : as for `predict`; with `interval`, bins are labelled by their place.
        layers : numbers of layers, from 0; the result holds these alone, `layer_numbers` says which.
        query_bins : the bins whose rows are wanted, from 0 at the left edge of the window (nothing is cropped); None
            for all of them.

        Returns
        -------
        AttentionResult with weights (layers, heads, query bins, bins) float32, rows sum to 1. One layer of Enformer has
        8 x 1,536 x 1,536 of them, 75 MB.

        Raises
        ------
        SequenceError, SelectionError, ModelOutputError
            As `predict`.
        DeviceMemoryError
            The weights would take more than 2 GB or than is free, or the run does not fit.
        """
        from core.enformer.dna_attention import attention

        return attention(self, sequence, layers, query_bins, interval, on_progress)

    def tower(self, sequence: str | np.ndarray, *, on_progress: OnProgress = None) -> np.ndarray:
        """Output of stem and convolution tower: (bins, width) float32, (1536, 1536) of Enformer's own window.

        Raises
        ------
        SequenceError, DeviceMemoryError
            As `predict`.
        """
        from core.enformer.memory import check_run
        from core.enformer.precision import running
        from core.enformer.progress import Progress, stage_costs

        window = checked_window(sequence, None, self.bin_size_bp, self.title)
        check_run(self.parts, len(window.letters), self.title)
        progress = Progress(on_progress, stage_costs(self.parts, len(window.letters)))
        with self.memory_sentences(f"{len(window.letters):,} bp"), running(self.precision, self.device):
            states = self.tower_states(one_hot(window.letters)[None], progress.done)[0]
            return states.float().cpu().contiguous().numpy()

    def transformer(self, states: np.ndarray, *, on_progress: OnProgress = None) -> np.ndarray:
        """Output of the last layer, uncropped, of what `tower` gives: (bins, width) float32 -> the same shape.

        Raises
        ------
        ValueError
            Another shape.
        DeviceMemoryError
            It does not fit, in the smallest pieces either.
        """
        import torch

        from core.enformer.precision import running
        from core.enformer.progress import Progress, layer_costs

        if states.ndim != 2 or states.shape[1] != self.parts.width:
            raise ValueError(f"states have the shape {states.shape}, not (bins, {self.parts.width})")
        progress = Progress(on_progress, layer_costs(self.parts, len(states)))
        with self.memory_sentences(f"{len(states):,} bins"), running(self.precision, self.device):
            given = torch.tensor(states[None], dtype=torch.float32, device=self.device)
            return self._transformer(given, progress.done)[0].float().cpu().numpy()

    def tower_states(self, encoded: np.ndarray, on_step: Callable[[int], None]) -> torch.Tensor:
        """(batch, length, 4) -> (batch, bins, width) on the device."""
        import torch

        from core.enformer.tower import tower

        return tower(self.parts, torch.from_numpy(encoded).to(self.device), on_step)

    def _transformer(self, states: torch.Tensor, on_step: Callable[[int], None]) -> torch.Tensor:
        """(batch, bins, width) -> the same after the last layer."""
        from core.enformer.transformer import row_pieces, transformer

        pieces = row_pieces(self.parts, states.shape[0], states.shape[1])
        return transformer(self.parts, states, self.relative, pieces, on_step)

    def _states(self, encoded: np.ndarray, on_step: Callable[[int], None]) -> torch.Tensor:
        """Tower and transformer; steps are counted through both."""
        stages = len(self.parts.stages)
        states = self.tower_states(encoded, on_step)
        return self._transformer(states, lambda layer: on_step(stages + layer))

    def _output(
        self, states: torch.Tensor, run: Run, head: str, columns: list[int] | None, shown: tuple[int, int]
    ) -> np.ndarray:
        """(bins, tracks) float32 of one run, in the order of the forward strand; states (bins, width)."""
        from core.enformer.transformer import track_values

        first, stop = shown
        if run.reverse:  # the same bins, counted from the other end
            first, stop = len(states) - stop, len(states) - first
        values = track_values(self.parts, states[None, first:stop], head, columns)[0].cpu().numpy()
        self.check_finite(values)
        return np.ascontiguousarray(values[::-1]) if run.reverse else values

    def check_finite(self, values: np.ndarray) -> None:
        """Raise ModelOutputError when a number is infinite or none."""
        if np.isfinite(values).all():
            return
        hint = "choose float32" if self.precision != "float32" else "its weights may be damaged: load it again"
        raise ModelOutputError(f"{self.title} gave numbers that are not finite in {self.precision}; {hint}.")

    def _batch(self, length: int, runs: int) -> int:
        """How many runs go through the model at once."""
        from core.enformer.memory import free_bytes, run_bytes

        room = free_bytes(self.device) // 2
        if self.device.type == "cpu":
            room = min(room, BATCH_BYTES)
        return max(1, min(runs, room // run_bytes(self.parts, length)))

    @contextmanager
    def memory_sentences(self, what: str) -> Iterator[None]:
        """Turn a device that runs out of memory into `DeviceMemoryError`."""
        from core.enformer.memory import is_memory_fault

        try:
            yield
        except (RuntimeError, MemoryError) as error:
            if not is_memory_fault(error):
                raise
            raise DeviceMemoryError(
                f"{what} through {self.title} need more memory than this machine ({self.device}) has free, in the "
                "smallest pieces too; give a shorter sequence, close other programs or choose a smaller model."
            ) from error


def _name_of(module: torch.nn.Module) -> str:
    return getattr(getattr(module, "config", None), "_name_or_path", "") or "Enformer"


def _encoded(window: Window, run: Run, flanks: tuple[str, str]) -> np.ndarray:
    """(length, 4) float32 of what a run reads."""
    encoded = one_hot(shifted(window.letters, run.shift_bp, flanks))
    return reverse_complement(encoded) if run.reverse else encoded
