"""Many p-values at once."""

from __future__ import annotations

import numpy as np


def q_values(p_values: np.ndarray, tests: int | None = None) -> np.ndarray:
    """The share of false finds to expect among all that are at least as striking: same shape, float64, 0 to 1.

    Parameters
    ----------
    p_values : any shape, 0 to 1, all of one family of tests.
    tests : how many tests there were, where only the smallest p-values of them are given; the others count as larger
        than any that is given.

    Source: Benjamini & Hochberg 1995.
    """
    given = np.asarray(p_values, np.float64)
    flat = given.ravel()
    count = flat.size if tests is None else tests
    if count < flat.size:
        raise ValueError(f"{flat.size} p-values of {count} tests")
    if flat.size and not (flat.min() >= 0 and flat.max() <= 1):
        raise ValueError("a p-value is 0 to 1")
    order = np.argsort(flat, kind="stable")
    raised = flat[order] * count / np.arange(1, flat.size + 1)
    found = np.empty(flat.size)
    found[order] = np.minimum(np.minimum.accumulate(raised[::-1])[::-1], 1.0)
    return found.reshape(given.shape)
