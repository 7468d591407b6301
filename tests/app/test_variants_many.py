"""Many variants and their evaluation on the page, without a browser: the playground's model and genome."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from components.effects.many import matches, shown, table_of
from core import runtime, runtime_scores
from core.effects.command import main as command
from core.effects.journal import Journal
from core.settings import ROOT, read_settings
from core.teaching.playground.effect_truth import true_variants
from dashboard.variants import listing, many

SOME = slice(100, 124)


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory) -> Iterator[None]:
    """A cache of its own, and one memory for all tests of this module."""
    options = read_settings({"ATTENDOME_CACHE": str(tmp_path_factory.mktemp("cache")), "ATTENDOME_DEVICE": "cpu"})
    with pytest.MonkeyPatch.context() as patch:
        for module in (runtime, runtime_scores, listing):
            patch.setattr(module, "settings", lambda: options)
        patch.setattr(listing, "GLANCE_SECONDS", 60.0)
        st.cache_resource.clear()
        yield
        runtime.jobs().close()
        st.cache_resource.clear()


@pytest.fixture
def page() -> Callable[..., AppTest]:
    def open_page(view: str, way: str, text: str = "") -> AppTest:
        at = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=120)
        at.switch_page("views/variants.py")
        at.query_params["var_view"] = view
        part = "many" if view == "many" else "works"
        at.session_state[f"var_{part}_way"] = way
        at.session_state[f"var_{part}_text"] = text
        at.run()
        assert not at.exception, at.exception
        return at

    return open_page


def lines(table: pd.DataFrame) -> list[str]:
    return [f"{row.chrom}:{row.pos}:{row.ref}:{row.alt}" for row in table.itertuples()]


def finish(at: AppTest) -> AppTest:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and any(button.key.endswith("_cancel") for button in at.button if button.key):
        time.sleep(0.2)
        at.run()
        assert not at.exception, at.exception
    return at


def button(at: AppTest, key: str):
    return next(one for one in at.button if one.key == key)


def said(at: AppTest) -> str:
    return " ".join(one.value for kind in ("caption", "error", "warning", "info") for one in getattr(at, kind))


def frames(at: AppTest) -> list[pd.DataFrame]:
    return [one.value for one in at.dataframe]


def test_a_pasted_list_is_scored_stopped_and_gone_on_with(page, monkeypatch):
    text = "\n".join([*lines(true_variants().iloc[SOME]), "sim4:5:A:G", "nonsense"])
    at = page("many", "paste", text)
    assert "2 records of pasted variants left out" in at.expander[-1].label.replace("\\", "")
    assert frames(at)[0].line.tolist() == [25, 26]
    assert "24 variants in" in said(at).replace("\\", "")
    append = Journal.append
    monkeypatch.setattr(Journal, "append", lambda self, *a, **b: (append(self, *a, **b), time.sleep(0.12))[0])
    button(at, "var_many_score").click().run()
    deadline = time.monotonic() + 60
    while len(frames(at)) < 2 and time.monotonic() < deadline:
        time.sleep(0.3)
        at.run()
    early = frames(at)[1]
    assert 0 < len(early) < 24  # the table fills while the job runs
    button(at, "var_many_cancel").click().run()
    finish(at)
    monkeypatch.undo()
    monkeypatch.setattr(listing, "settings", runtime_scores.settings)
    stopped = frames(at)[1]
    assert len(early) <= len(stopped) < 24
    st.cache_resource.clear()  # as after a restart
    at = page("many", "paste", text)
    again = frames(at)[1]
    assert sorted(again.Variant) == sorted(stopped.Variant)
    assert button(at, "var_many_score").label.startswith("Go on")
    button(at, "var_many_score").click().run()
    finish(at)
    table = frames(at)[1]
    assert sorted(table.Variant) == sorted(lines(true_variants().iloc[SOME]))
    assert (table["log2 fold"].abs().diff().dropna() <= 0).all()
    at.text_input(key="var_many_filter").set_value("sim4:1-200,000").run()
    assert len(frames(at)[1]) == sum(int(one.split(":")[1]) <= 200_000 for one in table.Variant)


def test_choosing_a_row_opens_its_variant(page, monkeypatch):
    def with_button(part, *, key, on_choose) -> None:
        st.button("pick", key="pick", on_click=on_choose, args=(int(part.numbers[0]),))

    monkeypatch.setattr(many, "render_table", with_button)
    text = "\n".join(lines(true_variants().iloc[SOME]))
    at = page("many", "paste", text)
    if any(one.key == "var_many_score" for one in at.button):
        finish(button(at, "var_many_score").click().run())
    scoring = runtime_scores._scorings()
    assert scoring.keys()
    button(at, "pick").click().run()
    assert not at.exception, at.exception
    assert at.session_state["var_view"] == "one"
    assert at.session_state["var_variant"] in lines(true_variants().iloc[SOME])


def test_files_are_those_of_the_command(page, tmp_path):
    text = "\n".join(lines(true_variants().iloc[SOME]))
    at = page("many", "paste", text)
    if any(one.key == "var_many_score" for one in at.button):
        finish(button(at, "var_many_score").click().run())
    (scoring,) = (runtime_scores._scorings().get(key, None) for key in list(runtime_scores._scorings().keys())[-1:])
    kept = runtime_scores.journal_of(scoring)
    scored = many.Scored(scoring.listed, kept, scoring.columns, scoring.engine.input_bp)
    (tmp_path / "page.tsv").write_bytes(many._file(scored, ".tsv", text.encode())())
    assert many._file(scored, ".vcf.gz", text.encode())()[:2] == b"\x1f\x8b"
    assert many._file(scored, ".parquet", text.encode())()[:4] == b"PAR1"
    (tmp_path / "in.txt").write_text(text)
    options = ["--genome", "playground", "--model", "playground", "--genes", "--quiet"]
    assert command(["score", str(tmp_path / "in.txt"), "--out", str(tmp_path / "cli.tsv"), *options]) == 0
    ours, theirs = (pd.read_csv(tmp_path / f"{name}.tsv", sep="\t", comment="#") for name in ("page", "cli"))
    pd.testing.assert_frame_equal(ours, theirs, rtol=1e-2, atol=1e-4)
    table = table_of(scored)
    assert shown(table, sort="gain").table["log2 fold"].iloc[0] == table["log2 fold"].max()
    assert shown(table, sort="loss").table["log2 fold"].iloc[0] == table["log2 fold"].min()
    assert shown(table, sort="place").table.Variant.tolist() == lines(true_variants().iloc[SOME])
    assert matches(table, "snv ctcf").sum() == table.Track.str.contains("CTCF").sum()
    assert shown(table, least=99.0).found == 0


def test_a_labelled_table_gives_figures(page):
    own = true_variants().iloc[SOME].assign(causal=lambda table: table.causal.astype(int))
    at = page("works", "paste", own.to_csv(index=False))
    assert "24 labelled variants" in said(at).replace("\\", "")
    if any(one.key == "var_works_score" for one in at.button):
        finish(button(at, "var_works_score").click().run())
    values = {one.label: one.value for one in at.metric}
    assert float(values["AUROC"]) > 0.9
    assert float(values["Spearman"]) > 0.6
    pictures = [c.proto for c in at.get("bidi_component") if c.proto.component_name == "attendome_drawing"]
    assert len(pictures) == 2
    at = page("works", "paste", "\n".join(lines(own)))
    assert "No column holds labels" in said(at)


def test_nothing_that_can_be_scored_and_no_file(page):
    at = page("many", "paste", "sim4:5:A:G")
    assert "no variant that can be scored" in said(at).replace("\\", "")
    at = page("many", "upload")
    assert not at.exception
    assert not any(one.key == "var_many_score" for one in at.button)
