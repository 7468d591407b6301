"""What is ready on this machine: device and models."""

from __future__ import annotations

import os
import platform

import pandas as pd
import psutil
import streamlit as st

from components.models import PLACES
from core.language import hub
from core.language.registry import ModelSource
from core.settings import Settings


def device_sentence(wanted: str, *, cores: int, free_bytes: int, machine: str) -> str:
    """For example "Runs on the CPU (2 cores, x86_64) with 12.3 GB of memory free."."""
    names = {"auto": "the GPU if there is one, else the CPU", "cpu": "the CPU", "mps": "the Apple GPU"}
    where = names.get(wanted, f"the GPU {wanted}")
    return f"Runs on {where} ({cores} CPU core{'s' if cores != 1 else ''}, {machine}); {free_bytes / 1e9:.1f} GB free."


def models_table(sources: tuple[ModelSource, ...]) -> pd.DataFrame:
    """Model, state, download size, kind of weights, origin; ready models first as they come."""
    return pd.DataFrame(
        {
            "Model": [source.title for source in sources],
            "State": [PLACES[source.place] for source in sources],
            "Download": ["" if source.ready else hub.size_sentence(source.download_bytes) for source in sources],
            "Weights": [source.weights for source in sources],
            "What it is": [source.summary for source in sources],
            "From": [source.origin for source in sources],
        }
    )


def render_device(options: Settings) -> None:
    """One line about the machine."""
    free = psutil.virtual_memory().available
    st.write(
        device_sentence(options.device, cores=os.cpu_count() or 1, free_bytes=free, machine=platform.machine())
    )


def render_models(sources: tuple[ModelSource, ...]) -> None:
    """The table of models; a model to download is fetched on the attention page."""
    st.dataframe(
        models_table(sources),
        hide_index=True,
        column_config={
            "Model": st.column_config.TextColumn(width="small"),
            "State": st.column_config.TextColumn(width="small"),
            "Download": st.column_config.TextColumn(width="small"),
            "Weights": st.column_config.TextColumn(
                width="small", help="official: published by its authors · teaching: trained by Attendome"
            ),
            "What it is": st.column_config.TextColumn(width="large"),
        },
    )
    st.caption("To download a model, choose it on the Attention page; you see its size first and can cancel.")
