"""Stem and convolution tower: purely local, from bases to bins.

Nothing here looks further than the kernels reach: of a changed base only the bins around it change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.enformer.tiles import OnShare, tower_bins

if TYPE_CHECKING:
    from torch import Tensor

    from core.enformer.parts import Parts


def tower(parts: Parts, one_hot: Tensor, on_share: OnShare = lambda share: None) -> Tensor:
    """All bins: one-hot sequences (batch, length, 4) -> states (batch, length / bin_size_bp, width) float32.

    Parameters
    ----------
    one_hot : columns A, C, G, T, float32; zeros at N. `length` is a multiple of the bin size.
    on_share : called with the share that is done by cost, 0 to 1, after each tile of each stage.

    The shapes in Enformer: (196608, 4) -> stem (98304, 768) -> (49152, 768) -> (24576, 896) -> (12288, 1024) ->
    (6144, 1152) -> (3072, 1280) -> (1536, 1536), batch left out; no more than a tile of each exists at once.
    """
    return tower_bins(parts, one_hot, 0, one_hot.shape[1] // parts.bin_size_bp, on_share)
