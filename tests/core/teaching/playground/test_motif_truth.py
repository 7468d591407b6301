"""What the grammar says of single sites, and how many of the strong ones are named."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.attribution.target import Target
from core.enformer import EnformerEngine, load_model
from core.genome import Interval
from core.teaching.playground.edits import Replacement
from core.teaching.playground.grammar import TRACKS
from core.teaching.playground.motif_tests import measure, start_target, window_of
from core.teaching.playground.motif_truth import effects_of, instances_in, judge
from core.teaching.playground.world import world

CHROM = "sim4"
FEW_GENES = 1


def test_sites_of_one_motif_at_one_place_are_one_instance():
    found = instances_in(Interval(CHROM, 0, world().genome.contigs[CHROM]))
    assert len(found) < sum(len(one.places) for one in found)  # palindromes are read on both strands
    assert all(one.interval.chrom == CHROM and one.families for one in found)
    starts = [one.interval.start for one in found]
    assert starts == sorted(starts)


def test_an_effect_is_that_of_the_letters_destroyed():
    """Against the whole grammar read again with N in the place of a site."""
    gene = world().genes[CHROM][1]
    first = gene.tss // 128 * 128 - 128
    bins, target = Interval(CHROM, first, first + 384), Target((TRACKS.index("CAGE:erythroid"),), (0, 1, 2))
    near = list(instances_in(Interval(CHROM, gene.tss - 6_000, gene.tss + 6_000)))
    shares = effects_of(near, bins, target)
    strongest = np.argsort(-np.abs(shares))[:4]
    assert np.abs(shares[strongest]).min() > 0.02
    column = TRACKS.index("CAGE:erythroid")
    before = world().truth(bins)[:, column].mean()
    for place in strongest:
        site = near[place].interval
        if site.overlaps(bins):
            continue  # N in the bins themselves takes coverage away too
        gone = Replacement(Interval(CHROM, site.start, site.end), "N" * site.width_bp)
        after = world().truth(bins, edits=[gone])[:, column].mean()
        assert shares[place] == pytest.approx((before - after) / before, abs=0.03)


def test_right_is_the_family_of_a_site_that_shares_half_the_letters():
    one, other = instances_in(Interval(CHROM, 0, world().genome.contigs[CHROM]))[:2]

    def row(start: int, end: int, matrix_id: str, rank: int = 1) -> dict:
        return {
            "chrom": CHROM,
            "position": start + 1,
            "start": 0,
            "end": end - start,
            "matrix_id": matrix_id,
            "rank": rank,
        }

    place = one.interval
    half = place.width_bp // 2
    wrong = "MA0138.3" if one.motif != "REST" else "MA0139.2"
    table = pd.DataFrame(
        [
            row(place.start + half - 1, place.end, one.matrix_id),
            row(place.start, place.end, wrong, rank=2),
            row(place.end + 200, place.end + 210, one.matrix_id),
            row(other.interval.start, other.interval.end, wrong),
        ]
    )
    named = judge(table, [one, other], np.array([0.5, 0.01]))
    assert (named.named, named.right) == (3, 1)
    assert named.found.tolist() == [True, False]
    assert named.touched.tolist() == [True, True]
    assert (named.precision, named.recall) == (1 / 3, 1.0)
    assert named.sentence.startswith("1 of 1 strong instances were named rightly (recall 1.00); 1 of 3 named seqlets")
    nothing = judge(table.head(0), [one], np.array([0.5]))
    assert np.isnan(nothing.precision)
    assert nothing.recall == 0


def test_the_right_family_is_named_of_strong_instances():
    model = load_model("playground")
    engine = EnformerEngine(model, precision="float32")
    bars, table = measure(engine, world().genes[CHROM][:FEW_GENES], model.input_bp)
    assert [bar.line for bar in bars if not bar.met] == []
    assert bars[0].value == table["strong"].sum() >= 4
    assert (table["named rightly"] <= table["with a seqlet"]).all()


def test_the_target_is_the_start_of_the_gene():
    engine = EnformerEngine(load_model("playground"), precision="float32")
    gene = world().genes[CHROM][0]
    window, at = window_of(engine, gene, 49_152)
    shown = engine.own_bins
    assert 1 <= at < shown - 1
    first = window.start + (window.width_bp // 128 - shown) // 2 * 128
    assert first + at * 128 <= gene.tss < first + (at + 1) * 128
    assert start_target("liver", at).bins == (at - 1, at, at + 1)
