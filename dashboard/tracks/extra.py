"""Rows beside the predicted tracks: files, predicted states, attention, the enhancers of a gene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from components.browser.scene import Pick, Row
from components.tracks.choices import RowChoices
from components.tracks.strip import Strip
from core import runtime_dna, runtime_signals
from core.enformer.states import StateRule
from core.enformer.tracks import Track, TrackTable
from core.errors import AttendomeError
from core.genome.contigs import same_chromosome
from core.genome.gene import Gene, Region
from dashboard.tracks.attending import AttentionView, attention_rows_of, attention_view, render_heads, sizes
from dashboard.tracks.contributions import LETTERS, LettersView, letters_rows_of, letters_view
from dashboard.tracks.enhancers import EnhancerView, attention_rows, enhancer_rows_of, enhancer_view
from dashboard.tracks.files import FileChoice, choose_files, file_rows
from dashboard.tracks.run import Source
from dashboard.tracks.states import choose_states, state_rows, state_rules
from dashboard.tracks.where import Ground, Spot

if TYPE_CHECKING:
    from core.enformer.engine import EnformerEngine

ATTENTION, ATTEND, ENHANCERS = "attention", "attend", "enhancers"
NEIGHBOURS = 1  # bins on either side of a gene's start that are averaged in, as the paper does


@dataclass(frozen=True, eq=False)
class Wanted:
    """Which rows a person wants beside the tracks. `states` : biosamples."""

    files: FileChoice
    states: tuple[str, ...]
    attention: bool
    enhancers: bool
    letters: bool = False


@dataclass(frozen=True, eq=False)
class Extra:
    """These rows, as far as they are known, and what else is said about them."""

    rows: tuple[Row, ...] = ()
    rules: tuple[StateRule, ...] = ()
    attention: AttentionView | None = None
    enhancers: EnhancerView | None = None
    letters: LettersView | None = None


def choose_rows(
    ground: Ground | None, table: TrackTable, tracks: Sequence[Track], engine: EnformerEngine, *, truth: bool
) -> Wanted:
    """A panel with what may be shown beside the tracks, and a switch for the enhancers.

    Parameters
    ----------
    truth : whether the truth lies over the tracks, so that measured signal does not at first.
    """
    state = st.session_state
    away = state.get("rows", RowChoices()).away
    about = "Files, predicted states, attention, contributions"
    with st.popover("More rows", icon=":material/add_row_below:", help=about):
        files = FileChoice() if ground is None else choose_files(ground, tracks, measured=not truth)
        states = choose_states(table)
        attention = st.toggle(
            "Attention of a place", key=ATTENTION, persist_state="session",
            help="What the place that you typed, or a bin that you click, attends to.",
        )  # fmt: skip
        if attention and not state.get(ENHANCERS):
            render_heads(*sizes(engine))
        letters = st.toggle(
            "Contributions of letters", key=LETTERS, persist_state="session",
            help="Gradient × input: which letters made the model say what it says at the place that you typed, or in a "
            "bin that you click.",
        )  # fmt: skip
        if away:
            word = "row is" if len(away) == 1 else "rows are"
            st.button(f"Bring back what was taken away ({len(away)} {word} away)", on_click=_bring_back)
    enhancers = st.toggle(
        "Enhancers of a gene", key=ENHANCERS, persist_state="session",
        help="Which stretches around a gene drive it, by attention, distance and activity.",
    )  # fmt: skip
    return Wanted(files, states, bool(attention), bool(enhancers), bool(letters))


def _bring_back() -> None:
    st.session_state["rows"] = RowChoices(st.session_state["rows"].rows)


def take_bin(pick: Pick | None) -> None:
    """A clicked bin is the one whose attention is shown; each click is heard once."""
    state = st.session_state
    if pick is None or pick.kind != "bin" or pick.number == state.get("_bin_heard"):
        return
    state["_bin_heard"] = pick.number
    if state.get(ATTENTION):
        state[ATTEND] = pick.position


def extra_rows(
    wanted: Wanted,
    source: Source,
    strip: Strip,
    spot: Spot,
    *,
    table: TrackTable,
    genes: Sequence[Gene],
    loaded: tuple[int, int],
) -> Extra:
    """All rows beside the tracks.

    Parameters
    ----------
    genes : near what is seen. loaded : (start, end) that rows are to know.
    """
    ground, rows = source.ground, []
    if wanted.files.rows:
        rows += file_rows(wanted.files, ground, strip.chrom, loaded, strip.seen.width_bp)
    rules: tuple[StateRule, ...] = ()
    if wanted.states and (anchor := _anchor(source, strip)) is not None:
        rules = state_rules(table, wanted.states, anchor)
        rows += state_rows(rules, [strip.found[number] for number in strip.numbers], strip.grid.contig_bp)
    enhancers = _enhancers(wanted, source, strip, spot, genes) if wanted.enhancers else None
    attention = _attention(source, strip, spot) if wanted.attention else None
    if attention is not None:
        rows += attention_rows_of(attention)
    elif enhancers is not None and enhancers.profile is not None and enhancers.gene is not None:
        rows += attention_rows(
            enhancers.profile, layer=enhancers.layer, head=enhancers.head_number,
            name=f"the start of {enhancers.gene.symbol}",
        )  # fmt: skip
    if enhancers is not None:
        rows += enhancer_rows_of(enhancers)
    letters = letters_view(source, strip.tracks, spot, {t.index: t for t in table}) if wanted.letters else None
    return Extra((*rows, *letters_rows_of(letters)), rules, attention, enhancers, letters)


def _anchor(source: Source, strip: Strip):
    """The prediction of the window of the place that was asked for, also where it is out of sight."""
    if 0 in strip.found:
        return strip.found[0]
    try:
        return runtime_dna.known_prediction(source.question(0))
    except AttendomeError:
        return None


def _attention(source: Source, strip: Strip, spot: Spot) -> AttentionView | None:
    position = st.session_state.get(ATTEND)
    typed = position is None or not 0 <= position < strip.grid.contig_bp
    if typed:
        position = spot.place.centre
    number = strip.grid.covering(position, position + 1).start
    named = f"the start of {spot.place_name}" if typed and spot.place_name else ""
    try:
        question = source.question(number)
    except AttendomeError:
        return None
    return attention_view(question, position, neighbours=NEIGHBOURS if named else 0, name=named)


def _enhancers(wanted: Wanted, source: Source, strip: Strip, spot: Spot, genes: Sequence[Gene]) -> EnhancerView:
    regions, name = _regions(wanted, source.ground, strip.chrom)
    return enhancer_view(
        source.engine, source.ground, source.head, source.averaging, genes, spot, strip.grid.anchor.width_bp,
        regions=regions, regions_name=name,
    )  # fmt: skip


def _regions(wanted: Wanted, ground: Ground, chrom: str) -> tuple[tuple[Region, ...], str]:
    """Regions of the first file of such, as candidates for enhancers, and its name."""
    for each in wanted.files.rows:
        if each.kind == "regions":
            track = runtime_signals.opened_regions(each, ground.reference)
            return tuple(r for r in track.regions if same_chromosome(r.interval.chrom, chrom)), each.title
    return (), ""
