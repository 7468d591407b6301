"""The shipped variants whose effect is known, and how well the model finds it; all of them: the module's command."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.effects.evaluation import evaluate
from core.enformer import EnformerEngine, load_model
from core.errors import GenomeFileError
from core.genome import Interval
from core.teaching.playground.effect_truth import (
    COUNT,
    STRONG,
    ZERO,
    bars,
    build_table,
    direction,
    example_vcf,
    labelled,
    local_effects,
    predicted,
    strength,
    true_effect,
    true_variants,
    variants_of,
    write_table,
)
from core.teaching.playground.files import playground_sites
from core.teaching.playground.world import world

SOME = slice(100, 150)  # side by side, so that they share windows


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return true_variants()


@pytest.fixture(scope="module")
def some(table: pd.DataFrame) -> pd.DataFrame:
    """A part of the chromosome."""
    return table.iloc[SOME].reset_index(drop=True)


def test_the_shipped_table_is_what_its_words_say(table: pd.DataFrame):
    assert table.causal.sum() == COUNT
    assert (~table.causal).sum() == COUNT
    assert (table.chrom == "sim4").all()
    assert not table.duplicated(["chrom", "pos", "alt"]).any()
    assert (table.strength[table.causal] >= STRONG).all()
    assert (table.strength[~table.causal] <= 12**0.5 * ZERO).all()
    gains = (table.effect[table.causal] > 0).sum()
    assert gains == COUNT // 2  # a guess of always the same direction is right in half of them
    letters = world().genome.fetch(Interval("sim4", 0, 1_000_000)).upper()
    assert all(letters[row.pos - 1] == row.ref for row in table.itertuples())


def test_neutral_ones_have_the_letters_of_causal_ones_and_lie_outside_sites(table: pd.DataFrame):
    letters = world().genome.fetch(Interval("sim4", 0, 1_000_000)).upper()
    around = [letters[row.pos - 2 : row.pos + 1] + row.alt for row in table.itertuples()]
    causal = table.causal.to_numpy()
    count = {kind: pd.Series(around)[causal == kind].value_counts().sort_index() for kind in (True, False)}
    pd.testing.assert_series_equal(count[True], count[False])
    held = pd.read_csv(playground_sites(), sep="\t", header=None, names=["chrom", "start", "end"], usecols=[0, 1, 2])
    inside = np.zeros(len(letters), bool)
    for site in held[held.chrom == "sim4"].itertuples():
        inside[site.start : site.end] = True
    assert not inside[table.pos[~table.causal] - 1].any()


def test_the_grammar_says_what_the_table_says(some: pd.DataFrame):
    for row, variant in zip(some[:4].itertuples(), variants_of(some)[:4], strict=True):
        effects = local_effects(true_effect(variant))
        assert direction(effects) == pytest.approx(row.effect, abs=2e-5)
        assert strength(effects) == pytest.approx(row.strength, abs=2e-5)


def test_made_again_it_is_the_same(table: pd.DataFrame):
    found = build_table(1)
    merged = found.merge(table.assign(causal=table.causal.astype(int)), on=["chrom", "pos", "ref", "alt", "causal"])
    assert len(merged) == len(found) == 2


def test_the_model_finds_the_causal_ones_and_their_direction(some: pd.DataFrame):
    effects = predicted(EnformerEngine(load_model("playground"), precision="float32"), some)
    found = evaluate(labelled(some, effects), resamples=100)
    assert [bar.line for bar in bars(found) if not bar.met] == []
    blind = effects[np.random.default_rng(0).permutation(len(effects))]
    assert not any(bar.met for bar in bars(evaluate(labelled(some, blind), resamples=5)))


def test_a_damaged_table_is_refused(table: pd.DataFrame, tmp_path):
    path = tmp_path / "variants.tsv"
    write_table(table.assign(causal=table.causal.astype(int)), path)
    assert true_variants(path).pos.tolist() == table.pos.tolist()
    path.write_text(path.read_text().replace("sim4", "sim1", 1))
    for wrong in (path, tmp_path / "gone.tsv"):
        with pytest.raises(GenomeFileError, match="differs from the one that was shipped"):
            true_variants(wrong)


def test_the_example_is_a_vcf(table: pd.DataFrame, tmp_path):
    import pysam

    (tmp_path / "a.vcf").write_text(example_vcf())
    with pysam.VariantFile(str(tmp_path / "a.vcf")) as file:
        rows = list(file)
    assert [row.pos for row in rows] == table.pos.tolist()
    assert ["CAUSAL" in row.info for row in rows] == table.causal.tolist()
