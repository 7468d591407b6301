"""Language models and what they attend to.

`load_model` gives a `LanguageModel`, `attention` an `AttentionResult`; `head_scores` says what each
head does, `ablate` what changes without some of them. Heavy libraries are imported when a model is
loaded, not here.
"""

from core.language.ablate import ablate
from core.language.attend import attention
from core.language.models import LanguageModel, load_model
from core.language.scores import head_scores
from core.language.values import AttentionResult

__all__ = ["AttentionResult", "LanguageModel", "ablate", "attention", "head_scores", "load_model"]
