"""What the engine did not have to compute, in words, and how far its arithmetic is from float32."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from core import runtime_dna
from core.enformer.asking import SMALL_RUN, Question
from core.enformer.engine import EnformerEngine
from core.enformer.models import DnaModel
from core.enformer.progress import run_costs
from core.jobs.status import format_seconds
from core.runtime_dna import Took

LEAST_REUSED = 0.05
LEAST_SECONDS = 2.0
EXACT = "exact"


def choose_engine(model: DnaModel) -> EnformerEngine:
    """The model's engine; of a large model a person may ask for float32 whatever is faster."""
    engine = runtime_dna.dna_engine(model)
    if is_small(engine, model.input_bp):
        return engine
    exact = st.sidebar.toggle(
        "Exact float32",
        key=EXACT,
        persist_state="session",
        help="Off: the fastest arithmetic of this machine with which every track keeps a correlation of 0.9999 with "
        "float32; how far it is off is printed under the picture. On: float32, as the published code computes.",
    )
    return runtime_dna.dna_engine(model, exact=True) if exact else engine


def is_small(engine: EnformerEngine, length: int) -> bool:
    """Whether a window of this length is too small for the choice to matter."""
    return run_costs(engine.parts, length) < SMALL_RUN


def speed_sentence(questions: Iterable[Question]) -> str:
    """Of the shown windows that this process predicted, the one that reused most; "" where none reused anything."""
    known = [took for q in questions if (took := runtime_dna.took(q)) is not None and took.reused >= LEAST_REUSED]
    if not known:
        return ""
    return took_words(max(known, key=lambda took: took.reused))


def took_words(took: Took) -> str:
    """For example "Reused 98 % of the tower: 7 s instead of about 40 s."."""
    share = f"Reused {min(0.999, took.reused):.0%} of the tower".replace("%", " %")
    if took.whole_seconds is None or took.whole_seconds < LEAST_SECONDS or took.whole_seconds <= took.seconds:
        return f"{share}."
    whole = format_seconds(took.whole_seconds).removeprefix("about ")
    return f"{share}: {format_seconds(took.seconds).removeprefix('about ')} instead of about {whole}."
