"""What travels with every model and every result: where it came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

WeightsKind = Literal["official", "teaching", "random", "local"]


@dataclass(frozen=True)
class Provenance:
    """Where a result came from; every figure prints `sentence`.

    Attributes
    ----------
    model : name a person knows the model by.
    revision : commit or the first 12 hexadecimal digits of the weights' sha256.
    weights : official (published by the model's authors), teaching (trained by this project on
        small data), random, or local (a folder of the person who runs the app).
    precision : for example "float32".
    assembly : genome assembly, for DNA results only.
    """

    model: str
    revision: str
    weights: WeightsKind
    precision: str = "float32"
    assembly: str | None = None

    @property
    def sentence(self) -> str:
        """For example "MiniLM encoder · official weights 53aa51172d14 · float32"."""
        parts = [self.model, f"{self.weights} weights {self.revision}", self.precision]
        if self.assembly:
            parts.append(self.assembly)
        return " · ".join(parts)


@dataclass(frozen=True)
class ModelCard:
    """What a person should know about a model before believing a picture of it.

    Attributes
    ----------
    name : the name that code and links use, for example "minilm".
    title : the name on the page.
    architecture : "gpt2", "bert", "distilbert", "marian" or "enformer".
    layers, heads, context : sizes; context in tokens, of an Enformer in base pairs.
    weights : see `Provenance`.
    summary : one or two sentences for students.
    source, licence : where the weights come from.
    facts : measured figures, (what, value), for example ("bits per character, Pollyanna", "1.80").
    limits : what the model should not be trusted with.
    """

    name: str
    title: str
    architecture: str
    layers: int
    heads: int
    context: int
    weights: WeightsKind
    revision: str
    parameters: int
    summary: str
    source: str
    licence: str
    facts: tuple[tuple[str, str], ...] = field(default=())
    limits: str = ""
