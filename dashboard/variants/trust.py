"""Beside every result: what speaks for and against it, as far as it is known."""

from __future__ import annotations

import numpy as np
import streamlit as st

from components.effects.numbers import change_text, value_text
from components.effects.places import LOCAL, Aim, aim_label, aims_of, first_aim
from components.effects.state import AT
from components.effects.trust import (
    Told,
    distance_told,
    gradient_estimate,
    methods_told,
    spread_told,
    together_told,
    truth_told,
)
from components.effects.words import LIMITS, NO_LABEL, ONE_RUN
from components.messages import plain
from core import runtime_effects
from core.effects.background import Background, start_name
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
COMPARED_BY_ITSELF = 15.0  # seconds; in small pieces, so nobody waits for it


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


def render_trust(found: Found, *, chosen: bool = False) -> None:
    """The panel of one variant.

    Parameters
    ----------
    chosen : whether the place that is looked at is chosen elsewhere.
    """
    with st.container(border=True, key="var_trust"):
        st.markdown("**How far to trust it**")
        aim = chosen_aim(found) if chosen else choose_aim(found, "var_trust_at")
        unit = aim.track.unit
        st.markdown(plain(f"{aim.track.label}, {aim.title}: {_numbers(aim)}."))
        told = [distance_told(found.effect, found.at_genes, aim), spread_told(found.effect, aim)]
        if found.true is not None and runtime_effects.is_derived(found.true_key):
            aims = aims_of(found.true.effect, found.true.at_genes, aim.track)
            told.append(truth_told(aims[aim.name], aim, unit))
        for each in told:
            _tell(each)
        _methods(found, aim)
        _percentile(found, aim)
        render_limits()


def render_trust_of(parts: dict[int, Found], sums: dict[int, np.ndarray], found: Found) -> None:
    """The panel of a person's haplotypes.

    Parameters
    ----------
    parts : number of the haplotype -> its effect. sums : -> (tracks,) sum of single effects on the window's mean.
    found : the variant whose window it is; its choice of a track and a place holds here too.
    """
    with st.container(border=True, key="var_trust"):
        st.markdown("**How far to trust it**")
        aim = choose_aim(found, "var_trust_at")
        st.markdown(plain(f"{aim.track.label}, {aim.title}:"))
        for number, part in parts.items():
            own = aims_of(part.effect, part.at_genes, aim.track, found.effect.changes[0])[aim.name]
            st.markdown(f"**Haplotype {number}.** {plain(_numbers(own, 'haplotype'))}.")
            if len(part.effect.runs) > 1:
                _tell(spread_told(part.effect, own))
            if part.true is not None:
                genes, changed = part.true.at_genes, found.effect.changes[0]
                _tell(truth_told(aims_of(part.true.effect, genes, aim.track, changed)[aim.name], own, aim.track.unit))
            column = part.effect.place(aim.track)
            joint = float(part.effect.effect[:, column].mean(dtype=np.float64))
            _tell(together_told(joint, float(sums[number][column]), aim.track.unit))
        if len(found.effect.runs) == 1:
            st.markdown(f"**Spread.** {ONE_RUN}")
        render_limits()


def _numbers(aim: Aim, alt: str = "alternative") -> str:
    return (
        f"reference {value_text(aim.ref)}, {alt} {value_text(aim.alt)}, effect {change_text(aim.effect)} "
        f"{aim.track.unit}"
    )


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
        question = background_question(ask, effect, tuple(one.gene.tss for one in found.at_genes))
        getting = get(
            question, "Random changes", slot=BACKGROUND,
            seconds=lambda: background_seconds(ask, question), saying="Changing random letters", wait=False,
            by_itself=COMPARED_BY_ITSELF,            runs=question.count,
        )  # fmt: skip
    except AttendomeError as error:
        st.caption(plain(str(error)))
        return
    if getting.state == "ready":
        _tell(_among(found, aim, getting.answer))
        return

    def so_far() -> None:
        if (part := runtime_effects.known_part(question)) is not None:
            _tell(_among(found, aim, part))
            return
        words = f"{question.count} random letters of this window, changed one at a time."
        _tell(Told("Among random changes", words))

    render_getting(getting, verb="Compare", so_far=so_far)


def _among(found: Found, aim: Aim, known: Background) -> Told:
    """Where the effect stands among what is known of random changes, compared by the same score."""
    column = found.effect.place(aim.track)
    one = next((one for one in found.at_genes if one.gene.symbol == aim.name), None)
    name = LOCAL if one is None else start_name(one.gene.tss)
    if one is not None and name in known.values:
        score, what = one.score, f"over the same bins at the start of {aim.name}"
    elif one is not None:
        name, score, what = "sad", found.window["sad"], "over the whole window"
    else:
        score, what = found.local["local"], "around each change"
    value = float(score.effect[column])
    share = known.percentile(aim.track.index, value, name)
    done = "" if len(known) == known.asked else f" {known.asked} are asked for."
    words = f"{known.sentence(share)}{done} Compared: {change_text(value)} {aim.track.unit}, the mean {what}."
    return Told("Among random changes", words)
