"""The attention of a model of DNA: every head over all bins of a window, and a kept row along the genome."""

from __future__ import annotations

import streamlit as st

from components import controls
from components.attention import proof_sentence, render_picture, shown_layers
from components.bins import (
    CHANGED,
    MEASURES_OF_BINS,
    VIEWS_OF_BINS,
    python_recipe,
    render_reading,
    render_recipe,
    row_scene,
)
from components.browser import render_browser
from components.downloads import render_csv
from components.job_panel import render_job
from components.links import LinkField, render_link, write_link
from components.messages import plain, render_notes, waiting_line
from components.models import render_broken_download, render_download
from components.state import forget_place
from components.tracks import controls as places
from components.tracks.places import places_for
from core import runtime, runtime_dna, runtime_whole
from core.enformer.asking import Question
from core.enformer.averaging import Averaging
from core.enformer.registry import dna_model_sources
from core.errors import ModelFilesError
from core.genome.contigs import resolve_contig
from core.genome.sources import genome_sources
from core.genome.window import check_window
from core.language.maps import MapOptions, attention_maps
from core.language.values import AttentionResult
from core.settings import settings
from dashboard.explorer import grid
from dashboard.tracks import where
from dashboard.tracks.bar import locus_bar, place_or_sentence
from dashboard.tracks.going import go
from dashboard.tracks.near import genes_near
from dashboard.tracks.run import BY_ITSELF_SECONDS, GLANCE_SECONDS, cost_sentence
from dashboard.tracks.start import first_genome, first_ready
from dashboard.tracks.where import Ground

PANEL = "_whole_job"
ROW = "attention_row"


def dna_fields() -> tuple[LinkField, ...]:
    """What a link says of model, genome and place, by the names of the tracks page."""
    from components.tracks.state import link_fields

    sources, genomes = dna_model_sources(settings()), where.genome_labels(genome_sources(settings()))
    wanted = {"dna", "genome", "locus"}
    all_fields = link_fields([s.name for s in sources], list(genomes), first_ready(sources), first_genome(genomes))
    return tuple(field for field in all_fields if field.key in wanted)


def render_dna(fields: tuple[LinkField, ...]) -> None:
    """The page, when it is to show a model of DNA."""
    sources, genomes = dna_model_sources(settings()), where.genome_labels(genome_sources(settings()))
    source = places.choose_model(sources)
    name = places.choose_genome(genomes)
    ground = where.open_ground(name)
    examples = places_for(ground.reference, ground.genes) if ground else ()
    places.first_locus(examples)
    if source.weights == "random":
        st.warning("**Untrained, for wiring only.** What its heads look at means nothing.", icon=":material/warning:")
    bar = st.container()
    if not source.ready:
        with bar:
            locus_bar(ground, None)
        write_link(fields)
        render_download(source, runtime.jobs(), settings(), runtime.person())
        return
    waiting = st.empty()
    try:
        model = runtime_dna.dna_model(source.name, on_wait=waiting_line(waiting, f"Loading {source.title}"))
        engine = runtime_dna.dna_engine(model)
    except ModelFilesError as error:
        write_link(fields)
        st.error(plain(str(error)), icon=":material/info:")
        render_broken_download(source, settings())
        return
    waiting.empty()
    spot, _, problem = place_or_sentence(ground, model.input_bp)
    with bar:
        locus_bar(ground, problem, spot)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        view = controls.choose(
            "View", VIEWS_OF_BINS, "view", place=st, hide=True,
            help="Four depths shows one head near the start, the middle and the end of the model.",
        )  # fmt: skip
        places.render_examples(examples, "Examples", go)
    if spot is None or ground is None:
        write_link(fields)
        return
    if (asked := (name, spot.window)) != st.session_state.get(CHANGED):
        if CHANGED in st.session_state:
            forget_place()  # rows of another window
        st.session_state[CHANGED] = asked
    layer, head = controls.choose_head(engine.layers, engine.parts.layers[0].heads, source.title, view)
    picks = controls.choose_summary(view, layer, head)
    measure = controls.choose(
        "A cell shows", MEASURES_OF_BINS, "measure",
        help="Weights: what softmax gave. Rollout: this layer and all below it together.",
    )  # fmt: skip
    options = MapOptions("rollout" if measure == "rollout" else "weight")
    scale = controls.choose_scale(view)
    params = write_link(fields)
    reference = ground.reference
    question = runtime_dna.question_at(engine, reference, spot.window, next(iter(model.tables)), Averaging())
    unknown = check_window(question.sequence, where.on_chromosome(spot.window, ground), reference.name)
    result = _attention(question, f"Attention around {spot.place_name or spot.place.locus}, {source.title}")
    if result is None:
        return
    render_notes(filter(None, [unknown, *result.notes]))
    if view == "heads":
        grid.render_grid(result, options, scale)
        shown = (("mean",), "mean")
    else:
        shown = (shown_layers(result, picks[0], view), picks[1])
        with st.spinner("Drawing …"):
            maps = runtime.derived(attention_maps, result, *shown, options)
        render_picture(result, *shown, options, maps=maps, scale=scale)
        _render_row(result, shown[0][0], shown[1], options, ground, spot.window.chrom)
    with st.container(horizontal=True, vertical_alignment="center"):
        if view != "heads":
            render_csv(result, *shown, options)
            place = (spot.window.chrom, spot.window.start, spot.window.end)
            render_recipe(python_recipe(model.card.name, ground.name, place, *shown, options))
        render_link(params, "This link opens this page as it is: model, genome, place, head, kept row, zoom.")
        st.caption(runtime.derived(proof_sentence, result, *shown))
    render_reading(model.card, engine.bin_size_bp)
    write_link(fields)


