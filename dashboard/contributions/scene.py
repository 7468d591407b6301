"""The scene: logos of every question and method, mutagenesis, motifs, genes, what is predicted, what is true."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import streamlit as st

from components.browser.scene import Place, Row, Scene, Window
from components.contributions.rows import blocks_row, logo_row, mutation_row, track_row, truth_row
from components.contributions.state import ROWS, STRAND, TRUTH
from components.contributions.truth import sites_in
from components.tracks.choices import RowChoices
from core import runtime, runtime_dna
from core.attribution.values import METHOD_TITLES
from core.enformer.values import TrackSet
from core.errors import AttendomeError
from core.genome.interval import Interval
from dashboard.contributions.aim import Aim
from dashboard.contributions.getting import Answer
from dashboard.contributions.moving import Seen
from dashboard.tracks.near import Near, letters_near
from dashboard.tracks.run import BY_ITSELF_SECONDS
from dashboard.tracks.truth import truth_columns, truth_of

WAIT_SECONDS = 0.1
NAMED = 3


@dataclass(frozen=True, eq=False)
class Predicted:
    """What the model predicts of the window that is read: None where it is not known. running : whether it is found
    now."""

    found: TrackSet | None = None
    running: bool = False


def predicted(aim: Aim) -> Predicted:
    """From what is known, or begun where that is quick; the picture waits for it a moment only."""
    with suppress(AttendomeError):
        question = runtime_dna.question_at(aim.engine, aim.ground.reference, aim.window, aim.head, aim.averaging)
        found = runtime_dna.known_prediction(question)
        if found is not None or runtime_dna.prediction_seconds(question) > BY_ITSELF_SECONDS:
            return Predicted(found)
        job, title = st.session_state.get("_ctb_predicting", ""), f"{aim.shown.locus}, prediction {question.key[:8]}"
        status = next((one for one in runtime.jobs().statuses() if one.id == job and one.title == title), None)
        if status is None:
            job = st.session_state["_ctb_predicting"] = runtime_dna.start_prediction(question, title)
            status = runtime.jobs().wait(job, WAIT_SECONDS)
        found = runtime_dna.known_prediction(question)
        return Predicted(found, found is None and status.active)
    return Predicted()


def _predicted_row(aim: Aim, found: TrackSet | None) -> list[Row]:
    if found is None:
        return []
    side, truth = aim.side, None
    wanted = (*side.tracks, *side.less)
    columns = truth_columns(wanted) if aim.is_playground and st.session_state.get(TRUTH) else None
    if columns and (values := truth_of(found, columns)) is not None:
        truth = {track.index: np.ascontiguousarray(values[:, place]) for place, track in enumerate(wanted)}
    tracks, less = (tuple(track.index for track in some) for some in (side.tracks, side.less))
    return [track_row(found, tracks, less, side.short, side.unit, side.tracks[0].assay, truth)]


def rows_of(aim: Aim, seen: Seen, near: Near, answers: Sequence[Answer], notes: dict[str, str],
            motifs: Sequence[Row], found: TrackSet | None) -> list[Row]:  # fmt: skip
    """All rows, in the page's own order: the letters first, then what is true, then what is predicted.

    Parameters
    ----------
    notes : key of a question -> what stands at the right of its row. motifs : rows of motifs, under the logos.
    found : what is predicted.
    """
    letters = letters_near(aim.ground, Interval(aim.window.chrom, seen.start, seen.end), aim.contig_bp)
    rows: list[Row] = [near.row]
    for answer in answers:
        if answer.blocks is not None:
            rows.append(blocks_row(answer.blocks, answer.side.short, answer.side.unit))
        if answer.scores is None:
            continue
        short, unit = answer.side.short, answer.side.unit
        note = notes.get(answer.key, "")
        rows.append(logo_row(answer.scores, short, unit, note=note))
        if answer.scores.is_mutagenesis:
            rows.append(mutation_row(answer.scores, short, unit))
    rows += motifs
    if aim.is_playground and st.session_state.get(TRUTH):
        rows.append(truth_row(sites_in(aim.window)))
    if letters is not None:
        rows.append(letters)
    rows += _predicted_row(aim, found)
    return list({row.id: row for row in rows}.values())


def scene_of(aim: Aim, seen: Seen, near: Near, rows: Sequence[Row], answers: Sequence[Answer]) -> Scene:
    """The whole picture, with the rows as the person has them."""
    state, window = st.session_state, aim.window
    reverse = state.get(STRAND) == "-"
    name = aim.side.target.name
    provenance = " · ".join(filter(None, (aim.engine.provenance.sentence, aim.origin)))
    return Scene(
        place=Place(window.chrom, float(seen.start), float(seen.end), seen.move),
        contig_bp=aim.contig_bp,
        assembly=aim.ground.reference.assembly,
        loaded=(near.stretch.start, near.stretch.end),
        rows=state.get(ROWS, RowChoices()).apply(rows),
        windows=(Window(aim.shown.start, aim.shown.end, window.start, window.end),),
        marks=_marks(aim, seen),
        title=f"Contributions at {aim.name}",
        subtitle=f"{name}{' · reverse strand, right to left' if reverse else ''}",
        provenance=provenance,
        description=description(aim, seen, answers),
        file_name=file_name(aim, seen),
        reverse=reverse,
    )


def _marks(aim: Aim, seen: Seen) -> tuple[tuple[int, int, str], ...]:
    """The bins that are explained, and a gene's start, unless they are nearly all that is seen."""
    marks = []
    low, high = max(aim.place.start, seen.start), min(aim.place.end, seen.end)
    if high - low <= 0.9 * seen.width_bp:
        marks.append((aim.place.start, aim.place.end, "explained"))
    if aim.start is not None:
        marks.append((aim.start, aim.start + 1, f"{aim.name} start"))
    return tuple(marks)


