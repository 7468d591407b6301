"""Home: what there is, what is ready on this machine, and where to begin."""

import streamlit as st

from components.examples import EXAMPLES
from components.links import forget_links
from components.readiness import render_device, render_models
from core import runtime
from core.language.registry import sources
from core.settings import settings

ROW = 4

forget_links()
st.title("Attendome")
st.markdown(
    "Attendome shows what transformers attend to. "
    "Type a sentence and see, for every layer and head of a real trained model, which word looks at which. "
    "Everything on this page works without a network; larger models can be downloaded once."
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

st.subheader("Models")
render_models(sources(settings()))
render_device(runtime.device())
