"""The panel that lays attention beside contributions: does attention explain?

render_against_attention(aim)     # where the panel is open: it begins work
"""

from __future__ import annotations

import streamlit as st

from components.contributions.against_attention import against_csv, against_drawing
from components.contributions.enhancer_state import ATTENDED_JOB, LETTERS_JOB
from components.drawing import render_drawing
from components.messages import plain
from core import runtime_attention, runtime_contributions, runtime_dna
from core.attribution.against_attention import RULE, AgainstAttention, against_attention
from core.attribution.target import first_bin
from core.enformer.attention_asking import AttentionQuestion
from core.enformer.averaging import Averaging
from core.errors import AttendomeError
from dashboard.contributions.aim import Aim
from dashboard.contributions.enhancer_panel import chosen_heads, gradient_question, gradient_step, render_heads
from dashboard.contributions.steps import render_step
from dashboard.tracks.attending import get, render_getting
from dashboard.tracks.truth import origin_of


def render_against_attention(aim: Aim, *, key: str = "ctb_against") -> AgainstAttention | None:
    """Attention of the question's bins and gradient x input of the question, bin by bin, in the page's window.

    Parameters
    ----------
    key : prefix of what is on the page once.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        render_heads(aim)
    try:
        found = _found(aim, key)
    except AttendomeError as error:
        st.error(plain(str(error)), icon=":material/info:")
        return None
    if found is None:
        return None
    origin = origin_of(aim.ground.name, aim.ground.reference)
    provenance = " · ".join(filter(None, [found.provenance.sentence, origin]))
    columns = st.columns(3)
    columns[0].metric("Rank correlation", _metric(found.spearman))
    columns[1].metric("With the distance taken out", _metric(found.partial))
    columns[2].metric("Contribution and nearness", _metric(found.of_distance[0]))
    st.markdown(plain(found.sentence))
    render_drawing(against_drawing(found, provenance=provenance), key=f"{key}_rows")
    st.download_button(
        "CSV of the bins", data=lambda: against_csv(found), file_name="attention-contributions.csv", mime="text/csv",
        icon=":material/table:", key=f"{key}_csv", on_click="ignore",
    )  # fmt: skip
    with st.expander("How this is computed", icon=":material/school:"):
        st.markdown(
            f"{plain(RULE)} Attention is computed before the model knows which track is asked for, so it is the same "
            "for every track; contributions are of the question above. Gradient × input, absolute values added up over "
            "the letters of each bin."
        )
    return found


def _metric(value: float) -> str:
    return f"{value:.2f}".replace("-", "−") if value == value else "not defined"


def _found(aim: Aim, key: str) -> AgainstAttention | None:
    question = runtime_dna.question_at(aim.engine, aim.ground.reference, aim.window, aim.head, Averaging())
    target = aim.side.target
    first = first_bin(aim.engine, aim.window.width_bp)
    attended = AttentionQuestion(question, tuple(first + number for number in target.bins))
    getting = get(attended, f"Attention of {aim.name}", slot=f"{ATTENDED_JOB}_against")
    letters = gradient_question(question, target)
    finding = gradient_step(letters, f"Letters of {aim.name}", slot=f"{LETTERS_JOB}_against")
    if getting.state != "ready":
        render_getting(getting, key=f"{key}_around", slot=f"{ATTENDED_JOB}_against")
    render_step(finding, key=f"{key}_letters", slot=f"{LETTERS_JOB}_against", verb="Find contributions")
    profile, scores = runtime_attention.known_attention(attended), runtime_contributions.known_contributions(letters)
    if profile is None or scores is None:
        return None
    layer, head = chosen_heads(aim)
    return against_attention(scores, profile, layer=layer, head=head)
