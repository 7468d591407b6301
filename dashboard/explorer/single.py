"""One text in one model: the picture, what to take away from it, and the tool beside it."""

from __future__ import annotations

import streamlit as st

from components.attention import proof_sentence, render_picture, render_translation, shown_layers, token_of_row
from components.downloads import render_csv, render_npz, render_recipe
from components.links import render_link
from components.messages import plain, render_notes
from components.recipe import Recipe
from core import runtime
from core.errors import AttendomeError
from core.language.maps import attention_maps
from core.language.values import AttentionResult
from dashboard.explorer import find, grid, next_word, off
from dashboard.explorer.asked import Asked


def render_single(asked: Asked, params: dict[str, str]) -> None:
    """The page of every view but the comparison.

    Raises
    ------
    TextError, DeviceMemoryError
        The text cannot be shown.
    """
    beside = asked.view == "head" and asked.tool is not None
    picture, side = st.columns([3, 2], gap="medium") if beside else (st.container(), st.container())
    with side:
        shown = off.choose_heads(asked) if asked.tool == "off" else "without"
    without = () if shown == "with" else asked.off
    with picture:
        with st.spinner("Computing attention …"):
            result = asked.attention(without)
            whole = asked.attention() if asked.tool == "off" else result
        render_notes(result.notes)
        render_translation(result, own=asked.target_text is None)
        if asked.view == "heads":
            _render_grid(asked, result, params)
        elif shown == "difference" and asked.off:
            off.render_map_difference(asked, whole, result, params)
        else:
            _render_maps(asked, result, params)
    with side:
        try:
            _render_tool(asked, result, whole)
        except AttendomeError as error:  # of the tool, not of the text
            st.error(plain(str(error)), icon=":material/info:")
    if asked.tool == "next" and asked.kind != "encoder":
        next_word.render_lens(asked, len(result.target))


def _render_maps(asked: Asked, result: AttentionResult, params: dict[str, str]) -> None:
    layer, head = asked.picks
    layers = shown_layers(result, layer, asked.view)
    with st.spinner("Drawing …"):
        maps = runtime.derived(attention_maps, result, layers, head, asked.options)
    render_picture(result, layers, head, asked.options, maps=maps, scale=asked.scale)
    recipe = Recipe("heads", asked.run(result.without), layers, head, asked.options, asked.scale)
    with st.container(horizontal=True, vertical_alignment="center"):
        render_csv(result, layers, head, asked.options)
        render_npz(result)
        render_recipe(recipe)
        render_link(params)
        st.caption(runtime.derived(proof_sentence, result, layers, head))


def _render_grid(asked: Asked, result: AttentionResult, params: dict[str, str]) -> None:
    grid.render_grid(result, asked.options, asked.scale)
    recipe = Recipe("grid", asked.run(result.without), ("all",), "all", asked.options)
    with st.container(horizontal=True, vertical_alignment="center"):
        render_npz(result)
        render_recipe(recipe)
        render_link(params)
        st.caption(runtime.derived(proof_sentence, result, ("mean",), "mean"))


def _render_tool(asked: Asked, result: AttentionResult, whole: AttentionResult) -> None:
    row = token_of_row(result, asked.options)
    if asked.tool == "find":
        find.render_find(asked.model, result)
    elif asked.tool == "off":
        off.render_change(asked, whole, row)
    elif asked.tool == "next":
        next_word.render_next(asked, row)
