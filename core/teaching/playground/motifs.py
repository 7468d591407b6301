"""The ten transcription factor motifs that the grammar reads."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import numpy as np

from core.settings import ASSETS

MATRICES = ASSETS / "playground" / "motifs.jaspar"
PSEUDOCOUNT = 0.25
# Score in bits at which a site is half occupied. The background has at most one such chance site in 15,000 bases
# (both strands together, counted on 2 Mb), and half of what a matrix itself would draw lies above it.
_ROLES = {
    "GATA1::TAL1": ("erythroid", 13.0),
    "NFE2": ("erythroid", 12.0),
    "HNF4A": ("liver", 13.0),
    "HNF1A": ("liver", 13.0),
    "SP1": ("promoter", 12.5),
    "NFYA": ("promoter", 12.8),
    "NRF1": ("promoter", 12.0),
    "ELK4": ("promoter", 12.6),
    "REST": ("silencer", 15.0),
    "CTCF": ("boundary", 13.0),
}
ROLES = ("erythroid", "liver", "promoter", "silencer", "boundary")


@dataclass(frozen=True, eq=False)
class Motif:
    """One position weight matrix.

    Attributes
    ----------
    name, matrix_id : as in JASPAR 2026.
    role : which kind of element its sites make.
    probabilities : (length, 4) float64, columns A C G T, rows sum to 1.
    log_odds : (length, 4) float32, bits against a uniform background.
    threshold : score in bits at which a site is half occupied.
    """

    name: str
    matrix_id: str
    role: str
    probabilities: np.ndarray
    log_odds: np.ndarray
    threshold: float

    def __len__(self) -> int:
        return len(self.log_odds)

    @property
    def best_score(self) -> float:
        """Bits of the best possible site."""
        return float(self.log_odds.max(axis=1).sum())


def _matrix(lines: list[str]) -> np.ndarray:
    rows = [[float(number) for number in re.findall(r"[\d.]+", line[1:])] for line in lines]
    return np.array(rows).T


@cache
def motifs() -> tuple[Motif, ...]:
    """The motifs in the order of the file, which is that of the grammar.

    Source: JASPAR 2026 CORE vertebrates (jaspar.elixir.no, CC BY 4.0), read through pyjaspar 4.0.0.
    """
    lines = MATRICES.read_text(encoding="utf-8").splitlines()
    found = []
    for i in range(0, len(lines), 5):
        matrix_id, name = lines[i][1:].split("\t")
        counts = _matrix(lines[i + 1 : i + 5]) + PSEUDOCOUNT
        probabilities = counts / counts.sum(axis=1, keepdims=True)
        log_odds = np.log2(probabilities / 0.25).astype(np.float32)
        role, threshold = _ROLES[name]
        probabilities.setflags(write=False)
        log_odds.setflags(write=False)
        found.append(Motif(name, matrix_id, role, probabilities, log_odds, threshold))
    return tuple(found)
