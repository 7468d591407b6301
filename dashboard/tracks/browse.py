"""The browser on the page: what runs again when a person moves in it, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from components.browser import BrowserState, browser_state, render_browser
from components.browser.scene import Pick, Row
from components.links import LinkField, write_link
from components.messages import plain, render_notes, render_warnings
from components.tracks.choices import RowChoices
from components.tracks.strip import Strip
from components.tracks.track_box import remove_track
from core.enformer.models import DnaModel
from core.enformer.tracks import Track, TrackTable
from dashboard.tracks.attending import ATTENTION_SLOT, render_getting
from dashboard.tracks.contributions import render_letters, render_letters_link, take_letters_bin
from dashboard.tracks.enhancer_link import render_enhancer_link
from dashboard.tracks.enhancers import enhancer_marks, render_enhancers, take_pick
from dashboard.tracks.extra import Extra, Wanted, extra_rows, take_bin
from dashboard.tracks.files import render_reading, with_measured
from dashboard.tracks.going import Seen, follow, go, seen_interval
from dashboard.tracks.near import Near, genes_near, letters_near
from dashboard.tracks.run import Collected, Source, collect
from dashboard.tracks.scene import Look, difference_row, difference_sentence, scene_of, signal_row, track_of
from dashboard.tracks.speed import speed_sentence
from dashboard.tracks.states import render_rules
from dashboard.tracks.status import render_status
from dashboard.tracks.takeaways import render_takeaways
from dashboard.tracks.truth import origin_of, truth_of
from dashboard.tracks.where import Spot

KEY = "browser"


@dataclass(frozen=True, eq=False)
class Asked:
    """All that the page's inputs say.

    Attributes
    ----------
    genome : as the inputs and a link name it.
    locus : what was typed for the place that is shown; `spot` is what it means.
    tracks : shown, from top to bottom. pair : two of them whose difference is shown, or ().
    truth : the grammar's columns of the tracks, () where it is not shown.
    table : of all tracks of the head. wanted : rows beside the tracks.
    fields : of the page's link.
    """

    source: Source
    model: DnaModel
    genome: str
    locus: str
    spot: Spot
    tracks: tuple[Track, ...]
    pair: tuple[Track, ...]
    look: Look
    truth: tuple[int, ...]
    table: TrackTable
    wanted: Wanted
    fields: tuple[LinkField, ...]


def browse(asked: Asked, seen: Seen) -> None:
    """The browser with all that changes as one moves in it."""
    st.session_state.pop("_whole_page", None)  # it runs as a whole now
    st.fragment(_browser)(asked, seen)


def _browser(asked: Asked, at_first: Seen) -> None:
    source, grid, state = asked.source, asked.source.grid, st.session_state
    if state.pop("_whole_page", False):
        st.rerun()
    said = browser_state(KEY, contig=grid.anchor.chrom)
    seen = follow(asked.genome, asked.locus, asked.spot, grid, _place(said))
    moved = at_first.moved and state.get("_glanced") != at_first.move
    state["_glanced"] = at_first.move
    status = st.container(key="tracks_status", horizontal=True, vertical_alignment="center")
    picture, below = st.container(), st.container()  # what is said while one moves must not push the picture down
    with status:
        waiting = st.empty()
    collected = collect(source, seen.start, seen.end, moved=moved, waiting=waiting)
    place = seen_interval(seen, grid)
    near = genes_near(source.ground, place, grid.contig_bp)
    strip = strip_of(asked, seen, collected, near)
    take_bin(said.pick)
    take_letters_bin(said.pick, source.head)
    loaded = (near.stretch.start, near.stretch.end)
    extra = extra_rows(
        asked.wanted, source, strip, asked.spot, table=asked.table, genes=near.genes or (), loaded=loaded
    )  # fmt: skip
    if extra.enhancers is not None and take_pick(extra.enhancers, said.pick):
        st.rerun()
    scene = scene_of(
        strip,
        rows_of(asked, strip, near, seen, extra),
        move=seen.move,
        loaded=loaded,
        states=collected.states,
        choices=state["rows"],
        marks=() if extra.enhancers is None else enhancer_marks(extra.enhancers),
    )
    state["_row_ids"] = [row.id for row in scene.rows]
    with picture:
        render_browser(scene, key=KEY, on_change=lambda: _heard(source.head))
    with status:
        render_status(source, strip, collected)
    with below:
        _offer_gene(said.pick)
        render_letters_link(asked, said.pick)
        render_letters(extra.letters)
        _say(asked, strip, collected, near, extra)
        if extra.enhancers is not None:
            render_enhancers(extra.enhancers, heads_here=extra.attention is None)
            render_enhancer_link(asked, extra.enhancers)
        params = write_link(asked.fields)
        render_takeaways(asked, scene, strip, params)
        render_rules(extra.rules)


def _place(said: BrowserState) -> tuple[str, float, float, int] | None:
    place = said.place
    return None if place is None else (place.contig, place.start, place.end, place.move)


def strip_of(asked: Asked, seen: Seen, collected: Collected, near: Near) -> Strip:
    """What is predicted, with the truth where it is asked for."""
    source = asked.source
    reference = source.ground.reference
    truths = {}
    if asked.truth:
        truths = {number: truth_of(found, asked.truth) for number, found in collected.found.items()}
    return Strip(
        grid=source.grid,
        found=collected.found,
        tracks=asked.tracks,
        bin_size_bp=source.engine.bin_size_bp,
        provenance=source.engine.provenance,
        view=(seen.start, seen.end),
        assembly=reference.assembly,
        genes=near.seen(seen_interval(seen, source.grid)),
        place=asked.spot.place,
        place_name=asked.spot.place_name,
        origin=origin_of(source.ground.name, reference),
        truth=truths if all(values is not None for values in truths.values()) else {},
        plain=collected.plain,
        measured={index: file.title for index, file in asked.wanted.files.over.items()},
    )


def rows_of(asked: Asked, strip: Strip, near: Near, seen: Seen, extra: Extra) -> list[Row]:
    """All rows, in the page's own order."""
    source = asked.source
    letters = letters_near(source.ground, seen_interval(seen, source.grid), source.grid.contig_bp)
    rows: list[Row] = [near.row]
    if letters is not None:
        rows.append(letters)
    files = asked.wanted.files
    for track in asked.tracks:
        row = signal_row(strip, track, source.head, asked.look, with_truth=track.index not in files.over)
        rows.append(with_measured(files, source.ground, strip.chrom, row, track, strip.view))
    if asked.pair:
        rows.append(difference_row(strip, *asked.pair, source.head))
    return [*rows, *extra.rows]


