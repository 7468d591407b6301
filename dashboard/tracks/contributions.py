"""From the tracks to their letters: the link "Which letters did that?", and contributions as a row of the browser.

For the page (nothing here stops it; what is not known yet is no row, and `render_letters` says why):

    render_letters_link(asked, pick)               # what was clicked, as a question of the contributions page
    view = letters_view(source, table, tracks, spot)   # None where it is not wanted
    rows = letters_rows_of(view)                   # for Scene.rows
    render_letters(view)                           # cost and button, progress, what went wrong
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from components.browser.scene import Pick, Row
from components.contributions.rows import logo_row
from components.contributions.state import BOTH_STRANDS, HEAD, HEADS, LESS, SHIFTED, TRACKS, WINDOW
from components.contributions.words import question_words, where_words
from components.effects import state as variants
from components.job_panel import render_job
from components.messages import plain
from core import runtime, runtime_contributions
from core.attribution.target import Target
from core.attribution.values import ContributionScores
from core.enformer.tracks import Track
from core.errors import AttendomeError, JobError
from core.genome.interval import Interval
from dashboard.tracks.run import BY_ITSELF_SECONDS, GLANCE_SECONDS, Source, cost_sentence
from dashboard.tracks.scene import track_of
from dashboard.tracks.where import Spot

if TYPE_CHECKING:
    from core.attribution.asking import ContributionQuestion
    from dashboard.tracks.browse import Asked

LETTERS = "letters_of"
AT = "_letters_at"  # (track, position) of the bin that was clicked
_SLOT = "_letters_job"
START_BINS = 3
_DIFFERENCE = re.compile(r"difference:\w+:(\d+)-(\d+)")


def link_params(asked: Asked, pick: Pick | None) -> tuple[str, dict[str, str]] | None:
    """(what was clicked, the link's parameters) of a clicked gene or bin; None of anything else."""
    if pick is None or not asked.tracks:
        return None
    source = asked.source
    params = {"dna": st.session_state["dna"], "genome": asked.genome}
    params |= {HEAD: source.head} if source.head != HEADS[0] else {}
    params |= {BOTH_STRANDS: "1"} if source.averaging.reverse_complement else {}
    params |= {SHIFTED: "1"} if source.averaging.shifts else {}
    if pick.kind == "gene" and pick.name:
        track = next((track for track in asked.tracks if track.assay == "CAGE"), asked.tracks[0])
        return f"{pick.name}, {track.label}", params | {"locus": pick.name, TRACKS: str(track.index)}
    if pick.kind != "bin":
        return None
    bins = _bin_at(source, pick.position)
    if bins is None:
        return None
    place, window = bins
    params |= {"locus": place.locus, WINDOW: str(window.start + 1)}
    if found := _DIFFERENCE.fullmatch(pick.row):
        return f"{place.locus}, the difference", params | {TRACKS: found[1], LESS: found[2]}
    index = track_of(pick.row, source.head)
    if index is None:
        return None
    label = next((track.label for track in asked.tracks if track.index == index), f"track {index}")
    return f"{place.locus}, {label}", params | {TRACKS: str(index)}


def _bin_at(source: Source, position: int) -> tuple[Interval, Interval] | None:
    """(the bin that holds a position, the window that predicts it); None where the bin reaches off the chromosome."""
    grid, size = source.grid, source.engine.bin_size_bp
    numbers = grid.covering(position, position + 1)
    if not numbers:
        return None
    shown = grid.seen(numbers.start)
    start = shown.start + (position - shown.start) // size * size
    if start < 0 or start + size > grid.contig_bp:
        return None
    return Interval(shown.chrom, start, start + size), grid.window(numbers.start)


def render_letters_link(asked: Asked, pick: Pick | None) -> None:
    """Under the browser, once a bin or a gene was clicked."""
    if (found := link_params(asked, pick)) is None:
        return
    what, params = found
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(plain(f"Clicked: {what}"), width="content")
        st.page_link(
            "views/contributions.py", label="Which letters did that?", icon=":material/match_case:",
            query_params=params, width="content",
        )  # fmt: skip
        if (change := change_params(asked, pick)) is not None:
            st.page_link(
                "views/variants.py", label="Change a letter here", icon=":material/change_history:",
                query_params=change, width="content",
            )  # fmt: skip


def change_params(asked: Asked, pick: Pick | None) -> dict[str, str] | None:
    """The link's parameters of the letter that was clicked, for the page that changes it; None of anything else."""
    if pick is None or pick.kind != "bin" or (bins := _bin_at(asked.source, pick.position)) is None:
        return None
    params = {"dna": st.session_state["dna"], "genome": asked.genome}
    params |= {variants.SPECIES: asked.source.head} if asked.source.head != HEADS[0] else {}
    if (index := track_of(pick.row, asked.source.head)) is not None:
        params |= {variants.TRACKS: str(index), variants.TRACK: str(index)}
    return params | {variants.VARIANT: f"{bins[0].chrom}:{int(pick.position) + 1}"}


def take_letters_bin(pick: Pick | None, head: str) -> None:
    """A clicked bin of a track is the one whose letters are shown; each click is heard once."""
    state = st.session_state
    if pick is None or pick.kind != "bin" or pick.number == state.get("_letters_heard"):
        return
    state["_letters_heard"] = pick.number
    index = track_of(pick.row, head)
    if state.get(LETTERS) and index is not None:
        state[AT] = (index, pick.position)


@dataclass(frozen=True, eq=False)
class LettersView:
    """The row, as far as it is known.

    Attributes
    ----------
    scores : None while they are not known; then `job` runs, or `cost` says what it takes, or `sentence` why not.
    """

    question: ContributionQuestion
    short: str
    unit: str
    title: str
    scores: ContributionScores | None = None
    job: str = ""
    cost: str = ""
    sentence: str = ""


def letters_view(source: Source, tracks: Sequence[Track], spot: Spot, known: Mapping[int, Track]) -> LettersView | None:
    """Gradient x input of the clicked bin, or of the typed place with the first CAGE track that is shown.

    Parameters
    ----------
    tracks : shown. known : index -> track of the head.
    """
    if not tracks:
        return None
    clicked = st.session_state.get(AT)
    try:
        if clicked is not None and clicked[0] in known:
            track, bins = known[clicked[0]], _bin_at(source, clicked[1])
            if bins is None:
                return None
            place, window = bins
            numbers = ((place.start - window.start - source.grid.margin_bp) // place.width_bp,)
            where = where_words(1, place.locus, is_start=False)
        else:
            track = next((track for track in tracks if track.assay == "CAGE"), tracks[0])
            window, numbers, where = _typed(source, spot)
        target = Target((track.index,), numbers, question_words((track,), (), where), source.head)
        question = runtime_contributions.question_at(
            source.engine, source.ground.reference, window, target, "gradient_x_input", source.averaging
        )
    except AttendomeError:
        return None
    return _get(LettersView(question, f"{track.label} {where}", track.unit, f"Letters of {track.label}"), source)


def _typed(source: Source, spot: Spot) -> tuple[Interval, tuple[int, ...], str]:
    """(window, bins, words) of the place that was typed."""
    grid, size = source.grid, source.engine.bin_size_bp
    middle = (spot.place.centre - grid.anchor.start - grid.margin_bp) // size
    if spot.place_name:
        numbers = tuple(range(middle - START_BINS // 2, middle + START_BINS // 2 + 1))
        return grid.anchor, numbers, where_words(len(numbers), spot.place_name, is_start=True)
    start = grid.anchor.start + grid.margin_bp + middle * size
    return (
        grid.anchor,
        (middle,),
        where_words(1, Interval(grid.anchor.chrom, start, start + size).locus, is_start=False),
    )


def _get(view: LettersView, source: Source) -> LettersView:
    from dataclasses import replace

    question, state, jobs = view.question, st.session_state, runtime.jobs()
    if (scores := runtime_contributions.known_contributions(question)) is not None:
        return replace(view, scores=scores)
    last = state.get(_SLOT)
    if last is not None and last[0] != question.key:
        with suppress(JobError):
            jobs.leave(last[1], runtime.person())
        state.pop(_SLOT)
        last = None
    if last is not None:
        return replace(view, job=last[1])
    try:
        seconds = runtime_contributions.contribution_seconds(question)
    except AttendomeError as error:
        return replace(view, sentence=str(error))
    if seconds > BY_ITSELF_SECONDS:
        return replace(view, cost=cost_sentence(seconds, len(source.averaging.runs), source.engine.device.type))
    job = runtime_contributions.start_contributions(question, view.title)
    state[_SLOT] = (question.key, job)
    with suppress(JobError):
        jobs.wait(job, GLANCE_SECONDS)
    return replace(view, scores=runtime_contributions.known_contributions(question), job=job)


def letters_rows_of(view: LettersView | None) -> tuple[Row, ...]:
    """The row for the browser; none while it is not known."""
    return () if view is None or view.scores is None else (logo_row(view.scores, view.short, view.unit),)


def render_letters(view: LettersView | None) -> None:
    """What is to be said while the row is not there."""
    if view is None or view.scores is not None:
        return
    if view.sentence:
        st.error(plain(view.sentence), icon=":material/info:")
    elif view.job:
        status = render_job(runtime.jobs(), view.job, key="letters_job")
        if status is None or (not status.active and status.state == "done"):
            st.session_state.pop(_SLOT, None)
            st.rerun()
    if view.cost and st.button(f"Contributions ({view.cost})", key="letters_go", icon=":material/play_arrow:"):
        job = runtime_contributions.start_contributions(view.question, view.title)
        st.session_state[_SLOT] = (view.question.key, job)
        st.rerun()
