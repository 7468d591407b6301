"""What to take away: files, the publication logo, Python, a link, and what is seen in numbers and words."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
import streamlit as st

from components.browser.scene import Scene
from components.contributions.files import (
    Taken,
    contributions_bedgraph,
    contributions_bigwig,
    contributions_csv,
    contributions_npz,
)
from components.contributions.logo_file import MAX_LETTERS, logo_figure
from components.contributions.recipe import ContributionRecipe, render_recipe
from components.contributions.state import MUTATE, asked_methods
from components.links import render_link
from components.messages import plain
from core.errors import AttendomeError
from core.genome.interval import Interval
from dashboard.contributions.aim import Aim
from dashboard.contributions.getting import Answer
from dashboard.contributions.moving import Seen

LINK_SENTENCE = (
    "This link opens this page as it is: model, genome, place, question, methods, what is seen. It computes nothing "
    "that is slow by itself."
)
OF = {"seen": "What is seen", "all": "All that is computed"}
KINDS = (
    ("CSV", contributions_csv, "csv", "text/csv", "table", "a table with every letter, all methods, units, provenance"),
    ("bedGraph", contributions_bedgraph, "bedgraph", "text/plain", "bar_chart", "text for a browser such as IGV, UCSC"),
    ("bigWig", contributions_bigwig, "bigwig.zip", "application/zip", "ssid_chart", "a file for each row"),
    ("NPZ", contributions_npz, "npz", "application/octet-stream", "deployed_code", "all arrays, for NumPy"),
)
MIME = {"svg": "image/svg+xml", "pdf": "application/pdf", "png": "image/png"}


def taken_of(aim: Aim, answers: Sequence[Answer]) -> tuple[Taken, ...]:
    """What is known, as files have it."""
    return tuple(
        Taken(answer.scores, answer.side.short, answer.side.unit, aim.origin)
        for answer in answers
        if answer.scores is not None
    )


def recipe_of(aim: Aim, seen: Seen) -> ContributionRecipe:
    """What a script has to do for what is seen."""
    window = aim.window
    mutated = st.session_state.get(MUTATE)
    targets = tuple(
        (side.target.tracks, side.target.against, side.target.bins, side.target.name) for side in aim.sides
    )  # fmt: skip
    return ContributionRecipe(
        aim.model.card.name,
        aim.ground.name,
        (window.chrom, window.start, window.end),
        aim.head,
        targets,
        asked_methods(),
        (seen.start, seen.end),
        mutated,
        aim.averaging.reverse_complement,
        aim.averaging.shifts,
    )


def render_takeaways(
    aim: Aim, seen: Seen, scene: Scene, answers: Sequence[Answer], params: dict[str, str]
) -> None:  # fmt: skip
    """Files, Python, link."""
    taken = taken_of(aim, answers)
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.popover("Files", icon=":material/download:", disabled=not taken, help="Scores as files"):
            which = st.segmented_control("Of", list(OF), format_func=OF.__getitem__, key="ctb_of", default="seen",
                                         required=True, label_visibility="collapsed")  # fmt: skip
            place = Interval(aim.window.chrom, seen.start, seen.end) if which == "seen" else None
            for label, make, ending, mime, icon, what in KINDS:
                st.download_button(
                    label, data=lambda make=make: make(taken, place, aim.contig_bp),
                    file_name=f"{scene.file_name}.{ending}", mime=mime, icon=f":material/{icon}:", help=what,
                    on_click="ignore", key=f"ctb_file_{label}",
                )  # fmt: skip
            st.caption("The picture itself: SVG and PNG, over the browser.")
        _logo(seen, scene, taken)
        render_recipe(recipe_of(aim, seen))
        render_link(params, LINK_SENTENCE)


def _logo(seen: Seen, scene: Scene, taken: Sequence[Taken]) -> None:
    """A logo by logomaker: slow, so it is made when it is asked for."""
    panel = st.popover("Publication logo", icon=":material/print:", disabled=not taken, key="ctb_logo",
                       on_change="rerun", help="A logo of what is seen, drawn by logomaker")  # fmt: skip
    if not panel.open:
        return
    with panel:
        titles = [one.title for one in taken]
        which = st.selectbox("Row", range(len(taken)), format_func=titles.__getitem__, key="ctb_logo_row")
        kind = st.segmented_control("As", list(MIME), format_func=str.upper, key="ctb_logo_kind", default="svg",
                                    required=True)  # fmt: skip
        one = taken[which if which is not None and which < len(taken) else 0]
        assert one.scores.interval is not None
        start = one.scores.interval.start
        low, high = max(0, seen.start - start), min(len(one.scores), seen.end - start)
        letters = max(0, high - low)
        if not 0 < letters <= MAX_LETTERS:
            st.caption(
                "Nothing of this row is seen." if not letters else f"{letters:,} letters are seen, and at most "
                f"{MAX_LETTERS} are drawn; zoom in."
            )  # fmt: skip
            return
        made = st.session_state.get("_ctb_logo")
        drawn = sha256(np.ascontiguousarray(one.scores.per_base[low:high]).tobytes()).hexdigest()
        wanted = (one.title, one.scores.target.name, low, high, kind, scene.reverse, drawn)
        if made is None or made[0] != wanted:
            place = st.empty()
            if not place.button(f"Draw {letters:,} letters", icon=":material/brush:", type="primary",
                                key="ctb_logo_go"):  # fmt: skip
                return
            try:
                with place, st.spinner("Drawing …"):
                    file = logo_figure(
                        one.scores, low, high, kind=kind, title=one.scores.target.name, unit=one.unit,
                        reverse=scene.reverse,
                    )  # fmt: skip
            except AttendomeError as error:
                place.error(plain(str(error)), icon=":material/info:")
                return
            place.empty()
            made = st.session_state["_ctb_logo"] = (wanted, file)
        st.download_button(
            f"Save {kind.upper()}", data=made[1], file_name=f"{scene.file_name}.{kind}", mime=MIME[kind],
            icon=":material/download:", on_click="ignore", key="ctb_logo_file",
        )  # fmt: skip
