"""How to read the page's picture, which methods there are and which not."""

from __future__ import annotations

import streamlit as st

from components.reading_help import render_about
from core.cards import ModelCard

READING = (
    "- **A letter's height** is its contribution to the number at the top: up where the number owes something to it, "
    "down where it holds the number back. From far away the row is an area, nearer it is bars, nearer still letters.\n"
    "- **Motifs** are runs of tall letters where a protein binds. One tall letter alone is more often noise of the "
    "gradient than a fact.\n"
    "- **A gradient asks about a small change**, mutagenesis about a whole letter. Where the model has many copies of "
    "a motif, or is saturated, a gradient can be near zero though the letters matter. The line under the picture says "
    "how well each method agrees with true changes, letter by letter.\n"
    "- **The cells under a mutagenesis logo** are the change of the number with each other letter: four rows, A, C, "
    "G, T from the top. Empty stretches were not computed, which is not the same as zero.\n"
    "- **Outside of the window** the model reads nothing: the rows end there.\n"
)
TRUTH = (
    "- **The row “Truth”** holds the motif sites of this simulated genome's grammar, at least half occupied: a "
    "perfect explanation is tall there, as far as the site drives this number, and flat elsewhere.\n"
)
LIMITS = (
    "- **This explains the model, not the cell.** Letters that made the model say something need not do it in a cell; "
    "distant enhancers are mostly used too little (Karollus et al. 2023).\n"
)
METHODS = (
    "- **Gradient × input**: one forward and one backward run for all letters at once.\n"
    "- **Integrated gradients**: the slope at 32 points from no letters to these letters. What is missing of the sum "
    "is printed.\n"
    "- **Expected gradients**: the same from 16 shuffles that keep each pair of neighbours.\n"
    "- **Saturation mutagenesis**: every letter changed to every other one and predicted again, computing only what a "
    "change can reach. Exact and slow, so it begins with blocks of 128 bp and with what is seen.\n"
    "- **Why no DeepLIFT?** Its rules need every operation of a model to have one. Enformer pools by attention: "
    "captum raises an error on it, and tangermeme ran with convergence errors of 700 to 900 %, so that its "
    "contributions would not add up to anything.\n"
)


def render_reading(card: ModelCard, *, has_truth: bool) -> None:
    """How to read it, the methods, and what the model is."""
    reading, methods, model = st.columns(3)
    with reading.expander("How to read this picture", icon=":material/help:"):
        st.markdown((TRUTH if has_truth else "") + READING + LIMITS)
    with methods.expander("Methods, and why no DeepLIFT", icon=":material/functions:"):
        st.markdown(METHODS)
    with model:
        render_about(card, f"reads {card.context:,} bp")
