"""Attention explorer: one head, or one head at four depths, of a model on a person's sentence."""

import streamlit as st

from components import controls
from components.attention import render_picture, render_proof, render_reading_help
from components.downloads import render_csv
from components.links import render_link
from components.messages import render_notes
from components.models import render_download
from core import runtime
from core.errors import TextTooLongError
from core.language.registry import named_source, sources
from core.settings import settings

controls.warn_about_link([source.name for source in sources(settings())])
name = controls.choose_model(sources(settings()))
source = named_source(name, settings())

st.title("Attention explorer")
if not source.ready:
    render_download(source, runtime.jobs(), settings(), runtime.person())
    st.stop()

text = controls.type_text()
waiting = st.empty()
with waiting, st.spinner(f"Loading {source.title} …"):
    model = runtime.language_model(name, on_wait=waiting.empty)
target_text, kind = controls.choose_kind(model.kinds)
view = controls.choose_view(model.card.layers)
layer, head = controls.choose_head(model.card.layers, model.card.heads, view)

try:
    with waiting, st.spinner("Computing attention …"):
        result = runtime.attention_result(model, text, target_text, kind=kind, on_wait=waiting.empty)
except TextTooLongError as error:
    controls.offer_cut(error)
    st.stop()
waiting.empty()

render_notes(result.notes)
render_picture(result, layer, head, view)
with st.container(horizontal=True, vertical_alignment="center"):
    render_csv(result, layer, head)
    render_link(controls.link_params(name, text, view, layer, head, target_text, kind))
    render_proof(result, layer, head, view)
render_reading_help(result, model.card)
