"""What is ready on this machine: device and models."""

from __future__ import annotations

import os

import psutil
import streamlit as st

from components.messages import plain
from components.models import PLACES
from core import hub
from core.errors import ModelUnavailableError
from core.files import weights_file
from core.sources import ModelSource


def device_sentence(device: str, *, cores: int, free_bytes: int) -> str:
    """For example "Models run on the CPU (2 cores); 12.3 GB of memory are free."."""
    names = {"cpu": f"the CPU ({cores} core{'s' if cores != 1 else ''})", "mps": "the Apple GPU"}
    where = names.get(device, f"the GPU ({device})")
    return f"Models run on {where}; {free_bytes / 1e9:.1f} GB of memory are free."


def models_table(sources: tuple[ModelSource, ...]) -> dict[str, list[str]]:
    """Model, state (with the size of what would be downloaded), kind of weights, what it is."""
    return {
        "Model": [plain(source.title) for source in sources],
        "State": [_state(source) for source in sources],
        "Weights": [source.weights for source in sources],
        "What it is": [plain(source.summary) for source in sources],
    }


def _state(source: ModelSource) -> str:
    if source.seeded:
        return "ready (made when it is loaded)"
    if source.ready:
        try:
            weights_file(source.folder(), source.title)
        except ModelUnavailableError:
            return "files are missing"
        return f"ready ({PLACES[source.place]})"
    return f"{PLACES[source.place]}, {hub.size_sentence(source.download_bytes)}"


def render_models(sources: tuple[ModelSource, ...]) -> None:
    """The table of models; a model to download is fetched on the attention page."""
    st.table(models_table(sources))
    st.caption(
        "Weights: official were published by the model's authors, teaching were trained by Attendome on little data, "
        "local are yours. To download a model, choose it on its page; you see its size first and can cancel."
    )


def render_device(device: str) -> None:
    """One line about the machine."""
    st.write(device_sentence(device, cores=os.cpu_count() or 1, free_bytes=psutil.virtual_memory().available))
