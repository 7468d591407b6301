"""The tracks page's inputs. Each is in the page's link, and checked again here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from components.controls import choose
from components.messages import plain
from components.models import model_label
from components.tracks.state import CAGE_SCALES, SCALES, SHIFTS
from components.tracks.view import MAX_SHOWN
from core.errors import UnknownGeneError
from core.sources import ModelSource

if TYPE_CHECKING:
    from core.enformer.tracks import TrackTable

FIRST_SHOWN = 4
# Of the playground's tracks: open DNA and gene starts of both cell types.
PLAYGROUND_FIRST = ("PG00", "PG01", "PG06", "PG07")
FOUND = 60


def choose_model(sources: Sequence[ModelSource]) -> ModelSource:
    """The chosen model."""
    labels = {source.name: model_label(source) for source in sources}
    if st.session_state.get("dna") not in labels:
        st.session_state["dna"] = next(iter(labels))
    chosen = st.sidebar.selectbox(
        "Model", list(labels), format_func=labels.__getitem__, key="dna", persist_state="session"
    )
    return next(source for source in sources if source.name == chosen)


def choose_genome(labels: dict[str, str]) -> str:
    """Name of the chosen genome; each genome remembers the place that was looked at."""
    if st.session_state.get("genome") not in labels:
        st.session_state["genome"] = next(iter(labels))
    return st.sidebar.selectbox(
        "Genome",
        list(labels),
        format_func=labels.__getitem__,
        key="genome",
        persist_state="session",
        on_change=other_genome,
    )


def other_genome() -> None:
    """Places of one genome are nothing in another: take the place that this one was left at, or its first example."""
    state = st.session_state
    state["locus"] = state.get("_loci", {}).get(state["genome"], "")


def remember_locus(genome: str) -> None:
    """For `other_genome`."""
    loci = st.session_state.setdefault("_loci", {})
    loci[genome] = st.session_state["locus"]
    while len(loci) > 20:
        del loci[next(iter(loci))]


def type_locus(examples: Sequence[tuple[str, str]]) -> str:
    """What is typed into the box, and buttons with places to begin with. It stays as typed whatever happens to it."""
    if not (st.session_state.get("locus") or "").strip() and examples:
        st.session_state["locus"] = examples[0][1]
    typed = st.text_input(
        "Gene, locus or position",
        key="locus",
        max_chars=200,
        persist_state="session",
        placeholder="CD44, chr11:35,082,742-35,197,430 or chr11:35.1M",
        help="A gene puts its transcription start in the middle, a locus its centre. Positions are counted from 1.",
    )
    render_places(examples, "Examples")
    return typed or ""


def render_places(places: Sequence[tuple[str, str]], label: str) -> None:
    """A row of buttons that fill the box."""
    if not places:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(label, width="content")
        for name, locus in places:
            st.button(plain(name), key=f"place_{label}_{name}", type="tertiary", on_click=_go, args=(locus,))


def _go(locus: str) -> None:
    st.session_state["locus"] = locus


def offer_genes(error: UnknownGeneError) -> None:
    """Names that look like the one that was typed."""
    render_places([(name, name) for name in error.nearest], "Did you mean")


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
    st.session_state["tracks"] = []


def first_tracks(table: TrackTable) -> list[int]:
    """What is shown until a person chooses: the first named set, else the first few tracks."""
    if sets := table.sets():
        return list(sets[0].indices)[:MAX_SHOWN]
    if playground := [track.index for track in table if track.identifier in PLAYGROUND_FIRST]:
        return playground
    return [track.index for track in table][:FIRST_SHOWN]


def choose_tracks(table: TrackTable, beside: Callable[[], None] = lambda: None) -> tuple[int, ...]:
    """Indices of the tracks to show, in the order in which they were chosen; never none.

    `beside` puts something next to the search.
    """
    state = st.session_state
    state["tracks"] = [index for index in state.get("tracks") or () if index in table][:MAX_SHOWN]
    if not state["tracks"]:
        state["tracks"] = first_tracks(table)
    labels = {track.index: track.label for track in table}
    st.multiselect(
        "Tracks",
        state["tracks"] + [index for index in _offered(table) if index not in state["tracks"]],
        format_func=labels.__getitem__,
        key="tracks",
        max_selections=MAX_SHOWN,
        persist_state="session",
        placeholder="Choose tracks",
        help=f"At most {MAX_SHOWN}. The search below knows all of them.",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.popover(f"Find among {len(table):,} tracks", icon=":material/search:", type="tertiary"):
            _search(table)
        beside()
    return tuple(state["tracks"][:MAX_SHOWN]) or tuple(first_tracks(table))


def _offered(table: TrackTable) -> list[int]:
    """Tracks that the box lists without a search: all of a small table, else those of the named sets."""
    if len(table) <= FOUND:
        return [track.index for track in table]
    return list(dict.fromkeys(index for named in table.sets() for index in named.indices))


def _search(table: TrackTable) -> None:
    sets = {named.name: named for named in table.sets()}
    if sets:
        st.pills("Sets", list(sets), key="track_set", on_change=lambda: _use_set(sets))
    text = st.text_input("Search", key="track_search", placeholder="cage k562", max_chars=100)
    assay = st.pills("Assay", table.assays, key="track_assay") if len(table.assays) > 1 else None
    found = table.search(text or "", FOUND, assay=assay)
    more = f"; the first {len(found)} are listed" if found.total > len(found) else ""
    st.caption(f"{found.total:,} found{more}. Tick those to show.")
    for track in found:
        on = track.index in st.session_state["tracks"]
        full = len(st.session_state["tracks"]) >= MAX_SHOWN
        st.checkbox(
            plain(track.label), value=on, key=f"track_{track.index}_{on}", disabled=full and not on,
            on_change=_toggle, args=(track.index,), help=plain(f"{track.description} · {track.unit}"),
        )  # fmt: skip


def _use_set(sets: dict) -> None:
    if chosen := sets.get(st.session_state.get("track_set")):
        st.session_state["tracks"] = list(chosen.indices)[:MAX_SHOWN]
    st.session_state["track_set"] = None


def _toggle(index: int) -> None:
    shown = list(st.session_state["tracks"])
    st.session_state["tracks"] = [i for i in shown if i != index] if index in shown else [*shown, index][:MAX_SHOWN]


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


def choose_truth() -> bool:
    """Whether the grammar's truth is laid over the prediction."""
    on = st.sidebar.toggle(
        "Truth",
        key="truth",
        persist_state="session",
        help="This genome is simulated, so what the model should say is known: a line over each prediction.",
    )
    return bool(on)


def choose_heights(has_logs: bool) -> tuple[bool, bool]:
    """(one scale for an assay, CAGE as a logarithm)."""
    heights = choose("Heights", SCALES, "heights", help="One per assay: tracks of the same assay share a scale.")
    cage = choose("CAGE", CAGE_SCALES, "cage") if has_logs else st.session_state.get("cage", "log")
    return heights == "assay", cage != "linear"