def file_name(aim: Aim, seen: Seen) -> str:
    """Of pictures and tables."""
    text = (
        f"contributions {aim.engine.provenance.model} {aim.side.short} {aim.window.chrom} {seen.start + 1} {seen.end}"
    )
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def description(aim: Aim, seen: Seen, answers: Sequence[Answer]) -> str:
    """The picture in words."""
    place = Interval(aim.window.chrom, seen.start, seen.end)
    said = [f"Contributions to the {aim.side.target.name}; {place.locus} is seen."]
    for answer in answers:
        if answer.coarse:
            said.append(f"Blocks of {answer.side.short}: {strongest_block_words(answer)}.")
        else:
            said.append(f"{METHOD_TITLES[answer.method]} of {answer.side.short}: {strongest_words(answer, seen)}.")
    return " ".join(said)


def strongest_block_words(answer: Answer) -> str:
    """The block that adds or takes most, for example "chr1:1,025-1,152 has the largest effect (+2.1)"."""
    found = answer.blocks
    if found is None or not np.isfinite(found.effects).any():
        return "not known yet"
    best = int(np.nanargmax(np.abs(found.contributions)))
    place = found.intervals[best]
    return f"{place.locus if place else best} has the largest effect ({found.contributions[best]:+.3g})"


def strongest_words(answer: Answer, seen: Seen) -> str:
    """The letters that are tallest among those that are seen, for example "G at 1,204 (+0.031), A at 1,210 (-0.02)"."""
    scores = answer.scores
    if scores is None or scores.interval is None:
        return "not known yet"
    start = scores.interval.start
    part = slice(max(0, seen.start - start), max(0, seen.end - start))
    values = scores.per_base[part]
    known = np.flatnonzero(np.isfinite(values) & (values != 0))
    if not len(known):
        return "nothing that is seen is computed" if np.isnan(values).all() else "0 at all letters that are seen"
    best = known[np.argsort(-np.abs(values[known]), kind="stable")[:NAMED]]
    letters = scores.letters[part]
    told = (f"{letters[at]} at {start + part.start + at + 1:,} ({values[at]:+.3g})" for at in best)
    return f"mean {np.nanmean(values):+.3g}, tallest {', '.join(told)}"
