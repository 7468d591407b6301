"""The live part of the playground page: a locus under sliders, the model's guess, the rules at these numbers."""

from __future__ import annotations

import math
from dataclasses import replace

import streamlit as st

from components.drawing import render_drawing
from components.drawing.axis import number_text
from components.links import render_link, write_link
from components.messages import explained_errors, plain, render_notes
from components.playground import controls, rules, state
from components.playground.recipe import render_csv, render_recipe
from components.playground.scene import Scene, genes_in, locus_drawing
from components.playground.words import READING
from core.errors import AttendomeError
from core.teaching.playground.grammar import CELL_TYPES, Grammar
from core.teaching.playground.heldout import pearson
from core.teaching.playground.locus import Locus, origin_sentence
from core.teaching.playground.moves import Changed, Moves, change, element_sites
from core.teaching.playground.told import Told, change_sentence, start_signal, tell
from dashboard.playground.guess import Guess, guess_of, has_model

CELLS = {"erythroid": "erythroid cells", "liver": "liver"}
LINK_SENTENCE = "This link opens this page as it is: gene, element, letters, rules."


@st.fragment
def render_live() -> None:
    """Everything that a slider changes; only this is run again when one moves."""
    with explained_errors():
        _render()


def _render() -> None:
    locus = controls.choose_locus()
    left, right = st.columns([5, 12], gap="medium")
    with left:
        controls.choose_changes(locus)
    params = write_link(state.link_fields(locus))
    moves, grammar = state.moves_now(locus), state.rules_now()
    with right:
        changed = change(locus, moves)
        before, after = tell(locus), tell(locus, grammar, changed.edits)
        scene = _scene(locus, moves, grammar, changed, before, after)
        render_drawing(locus_drawing(scene), key="playground_locus", test_id="locus")
        render_notes(changed.notes)
        said = others_sentence(locus, before, after) if scene.is_changed else "Nothing is changed yet."
        st.caption(plain(said))
        row = st.container(horizontal=True, vertical_alignment="center")
    st.subheader("Let the model guess")
    found = _guess(scene, grammar, changed, before)
    with row:
        render_csv(scene, None if found is None else (found.before, found.after))
        render_recipe(locus, moves, grammar, guess=found is not None)
        render_link(params, LINK_SENTENCE)
        with st.popover("How to read this", icon=":material/help:"):
            st.markdown(READING)
    st.subheader("The rules in five steps")
    _rules(locus, moves, grammar, changed, before, after)


def expression_sentence(locus: Locus, before: Told, after: Told, cell: str) -> str:
    """For example "29.3 → 4.0 (× 0.14)" of the locus' gene."""
    old, new = (start_signal(told.tracks, told.interval, locus.gene.tss, cell) for told in (before, after))
    return change_sentence(old, new)


def others_sentence(locus: Locus, before: Told, after: Told) -> str:
    """Which other genes in sight change by a tenth or more."""
    said = []
    for gene in genes_in(locus):
        inside = locus.seen.contains(gene.tss) and gene.symbol != locus.gene.symbol
        for cell in CELL_TYPES if inside else ():
            old, new = (start_signal(told.tracks, told.interval, gene.tss, cell) for told in (before, after))
            if abs(new - old) > max(0.1 * old, 0.3):
                said.append(f"{gene.symbol} in {CELLS[cell]} {change_sentence(old, new)}")
    return f"Other genes here that change: {'; '.join(said)}." if said else "No other gene here changes."


def _origin(grammar: Grammar) -> str:
    """Where it comes from, and the rules where they are not the shipped ones."""
    moved = [
        f"{label.partition(',')[0].lower()} {getattr(grammar, own):g} (shipped {getattr(state.SHIPPED, own):g})"
        for _, label, *_, own in state.RULES
        if getattr(grammar, own) != getattr(state.SHIPPED, own)
    ]
    return " · ".join([origin_sentence(), *moved])


def _scene(
    locus: Locus, moves: Moves, grammar: Grammar, changed: Changed, before: Told, after: Told
) -> Scene:  # fmt: skip
    is_changed = bool(changed.edits) or grammar != state.SHIPPED
    main = locus.cell_type
    other = next(cell for cell in CELL_TYPES if cell != main)
    said = {cell: expression_sentence(locus, before, after, cell) for cell in CELL_TYPES}
    if not is_changed:
        said = {cell: value.partition(" →")[0] for cell, value in said.items()}
    title = f"{locus.gene.symbol}’s expression in {CELLS[main]}: {said[main]}"
    subtitle = f"In {CELLS[other]}: {said[other]} · {locus.seen.locus} · playground: simulated genome"
    sites = ""
    if locus.element is not None:
        whole = len(element_sites(locus.element))
        sites = f"{whole if moves.sites is None else moves.sites} of {whole} sites left"
    return Scene(
        locus=locus, before=before.tracks, after=after.tracks, changed=changed, title=title, subtitle=subtitle,
        provenance=_origin(grammar), file_name=f"playground-{locus.gene.symbol}", sites=sites, is_changed=is_changed,
    )  # fmt: skip


