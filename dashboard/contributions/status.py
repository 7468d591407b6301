"""One line over the browser: what is being computed, what it would cost, how to stop it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components.job_panel import job_text
from components.messages import plain
from core.attribution.values import METHOD_TITLES
from dashboard.contributions.getting import Answer, press, stop, waited_for

SHOWN_AFTER_SECONDS = 1.0


def render_status(answers: Sequence[Answer], value: str) -> None:
    """In a container of its own, one thing at a time.

    Parameters
    ----------
    value : said where there is nothing to wait for.
    """
    rows = [one for one in answers if not one.what]
    running = [one for one in rows if one.state == "running"]
    waiting = [one for one in rows if one.state in ("ask", "ended")]
    if running and (statuses := waited_for(running)):
        first = min(statuses, key=lambda status: (status.state != "running", status.position))
        if first.seconds_elapsed < SHOWN_AFTER_SECONDS and first.state == "running":
            st.caption("Reading …")
        else:
            st.progress(first.fraction, text=plain(f"{first.title} · {job_text(first)}"))
            st.button("Cancel", key="ctb_cancel", on_click=stop, args=([one.key for one in running],))
    elif waiting:
        _offer(waiting)
    elif value:
        st.caption(plain(value))
    for one in rows:
        if one.sentence and one.state in ("refused", "ended"):
            st.error(plain(f"{one.title}: {one.sentence}"), icon=":material/info:")


def _offer(waiting: Sequence[Answer]) -> None:
    names = list(dict.fromkeys(METHOD_TITLES[one.method] for one in waiting))
    seconds = sum(one.seconds or 0.0 for one in waiting)
    which = f"{', '.join(names)} of {len(waiting)} questions" if len(waiting) > len(names) else ", ".join(names)
    ended = any(one.state == "ended" and not one.sentence for one in waiting)
    partly = any(one.scores is not None or one.blocks is not None for one in waiting)
    state = "Stopped" if ended else "Partly computed" if partly else "Not computed yet"
    takes = "The rest takes" if partly else "It takes"
    st.caption(plain(f"{state}: {which}. {takes} {_cost(waiting[0], seconds)}."), width="content")
    word = "Go on" if partly else "Compute"
    st.button(
        f"{word} ({_cost(waiting[0], seconds, short=True)})", type="primary", icon=":material/play_arrow:",
        key="ctb_compute", on_click=press, args=([one.key for one in waiting],),
    )  # fmt: skip


def _cost(one: Answer, seconds: float, *, short: bool = False) -> str:
    from dataclasses import replace

    return replace(one, seconds=seconds).cost(short=short)
