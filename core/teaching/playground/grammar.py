"""The grammar: how sites and genes make the twelve tracks. This is the whole truth of the playground.

1. Sites. A factor sits on a site with a probability that is logistic in the score of its matrix (`occupancy`).
2. Elements. Sites of one role within about 100 bp of each other add up to a dose, and doses act together (Hill):
   one site alone does little, three do nearly all. So clusters are enhancers (of the erythroid or the liver cell),
   promoters, silencers and boundaries, wherever they lie.
3. Contact. What lies between two places lets through exp(-insulation x boundaries between); an element reaches
   exp(-distance / reach).
4. Expression of a gene in a cell type = its promoter x (basal + strength x contacts with the cell type's enhancers)
   / (1 + silencing x contacts with silencers).
5. Tracks. Each is a sum of smoothed elements, and of expression at transcription starts and along gene bodies.

Every step is a plain function of the sequence and of the genes' positions, so the effect of any edit is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from core.errors import SimulationError
from core.teaching.playground.motifs import ROLES, motifs
from core.teaching.playground.occupancy import CELL_BP, cell_occupancy

GRAMMAR_VERSION = "1"
BIN_SIZE_BP = 128
CELLS_PER_BIN = BIN_SIZE_BP // CELL_BP
CELL_TYPES = ("erythroid", "liver")
TRACKS = (
    "DNASE:erythroid",
    "DNASE:liver",
    "CHIP:H3K27ac:erythroid",
    "CHIP:H3K27ac:liver",
    "CHIP:H3K4me1:erythroid",
    "CHIP:H3K4me1:liver",
    "CAGE:erythroid",
    "CAGE:liver",
    "CHIP:H3K4me3",
    "CHIP:H3K36me3",
    "CHIP:H3K27me3",
    "CHIP:CTCF",
)
_SITE_SPREAD_BP = 56.0
_ABOVE_ZERO = ("reach_bp", "silencer_reach_bp", "half_dose", "cooperativity")
ELEMENT_CELLS = 11.0  # width of a typical cluster: its activity adds up to about one


@dataclass(frozen=True)
class Grammar:
    """The numbers of the grammar; a person may move them, the shipped genome and model use these.

    Attributes
    ----------
    strength : how much an enhancer at no distance adds to a promoter, in units of the promoter.
    reach_bp : distance over which an enhancer's contact falls to 1/e.
    insulation : a full boundary lets exp(-insulation) through.
    silencing : how much a silencer at no distance divides by.
    silencer_reach_bp : as `reach_bp`.
    basal : expression of a promoter without any enhancer.
    half_dose, cooperativity : Hill's K and n for enhancers and promoters.

    Raises
    ------
    SimulationError
        A number is below 0 or not finite, or one that divides is 0.
    """

    strength: float = 1.0
    reach_bp: float = 5_000.0
    insulation: float = 4.0
    silencing: float = 4.0
    silencer_reach_bp: float = 3_000.0
    basal: float = 0.08
    half_dose: float = 1.6
    cooperativity: float = 4.0

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if not np.isfinite(value) or value < 0 or (value == 0 and each.name in _ABOVE_ZERO):
                least = "above 0" if each.name in _ABOVE_ZERO else "from 0 on"
                raise SimulationError(f"{each.name} of the grammar is {value}; give a number {least}.")


@dataclass(frozen=True)
class GenePlan:
    """What the grammar needs of a gene, in base pairs on the sequence that is read (0-based).

    Attributes
    ----------
    tss : the transcribed base that comes first.
    tes : the last one; smaller than `tss` on the "-" strand.
    exons : (start, end) half-open, in order along the sequence.
    """

    symbol: str
    strand: str
    tss: int
    tes: int
    exons: tuple[tuple[int, int], ...]

    @property
    def body(self) -> tuple[int, int]:
        """(start, end) half-open."""
        return min(self.tss, self.tes), max(self.tss, self.tes) + 1


@dataclass(frozen=True, eq=False)
class Elements:
    """Activities along a sequence, (cells of 16 bp,) float32 each, 0 to 1."""

    enhancer: dict[str, np.ndarray]
    promoter: np.ndarray
    silencer: np.ndarray
    boundary: np.ndarray
    ctcf: np.ndarray


def smooth(cells: np.ndarray, spread_bp: float, *, peak: float | None = None) -> np.ndarray:
    """Gaussian smoothing along axis 0; `peak=1` keeps a lone cell at its height, else its sum is kept."""
    spread = spread_bp / CELL_BP
    half = int(np.ceil(4 * spread))
    kernel = np.exp(-0.5 * (np.arange(-half, half + 1) / spread) ** 2).astype(np.float32)
    kernel *= 1 / kernel.sum() if peak is None else peak
    columns = cells[:, None] if cells.ndim == 1 else cells
    padded = np.pad(columns, ((half, half), (0, 0)))
    out = np.stack([np.convolve(padded[:, i], kernel, mode="valid") for i in range(columns.shape[1])], axis=1)
    return out[:, 0] if cells.ndim == 1 else out


def _hill(dose: np.ndarray, half: float, power: float) -> np.ndarray:
    raised = dose**power
    return raised / (raised + half**power)


def elements(occupied: np.ndarray, grammar: Grammar) -> Elements:
    """Step 2. `occupied` is (cells, motifs), from `cell_occupancy`."""
    columns = {role: [i for i, motif in enumerate(motifs()) if motif.role == role] for role in ROLES}
    dose = {role: smooth(occupied[:, held].sum(axis=1), _SITE_SPREAD_BP, peak=1.0) for role, held in columns.items()}
    half, power = grammar.half_dose, grammar.cooperativity
    return Elements(
        enhancer={cell: _hill(dose[cell], half, power) for cell in CELL_TYPES},
        promoter=_hill(dose["promoter"], half, power),
        silencer=_hill(dose["silencer"], 0.8 * half, power),
        boundary=_hill(dose["boundary"], 0.8 * half, power),
        ctcf=dose["boundary"],
    )


@dataclass(frozen=True, eq=False)
class Expression:
    """Steps 3 and 4: each gene's promoter and its expression per cell type, and what each cell gives to it.

    Attributes
    ----------
    promoter : (genes,) 0 to 1.
    contact : (genes, cells) float32, 0 to 1: reach x insulation between a transcription start and each cell.
    level : cell type -> (genes,) expression.
    """

    promoter: np.ndarray
    contact: np.ndarray
    level: dict[str, np.ndarray]


def _contact(start_cell: int, insulated: np.ndarray, reach_bp: float, insulation: float) -> np.ndarray:
    """(cells,): exp(-distance / reach) x exp(-insulation x boundary activity between)."""
    distance = np.abs(np.arange(len(insulated)) - start_cell) * CELL_BP
    between = np.abs(insulated - insulated[start_cell])
    return np.exp(-distance / reach_bp - insulation * between).astype(np.float32)


def expression(found: Elements, genes: Sequence[GenePlan], grammar: Grammar) -> Expression:
    """Steps 3 and 4 for every gene."""
    cells = len(found.promoter)
    insulated = np.cumsum(found.boundary, dtype=np.float64) / ELEMENT_CELLS
    promoter = np.zeros(len(genes), dtype=np.float32)
    contact = np.zeros((len(genes), cells), dtype=np.float32)
    level = {cell: np.zeros(len(genes), dtype=np.float32) for cell in CELL_TYPES}
    for i, gene in enumerate(genes):
        at = min(cells - 1, max(0, gene.tss // CELL_BP))
        upstream = slice(at - 12, at + 4) if gene.strand == "+" else slice(at - 3, at + 13)
        near = found.promoter[max(0, upstream.start) : max(0, upstream.stop)]
        promoter[i] = near.max() if len(near) else 0.0
        contact[i] = _contact(at, insulated, grammar.reach_bp, grammar.insulation)
        silenced = _contact(at, insulated, grammar.silencer_reach_bp, grammar.insulation) @ found.silencer
        damped = 1 + grammar.silencing * silenced / ELEMENT_CELLS
        for cell in CELL_TYPES:
            reached = contact[i] @ found.enhancer[cell] / ELEMENT_CELLS
            level[cell][i] = promoter[i] * (grammar.basal + grammar.strength * reached) / damped
    return Expression(promoter, contact, level)


def _at_starts(genes: Sequence[GenePlan], level: np.ndarray, cells: int, spread_bp: float) -> np.ndarray:
    """(cells,): one bump of height `level` at each transcription start."""
    marks = np.zeros(cells, dtype=np.float32)
    for gene, value in zip(genes, level, strict=True):
        if 0 <= gene.tss < cells * CELL_BP:
            marks[gene.tss // CELL_BP] += value
    return smooth(marks, spread_bp, peak=1.0)


def _along_bodies(genes: Sequence[GenePlan], level: np.ndarray, cells: int) -> np.ndarray:
    """(cells,): expression along gene bodies after the first 400 bp, more on exons."""
    marks = np.zeros(cells, dtype=np.float32)
    for gene, value in zip(genes, level, strict=True):
        start, end = gene.body
        start, end = (start + 400, end) if gene.strand == "+" else (start, end - 400)
        marks[max(0, start // CELL_BP) : max(0, end // CELL_BP)] += 0.5 * value
        for left, right in gene.exons:
            left, right = max(left, start), min(right, end)
            marks[max(0, left // CELL_BP) : max(0, right // CELL_BP)] += 0.5 * value
    return smooth(marks, 100)


def cell_tracks(found: Elements, told: Expression, genes: Sequence[GenePlan], readable: np.ndarray) -> np.ndarray:
    """Step 5: (cells, 12) float32 coverage. `readable` (cells,) is the share of bases that are not N."""
    cells = len(found.promoter)
    tracks = np.empty((cells, len(TRACKS)), dtype=np.float32)
    column = {name: i for i, name in enumerate(TRACKS)}
    promoter = smooth(found.promoter, 60)
    flanks = smooth(found.promoter, 220)
    for cell in CELL_TYPES:
        active, level = found.enhancer[cell], told.level[cell]
        tracks[:, column[f"DNASE:{cell}"]] = (
            10 * smooth(active, 60) + 8 * promoter + 5 * smooth(found.boundary, 60) + 2 * smooth(found.silencer, 60)
        )
        tracks[:, column[f"CHIP:H3K27ac:{cell}"]] = 10 * smooth(active, 160) + 8 * _at_starts(genes, level, cells, 200)
        beside = 1.6 * smooth(active, 320) - 0.7 * smooth(active, 90)
        tracks[:, column[f"CHIP:H3K4me1:{cell}"]] = 12 * np.maximum(beside, 0)
        tracks[:, column[f"CAGE:{cell}"]] = 40 * _at_starts(genes, level, cells, 48)
    both = sum(told.level[cell] for cell in CELL_TYPES) / len(CELL_TYPES)
    tracks[:, column["CHIP:H3K4me3"]] = 16 * flanks
    tracks[:, column["CHIP:H3K36me3"]] = 10 * _along_bodies(genes, np.sqrt(both), cells)
    tracks[:, column["CHIP:H3K27me3"]] = 40 * smooth(found.silencer, 500)
    tracks[:, column["CHIP:CTCF"]] = 12 * smooth(found.ctcf, 50)
    return (tracks + 0.05) * readable[:, None]


def readable_share(codes: np.ndarray, cells: int, places: np.ndarray | None = None) -> np.ndarray:
    """(cells,) float32: share of each cell's bases that are there and not N."""
    known = np.flatnonzero(codes < 4)
    at = (known if places is None else places[known]) // CELL_BP
    return np.minimum(np.bincount(at, minlength=cells)[:cells] / CELL_BP, 1).astype(np.float32)


