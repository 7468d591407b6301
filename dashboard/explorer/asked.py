"""`Asked`: everything that the attention page was asked, for its parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from components.recipe import Run
from core import runtime
from core.language import AttentionResult, LanguageModel
from core.language.maps import MapOptions, Pick
from core.language.models import Outline
from core.language.registry import ModelSource
from core.language.values import AttentionKind

Heads = tuple[tuple[int, int], ...]


@dataclass(frozen=True, eq=False)
class Asked:
    """One rerun of the page.

    Attributes
    ----------
    text, target_text, kind : as for `core.language.attention`.
    off : heads that are switched off.
    view, tool : as the page names them; no tool is None.
    layer, head : the sliders' numbers; `picks` are what the picture shows, "mean" and "max" among them.
    available : all models that a browser may name.
    """

    model: LanguageModel
    sizes: Outline
    text: str
    target_text: str | None
    kind: AttentionKind | None
    off: Heads
    view: str
    tool: str | None
    layer: int
    head: int
    picks: tuple[Pick, Pick]
    options: MapOptions
    scale: str
    available: Sequence[ModelSource]
    on_wait: runtime.OnWait

    def run(self, without: Heads = ()) -> Run:
        """What a script has to run for this picture."""
        return Run(self.model.card.name, self.text, self.target_text, self.kind, without)

    def attention(self, without: Heads = ()) -> AttentionResult:
        """The attention of this text without some heads, run once for everyone who asks the same.

        Raises
        ------
        TextError, DeviceMemoryError
            As `core.runtime.attention_result`.
        """
        return attention_of(self.model, self.run(without), self.on_wait)


def attention_of(model: LanguageModel, run: Run, on_wait: runtime.OnWait) -> AttentionResult:
    """The attention that a `Run` describes."""
    return runtime.attention_result(
        model, run.text, run.target_text, kind=run.kind, without=run.without, on_wait=on_wait
    )