def _render_row(
    result: AttentionResult, layer: int | str, head: int | str, options: MapOptions, ground: Ground, chrom: str
) -> None:
    """The kept row along the genome, with the genes."""
    row = st.session_state.get("row")
    if row is None:
        st.caption("Click a row of the map to keep it and to see it along the genome, with the genes.")
        return
    shown = runtime.derived(attention_maps, result, (layer,), head, options)[0]
    contigs = ground.reference.contigs
    length = contigs[resolve_contig(chrom, contigs, ground.reference.name)]
    scene = row_scene(result, shown.weights[row], row, (layer, head), options, contig_bp=length)
    near = genes_near(ground, scene.interval, length)
    render_browser(scene.with_genes(near.row, ground.reference.assembly), key=ROW)


def _attention(question: Question, title: str) -> AttentionResult | None:
    """The answer; None while it is not there, and then the page says why."""
    if (found := runtime_whole.known_whole(question)) is not None:
        return found
    jobs = runtime.jobs()
    job = runtime_whole.running_whole(question)
    if job is None:
        waiting = st.empty()
        with waiting, st.spinner("Measuring how long it will take …"):
            seconds = runtime_whole.whole_seconds(question, on_wait=waiting_line(waiting))
        waiting.empty()
        last = next((s for s in jobs.statuses() if s.id == st.session_state.get(PANEL)), None)
        ended = last is not None and last.title == title and last.state in ("cancelled", "failed")
        if seconds > BY_ITSELF_SECONDS or ended:
            cost = cost_sentence(seconds, 1, question.engine.device.type)
            if ended:
                render_job(jobs, last.id, key=PANEL)
            st.info(plain(f"Not read yet. It takes {cost}."), icon=":material/timer:")
            if not st.button(f"Read ({cost.partition(' on ')[0]})", type="primary", icon=":material/play_arrow:"):
                return None
        job = runtime_whole.start_whole(question, title)
        with st.spinner("Reading …"):
            jobs.wait(job, GLANCE_SECONDS)
        if (found := runtime_whole.known_whole(question)) is not None:
            return found
    st.session_state[PANEL] = job
    status = render_job(jobs, job, key=PANEL)
    if status is None or not status.active:
        st.rerun()
    return None
