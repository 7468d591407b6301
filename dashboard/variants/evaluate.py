"""Does it work? Predicted effects against a labelled table: the playground's simulated truth, or a person's own."""

from __future__ import annotations

import math

import streamlit as st

from components.downloads import render_table as render_csv_button
from components.drawing import render_drawing
from components.effects.many_curves import by_distance, curves_of
from components.links import write_link
from components.messages import plain
from core import runtime_scores
from core.effects.evaluation import MEASURES, Evaluation, evaluate
from core.effects.files import Scored
from core.effects.job import Scoring
from core.effects.labels import Labels, groups_of, judged, labels_of
from core.errors import SelectionError
from dashboard.variants.listing import (
    EXAMPLE,
    Given,
    choose_tracks,
    give,
    read,
    render_left_out,
    render_scoring,
    scoring_of,
)
from dashboard.variants.page import Ask

PART = "works"
HINT = "A table with labels, or a VCF with them in INFO"
SCORES = {
    "local_effect": "Around the variant",
    "local_log2_fold": "Around the variant, log2 fold",
    "effect": "Whole window, SAD mean",
    "sar": "Whole window, SAR",
    "gene_effect": "At the nearest gene start",
}
SHORT = {
    "average precision": "Average precision",
    "sign accuracy": "Signs",
    "sign accuracy, strongest fifth": "Signs, strongest fifth",
}
COLUMNS = (
    "Columns: **chrom, pos, ref, alt** (or **variant**), and **causal** (1 or 0) or **effect** (a measured change with "
    "its sign) or both; **tss_distance** if you have it."
)
HOW = (
    "Strength, for causal or not: the root of the summed squares of the score over all scored tracks. Direction, for "
    "the sign and the rank: its mean over the tracks chosen here. Intervals: the middle 95 % over 500 resamples of the "
    "variants. Of a table with labels, sign and rank are those of the causal variants."
)


def render_evaluation(ask: Ask) -> None:
    """Everything about a labelled table."""
    write_link(ask.fields)
    given = give(ask, PART, hint=HINT)
    if given is None or given.name != EXAMPLE:
        st.caption(COLUMNS)
    if given is None:
        return
    listed = read(ask, given, PART)
    if listed is None:
        return
    render_left_out(listed, PART)
    try:
        labels = labels_of(listed.records)
    except SelectionError as error:
        st.error(plain(str(error)), icon=":material/info:")
        return
    _about(labels)
    scoring = scoring_of(ask, listed, choose_tracks(ask, PART))
    scored = render_scoring(ask, scoring, PART)
    if scored is None:
        return
    growing = runtime_scores.running_scoring(scoring) is not None
    if growing:
        st.caption("The figures appear when all variants are scored.")
        return
    _figures(ask, given, scored, labels, scoring)


def _about(labels: Labels) -> None:
    used = ", ".join(f"{what} from {name}" for what, name in labels.columns)
    parts = [f"{len(labels.numbers):,} labelled variants ({used})."]
    if labels.causal is not None:
        parts.append(f"{int(labels.causal.sum()):,} causal, {int((~labels.causal).sum()):,} not.")
    if labels.unread:
        parts.append(f"{labels.unread:,} values could not be read and are left out.")
    st.caption(plain(" ".join(parts)))


def _figures(ask: Ask, given: Given, scored: Scored, labels: Labels, scoring: Scoring) -> None:
    groups = groups_of(scored.tracks)
    scores = {name: words for name, words in SCORES.items() if name in scored.kept.plan.numbers}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        score = st.selectbox("Score", list(scores), format_func=scores.get, key="var_works_score")
        if st.session_state.get("var_works_group") not in groups:
            st.session_state["var_works_group"] = "DNASE" if "DNASE" in groups else next(iter(groups))
        group = st.selectbox("Direction from", list(groups), key="var_works_group")
    key = (scoring.key, given.digest, scored.kept.done, score, group)

    def made() -> Evaluation:
        return evaluate(judged(scored, labels, score, groups[group]))

    found = runtime_scores.evaluation_of(key, made)
    _headline(found, scored, len(labels.numbers))
    provenance = " · ".join(filter(None, [ask.engine.provenance.sentence, ask.origin, f"{scores[score]}, {group}"]))
    if (picture := curves_of(found, provenance=provenance, unit="")) is not None:
        render_drawing(picture, key="var_works_curves")
    render_drawing(by_distance(found, provenance=provenance), key="var_works_distance")
    st.caption(plain(HOW))
    with st.expander("What each figure is"):
        for name, words in MEASURES.items():
            st.markdown(f"**{plain(name)}**: {plain(words)}.")
    render_csv_button("Figures (CSV)", found.table, "evaluation", "Every figure with its interval, also by distance.")


def _headline(found: Evaluation, scored: Scored, count: int) -> None:
    names = [one for one in found.measures if one.group == "all"]
    columns = st.columns(len(names))
    for place, one in zip(columns, names, strict=True):
        known = math.isfinite(one.value)
        place.metric(
            SHORT.get(one.name, one.name), f"{one.value:.3f}" if known else "too few",
            f"{one.low:.3f} – {one.high:.3f}" if known else None,
            delta_color="off", delta_arrow="off",
            help=f"{one.name}: {MEASURES[one.name]}; {one.variants:,} variants, by chance {one.chance:.2f}. Below: the "
            "middle 95 % over resampled variants.",
        )  # fmt: skip
    if len(found.labelled) < count:
        st.warning(f"{len(found.labelled):,} of {count:,} labelled variants are finished; go on above for all of them.")
