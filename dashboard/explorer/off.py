"""Switch heads off: which, and what changes."""

from __future__ import annotations

from typing import Any

import streamlit as st

from components.attention import off_words
from components.changes import changes_drawing
from components.controls import choose
from components.difference import render_difference, render_difference_csv
from components.downloads import render_recipe, render_table
from components.drawing import render_drawing
from components.links import render_link
from components.messages import plain, render_warnings
from components.prediction import distribution_drawing
from components.reading_help import render_help
from components.recipe import Recipe
from components.state import SHOWN, head_name, open_head, read_heads
from core import runtime
from core.language import ablate
from core.language.ablate import Ablation
from core.language.compare import compare_maps
from core.language.forward import has_word_head
from core.language.models import Outline
from core.language.predict import predicts_masked_words
from core.language.values import AttentionResult
from dashboard.explorer.asked import Asked


def heads_off(sizes: Outline, owner: str) -> tuple[tuple[int, int], ...]:
    """Heads that are off, of those that this model has; the page's state loses the others, and the page says so."""
    state = st.session_state
    chosen = read_heads(state.get("off") or [])
    fitting = [(a, b) for a, b in chosen if a < sizes.layers and b < sizes.heads]
    if len(fitting) != len(chosen):
        state["off"] = [f"{a}.{b}" for a, b in fitting]
        names = ", ".join(head_name(*head) for head in chosen if head not in fitting)
        render_warnings(
            [f"{owner} has no {names} to switch off: it has L0 H0 to {head_name(sizes.layers - 1, sizes.heads - 1)}."]
        )
    return tuple(sorted(fitting))


def _switch_on_all() -> None:
    st.session_state["off"] = []


def _switch_off_shown() -> None:
    state = st.session_state
    name = f"{state['layer']}.{state['head']}"
    state["off"] = [*[given for given in state["off"] if given != name], name]


def remind(off: tuple[tuple[int, int], ...]) -> None:
    """A line while heads are off and the tool that says so is closed."""
    names = ", ".join(head_name(*head) for head in off[:6]) + (" …" if len(off) > 6 else "")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.warning(f"Switched off: {names}.", icon=":material/power_off:")
        st.button("Switch all on", on_click=_switch_on_all, icon=":material/power:")


