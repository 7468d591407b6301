"""Choosing a model, and fetching one from the hub."""

from __future__ import annotations

import streamlit as st

from components.job_panel import render_job
from components.messages import plain
from core import hub
from core.jobs import JobManager, JobSpec, PieceContext
from core.settings import Settings
from core.sources import ModelSource

PLACES = {
    "bundled": "bundled",
    "folder": "local folder",
    "downloaded": "downloaded",
    "partial": "download begun",
    "available": "to download",
}


def model_label(source: ModelSource) -> str:
    """For example "GPT-2 small (548 MB)"; what is ready needs no size."""
    if source.ready:
        return source.title
    return f"{source.title} ({hub.size_sentence(source.download_bytes)})"


def download_key(source: ModelSource, options: Settings) -> str:
    """What makes two downloads the same job, whoever asks for them.

    Raises
    ------
    UnknownModelError
        The model is not on the list of those that may be fetched.
    """
    return f"download {options.hub_endpoint} {source.wanted.repo}"


def download_spec(source: ModelSource, options: Settings, owner: str) -> JobSpec:
    """A job that fetches one allow-listed model; an interrupted one goes on where it stopped."""
    model = source.wanted

    def fetch(piece: int, context: PieceContext) -> None:
        plan = hub.plan_download(model, options, check_cancelled=context.check_cancelled)

        def sentence(done: int) -> str:
            return f"{source.title}: {hub.size_sentence(done)} of {hub.size_sentence(plan.total_bytes)}"

        here = plan.total_bytes - plan.missing_bytes
        context.resumed(here / plan.total_bytes, sentence(here))
        hub.download(
            plan,
            options,
            on_progress=lambda done, total: context.progress(done / total, sentence(done)),
            check_cancelled=context.check_cancelled,
        )

    return JobSpec(
        key=download_key(source, options),
        title=f"Download {source.title}",
        queue="network",
        pieces=1,
        run_piece=fetch,
        owner=owner,
        keep_pieces=False,
    )


def render_download(source: ModelSource, manager: JobManager, options: Settings, owner: str) -> None:
    """What the model is, its size, and a button; or the download that runs, whoever began it, with its Cancel."""
    size = hub.size_sentence(source.download_bytes)
    st.subheader(source.title)
    st.write(plain(source.summary))
    st.caption(plain(f"From {source.origin} · {source.licence} · about {size} · kept in the Hugging Face cache"))
    panel = f"_download_{source.name}"
    if active := manager.active(download_key(source, options)):
        st.session_state[panel] = active
        status = render_job(manager, active, key=panel)
        if status is None or not status.active:  # it ended between the two questions
            st.rerun()
        return
    if hub.hub_status(source.wanted, options) == "downloaded":  # it ended since the page began
        st.rerun()
    verb = "Go on with the download" if source.place == "partial" else "Download"
    if st.button(f"{verb} ({size})", type="primary", icon=":material/download:"):
        st.session_state[panel] = manager.submit(download_spec(source, options, owner))
        st.rerun()
    shown = st.session_state.get(panel)
    if any(status.id == shown and status.state != "done" for status in manager.statuses()):
        render_job(manager, shown, key=panel)


def render_broken_download(source: ModelSource, options: Settings) -> None:
    """For a downloaded model that could not be loaded: a button that deletes its files, so that it can be fetched anew.

    Nothing for a model that came from elsewhere.
    """
    if source.place != "downloaded":
        return
    if st.button("Remove and download again", type="primary", icon=":material/delete:"):
        source.remove()
        st.rerun()
