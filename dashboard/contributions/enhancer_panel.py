"""The panel of candidate enhancers: which gene and cell type, the ranking, how well it finds what is known, files.

    render_enhancers(aim, on_place=look)     # where the panel is open: it begins work

`on_place(start, end)` is called in a callback when a candidate is pressed: it moves the browser.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from components.contributions.enhancer_state import (
    ATTENDED_JOB,
    BY,
    CELL,
    COUNTS,
    FIRST_SCORE,
    FROM,
    GENE,
    HEAD,
    LAYER,
    LETTERS_JOB,
    MEAN,
    MEASURE,
    PICKED,
    SHUFFLE_COUNT,
    SHUFFLED_JOB,
    chosen_number,
    chosen_one,
)
from components.contributions.enhancer_words import HOW, verdict
from components.contributions.enhancers import candidates_csv, candidates_table, file_stem
from components.drawing import render_drawing
from components.enhancers.rows import heads_words
from components.messages import plain
from core import runtime_attention, runtime_contributions, runtime_dna, runtime_enhancers
from core.attribution.asking import ContributionQuestion
from core.attribution.enhancer_asking import BlockQuestion, losses_of
from core.attribution.enhancer_pool import seen_of, window_of
from core.attribution.enhancers import MEASURES, SCORES, SHUFFLES, EnhancerScores, rank_by_contribution
from core.attribution.expression import expression_target
from core.attribution.target import Target
from core.enformer.asking import Question
from core.enformer.attending import NEIGHBOURS
from core.enformer.attention_asking import AttentionQuestion
from core.enformer.averaging import Averaging
from core.enformer.candidates import Candidate
from core.errors import AttendomeError
from core.genome.gene import Gene
from core.genome.interval import Interval
from dashboard.contributions.aim import Aim
from dashboard.contributions.enhancer_choice import Asked, asked_of, render_files
from dashboard.contributions.enhancer_curves import render_against_labels
from dashboard.contributions.steps import Step, render_step, step
from dashboard.tracks.attending import Getting, get, render_getting, sizes
from dashboard.tracks.truth import origin_of

BY_ITSELF_SECONDS = 30.0  # of the shuffles; they are only begun where the panel is open
LETTERS_SECONDS = 10.0
AROUND_BP = 300  # seen on either side of a candidate that was pressed


@dataclass(frozen=True, eq=False)
class View:
    """All that the panel shows, as far as it is known.

    Attributes
    ----------
    question : the prediction around the gene. candidates : None while they are not known.
    letters, shuffled : the steps to contributions and to mutagenesis; None before the candidates are known.
    """

    asked: Asked
    question: Question
    target: Target
    getting: Getting
    seen: Interval
    candidates: tuple[Candidate, ...] | None = None
    letters: Step | None = None
    shuffled: Step | None = None
    ranking: EnhancerScores | None = None


def render_enhancers(
    aim: Aim, *, on_place: Callable[[int, int], None] | None = None, key: str = "ctb_enh"
) -> EnhancerScores | None:
    """The panel; its answer, as far as it is known, for rows of the browser.

    Parameters
    ----------
    on_place : called with (start, end) on the chromosome when a candidate is pressed.
    key : prefix of what is on the page once.
    """
    asked = asked_of(aim)
    if asked.gene is None:
        st.info("No gene starts in what is predicted here; move to one, or type its name.", icon=":material/info:")
        return None
    if not asked.cell_type:
        st.info(
            "This model has no cell type with both open chromatin and CAGE by name, so the expression of a gene in a "
            "cell type cannot be asked for.", icon=":material/info:",
        )  # fmt: skip
        return None
    _controls(aim, asked)
    try:
        view = _view(aim, asked)
    except AttendomeError as error:
        st.error(plain(str(error)), icon=":material/info:")
        return None
    _render_steps(view, key)
    if view.ranking is not None:
        _render_ranking(aim, view, view.ranking, on_place, key)
    with st.expander("How this is computed", icon=":material/school:"):
        st.markdown(HOW)
    return view.ranking


def _controls(aim: Aim, asked: Asked) -> None:
    """Gene, cell type, candidates, score, and what lies deeper."""
    names, titles = [gene.symbol for gene in asked.genes], {score.name: score.title for score in SCORES}
    columns = st.columns([1.1, 1.1, 1.4, 1.3, 0.9], gap="small", vertical_alignment="bottom")
    with columns[0]:
        st.selectbox("Gene", names, key=GENE, persist_state="session", help="Genes that start in what is predicted.")
    with columns[1]:
        st.selectbox("Cell type", asked.cells, key=CELL, persist_state="session",
                     help="Cell types with predicted open chromatin and CAGE.")  # fmt: skip
    with columns[2]:
        labels = {name: source.title for name, source in asked.sources.items()}
        st.selectbox("Candidates", list(labels), format_func=labels.__getitem__, key=FROM, persist_state="session")
    with columns[3]:
        if st.session_state.get(BY) not in titles:
            st.session_state[BY] = FIRST_SCORE
        st.selectbox("Rank by", list(titles), format_func=titles.__getitem__, key=BY, persist_state="session",
                     help="Also by a press on a heading of the table.")  # fmt: skip
    with columns[4], st.popover("More", icon=":material/tune:"):
        chosen_one(MEASURE, tuple(MEASURES))
        st.selectbox("Contribution is the", list(MEASURES), format_func=MEASURES.__getitem__, key=MEASURE,
                     persist_state="session")  # fmt: skip
        if st.session_state.get(SHUFFLE_COUNT) not in COUNTS:
            st.session_state[SHUFFLE_COUNT] = SHUFFLES
        st.selectbox("Shuffles of each candidate", COUNTS, key=SHUFFLE_COUNT, persist_state="session",
                     help="More take longer and even out what a shuffle makes by chance.")  # fmt: skip
        render_heads(aim)
    with st.expander("Candidates and labels of your own", icon=":material/upload_file:"):
        render_files(aim)


def render_heads(aim: Aim) -> tuple[int | None, int | None]:
    """Whose attention counts; None is the mean of all."""
    found = []
    for what, key, count in zip(("layer", "head"), (LAYER, HEAD), sizes(aim.engine), strict=True):
        chosen_number(key, count)
        st.selectbox(
            f"Attention of {what}", [MEAN, *map(str, range(count))], key=key, persist_state="session",
            help=f"The {what} whose attention counts, numbered from 0 as in the model, or the mean of all.",
        )  # fmt: skip
        found.append(chosen_number(key, count))
    return found[0], found[1]


def chosen_heads(aim: Aim) -> tuple[int | None, int | None]:
    """Layer and head as they were chosen."""
    layers, heads = sizes(aim.engine)
    return chosen_number(LAYER, layers), chosen_number(HEAD, heads)


def gradient_question(question: Question, target: Target) -> ContributionQuestion:
    """Gradient x input of a whole window."""
    return ContributionQuestion(
        question.engine, question.sequence, question.flanks, question.interval, target, "gradient_x_input"
    )


def gradient_step(asked: ContributionQuestion, title: str, *, slot: str) -> Step:
    """Find the contributions of a window, or say what they cost."""
    return step(
        title, slot=slot,
        known=lambda: runtime_contributions.known_contributions(asked) is not None,
        seconds=lambda: runtime_contributions.contribution_seconds(asked),
        start=lambda: runtime_contributions.start_contributions(asked, title),
        by_itself=LETTERS_SECONDS,
    )  # fmt: skip


def _view(aim: Aim, asked: Asked) -> View:
    gene, cell, engine = asked.gene, asked.cell_type, aim.engine
    assert gene is not None
    window = window_of(gene, aim.window.width_bp)
    target = expression_target(engine, window, gene, cell, aim.head)
    question = runtime_dna.question_at(engine, aim.ground.reference, window, aim.head, Averaging())
    attended = AttentionQuestion.around(question, gene.tss, NEIGHBOURS)
    getting = get(attended, f"Around {gene.symbol}", slot=ATTENDED_JOB, also=question)
    view = View(asked, question, target, getting, seen_of(engine, window))
    found, profile = runtime_dna.known_prediction(question), runtime_attention.known_attention(attended)
    if found is None or profile is None or asked.source is None:
        return view
    candidates = asked.source.find(engine, gene, cell, view.seen, found, aim.head)
    letters_question = gradient_question(question, target)
    letters = gradient_step(letters_question, f"Letters of {gene.symbol}, {cell}", slot=LETTERS_JOB)
    blocks = BlockQuestion(engine, question.sequence, window, (target,), int(st.session_state[SHUFFLE_COUNT]))
    shuffled = _shuffled(blocks, candidates, question, gene, cell) if candidates else None
    known = runtime_enhancers.known_losses(blocks, candidates)
    losses, value = losses_of(known, candidates, blocks.shuffles)
    layer, head = chosen_heads(aim)
    ranking = rank_by_contribution(
        gene, cell, target, candidates, view.seen, provenance=engine.provenance,
        contributions=runtime_contributions.known_contributions(letters_question),
        measure=chosen_one(MEASURE, tuple(MEASURES)), losses=losses if known else None, target_value=value,
        profile=profile, layer=layer, head=head, known=asked.truth(gene, cell, candidates, view.seen),
    )  # fmt: skip
    return View(asked, question, target, getting, view.seen, candidates, letters, shuffled, ranking)


def _shuffled(
    blocks: BlockQuestion, candidates: Sequence[Candidate], question: Question, gene: Gene, cell: str
) -> Step:
    known = runtime_enhancers.known_losses(blocks, candidates)
    title = f"Shuffling {len(candidates)} candidates of {gene.symbol}, {cell}"
    return step(
        title, slot=SHUFFLED_JOB,
        known=lambda: len(runtime_enhancers.known_losses(blocks, candidates)) == len(candidates),
        running=lambda: runtime_enhancers.running_losses(blocks, candidates),
        seconds=lambda: runtime_enhancers.losses_seconds(blocks, candidates, question, len(known)),
        start=lambda: runtime_enhancers.start_losses(blocks, candidates, title),
        by_itself=BY_ITSELF_SECONDS,
    )  # fmt: skip


def _render_steps(view: View, key: str) -> None:
    """What is not there yet, each with its cost."""
    if view.getting.state != "ready":
        if view.getting.state == "ask":
            st.info("Not known yet: the window around this gene has to be read first.", icon=":material/timer:")
        render_getting(view.getting, key=f"{key}_around", slot=ATTENDED_JOB)
    letters, shuffled = st.columns(2, gap="medium")
    if view.letters is not None:
        with letters:
            render_step(view.letters, key=f"{key}_letters", slot=LETTERS_JOB, verb="Find contributions")
    if view.shuffled is not None:
        count = len(view.candidates or ())
        with shuffled:
            render_step(view.shuffled, key=f"{key}_shuffled", slot=SHUFFLED_JOB, verb=f"Shuffle {count} candidates")


def _render_ranking(
    aim: Aim, view: View, ranking: EnhancerScores, on_place: Callable[[int, int], None] | None, key: str
) -> None:
    asked = view.asked
    layer, head = chosen_heads(aim)
    origin = origin_of(aim.ground.name, aim.ground.reference)
    provenance = " · ".join(filter(None, [ranking.provenance.sentence, origin]))
    score = str(st.session_state[BY])
    if score not in ranking.scores:
        score = next(name for name in ("contribution", "attention", "distance") if name in ranking.scores)
    source = asked.source.title if asked.source is not None else ""
    drawing = candidates_table(
        ranking, score, provenance=provenance, picked=str(st.session_state.get(PICKED, "")),
        subtitle=f"{ranking.target.name[:1].upper()}{ranking.target.name[1:]}. Candidates: {source}. Attention: "
        f"{heads_words(layer, head)}.",
    )  # fmt: skip
    render_drawing(drawing, key=f"{key}_table", on_click=lambda click: _pressed(click, ranking, on_place))
    st.markdown(verdict(ranking, score))
    st.download_button(
        "CSV of the candidates",
        data=lambda: candidates_csv(ranking, source=source, layer=layer, head=head, origin=origin),
        file_name=f"{file_stem(ranking)}.csv",
        mime="text/csv",
        icon=":material/table:",
        key=f"{key}_csv",
        on_click="ignore",
        help="Every candidate with every score, with the model's name.",
    )
    render_against_labels(aim, asked, view.question, ranking, provenance=provenance, key=key)


def _pressed(click: Any, ranking: EnhancerScores, on_place: Callable[[int, int], None] | None) -> None:
    """A callback: another score, or a candidate that is looked at."""
    if "score" in click:
        st.session_state[BY] = click["score"]
        return
    st.session_state[PICKED] = click["candidate"]
    place = next((c.interval for c in ranking.candidates if c.id == click["candidate"]), None)
    if place is not None and on_place is not None:
        on_place(max(0, place.start - AROUND_BP), place.end + AROUND_BP)
