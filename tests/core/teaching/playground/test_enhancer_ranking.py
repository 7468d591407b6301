"""Mutagenesis finds the playground's own enhancers, on the first genes of the held-out chromosome."""

from __future__ import annotations

import numpy as np
import pytest

from core.attribution.enhancer_pool import CandidateSource, PoolQuestion, truth_of_table
from core.attribution.enhancers import SCORE_NAMES
from core.attribution.labels import read_labels
from core.enformer import EnformerEngine, load_model
from core.errors import SelectionError
from core.teaching.playground.enhancer_ranking import LEAST, bars_of, planned_links, ranked_genes, source_of
from core.teaching.playground.enhancer_truth import known_links
from core.teaching.playground.grammar import CELL_TYPES
from core.teaching.playground.world import world

SOME_GENES = 8
WIDTH = 49_152


@pytest.fixture(scope="module")
def engine():
    return EnformerEngine(load_model("playground"), precision="float32")


@pytest.fixture(scope="module")
def pairs(engine):
    return ranked_genes(engine, WIDTH, most=SOME_GENES, shuffles=1)


def test_mutagenesis_finds_them_and_distance_does_not(pairs):
    assert tuple(pairs) == CELL_TYPES
    for found in pairs.values():
        average = {name: curve.average for name, (curve, _) in found.curves().items()}
        assert tuple(average) == SCORE_NAMES
        assert average["mutagenesis"] >= LEAST
        assert average["mutagenesis"] > average["distance"] + 0.2
        assert average["contribution"] > average["distance"]
    assert all(bar.met for bar in bars_of(pairs))


def test_scores_without_information_miss_the_bar(pairs):
    found = pairs["liver"]
    found.scores["mutagenesis"] = np.random.default_rng(0).permutation(found.scores["mutagenesis"])
    assert not all(bar.met for bar in bars_of({"liver": found}))


def test_a_pool_of_a_table_gives_what_the_chromosome_gives(engine):
    genes = world().genes["sim4"]
    gene = next(g for g in world().annotation.genes if g.symbol == genes[2].symbol)
    links = known_links("sim4", gene.symbol, "liver")
    text = "chrom,start,end,gene,label\n" + "\n".join(
        f"sim4,{link.interval.start},{link.interval.end},{gene.symbol},{int(link.is_true)}" for link in links
    )
    table = read_labels("t.csv", text)
    tested = CandidateSource("tested", "tested", table=table)
    pool = PoolQuestion(engine, world().genome, (gene,), "liver", tested, truth_of_table(table), "t", WIDTH, shuffles=1)
    piece = pool.of_gene(0)
    made = pool.joined([piece], "t")
    assert made.untested == 0
    assert made.is_true.sum() + made.missed.sum() <= sum(link.is_true for link in links)
    assert len(made.is_true) == len(piece["labels"]) > 0
    other = PoolQuestion(engine, world().genome, (gene,), "liver", source_of("elements"), planned_links, "l", WIDTH)
    assert pool.key != other.key
    with pytest.raises(SelectionError, match="None of the genes"):
        PoolQuestion(engine, world().genome, (), "liver", tested, planned_links, "t", WIDTH)
