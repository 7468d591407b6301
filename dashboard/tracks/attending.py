"""What a bin attends to, as a row of the browser: known at once, quick by itself, or slow when a person says so.

For the page (nothing here stops it; what is not known yet is no row, and `render_getting` says why):

    view = attention_view(question, position, neighbours=0, name="")    # the question of the window that holds it
    rows = attention_rows_of(view)                                      # for Scene.rows
    render_heads(view.layers, view.heads)                               # the choice of layer and head, once a page
    render_getting(view.getting, key="attention")                       # cost and button, progress, what went wrong
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components.browser.scene import AttentionRow
from components.enhancers.rows import attention_rows
from components.enhancers.state import HEAD, LAYER, MEAN, chosen_number
from components.job_panel import render_job
from components.messages import plain
from core import runtime, runtime_attention, runtime_dna
from core.enformer.asking import Question
from core.enformer.attending import AttentionProfile
from core.enformer.attention_asking import AttentionQuestion
from core.enformer.engine import EnformerEngine
from core.errors import AttendomeError, JobError
from dashboard.tracks.run import BY_ITSELF_SECONDS, GLANCE_SECONDS, cost_sentence


@dataclass(frozen=True, eq=False)
class Getting:
    """How far an answer is.

    Attributes
    ----------
    state : "ready", "running", "ask" (slow, not asked for), "ended" (stopped or failed) or "refused".
    job : id of the job that runs or ended, or "".
    cost : in words, where it is not ready. sentence : why it was refused.
    attended, also : what is asked for.
    """

    state: Literal["ready", "running", "ask", "ended", "refused"]
    title: str
    job: str = ""
    cost: str = ""
    sentence: str = ""
    attended: AttentionQuestion | None = None
    also: Question | None = None


def get(attended: AttentionQuestion, title: str, *, slot: str, also: Question | None = None) -> Getting:
    """Find or begin an answer, waiting a moment for a quick one.

    Parameters
    ----------
    slot : name in the session of the job that is watched; a job of this slot that nobody needs any more is left.
    also : a prediction that is needed too.
    """
    asked = {"title": title, "attended": attended, "also": also}
    if _known(attended, also):
        return Getting("ready", **asked)
    state, jobs = st.session_state, runtime.jobs()
    if active := runtime_attention.running_attention(attended, also):
        state[slot] = active
        return Getting("running", job=active, **asked)
    try:
        seconds = runtime_attention.attention_seconds(attended, also)
    except AttendomeError as error:
        return Getting("refused", sentence=str(error), **asked)
    cost = cost_sentence(seconds, 1, attended.asked.engine.device.type)
    last = next((status for status in jobs.statuses() if status.id == state.get(slot)), None)
    if last is not None and last.title != title and last.active:
        with suppress(JobError):
            jobs.leave(last.id, runtime.person())
    if last is not None and last.title == title and last.state in ("failed", "cancelled"):
        return Getting("ended", job=last.id, cost=cost, **asked)
    if seconds > BY_ITSELF_SECONDS:
        return Getting("ask", cost=cost, **asked)
    return _begin(Getting("running", cost=cost, **asked), slot)


def _known(attended: AttentionQuestion, also: Question | None) -> bool:
    predicted = also is None or runtime_dna.known_prediction(also) is not None
    return predicted and runtime_attention.known_attention(attended) is not None


def _begin(getting: Getting, slot: str) -> Getting:
    assert getting.attended is not None
    job = runtime_attention.start_attention(getting.attended, getting.title, getting.also)
    st.session_state[slot] = job
    with suppress(JobError):
        runtime.jobs().wait(job, GLANCE_SECONDS)
    state = "ready" if _known(getting.attended, getting.also) else "running"
    return Getting(state, getting.title, job, getting.cost, "", getting.attended, getting.also)


def render_getting(getting: Getting, *, key: str, slot: str) -> None:
    """What is to be said while an answer is not there: cost and button, progress, or what went wrong."""
    if getting.state == "refused":
        st.error(plain(getting.sentence), icon=":material/info:")
    if getting.state in ("running", "ended") and getting.job:
        status = render_job(runtime.jobs(), getting.job, key=f"{key}_job")
        if getting.state == "running" and (status is None or not status.active):
            st.rerun()  # it ended between the two questions
    if getting.state in ("ask", "ended"):
        again = "Try again" if getting.state == "ended" else "Find out"
        if st.button(f"{again} ({getting.cost})", key=f"{key}_go", icon=":material/play_arrow:", type="primary"):
            assert getting.attended is not None
            st.session_state[slot] = runtime_attention.start_attention(getting.attended, getting.title, getting.also)
            st.rerun()


@dataclass(frozen=True, eq=False)
class AttentionView:
    """What a place attends to.

    Attributes
    ----------
    profile : None while it is not known; `getting` says why.
    name : whose attention it is.
    """

    profile: AttentionProfile | None
    getting: Getting
    name: str
    layers: int
    heads: int


ATTENTION_SLOT = "_attention_job"


def attention_view(question: Question, position: int, *, neighbours: int = 0, name: str = "") -> AttentionView:
    """What the bin of a position attends to.

    Parameters
    ----------
    question : the prediction of a window that holds the position.
    position : 0-based, on the chromosome.
    neighbours : bins on either side that are averaged in (1 for a transcription start).
    name : for example "the start of SIMD3"; else the place of the bins.
    """
    layers, heads = sizes(question.engine)
    title = f"Attention of {name or f'{question.interval.chrom}:{position + 1:,}'}"
    try:
        attended = AttentionQuestion.around(question, position, neighbours)
    except AttendomeError as error:
        return AttentionView(None, Getting("refused", title, sentence=str(error)), name, layers, heads)
    getting = get(attended, title, slot=ATTENTION_SLOT)
    found = runtime_attention.known_attention(attended) if getting.state == "ready" else None
    return AttentionView(found, getting, name, layers, heads)


def sizes(engine: EnformerEngine) -> tuple[int, int]:
    """(layers, heads) of a model."""
    return engine.layers, engine.parts.layers[0].heads if engine.layers else 0


def attention_rows_of(view: AttentionView) -> tuple[AttentionRow, ...]:
    """The row for the browser, with the chosen layer and head; none while the answer is not known."""
    if view.profile is None:
        return ()
    layer, head = chosen_number(LAYER, view.layers), chosen_number(HEAD, view.heads)
    return attention_rows(view.profile, layer=layer, head=head, name=view.name)


def render_heads(
    layers: int, heads: int, *, places: Sequence[DeltaGenerator] | None = None
) -> tuple[int | None, int | None]:
    """The choice of layer and head for attention rows and for the enhancer view; (None, None) is the mean of all.

    Parameters
    ----------
    places : where the two go; by default one under the other.
    """
    found = []
    for number, (key, what, count) in enumerate(((LAYER, "layer", layers), (HEAD, "head", heads))):
        chosen_number(key, count)  # what a link or another model left is checked first
        (st if places is None else places[number]).selectbox(
            what.capitalize(),
            [MEAN, *map(str, range(count))],
            key=key,
            persist_state="session",
            help=f"The {what} whose attention counts, numbered from 0 as in the model, or the mean of all.",
        )
        found.append(chosen_number(key, count))
    return found[0], found[1]
