"""Variants: what a change of letters does to predicted tracks, through which letters, and how far to trust that."""

import streamlit as st

from components.controls import choose
from components.effects.state import VIEW, VIEWS, link_fields
from components.links import open_link, write_link
from components.messages import plain, render_warnings, waiting_line
from components.models import render_broken_download, render_download
from components.tracks import controls
from core import runtime, runtime_dna
from core.enformer.registry import dna_model_sources
from core.errors import ModelFilesError
from core.genome.sources import genome_sources
from core.settings import settings
from dashboard.tracks import where
from dashboard.tracks.start import first_genome, first_ready
from dashboard.variants.evaluate import render_evaluation
from dashboard.variants.many import render_many
from dashboard.variants.one import render_one
from dashboard.variants.page import ask_of, choose_averaging
from dashboard.variants.trust import render_limits

sources, genomes = dna_model_sources(settings()), where.genome_labels(genome_sources(settings()))
fields = link_fields([s.name for s in sources], list(genomes), first_ready(sources), first_genome(genomes))
problems = open_link(fields)

with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
    st.title("Variants", width="content")
    with st.container(width="content"):
        view = choose("Part of the page", VIEWS, VIEW, place=st, hide=True)
render_warnings(problems)
source = controls.choose_model(sources)
name = controls.choose_genome(genomes)
where.take_upload()
averaging = choose_averaging()
if source.weights == "random":
    st.warning(
        "**Untrained, for wiring only.** This model has learnt nothing: all you see here is noise.",
        icon=":material/warning:",
    )
ground = where.open_ground(name)
if not source.ready:
    write_link(fields)
    render_download(source, runtime.jobs(), settings(), runtime.person())
    st.stop()
if ground is None:
    write_link(fields)
    st.stop()
waiting = st.empty()
try:
    model = runtime_dna.dna_model(source.name, on_wait=waiting_line(waiting, f"Loading {source.title}"))
except ModelFilesError as error:
    write_link(fields)
    st.error(plain(str(error)), icon=":material/info:")
    render_broken_download(source, settings())
    st.stop()
waiting.empty()
ask = ask_of(model, ground, name, averaging, source.title, fields)
if ground.trouble:
    st.caption(plain(f"Without genes: {ground.trouble}"))
if (trained := model.assembly) and ground.reference.assembly not in (trained, "unknown"):
    st.caption(plain(f"The model was trained on {trained}; this genome is {ground.reference.assembly}."))
if view == "one":
    render_one(ask, genomes)
else:
    (render_many if view == "many" else render_evaluation)(ask)
    render_limits()
