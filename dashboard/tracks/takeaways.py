"""What to take away: files, Python, a link, and what is seen in numbers and words."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import streamlit as st

from components.browser.scene import Scene
from components.links import render_link
from components.messages import plain
from components.tracks.exports import render_exports
from components.tracks.picker import biosample_choices, render_extremes
from components.tracks.recipe import FileUse, TracksRecipe, render_recipe
from components.tracks.strip import Strip
from components.tracks.track_box import show_tracks
from components.tracks.words import description, track_summary
from core.enformer.extremes import extremes
from core.errors import SelectionError
from core.genome.genomes import playground_file
from core.genome.interval import Interval
from core.genome.signals import FileSource
from core.teaching.playground.grammar import TRACKS
from dashboard.tracks.files import FileChoice

if TYPE_CHECKING:
    from dashboard.tracks.browse import Asked

LINK_SENTENCE = (
    "This link opens this page as it is: genome, place, what is seen of it, model, tracks, rows. Your own files stay "
    "yours."
)
COLUMNS = {"Mean": "%.3g", "Peak": "%.3g", "r with the truth": "%.3f"}


def recipe_of(asked: Asked, strip: Strip) -> TracksRecipe:
    """What a script has to do for what is seen."""
    source, grid = asked.source, asked.source.grid
    windows = [grid.window(number) for number, _ in strip.stretches()] or [grid.window(0)]
    return TracksRecipe(
        asked.model.card.name,
        source.ground.name,
        tuple(map(_plain, windows)),
        source.head,
        tuple(track.index for track in strip.tracks),
        source.averaging.reverse_complement,
        source.averaging.shifts,
        asked.look.logarithm,
        strip.origin,
        asked.truth if strip.truth else (),
        seen=(strip.seen.start, strip.seen.end),
        differences=(tuple(track.index for track in asked.pair),) if asked.pair else (),
        files=file_uses(asked.wanted.files),
        states=asked.wanted.states,
        anchor=_plain(grid.window(0)),
    )


def _plain(window: Interval) -> tuple[str, int, int]:
    return window.chrom, window.start, window.end


def file_uses(choice: FileChoice) -> tuple[FileUse, ...]:
    """The chosen files, as a script opens them."""
    over = [_use(source, index) for index, source in choice.over.items()]
    return (*over, *(_use(source, None) for source in choice.rows))


def _use(source: FileSource, over: int | None) -> FileUse:
    kind = source.id.partition(":")[0]
    if kind == "simulated":
        return FileUse(source.title, "simulated", TRACKS[int(source.id.partition(":")[2])], over)
    is_own = kind not in ("signal", "regions")
    name = source.name if is_own else source.id
    return FileUse(source.title, "own" if is_own else "setting", name, over, source.kind == "regions")


@lru_cache(maxsize=1)
def playground_files() -> dict[str, bytes]:
    """The playground's genome, which IGV does not know, with its indexes."""
    path = playground_file("playground_fasta")
    return {name: path.with_name(name).read_bytes() for name in (path.name, f"{path.name}.fai", f"{path.name}.gzi")}


def render_takeaways(asked: Asked, scene: Scene, strip: Strip, params: dict[str, str]) -> None:
    """Files, Python, link, and what is seen in numbers and words."""
    with st.container(horizontal=True, vertical_alignment="center"):
        render_exports(scene, genome_files=playground_files() if strip.origin else None)
        render_recipe(recipe_of(asked, strip))
        render_link(params, LINK_SENTENCE)
    _numbers(strip)
    _extremes(asked, strip)


def _numbers(strip: Strip) -> None:
    panel = st.expander("In numbers and words", icon=":material/table_rows:", key="numbers", on_change="rerun")
    if not panel.open:
        return
    with panel:
        config = {name: st.column_config.NumberColumn(format=form) for name, form in COLUMNS.items()}
        config["Experiment"] = st.column_config.LinkColumn(display_text="open")
        st.dataframe(track_summary(strip), hide_index=True, column_config=config)
        st.caption(plain(description(strip)))


def _extremes(asked: Asked, strip: Strip) -> None:
    """The highest mean, the lowest mean and the highest peak among all tracks, where most is seen."""
    panel = st.expander(
        "Which tracks stand out here?", icon=":material/leaderboard:", key="extremes", on_change="rerun"
    )  # fmt: skip
    if not panel.open:
        return
    with panel:
        seen = list(strip.stretches())
        if not seen:
            st.caption("Nothing that is seen is predicted yet.")
            return
        number = max(seen, key=lambda part: part[1].stop - part[1].start)[0]
        assay = sample = None
        with st.container(horizontal=True, vertical_alignment="bottom"):
            if len(asked.table.assays) > 1:
                assay = st.pills("Assay", asked.table.assays, key="extremes_assay")
            if len(samples := biosample_choices(asked.table, assay)) > 2:
                sample = st.selectbox(
                    "Cells or tissue", list(samples), format_func=samples.__getitem__, key="extremes_sample"
                )
        try:
            found = extremes(strip.found[number], asked.table, seen=strip.view, assay=assay, biosample=sample or None)
        except SelectionError as error:
            st.info(plain(str(error)), icon=":material/info:")
            return
        render_extremes(found, [track.index for track in strip.tracks], _show)


def _show(index: int) -> None:
    show_tracks([*st.session_state["tracks"], index])
    st.session_state["_whole_page"] = True