def choose_heads(asked: Asked) -> str:
    """The heads that are off; returns which picture to show: "without", "with" or "difference"."""
    sizes, layer, head = asked.sizes, asked.layer, asked.head
    labels = {f"{a}.{b}": head_name(a, b) for a in range(sizes.layers) for b in range(sizes.heads)}
    st.multiselect(
        "Heads that are off",
        list(labels),
        format_func=labels.__getitem__,
        key="off",
        persist_state="session",
        placeholder="Choose heads",
        filter_mode="contains",
        select_all=False,
        help="Their output is set to 0, for this picture and nobody else's.",
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if f"{layer}.{head}" not in st.session_state["off"]:
            st.button(f"Switch {head_name(layer, head)} off", on_click=_switch_off_shown, icon=":material/power_off:")
        if st.session_state["off"]:
            st.button("Switch all on", on_click=_switch_on_all, icon=":material/power:")
    if not st.session_state["off"] or asked.view == "heads":
        return "without"
    return choose("The map shows", SHOWN, "shown", place=st)


def render_map_difference(
    asked: Asked, whole: AttentionResult, without: AttentionResult, params: dict[str, str]
) -> None:
    """The shown head's map without the heads minus its map with all of them."""
    picks, options = asked.picks, asked.options
    lowest = min(layer for layer, _ in asked.off)
    if isinstance(picks[0], int) and picks[0] <= lowest:
        st.info(
            f"The maps of layers 0 to {lowest} cannot change: they are made before the head that is off adds its part. "
            "Press a head of a later layer in “How far each head's map moved”.",
            icon=":material/info:",
        )
    found = compare_maps(whole, without, picks, picks, options)
    names = ("with all heads", "without them")
    render_difference(found, names=names, subtitle=f"{off_words(without)}, minus with all heads", options=options)
    second = asked.run(without.without)
    recipe = Recipe("difference", asked.run(), picks[:1], picks[1], options, second=second, second_head=picks)
    with st.container(horizontal=True, vertical_alignment="center"):
        render_difference_csv(found)
        render_recipe(recipe)
        render_link(params)


def _open(head: Any) -> None:
    open_head(int(head["layer"]), int(head["head"]))
    st.session_state["shown"] = "difference"


def render_change(asked: Asked, whole: AttentionResult, row: int | None) -> None:
    """What the model says, or what its vectors are, with and without the heads."""
    if not asked.off:
        st.info("Choose one head or more to switch off, and see here what changes.", icon=":material/info:")
        return
    model = asked.model
    found = runtime.answer(
        model,
        ablate,
        asked.text,
        asked.off,
        target_text=asked.target_text,
        kind=asked.kind,
        position=row if has_word_head(model) and not predicts_masked_words(model) else None,
        given={"plain": whole},
        on_wait=asked.on_wait,
    )
    if found.prediction is not None:
        _render_prediction(found)
    if found.embedding is not None:
        _render_embedding(found, row)
    _render_maps(found)
    render_table("CSV", found.table, "without-heads", "With and without the heads, number by number.")
    render_help("off")


def _render_prediction(found: Ablation) -> None:
    change = found.prediction
    told = (
        f"The answer moves by {change.kl_bits:.3f} bits (Kullback-Leibler divergence of the whole vocabulary; "
        "0 is no change)."
    )
    drawing = distribution_drawing(
        change.labels,
        change.before.tolist(),
        change.after.tolist(),
        title=f"Word at “{change.at}”" if found.kind == "bidirectional" else f"Next token after “{change.at}”",
        subtitle=told,
        provenance=f"{found.provenance.sentence} · {off_words(found.after)}",
        file_name="next-token-without-heads",
    )
    render_drawing(drawing, key="ablation")
    moved = change.after - change.before
    parts = [
        f"{word} “{change.labels[i]}” {change.before[i]:.3f} → {change.after[i]:.3f}"
        for word, i in (("loses most:", int(moved.argmin())), ("gains most:", int(moved.argmax())))
        if moved[i] != 0
    ]
    if parts:
        st.caption(plain("; ".join(parts) + "."))


def _render_embedding(found: Ablation, row: int | None) -> None:
    cosines = found.embedding.token_cosines
    labels = found.sequence.labels
    ordinary = [i for i, special in enumerate(found.sequence.special) if not special] or list(range(len(labels)))
    moved = min(ordinary, key=lambda i: cosines[i])
    left, right = st.columns(2)
    left.metric("Sentence vector", f"{found.embedding.sentence_cosine:.4f}", help="Cosine with and without the heads.")
    chosen = row if row is not None and row < len(labels) else moved
    right.metric(
        plain(f"Vector of “{labels[chosen]}”"),
        f"{cosines[chosen]:.4f}",
        help="Cosine of this token's last vector with and without the heads. Click a row of the map for another token.",
    )
    st.caption(
        plain(
            f"Cosines: 1 means no change. The word that moves most is “{labels[moved]}” ({cosines[moved]:.4f}). "
            + (found.notes[-1] if found.notes else "This encoder predicts no words; its vectors are compared instead.")
        )
    )


def _render_maps(found: Ablation) -> None:
    drawing = changes_drawing(
        found.map_change,
        title="How far each head's map moved",
        unit="total variation",
        subtitle="Layers up to the first head that is off cannot change; press a head to see its difference.",
        provenance=f"{found.provenance.sentence} · {off_words(found.after)}",
        off=found.heads,
        file_name="maps-without-heads",
    )
    render_drawing(drawing, key="map_change", on_click=_open)
