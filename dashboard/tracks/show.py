"""The figure, what to take away from it, and the same in words."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components.links import render_link
from components.messages import plain, render_notes
from components.tracks import controls
from components.tracks.downloads import FIGURE_KEY, render_files, render_pictures
from components.tracks.figure import tracks_figure
from components.tracks.recipe import TracksRecipe, render_recipe
from components.tracks.view import View
from components.tracks.words import description, track_summary
from core.enformer.averaging import Averaging
from core.enformer.models import DnaModel
from core.enformer.track_file import curated_tracks, track_table
from core.enformer.tracks import Track, TrackTable
from core.enformer.values import TrackSet
from core.errors import TrackTableError
from core.genome.contigs import resolve_contig
from core.settings import Settings, settings
from core.sources import ModelSource
from dashboard.tracks.truth import is_playground, origin_of, truth_columns, truth_of
from dashboard.tracks.where import Ground, Spot, genes_under

CONFIG = {
    "displaylogo": False,
    "displayModeBar": True,
    "modeBarButtons": [["toImage", "zoomIn2d", "zoomOut2d", "resetScale2d"]],
    "doubleClick": "reset",
    "displayNotifier": False,
}
LINK_SENTENCE = (
    "This link opens this page as it is: genome, place, model, tracks, averaging. Your own files stay yours."
)


def first_genome(labels: dict[str, str]) -> str:
    """The genome that the page begins with: what the settings ask for, else the one that needs no network."""
    return "playground" if "playground" in labels and settings().genome == Settings().genome else next(iter(labels))


def first_ready(sources: Sequence[ModelSource]) -> str:
    """The model that the page begins with: the first that can be loaded now."""
    return next((source.name for source in sources if source.ready), sources[0].name)


def render_names(table: TrackTable) -> None:
    """Where only the best known of Enformer's tracks have names, offer to fetch the others'."""
    known = curated_tracks()
    if table.source != known.source or len(table) == len(known):
        return
    if st.button("Fetch all names (0.8 MB)", icon=":material/download:", type="tertiary"):
        try:
            with st.spinner("Fetching the names …"):
                track_table("human", settings())
        except TrackTableError as error:
            st.error(plain(str(error)), icon=":material/info:")
            return
        st.rerun()


def truth_asked(ground: Ground | None, tracks: Sequence[Track]) -> tuple[int, ...]:
    """The grammar's columns of the shown tracks, where they are known and the truth is asked for."""
    if ground is None or not is_playground(ground.name, ground.reference):
        return ()
    columns = truth_columns(tracks)
    return columns if columns and controls.choose_truth() else ()


def view_of(
    found: TrackSet,
    ground: Ground,
    spot: Spot,
    tracks: tuple[int, ...],
    heights: tuple[bool, bool],
    model: DnaModel,
    truth: tuple[int, ...],
) -> View:
    """What the figure is to show; says on the page what a person should know before looking at it."""
    assert found.interval is not None
    reference, seen = ground.reference, found.interval
    genes, trouble = genes_under(ground, seen)
    view = View(
        found=found,
        columns=tracks,
        window=spot.window,
        contig_bp=reference.contigs[resolve_contig(seen.chrom, reference.contigs, reference.name)],
        assembly=reference.assembly,
        genes=genes,
        place=spot.place,
        place_name=spot.place_name,
        shared=heights[0],
        logarithm=heights[1],
        origin=origin_of(ground.name, reference),
        truth=truth_of(found, truth) if truth else None,
    )
    said = []
    if trouble:
        said.append(f"Tracks without genes: {trouble}")
    if spot.asked_bp > seen.width_bp:
        said.append(
            f"You asked for {spot.asked_bp:,} bp, and the model predicts {seen.width_bp:,}: you see the middle."
        )
    if (trained := model.assembly) and reference.assembly not in (trained, "unknown"):
        said.append(f"The model was trained on {trained}; this genome is {reference.assembly}.")
    if view.padding_sentence:
        said.append(view.padding_sentence)
    render_notes(said)
    return view


def render_figure(view: View) -> None:
    """The figure, in the colours of the page."""
    figure = tracks_figure(view, dark=st.context.theme.type == "dark")
    with st.container(key=FIGURE_KEY):
        st.plotly_chart(figure, theme=None, config=CONFIG, key="tracks_chart", alt=description(view))
    for note in view.found.notes:
        if not (view.padding_sentence and "A, C, G or T" in note):
            st.caption(plain(note))


def recipe_of(
    view: View, model: DnaModel, ground: Ground, averaging: Averaging, truth: tuple[int, ...]
) -> TracksRecipe:
    """What a script has to do for this figure."""
    return TracksRecipe(
        model.card.name,
        ground.name,
        (view.window.chrom, view.window.start, view.window.end),
        view.found.head,
        view.columns,
        averaging.reverse_complement,
        averaging.shifts,
        view.logarithm,
        view.origin,
        truth if view.truth is not None else (),
    )


def render_takeaways(view: View, recipe: TracksRecipe, params: dict[str, str]) -> None:
    """Files, Python, link, and the figure in numbers and words."""
    with st.container(horizontal=True, vertical_alignment="center"):
        render_pictures(view)
        render_files(view)
        render_recipe(recipe)
        render_link(params, LINK_SENTENCE)
    with st.expander("In numbers and words", icon=":material/table_rows:"):
        st.dataframe(
            track_summary(view),
            hide_index=True,
            column_config={
                "Mean": st.column_config.NumberColumn(format="%.3g"),
                "Peak": st.column_config.NumberColumn(format="%.3g"),
                "r with the truth": st.column_config.NumberColumn(format="%.3f"),
                "Experiment": st.column_config.LinkColumn(display_text="open"),
            },
        )
        st.caption(plain(description(view)))
