"""Asking the playground model about the letters of a locus, before and after a change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from components.messages import waiting_line
from core import runtime, runtime_dna
from core.cards import Provenance
from core.enformer.asking import Question
from core.enformer.averaging import Averaging
from core.enformer.models import DnaModel
from core.enformer.registry import dna_model_sources
from core.enformer.values import TrackSet
from core.errors import ModelFilesError, ModelUnavailableError
from core.settings import settings
from core.teaching.playground.edits import Replacement
from core.teaching.playground.grammar import TRACKS
from core.teaching.playground.locus import Locus
from core.teaching.playground.moves import changed_letters

MODEL = "playground"
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, eq=False)
class Guess:
    """What the model says: (bins, 12) each, over `locus.seen`, in the order of the grammar's tracks."""

    before: np.ndarray
    after: np.ndarray
    provenance: Provenance


def has_model() -> bool:
    """Whether the trained playground model is part of this installation."""
    return any(source.name == MODEL and source.ready for source in dna_model_sources(settings()))


def guess_of(locus: Locus, edits: tuple[Replacement, ...]) -> Guess:
    """The model's tracks of the unchanged and of the changed letters.

    Raises
    ------
    ModelUnavailableError, DeviceMemoryError
        The model is not there, does not know these tracks, or does not fit.
    """
    place = st.empty()
    on_wait = waiting_line(place, "Waiting for the model")
    model = runtime_dna.dna_model(MODEL, on_wait=on_wait)
    before = _predicted(model, locus, ())
    after = _predicted(model, locus, edits) if edits else before
    place.empty()
    return Guess(_over(locus, before), _over(locus, after), before.provenance)


def _predicted(model: DnaModel, locus: Locus, edits: tuple[Replacement, ...]) -> TrackSet:
    window = locus.seen.resize(model.input_bp)
    engine, head = runtime_dna.dna_engine(model), next(iter(model.tables))
    question = Question(engine, changed_letters(window, edits), ("", ""), window, head, Averaging())
    if (found := runtime_dna.known_prediction(question)) is None:
        job = runtime_dna.start_prediction(question, f"Playground, {locus.gene.symbol}")
        runtime.jobs().wait(job, PATIENCE_SECONDS)
        found = runtime_dna.known_prediction(question)
    if found is None:
        raise ModelUnavailableError("The model has not answered within a minute; move a slider to ask it again.")
    return found


def _over(locus: Locus, found: TrackSet) -> np.ndarray:
    """The twelve tracks by their names, over what is seen."""
    columns = {track.description.partition(" (")[0]: number for number, track in enumerate(found.tracks)}
    if found.interval is None or any(name not in columns for name in TRACKS):
        raise ModelFilesError("The playground model does not predict the playground's tracks; fetch it again.")
    first = (locus.seen.start - found.interval.start) // found.bin_size_bp
    bins = locus.seen.width_bp // found.bin_size_bp
    if first < 0 or first + bins > found.bins:
        raise ModelFilesError("The playground model predicts less than is shown here; fetch it again.")
    return found.values[first : first + bins, [columns[name] for name in TRACKS]]
