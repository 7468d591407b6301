"""Back, forward and the box for a place, with suggestions of genes as one types; what is typed stays as it is typed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from components.tracks.visits import Visits

HERE = Path(__file__).parent
KEY = "locus_box"
ANSWERED = "_locus_box_answered"  # number of the last text that was heard from the box
MAX_CHARACTERS = 200
MAX_NAMES = 25_000

_MOUNT = st.components.v2.component(
    "attendome_locus_box",
    html=(HERE / "locus_box.html").read_text(encoding="utf-8"),
    css=(HERE / "locus_box.css").read_text(encoding="utf-8"),
    js=(HERE / "locus_box.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def render_locus_box(
    text: str,
    names: Sequence[str],
    *,
    asked: int,
    wrong: bool,
    visits: Visits,
    placeholder: str,
    on_go: Callable[[str], None],
    on_step: Callable[[int], None],
) -> None:
    """The line with its buttons.

    Parameters
    ----------
    text : what is in it.
    names : of genes, for the suggestions.
    asked : counts the places that were asked for; a new number puts `text` into the box again.
    wrong : whether the text could not be understood.
    visits : whether there is something to go back or forward to.
    on_go : called with what a person typed or chose, before the page runs again. on_step : with -1 or 1.
    """

    def went() -> None:
        sent = (st.session_state.get(KEY) or {}).get("go")
        if not isinstance(sent, dict):
            return
        text, number = sent.get("text"), sent.get("number")
        if isinstance(text, str) and isinstance(number, int):
            st.session_state[ANSWERED] = number
            on_go(text[:MAX_CHARACTERS])

    def stepped() -> None:
        if (by := (st.session_state.get(KEY) or {}).get("step")) in (-1, 1):
            on_step(by)

    data = {
        "text": text,
        "names": list(names[:MAX_NAMES]),
        "asked": asked,
        "answered": st.session_state.get(ANSWERED, 0),
        "wrong": wrong,
        "back": visits.can_go_back,
        "forward": visits.can_go_forward,
        "placeholder": placeholder,
    }
    _MOUNT(key=KEY, data=data, on_go_change=went, on_step_change=stepped)
