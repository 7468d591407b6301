"""The tracks page's inputs. Each is in the page's link, and checked again here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from components.controls import choose
from components.messages import plain
from components.models import model_label
from components.tracks.bar import forget_places
from components.tracks.choices import RowChoices
from components.tracks.state import CAGE_SCALES, SCALES, SHIFTS
from components.tracks.visits import Visits
from core.sources import ModelSource


def choose_model(sources: Sequence[ModelSource]) -> ModelSource:
    """The chosen model."""
    labels = {source.name: model_label(source) for source in sources}
    _keep("dna", labels)
    chosen = st.sidebar.selectbox(
        "Model", list(labels), format_func=labels.__getitem__, key="dna", persist_state="session"
    )
    return next(source for source in sources if source.name == chosen)


def choose_genome(labels: dict[str, str]) -> str:
    """Name of the chosen genome; each genome remembers the place that was looked at."""
    _keep("genome", labels)
    return st.sidebar.selectbox(
        "Genome",
        list(labels),
        format_func=labels.__getitem__,
        key="genome",
        persist_state="session",
        on_change=other_genome,
    )


def _keep(key: str, labels: dict[str, str]) -> None:
    """The value that another page left, or the first: straight from page to page, a box that nobody touched and both
    have falls back to its first entry unless its value is set again."""
    given = st.session_state.get(key)
    st.session_state[key] = given if given in labels else next(iter(labels))


def other_genome() -> None:
    """Places of one genome are nothing in another: take the place that this one was left at, or its first example."""
    state = st.session_state
    state["locus"] = state.get("_loci", {}).get(state["genome"], "")
    state["_asks"] = state.get("_asks", 0) + 1
    state.update(span=None, _visits=Visits())
    forget_places()


def remember_locus(genome: str, locus: str) -> None:
    """For `other_genome`."""
    loci = st.session_state.setdefault("_loci", {})
    loci[genome] = locus
    while len(loci) > 20:
        del loci[next(iter(loci))]


def first_locus(examples: Sequence[tuple[str, str]]) -> None:
    """Nothing typed yet is the first example; a box that a person emptied is not."""
    state = st.session_state
    emptied = state.pop("_emptied", False)
    if not emptied and not (state.get("locus") or "").strip() and examples:
        state["locus"] = examples[0][1]


def render_examples(places: Sequence[tuple[str, str]], label: str, go: Callable[[str], None]) -> None:
    """Words that go to a place."""
    if not places:
        return
    st.caption(label, width="content")
    for name, locus in places:
        st.button(plain(name), key=f"place_{label}_{name}", type="tertiary", on_click=go, args=(locus,))


def choose_species(heads: Sequence[str]) -> str:
    """The model's output: "human" or "mouse" of Enformer."""
    if len(heads) == 1:
        return heads[0]
    return choose(
        "Tracks of",
        {head: head.capitalize() for head in heads},
        "species",
        on_change=_no_tracks,
        help="Enformer has one output for each species; either reads any DNA.",
    )


def _no_tracks() -> None:
    st.session_state.update(tracks=[], pair=())


def choose_averaging() -> tuple[bool, tuple[int, ...]]:
    """(reverse complement, shifts in bp)."""
    both = st.sidebar.toggle(
        "Average both strands",
        key="rc",
        persist_state="session",
        help="Reads the window and its reverse complement, and shows the mean with its spread. Twice the time.",
    )
    around = st.sidebar.toggle(
        "Average small shifts",
        key="shifts",
        persist_state="session",
        help="Reads the window as it is and moved by 1, 2 and 3 bp to either side. Seven times the time.",
    )
    return bool(both), SHIFTS if around else ()


def choose_truth(*, measured: bool = False) -> bool:
    """Whether the grammar's truth is laid over the prediction; not while `measured` signal is."""
    on = st.sidebar.toggle(
        "Truth (measured is shown instead)" if measured else "Truth",
        key="truth",
        persist_state="session",
        disabled=measured,
        help="This genome is simulated, so what the model should say is known: a line over each prediction."
        + (" Switch off “Measured signal” to see it." if measured else ""),
    )
    return bool(on) and not measured


def choose_heights(has_logs: bool) -> tuple[bool, bool]:
    """(one scale for an assay, CAGE as a logarithm), of all rows; a row's own menu may say otherwise."""
    heights = choose(
        "Heights",
        SCALES,
        "heights",
        help="One per assay: tracks of the same assay share a scale. A row's menu changes it for that row.",
        on_change=lambda: _forget_rows(scaling=True),
    )
    if not has_logs:
        return heights == "assay", st.session_state.get("cage", "log") != "linear"
    cage = choose(
        "CAGE scale",
        CAGE_SCALES,
        "cage",
        help="CAGE counts span four powers of ten. A row's menu changes it for that row.",
        on_change=lambda: _forget_rows(log=True),
    )
    return heights == "assay", cage != "linear"


def _forget_rows(**parts: bool) -> None:
    """What was chosen for single rows gives way to a choice for all."""
    st.session_state["rows"] = st.session_state.get("rows", RowChoices()).without(**parts)
