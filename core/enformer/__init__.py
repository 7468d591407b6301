"""Enformer: DNA in, thousands of tracks or attention out.

`load_model` gives a model, `EnformerEngine` runs it (or an `enformer_pytorch.Enformer`) and gives a `TrackSet`. Heavy
libraries are imported when a model is loaded, not here.
"""

from core.enformer.edits import Edit, EditPredictions
from core.enformer.engine import EnformerEngine
from core.enformer.models import DnaModel, load_model
from core.enformer.tracks import Track, TrackTable
from core.enformer.values import TrackSet

__all__ = ["DnaModel", "Edit", "EditPredictions", "EnformerEngine", "Track", "TrackSet", "TrackTable", "load_model"]
