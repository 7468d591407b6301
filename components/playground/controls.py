"""The inputs of the playground page: a place, what its letters are, what the rules are."""

from __future__ import annotations

import streamlit as st

from components.messages import plain
from components.playground import state
from core.errors import UnknownGeneError
from core.teaching.playground.locus import Element, Locus, gene_symbols, locus_of
from core.teaching.playground.moves import LEAST_BP, MOST_BP, element_sites
from core.teaching.playground.stories import stories


def choose_locus() -> Locus:
    """Examples, gene, element."""
    names = {story.name: story for story in stories()}
    symbols = gene_symbols()
    if st.session_state["gene"] not in symbols:
        st.warning(plain(f"The playground has no gene {st.session_state['gene']}; this is {symbols[0]}."))
        st.session_state.update(gene=symbols[0], element=None)
        state.reset_letters()
    columns = st.columns(len(names))
    for column, story in zip(columns, names.values(), strict=True):
        element = st.session_state["element"] or state.default_element(st.session_state["gene"])
        chosen = (st.session_state["gene"], element) == (story.gene, story.element)
        column.button(
            story.title,
            key=f"story_{story.name}",
            type="primary" if chosen else "secondary",
            width="stretch",
            on_click=state.open_story,
            args=(story.name,),
        )
    try:
        gene = st.session_state["gene"]
        locus = locus_of(gene, st.session_state["element"] or state.default_element(gene))
    except UnknownGeneError as error:
        st.warning(plain(str(error)), icon=":material/info:")
        locus = locus_of(st.session_state["gene"])
    st.session_state["element"] = locus.element.name if locus.element else None
    told = next((s.see for s in names.values() if (s.gene, s.element) == (locus.gene.symbol, _name(locus.element))), "")
    st.markdown(f"**Try:** {told}" if told else "**Try:** move a slider and see which tracks follow.")
    return locus


def _name(element: Element | None) -> str:
    return "" if element is None else element.name


def _other_gene() -> None:
    st.session_state["element"] = None
    state.reset_letters()


def _element_label(locus: Locus, name: str) -> str:
    element = next(e for e in locus.near if e.name == name)
    cells = {"enhancer shared": "enhancer, both cell types", "silencer": "silencer"}
    kind = cells.get(element.kind) or "enhancer, " + element.kind.removeprefix("enhancer ")
    return f"{kind}, {abs(element.middle - locus.gene.tss):,} bp away"


def choose_changes(locus: Locus) -> None:
    """Gene and element, then sliders for the letters and for the rules."""
    st.selectbox("Gene", gene_symbols(), key="gene", persist_state="session", on_change=_other_gene)
    names = [element.name for element in locus.near]
    if names:
        st.selectbox(
            "Enhancer or silencer near it",
            names,
            key="element",
            persist_state="session",
            format_func=lambda name: _element_label(locus, name),
            on_change=state.reset_letters,
        )
    st.markdown("**Letters** · the model reads them too")
    if locus.element is None:
        st.info(f"{locus.gene.symbol} has no enhancer or silencer within 12 kb; choose another gene.")
    else:
        _letters(locus, locus.element)
    st.markdown("**Rules** · the model cannot see these")
    left, right = st.columns(2)
    for number, (key, label, least, most, step, own) in enumerate(state.RULES):
        (left, right)[number % 2].slider(
            label,
            least,
            most,
            step=step,
            key=key,
            persist_state="session",
            help=f"{state.MEANINGS[key]} Shipped: {getattr(state.SHIPPED, own):g}.",
        )
    st.button(
        "As shipped",
        icon=":material/restart_alt:",
        on_click=_reset,
        help="Undoes all changes: letters and rules as they were at first.",
    )


def _reset() -> None:
    state.reset_letters()
    state.reset_rules()


def _letters(locus: Locus, element: Element) -> None:
    whole = len(element_sites(element))
    if st.session_state["sites"] is None or st.session_state["sites"] > whole:
        st.session_state["sites"] = whole
    if st.session_state["distance"] is None:
        st.session_state["distance"] = state.shown_distance(locus)
    what = "silencer" if element.kind == "silencer" else "enhancer"
    left, right = st.columns(2)
    left.slider(
        "Sites left", 0, max(whole, 1), key="sites", persist_state="session",
        help=f"Places in the {what} where a protein can sit. The weakest go first: their letters are shuffled.",
    )  # fmt: skip
    right.slider(
        "Distance, bp", LEAST_BP, MOST_BP, step=state.STEP_BP, key="distance",
        persist_state="session",
        help=f"From the gene's first base. The {what} is written at another place, over as many letters; "
        "its old place is shuffled.",
    )  # fmt: skip
    st.segmented_control(
        "Boundary between them (CTCF sites)", list(state.BOUNDARIES), key="boundary", required=True,
        persist_state="session",
        format_func=state.BOUNDARIES.__getitem__,
    )  # fmt: skip
