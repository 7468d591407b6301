"""The two steps of a prediction by themselves: the tower, and the transformer on what it gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.enformer.window import checked_window
from core.genome.sequence import one_hot

if TYPE_CHECKING:
    from core.enformer.engine import EnformerEngine, OnProgress


def tower_alone(engine: EnformerEngine, sequence: str | np.ndarray, on_progress: OnProgress) -> np.ndarray:
    """See `EnformerEngine.tower`."""
    from core.enformer.memory import check_run
    from core.enformer.progress import Progress, stage_costs

    window = checked_window(sequence, None, engine.bin_size_bp, engine.title)
    length, stages = len(window.letters), len(engine.parts.stages)
    check_run(engine.parts, length, engine.title)
    progress = Progress(on_progress, stage_costs(engine.parts, length))
    with engine.running(f"{length:,} bp"):
        states = engine.tower_states(one_hot(window.letters)[None], lambda share: progress.through(share, stages))
        return states[0].cpu().numpy()


def transformer_alone(engine: EnformerEngine, states: np.ndarray, on_progress: OnProgress) -> np.ndarray:
    """See `EnformerEngine.transformer`."""
    import torch

    from core.enformer.progress import Progress, layer_costs

    if states.ndim != 2 or states.shape[1] != engine.parts.width:
        raise ValueError(f"states have the shape {states.shape}, not (bins, {engine.parts.width})")
    progress = Progress(on_progress, layer_costs(engine.parts, len(states)))
    with engine.running(f"{len(states):,} bins"):
        given = torch.tensor(states[None], dtype=torch.float32, device=engine.device)
        return engine.transformer_states(given, progress.done)[0].float().cpu().numpy()
