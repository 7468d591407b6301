"""Enformer tracks: what a model expects to be measured along a stretch of a genome, from its letters alone."""

import streamlit as st

from components.links import open_link, write_link
from components.messages import plain, render_warnings, waiting_line
from components.models import render_broken_download, render_download
from components.tracks import controls
from components.tracks.reading import render_reading
from components.tracks.state import link_fields
from core import runtime, runtime_dna
from core.enformer.asking import Question
from core.enformer.averaging import Averaging
from core.enformer.registry import dna_model_sources
from core.errors import ModelFilesError, UnknownGeneError
from core.genome.sources import genome_sources
from core.genome.window import check_window
from core.settings import settings
from dashboard.tracks import where
from dashboard.tracks.run import prediction
from dashboard.tracks.show import (
    first_genome,
    first_ready,
    recipe_of,
    render_figure,
    render_names,
    render_takeaways,
    truth_asked,
    view_of,
)

sources, genomes = dna_model_sources(settings()), where.genome_labels(genome_sources(settings()))
fields = link_fields([s.name for s in sources], list(genomes), first_ready(sources), first_genome(genomes))
problems = open_link(fields)

st.title("Enformer tracks")
st.caption("What a model expects experiments to measure along a stretch of DNA, from its letters alone.")
render_warnings(problems)
source = controls.choose_model(sources)
name = controls.choose_genome(genomes)
where.take_upload()
averaging = Averaging(*controls.choose_averaging())
if source.weights == "random":
    st.warning(
        "**Untrained, for wiring only.** This model has learnt nothing: all you see here is noise.",
        icon=":material/warning:",
    )
left, right = st.columns([2, 3], gap="medium")
below = st.container()
with below:
    ground = where.open_ground(name)
with left:
    typed = where.ask_place(ground)
if not source.ready:
    write_link(fields)
    render_download(source, runtime.jobs(), settings(), runtime.person())
    st.stop()

waiting = st.empty()
try:
    with waiting, st.spinner(f"Loading {plain(source.title)} …"):
        model = runtime_dna.dna_model(source.name, on_wait=waiting_line(waiting, f"Loading {source.title}"))
        engine = runtime_dna.dna_engine(model)
except ModelFilesError as error:
    write_link(fields)
    st.error(plain(str(error)), icon=":material/info:")
    render_broken_download(source, settings())
    st.stop()
waiting.empty()

head = controls.choose_species(list(model.tables))
table = model.tables[head]
with right:
    tracks = controls.choose_tracks(table, beside=lambda: render_names(table))
heights = controls.choose_heights(any(table[index].log for index in tracks))
truth = truth_asked(ground, [table[index] for index in tracks])
params = write_link(fields)
notices, result = st.container(), st.container()  # so that the figure stays where it is, whatever is said above it
if ground is None:
    st.stop()
with notices:
    try:
        spot = where.find_spot(typed, ground, model.input_bp)
        with st.spinner("Reading the letters …"):
            question = Question.at(engine, ground.reference, spot.window, head, averaging)
        unknown = check_window(question.sequence, where.on_chromosome(spot.window, ground), ground.reference.name)
        render_warnings(filter(None, [unknown]))
        found = prediction(question, f"Tracks around {spot.place_name or spot.place.locus}, {source.title}")
    except UnknownGeneError as error:
        st.error(plain(str(error)), icon=":material/info:")
        controls.offer_genes(error)
        st.stop()
    view = view_of(found, ground, spot, tracks, heights, model, truth)
with result:
    render_figure(view)
    recipe = recipe_of(view, model, ground, averaging, truth)
    render_takeaways(view, recipe, params)
render_reading(model.card, has_truth=view.truth is not None)
write_link(fields)
