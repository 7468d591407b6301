"""Attendome with its slow imports and default model begun at start, while the browser opens."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import streamlit as st

from core import runtime, runtime_dna, runtime_effects, runtime_motifs
from core.errors import AttendomeError


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Warm up beside the server, which answers at once."""
    threading.Thread(target=warm_up, name="warm-up", daemon=True).start()
    yield


def warm_up() -> None:
    """What the first pages need, one after the other."""
    runtime.warm_up()
    runtime_dna.warm_up()
    with suppress(AttendomeError):  # the contributions page says why
        runtime_motifs.motif_seconds()  # reads the motifs
    runtime_effects.warm_up()


app = st.App(str(Path(__file__).with_name("app.py")), lifespan=lifespan)
