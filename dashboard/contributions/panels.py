"""Under the picture: motifs, the enhancers of a gene, attention against contributions; one at a time."""

from __future__ import annotations

import streamlit as st

from components.contributions.state import MOTIFS, PANEL, PANELS, TRUTH, asked_methods
from components.messages import plain
from core import runtime_contributions
from core.errors import AttendomeError
from core.genome.interval import Interval
from dashboard.contributions.aim import Aim
from dashboard.contributions.asked import question_of
from dashboard.contributions.attention_panel import render_against_attention
from dashboard.contributions.enhancer_panel import render_enhancers
from dashboard.contributions.getting import Answer
from dashboard.contributions.motif_panel import FoundMotifs, find_motifs, render_motifs
from dashboard.contributions.moving import look

MOTIF_GLANCE_SECONDS = 0.02  # the picture does not wait for names


def _truth(aim: Aim) -> Interval | None:
    """The bins that are explained, where what is true of them is known."""
    return aim.place if aim.is_playground and st.session_state.get(TRUTH) else None


def motifs_of(aim: Aim, main: Answer | None) -> FoundMotifs | None:
    """Names for the runs of tall letters of the first gradient method, as rows of the browser; None where they are not
    wanted, or the letters are not known yet."""
    wanted = st.session_state.get(MOTIFS) or st.session_state.get(PANEL) == "motifs"
    if not wanted or main is None or main.state != "ready" or main.scores is None:
        return None
    return find_motifs(main.scores, truth=_truth(aim), glance=MOTIF_GLANCE_SECONDS)


def render_unnamed(found: FoundMotifs | None) -> None:
    """Why there are no motifs, where they are wanted."""
    if found is None or st.session_state.get(PANEL) == "motifs":
        return
    if found.step.state == "refused":
        st.caption(plain(f"No motifs are named: {found.step.sentence}"))
    elif found.step.state in ("ask", "ended"):
        st.caption("Motifs are not named yet; “Motifs” below says what it takes.")


def render_panels(aim: Aim) -> None:
    """The choice, and what is chosen: nothing is computed of the others."""
    st.segmented_control(
        "More about these contributions", list(PANELS), format_func=PANELS.__getitem__, key=PANEL,
        persist_state="session",
    )  # fmt: skip
    chosen = st.session_state.get(PANEL)
    if chosen == "motifs":
        _motifs(aim)
    elif chosen == "enhancers":
        render_enhancers(aim, on_place=look)
    elif chosen == "attention":
        render_against_attention(aim)


def _motifs(aim: Aim) -> None:
    try:
        scores = runtime_contributions.known_contributions(question_of(aim, aim.side, asked_methods()[0]))
    except AttendomeError as error:
        st.error(plain(str(error)), icon=":material/info:")
        return
    if scores is None:
        st.info("Motifs are named once contributions are computed.", icon=":material/info:")
        return
    render_motifs(
        scores, key="ctb_motif", unit=aim.side.unit, file_name=f"contributions-{aim.name}", truth=_truth(aim),
        on_place=look,
    )  # fmt: skip
