"""Genes under the tracks: which line each lies on, and their exons, arrows and names as Plotly traces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from components.style import TrackColours
from core.genome.annotation import Gene
from core.genome.interval import Interval

if TYPE_CHECKING:
    import plotly.graph_objects as go

MAX_LANES = 6
LETTER_SHARE = 0.0095  # of the figure's width, for a letter of a name
ARROWS = 45  # over the figure's width
THICK, THIN = 0.30, 0.16  # half the height of coding and other exons, in lanes


@dataclass(frozen=True)
class Lane:
    """A gene on line `number`, 0 at the top; `start` and `end` are what is seen of it."""

    gene: Gene
    number: int
    start: int
    end: int


def gene_lanes(genes: Sequence[Gene], seen: Interval, *, most: int = MAX_LANES) -> tuple[tuple[Lane, ...], int]:
    """(genes on lines so that neither they nor their names overlap, how many had no room).

    Genes that make a protein choose first, then the wider ones.
    """
    free: list[list[tuple[int, int]]] = [[] for _ in range(most)]
    lanes, left_out = [], 0
    letter, apart = LETTER_SHARE * seen.width_bp, 0.01 * seen.width_bp
    coding = sorted(genes, key=lambda gene: (gene.biotype not in ("protein_coding", ""), -gene.interval.width_bp))
    for gene in coding:
        start, end = max(gene.interval.start, seen.start), min(gene.interval.end, seen.end)
        if start >= end:
            continue
        half = max(end - start, letter * (len(gene.symbol) + 2)) / 2 + apart
        middle = _name_place(start, end, letter * (len(gene.symbol) + 2), seen)
        taken = (int(min(start - apart, middle - half)), int(max(end + apart, middle + half)))
        for number, others in enumerate(free):
            if all(taken[1] <= a or taken[0] >= b for a, b in others):
                others.append(taken)
                lanes.append(Lane(gene, number, start, end))
                break
        else:
            left_out += 1
    return tuple(sorted(lanes, key=lambda lane: (lane.number, lane.start))), left_out


def _name_place(start: int, end: int, width: float, seen: Interval) -> float:
    """Where the middle of a name lies: over its gene, and inside the figure."""
    return min(max((start + end) / 2, seen.start + width / 2), seen.end - width / 2)


def gene_sentence(gene: Gene) -> str:
    """For example "CD44, + strand, chr11:35,138,882-35,232,402, protein coding"."""
    place = Interval(gene.interval.chrom, gene.interval.start, gene.interval.end)
    strand = {"+": ", + strand (read to the right)", "-": ", − strand (read to the left)"}.get(gene.interval.strand, "")
    biotype = f", {gene.biotype.replace('_', ' ')}" if gene.biotype else ""
    return f"{gene.symbol}{strand}, {place.locus}{biotype}"


def _blocks(gene: Gene) -> list[tuple[int, int, float]]:
    """(start, end, half height) of the gene's exons, of all its transcripts together."""
    exons = sorted({(e.start, e.end) for t in gene.transcripts for e in t.exons})
    blocks = [(start, end, THIN) for start, end in _joined(exons or [(gene.interval.start, gene.interval.end)])]
    coding = [
        (max(e.start, t.coding.start), min(e.end, t.coding.end), THICK)
        for t in gene.transcripts
        if t.coding is not None
        for e in t.exons
        if e.overlaps(t.coding)
    ]
    return blocks + [(start, end, THICK) for start, end in _joined(sorted({(a, b) for a, b, _ in coding}))]


def _joined(stretches: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in stretches:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def add_genes(figure: go.Figure, lanes: Sequence[Lane], seen: Interval, axis: str, colours: TrackColours) -> None:
    """Draw the genes on a y axis that counts lanes downwards; positions are 1-based."""
    lines: tuple[list, list] = ([], [])
    boxes: tuple[list, list] = ([], [])
    arrows: tuple[list, list, list] = ([], [], [])
    names: tuple[list, list, list, list] = ([], [], [], [])
    letter, step = LETTER_SHARE * seen.width_bp, seen.width_bp / ARROWS
    for lane in lanes:
        gene, y = lane.gene, lane.number + 0.12
        lines[0].extend((lane.start + 0.5, lane.end + 0.5, None))
        lines[1].extend((y, y, None))
        for start, end, half in _blocks(gene):
            a, b = max(start, seen.start) + 0.5, min(end, seen.end) + 0.5
            if a < b:
                boxes[0].extend((a, b, b, a, a, None))
                boxes[1].extend((y - half, y - half, y + half, y + half, y - half, None))
        if gene.interval.strand in "+-":
            places = np.arange(lane.start + step / 2, lane.end, step) if lane.end - lane.start > step else []
            arrows[0].extend(places)
            arrows[1].extend([y] * len(places))
            arrows[2].extend(["triangle-right" if gene.interval.strand == "+" else "triangle-left"] * len(places))
        mark = {"+": " →", "-": "← "}.get(gene.interval.strand, "")
        name = f"{mark}{gene.symbol}" if gene.interval.strand == "-" else f"{gene.symbol}{mark}"
        names[0].append(_name_place(lane.start, lane.end, letter * (len(gene.symbol) + 2), seen))
        names[1].append(lane.number - 0.32)
        names[2].append(name)
        names[3].append(gene_sentence(gene))
    given = {"yaxis": axis, "xaxis": "x", "showlegend": False}
    quiet = given | {"hoverinfo": "skip"}
    figure.add_scatter(x=lines[0], y=lines[1], mode="lines", line={"color": colours.gene, "width": 1.2}, **quiet)
    figure.add_scatter(
        x=boxes[0], y=boxes[1], mode="lines", fill="toself", fillcolor=colours.gene, name="exons",
        line={"color": colours.gene, "width": 0.8}, **quiet,
    )  # fmt: skip
    figure.add_scatter(
        x=arrows[0], y=arrows[1], mode="markers", name="strand", **quiet,
        marker={"symbol": arrows[2], "size": 6, "color": colours.gene, "line": {"width": 0.5, "color": colours.ground}},
    )  # fmt: skip
    figure.add_scatter(
        x=names[0], y=names[1], mode="text", text=[plain_text(name) for name in names[2]], name="genes", **quiet,
        textfont={"size": 12, "color": colours.gene}, customdata=names[3],
    )  # fmt: skip


def plain_text(text: str) -> str:
    """Plotly reads a little HTML in text; a name is only a name."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
