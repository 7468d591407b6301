"""How to read the browser, what its words mean, and what the model is."""

from __future__ import annotations

import streamlit as st

from components.reading_help import render_about
from core.cards import ModelCard

READING = (
    "- **Drag to move; zoom with Ctrl and the wheel, or pinch** (after a click the wheel alone does). Drag on the "
    "ruler, or with Shift, to zoom into a stretch. Arrow keys, + and − do the same. Near the edge of what is predicted "
    "the next window is predicted and joins on.\n"
    "- **A row is one track**: what the model expects one experiment to measure along this stretch, such as DNase in "
    "K562 cells. It has seen only the letters A, C, G and T, never a measurement of this place. The "
    "number in brackets is the track's place in the model's output. A row's menu has its height, scale and logarithm; "
    "drag its handle to move it.\n"
    "- **A step is one bin.** Its unit stands beside the name. Values of different units cannot be compared; “one per "
    "assay” puts tracks of one kind on one scale.\n"
    "- **The strip on top is the chromosome**: coloured where windows are predicted, with a frame around what is seen. "
    "Hatched stretches of a row are not predicted.\n"
    "- **CAGE** counts where transcription starts and spans four powers of ten, so it is drawn as log10(1 + x).\n"
    "- **Genes**: thick blocks code for protein, thin blocks are other exons, arrows show the direction of reading. "
    "Letters appear below 5,000 bp.\n"
    "- **A ribbon** is the spread (standard deviation) over the runs that were averaged: the other strand, and the "
    "window moved by a few bases. The experiment would be the same, so a wide ribbon is the model's own doubt.\n"
    "- **A difference** is the first cell type minus the second, bin by bin, in the unit of the tracks.\n"
)
TRUTH = (
    "- **The line over each row is the truth.** This genome is simulated: a written grammar turns its letters into "
    "these tracks, so what the model should have said is known. Where line and filling part, the model is wrong.\n"
    "- **r** is Pearson's correlation of prediction and truth over all predicted windows, seen or not: 1 is the same "
    "shape, 0 is no agreement; it does not notice peaks that are all too high. It is of "
    "the values, also where logarithms are drawn.\n"
)
MEASURED = (
    "- **The line over each row is measured signal**, with the noise of an experiment; the truth is not shown "
    "meanwhile. **r** is Pearson's correlation of prediction and measurement over the bins that are seen.\n"
)
LIMITS = (
    "- **A prediction is not a measurement**, and a peak is not a proof. Across places of the genome predicted and "
    "measured CAGE at gene starts agree well (r = 0.85, Avsec et al. 2021); between *people* the direction of an "
    "effect is often wrong (Huang et al. 2023; Sasse et al. 2023), and distant enhancers are mostly used too little "
    "(Karollus et al. 2023).\n"
)
WORDS = {
    "bin": "128 neighbouring base pairs in Enformer, which get one value",
    "window": "the letters that the model reads at once: 196,608 bp in Enformer",
    "crop": "bins at the two ends of the window that are not predicted, as they lack surroundings on one side",
    "DNase, ATAC": "experiments that find open DNA, where proteins can bind",
    "ChIP": "finds where a protein sits or a histone carries a mark, such as H3K27ac at active enhancers",
    "CAGE": "counts the starts of RNA: active promoters, and weakly enhancers",
    "TSS": "transcription start site, where a gene begins to be read",
    "reverse complement": "the other strand, read in its own direction: the same DNA",
    "N": "an unknown base; the model sees four zeros",
}


def render_reading(card: ModelCard, *, has_truth: bool = False, has_measured: bool = False) -> None:
    """How to read the browser, the glossary, and what the model is."""
    reading, words, model = st.columns(3)
    with reading.expander("How to read the browser", icon=":material/help:"):
        lines = MEASURED if has_measured else TRUTH if has_truth else ""
        st.markdown(lines + READING + LIMITS)
    with words.expander("Words", icon=":material/menu_book:"):
        st.markdown("\n".join(f"- **{word}**: {meaning}" for word, meaning in WORDS.items()))
    with model:
        render_about(card, f"reads {card.context:,} bp")
