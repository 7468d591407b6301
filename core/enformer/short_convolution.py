"""Convolution of width 5 with fewer products: four outputs from eight products instead of twenty.

Eight neighbouring rows are taken together. The sequence is a polynomial, evaluated at seven points and at infinity, and
so is the kernel; the product of two such values is one product of matrices. What it saves in arithmetic it costs in
rounding, about three times that of the plain sum.

Source: Toom 1963 and Cook 1966; Winograd 1980, "Arithmetic Complexity of Computations"; the points 0, 1, -1, 2, -2,
1/2, -1/2 and infinity round least among simple ones (Barabasz et al. 2020, doi 10.1145/3412380).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from torch import Tensor

KERNEL = 5
OUTPUTS = 4
POINTS = (0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5)
SEEN = OUTPUTS + KERNEL - 1  # rows read together, and products


@cache
def matrices() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(of the outputs (4, 8), of the kernel (8, 5), of the rows (8, 8)), float64, exact.

    outputs = first @ ((second @ kernel) * (third @ rows))
    """
    points = np.array(POINTS)
    outputs, kernel, rows = np.zeros((OUTPUTS, SEEN)), np.zeros((SEEN, KERNEL)), np.zeros((SEEN, SEEN))
    for number, point in enumerate(points):
        others = np.delete(points, number)
        scale = np.abs(np.poly(others)).max()  # so that no row of the third matrix is larger than 1
        outputs[:, number] = point ** np.arange(OUTPUTS)
        kernel[number] = point ** np.arange(KERNEL) / np.prod(point - others) * scale
        rows[number, :-1] = np.poly(others)[::-1] / scale
    outputs[-1, -1] = 1
    kernel[-1, -1] = np.abs(np.poly(points)).max()
    rows[-1] = np.poly(points)[::-1] / kernel[-1, -1]
    return outputs, kernel, rows


def short_taps(taps: Tensor) -> Tensor:
    """The kernel at the eight points: (5, in, out) -> (8, in, out), in the type of `taps`."""
    at_points = torch.tensor(matrices()[1], dtype=torch.float64, device="cpu")
    found = torch.empty((SEEN, *taps.shape[1:]), dtype=taps.dtype, device=taps.device)
    for start in range(0, taps.shape[1], 64):  # few at a time: in float64 they take twice the room
        given = taps[:, start : start + 64].cpu().double()
        found[:, start : start + 64] = (at_points @ given.flatten(1)).view(SEEN, *given.shape[1:])
    return found


def short_convolution(rows: Tensor, taps: Tensor, bias: Tensor) -> Tensor:
    """(batch, 4 n + 4, in) -> (4, batch * n, out): output `p` of each sequence lies at [p % 4, p // 4].

    Parameters
    ----------
    rows : not padded here.
    taps : what `short_taps` gives.
    """
    batch, positions, channels = rows.shape
    groups = (positions - KERNEL + 1) // OUTPUTS
    to_outputs, _, to_points = (torch.tensor(matrix, dtype=rows.dtype, device=rows.device) for matrix in matrices())
    seen = rows.as_strided(
        (batch, groups, SEEN, channels), (rows.stride(0), OUTPUTS * channels, channels, 1), rows.storage_offset()
    )
    seen = seen[0] if batch == 1 else seen.reshape(-1, SEEN, channels)
    values = torch.bmm(to_points.expand(batch * groups, SEEN, SEEN), seen)  # (groups, points, in)
    products = rows.new_empty(SEEN, batch * groups, taps.shape[-1])
    for number, tap in enumerate(taps):
        if number == 1:  # the value at 1 goes into each output once, and so does the bias
            torch.addmm(bias, values[:, number], tap, out=products[number])
        else:
            torch.mm(values[:, number], tap, out=products[number])
    return (to_outputs @ products.view(SEEN, -1)).view(OUTPUTS, batch * groups, -1)
