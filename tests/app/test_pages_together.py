"""Pages side by side in one session: what one remembers must not disturb another."""

from __future__ import annotations

from itertools import permutations

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from components import state as attention_state
from components.contributions.enhancer_state import link_fields as candidate_fields
from components.contributions.state import link_fields as contribution_fields
from components.effects.state import link_fields as variants_fields
from components.enhancers.state import link_fields as enhancer_fields
from components.playground import state as playground_state
from components.tracks.state import link_fields as tracks_fields
from core.language.registry import sources
from core.settings import ROOT, settings

PAGES = ("home", "attention", "tracks", "contributions", "variants", "playground")
SHARED = {"dna", "genome", "locus"}  # one place and one model of DNA for both pages that show them


def field_keys() -> dict[str, set[str]]:
    tracks = (*tracks_fields(["playground"], ["playground"], "playground", "playground"), *enhancer_fields())
    variants = variants_fields(["playground"], ["playground"], "playground", "playground")
    return {
        "attention": {field.key for field in attention_state.link_fields(sources(settings()))},
        "tracks": {field.key for field in tracks} - SHARED,
        "contributions": {field.key for field in (*contribution_fields(), *candidate_fields())},
        "variants": {field.key for field in variants} - SHARED,
        "playground": {field.key for field in playground_state.link_fields()},
    }


def test_no_two_pages_remember_different_things_under_one_name():
    for (first, some), (second, others) in permutations(field_keys().items(), 2):
        assert not some & others, f"{first} and {second} share {some & others}"


@pytest.mark.parametrize(
    "order", [PAGES, PAGES[::-1], ("tracks", "contributions", "tracks", "playground", "attention")]
)
def test_pages_one_after_the_other(order):
    st.cache_resource.clear()
    at = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=90).run()
    for name in order:
        at.switch_page(f"views/{name}.py").run()
        assert not at.exception, name
        assert not at.error, (name, [error.value for error in at.error])
    if order[-1] == "attention":
        at.segmented_control(key="reads").set_value("dna").run()
        at.segmented_control(key="view").set_value("heads").run()
        at.switch_page("views/tracks.py").run()
        assert not at.exception
        at.switch_page("views/attention.py").run()
        assert not at.exception
