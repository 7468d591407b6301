"""The panels of candidates and of attention on a page of their own: labels, clicks, bad files."""

from __future__ import annotations

import time

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from components.contributions.enhancer_state import BY, CELL, FROM, LABELS, PICKED, SHUFFLE_COUNT
from core.attribution.labels import read_labels
from core.teaching.playground.enhancer_truth import known_links
from core.teaching.playground.world import world

GENE, CELL_TYPE = "SIMD10", "erythroid"  # 84 % of its expression comes from one enhancer, 1,253 bp away
CHROM = next(chrom for chrom, plans in world().genes.items() if any(plan.symbol == GENE for plan in plans))


def script() -> None:
    import streamlit as st

    from core import runtime_dna
    from core.enformer.averaging import Averaging
    from dashboard.contributions.attention_panel import render_against_attention
    from dashboard.contributions.enhancer_panel import _pressed, render_enhancers
    from dashboard.contributions.question import aim_of
    from dashboard.tracks import where

    ground = where.open_ground("playground")
    model = runtime_dna.dna_model("playground")
    engine = runtime_dna.dna_engine(model, exact=True)
    spot = where.find_spot("SIMD10", ground, model.input_bp)
    track = next(track for track in model.tables["human"] if track.assay == "CAGE")
    options = ("playground", "SIMD10", spot, "human", Averaging(), [track], [], [])
    aim = aim_of(engine, model, ground, *options)
    if st.session_state.get("attention"):
        st.session_state["_against"] = render_against_attention(aim)
        return
    if click := st.session_state.pop("click", None):  # as a callback, before the panel is drawn
        _pressed(click, st.session_state["_ranking"], lambda start, end: st.session_state.update(moved=(start, end)))
    st.session_state["_ranking"] = render_enhancers(aim)


def table():
    links = sorted(known_links(CHROM, GENE, CELL_TYPE), key=lambda link: -link.share)[:3]
    rows = [f"{CHROM}\t{k.interval.start}\t{k.interval.end}\t{GENE}\t{int(k.is_true)}" for k in links]
    return read_labels("tests.tsv", "\n".join(["chrom\tstart\tend\tgene\tlabel", *rows, "sim1\tx\t2\tSIMD10\t1"]))


def until(app: AppTest, done) -> None:
    for _ in range(60):
        app.run()
        assert not app.exception, app.exception
        if done():
            return
        time.sleep(0.2)
    raise AssertionError([block.value for block in app.markdown])


@pytest.fixture(autouse=True)
def fresh():
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


def test_tested_stretches_are_ranked_against_their_labels_and_a_press_moves_the_browser():
    app = AppTest.from_function(script, default_timeout=60)
    for name, value in ((LABELS, table()), (FROM, "tested"), (CELL, CELL_TYPE), (SHUFFLE_COUNT, 2)):
        app.session_state[name] = value
    until(app, lambda: (found := app.session_state["_ranking"]) is not None and len(found.complete()) == 4)
    found = app.session_state["_ranking"]
    best = found.candidates[found.order("mutagenesis")[0]]
    assert found.known.is_true[found.order("mutagenesis")[0]]
    assert found.losses.shape == (len(found.candidates), 2)
    app.run()
    said = " ".join(block.value for block in app.markdown).replace("\\", "")
    assert f"By Mutagenesis, **{best.name}** comes first" in said
    assert "##### Against tests.tsv" in said
    assert any("1 line is left out" in box.label for box in app.expander)
    app.session_state["click"] = {"candidate": best.id}
    app.run()
    assert app.session_state[PICKED] == best.id
    start, end = app.session_state["moved"]
    assert start < best.interval.start < best.interval.end < end
    app.session_state["click"] = {"score": "distance"}
    app.run()
    assert app.session_state[BY] == "distance"
    given = [("bad.tsv", b"chrom\tstart\n", "text/plain")]
    app.file_uploader(key="ctb_enh_labels_box").set_value(given[0]).run()
    assert not app.exception
    assert any("bad.tsv has no column end" in box.value.replace("\\", "") for box in app.error)


def test_attention_against_contributions():
    app = AppTest.from_function(script, default_timeout=60)
    app.session_state["attention"] = True
    until(app, lambda: app.session_state["_against"] is not None)
    found = app.session_state["_against"]
    assert found.counted.sum() == 384 - 3
    assert found.spearman > found.partial > 0
    assert [metric.value for metric in app.metric][:2] == [f"{found.spearman:.2f}", f"{found.partial:.2f}"]
    before = found.spearman
    app.selectbox(key="ctb_att_layer").set_value("0").run()
    assert app.session_state["_against"].layer == 0
    assert app.session_state["_against"].spearman != before
