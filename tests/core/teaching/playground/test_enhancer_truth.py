"""The playground's truth about enhancers, and every gene of a chromosome at once."""

from __future__ import annotations

import numpy as np
import pytest

from core.enformer import EnformerEngine, load_model
from core.enformer.attention_asking import ProfileStore
from core.enformer.candidates import PROMOTER_BP
from core.enformer.enhancers import SCORE_NAMES
from core.enformer.results import ResultStore
from core.genome import Interval
from core.teaching.playground.enhancer_truth import (
    Pool,
    PoolQuestion,
    PoolStore,
    elements_in,
    known_links,
    planned_elements,
)
from core.teaching.playground.grammar import CELL_TYPES
from core.teaching.playground.link_tests import true_links
from core.teaching.playground.world import world

SOME_GENES = 10


@pytest.mark.parametrize("chrom", ["sim1", "sim4"])
def test_true_is_what_the_evaluation_calls_true(chrom):
    table = true_links(chrom)
    wanted = set(zip(table.gene, table.cell_type, table.element_start, table.element_end, strict=True))
    found = {
        (gene.symbol, cell, link.interval.start, link.interval.end)
        for gene in world().genes[chrom]
        for cell in CELL_TYPES
        for link in known_links(chrom, gene.symbol, cell)
        if link.is_true
    }
    assert found == wanted
    assert len(found) > 50


def test_the_promoter_that_is_left_out_hides_hardly_a_true_enhancer():
    table = true_links("sim4")
    half = (table.element_end - table.element_start) / 2
    assert (table.distance_bp - half <= PROMOTER_BP).sum() <= 1


def test_a_gene_without_links_has_none_and_a_stranger_is_not_known():
    linked = {(gene.symbol, cell) for gene in world().genes["sim4"] for cell in CELL_TYPES}
    assert all(known_links("sim4", *pair) is not None for pair in linked)
    assert known_links("sim4", "CD44", "liver") is None
    assert known_links("sim4", world().genes["sim4"][0].symbol, "brain") is None
    assert known_links("chr1", world().genes["sim4"][0].symbol, "liver") is None


def test_elements_of_a_place():
    every = planned_elements()
    assert len({element.id for element in every if element.interval.chrom == "sim1"}) > 100
    first = next(element for element in every if element.interval.chrom == "sim4")
    around = Interval("sim4", first.interval.start, first.interval.start + 1)
    assert elements_in(around) == (first,)


@pytest.fixture(scope="module")
def question():
    made = PoolQuestion(EnformerEngine(load_model("playground")), "sim4", "peaks", 49_152)
    made.__dict__["genes"] = made.genes[:SOME_GENES]
    return made


@pytest.fixture(scope="module")
def pieces(question, tmp_path_factory):
    folder = tmp_path_factory.mktemp("kept")
    results, profiles = ResultStore(folder / "results", 10**8), ProfileStore(folder / "profiles")
    made = []
    for number, gene in enumerate(question.genes):
        asked, attended = question.questions(gene)
        made.append(question.of_gene(number, asked.answer(results), attended.answer(profiles)))
    return made


def test_pairs_of_all_genes(question, pieces):
    erythroid, liver = question.pools(pieces)
    assert (erythroid.cell_type, liver.cell_type) == CELL_TYPES
    for pool in (erythroid, liver):
        assert pool.genes == SOME_GENES
        assert set(pool.groups) <= set(range(SOME_GENES))
        assert pool.attention.shape == (len(pool.groups), 4, 4)
        wanted = sum(
            link.is_true and abs(link.interval.centre - gene.tss) < 128 * 127
            for gene in question.genes
            for link in known_links("sim4", gene.symbol, pool.cell_type)
        )
        assert pool.is_true.sum() + pool.missed.sum() <= wanted + 1
        assert pool.is_true.sum() > wanted / 2


def test_attention_with_activity_finds_more_than_distance(question, pieces):
    for pool in question.pools(pieces):
        curves = pool.curves()
        assert tuple(curves) == SCORE_NAMES
        average = {name: curve.average for name, (curve, _) in curves.items()}
        assert average["attention_activity"] > average["distance"] > curves["distance"][0].chance
        low, high = curves["attention"][1]
        assert low <= average["attention"] <= high


def test_a_head_counts_alone(question, pieces):
    pool = question.pools(pieces)[0]
    np.testing.assert_allclose(pool.scores(3, 1)["attention"], pool.attention[:, 3, 1], rtol=1e-6)
    np.testing.assert_allclose(pool.scores()["attention"], pool.attention.mean(axis=(1, 2)), rtol=1e-5)
    np.testing.assert_array_equal(pool.scores(3, 1)["distance"], pool.scores()["distance"])


def test_kept_on_disk_and_of_this_question_alone(question, pieces, tmp_path, monkeypatch):
    store = PoolStore(tmp_path)
    assert store.get(question) is None
    store.put(question, pieces)
    for kept, made in zip(PoolStore(tmp_path).get(question), question.pools(pieces), strict=True):
        for name in ("groups", "attention", "distances_bp", "activity", "is_true", "missed"):
            np.testing.assert_array_equal(getattr(kept, name), getattr(made, name))
        assert kept.provenance == made.provenance
    other = PoolQuestion(question.engine, "sim4", "elements", 49_152)
    assert store.get(other) is None
    keys = {question.key, other.key, PoolQuestion(question.engine, "sim3", "peaks", 49_152).key}
    assert len(keys) == 3
    (entry,) = (path for path in tmp_path.rglob("*") if path.is_file())
    entry.write_bytes(entry.read_bytes()[:-3])
    assert store.get(question) is None


def test_a_pool_checks_its_shapes(question, pieces):
    pool = question.pools(pieces)[0]
    fields = {name: getattr(pool, name) for name in pool.__dataclass_fields__}
    with pytest.raises(ValueError, match="pairs"):
        Pool(**fields | {"activity": pool.activity[:-1]})
    with pytest.raises(ValueError, match="a pair of no gene"):
        Pool(**fields | {"missed": pool.missed[:1]})
