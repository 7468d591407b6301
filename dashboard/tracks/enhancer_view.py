"""The chosen gene's candidates in the chosen cell type, as far as they are known; what was clicked among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from components.browser.scene import Pick, RegionRow
from components.enhancers.rows import ENHANCER_ROW, enhancer_rows
from components.enhancers.state import (
    BY,
    CELL,
    FROM,
    GENE,
    HEAD,
    JOB,
    LAYER,
    PICKED,
    PLACE,
    SOURCES,
    chosen_number,
    chosen_one,
)
from core import runtime_attention, runtime_dna
from core.enformer.asking import Question
from core.enformer.attending import NEIGHBOURS, AttentionProfile
from core.enformer.attention_asking import AttentionQuestion
from core.enformer.averaging import Averaging
from core.enformer.candidates import cell_types, peak_candidates, region_candidates
from core.enformer.engine import EnformerEngine
from core.enformer.enhancers import SCORE_NAMES, Ranking, rank
from core.errors import AttendomeError
from core.genome.contigs import same_chromosome
from core.genome.gene import Gene, Region
from core.genome.interval import Interval
from core.teaching.playground.enhancer_truth import elements_in, known_links
from dashboard.tracks.attending import Getting, get, sizes
from dashboard.tracks.truth import is_playground, origin_of, truth_columns
from dashboard.tracks.where import Ground, Spot


@dataclass(frozen=True, eq=False)
class EnhancerView:
    """All that rows and panel need.

    Attributes
    ----------
    engine, head : of the model.
    genes : that may be chosen. gene : the chosen one, None where there is none; then `sentence` says why.
    cells : cell types that may be chosen.
    file : what the stretches of a file are called, "" where there are none.
    ranking, profile : None while they are not known; `getting` says why.
    layer, head_number : whose attention counts, None is the mean.
    cell, score, picked : the chosen cell type and score, and the id of the candidate that is looked at or "".
    origin : of a simulated genome, for figures and files. can_pool : whether the truth of every gene is known.
    """

    engine: EnformerEngine
    head: str
    genes: tuple[Gene, ...] = ()
    gene: Gene | None = None
    cells: tuple[str, ...] = ()
    file: str = ""
    getting: Getting | None = None
    ranking: Ranking | None = None
    profile: AttentionProfile | None = None
    layer: int | None = None
    head_number: int | None = None
    origin: str = ""
    can_pool: bool = False
    sentence: str = ""
    width_bp: int = 0
    question: Question | None = None
    cell: str = ""
    score: str = SCORE_NAMES[0]
    picked: str = ""


def enhancer_view(
    engine: EnformerEngine,
    ground: Ground,
    head: str,
    averaging: Averaging,
    genes: Sequence[Gene],
    spot: Spot,
    width_bp: int,
    *,
    regions: Sequence[Region] = (),
    regions_name: str = "",
) -> EnhancerView:
    """The chosen gene's candidates in the chosen cell type, as far as they are known.

    Parameters
    ----------
    head : "human" or "mouse". averaging : of the page's predictions; attention is of the plain window.
    genes : near what is seen. spot : what was typed: a typed gene is the chosen one until another is chosen.
    width_bp : of the window that the model reads.
    regions : of a person's file, as candidates; `regions_name` is what they are called.
    """
    tracks = engine.tables.get(head, ())
    on_playground = is_playground(ground.name, ground.reference) and truth_columns(tuple(tracks)) is not None
    file = "planned elements" if on_playground else regions_name if regions else ""
    cells = cell_types(tracks)
    view: dict[str, Any] = {
        "engine": engine, "head": head, "cells": cells, "file": file, "width_bp": width_bp,
        "origin": origin_of(ground.name, ground.reference), "can_pool": on_playground,
        "score": chosen_one(BY, SCORE_NAMES),
    }  # fmt: skip
    if not cells:
        return EnhancerView(sentence="This model has no named DNase or ATAC track, so it knows no cell type.", **view)
    gene = _chosen_gene(ground, genes, spot)
    choice = sorted({each.symbol: each for each in [*genes, *([gene] if gene else [])]}.values(), key=lambda g: g.tss)
    view |= {"genes": tuple(choice), "gene": gene}
    if gene is None:
        return EnhancerView(sentence=ground.trouble or "No gene lies here; move to one, or type its name.", **view)
    layers, heads = sizes(engine)
    view |= {"layer": chosen_number(LAYER, layers), "head_number": chosen_number(HEAD, heads)}
    cell = chosen_one(CELL, cells)
    view |= {"cell": cell, "picked": str(st.session_state.get(PICKED, ""))}
    source = chosen_one(FROM, SOURCES if file else SOURCES[:1])
    try:
        window = Interval(spot.window.chrom, gene.tss, gene.tss + 1).resize(width_bp)
        question = runtime_dna.question_at(engine, ground.reference, window, head, averaging)
        attended = AttentionQuestion.around(question, gene.tss, NEIGHBOURS)
    except AttendomeError as error:
        return EnhancerView(sentence=str(error), **view)
    getting = get(attended, f"Enhancers of {gene.symbol}", slot=JOB, also=question)
    view |= {"getting": getting, "question": question}
    found, profile = runtime_dna.known_prediction(question), runtime_attention.known_attention(attended)
    if found is None or profile is None:
        return EnhancerView(**view)
    view["profile"] = profile
    known = known_links(window.chrom, gene.symbol, cell) if on_playground else None
    try:
        if source == SOURCES[0]:
            given = peak_candidates(found, cell)
        elif on_playground:
            given = elements_in(found.interval)
        else:
            here = [region for region in regions if region.interval.overlaps(found.interval)]
            given = region_candidates(here)
        ranking = rank(
            found, profile, gene, cell, given, layer=view["layer"], head=view["head_number"], known=known
        )  # fmt: skip
    except AttendomeError as error:
        return EnhancerView(sentence=str(error), **view)
    return EnhancerView(ranking=ranking, **view)


def _chosen_gene(ground: Ground, genes: Sequence[Gene], spot: Spot) -> Gene | None:
    """The gene that was chosen here since the place was typed; else the typed one, else the nearest to the place."""
    state = st.session_state
    here = f"{ground.name} {spot.place_name or spot.place.locus}"
    is_new = PLACE in state and state[PLACE] != here
    state[PLACE] = here
    wanted = "" if is_new else str(state.get(GENE) or "")
    found = _named(ground, genes, wanted, spot) or _named(ground, genes, spot.place_name, spot)
    if found is None and genes:
        found = min(genes, key=lambda gene: abs(gene.tss - spot.place.centre))
    if is_new or (found is not None and found.symbol != wanted):
        state[PICKED] = ""
    state[GENE] = found.symbol if found else ""
    return found


def _named(ground: Ground, genes: Sequence[Gene], name: str, spot: Spot) -> Gene | None:
    """A gene by its name, on the chromosome that is shown."""
    if not name:
        return None
    if near := next((gene for gene in genes if gene.symbol == name), None):
        return near
    try:
        found = ground.genes.find(name) if ground.genes is not None else None
    except AttendomeError:  # no such gene, or genes that cannot be had now
        return None
    return found if found is not None and same_chromosome(found.interval.chrom, spot.window.chrom) else None


def enhancer_rows_of(view: EnhancerView) -> tuple[RegionRow, ...]:
    """The candidates for the browser; none while there is no ranking."""
    return () if view.ranking is None else enhancer_rows(view.ranking, view.score, picked=view.picked)


def enhancer_marks(view: EnhancerView) -> tuple[tuple[int, int, str], ...]:
    """Lines across all rows: the gene's start, and the candidate that is looked at."""
    if view.ranking is None:
        return ()
    marks = [(view.ranking.tss, view.ranking.tss + 1, f"{view.ranking.gene} start")]
    marks += [
        (candidate.interval.start, candidate.interval.end, candidate.name)
        for candidate in view.ranking.candidates
        if candidate.id == view.picked
    ]
    return tuple(marks)


def take_pick(view: EnhancerView, pick: Pick | None) -> bool:
    """What was clicked in the browser: a candidate is looked at, and once more no longer. True if this changed it.

    A pick is heard once, however often the browser repeats it.
    """
    if pick is None or pick.kind != "region" or pick.row != ENHANCER_ROW or view.ranking is None:
        return False
    heard = f"{PICKED}_heard"
    if st.session_state.get(heard) == pick.number:
        return False
    st.session_state[heard] = pick.number
    if all(candidate.id != pick.name for candidate in view.ranking.candidates):
        return False
    st.session_state[PICKED] = "" if view.picked == pick.name else pick.name
    return True
