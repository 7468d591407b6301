"""`Ask`: what the page's sidebar and link say, for all of its parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from components.controls import choose
from components.effects.state import HEADS, SHIFTS, SHIFTS_ON, SPECIES, STRANDS, TRUTH
from components.links import LinkField
from core import runtime_dna
from core.enformer.averaging import Averaging
from dashboard.tracks.truth import is_playground, origin_of, truth_columns
from dashboard.tracks.where import Ground

if TYPE_CHECKING:
    from core.enformer.engine import EnformerEngine
    from core.enformer.models import DnaModel
    from core.enformer.tracks import TrackTable


@dataclass(frozen=True, eq=False)
class Ask:
    """Whom to ask, about which genome, and how.

    Attributes
    ----------
    engine : exact, in float32: effects of single letters are small against what shorter numbers lose.
    genome : as the inputs and a link name it.
    truth : the grammar's columns of all tracks of the head where the simulator's true effect is known and asked for,
        else ().
    origin : of a simulated genome, "" of any other. fields : of the page's link.
    """

    model: DnaModel
    engine: EnformerEngine
    ground: Ground
    genome: str
    head: str
    averaging: Averaging
    title: str
    truth: tuple[int, ...]
    origin: str
    fields: tuple[LinkField, ...]

    @property
    def table(self) -> TrackTable:
        """All tracks of the head."""
        return self.model.tables[self.head]

    @property
    def key(self) -> tuple:
        """What an answer depends on beside the variant."""
        return (self.engine.title, self.genome, self.ground.reference.identity, self.head, self.averaging)


def ask_of(
    model: DnaModel, ground: Ground, genome: str, averaging: Averaging, title: str, fields: tuple[LinkField, ...]
) -> Ask:
    """All of it, with the choice of species and of the truth."""
    head = choose_head(list(model.tables))
    known = is_playground(ground.name, ground.reference) and truth_columns(tuple(model.tables[head]))
    return Ask(
        model=model,
        engine=runtime_dna.dna_engine(model, exact=True),
        ground=ground,
        genome=genome,
        head=head,
        averaging=averaging,
        title=title,
        truth=known if known and choose_truth() else (),
        origin=origin_of(ground.name, ground.reference),
        fields=fields,
    )


def choose_averaging() -> Averaging:
    """Which runs are averaged, and so where the spread comes from."""
    both = st.sidebar.toggle(
        "Average both strands", key=STRANDS, persist_state="session",
        help="Reads the window and its reverse complement: the mean effect, and its spread. Twice the time.",
    )  # fmt: skip
    around = st.sidebar.toggle(
        "Average small shifts", key=SHIFTS_ON, persist_state="session",
        help="Reads the window as it is and moved by 1, 2 and 3 bp to either side. Seven times the time.",
    )  # fmt: skip
    return Averaging(bool(both), SHIFTS if around else ())


def choose_head(heads: list[str]) -> str:
    """The model's output: "human" or "mouse" of Enformer."""
    if len(heads) == 1:
        return heads[0]
    names = {head: head.capitalize() for head in heads if head in HEADS} or {head: head for head in heads}
    return choose(
        "Tracks of", names, SPECIES, help="Enformer has one output for each species; either reads any DNA."
    )  # fmt: skip


def choose_truth() -> bool:
    """Whether the simulator's true effect stands beside the prediction."""
    on = st.sidebar.toggle(
        "True effect", key=TRUTH, persist_state="session",
        help="This genome is simulated, so what a variant truly does is known: it stands beside every prediction.",
    )  # fmt: skip
    return bool(on)
