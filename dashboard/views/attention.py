"""Attention explorer: one head, or one head at four depths, of a model on a person's sentence."""

import streamlit as st

from components import controls
from components.attention import render_picture, render_proof, render_reading_help, shown_layers
from components.downloads import render_csv
from components.links import open_link, render_link, write_link
from components.messages import plain, render_notes, render_warnings, waiting_line
from components.models import render_broken_download, render_download
from core import runtime
from core.errors import ModelFilesError, TextTooLongError
from core.language.models import outline
from core.language.registry import named_source, sources
from core.settings import settings

available = sources(settings())
fields = controls.link_fields(available)
problems = open_link(fields)
source = named_source(controls.choose_model(available), settings())

st.title("Attention explorer")
render_warnings(problems)
if not source.ready:
    write_link(fields)
    render_download(source, runtime.jobs(), settings(), runtime.person())
    st.stop()

text = controls.type_text()
waiting = st.empty()
try:
    sizes = outline(source)
    target_text, kind = controls.choose_kind(sizes.kinds)
    view = controls.choose_view(sizes.layers)
    layer, head = controls.choose_head(sizes.layers, sizes.heads, source.title, view)
    scale = controls.choose_scale()
    params = write_link(fields)
    with waiting, st.spinner(f"Loading {source.title} …"):
        model = runtime.language_model(source.name, on_wait=waiting_line(waiting, f"Loading {source.title}"))
except ModelFilesError as error:
    waiting.empty()
    st.error(plain(str(error)), icon=":material/info:")
    render_broken_download(source, settings())
    st.stop()

try:
    with waiting, st.spinner("Computing attention …"):
        result = runtime.attention_result(model, text, target_text, kind=kind, on_wait=waiting_line(waiting))
except TextTooLongError as error:
    controls.offer_cut(error)
    st.stop()
waiting.empty()

render_notes(result.notes)
layers = shown_layers(result, layer, view)
render_picture(result, layers, head, scale)
with st.container(horizontal=True, vertical_alignment="center"):
    render_csv(result, layers, head)
    render_link(params)
    render_proof(result, layers, head)
render_reading_help(result, model.card)
