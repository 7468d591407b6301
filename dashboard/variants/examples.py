"""Variants to begin with: of the playground, where the true effect is known, and of the human genome."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from components.messages import plain
from core.genome.reference import Reference
from dashboard.tracks.truth import is_playground
from dashboard.tracks.where import Ground

# A letter of an NFE2 site in an enhancer of SIMA5; one 230 bp beside it that no factor reads; five letters of the site.
CAUSAL, NEUTRAL, DELETION = "sim1:70974:T:G", "sim1:71200:G:A", "sim1:70972:TATGAC:T"
PLAYGROUND = (("In a motif", CAUSAL), ("Beside it", NEUTRAL), ("A deletion", DELETION))
# rs12740374, a common variant that makes a C/EBP site upstream of SORT1 (Musunuru et al. 2010).
HUMAN = (("rs12740374 (SORT1)", "chr1-109274968-G-T"),)


def examples_for(ground: Ground) -> tuple[tuple[str, str], ...]:
    """(name, variant) of a genome."""
    if is_playground(ground.name, ground.reference):
        return PLAYGROUND
    return HUMAN if _is_hg38(ground.reference) else ()


def _is_hg38(reference: Reference) -> bool:
    return reference.assembly == "hg38"


def first_variant(ground: Ground) -> str:
    """What the box begins with."""
    found = examples_for(ground)
    return found[0][1] if found else ""


def render_examples(ground: Ground, choose: Callable[[str], None]) -> None:
    """Words that take a variant."""
    found = examples_for(ground)
    if not found:
        return
    st.caption("Examples", width="content")
    for name, variant in found:
        st.button(plain(name), key=f"var_example_{variant}", type="tertiary", on_click=choose, args=(variant,))
