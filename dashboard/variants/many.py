"""Many variants: a VCF, a table or a list, scored as a job; a table that fills as it goes, and files."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from components.effects.many import MOST_ROWS, SORTS, WORDS, render_table, shown, table_of, units_of
from components.effects.state import TRACK, VARIANT, VIEW
from components.links import write_link
from components.messages import plain
from core import runtime_scores
from core.effects.files import Scored, write
from core.effects.job import Scoring
from core.uploads import safe_name
from dashboard.variants.listing import Given, choose_tracks, give, read, render_left_out, render_scoring, scoring_of
from dashboard.variants.page import Ask

PART = "many"
HINT = "A VCF (plain, gzip or bgzip), a table or a list of variants"
MAX_FILE_BYTES = 200_000_000
ROW_BYTES = {".tsv": 260, ".parquet": 60, ".vcf": 30}
STRONGEST = "strongest"
REFRESH_SECONDS = 2.0


def render_many(ask: Ask) -> None:
    """Everything about a list of variants."""
    write_link(ask.fields)
    given = give(ask, PART, hint=HINT)
    if given is None:
        return
    listed = read(ask, given, PART)
    if listed is None:
        return
    render_left_out(listed, PART)
    if not listed.records:
        if not listed.notes:
            st.info(plain(f"{listed.name} has no variant that can be scored."), icon=":material/info:")
        return
    scoring = scoring_of(ask, listed, choose_tracks(ask, PART))
    scored = render_scoring(ask, scoring, PART)
    if scored is None:
        return
    growing = runtime_scores.running_scoring(scoring) is not None
    st.fragment(_results, run_every=REFRESH_SECONDS if growing else None)(scored, scoring)
    if scored.kept.done and not growing:
        _downloads(scored, given)


def _results(scored: Scored, scoring: Scoring) -> None:
    """The table as it is now, with its controls."""
    kept = runtime_scores.journal_of(scoring)
    if not kept.done:
        st.caption("The first variants appear here in a moment.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        names = {STRONGEST: "Strongest track"}
        names |= {str(place): track.label for place, track in enumerate(scored.tracks)}
        sorts = {name: words for name, words in SORTS.items() if name != "gene" or kept.plan.with_genes}
        sort = st.selectbox("Sorted by", list(sorts), format_func=sorts.get, key="var_many_sort")
        column = st.selectbox("Track of each row", list(names), format_func=names.get, key="var_many_column")
        text = st.text_input(
            "Filter", key="var_many_filter", placeholder="words, or a place such as sim4:1-500,000", max_chars=200
        )
        least = st.number_input("Least log2 fold", 0.0, 20.0, 0.0, 0.05, key="var_many_least")
    table = table_of(scored, None if column == STRONGEST else int(column))
    part = shown(table, sort=sort, text=text, least=least)
    render_table(part, key="var_many_table", on_choose=lambda number: _open(scored, number, column))
    if st.session_state.pop("_var_open", False):
        st.rerun()
    cut = f", of which the first {MOST_ROWS:,} are listed" if part.found > MOST_ROWS else ""
    said = f"{kept.done:,} of {len(scored.listed):,} variants are finished; {part.found:,} match{cut}."
    said += f" Choose a row to open its variant. Strongest: the largest log2 fold. {WORDS.format(units_of(table))}"
    st.caption(plain(said))


def _open(scored: Scored, number: int, column: str) -> None:
    variant = scored.listed.records[number].variant
    track = None if column == STRONGEST else scored.tracks[int(column)].index
    st.session_state[VARIANT] = str(variant)
    if track is not None:
        st.session_state[TRACK] = track
    st.session_state[VIEW], st.session_state["_var_open"] = "one", True


def _downloads(scored: Scored, given: Given) -> None:
    """All rows as files, made when they are asked for."""
    stem = safe_name(given.name).rsplit(".", 1)[0].removesuffix(".vcf") or "variants"
    rows = scored.kept.done * len(scored.tracks)
    kinds = {
        ".tsv": ("TSV", "One row a variant and track, all scores, with lines of provenance that begin with ##."),
        ".parquet": ("Parquet", "The same columns, smaller and typed."),
        ".vcf.gz": ("VCF", "Your VCF with scores in INFO, described in its header; a new one of what was no VCF."),
    }
    with st.container(horizontal=True, gap="small"):
        for ending, (name, help_) in kinds.items():
            size = rows * ROW_BYTES.get(ending, 60)
            large = size > MAX_FILE_BYTES
            words = f"{help_} About {max(0.1, size / 1e6):,.1f} MB."
            if large:
                words += " Too much for a browser: python -m core.effects score writes it without one."
            st.download_button(
                name, b"" if large else _file(scored, ending, given.content), f"{stem}.scores{ending}",
                "application/octet-stream", icon=":material/download:", help=words, disabled=large,
                on_click="ignore", key=f"var_many_get{ending}",
            )  # fmt: skip


def _file(scored: Scored, ending: str, content: bytes) -> Callable[[], bytes]:
    def made() -> bytes:
        with tempfile.TemporaryDirectory(prefix="attendome-scores-") as folder:
            path = Path(folder) / f"scores{ending}"
            write(scored, path, source=content)
            return path.read_bytes()

    return made
