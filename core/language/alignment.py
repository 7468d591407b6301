"""Cross-attention scored against a known alignment: does a head look where it should?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from core.language.values import AttentionResult


@dataclass(frozen=True)
class GoldAlignment:
    """The source tokens that each token of a translation comes from.

    Attributes
    ----------
    right : one set for each predicted target token, the first one written first: indices into
        `AttentionResult.source` of all source tokens that are right (Och and Ney's possible links).
        An empty set means that the token has no source and is not scored.
    sure : the same for links about which there is no doubt, each set within that of `right`; None
        when all of `right` are sure.
    """

    right: tuple[frozenset[int], ...]
    sure: tuple[frozenset[int], ...] | None = None

    def __post_init__(self) -> None:
        if self.sure is None:
            object.__setattr__(self, "sure", self.right)
        if len(self.sure) != len(self.right):
            raise ValueError(f"{len(self.sure)} sets of sure links for {len(self.right)} tokens")
        if any(not sure <= right for sure, right in zip(self.sure, self.right, strict=True)):
            raise ValueError("a sure link is not among the right ones")


@dataclass(frozen=True, eq=False)
class AlignmentScores:
    """How well each cross-attention head finds the right source tokens.

    Attributes
    ----------
    right : (layers, heads) float64 from 0 to 1, share of scored target tokens whose largest weight
        is on a right source token.
    error : (layers, heads) float64 from 0 to 1, alignment error rate; 0 is best.
    chance : expected `right` of a head that picks one of the source tokens blindly.
    scored : number of scored target tokens.
    """

    right: np.ndarray
    error: np.ndarray
    chance: float
    scored: int

    def __post_init__(self) -> None:
        if self.right.ndim != 2 or self.right.shape != self.error.shape:
            raise ValueError(f"right {self.right.shape} and error {self.error.shape} must be (layers, heads)")
        for array in (self.right, self.error):
            array.setflags(write=False)

    @property
    def best(self) -> tuple[int, int]:
        """(layer, head) with the largest share right."""
        layer, head = np.unravel_index(self.right.argmax(), self.right.shape)
        return int(layer), int(head)


def alignment_scores(results: Iterable[tuple[AttentionResult, GoldAlignment]]) -> AlignmentScores:
    """Score all cross-attention heads on translations whose alignment is known.

    A head links each scored target token to the source token with its largest weight, taken at the
    step that predicts the token: row 0 of the map has read only the start token and predicts the
    first one. (The next row, which has read the token itself, serves the token after it.)

    Parameters
    ----------
    results : pairs of a "cross" result on the known translation and its gold alignment; all of one
        model.

    Returns
    -------
    AlignmentScores
        Over all tokens of all results together. With A the links of a head, S the sure and P the
        right links, the error is 1 - (|A and S| + |A and P|) / (|A| + |S|).

    Raises
    ------
    ValueError
        A result is not of kind "cross" or has fewer rows than its gold alignment, a gold index is
        no source token, or nothing is scored.

    Source: Och and Ney 2003 (sure and possible links, alignment error rate); largest attention
    weight as alignment: Koehn and Knowles 2017, Garg et al. 2019.
    """
    in_right: np.ndarray | int = 0
    in_sure: np.ndarray | int = 0
    scored = sure_links = 0
    chance = 0.0
    for result, gold in results:
        keys = len(result.source)
        _check(result, gold)
        rows = [row for row, tokens in enumerate(gold.right) if tokens]
        right, sure = (_mask([sets[row] for row in rows], keys) for sets in (gold.right, gold.sure))
        here = np.arange(len(rows))
        # (layers, heads, rows): the key that each head picks.
        picked = np.stack([result.layer(i)[:, rows].argmax(axis=-1) for i in range(result.layers)])
        in_right = in_right + right[here, picked].sum(axis=-1)
        in_sure = in_sure + sure[here, picked].sum(axis=-1)
        scored += len(rows)
        sure_links += int(sure.sum())
        chance += float(right.mean(axis=1).sum())
    if not scored:
        raise ValueError("no target token has a known source")
    return AlignmentScores(
        right=np.asarray(in_right / scored),
        error=np.asarray(1 - (in_sure + in_right) / (scored + sure_links)),
        chance=chance / scored,
        scored=scored,
    )


def _check(result: AttentionResult, gold: GoldAlignment) -> None:
    if result.kind != "cross":
        raise ValueError(f"alignment is between two languages; this is {result.kind} attention")
    if len(gold.right) > len(result.target):
        raise ValueError(f"{len(gold.right)} gold sets for {len(result.target)} rows")
    wrong = [i for tokens in gold.right for i in tokens if not 0 <= i < len(result.source)]
    if wrong:
        raise ValueError(f"source token {wrong[0]} does not exist: there are {len(result.source)}")


def _mask(sets: list[frozenset[int]], keys: int) -> np.ndarray:
    """(tokens, keys) bool."""
    mask = np.zeros((len(sets), keys), dtype=bool)
    for row, tokens in enumerate(sets):
        mask[row, list(tokens)] = True
    return mask
