"""Contributions: which letters made the model say that, as a logo along the genome, with what checks it."""

import streamlit as st

from components.contributions.chooser import checked_choice, render_question
from components.contributions.enhancer_state import link_fields as panel_fields
from components.contributions.reading import render_reading
from components.contributions.state import link_fields, shared_fields
from components.links import open_link, write_link
from components.messages import plain, render_warnings, waiting_line
from components.models import render_broken_download, render_download
from components.tracks import controls
from components.tracks.places import places_for
from core import runtime, runtime_dna
from core.enformer.registry import dna_model_sources
from core.errors import AttendomeError, ModelFilesError
from core.genome.sources import genome_sources
from core.settings import settings
from dashboard.contributions.aim import choose_averaging, choose_head
from dashboard.contributions.bar import centre, locus_bar, refused
from dashboard.contributions.browse import browse
from dashboard.contributions.moving import forget_other_places, go, settle
from dashboard.contributions.panels import render_panels
from dashboard.contributions.question import aim_of, render_sentence
from dashboard.contributions.tools import render_tools
from dashboard.tracks import where
from dashboard.tracks.bar import place_or_sentence
from dashboard.tracks.start import first_genome, first_ready

sources, genomes = dna_model_sources(settings()), where.genome_labels(genome_sources(settings()))
fields = shared_fields([s.name for s in sources], list(genomes), first_ready(sources), first_genome(genomes))
fields += (*link_fields(), *panel_fields())
problems = open_link(fields)

with st.container(horizontal=True, vertical_alignment="center", gap="small"):
    st.title("Contributions", width="content")
    beside_title = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="right", gap="small")
render_warnings(problems)
source = controls.choose_model(sources)
name = controls.choose_genome(genomes)
where.take_upload()
averaging = choose_averaging()
if source.weights == "random":
    st.warning(
        "**Untrained, for wiring only.** This model has learnt nothing: its letters contribute noise.",
        icon=":material/warning:",
    )
ground = where.open_ground(name)
examples = places_for(ground.reference, ground.genes) if ground else ()
controls.first_locus(examples)
with beside_title:
    controls.render_examples(examples, "Examples", go)
bar = st.container()
if ground is None or not source.ready:
    with bar:
        locus_bar(ground, None)
    write_link(fields)
    if not source.ready:
        render_download(source, runtime.jobs(), settings(), runtime.person())
    st.stop()

waiting = st.empty()
try:
    model = runtime_dna.dna_model(source.name, on_wait=waiting_line(waiting, f"Loading {source.title}"))
    engine = runtime_dna.dna_engine(model, exact=True)
except ModelFilesError as error:
    write_link(fields)
    st.error(plain(str(error)), icon=":material/info:")
    render_broken_download(source, settings())
    st.stop()
waiting.empty()

head = choose_head(list(model.tables))
table = model.tables[head]
tracks, less, also, problem = checked_choice(table)
spot, locus, wrong_place = place_or_sentence(ground, model.input_bp)
with bar:
    locus_bar(ground, wrong_place)
words = st.container()
with st.container(horizontal=True, vertical_alignment="center", gap="small", key="ctb_tools"):
    render_question(table, is_range=spot is not None and spot.asked_bp > 1)
    tools = st.container(horizontal=True, vertical_alignment="center", gap="small")
if problem:
    words.error(plain(problem), icon=":material/info:")
if problem or spot is None:
    write_link(fields)
    st.stop()
forget_other_places(name, source.name, locus)
try:
    aim = aim_of(engine, model, ground, name, locus, spot, head, averaging, tracks, less, also)
except AttendomeError as error:
    with words:
        refused(error, centred=centre)
    write_link(fields)
    st.stop()
with words:
    render_sentence(aim)
settle(aim)
with tools:
    render_tools(aim)
browse(aim, fields)
render_panels(aim)
render_reading(model.card, has_truth=aim.is_playground)