def cells_of(
    codes: np.ndarray,
    genes: Sequence[GenePlan],
    grammar: Grammar,
    *,
    places: np.ndarray | None = None,
    length: int | None = None,
) -> np.ndarray:
    """(cells of 16 bp, 12) float32 coverage of a sequence given as codes: all five steps.

    Parameters
    ----------
    places, length : of an edited sequence, where each base counts on an axis of this length; `genes` lie there too.
    """
    occupied = cell_occupancy(codes, places, length)
    found = elements(occupied, grammar)
    return cell_tracks(found, expression(found, genes, grammar), genes, readable_share(codes, len(occupied), places))


def tracks_of(codes: np.ndarray, genes: Sequence[GenePlan], grammar: Grammar | None = None) -> np.ndarray:
    """The truth: (bins of 128 bp, 12) float32 mean coverage of a sequence given as codes.

    A last bin that is not full counts what is missing as no coverage.
    """
    return bin_means(cells_of(codes, genes, grammar or Grammar()))


def bin_means(cells: np.ndarray) -> np.ndarray:
    """(bins, ...) means of 8 cells each; a last bin that is not full is filled up with zeros."""
    bins = -(-len(cells) // CELLS_PER_BIN)
    padded = np.pad(cells, ((0, bins * CELLS_PER_BIN - len(cells)), (0, 0)))
    return padded.reshape(bins, CELLS_PER_BIN, -1).mean(axis=1)
