"""Language models and what they attend to.

`load_model` gives a `LanguageModel`, `attention` an `AttentionResult`. Heavy libraries are
imported when a model is loaded, not here.
"""

from core.language.attend import attention
from core.language.models import LanguageModel, load_model
from core.language.values import AttentionResult

__all__ = ["AttentionResult", "LanguageModel", "attention", "load_model"]
