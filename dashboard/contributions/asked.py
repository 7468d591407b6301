"""What has to be computed for the page's question: a `ContributionQuestion` for each row, and what each costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from components.contributions.state import BLOCKS, MUTATE, asked_methods
from core import runtime_contributions
from core.attribution.agreement import sample_positions
from core.attribution.asked import region_in_window
from core.attribution.values import ContributionScores, Method
from core.errors import AttendomeError
from core.genome.interval import Interval
from dashboard.contributions.agreeing import SAMPLE
from dashboard.contributions.aim import Aim, Side
from dashboard.contributions.getting import Answer

if TYPE_CHECKING:
    from core.attribution.asking import ContributionQuestion


def question_of(aim: Aim, side: Side, method: Method, **more) -> ContributionQuestion:
    """One row of the page.

    Raises
    ------
    InvalidLocusError, GenomeUnavailableError, SequenceError, SelectionError
        The letters cannot be had, or the question cannot be asked of them.
    """
    return runtime_contributions.question_at(
        aim.engine, aim.ground.reference, aim.window, side.target, method, aim.averaging, **more
    )


def mutagenesis_of(aim: Aim, stretch: tuple[int, int]) -> ContributionQuestion:
    """Mutagenesis of a stretch of the chromosome.

    Raises
    ------
    SelectionError
        It does not lie in the window that is read; the sentence explains the crop.
    """
    start, end = region_in_window(aim.engine, aim.window, Interval(aim.window.chrom, *stretch))
    return question_of(aim, aim.side, "saturation_mutagenesis", start=start, end=end)


def cost_of(question: ContributionQuestion) -> float:
    """Seconds that an answer takes; 0 of one that is known.

    Raises
    ------
    AttendomeError
        It cannot be computed here.
    """
    if runtime_contributions.known_contributions(question) is not None:
        return 0.0
    return runtime_contributions.contribution_seconds(question)


def mutation_seconds(aim: Aim, stretch: tuple[int, int], *, blocks_alone: bool = False) -> float:
    """Of a stretch of the chromosome.

    Raises
    ------
    TooLongError
        It is more than is begun at once; the sentence offers less.
    AttendomeError
        It cannot be computed here.
    """
    question = mutagenesis_of(aim, stretch)
    return runtime_contributions.contribution_seconds(question, blocks_alone=blocks_alone)


def wanted_answers(aim: Aim) -> tuple[tuple[Answer, ...], tuple[str, ...]]:
    """(every row that is wanted, not looked for yet; sentences about what cannot be asked).

    The methods of the main question come first, then the same of those below it, then mutagenesis, then the sample of
    letters by which methods are checked.
    """
    wanted, refused = [], []
    for side in aim.sides:
        for method in asked_methods():
            try:
                wanted.append(Answer(side, question_of(aim, side, method), "ask"))
            except AttendomeError as error:
                refused.append(str(error))
    for key in (MUTATE, BLOCKS):
        if (stretch := st.session_state.get(key)) is not None:
            try:
                wanted.append(Answer(aim.side, mutagenesis_of(aim, stretch), "ask", coarse=key == BLOCKS))
            except AttendomeError as error:
                refused.append(str(error))
    if (sample := _sample(aim, wanted)) is not None:
        wanted.append(sample)
    return tuple(wanted), tuple(dict.fromkeys(refused))


def _sample(aim: Aim, wanted: list[Answer]) -> Answer | None:
    """Mutagenesis of some letters of the window, once the first gradient method says which."""
    first = next((one for one in wanted if one.side is aim.side and not one.question.is_mutagenesis), None)
    scores = None if first is None else runtime_contributions.known_contributions(first.question)
    if scores is None:
        return None
    try:
        question = question_of(aim, aim.side, "saturation_mutagenesis", positions=_positions(scores, aim))
    except AttendomeError:
        return None
    return Answer(aim.side, question, "ask", what=SAMPLE)


def _positions(scores: ContributionScores, aim: Aim) -> tuple[int, ...]:
    return sample_positions(scores, scores.start, scores.start + len(scores))
