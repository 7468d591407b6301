"""One line over the browser: what is being computed, what it would cost, how to stop it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components.job_panel import job_text
from components.messages import plain
from core.attribution.values import METHOD_TITLES
from dashboard.contributions.getting import Answer, press, stop, waited_for

SHOWN_AFTER_SECONDS = 1.0


def render_status(answers: Sequence[Answer]) -> None:
    """In a container of its own."""
    running = [answer for answer in answers if answer.state == "running"]
    if running and (statuses := waited_for()):
        first = min(statuses, key=lambda status: (status.state != "running", status.position))
        if first.seconds_elapsed < SHOWN_AFTER_SECONDS and first.state == "running":
            st.caption("Reading …")
        else:
            st.progress(first.fraction, text=plain(f"{first.title} · {job_text(first)}"))
            st.button("Cancel", key="ctb_cancel", on_click=stop)
        return
    waiting = [one for one in answers if one.state in ("ask", "ended") and not one.what]
    if waiting:
        _offer(waiting)
    for one in answers:
        if one.sentence and one.state in ("refused", "ended"):
            st.error(plain(f"{one.title}: {one.sentence}"), icon=":material/info:")


def _offer(waiting: Sequence[Answer]) -> None:
    names = list(dict.fromkeys(METHOD_TITLES[one.method] for one in waiting))
    seconds = sum(one.seconds or 0.0 for one in waiting)
    which = f"{', '.join(names)} of {len(waiting)} questions" if len(waiting) > len(names) else ", ".join(names)
    ended = any(one.state == "ended" and not one.sentence for one in waiting)
    st.caption(plain(f"{'Stopped' if ended else 'Not computed yet'}: {which}. It takes {_cost(waiting[0], seconds)}."),
               width="content")  # fmt: skip
    word = "Go on" if ended and any(one.scores is not None for one in waiting) else "Compute"
    st.button(
        f"{word} ({_cost(waiting[0], seconds, short=True)})", type="primary", icon=":material/play_arrow:",
        key="ctb_compute", on_click=press, args=([one.key for one in waiting],),
    )  # fmt: skip


def _cost(one: Answer, seconds: float, *, short: bool = False) -> str:
    from dataclasses import replace

    return replace(one, seconds=seconds).cost(short=short)
