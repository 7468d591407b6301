"""The line of tools: methods with their cost, what else is shown, the strand, and buttons that zoom."""

from __future__ import annotations

import streamlit as st

from components.contributions.rows import MEANS
from components.contributions.state import METHODS, MOTIFS, ROWS, SHORT, STRAND, STRANDS, TRUTH, asked_methods
from components.messages import plain
from components.tracks.choices import RowChoices
from core.attribution.values import METHOD_TITLES, Method
from core.errors import AttendomeError
from dashboard.contributions.aim import Aim, on_contig
from dashboard.contributions.asked import cost_of, question_of
from dashboard.contributions.getting import press
from dashboard.contributions.moving import around, look, strongest
from dashboard.tracks.run import short_cost

NEAR_BP, WIDE_BP, STRONG_BP, FAR_BP = 100, 1000, 200, 1000


def render_tools(aim: Aim) -> None:
    """Methods, more rows, strand."""
    _methods(aim)
    _more(aim)
    st.segmented_control(
        "Strand", list(STRANDS), format_func={"+": "Forward", "-": "Reverse"}.__getitem__, key=STRAND, required=True,
        label_visibility="collapsed", persist_state="session",
        help="Reverse is drawn from right to left with complementary letters, as the other strand reads.",
    )  # fmt: skip


def _methods(aim: Aim) -> None:
    panel = st.popover(
        "Methods", icon=":material/functions:", key="ctb_methods_panel", on_change="rerun",
        help="How contributions are found, and what each way costs",
    )  # fmt: skip
    if not panel.open:
        return
    on = asked_methods()
    with panel:
        for short, method in SHORT.items():
            cost = _cost_words(aim, method)
            st.checkbox(
                f"{METHOD_TITLES[method]} ({cost})", value=method in on, key=f"ctb_method_{short}_{method in on}",
                on_change=_toggle, args=(aim, short), disabled=on == (method,), help=plain(MEANS[method]),
            )  # fmt: skip
        st.caption(
            "Saturation mutagenesis, the slow and exact way, has its own button under the picture: it is of what is "
            "seen."
        )


def _cost_words(aim: Aim, method: Method) -> str:
    try:
        seconds = sum(cost_of(question_of(aim, side, method)) for side in aim.sides)
    except AttendomeError:
        return "cannot run here"
    return "known" if seconds == 0 else short_cost(seconds) if seconds >= 1 else "under 1 s"


def _toggle(aim: Aim, short: str) -> None:
    """Whoever ticks a method has read its cost, so it begins."""
    state = st.session_state
    chosen = [name for name in SHORT if SHORT[name] in asked_methods()]
    if short in chosen:
        state[METHODS] = [name for name in chosen if name != short]
        return
    state[METHODS] = [name for name in SHORT if name in (*chosen, short)]
    press(question_of(aim, side, SHORT[short]).key for side in aim.sides)


def _more(aim: Aim) -> None:
    with st.popover("Rows", icon=":material/add_row_below:", help="Motifs, truth, rows that were taken away"):
        st.toggle(
            "Motifs", key=MOTIFS, persist_state="session",
            help="Runs of tall letters, matched to known motifs, as named boxes.",
        )  # fmt: skip
        if aim.is_playground:
            st.toggle(
                "Truth", key=TRUTH, persist_state="session",
                help="This genome is simulated: the sites of its grammar, and what its tracks should be.",
            )  # fmt: skip
        away = st.session_state.get(ROWS, RowChoices()).away
        if away:
            word = "row is" if len(away) == 1 else "rows are"
            st.button(f"Bring back what was taken away ({len(away)} {word} away)", on_click=_bring_back)


def _bring_back() -> None:
    st.session_state[ROWS] = RowChoices(st.session_state[ROWS].rows)


def render_zoom(aim: Aim, scores) -> None:
    """Buttons that zoom; those to the strongest letters once gradients are known.

    Parameters
    ----------
    scores : of the main question over the whole window, or None.
    """
    name = "TSS" if aim.start is not None else "Middle"
    places = [
        (f"{name} ± {NEAR_BP} bp", around(aim, NEAR_BP), "The middle of the question"),
        (f"{name} ± {WIDE_BP:,} bp", around(aim, WIDE_BP), "A kilobase to both sides"),
    ]
    if scores is not None:
        far = (aim.place.start - FAR_BP, aim.place.end + FAR_BP)
        places += [
            (f"Strongest {STRONG_BP} bp", _wider(strongest(scores, STRONG_BP), aim), "Where contributions are largest"),
            (
                f"Strongest beyond {FAR_BP:,} bp", _wider(strongest(scores, STRONG_BP, apart=far), aim),
                "The same, further than a kilobase from what is explained: enhancers",
            ),
        ]  # fmt: skip
    places.append(
        ("All that is read", (max(0, aim.window.start), min(aim.contig_bp, aim.window.end)), _window_words(aim))
    )
    for number, (label, view, help) in enumerate(places):
        st.button(label, key=f"ctb_zoom_{number}", on_click=look, args=view, type="tertiary", help=help)


def _window_words(aim: Aim) -> str:
    read, shown = on_contig(aim.window, aim.contig_bp), on_contig(aim.shown, aim.contig_bp)
    return f"The model reads {read.locus}, {aim.window.width_bp:,} bp, and predicts {shown.locus} of it"


def _wider(stretch: tuple[int, int], aim: Aim) -> tuple[int, int]:
    return max(0, stretch[0] - 5), min(aim.contig_bp, stretch[1] + 5)
