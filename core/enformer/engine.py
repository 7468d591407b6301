"""`EnformerEngine`: DNA in, tracks or attention out, by our own forward pass over an Enformer's parameters.

The tower (local) and the transformer (global) are separate steps. The model is shared by everyone and never changed:
its forward, its training flag and its `target_length` play no part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from core.cards import Provenance
from core.enformer.asked import Asked
from core.enformer.averaging import Averaging
from core.enformer.calibrated import Calibrated
from core.enformer.edits import Edit, EditPredictions, Flank, Haplotype
from core.enformer.tracks import TrackTable
from core.enformer.values import TrackSet
from core.enformer.window import Tracks, checked_window, crop
from core.errors import ModelOutputError
from core.genome.interval import Interval

if TYPE_CHECKING:
    import torch

    from core.enformer.editing import EditRun
    from core.enformer.models import DnaModel
    from core.enformer.parts import Parts
    from core.language.values import AttentionResult

OnProgress = Callable[[float], None] | None
VERSION = 1  # goes up when the engine's numbers change
OFFICIAL_BINS = 1_536  # of the published model's window
BATCH_BYTES = 512 * 1024**2  # a CPU is no faster with more sequences at once
PLAIN = Averaging()


class EnformerEngine(Calibrated):
    """Runs an Enformer. Threads may share one.

    Parameters
    ----------
    model : what `load_model` gives, or an `enformer_pytorch.Enformer`; the latter is computed as in eval mode (running
        statistics, no dropout) whatever its flag, and is neither set nor moved.
    device : "auto" is where the model's weights lie; on another device the engine keeps its own copy of them.
    precision : "float32" ("fp32"); "bfloat16" ("bf16"), the fastest way of this machine that keeps every track's
        correlation with float32 at 0.9999, with products in bfloat16, float16 or TF32 where `calibrate` found them
        faster, and by a shorter form of float32 convolution on a CPU before; or "auto", which is that way once
        `calibrate` was called for these weights, and float32 before. Residual stream, softmax and heads are float32
        always; on CUDA, float32 runs without TF32.

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

        from core.enformer.calibration import chosen_method
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
        self.input_bp: int = OFFICIAL_BINS * self.parts.bin_size_bp if bare else model.input_bp
        self.tables: Mapping[str, TrackTable] = {} if bare else model.tables
        self.weights_digest: str = weights_digest(module) if bare else model.digest
        self.provenance = Provenance(self.title, self.weights_digest[:12], "local") if bare else model.provenance
        self.use(chosen_method(self.precision, self.parts, self.weights_digest))

    @property
    def fingerprint(self) -> dict[str, Any]:
        """All about this engine that changes an answer, as plain values: what a cache of answers is keyed by."""
        return {
            "engine": VERSION,
            "weights": self.weights_digest,
            "tf_gamma": [layer.tf_gamma for layer in self.parts.layers],
            "own_bins": self.own_bins,
            "tables": {head: table.digest for head, table in self.tables.items()},
            "provenance": asdict(self.provenance),
            "method": self.method.words,
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
        from core.enformer.predicting import predict

        window = checked_window(sequence, interval, self.bin_size_bp, self.title)
        first, stop, notes = crop(window.bins, target_length, self.own_bins)
        asked = Asked.of(self, window, tracks, range(first, stop), head, averaging, flanks)
        return predict(self, asked, on_progress, notes)

    def predict_edits(
        self,
        sequence: str | np.ndarray,
        edits: Iterable[Haplotype] | Edit,
        tracks: Tracks = None,
        bins: Iterable[int] | int | None = None,
        head: str = "human",
        flank: Flank = "",
        *,
        interval: Interval | None = None,
        averaging: Averaging = PLAIN,
        on_progress: OnProgress = None,
    ) -> EditPredictions:
        """Predicted tracks of a window as it is, and of the same window after each edit.

        Of the tower only what an edit changes is computed: at most 6 of Enformer's 1,536 bins for one base. Behind an
        insertion or deletion everything moves and is computed, unless it moves by whole bins.

        Parameters
        ----------
        sequence, tracks, head, interval, averaging, on_progress : as for `predict`.
        edits : each by itself; a tuple of edits is made together, its places all being those of the window as it is.
        bins : numbers of the bins to give, from 0 at the left edge of the window; None is the model's own crop.
        flank : letters right of the window, which enter when letters are deleted; N where they run out. A pair
            (left, right) gives shifted runs theirs too.

        Raises
        ------
        SequenceError, SelectionError, ModelOutputError
            As `predict`, or an edit lies outside the window or overlaps another of its haplotype.
        ReferenceMismatchError
            The window has other letters than an edit says.
        DeviceMemoryError
            The predictions would take more than 2 GB (`iter_edits` gives them one by one), or a run does not fit.
        """
        from core.enformer.editing import predict_edits

        asked = Asked.of_edits(self, sequence, edits, tracks, bins, head, flank, interval, averaging)
        return predict_edits(self, asked, on_progress)

    def iter_edits(
        self,
        sequence: str | np.ndarray,
        edits: Iterable[Haplotype] | Edit,
        *,
        on_progress: OnProgress = None,
        **options: Any,
    ) -> EditRun:
        """As `predict_edits`, and with its options, but one by one: (edit, (bins, tracks) float32) in the order given.

        The window as it is comes first, as `.reference` of what is returned. No more than a batch is held.
        """
        from core.enformer.editing import EditRun

        return EditRun(self, Asked.of_edits(self, sequence, edits, **options), on_progress)

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
        from core.enformer.steps import tower_alone

        return tower_alone(self, sequence, on_progress)

    def transformer(self, states: np.ndarray, *, on_progress: OnProgress = None) -> np.ndarray:
        """Output of the last layer, uncropped, of what `tower` gives: (bins, width) float32 -> the same shape.

        Raises
        ------
        ValueError
            Another shape.
        DeviceMemoryError
            It does not fit, in the smallest pieces either.
        """
        from core.enformer.steps import transformer_alone

        return transformer_alone(self, states, on_progress)

    def tower_states(self, encoded: np.ndarray, on_share: Callable[[float], None]) -> torch.Tensor:
        """One-hot (batch, length, 4) -> (batch, bins, width) float32 on the device, a tensor of its own.

        Bins that were computed before, of whichever window, are not computed again.
        """
        return self.reuse.states(encoded, on_share)

    def transformer_states(
        self, states: torch.Tensor, on_layer: Callable[[int], None], shown: tuple[int, int] | None = None
    ) -> torch.Tensor:
        """(batch, bins, width) -> the bins `shown`, first and stop, or all, after the last layer."""
        from core.enformer.transformer import row_pieces, transformer

        pieces = row_pieces(self.parts, states.shape[0], states.shape[1])
        return transformer(self.parts, states, self.relative, pieces, on_layer, shown)

    def check_finite(self, values: np.ndarray, first: Callable[[], str] = lambda: "") -> None:
        """Raise ModelOutputError when a number is infinite or none; `first` finds out which layer gave such first."""
        if np.isfinite(values).all():
            return
        where = f", first in {place}" if (place := first()) else ""
        hint = "its weights may be damaged: load it again" if self.method.is_exact else "choose float32"
        raise ModelOutputError(f"{self.title} gave numbers that are not finite in {self.method.label}{where}; {hint}.")

    def batch(self, length: int, runs: int) -> int:
        """How many runs go through the model at once."""
        from core.enformer.memory import free_bytes, run_bytes

        room = free_bytes(self.device) // 2
        if self.device.type == "cpu":
            room = min(room, BATCH_BYTES)
        return max(1, min(runs, room // run_bytes(self.parts, length)))


def _name_of(module: torch.nn.Module) -> str:
    return getattr(getattr(module, "config", None), "_name_or_path", "") or "Enformer"
