"""Beside every result: what speaks for and against it, as far as it is known."""

from __future__ import annotations

import streamlit as st

from components.effects.numbers import change_text
from components.effects.places import Aim, aim_label, aims_of, first_aim
from components.effects.state import AT, RANK
from components.effects.trust import Told, distance_told, gradient_estimate, methods_told, spread_told, truth_told
from components.effects.words import LIMITS, NO_LABEL
from components.messages import plain
from core import runtime_effects
from core.effects.values import VariantEffect
from core.errors import AttendomeError
from core.genome.interval import Interval
from dashboard.variants.asking import get, render_getting
from dashboard.variants.found import Found
from dashboard.variants.questions import (
    background_question,
    background_seconds,
    contribution_question,
    contribution_seconds,
)
from dashboard.variants.scoring import chosen_track

BACKGROUND, GRADIENT = "background", "gradient"


def chosen_aim(found: Found) -> Aim:
    """Which bins of the chosen track are looked at: a person's choice, else where it changes more."""
    aims = aims_of(found.effect, found.at_genes, chosen_track(found))
    at = st.session_state.get(AT)
    if at in aims:
        return aims[at]
    if at is not None:
        st.session_state[AT] = None
    return aims[first_aim(aims)]


def choose_aim(found: Found, key: str) -> Aim:
    """The same, to choose from."""
    aims, aim = aims_of(found.effect, found.at_genes, chosen_track(found)), chosen_aim(found)
    st.session_state[key] = aim.name

    def take() -> None:
        st.session_state[AT] = st.session_state[key]

    st.selectbox(
        "Looked at", list(aims), key=key, on_change=take,
        format_func=lambda name: aim_label(aims[name], found.at_genes),
    )  # fmt: skip
    return aim


def render_limits() -> None:
    """The two papers, and that no label is given."""
    for sentence in LIMITS:
        st.caption(plain(sentence))
    st.caption(plain(NO_LABEL))


def render_trust(found: Found) -> None:
    """The panel of one variant."""
    with st.container(border=True, key="var_trust"):
        st.markdown("**How far to trust it**")
        aim = choose_aim(found, "var_trust_at")
        unit = aim.track.unit
        st.markdown(plain(f"{aim.track.label}, {aim.title}: {_numbers(aim)} ({unit})"))
        told = [distance_told(found.effect, found.at_genes, aim)]
        told.append(spread_told(found.effect, found.score(st.session_state[RANK]), aim))
        if found.true is not None and runtime_effects.is_derived(found.true_key):
            aims = aims_of(found.true.effect, found.true.at_genes, aim.track)
            told.append(truth_told(aims[aim.name], aim, unit))
        for each in told:
            _tell(each)
        if found.effect.variant is not None:
            _methods(found, aim)
            _percentile(found, aim)
        render_limits()


def _numbers(aim: Aim) -> str:
    return f"reference {aim.ref:.4g}, alternative {aim.alt:.4g}, effect {change_text(aim.effect)}"


def _tell(told: Told) -> None:
    mark = ":material/warning: " if told.warns else ""
    st.markdown(f"{mark}**{told.name}.** {plain(told.words)}")


def window_letters(effect: VariantEffect, found: Found) -> str:
    """What was read, of the reference."""
    reference = found.ask.ground.reference
    key = ("letters", reference.identity, effect.window)
    return runtime_effects.derived(key, lambda: _Letters(reference.fetch(_plain(effect.window)))).text


class _Letters:
    """A text with its size, for the shelf."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.nbytes = len(text)


def _plain(window: Interval) -> Interval:
    return Interval(window.chrom, window.start, window.end)


def _methods(found: Found, aim: Aim) -> None:
    effect, ask = found.effect, found.ask
    if effect.shifts_frame:
        _tell(methods_told(None, aim, aim.track.unit))
        return
    try:
        question = contribution_question(
            ask, window_letters(effect, found), _plain(effect.window), aim.target(ask.head)
        )  # fmt: skip
        getting = get(
            question, f"Gradient of the {aim.words}", slot=GRADIENT, saying="Taking the gradient",
            seconds=lambda: contribution_seconds(ask, question),
        )  # fmt: skip
    except AttendomeError as error:
        st.error(plain(str(error)), icon=":material/info:")
        return
    if getting.state != "ready":
        st.markdown("**Two methods.** The gradient's estimate beside the true change.")
        render_getting(getting, verb="Take the gradient")
        return
    _tell(methods_told(gradient_estimate(getting.answer, effect), aim, aim.track.unit))


def _percentile(found: Found, aim: Aim) -> None:
    """The effect's place among random changes of the same window."""
    ask, effect = found.ask, found.effect
    try:
        question = background_question(ask, effect)
        getting = get(
            question, f"{question.count} random changes of {effect.window.locus}", slot=BACKGROUND,
            seconds=lambda: background_seconds(ask, question), saying="Random changes", wait=False, by_itself=False,
            runs=question.count,
        )  # fmt: skip
    except AttendomeError as error:
        st.caption(plain(str(error)))
        return
    if getting.state == "ready":
        known = getting.answer
        score = "local" if aim.name == "local" else "sad"
        column = effect.place(aim.track)
        value = float((found.local["local"] if score == "local" else found.window["sad"]).effect[column])
        what = "around each change" if score == "local" else "over the whole window"
        share = known.percentile(aim.track.index, value, score)
        _tell(Told("Among random changes", f"{known.sentence(share)} Compared: the mean {what}."))
        return
    st.markdown(f"**Among random changes.** {question.count} random letters of this window, changed one at a time.")
    render_getting(getting, verb="Compare")
