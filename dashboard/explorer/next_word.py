"""Next word and logit lens: what the model would say, and what each layer would have said."""

from __future__ import annotations

import streamlit as st

from components.attention import heads_words
from components.downloads import render_table
from components.drawing import render_drawing
from components.lens import MOST_POSITIONS, lens_drawing
from components.messages import plain
from components.prediction import distribution_drawing, next_token_title
from components.reading_help import render_help
from core import runtime
from core.errors import SelectionError
from core.language.forward import has_word_head
from core.language.lens import logit_lens
from core.language.predict import predicts_masked_words, token_distribution
from dashboard.explorer.asked import Asked

# Columns of the lens that a laptop's page holds.
WIDE = 12


def _use(model: str) -> None:
    st.session_state["model"] = model


def render_next(asked: Asked, row: int | None) -> None:
    """The distribution after a token: the kept row's, or the last one's; of a masked word its guess."""
    model = asked.model
    if not has_word_head(model):
        st.info(
            plain(
                f"{model.card.title} predicts no words: it was trained to give vectors of sentences. "
                "A GPT says what comes next; a BERT guesses a word that is hidden."
            ),
            icon=":material/info:",
        )
        st.button("Use Storybook GPT", on_click=_use, args=("storybook-gpt",), icon=":material/arrow_forward:")
        return
    masked = predicts_masked_words(model)
    try:
        found = runtime.answer(
            model,
            token_distribution,
            asked.text,
            position=None if masked else row,
            target_text=asked.target_text,
            without=asked.off,
            kind=asked.kind,
            on_wait=asked.on_wait,
        )
    except SelectionError as error:  # no [MASK] in the text
        st.info(plain(str(error)), icon=":material/info:")
        return
    told = f"Probability among the whole vocabulary; entropy {found.entropy_bits:.1f} bits (0 is certain)"
    drawing = distribution_drawing(
        found.labels,
        found.probabilities.tolist(),
        title="The hidden word" if masked else next_token_title(found.at),
        subtitle="; ".join(filter(None, (told, heads_words(asked.off)))),
        provenance=found.provenance.sentence,
    )
    render_drawing(drawing, key="next_token")
    render_table("CSV", found.table, "next-token", "The ten most probable tokens.")
    if not masked and asked.view == "head":
        st.caption("Click a row of the map, or a word under it, to see what comes after that one.")
    render_help("next")


def render_lens(asked: Asked, count: int) -> None:
    """The logit lens of the text's `count` tokens, a part at a time; nothing for a model that predicts no words."""
    model, off = asked.model, asked.off
    if not has_word_head(model):
        return
    state, place = st.session_state, st.empty()
    start = None
    if count > WIDE:
        if state.get("place") is None or state["place"] >= count:
            state["place"] = count - WIDE
        start = st.slider(
            "Logit lens: first token shown", 0, count - 1, key="place", persist_state="session", width=420
        )
    span = (start or 0, min((start or 0) + MOST_POSITIONS, count))

    def progress(share: float) -> None:
        place.progress(min(share, 1.0), "Reading every layer … any other choice stops it")

    lens = runtime.answer(
        model,
        logit_lens,
        asked.text,
        target_text=asked.target_text,
        span=span,
        without=off,
        kind=asked.kind,
        on_progress=progress,
        on_wait=asked.on_wait,
    )
    place.empty()
    drawing = lens_drawing(
        lens.columns,
        lens.labels.tolist(),
        lens.probabilities,
        row_names=lens.rows,
        next_tokens=[label or None for label in lens.real_labels],
        next_probabilities=lens.real_probabilities,
        next_ranks=lens.real_ranks,
        start=None if start is None else 0,
        predicts=lens.predicts,
        first_position=span[0],
        title=f"Logit lens of {model.card.title}",
        provenance=" · ".join(filter(None, (lens.provenance.sentence, heads_words(off)))),
    )
    render_drawing(drawing, key="lens")
    render_table("CSV", lens.table, "logit-lens", "Every cell, and the real token's probability and rank.")
    render_help("lens")
