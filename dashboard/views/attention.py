"""Attention explorer: every head of a model on a person's sentence, from overview to single weights."""

import streamlit as st

from components import controls
from components.links import open_link, write_link
from components.messages import plain, render_warnings, waiting_line
from components.models import render_broken_download, render_download
from components.reading_help import render_reading_help
from components.state import link_fields
from core import runtime
from core.errors import ModelFilesError, TextTooLongError
from core.language.models import outline
from core.language.registry import sources
from core.settings import settings
from dashboard.explorer import compare, dna, off
from dashboard.explorer.asked import Asked
from dashboard.explorer.single import render_single

available = sources(settings())
fields = (*link_fields(available), *dna.dna_fields())
problems = open_link(fields)
if controls.choose_reads() == "dna":
    st.title("Attention explorer")
    render_warnings(problems)
    dna.render_dna(fields)
    st.stop()
chosen = controls.choose_model(available)
source = next(source for source in available if source.name == chosen)

st.title("Attention explorer")
render_warnings(problems)
if not source.ready:
    write_link(fields)
    render_download(source, runtime.jobs(), settings(), runtime.person())
    st.stop()

text = controls.type_text(source.name)
try:
    sizes = outline(source)
    target_text, kind = controls.choose_kind(sizes.kinds)
    with st.container(horizontal=True, vertical_alignment="center"):
        view = controls.choose_view(sizes.layers)
        tool = controls.choose_tool(view)
    layer, head = controls.choose_head(sizes.layers, sizes.heads, source.title, view)
    picks = controls.choose_summary(view, layer, head)
    options = controls.choose_options(kind or sizes.kinds[0])
    scale = controls.choose_scale(view)
    switched_off = off.heads_off(sizes, source.title)
    params = write_link(fields)
    waiting = st.empty()
    with waiting, st.spinner(f"Loading {plain(source.title)} …"):
        model = runtime.language_model(source.name, on_wait=waiting_line(waiting, f"Loading {source.title}"))
except ModelFilesError as error:
    st.error(plain(str(error)), icon=":material/info:")
    render_broken_download(source, settings())
    st.stop()

waiting.empty()
asked = Asked(
    model, sizes, text, target_text, kind, switched_off, view, tool, layer, head, picks, options, scale, available,
    on_wait=waiting_line(waiting),
)  # fmt: skip
if switched_off and tool != "off":
    off.remind(switched_off)
try:
    if view == "compare":
        compare.render_compare(asked, params)
    else:
        render_single(asked, params)
except TextTooLongError as error:
    controls.offer_cut(error)
    st.stop()
waiting.empty()
render_reading_help(view, kind or sizes.kinds[0], model.card)
write_link(fields)
