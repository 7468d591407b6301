"""The playground: a simulated genome whose rules are written down, live under sliders, and the model trained on it."""

import streamlit as st

from components.drawing import render_drawing
from components.links import open_link
from components.messages import render_warnings
from components.playground import words
from components.playground.motif_table import motifs_drawing
from components.playground.state import link_fields
from core.teaching.playground.locus import origin_sentence
from dashboard.playground.live import render_live

problems = open_link(link_fields())

st.title("The playground")
st.markdown(words.WHAT)
render_warnings(problems)
render_live()

st.subheader("The letters that the factors read")
render_drawing(motifs_drawing(origin_sentence()), key="playground_motifs", test_id="motifs")

st.subheader("Files to take away")
words.render_files()
st.caption(origin_sentence())

st.subheader("What this is not")
st.markdown(words.LIMITS)
