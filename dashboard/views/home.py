"""Home: what there is, what is ready on this machine, and where to begin."""

import streamlit as st

from components.examples import EXAMPLES
from components.links import forget_links
from components.readiness import render_device, render_models
from core import runtime
from core.enformer.registry import dna_model_sources
from core.language.registry import sources
from core.settings import settings

ROW = 4

forget_links()
st.title("Attendome")
st.markdown(
    "Attendome shows what transformers attend to. "
    "Type a sentence and see, for every layer and head of a real trained model, which word looks at which; "
    "or name a gene and see what Enformer predicts along it from the letters of DNA alone. "
    "All examples work without a network; larger models can be downloaded once."
)

st.subheader("Start with one click")
for begin in range(0, len(EXAMPLES), ROW):
    row = EXAMPLES[begin : begin + ROW]
    for column, example in zip(st.columns(ROW), row, strict=False):
        with column.container(border=True, height="stretch"):
            st.page_link(
                "views/attention.py",
                label=f"**{example.title}**",
                icon=":material/arrow_forward:",
                query_params=example.params,
            )
            st.caption(example.see)

tracks, contributions, variants, playground = st.columns(4)
with tracks.container(border=True, height="stretch"):
    st.page_link("views/tracks.py", label="**DNA: predicted tracks**", icon=":material/arrow_forward:")
    st.caption(
        "Where is DNA open, where are enhancers, where does transcription start? Tracks over the genes of a place."
    )
with contributions.container(border=True, height="stretch"):
    st.page_link("views/contributions.py", label="**DNA: contributions**", icon=":material/arrow_forward:")
    st.caption("Which letters made the model say that? Every base as tall as it counts, motifs named, methods checked.")
with variants.container(border=True, height="stretch"):
    st.page_link("views/variants.py", label="**DNA: variants**", icon=":material/arrow_forward:")
    st.caption("What does a change of letters do: where, in which tracks, through which motif, and can it be trusted?")
with playground.container(border=True, height="stretch"):
    st.page_link("views/playground.py", label="**DNA: the playground**", icon=":material/arrow_forward:")
    st.caption(
        "A simulated genome whose rules are known: move an enhancer, write a boundary, and see what becomes of a gene."
    )

st.subheader("Models")
dna = tuple(source for source in dna_model_sources(settings()) if not source.seeded)
render_models((*sources(settings()), *dna))
render_device(runtime.device())
