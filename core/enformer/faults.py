"""Where numbers stop being finite: the first stage, layer or head of a run that gives such."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

    from core.enformer.engine import EnformerEngine


def first_not_finite(engine: EnformerEngine, codes: np.ndarray, head: str | None = None) -> str:
    """The window once more, stage by stage: the name of the first that gives numbers which are not finite.

    Parameters
    ----------
    codes : (length,) uint8, as `codes_of`.
    head : None where no head was asked.

    Returns
    -------
    str
        Such as "stage 3 of 7 of the tower" or "layer 11 of 11 of the transformer", counted from 1; "" if none does.
    """
    with engine.running(f"{len(codes):,} bp"):
        return _first(engine, codes, head)


def _first(engine: EnformerEngine, codes: np.ndarray, head: str | None) -> str:
    from core.enformer.receptive import spans
    from core.enformer.stages import normalised_gelu
    from core.enformer.stretches import encoded
    from core.enformer.tiles import tower_of_bases
    from core.enformer.transformer import layer_output, row_pieces

    parts, bins = engine.parts, len(codes) // engine.bin_size_bp
    bad: list[int] = []

    def watch(stage: int, rows: Tensor) -> None:
        if not _finite(rows):
            bad.append(stage)

    plan = spans(parts, len(codes), 0, bins)
    states = tower_of_bases(parts, encoded(parts, [codes]), plan, watch=watch).float()
    if bad:
        return f"stage {min(bad) + 1} of {len(parts.stages)} of the tower"
    pieces = row_pieces(parts, 1, bins)
    for number, layer in enumerate(parts.layers):
        states = layer_output(layer, states, engine.relative.get(layer, bins), pieces)
        if not _finite(states):
            return f"layer {number + 1} of {len(parts.layers)} of the transformer"
    if head is None:
        return ""
    hidden = normalised_gelu(parts.point_norm, states) @ parts.pointwise.weight.T
    if parts.pointwise.bias is not None:
        hidden = hidden + parts.pointwise.bias
    if not _finite(hidden):
        return "the block before the heads"
    affine = parts.heads[head]
    return f"the {head} head" if not (_finite(affine.weight) and _finite(affine.bias)) else ""


def _finite(numbers: Tensor) -> bool:
    return bool(numbers.isfinite().all())
