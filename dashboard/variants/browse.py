"""The browser of one effect: what runs again when a person moves in it, and nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass

import streamlit as st

from components.browser import browser_state, render_browser
from components.browser.scene import Place, Row, Scene, Window
from components.effects.rows import effect_rows
from components.effects.state import ROWS
from components.effects.words import window_words
from components.messages import plain
from components.tracks.choices import RowChoices
from core.enformer.tracks import Track
from core.genome.contigs import resolve_contig
from core.genome.interval import Interval
from core.teaching.playground.files import LABEL
from dashboard.tracks.near import genes_near, letters_near
from dashboard.variants.found import Found, true_changes
from dashboard.variants.going import look_at, seen

KEY = "var_browser"
NEAR_BP, LETTERS_BP = 2_000, 60


@dataclass(frozen=True, eq=False)
class Picture:
    """What the browser shows.

    Attributes
    ----------
    tracks : from top to bottom. name : of the variant or the haplotype, for title and marks.
    with_truth : whether the true effect is laid over the differences (it is known by now).
    """

    found: Found
    tracks: tuple[Track, ...]
    name: str
    with_truth: bool
    key: str = KEY


def contig_bp(found: Found) -> int:
    """Length of the chromosome."""
    reference = found.ask.ground.reference
    return reference.contigs[resolve_contig(found.effect.interval.chrom, reference.contigs, reference.name)]


def first_view(found: Found) -> tuple[int, int]:
    """All that is predicted."""
    return found.effect.interval.start, found.effect.interval.end


def browse(picture: Picture) -> None:
    """The picture, which follows a person without the rest of the page."""
    st.fragment(_browser)(picture)


def _browser(picture: Picture) -> None:
    scene, _ = scene_of(picture)
    st.session_state["_var_row_ids"] = [row.id for row in scene.rows]
    render_browser(scene, key=picture.key, on_change=lambda: _heard(picture.key))
    _zooms(picture)


def scene_of(picture: Picture, *, whole: bool = False) -> tuple[Scene, Interval]:
    """(the scene, what is seen of it), or with `whole` all that is predicted of it."""
    found, effect = picture.found, picture.found.effect
    length, chrom = contig_bp(found), effect.interval.chrom
    if whole:
        start, end, move = max(0, effect.interval.start), min(length, effect.interval.end), 0
    else:
        place = seen((found.key, picture.key), first_view(found), length, picture.key, chrom)
        start, end, move = place.start, place.end, place.move
    interval = Interval(chrom, start, end)
    near = genes_near(found.ask.ground, interval, length)
    rows: list[Row] = [near.row]
    if (letters := letters_near(found.ask.ground, interval, length)) is not None:
        rows.append(letters)
    truth = true_changes(found, picture.tracks) if picture.with_truth else None
    for track in picture.tracks:
        rows += effect_rows(effect, track, truth=truth)
    choices: RowChoices = st.session_state.get(ROWS) or RowChoices()
    reference = found.ask.ground.reference
    parts = [effect.provenance.sentence, found.ask.origin]
    scene = Scene(
        place=Place(chrom, float(start), float(end), move),
        contig_bp=length,
        assembly=reference.assembly,
        loaded=(near.stretch.start, near.stretch.end),
        rows=choices.apply(rows),
        windows=(Window(effect.interval.start, effect.interval.end, effect.window.start, effect.window.end, "ready"),),
        marks=marks_of(picture),
        title=f"Effect of {picture.name}",
        subtitle=" · ".join(filter(None, [LABEL * bool(found.ask.origin), f"bins of {effect.bin_size_bp} bp"])),
        provenance=" · ".join(filter(None, parts)),
        description=_description(picture, interval),
        file_name=file_stem(picture),
    )  # fmt: skip
    return scene, interval


def marks_of(picture: Picture) -> tuple[tuple[int, int, str], ...]:
    """The variants, as lines across all rows; the first is named."""
    changes = picture.found.effect.changes
    named = picture.found.effect.variant is not None
    return tuple(
        (change.interval.start, change.interval.end, f"{_cut(change.ref)}>{_cut(change.alt)}" if named else "")
        for change in changes[:40]
    )


def _cut(letters: str, most: int = 6) -> str:
    return letters if len(letters) <= most else f"{letters[: most - 1]}…"


def file_stem(picture: Picture) -> str:
    """Of pictures and files."""
    effect = picture.found.effect
    text = f"variant {effect.provenance.model} {picture.name}"
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:100]


def _description(picture: Picture, seen_: Interval) -> str:
    effect = picture.found.effect
    said = [f"{picture.name}; {seen_.locus} is seen. {window_words(effect)}"]
    for track in picture.tracks:
        row = effect_rows(effect, track)
        said.append(f"{track.label}: {row[0].note}, effect {row[1].note}.")
    said += [effect.rule, effect.provenance.sentence, picture.found.ask.origin]
    return " ".join(filter(None, said))


def _zooms(picture: Picture) -> None:
    """Ways to the whole window, to what lies around the variant, and to its letters."""
    effect = picture.found.effect
    first, last = effect.changes[0].interval.start, effect.changes[-1].interval.end
    middle, wide = (first + last) // 2, last - first
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("See", width="content")
        views = {
            "the window": first_view(picture.found),
            "around it": (middle - NEAR_BP - wide, middle + NEAR_BP + wide),
            "the letters": (middle - LETTERS_BP - wide, middle + LETTERS_BP + wide),
        }
        for name, (start, end) in views.items():
            key = f"{picture.key}_see_{name}"
            st.button(name, key=key, type="tertiary", on_click=look_at, args=(max(0, start), end))
        st.caption(plain(window_words(effect)), width="content")


def _heard(key: str) -> None:
    """What a person made of the rows; a callback."""
    said = browser_state(key).rows
    state = st.session_state
    if said is None or said == state.get("_var_rows_heard"):
        return
    state["_var_rows_heard"] = said
    choices: RowChoices = state.get(ROWS) or RowChoices()
    state[ROWS], _ = choices.heard(said, state.get("_var_row_ids", ()))