def _guess(scene: Scene, grammar: Grammar, changed: Changed, before: Told) -> Guess | None:
    """The model's answer to the same letters, and how right it is."""
    if not has_model():
        st.info(
            "The playground model is not part of this installation yet, so there is nothing to ask. The truth above "
            "does not need it.",
            icon=":material/hourglass_empty:",
        )
        return None
    # What comes and goes stands in the left column, so that the picture stays where it is.
    left, right = st.columns([5, 12], gap="medium")
    with left:
        if not st.toggle("Ask the model about these letters", key="guess", persist_state="session"):
            return None
        if grammar != state.SHIPPED:
            st.info(
                "You moved rules. The model reads letters only and has learnt the shipped rules, so it is compared "
                "with the truth under those.",
                icon=":material/info:",
            )
        try:
            with st.spinner("The model reads …"):
                found = guess_of(scene.locus, changed.edits)
        except AttendomeError as error:
            st.error(plain(str(error)), icon=":material/info:")
            return None
    locus = scene.locus
    truth = tell(locus, None, changed.edits)
    guessed = [Told(tracks, locus.seen, {}) for tracks in (found.before, found.after)]
    main = locus.cell_type
    is_changed = bool(changed.edits)
    said, true = (expression_sentence(locus, *pair, main) for pair in (guessed, (before, truth)))
    if not is_changed:
        said, true = said.partition(" →")[0], true.partition(" →")[0]
    under = "" if grammar == state.SHIPPED else " under the shipped rules"
    now = [start_signal(tracks, locus.seen, locus.gene.tss, main) for tracks in (found.after, truth.tracks)]
    off = miss_words(*now)
    picture = Scene(
        locus=locus, before=found.before, after=found.after, changed=changed, is_changed=is_changed, sites=scene.sites,
        title=f"The model’s guess: {locus.gene.symbol}’s expression in {CELLS[main]}: {said}",
        subtitle=f"The truth{under}: {true}{off} · playground: simulated genome",
        provenance=f"{replace(found.provenance, assembly=None).sentence} · {_origin(state.SHIPPED)}",
        file_name=f"playground-{locus.gene.symbol}-guess", beside=(before.tracks, truth.tracks),
    )  # fmt: skip
    told = agreement(found, before, truth, is_changed=is_changed)
    if is_changed:
        words = [fate(*(start_signal(t.tracks, t.interval, locus.gene.tss, main) for t in pair))
                 for pair in ((before, truth), guessed)]  # fmt: skip
        whose = f"{under.strip().capitalize()} {locus.gene.symbol}".strip()
        told = f"{whose} **{words[0]}**. The model says that it **{words[1]}**.\n\n{told}"
    left.markdown(told)
    with right:
        render_drawing(locus_drawing(picture), key="playground_guess", test_id="guess")
    return found


def agreement(found: Guess, before: Told, after: Told, *, is_changed: bool) -> str:
    """How well guess and truth agree over the window, as Markdown."""
    rows = [("Now", found.after, after.tracks)]
    if is_changed:
        rows.insert(0, ("Before", found.before, before.tracks))
        rows.append(("The change alone", found.after - found.before, after.tracks - before.tracks))
    lines = ["**Guess against truth**, twelve tracks over this window (Pearson correlation: 1 is the same shape):", ""]
    for name, guess, truth in rows:
        value = pearson(guess.ravel(), truth.ravel())
        lines.append(f"- {name}: {'no number, one is level' if math.isnan(value) else f'**{number_text(value, 2)}**'}")
    if is_changed:
        lines += ["", "The change alone is the hard part: a model can draw every peak and still miss what moves them."]
    return "\n".join(lines)


def miss_words(guess: float, truth: float) -> str:
    """For example " (the guess is 46 % too high)"; "" where it is right to a twentieth, or the truth is next to 0."""
    if truth < 0.5 or abs(guess / truth - 1) < 0.05:
        return ""
    return f" (the guess is {abs(guess / truth - 1):.0%} too {'high' if guess > truth else 'low'})".replace("%", " %")


def fate(before: float, after: float) -> str:
    """What becomes of a gene, in words: "falls to 39 % of what it was"."""
    if abs(after - before) < max(0.02 * before, 0.05):
        return "stays as it was"
    if after < before:
        return f"falls to {after / before:.0%} of what it was".replace("%", " %")
    return f"rises to {after / before:.1f} times what it was" if before > 0.05 else "is switched on"


def _rules(
    locus: Locus, moves: Moves, grammar: Grammar, changed: Changed, before: Told, after: Told
) -> None:  # fmt: skip
    said = _origin(grammar)
    away = abs(changed.element.centre - locus.gene.tss) if changed.element else 0
    left = None
    if locus.element is not None:
        left = len(element_sites(locus.element)) if moves.sites is None else moves.sites
    pictures = (
        rules.site_drawing(locus, said),
        rules.sites_drawing(locus, left, grammar, said),
        rules.distance_drawing(away, grammar, said),
        rules.boundary_drawing(away, grammar, said),
        rules.expression_drawing(locus.gene.symbol, before.terms, after.terms, (Grammar(), grammar), said),
    )
    top, low = st.columns(3, gap="medium"), st.columns([1, 2], gap="medium")
    for number, (column, picture) in enumerate(zip((*top, *low), pictures, strict=True), 1):
        with column:
            render_drawing(picture, key=f"playground_rule_{number}", test_id=f"rule-{number}")
