"""The browser on the page: what runs again when a person moves in it, or while something is computed."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components.browser import BrowserState, browser_state, render_browser
from components.contributions.state import ROWS, asked_methods
from components.links import LinkField, write_link
from components.messages import plain, render_notes, render_warnings
from components.tracks.choices import RowChoices
from core.genome.interval import Interval
from core.genome.window import check_window
from dashboard.contributions.agreeing import agreements, render_agreement, sample_of
from dashboard.contributions.aim import Aim, on_contig
from dashboard.contributions.asked import wanted_answers
from dashboard.contributions.getting import Answer, collect, first_of
from dashboard.contributions.moving import Seen, follow, remember_place
from dashboard.contributions.mutating import render_mutating
from dashboard.contributions.panels import motifs_of, render_unnamed
from dashboard.contributions.question import value_words
from dashboard.contributions.scene import predicted, rows_of, scene_of
from dashboard.contributions.status import render_status
from dashboard.contributions.takeaways import render_takeaways
from dashboard.contributions.tools import render_zoom
from dashboard.tracks.near import Near, genes_near
from dashboard.tracks.where import on_chromosome

KEY = "ctb_browser"
REFRESH_SECONDS = 1.0


def browse(aim: Aim, fields: tuple[LinkField, ...]) -> None:
    """The browser with all that changes as one moves in it; once a second while something is computed."""
    st.session_state.pop("_ctb_whole_page", None)  # it runs as a whole now
    watching = bool(st.session_state.get("_ctb_watch"))
    st.fragment(_browser, run_every=REFRESH_SECONDS if watching else None)(aim, fields, watching)


def _browser(aim: Aim, fields: tuple[LinkField, ...], watching: bool) -> None:
    state = st.session_state
    if state.pop("_ctb_whole_page", False):
        st.rerun()
    said = browser_state(KEY, contig=aim.window.chrom)
    seen = follow(aim, _place(said))
    remember_place(aim.genome, state["dna"], aim.locus)
    line = st.container(key="ctb_status", horizontal=True, vertical_alignment="center")
    zoom, picture, below = st.container(), st.container(), st.container()
    with line:
        waiting = st.empty()
    answers, refused = wanted_answers(aim)
    answers = collect(answers, waiting)
    if sample_of(answers) is None:  # known only now which letters to check
        answers, refused = wanted_answers(aim)
        answers = collect(answers, waiting)
    shown = [answer for answer in answers if not answer.what]
    main = first_of(shown, asked_methods()[0])
    named = motifs_of(aim, main)
    prediction = predicted(aim)
    state["_ctb_watch"] = (
        any(answer.state == "running" for answer in answers)
        or (named is not None and named.running)
        or prediction.running
    )
    near = genes_near(aim.ground, Interval(aim.window.chrom, seen.start, seen.end), aim.contig_bp)
    agreed = agreements(shown, answers)
    notes = {key: one.note for key, one in agreed.items()}
    rows = rows_of(aim, seen, near, shown, notes, () if named is None else named.rows, prediction.found)
    scene = scene_of(aim, seen, near, rows, shown)
    state["_ctb_row_ids"] = [row.id for row in scene.rows]
    with zoom, st.container(horizontal=True, vertical_alignment="center", gap="small"):
        render_zoom(aim, None if main is None else main.scores)
    with picture:
        render_browser(scene, key=KEY, on_change=_heard)
    with line:
        render_status(answers, value_words(aim, next((a.scores for a in shown if a.scores is not None), None)))
    with below:
        render_agreement(aim, answers, agreed)
        render_mutating(aim, seen, answers)
        render_warnings(refused)
        _say(aim, seen, near, shown, said=bool(refused))
        render_unnamed(named)
        render_takeaways(aim, seen, scene, shown, write_link(fields))
    if state["_ctb_watch"] != watching:
        st.rerun()  # so that the page looks again by itself, or no longer; what is known is seen before


def _place(said: BrowserState) -> tuple[str, float, float, int] | None:
    place = said.place
    return None if place is None else (place.contig, place.start, place.end, place.move)


def _heard() -> None:
    """What a person made of the rows; a callback."""
    state = st.session_state
    said = browser_state(KEY).rows
    if said is None or said == state.get("_ctb_rows_heard"):
        return
    state["_ctb_rows_heard"] = said
    state[ROWS], _ = state.get(ROWS, RowChoices()).heard(said, state.get("_ctb_row_ids", ()))


def _say(aim: Aim, seen: Seen, near: Near, answers: Sequence[Answer], *, said: bool) -> None:
    """What a person should know before looking at it; `said` is whether the crop was explained already."""
    _tell(_notes(aim, seen, near, answers, said), answers)


def _notes(aim: Aim, seen: Seen, near: Near, answers: Sequence[Answer], explained: bool) -> list[str]:
    reference, window = aim.ground.reference, aim.window
    said = [f"Contributions without genes: {near.trouble}"] if near.trouble else []
    if (trained := aim.model.assembly) and reference.assembly not in (trained, "unknown"):
        said.append(f"The model was trained on {trained}; this genome is {reference.assembly}.")
    if not explained and (seen.start < max(0, window.start) or seen.end > min(window.end, aim.contig_bp)):
        said.append(
            f"The model reads {on_contig(window, aim.contig_bp).locus} for this question. Of letters outside of it "
            "nothing is known, so the rows end there: a contribution of 0 would say that they do not matter."
        )
    elif seen.end <= aim.shown.start or seen.start >= aim.shown.end:
        said.append(
            f"What is seen is read, but lies in the crop: only {aim.shown.locus} is predicted. Its letters can still "
            "contribute to the bins that are explained, as they do here."
        )
    question = answers[0].question if answers else None
    if question is not None:
        place = on_chromosome(window, aim.ground)
        inside = question.sequence[place.start - window.start :][: place.width_bp]
        if unknown := check_window(inside, place, reference.name):
            said.append(unknown)
    return said


def _tell(said: Sequence[str], answers: Sequence[Answer]) -> None:
    render_notes(said)
    notes = [note for answer in answers if answer.scores is not None for note in answer.scores.notes]
    for note in dict.fromkeys(notes):
        st.caption(plain(note))
