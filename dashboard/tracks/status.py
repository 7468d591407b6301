"""One line over the browser: what is being predicted, what it would cost, how to stop it."""

from __future__ import annotations

import streamlit as st

from components.job_panel import job_text
from components.messages import plain
from components.tracks.strip import Strip
from dashboard.tracks.run import ITSELF, Collected, Source, cost_sentence, press, short_cost, stop, waited_for

REFRESH_SECONDS = 0.3
SHOWN_AFTER_SECONDS = 1.0


def render_status(source: Source, strip: Strip, collected: Collected) -> None:
    """In a container of its own, which is as high whatever it says."""
    if strip.plain and ("running" in collected.states.values() or not collected.is_slow):
        st.caption(plain(f"Shown: {strip.plain_words}."), width="content")
    if "running" in collected.states.values():
        st.fragment(_watch, run_every=REFRESH_SECONDS)()
    elif collected.is_slow:
        runs = len(source.averaging.runs)
        cost = cost_sentence(collected.seconds, runs, source.engine.device.type)
        many = len(collected.missing)
        what = "Not predicted here yet" if not strip.found else "The next window is not predicted yet"
        if strip.plain:
            what = f"Shown: {strip.plain_words}"
        more = f" ({many} windows are in sight)" if many > 1 else ""
        st.caption(plain(f"{what}{more}. It takes {cost}."), width="content")
        key = next(iter(collected.missing.values())).key
        word = "Average" if strip.plain else "Predict the next window" if strip.found else "Predict"
        st.button(
            f"{word} ({short_cost(collected.seconds)})", type="primary", icon=":material/play_arrow:",
            key="predict", on_click=press, args=(key,),
        )  # fmt: skip
        _by_itself()
        return
    elif collected.missing:
        what = "averaged" if strip.plain else "predicted"
        st.caption(f"Stopped; a part of what is seen is not {what}.", width="content")
        key = next(iter(collected.missing.values())).key
        st.button("Predict", icon=":material/play_arrow:", key="predict", on_click=press, args=(key,))
        return
    else:
        said = collected.troubles[0] if collected.troubles and not strip.found else strip.window_sentence
        if collected.crowded:
            said = f"Predicted: the {len(collected.found)} windows nearest to the middle. Zoom in to see more of them."
        st.caption(plain(said), width="content")
    if st.session_state.get(ITSELF):
        _by_itself()


def _by_itself() -> None:
    st.toggle(
        "By itself", key=ITSELF, persist_state="session",
        help="Predicts whatever is looked at, without asking first.",
    )  # fmt: skip


def _watch() -> None:
    """What is waited for, twice a second and more; runs the page again as soon as one of them ends."""
    statuses = waited_for()
    if not statuses or not all(status.active for status in statuses):
        st.rerun()
    first = min(statuses, key=lambda status: (status.state != "running", status.position))
    if first.seconds_elapsed < SHOWN_AFTER_SECONDS and first.state == "running":
        st.caption("Predicting …")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(first.fraction, text=plain(f"{first.title} · {job_text(first)}"))
        st.button("Cancel", key="tracks_cancel", on_click=stop)
