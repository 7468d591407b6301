"""How far each gradient method agrees with true changes of letters: printed under the logo, with a warning where it
does not."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import streamlit as st

from components.messages import plain
from core.attribution.agreement import Agreement, agreement
from core.errors import AttendomeError
from core.jobs.status import format_seconds
from dashboard.contributions.aim import Aim
from dashboard.contributions.getting import Answer, press, stop, waited_for
from dashboard.tracks.run import short_cost

SAMPLE = "Check by mutagenesis"
SAMPLED = "Half of these letters have the largest contributions, the others are random ones of the window."


@dataclass(frozen=True, eq=False)
class Agreed:
    """A row's agreement.

    Attributes
    ----------
    note : at the right of the row's title.
    """

    found: Agreement

    @property
    def note(self) -> str:
        """For example "r = 0.93 with mutagenesis"."""
        r = self.found.pearson
        return "r with mutagenesis: none" if r != r else f"r = {r:.2f} with mutagenesis"


def sample_of(answers: Sequence[Answer]) -> Answer | None:
    """The mutagenesis of sampled letters, as far as it is."""
    return next((one for one in answers if one.what == SAMPLE), None)


def agreements(shown: Sequence[Answer], answers: Sequence[Answer]) -> dict[str, Agreed]:
    """Key of a question -> its agreement, of the main question's gradient methods."""
    sample = sample_of(answers)
    if sample is None or sample.scores is None:
        return {}
    found = {}
    for one in shown:
        if one.scores is None or one.scores.is_mutagenesis or one.side is not sample.side:
            continue
        with suppress(AttendomeError):  # too few letters so far
            found[one.key] = Agreed(agreement(one.scores, sample.scores))
    return found


def render_agreement(aim: Aim, answers: Sequence[Answer], agreed: dict[str, Agreed]) -> None:
    """A line for each method, a warning where one disagrees; before it is known, what it costs."""
    sample = sample_of(answers)
    if sample is not None and sample.state == "running":
        _checking(sample)
        return
    for one in agreed.values():
        if one.found.disagrees:
            st.warning(plain(one.found.sentence), icon=":material/warning:")
        else:
            st.caption(plain(one.found.sentence), help=SAMPLED)
    if sample is None or sample.state == "ready":
        return
    if sample.state == "refused":
        st.caption(plain(f"Whether gradients agree with true changes cannot be told here: {sample.sentence}"))
        return
    if sample.sentence:
        st.caption(plain(sample.sentence))
    count = len(sample.question.positions or ())
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if not agreed:
            st.caption(
                "Not checked yet: whether gradients agree with true changes of letters.", width="content"
            )  # fmt: skip
        st.button(
            f"Check {count} letters ({short_cost(sample.seconds or 0)})", key="ctb_check", icon=":material/rule:",
            on_click=press, args=([sample.key],),
            help=SAMPLED,
        )  # fmt: skip


def _checking(sample: Answer) -> None:
    status = next(iter(waited_for([sample])), None)
    left = "" if status is None or status.seconds_left is None else f", {format_seconds(status.seconds_left)} left"
    done = 0.0 if status is None else status.fraction
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="ctb_checking"):
        st.caption(
            f"Checking gradients by true changes of {len(sample.question.positions or ())} letters: {done:.0%}{left}.",
            width="content",
        )  # fmt: skip
        st.button("Stop", key="ctb_check_stop", type="tertiary", on_click=stop, args=([sample.key],))
