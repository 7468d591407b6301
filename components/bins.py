"""Attention between bins of DNA: the choices that make sense there, a row along the genome, and how to read it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from components.attention import head_words
from components.browser.scene import AttentionRow, GeneRow, Piece, Place, Scene
from components.downloads import file_stem
from components.reading_help import render_about
from core.cards import ModelCard
from core.genome.interval import Interval
from core.language.maps import MapOptions, Pick
from core.language.values import AttentionResult

CHANGED = "_bins_of"
VIEWS_OF_BINS = {"head": "One head", "depths": "Four depths", "heads": "All heads"}
MEASURES_OF_BINS = {"weight": "Weights", "rollout": "Rollout"}
READING = (
    "- **A row is one bin that looks** ({size} bp); its colours say how its attention is shared out over the bins of "
    "the window. Each row sums to 1.\n"
    "- Above 512 bins a cell is the largest weight of several bins, so that no spike is lost. **Drag a box to zoom**: "
    "up to 512 bins a side are shown one by one.\n"
    "- **Click a row** to see it along the genome, with the genes. Nothing is cropped here: the model looks at all "
    "that it reads, and predicts the middle.\n"
    "- A diagonal: looks nearby. Vertical stripes: bins that everybody looks at, often promoters, enhancers or "
    "boundaries. Look for stripes that the genes explain, and for those that they do not.\n"
    "- **Attention is not explanation.** It says where information may flow from. To know what a bin is for, change "
    "its letters and predict again.\n"
)


@dataclass(frozen=True, eq=False)
class RowScene:
    """A scene to which genes are added; `interval` is what it covers."""

    scene: Scene
    interval: Interval

    def with_genes(self, genes: GeneRow, assembly: str) -> Scene:
        """The genes under the row."""
        return replace(self.scene, rows=(*self.scene.rows, genes), assembly=assembly)


def interval_of(result: AttentionResult) -> Interval:
    """What all bins cover, from their labels.

    Raises
    ------
    InvalidLocusError
        The bins have no place.
    """
    first, last = (Interval.parse(label) for label in (result.source.labels[0], result.source.labels[-1]))
    return Interval(first.chrom, first.start, last.end)


def row_scene(
    result: AttentionResult,
    weights: np.ndarray,
    row: int,
    shown: tuple[Pick, Pick],
    options: MapOptions,
    *,
    contig_bp: int,
) -> RowScene:
    """What one bin looks at, along the genome.

    Parameters
    ----------
    weights : (bins,) float32 of this row, as shown in the map.
    shown : layer and head.
    """
    whole = interval_of(result)
    size = whole.width_bp // len(result.source)
    start = whole.start + row * size
    looking = Interval(whole.chrom, start, start + size)
    layer, head = shown
    words = head_words(result.number_of(layer), head, options)
    unit = "attention rollout" if options.measure == "rollout" else "attention weight"
    attention = AttentionRow(
        id="attention",
        title=f"What {looking.locus} looks at: {words}",
        about=f"The kept row of the map. Unit: {unit}, a share of 1.",
        height="large",
        weights=Piece(whole.start, size, np.ascontiguousarray(weights, np.float32)),
        from_start=looking.start,
        from_end=looking.end,
    )
    seen = (max(0, whole.start), min(contig_bp, whole.end))
    scene = Scene(
        place=Place(whole.chrom, float(seen[0]), float(seen[1]), 0),
        contig_bp=contig_bp,
        assembly="unknown",
        loaded=seen,
        rows=(attention,),
        title=f"{result.provenance.model}: what the bin at {looking.locus} looks at",
        subtitle=words,
        provenance=result.provenance.sentence,
        description=_description(result, weights, looking, words),
        file_name=f"{file_stem(result, (layer,), head, options)}-row{row + 1}",
    )
    return RowScene(scene, Interval(whole.chrom, *seen))


def _description(result: AttentionResult, weights: np.ndarray, looking: Interval, words: str) -> str:
    most = np.argsort(-weights)[:3]
    told = ", ".join(f"{result.source.labels[number]} {weights[number]:.2g}" for number in most)
    return f"Attention of the bin {looking.locus}, {words}. It looks most at {told}."


def render_reading(card: ModelCard, bin_size_bp: int) -> None:
    """How to read the picture, and what the model is."""
    reading, model = st.columns(2)
    with reading.expander("How to read this picture", icon=":material/help:"):
        st.markdown(READING.format(size=bin_size_bp))
    with model:
        render_about(card, f"reads {card.context:,} bp")


def python_recipe(
    model: str, genome: str, window: tuple[str, int, int], layers: tuple[Pick, ...], head: Pick, options: MapOptions
) -> str:
    """A script that makes these maps with `core` and writes them with Plotly to attention.html."""
    chrom, start, end = window
    measure = "" if options.measure == "weight" else f", MapOptions({options.measure!r})"
    return (
        "from plotly.subplots import make_subplots\n\n"
        "from core.enformer import EnformerEngine, load_model\n"
        "from core.enformer.whole_attention import whole_attention\n"
        "from core.genome import Interval, open_genome\n"
        f"from core.language.maps import {'MapOptions, ' if measure else ''}attention_maps\n\n"
        f"window = Interval({chrom!r}, {start}, {end})  # 0-based, half-open\n"
        f"sequence = open_genome({genome!r}).fetch(window)\n"
        f"result = whole_attention(EnformerEngine(load_model({model!r})), sequence, interval=window)\n"
        f"maps = attention_maps(result, {layers!r}, {head!r}{measure})\n"
        "figure = make_subplots(1, len(maps))\n"
        "for column, shown in enumerate(maps, 1):\n"
        "    print(shown.unit, shown.weights.shape, float(shown.weights.max()))\n"
        '    figure.add_heatmap(z=shown.weights, coloraxis="coloraxis", row=1, col=column)\n'
        'figure.update_yaxes(autorange="reversed")\n'
        f'figure.update_layout(title={f"{chrom}:{start + 1:,}-{end:,}"!r}, xaxis_title="bin looked at", '
        'yaxis_title="bin that looks")\n'
        'figure.write_html("attention.html")\n'
    )


def render_recipe(code: str) -> None:
    """The Python that makes this picture, to copy."""
    with st.popover("Python", icon=":material/code:", help="The Python that makes this picture"):
        st.caption("Save it as attention.py in this app's folder and run .venv/bin/python attention.py there.")
        st.code(code, language="python")
