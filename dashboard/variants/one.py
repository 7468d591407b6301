"""One variant: the box, the picture, and below it scores, reasons, haplotypes, and beside them what may be trusted."""

from __future__ import annotations

import streamlit as st

from components.controls import choose as choose_one
from components.effects.numbers import change_text, value_text
from components.effects.state import RANK, TOOL, TOOLS, VARIANT
from components.effects.table import track_order
from components.effects.tracks import render_tracks, shown_tracks
from components.effects.words import unit_of
from components.links import write_link
from components.messages import plain
from core import runtime_effects
from core.errors import AttendomeError
from dashboard.tracks.names import render_names
from dashboard.variants.asking import get, leave_what_was, render_getting
from dashboard.variants.browse import Picture, browse
from dashboard.variants.examples import examples_for, first_variant, render_examples
from dashboard.variants.found import Found, found_of
from dashboard.variants.given import choose, given_variant, render_problem, type_variant
from dashboard.variants.haplotypes import render_haplotypes, render_joint
from dashboard.variants.page import Ask
from dashboard.variants.questions import effect_question, effect_seconds
from dashboard.variants.scoring import render_every_score, render_scores
from dashboard.variants.takeaways import render_takeaways
from dashboard.variants.trust import render_limits, render_trust, render_trust_of
from dashboard.variants.why import render_why

SLOT = "effect"


def render_one(ask: Ask, genomes: dict[str, str]) -> None:
    """Everything about one variant."""
    state = st.session_state
    if not (state.get(VARIANT) or "").strip() and state.get("_var_begun") != ask.genome:
        state[VARIANT] = first_variant(ask.ground)
    state["_var_begun"] = ask.genome
    examples = examples_for(ask.ground)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        with st.container(width="stretch"):
            typed = type_variant(examples[0][1] if examples else "chr1:14677:G:A")
        panel = st.container(width="content")
    status = st.container(key="var_status", horizontal=True, vertical_alignment="center", gap="small")
    if not typed:
        with status:
            st.caption("Type a variant, or take an example.", width="content")
            render_examples(ask.ground, choose)
        write_link(ask.fields)
        return
    given = given_variant(typed, ask.ground, genomes, ask.genome)
    if given.variant is None:
        render_problem(given)
        with status:
            render_examples(ask.ground, choose)
        write_link(ask.fields)
        return
    variant = given.variant
    with status:
        render_examples(ask.ground, choose)
    try:
        question = effect_question(ask, variant)
    except AttendomeError as error:
        st.error(plain(str(error)), icon=":material/info:")
        write_link(ask.fields)
        return
    leave_what_was(f"{question.key} {st.session_state.get(TOOL)}", SLOT)
    with status:
        getting = get(
            question, f"{variant.label}, {ask.title}", slot=SLOT, seconds=lambda: effect_seconds(ask, question),
            runs=2 * len(ask.averaging.runs),
        )  # fmt: skip
        if getting.state == "ready":
            if given.note:
                st.caption(plain(given.note), width="content")
        else:
            render_getting(getting, verb="Predict both alleles", about=f"{variant.label} is not predicted yet.")
    if getting.state != "ready":
        write_link(ask.fields)
        return
    found = found_of(ask, getting.answer, question.key)
    _rank(found)
    shown, chosen = shown_tracks(ask.table, found.score(state[RANK]), found.effect.tracks)
    with panel:
        render_tracks(ask.table, shown, chosen, lambda: render_names(ask.table))
    known = bool(ask.truth) and runtime_effects.is_derived(found.true_key)
    picture = Picture(found, shown, variant.label, known)
    browse(picture)
    render_takeaways(picture, write_link(ask.fields))
    _below(found)
    if ask.truth and not known:  # the picture came first; what follows takes a moment longer
        _ = found.true
        st.rerun()


def _rank(found: Found) -> None:
    if st.session_state.get(RANK) not in found.ranks:
        st.session_state[RANK] = next(iter(found.ranks))


def _below(found: Found) -> None:
    """The headline, then scores, reasons or haplotypes, and what may be trusted of them beside."""
    st.markdown(f"**{plain(headline(found))}**")
    if found.effect.rule:
        st.caption(plain(found.effect.rule))
    for note in found.effect.notes:
        st.caption(plain(note))
    tool = choose_one("Below", TOOLS, TOOL, place=st, hide=True)
    left, right = st.columns([2.1, 1], gap="medium")
    people = None
    with left:
        if tool == "people":
            people = render_haplotypes(found)
        else:
            (render_why if tool == "why" else render_scores)(found)
    with right:
        if tool != "people":
            render_trust(found, chosen=tool == "why")
        elif people is not None:
            effects, parts = people
            render_trust_of(parts, {number: effects.sum_of_singles(number) for number in parts}, found)
        else:
            with st.container(border=True):
                render_limits()
    if tool == "scores":
        render_every_score(found)
    elif people is not None:
        render_joint(*people, found)


def headline(found: Found) -> str:
    """The largest change by the chosen score: reference, alternative and effect, with units."""
    score = found.score(st.session_state[RANK])
    place = int(track_order(score)[0])
    track = found.effect.tracks[place]
    unit = unit_of(score, track)
    return (
        f"{found.effect.label}: by “{found.ranks[st.session_state[RANK]]}” it changes {track.label} most, "
        f"{value_text(float(score.ref[place]))} → {value_text(float(score.alt[place]))} ({track.unit}), effect "
        f"{change_text(float(score.effect[place]))} {unit if unit != track.unit else ''}".rstrip()
        + "."
    )
