"""Enformer tracks: what a model expects to be measured along a genome, from its letters alone, in a browser."""

import streamlit as st

from components.links import open_link, write_link
from components.messages import plain, render_warnings, waiting_line
from components.models import render_broken_download, render_download
from components.tracks import controls
from components.tracks.places import places_for
from components.tracks.reading import render_reading
from components.tracks.state import link_fields
from components.tracks.track_box import chosen_tracks, render_pair, render_tracks
from core import runtime, runtime_dna
from core.enformer.averaging import Averaging
from core.enformer.registry import dna_model_sources
from core.errors import ModelFilesError
from core.genome.sources import genome_sources
from core.settings import settings
from dashboard.tracks import where
from dashboard.tracks.bar import locus_bar, place_or_sentence
from dashboard.tracks.browse import Asked, browse
from dashboard.tracks.enhancers import link_fields as enhancer_fields
from dashboard.tracks.extra import choose_rows
from dashboard.tracks.files import take_files
from dashboard.tracks.going import go, settle
from dashboard.tracks.names import render_names
from dashboard.tracks.run import Source
from dashboard.tracks.scene import Look
from dashboard.tracks.speed import choose_engine
from dashboard.tracks.start import first_genome, first_ready, grid_around, truth_asked

sources, genomes = dna_model_sources(settings()), where.genome_labels(genome_sources(settings()))
fields = link_fields([s.name for s in sources], list(genomes), first_ready(sources), first_genome(genomes))
fields += enhancer_fields()
problems = open_link(fields)

with st.container(horizontal=True, vertical_alignment="center", gap="small"):
    st.title("Enformer tracks", width="content")
    beside_title = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="right", gap="small")
render_warnings(problems)
source = controls.choose_model(sources)
name = controls.choose_genome(genomes)
where.take_upload()
take_files()
averaging = Averaging(*controls.choose_averaging())
if source.weights == "random":
    st.warning(
        "**Untrained, for wiring only.** This model has learnt nothing: all you see here is noise.",
        icon=":material/warning:",
    )
ground = where.open_ground(name)
examples = places_for(ground.reference, ground.genes) if ground else ()
controls.first_locus(examples)
with beside_title:
    controls.render_examples(examples, "Examples", go)
bar = st.container()
if not source.ready:
    with bar:
        locus_bar(ground, None)
    write_link(fields)
    render_download(source, runtime.jobs(), settings(), runtime.person())
    st.stop()

waiting = st.empty()
try:
    model = runtime_dna.dna_model(source.name, on_wait=waiting_line(waiting, f"Loading {source.title}"))
    engine = choose_engine(model)
except ModelFilesError as error:
    write_link(fields)
    st.error(plain(str(error)), icon=":material/info:")
    render_broken_download(source, settings())
    st.stop()
waiting.empty()

head = controls.choose_species(list(model.tables))
table = model.tables[head]
shown = chosen_tracks(table)
truth = truth_asked(ground, [table[index] for index in shown])
look = Look(*controls.choose_heights(any(table[index].log for index in shown)))
spot, locus, problem = place_or_sentence(ground, model.input_bp)
if spot is not None:
    grid = grid_around(spot, model, ground)
    seen = settle(name, locus, spot, grid)
with bar:
    locus_bar(ground, problem, spot)
with st.container(horizontal=True, vertical_alignment="center", gap="small"):
    render_tracks(table, beside=lambda: render_names(table))
    render_pair(table)
    wanted = choose_rows(ground, table, [table[index] for index in shown], engine, truth=bool(truth))
if spot is None:
    write_link(fields)
    st.stop()
asked = Asked(
    source=Source(engine, ground, grid, head, averaging, source.title),
    model=model,
    genome=name,
    locus=locus,
    spot=spot,
    tracks=tuple(table[index] for index in shown),
    pair=tuple(table[index] for index in st.session_state["pair"]),
    look=look,
    truth=truth,
    table=table,
    wanted=wanted,
    fields=fields,
)
browse(asked, seen)
render_reading(model.card, has_truth=bool(truth), has_measured=wanted.files.simulated)