def _heard(head: str) -> None:
    """What a person made of the rows; a callback."""
    state = st.session_state
    said = browser_state(KEY).rows
    if said is None or said == state.get("_rows_heard"):
        return
    state["_rows_heard"] = said
    choices, gone = state.get("rows", RowChoices()).heard(said, state.get("_row_ids", ()))
    for name in gone:
        index = track_of(name, head)
        if index is not None:
            remove_track(index)
        elif name.startswith("difference:"):
            state["pair"] = ()
    own = {name for name in choices.away if track_of(name, head) is None and not name.startswith("difference:")}
    state["rows"] = RowChoices(choices.rows, frozenset(own))
    state["_whole_page"] = bool(gone)


def _say(asked: Asked, strip: Strip, collected: Collected, near: Near, extra: Extra) -> None:
    """What a person should know before looking at it."""
    reference = asked.source.ground.reference
    said = []
    if near.trouble:
        said.append(f"Tracks without genes: {near.trouble}")
    if (trained := asked.model.assembly) and reference.assembly not in (trained, "unknown"):
        said.append(f"The model was trained on {trained}; this genome is {reference.assembly}.")
    if strip.padding_sentence:
        said.append(strip.padding_sentence)
    render_warnings([*collected.troubles, *collected.unknown])
    render_notes(said)
    notes = [note for found in strip.found.values() for note in found.notes if "A, C, G or T" not in note]
    for note in filter(None, [speed_sentence(map(asked.source.question, strip.found)), *dict.fromkeys(notes)]):
        st.caption(plain(note))
    if asked.pair:
        st.caption(plain(difference_sentence(*asked.pair)))
    render_reading()
    if extra.attention is not None and extra.attention.getting.state != "ready":
        render_getting(extra.attention.getting, key="attention", slot=ATTENTION_SLOT)


def _offer_gene(pick: Pick | None) -> None:
    """The gene that was clicked, and a way to go there."""
    if pick is None or pick.kind != "gene" or not pick.name:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(plain(f"Clicked: {pick.name}"), width="content")
        st.button(f"Go to {plain(pick.name)}", type="tertiary", key="go_gene", on_click=_go_gene, args=(pick.name,))


def _go_gene(name: str) -> None:
    go(name)
    st.session_state["_whole_page"] = True
