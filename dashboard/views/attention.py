"""Attention explorer: every head of a model on a person's sentence, from overview to single weights."""

import streamlit as st

from components import controls
from components.attention import render_picture, render_proof, shown_layers, token_of_row
from components.downloads import render_csv, render_npz, render_recipe
from components.links import open_link, render_link, write_link
from components.messages import plain, render_notes, render_warnings, waiting_line
from components.models import render_broken_download, render_download
from components.reading_help import render_reading_help
from components.recipe import Recipe
from components.state import link_fields
from core import runtime
from core.errors import ModelFilesError, TextTooLongError
from core.language.models import outline
from core.language.registry import named_source, sources
from core.settings import settings
from dashboard.explorer import compare, find, grid, next_word, off

available = sources(settings())
fields = link_fields(available)
problems = open_link(fields)
source = named_source(controls.choose_model(available), settings())

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
    layer_pick, head_pick = controls.choose_summary(view, layer, head)
    options = controls.choose_options(kind or sizes.kinds[0])
    scale = controls.choose_scale(view)
    switched_off = off.heads_off(sizes)
    write_link(fields)
    waiting = st.empty()
    with waiting, st.spinner(f"Loading {source.title} …"):
        model = runtime.language_model(source.name, on_wait=waiting_line(waiting, f"Loading {source.title}"))
except ModelFilesError as error:
    st.error(plain(str(error)), icon=":material/info:")
    render_broken_download(source, settings())
    st.stop()

wait = waiting_line(waiting)
try:
    if switched_off and tool != "off":
        off.remind(switched_off)
    if view == "compare":
        heads = (layer_pick, head_pick)
        compare.render_compare(model, text, target_text, kind, options, heads, switched_off, available)
        waiting.empty()
        render_link(write_link(fields))
    else:
        beside = view == "head" and tool is not None
        picture, side = st.columns([3, 2], gap="medium") if beside else (st.container(), st.container())
        with side:
            shown = off.choose_heads(sizes, layer, head) if tool == "off" else "without"
        without = () if shown == "with" else switched_off
        with waiting, st.spinner("Computing attention …"):
            result = runtime.attention_result(model, text, target_text, kind=kind, without=without, on_wait=wait)
        waiting.empty()
        layers = shown_layers(result, layer_pick, view)
        with picture:
            render_notes(result.notes)
            if view == "heads":
                grid.render_grid(result, options, scale)
            elif shown == "difference" and switched_off:
                whole = runtime.attention_result(model, text, target_text, kind=kind, on_wait=wait)
                off.render_map_difference(whole, result, (layer_pick, head_pick), options)
            else:
                render_picture(result, layers, head_pick, options, scale)
            recipe = Recipe(source.name, text, layers, head_pick, options, target_text, kind, without, scale)
            with st.container(horizontal=True, vertical_alignment="center"):
                render_csv(result, layers, head_pick, options)
                render_npz(result)
                render_recipe(recipe)
                render_link(write_link(fields))
                render_proof(result, layers, head_pick)
        with side:
            row = token_of_row(result, options)
            if tool == "find":
                find.render_find(model, result)
            elif tool == "off":
                off.render_change(model, text, target_text, kind, switched_off, row)
            elif tool == "next":
                next_word.render_next(model, text, target_text, kind, switched_off, row)
        if tool == "next" and kind != "encoder":
            next_word.render_lens(model, text, target_text, kind, switched_off, len(result.target))
except TextTooLongError as error:
    controls.offer_cut(error)
    st.stop()
render_reading_help(view, kind or sizes.kinds[0], model.card)
write_link(fields)
