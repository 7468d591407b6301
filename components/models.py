"""Choosing a model, and fetching one from the hub."""

from __future__ import annotations

import streamlit as st

from components.job_panel import render_job
from components.messages import plain
from core.jobs import JobManager, JobSpec, PieceContext
from core.language import hub
from core.language.registry import ModelSource
from core.settings import Settings

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


def download_spec(source: ModelSource, options: Settings, owner: str) -> JobSpec:
    """A job that fetches one allow-listed model; an interrupted one goes on where it stopped."""
    model = hub.hub_model(source.name)

    def fetch(piece: int, context: PieceContext) -> None:
        plan = hub.plan_download(model, options, check_cancelled=context.check_cancelled)
        hub.download(
            plan,
            options,
            on_progress=lambda done, total: context.progress(
                done / max(total, 1), f"{hub.size_sentence(done)} of {hub.size_sentence(total)}"
            ),
            check_cancelled=context.check_cancelled,
        )

    return JobSpec(
        key=f"download {options.hub_endpoint} {model.repo}",
        title=f"Download {source.title}",
        queue="network",
        pieces=1,
        run_piece=fetch,
        owner=owner,
        keep_pieces=False,
    )


def render_download(source: ModelSource, manager: JobManager, options: Settings, owner: str) -> None:
    """What the model is, its size, and a button; then progress, an estimate and Cancel."""
    size = hub.size_sentence(source.download_bytes)
    st.subheader(source.title)
    st.write(plain(source.summary))
    st.caption(plain(f"From {source.origin} · {source.licence} · about {size} · kept in the Hugging Face cache"))
    job_key = f"_download_{source.name}"
    verb = "Go on with the download" if source.place == "partial" else "Download"
    if st.button(f"{verb} ({size})", type="primary", icon=":material/download:"):
        st.session_state[job_key] = manager.submit(download_spec(source, options, owner))
    if job_key in st.session_state:
        render_job(manager, st.session_state[job_key], key=job_key)
